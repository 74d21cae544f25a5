import { wrongInput } from '../failure.ts';
import { type KeepTime, type Policy, parseKeepTime, parsePlan } from '../retention/policy.ts';
import type { Reader } from './reader.ts';
import { flag, shown, wholeNumber } from './values.ts';

/** The inputs of a prune beside those that all commands have. */
export interface PruneOptions {
  policy: Policy;
  dryRun: boolean;
}

const buckets = ['daily', 'weekly', 'monthly', 'yearly'] as const;
const most = 100_000;

/** Understands the inputs of a prune. A policy that keeps nothing by a rule of its own is refused: it would remove all but the minimum. */
export function readPrune(read: Reader): PruneOptions {
  const policy = readPolicy(read);
  if (policy === null)
    throw wrongInput('keep', 'is missing', 'give a policy such as keep: 7d 4w 12m; without one nothing is removed');
  return { policy, dryRun: flag('dry-run', read.text('dry-run')) };
}

/** Understands a policy; null where no rule keeps anything. */
export function readPolicy(read: Reader): Policy | null {
  const inShort = read.optional('keep');
  const plan = inShort === undefined ? undefined : parsePlan(inShort);
  const counted = Object.fromEntries(
    buckets.map(bucket => {
      const given = read.optional(`keep-${bucket}`);
      if (given === undefined) return [bucket, plan?.[bucket] ?? 0];
      if (plan !== undefined && plan[bucket] > 0)
        throw wrongInput(`keep-${bucket}`, 'is given beside keep', 'say it in one of them');
      return [bucket, wholeNumber(`keep-${bucket}`, given, 0, most)];
    }),
  ) as Pick<Policy, (typeof buckets)[number]>;
  const last = read.optional('keep-last');
  const within = read.optional('keep-within');
  const policy: Policy = {
    ...counted,
    last: last === undefined ? 0 : wholeNumber('keep-last', last, 0, most),
    within: within === undefined ? null : keepTimeOf('keep-within', within),
    preMigration: keepTimeOf('keep-pre-migration', read.text('keep-pre-migration')),
    minimum: wholeNumber('minimum', read.text('minimum'), 1, most),
    timeZone: readTimeZone(read),
  };
  const bucketCount = policy.last + buckets.reduce((sum, bucket) => sum + policy[bucket], 0);
  return bucketCount === 0 && policy.within === null ? null : policy;
}

function keepTimeOf(input: string, value: string): KeepTime {
  try {
    return parseKeepTime(value);
  } catch {
    throw wrongInput(input, `is "${shown(value)}"`, 'it may be 90d, 8w, 6mo, 2y or forever');
  }
}

function readTimeZone(read: Reader): string {
  const timeZone = read.text('timezone');
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw wrongInput('timezone', `is "${shown(timeZone)}"`, 'it may be UTC, or a name such as Europe/Berlin');
  }
}
