import { type Kept, plan } from './plan.ts';
import { type KeepTime, type Policy, endOf } from './policy.ts';

const dayMilliseconds = 86_400_000;
const rhythmDays = 30;
/** One plan of so many imaginary backups takes well below a second. */
const mostImagined = 10_000;

/** How often whole backups were made lately. */
export interface Rhythm {
  /** Between one and the next, on average, without those made before a migration. */
  everyMilliseconds: number;
  preMigrationPerDay: number;
}

/** One backup that a policy will remove. */
export interface Upcoming<B extends Kept> {
  backup: B;
  /** The day on which the first prune would remove it. */
  at: Date;
  /** What kept it until then; empty where nothing keeps it now. */
  reasons: string[];
}

/** How often whole backups were made in the last 30 days; null where fewer than two tell. */
export function rhythmOf(backups: readonly Kept[], now: Date): Rhythm | null {
  const since = now.getTime() - rhythmDays * dayMilliseconds;
  const recent = backups.filter(({ partial, at }) => !partial && at.getTime() >= since && at <= now);
  const times = recent
    .filter(({ kind }) => kind !== 'pre-restore' && kind !== 'pre-migration')
    .map(({ at }) => at.getTime());
  const span = Math.max(...times) - Math.min(...times);
  if (times.length < 2 || span === 0) return null;
  return {
    everyMilliseconds: span / (times.length - 1),
    preMigrationPerDay: recent.filter(({ kind }) => kind === 'pre-migration').length / rhythmDays,
  };
}

/**
 * What daily prunes of the next `days` days would remove of today's backups, soonest first, if whole backups go on in their rhythm. Pure.
 */
export function upcoming<B extends Kept>(
  backups: readonly B[],
  policy: Policy,
  { now, days, rhythm }: { now: Date; days: number; rhythm: Rhythm | null },
): Upcoming<B>[] {
  const real = new Set<Kept>(backups);
  const reasonsNow = new Map<Kept, string[]>();
  const removals: Upcoming<B>[] = [];
  let left: Kept[] = [...backups];
  let nextAt = rhythm === null ? Infinity : newestOf(backups, now) + rhythm.everyMilliseconds;
  for (let day = 0; day <= days; day += 1) {
    const at = new Date(now.getTime() + day * dayMilliseconds);
    for (; rhythm !== null && nextAt <= at.getTime(); nextAt += rhythm.everyMilliseconds)
      left.push(imagined(new Date(nextAt)));
    const decisions = plan(left, policy, at);
    for (const { backup, keep, reasons } of decisions) {
      if (keep) reasonsNow.set(backup, reasons);
      else if (real.has(backup)) removals.push({ backup: backup as B, at, reasons: reasonsNow.get(backup) ?? [] });
    }
    left = decisions.filter(({ keep }) => keep).map(({ backup }) => backup);
  }
  return removals;
}

/**
 * The ages in days of what a policy keeps once it has been at work for long, backups going on in a rhythm. Null where it keeps some of them
 * for ever.
 */
export function steadyAges(
  policy: Policy,
  { everyMilliseconds, preMigrationPerDay }: Rhythm,
  now: Date,
): number[] | null {
  const { within, preMigration, last, daily, weekly, monthly, yearly } = policy;
  if (within === 'forever' || (preMigration === 'forever' && preMigrationPerDay > 0)) return null;
  const fine = Math.max(last * everyMilliseconds, within === null ? 0 : lengthOf(within, now), dayMilliseconds);
  const bucketDays = daily + 7 * (weekly + 1) + 31 * (monthly + 1) + (yearly > 0 ? 366 * (yearly + 1) : 0);
  // a backup that is rarer than its buckets fills them more slowly
  const coarse = Math.max(dayMilliseconds, everyMilliseconds);
  const bucketCount = daily + weekly + monthly + yearly;
  const span = Math.max(fine, bucketDays * dayMilliseconds, bucketCount * coarse, policy.minimum * everyMilliseconds);
  const made: Kept[] = [];
  // beyond what is kept one by one, only the newest of each day can be
  for (let age = 0; age <= span && made.length < mostImagined; age += age < fine ? everyMilliseconds : coarse)
    made.push(imagined(new Date(now.getTime() - age)));
  const ages = plan(made, policy, now)
    .filter(({ keep }) => keep)
    .map(({ backup }) => (now.getTime() - backup.at.getTime()) / dayMilliseconds);
  if (preMigration === 'forever') return ages;
  const preMigrationDays = lengthOf(preMigration, now) / dayMilliseconds;
  const before = Math.round(preMigrationPerDay * preMigrationDays);
  return [...ages, ...Array.from({ length: before }, (_, index) => ((index + 0.5) * preMigrationDays) / before)];
}

function lengthOf(time: KeepTime, now: Date): number {
  return (endOf(now, time) ?? now).getTime() - now.getTime();
}

/** The newest one that has its time behind it; now, where there is none. */
function newestOf(backups: readonly Kept[], now: Date): number {
  const times = backups.filter(({ at }) => at <= now).map(({ at }) => at.getTime());
  return times.length === 0 ? now.getTime() : Math.max(...times);
}

function imagined(at: Date): Kept {
  return {
    id: `imagined-${at.getTime()}`,
    at,
    kind: 'scheduled',
    partial: false,
    pullRequest: null,
    retain: null,
    isProven: false,
    isWrong: false,
    isDoubted: false,
    isDamaged: false,
  };
}
