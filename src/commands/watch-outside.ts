import { without } from '../alert/secrets.ts';
import { type Means, meansOf } from '../delivery.ts';
import { type Github, openGithub } from '../github/api.ts';
import { readRepository, readWorkflow } from '../github/workflow.ts';
import type { ScheduleInputs, SupabaseInputs } from '../inputs/watch-outside.ts';
import type { StoreInputs } from '../inputs/store.ts';
import type { WatchInputs } from '../inputs/watch.ts';
import { openManagement } from '../supabase/management.ts';
import { together } from '../together.ts';
import { bucketUnread, judgeBucket } from '../watch/bucket.ts';
import { type Look, joined, leftOut } from '../watch/look.ts';
import { ofReplica } from '../watch/replica.ts';
import { type RepositoryFacts, type WorkflowFacts, judgeSchedule } from '../watch/schedule.ts';
import { type Asked, judgeSupabase } from '../watch/supabase.ts';
import { answerOf } from './answer.ts';
import type { Context } from './context.ts';

/** What tests put in place of real waiting, and of Supabase. */
export type OutsideParts = Partial<Pick<Means, 'pause' | 'timeoutMilliseconds'>> & { supabaseUrl?: string };

type Outside = Pick<WatchInputs, 'outside' | 'store' | 'replica' | 'name' | 'maxAgeSeconds'>;

/** One watch: what it is told, and how it asks. */
interface Round {
  inputs: Outside;
  context: Context;
  parts: OutsideParts;
  /** Takes the secrets of the inputs out of a text. */
  clean: (text: string) => string;
  now: Date;
}

/**
 * Looks at what the backups rest on: the schedule that starts them, the platform's own backups, and the bucket. What gives no answer is
 * a finding, never an error that would keep the rest from being told. Nothing is written anywhere.
 */
export async function lookOutside(inputs: Outside, context: Context, parts: OutsideParts = {}): Promise<Look> {
  const round = { inputs, context, parts, clean: without(inputs.outside.secrets), now: context.now() };
  const looks = await together(context.signal, [
    signal => lookAtSchedule(round, meansFor(round, signal)),
    signal => lookAtSupabase(round, meansFor(round, signal)),
    signal => lookAtBuckets(round, signal),
  ]);
  return joined(...looks);
}

function meansFor({ context, parts: { pause, timeoutMilliseconds } }: Round, signal: AbortSignal): Means {
  const means = meansOf(signal, context.version);
  return {
    ...means,
    pause: pause ?? means.pause,
    timeoutMilliseconds: timeoutMilliseconds ?? means.timeoutMilliseconds,
  };
}

async function lookAtSchedule(round: Round, means: Means): Promise<Look> {
  const { schedule } = round.inputs.outside;
  if (schedule === undefined) return leftOut('whether GitHub still starts the backup workflow (backup-workflow)');
  const { signal, pause: wait, timeoutMilliseconds, version } = means;
  const { apiUrl, token } = schedule;
  const github = openGithub({ apiUrl, token, version, signal, wait, timeoutMilliseconds });
  const facts = {
    repository: await repositoryFacts(github, schedule, round),
    workflows: await workflowFacts(github, schedule, round),
  };
  return judgeSchedule(facts, round.inputs, round.now);
}

async function repositoryFacts(
  github: Github,
  { repository: name }: ScheduleInputs,
  round: Round,
): Promise<RepositoryFacts> {
  const asked = await ask(round, () => readRepository(github, name));
  return asked.outcome === 'read' ? { outcome: 'read', ...asked.value } : { ...asked, name };
}

async function workflowFacts(
  github: Github,
  { repository, workflows }: ScheduleInputs,
  round: Round,
): Promise<WorkflowFacts[]> {
  const facts: WorkflowFacts[] = [];
  for (const file of workflows) {
    const asked = await ask(round, () => readWorkflow(github, repository, file));
    if (asked.outcome === 'not read') facts.push({ ...asked, file });
    else facts.push(asked.value === undefined ? { outcome: 'missing', file } : { outcome: 'read', ...asked.value });
  }
  return facts;
}

async function lookAtSupabase(round: Round, means: Means): Promise<Look> {
  const { supabase } = round.inputs.outside;
  if (supabase === undefined) return leftOut("the project at Supabase, and Supabase's own backups (supabase-project)");
  const { project, token }: SupabaseInputs = supabase;
  const management = openManagement({ apiUrl: round.parts.supabaseUrl, token, means });
  const facts = {
    project,
    status: await ask(round, () => management.readStatus(project)),
    backups: await ask(round, () => management.readBackups(project)),
  };
  return judgeSupabase(facts, supabase, round.now);
}

async function lookAtBuckets(round: Round, signal: AbortSignal): Promise<Look> {
  const { outside, store, replica } = round.inputs;
  if (!outside.checkBucket) return leftOut('how the bucket is set up (check-bucket)');
  const ofStore = await lookAtBucket(store, round, signal);
  return replica === undefined ? ofStore : joined(ofStore, ofReplica(await lookAtBucket(replica, round, signal)));
}

async function lookAtBucket(inputs: StoreInputs, round: Round, signal: AbortSignal): Promise<Look> {
  const { name } = round.inputs;
  const store = round.context.openStore(inputs);
  if (!store.inspect) return leftOut(`how the ${inputs.input} is set up: it is no bucket`);
  const inspect = store.inspect.bind(store);
  const asked = await ask(round, () => inspect(name === undefined ? '' : `${name}/`, signal));
  return asked.outcome === 'read' ? judgeBucket(asked.value) : bucketUnread(store.location, asked.problem);
}

/** The answer, or why there is none; a wrong input is still thrown. */
async function ask<T>({ context, clean }: Round, work: () => Promise<T>): Promise<Asked<T>> {
  const answer = await answerOf(work, context.signal);
  return answer.outcome === 'read' ? answer : { ...answer, problem: clean(answer.problem) };
}
