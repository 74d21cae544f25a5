import type { Kind } from '../catalog/key.ts';
import { type KeepTime, type Policy, endOf } from './policy.ts';

/** What the policy needs to know of a sealed backup. */
export interface Kept {
  id: string;
  at: Date;
  kind: Kind;
  partial: boolean;
  /** The pull request that it was made for. */
  pullRequest: number | null;
  /** Said by hand, counted from `at`. */
  retain: KeepTime | null;
  /** The newest drill that came to an answer passed. */
  isProven: boolean;
  /** A drill or a verify found it wrong, and no later one as deep says otherwise. */
  isWrong: boolean;
  /** It was found wrong in another store, whose bytes may be others, and no drill of this one says otherwise. */
  isDoubted: boolean;
  /** Objects that its manifest lists are gone from the store, or have another size. */
  isDamaged: boolean;
}

/** One backup, kept or removed, and why; at least one reason each. */
export interface Decision<B extends Kept> {
  backup: B;
  keep: boolean;
  reasons: string[];
  /** When the last of its reasons ends, as far as a time decides it; null where only newer backups, or nothing, can end it. */
  keptUntil: Date | null;
}

const dayMilliseconds = 86_400_000;
/** A backup whose clock is further ahead than this is of a wrong clock. */
const aheadMilliseconds = dayMilliseconds;
const preRestoreTime: KeepTime = { amount: 30, unit: 'd' };
const youngTime: KeepTime = { amount: 1, unit: 'd' };

/**
 * Decides which backups of one database a policy keeps, newest first. Pure: `now` is an argument, and nothing is read or removed.
 *
 * - Whole backups of the kinds scheduled, manual, pre-deployment, pre-migration and config fill the buckets; partial ones have buckets of
 *   their own. One made before a restore fills none, since it holds what somebody wanted to be rid of: it is kept for 30 days.
 * - One made before a migration is kept for `preMigration` besides, unless a newer one, as whole as it is, is of the same pull request.
 * - One that is wrong counts for nothing; it goes once there are `minimum` good ones.
 * - One that is damaged, or doubted, counts for nothing either, and stays: nobody has looked at it yet.
 * - `within` reaches back from the newest good one, not from now, as restic's `--keep-within` does: neither a month of failures nor a
 *   clock that runs ahead ends it.
 * - Always kept: what is younger than a day, what was retained by hand, the newest `minimum` good whole ones, and the newest proven one,
 *   of whole and of partial ones, and beside one made before a restore the newest other one.
 */
export function plan<B extends Kept>(backups: readonly B[], policy: Policy, now: Date): Decision<B>[] {
  const sorted = [...backups].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
  const decisions = new Map(sorted.map(backup => [backup, newDraft()]));
  const keep = (backup: B, reason: string) => decisions.get(backup)?.reasons.push(reason);
  const keepUntil = (backup: B, time: KeepTime, reason: string, asOf = now) => {
    const end = endOf(backup.at, time);
    if (end !== undefined && end <= asOf) return;
    keep(backup, reason);
    decisions.get(backup)?.ends.push(end);
  };

  const isAhead = ({ at }: Kept) => at.getTime() > now.getTime() + aheadMilliseconds;
  const counts = (backup: Kept) => !backup.isWrong && !backup.isDoubted && !backup.isDamaged && !isAhead(backup);
  const good = sorted.filter(counts);
  const whole = good.filter(({ partial, kind }) => !partial && kind !== 'pre-restore');

  whole.slice(0, policy.minimum).forEach((backup, index) => keep(backup, `minimum, ${index + 1} of ${policy.minimum}`));
  for (const proven of newestProven(good)) keep(proven, 'the newest that a drill has proven');
  const bucketed = good.filter(({ kind }) => kind !== 'pre-restore');
  for (const partial of [false, true])
    fillBuckets(
      bucketed.filter(backup => backup.partial === partial),
      policy,
      keep,
    );

  const newestAt = good[0] && good[0].at < now ? good[0].at : now;
  const migrated = new Set<string>();
  const replaced = new Set<Kept>();
  for (const backup of sorted) {
    if (isAhead(backup)) keep(backup, 'its time lies in the future: a clock is wrong');
    else keepUntil(backup, youngTime, 'younger than a day');
    if (backup.retain) keepUntil(backup, backup.retain, 'retained by hand');
    if (backup.isWrong && whole.length < policy.minimum) keep(backup, 'wrong, but there are few good ones');
    if (backup.isDoubted) keep(backup, 'found wrong in another store, so that it counts for nothing: drill it here');
    if (backup.isDamaged) keep(backup, 'damaged, so that it counts for nothing: verify it');
    if (!counts(backup)) continue;
    if (policy.within !== null) keepUntil(backup, policy.within, 'within the time for all', newestAt);
    if (backup.kind === 'pre-restore') keepUntil(backup, preRestoreTime, 'made before a restore');
    if (backup.kind !== 'pre-migration') continue;
    const change = changeOf(backup);
    const isReplaced = change !== null && migrated.has(change);
    if (change !== null) migrated.add(change);
    if (isReplaced) replaced.add(backup);
    else keepUntil(backup, policy.preMigration, 'made before a migration');
  }
  return sorted.map(backup => decided(backup, decisions.get(backup) ?? newDraft(), replaced));
}

/** What a drill proved is never given up for one that fills other buckets, or none. */
function newestProven<B extends Kept>(goodNewestFirst: readonly B[]): Set<B> {
  const proven = goodNewestFirst.filter(({ isProven }) => isProven);
  const whole = proven.filter(({ partial }) => !partial);
  const newest = [whole[0], whole.find(({ kind }) => kind !== 'pre-restore'), proven.find(({ partial }) => partial)];
  return new Set(newest.filter(one => one !== undefined));
}

/** A partial backup is not in the place of a whole one of the same pull request. */
function changeOf({ pullRequest, partial }: Kept): string | null {
  return pullRequest === null ? null : `${partial ? 'partial' : 'whole'} ${pullRequest}`;
}

interface Draft {
  reasons: string[];
  /** One for each reason that a time ends; undefined for one that lasts for ever. */
  ends: (Date | undefined)[];
}

function newDraft(): Draft {
  return { reasons: [], ends: [] };
}

function decided<B extends Kept>(backup: B, { reasons, ends }: Draft, replaced: ReadonlySet<Kept>): Decision<B> {
  if (reasons.length === 0) return { backup, keep: false, reasons: [whyNot(backup, replaced)], keptUntil: null };
  const isByTimeAlone = ends.length === reasons.length && ends.every(end => end !== undefined);
  const last = Math.max(...ends.map(end => end?.getTime() ?? 0));
  return { backup, keep: true, reasons, keptUntil: isByTimeAlone ? new Date(last) : null };
}

function whyNot(backup: Kept, replaced: ReadonlySet<Kept>): string {
  if (backup.isWrong) return 'a drill or a verify found it wrong';
  if (replaced.has(backup)) return 'a newer one is of the same pull request';
  if (backup.kind === 'pre-migration') return 'its time after a migration is over';
  if (backup.kind === 'pre-restore') return 'its time after a restore is over';
  return 'no rule keeps it';
}

/** The newest of each day, week, month and year, as many as the policy has buckets. */
function fillBuckets<B extends Kept>(
  newestFirst: readonly B[],
  policy: Policy,
  keep: (backup: B, reason: string) => void,
): void {
  newestFirst.slice(0, policy.last).forEach((backup, index) => keep(backup, `newest, ${index + 1} of ${policy.last}`));
  const dateOf = dates(policy.timeZone);
  const rules = [
    ['daily', policy.daily, ({ text }: Day) => text],
    ['weekly', policy.weekly, ({ week }: Day) => week],
    ['monthly', policy.monthly, ({ text }: Day) => text.slice(0, -3)],
    ['yearly', policy.yearly, ({ text }: Day) => text.slice(0, -6)],
  ] as const;
  const seen = rules.map(() => new Set<string>());
  for (const backup of newestFirst) {
    // what is older than all buckets needs no date, which is most of the work
    if (rules.every(([, count], index) => (seen[index]?.size ?? 0) >= count)) break;
    const day = dateOf(backup.at);
    for (const [index, [name, count, bucketOf]] of rules.entries()) {
      const buckets = seen[index];
      const bucket = bucketOf(day);
      if (!buckets || buckets.size >= count || buckets.has(bucket)) continue;
      buckets.add(bucket);
      keep(backup, `${name}, ${buckets.size} of ${count} (${bucket})`);
    }
  }
}

interface Day {
  /** `2026-11-20`. */
  text: string;
  /** The Monday that its week begins with. */
  week: string;
}

/** The day that a moment belongs to in a time zone. */
function dates(timeZone: string): (at: Date) => Day {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return at => {
    const text = format.format(at);
    const midnight = Date.parse(`${text}T00:00:00Z`);
    // the first day of 1970 was a Thursday
    const sinceMonday = (((midnight / dayMilliseconds + 3) % 7) + 7) % 7;
    return { text, week: new Date(midnight - sinceMonday * dayMilliseconds).toISOString().slice(0, 10) };
  };
}
