import { wrongInput } from '../failure.ts';
import { type KeepTime, type Policy, parseKeepTime, parsePlan } from '../retention/policy.ts';
import type { Reader } from './reader.ts';
import { ruleNames } from './retention-definitions.ts';
import { flag, shown, wholeNumber } from './values.ts';

/** The inputs of a prune beside those that all commands have. */
export interface PruneOptions {
  policy: Policy;
  /** What the replica is pruned by; null where nothing is removed there. */
  replicaPolicy: Policy | null;
  dryRun: boolean;
}

const buckets = ['daily', 'weekly', 'monthly', 'yearly'] as const;
const most = 100_000;

/** Understands the inputs of a prune. A policy that keeps nothing by a rule of its own is refused: it would remove all but the minimum. */
export function readPrune(read: Reader): PruneOptions {
  const { policy, replicaPolicy } = readPolicies(read);
  if (policy === null)
    throw wrongInput('keep', 'is missing', 'give a policy such as keep: 7d 4w 12m; without one nothing is removed');
  return { policy, replicaPolicy, dryRun: flag('dry-run', read.text('dry-run')) };
}

/** The policies of the store and of its replica; one for the replica alone is refused, and so is one without a replica. */
export function readPolicies(read: Reader): { policy: Policy | null; replicaPolicy: Policy | null } {
  const policy = readPolicy(read);
  const replicaPolicy = readPolicy(read, 'replica-');
  const given = ruleNames.map(name => `replica-${name}`).find(name => read.optional(name) !== undefined);
  if (given === undefined) return { policy, replicaPolicy: null };
  if (read.optional('replica') === undefined)
    throw wrongInput(given, 'is given without replica', 'name the store that it is for');
  if (replicaPolicy === null)
    throw wrongInput(
      'replica-keep',
      'is missing',
      `give a policy such as replica-keep: 30d 12m; ${given} alone keeps nothing`,
    );
  if (policy === null)
    throw wrongInput(
      'keep',
      `is missing beside ${given}`,
      'to prune the replica alone, give it as store, and its policy as keep',
    );
  return { policy, replicaPolicy };
}

/** Understands a policy, that of the replica with the prefix; null where no rule keeps anything. */
export function readPolicy(read: Reader, prefix: '' | 'replica-' = ''): Policy | null {
  const inShort = read.optional(`${prefix}keep`);
  const plan = inShort === undefined ? undefined : parsePlan(inShort, `${prefix}keep`);
  const counted = Object.fromEntries(
    buckets.map(bucket => {
      const input = `${prefix}keep-${bucket}`;
      const given = read.optional(input);
      if (given === undefined) return [bucket, plan?.[bucket] ?? 0];
      if (plan !== undefined && plan[bucket] > 0)
        throw wrongInput(input, `is given beside ${prefix}keep`, 'say it in one of them');
      return [bucket, wholeNumber(input, given, 0, most)];
    }),
  ) as Pick<Policy, (typeof buckets)[number]>;
  const last = read.optional(`${prefix}keep-last`);
  const within = read.optional(`${prefix}keep-within`);
  const policy: Policy = {
    ...counted,
    last: last === undefined ? 0 : wholeNumber(`${prefix}keep-last`, last, 0, most),
    within: within === undefined ? null : keepTimeOf(`${prefix}keep-within`, within),
    preMigration: readPreMigration(read, prefix),
    minimum: wholeNumber('minimum', read.text('minimum'), 1, most),
    timeZone: readTimeZone(read),
  };
  const bucketCount = policy.last + buckets.reduce((sum, bucket) => sum + policy[bucket], 0);
  return bucketCount === 0 && policy.within === null ? null : policy;
}

/** As long as in the store, unless said otherwise. */
function readPreMigration(read: Reader, prefix: '' | 'replica-'): KeepTime {
  const input = `${prefix}keep-pre-migration`;
  const given = read.optional(input);
  return given === undefined
    ? keepTimeOf('keep-pre-migration', read.text('keep-pre-migration'))
    : keepTimeOf(input, given);
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
