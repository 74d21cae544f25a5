import type { Finding } from '../finding.ts';
import { formatAge, isFuture, secondsSince } from './clock.ts';
import {
  type Look,
  type WatchedBackup,
  type WatchedManifest,
  joined,
  leftOut,
  looked,
  unjudged,
  wholeOf,
} from './look.ts';

interface DrillLimits {
  /** Undefined for a team that does not drill. */
  maxDrillAgeSeconds: number | undefined;
}

/** Verifies of so many of the newest whole backups count; what an old one was found to be is history. */
const recentBackups = 10;

/** When a drill last passed, and what the newest ones came to. */
export function judgeDrills(
  { name, backups }: { name: string; backups: readonly WatchedBackup[] },
  { maxDrillAgeSeconds }: DrillLimits,
  now: Date,
): Look {
  const whole = wholeOf(backups);
  if (whole.length === 0) return looked([], []);
  const results = judgeResults(whole);
  if (maxDrillAgeSeconds === undefined)
    return joined(results, leftOut('how old the newest drill is (max-drill-age: off)'));
  return joined(results, judgeDrillAge(name, whole, maxDrillAgeSeconds, now));
}

function judgeDrillAge(name: string, whole: readonly WatchedBackup[], maxSeconds: number, now: Date): Look {
  const all = whole.flatMap(({ id, drills }) => drills.map(drill => ({ id, ...drill })));
  const passed = all.filter(({ at, verdict }) => verdict === 'passed' && !isFuture(at, now));
  const last = passed.sort((a, b) => b.at.getTime() - a.at.getTime())[0];
  const expected = `one that passed at most ${formatAge(maxSeconds)} ago`;
  if (last === undefined) {
    const found = all.length === 0 ? 'none at all' : `none that passed (${all.length} did not)`;
    return looked(['DRILL_MISSING'], [{ code: 'DRILL_MISSING', object: `drills of ${name}`, expected, found }]);
  }
  const age = secondsSince(last.at, now);
  const found = `${formatAge(age)} ago, of ${last.id}`;
  const stale: Finding = { code: 'DRILL_STALE', object: `newest drill of ${name}`, expected, found };
  return looked(['DRILL_MISSING', 'DRILL_STALE'], age > maxSeconds ? [stale] : []);
}

/** Of the newest backup that has a drill, and of the one that was drilled last: what its last drill came to. */
function judgeResults(whole: readonly WatchedBackup[]): Look {
  const drilled = whole.flatMap(({ id, drills }) => {
    const last = drills.at(-1);
    return last === undefined ? [] : [{ id, ...last }];
  });
  const drilledLast = [...drilled].sort((a, b) => b.at.getTime() - a.at.getTime())[0];
  if (drilledLast === undefined) return looked([], []);
  const findings = [...new Set([drilled[0], drilledLast])].flatMap((one): Finding[] => {
    if (one === undefined || one.verdict === 'passed') return [];
    const code = one.verdict === 'failed' ? 'DRILL_FAILED' : 'DRILL_WITHOUT_ANSWER';
    const found = `${one.verdict}, on ${one.at.toISOString()}`;
    return [{ code, object: `drill of ${one.id}`, expected: 'passed', found }];
  });
  return looked(['DRILL_FAILED', 'DRILL_WITHOUT_ANSWER'], findings);
}

/** What verifies of recent backups came to: a later one that looked as deep, or a drill, takes back what an earlier one said. */
export function judgeVerifies({ name, backups }: { name: string; backups: readonly WatchedBackup[] }): Look {
  const recent = wholeOf(backups).slice(0, recentBackups);
  if (recent.every(({ checks }) => checks.length === 0))
    return unjudged(`verifies of ${name}: no recent backup has one`);
  const findings = recent.flatMap((backup): Finding[] => {
    const standing = backup.checks.filter(check => check.verdict !== 'passed' && !isTakenBack(check, backup)).reverse();
    const worst = standing.find(({ verdict }) => verdict === 'failed') ?? standing[0];
    if (worst === undefined) return [];
    const code = worst.verdict === 'failed' ? 'VERIFY_FAILED' : 'VERIFY_WITHOUT_ANSWER';
    const found = `${worst.verdict} (${worst.depth}), on ${worst.at.toISOString()}`;
    return [{ code, object: `verify of ${backup.id}`, expected: 'passed', found }];
  });
  return looked(['VERIFY_FAILED', 'VERIFY_WITHOUT_ANSWER'], findings);
}

function isTakenBack(check: WatchedBackup['checks'][number], { checks, drills }: WatchedBackup): boolean {
  const isLater = ({ at, verdict }: { at: Date; verdict: string }) => verdict === 'passed' && at > check.at;
  const isAsDeep = ({ depth }: { depth: string }) => depth === check.depth || depth === 'archive';
  return drills.some(isLater) || checks.some(other => isLater(other) && isAsDeep(other));
}

/** What is known of the recipients of one database. */
export interface RecipientFacts {
  name: string;
  /** Of whole backups, newest first, without a gap from the newest one on. */
  manifests: readonly WatchedManifest[];
  /** Recipients that a drill has proven. */
  proven: ReadonlySet<string>;
  /** A recipient as people see it. */
  show: (recipient: string) => string;
}

/** Recipients of the newest backup that no drill has proven in the time in which everything must be drilled once. */
export function judgeRecipients(facts: RecipientFacts, { maxDrillAgeSeconds }: DrillLimits, now: Date): Look {
  const [newest] = facts.manifests;
  if (maxDrillAgeSeconds === undefined) return leftOut('who can open the backups (max-drill-age: off)');
  if (newest === undefined)
    return unjudged(`whether every recipient of ${facts.name} was proven: the newest manifest cannot be read`);
  const findings = newest.encryption.recipients.flatMap((recipient): Finding[] => {
    if (facts.proven.has(recipient)) return [];
    const since = firstUse(recipient, facts);
    if (since === undefined || secondsSince(since, now) <= maxDrillAgeSeconds) return [];
    return [
      {
        code: 'RECIPIENT_NEVER_PROVEN',
        object: `recipient ${facts.show(recipient)}`,
        expected: `a drill with its identity within ${formatAge(maxDrillAgeSeconds)}`,
        found: `none since ${since.toISOString()}, when it was first used or before`,
      },
    ];
  });
  return looked(['RECIPIENT_NEVER_PROVEN'], findings);
}

/** When the recipient was first used, of the manifests that were read: it may have been before, never after. */
function firstUse(recipient: string, { manifests }: RecipientFacts): Date | undefined {
  const after = manifests.findIndex(({ encryption }) => !encryption.recipients.includes(recipient));
  const first = manifests.at((after === -1 ? manifests.length : after) - 1);
  return first && new Date(first.snapshotAt);
}
