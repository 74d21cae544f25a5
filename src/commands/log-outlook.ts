import type { ListedBackup } from '../catalog/backups.ts';
import { type Rhythm, type Upcoming, rhythmOf, steadyAges, upcoming } from '../retention/forecast.ts';
import { plan } from '../retention/plan.ts';
import { type KeepTime, type Policy, endOf } from '../retention/policy.ts';
import type { RetentionFact } from './retention-facts.ts';

/** What keeps a backup, and until when: what the dry run of a prune says. */
export interface Kept {
  /** `no policy`: none was given, and nobody retained it by hand. */
  outcome: 'kept' | 'to be removed' | 'no policy';
  reasons: string[];
  /** As far as a time decides it; null where only newer backups, or nothing, can end it. */
  until: string | null;
}

/** A backup that a prune will remove. */
export interface Removal {
  backupId: string;
  sizeBytes: number;
  /** When the first daily prune would, if backups go on as they do. */
  at: string;
  /** What keeps it until then. */
  reasons: string[];
}

/** Backups that go; the first hundred by name. */
export interface RemovalGroup {
  count: number;
  sizeBytes: number;
  /** Soonest first. */
  first: Removal[];
}

/** What a policy makes of one database's backups. */
export interface Outlook {
  /** How often whole backups were made in the last 30 days; null where fewer than two tell. */
  everySeconds: number | null;
  /** So many days are looked ahead. */
  days: number;
  /** What a prune would remove now. */
  atOnce: RemovalGroup;
  /** What goes after that, in those days. */
  later: RemovalGroup;
  /** Ages in days of what is kept in the end; null where that cannot be told. */
  steadyAges: number[] | null;
}

const aheadDays = 30;
const mostNamed = 100;

/** What keeps each backup, by its id: a dry look at what a prune would do, without a policy only what was retained by hand. */
export function keptBy(facts: readonly RetentionFact[], policy: Policy | null, now: Date): Map<string, Kept> {
  if (policy === null) return new Map(facts.map(fact => [fact.id, retainedBy(fact, now)]));
  return new Map(
    plan(facts, policy, now).map(({ backup, keep, reasons, keptUntil }) => [
      backup.id,
      { outcome: keep ? 'kept' : 'to be removed', reasons, until: keptUntil?.toISOString() ?? null },
    ]),
  );
}

/** What a policy will remove next, and what it keeps in the end. */
export function lookAhead(facts: readonly RetentionFact[], policy: Policy, now: Date): Outlook {
  const rhythm: Rhythm | null = rhythmOf(facts, now);
  const removals = upcoming(facts, policy, { now, days: aheadDays, rhythm });
  return {
    everySeconds: rhythm === null ? null : Math.round(rhythm.everyMilliseconds / 1000),
    days: aheadDays,
    atOnce: groupOf(removals.filter(({ at }) => at <= now)),
    later: groupOf(removals.filter(({ at }) => at > now)),
    steadyAges: rhythm === null ? null : steadyAges(policy, rhythm, now),
  };
}

function groupOf(removals: readonly Upcoming<RetentionFact>[]): RemovalGroup {
  return {
    count: removals.length,
    sizeBytes: removals.reduce((sum, { backup }) => sum + backup.listed.sizeBytes, 0),
    first: removals.slice(0, mostNamed).map(({ backup, at, reasons }) => ({
      backupId: backup.id,
      sizeBytes: backup.listed.sizeBytes,
      at: at.toISOString(),
      reasons,
    })),
  };
}

/** A time to keep something as it is given: `90d`, `forever`. */
export function keepTimeText(time: KeepTime): string {
  return time === 'forever' ? time : `${time.amount}${time.unit}`;
}

/** Backups that stay for ever since somebody said so. */
export function retainedForEver(facts: readonly RetentionFact[]): ListedBackup[] {
  return facts.filter(({ retain }) => retain === 'forever').map(({ listed }) => listed);
}

function retainedBy({ at, retain }: RetentionFact, now: Date): Kept {
  const end = retain === null ? now : endOf(at, retain);
  if (end !== undefined && end <= now) return { outcome: 'no policy', reasons: [], until: null };
  return { outcome: 'kept', reasons: ['retained by hand'], until: end?.toISOString() ?? null };
}
