import { pulseOf, pulseUrl, sendPulse } from '../alert/heartbeat.ts';
import { type ToldIssue, tellIssue } from '../alert/issue.ts';
import { sendMail } from '../alert/mail.ts';
import { type ConditionOutcome, isAlwaysTold, isFailing } from '../alert/outcome.ts';
import { without } from '../alert/secrets.ts';
import { tellWebhook } from '../alert/webhook.ts';
import { type Means, meansOf } from '../delivery.ts';
import { Failure, messageOf } from '../failure.ts';
import { GithubRefusal, openGithub } from '../github/api.ts';
import type { AlertInputs } from '../inputs/alert.ts';
import { together } from '../together.ts';
import type { Context } from './context.ts';

export type Channel = 'issue' | 'webhook' | 'mail' | 'heartbeat';

export interface ChannelResult {
  channel: Channel;
  outcome: 'sent' | 'not needed' | 'failed';
  /** What did not go as it should; null where nothing did. */
  problem: string | null;
}

export interface AlertResult {
  command: 'alert';
  name: string;
  outcomes: ConditionOutcome[];
  /** Conditions that failed before, and went well now; known only by the issue. */
  recovered: string[];
  /** Those that were asked for. */
  channels: ChannelResult[];
  issueUrl: string | null;
}

/** What tests put in place of real waiting. */
export type AlertParts = Partial<Pick<Means, 'pause' | 'timeoutMilliseconds'>>;

/** One run of the command: what is told, and what came of it so far. */
interface Round {
  inputs: AlertInputs;
  context: Context;
  at: Date;
  outcomes: ConditionOutcome[];
  details: string | null;
  /** Takes the secrets of the inputs out of a text. */
  clean: (text: string) => string;
  channels: Map<Channel, ChannelResult>;
}

const channelNames: Readonly<Record<Channel, string>> = {
  issue: 'the alert as a GitHub issue',
  webhook: 'the alert by webhook',
  mail: 'the alert by e-mail',
  heartbeat: 'the heartbeat',
};
const channelOrder = Object.keys(channelNames) as Channel[];

/**
 * Tells people what a run came to, over each channel that is asked for. A channel that fails is a warning and stops no other; nothing
 * here makes a run red, which would hide what did. Details and causes are told as the caller gives them, but for the secrets of this
 * command: we add no name of a table and no content of one.
 */
export async function alert(inputs: AlertInputs, context: Context, parts: AlertParts = {}): Promise<AlertResult> {
  const clean = without(inputs.secrets);
  const round: Round = {
    inputs,
    context,
    at: context.now(),
    outcomes: inputs.outcomes.map(one => ({ ...one, cause: one.cause === null ? null : clean(one.cause) })),
    details: inputs.details === undefined ? null : clean(inputs.details),
    clean,
    channels: new Map(),
  };
  const means = (signal: AbortSignal): Means => ({ ...meansOf(signal, context.version), ...parts });
  // the heartbeat waits for nobody: whoever watches it may be counting
  const [told] = await together(context.signal, [
    signal => tellPeople(round, means(signal)),
    signal => beat(round, means(signal)),
  ]);
  const channels = channelOrder.flatMap(channel => round.channels.get(channel) ?? []);
  if (channels.length === 0)
    context.log.info('nobody is told: no channel is given, such as alert-issue or alert-webhook');
  return {
    command: 'alert',
    name: inputs.name,
    outcomes: round.outcomes,
    recovered: told?.recovered ?? [],
    channels,
    issueUrl: told?.url ?? null,
  };
}

/** The issue first: it alone knows what recovered, and the others lead to it. */
async function tellPeople(round: Round, means: Means): Promise<ToldIssue | undefined> {
  const { inputs, outcomes, details, at } = round;
  const told = await keepIssue(round, means);
  const recovered = told?.recovered ?? [];
  const spoken = outcomes.filter(({ outcome }) => outcome !== 'skipped');
  const isNews = inputs.tellAlways ? spoken.length > 0 : recovered.length > 0 || outcomes.some(isNewsItself);
  const { name, runUrl, webhook, mail } = inputs;
  const notice = { name, at, outcomes: spoken, recovered, details, runUrl, issueUrl: told?.url ?? null };
  const tell = (channel: Channel, work: () => Promise<void>) =>
    over(round, means.signal, channel, async () => {
      if (isNews) await work();
      return { outcome: isNews ? 'sent' : 'not needed', problem: null };
    });
  await Promise.all([
    webhook && tell('webhook', () => tellWebhook(webhook, notice, means)),
    mail && tell('mail', () => sendMail(mail, notice, means)),
  ]);
  return told;
}

async function keepIssue(round: Round, means: Means): Promise<ToldIssue | undefined> {
  const { inputs, context, outcomes, details, at, clean } = round;
  if (inputs.issue === undefined) return undefined;
  const { token, apiUrl, ...target } = inputs.issue;
  const { signal, timeoutMilliseconds, pause: wait } = means;
  let told: ToldIssue | undefined;
  await over(round, signal, 'issue', async () => {
    const github = openGithub({ apiUrl, token, version: context.version, signal, wait, timeoutMilliseconds });
    told = await tellIssue(github, target, { outcomes, details, at, runUrl: inputs.runUrl });
    const problem = told.problem === null ? null : clean(told.problem);
    if (problem !== null) context.log.warn(`${channelNames.issue} is not as it should be: ${problem}`);
    return { outcome: told.outcome === 'written' ? 'sent' : 'not needed', problem };
  });
  return told;
}

async function beat(round: Round, means: Means): Promise<void> {
  const { heartbeatUrl } = round.inputs;
  if (heartbeatUrl === undefined) return;
  const pulse = pulseOf(round.outcomes);
  const url = pulse && pulseUrl(heartbeatUrl, pulse);
  await over(round, means.signal, 'heartbeat', async () => {
    if (url !== undefined) await sendPulse(url, means);
    return { outcome: url === undefined ? 'not needed' : 'sent', problem: null };
  });
}

/** Does what one channel has to do; whatever goes wrong there becomes a warning. */
async function over(
  { context, channels, clean }: Round,
  signal: AbortSignal,
  channel: Channel,
  work: () => Promise<Omit<ChannelResult, 'channel'>>,
): Promise<void> {
  try {
    channels.set(channel, { channel, ...(await work()) });
  } catch (error) {
    signal.throwIfAborted();
    const problem = clean(explain(error));
    context.log.warn(`${channelNames[channel]} failed: ${problem}`);
    channels.set(channel, { channel, outcome: 'failed', problem });
  }
}

function isNewsItself(one: ConditionOutcome): boolean {
  return isFailing(one) || isAlwaysTold(one);
}

const adviceOn: Readonly<Record<number, string>> = {
  401: 'github-token is no token of GitHub, or not any more; give it github.token',
  403: 'the job needs permissions: issues: write',
  404: 'the job needs permissions: issues: write',
  410: 'turn issues on in the settings of the repository, or leave out alert-issue',
};

function explain(error: unknown): string {
  const hint = error instanceof Failure ? error.hint : undefined;
  const advice = (error instanceof GithubRefusal ? adviceOn[error.status] : undefined) ?? hint;
  return `${messageOf(error)}${advice === undefined ? '' : ` (${advice})`}`;
}
