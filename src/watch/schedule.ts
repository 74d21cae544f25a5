import type { Finding, FindingCode } from '../finding.ts';
import { ageSeconds, dayOf, lengthOf, timeOf } from './words.ts';

/** A run that the schedule started. */
export interface ScheduledRun {
  createdAt: Date;
  /** GitHub's word, such as `queued`, `in_progress` or `completed`. */
  status: string;
  /** GitHub's word, such as `success`; null as long as it goes on. */
  conclusion: string | null;
  url: string;
}

/** What GitHub tells of one workflow. `state` is GitHub's word; `runs` are the newest that the schedule started, newest first. */
export type WorkflowFacts =
  | { outcome: 'read'; file: string; state: string; runs: readonly ScheduledRun[] }
  | { outcome: 'missing'; file: string }
  | { outcome: 'not read'; file: string; problem: string };

/** What GitHub tells of the repository that makes the backups. */
export type RepositoryFacts =
  | { outcome: 'read'; name: string; isPublic: boolean; isArchived: boolean; pushedAt: Date | null }
  | { outcome: 'not read'; name: string; problem: string };

export interface ScheduleFacts {
  repository: RepositoryFacts;
  workflows: readonly WorkflowFacts[];
}

export interface ScheduleLimits {
  /** How old the newest scheduled run may be. */
  maxAgeSeconds: number;
}

/** All that this looks for. */
export const scheduleCodes: readonly FindingCode[] = [
  'WORKFLOW_DISABLED',
  'WORKFLOW_MISSING',
  'SCHEDULE_NOT_RUNNING',
  'SCHEDULE_RUN_FAILED',
  'SCHEDULE_RUN_STUCK',
  'SCHEDULE_ENDS_SOON',
  'GITHUB_NOT_READ',
];

/** GitHub's words for a run that has not begun (docs.github.com, "REST API endpoints for workflow runs"). */
const waiting = ['queued', 'requested', 'waiting', 'pending', 'action_required'];
const longestWaitSeconds = 3 * 3600;
const daySeconds = 86_400;
/** "In a public repository, scheduled workflows are automatically disabled when no repository activity has occurred in 60 days" (docs.github.com). */
const inactiveDays = 60;
const warningDays = 45;

/** What of a schedule is wrong. A workflow that does not run any more says only that. */
export function judgeSchedule(facts: ScheduleFacts, limits: ScheduleLimits, now: Date): Finding[] {
  const { repository, workflows } = facts;
  const object = `repository ${repository.name}`;
  if (repository.outcome === 'not read') {
    const unread = { code: 'GITHUB_NOT_READ', object, expected: 'an answer', found: repository.problem } as const;
    return [unread, ...workflows.flatMap(workflow => judgeWorkflow(workflow, repository.name, limits, now))];
  }
  if (repository.isArchived)
    return [{ code: 'WORKFLOW_DISABLED', object, expected: 'a repository in use', found: 'it is archived' }];
  return [
    ...workflows.flatMap(workflow => judgeWorkflow(workflow, repository.name, limits, now)),
    ...judgeActivity(repository, workflows, now),
  ];
}

function judgeWorkflow(workflow: WorkflowFacts, repository: string, limits: ScheduleLimits, now: Date): Finding[] {
  const object = `workflow ${workflow.file} of ${repository}`;
  switch (workflow.outcome) {
    case 'not read':
      return [{ code: 'GITHUB_NOT_READ', object, expected: 'an answer', found: workflow.problem }];
    case 'missing': {
      const found = 'GitHub knows none of this name, or the token may not see it';
      return [{ code: 'WORKFLOW_MISSING', object, expected: 'a workflow', found }];
    }
    case 'read':
      if (workflow.state !== 'active')
        return [{ code: 'WORKFLOW_DISABLED', object, expected: 'active', found: workflow.state }];
      return judgeRuns(workflow.runs, object, limits, now);
  }
}

function judgeRuns(
  runs: readonly ScheduledRun[],
  object: string,
  { maxAgeSeconds }: ScheduleLimits,
  now: Date,
): Finding[] {
  const [newest] = runs;
  const expected = `a scheduled run in the last ${lengthOf(maxAgeSeconds)}`;
  if (newest === undefined)
    return [{ code: 'SCHEDULE_NOT_RUNNING', object, expected, found: 'its schedule has never started it' }];
  const stuck = runs.filter(run => isStuck(run, now)).map(run => stuckRun(run, object, now));
  if (ageSeconds(newest.createdAt, now) > maxAgeSeconds) {
    const found = `the last one was at ${timeOf(newest.createdAt)}, ${agoOf(newest.createdAt, now)}`;
    return [{ code: 'SCHEDULE_NOT_RUNNING', object, expected, found }, ...stuck];
  }
  const ended = runs.find(({ status }) => status === 'completed');
  if (ended === undefined || ended.conclusion === 'success') return stuck;
  const found = `${ended.conclusion ?? 'no conclusion'}, the run of ${timeOf(ended.createdAt)} (${ended.url})`;
  return [{ code: 'SCHEDULE_RUN_FAILED', object, expected: 'success', found }, ...stuck];
}

function isStuck({ status, createdAt }: ScheduledRun, now: Date): boolean {
  return waiting.includes(status) && ageSeconds(createdAt, now) > longestWaitSeconds;
}

function stuckRun({ status, createdAt, url }: ScheduledRun, object: string, now: Date): Finding {
  const expected = `a run that begins within ${lengthOf(longestWaitSeconds)}`;
  const found = `${status} since ${timeOf(createdAt)}, ${agoOf(createdAt, now)} (${url})`;
  return { code: 'SCHEDULE_RUN_STUCK', object, expected, found };
}

/** Pushes are what the API shows of GitHub's "activity"; a schedule that has been disabled already is told as such. */
function judgeActivity(
  { name, isPublic, pushedAt }: RepositoryFacts & { outcome: 'read' },
  workflows: readonly WorkflowFacts[],
  now: Date,
): Finding[] {
  const isAnyActive = workflows.some(workflow => workflow.outcome === 'read' && workflow.state === 'active');
  if (!isPublic || !isAnyActive) return [];
  const object = `repository ${name}`;
  const expected = `a push in the last ${warningDays} days`;
  if (pushedAt === null)
    return [{ code: 'SCHEDULE_ENDS_SOON', object, expected, found: 'GitHub shows no push at all' }];
  if (ageSeconds(pushedAt, now) <= warningDays * daySeconds) return [];
  const end = new Date(pushedAt.getTime() + inactiveDays * daySeconds * 1000);
  const when = end > now ? `GitHub disables the schedule on ${dayOf(end)}` : 'GitHub may disable the schedule any day';
  const found = `the last push was on ${dayOf(pushedAt)}, ${agoOf(pushedAt, now)}: ${when}`;
  return [{ code: 'SCHEDULE_ENDS_SOON', object, expected, found }];
}

function agoOf(at: Date, now: Date): string {
  return `${lengthOf(ageSeconds(at, now))} ago`;
}
