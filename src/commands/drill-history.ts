import { type ListedBackup, longestGap } from '../catalog/backups.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { messageOf } from '../failure.ts';
import type { Finding } from '../finding.ts';
import type { DrillInputs } from '../inputs/inputs.ts';
import type { Store } from '../store/store.ts';
import { eachAtOnce } from '../together.ts';
import type { EarlierBackup, EarlierDrill } from './drill-result.ts';
import { type StoredBackup, readEvidence, readManifest } from './stored-backup.ts';

/** What the store holds of the same database beside the drilled backup. */
export interface History {
  /** Manifests of whole backups, oldest first, the drilled one among them if it is whole. */
  manifests: Manifest[];
  earlierDrills: EarlierDrill[];
  /** The longest time without a backup; null where there is no whole one. */
  rpoSeconds: number | null;
  /** The newest whole backup's age. */
  newestAgeSeconds: number | null;
  /** What could not be read, for a word about it. */
  unread: string[];
}

/** So many are read, newest first: enough for a trend. */
const mostManifests = 60;
const mostDrills = 24;
const readersAtOnce = 8;
const rpoDays = 30;
/** Without a word of the user's: a weekly backup may be late by a day. */
const staleAfterSeconds = 8 * 86_400;
/** A replica may be behind so long before its backup is no longer one of today. */
const behindAtMostSeconds = 3_600;
/** A production server waits for its disk: on fast ones `npm run bench` measured up to 1.4 times as long, and few are faster. */
const untunedFactor = 1.5;

/** Reads what was before: manifests and evidence, without any key. */
export async function readHistory(
  store: Store,
  listed: readonly ListedBackup[],
  backup: StoredBackup,
  now: Date,
  signal: AbortSignal,
): Promise<History> {
  const whole = listed.filter(({ sealed, facts }) => sealed && !facts.partial);
  const unread: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      unread.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const wanted = new Set([...whole.slice(0, mostManifests), ...before(whole, backup).slice(0, mostManifests)]);
  const manifests = await eachAtOnce(readersAtOnce, [...wanted], one =>
    attempt(one.id, () => readManifest(store, one, signal)),
  );
  const drills = listed
    .flatMap(one => (one.sealed ? one.drills.map(drill => ({ one, drill })) : []))
    .sort((a, b) => b.drill.at.getTime() - a.drill.at.getTime())
    .slice(0, mostDrills);
  const evidence = await eachAtOnce(readersAtOnce, drills, ({ one, drill }) =>
    attempt(one.id, () => readEvidence(store, one, drill, signal)),
  );
  const gap = longestGap(listed, now, rpoDays);
  const [newest] = whole;
  return {
    manifests: manifests
      .filter(manifest => manifest !== undefined)
      .sort((a, b) => (a.snapshotAt < b.snapshotAt ? -1 : 1)),
    earlierDrills: evidence
      .filter(one => one !== undefined)
      .map(({ at, backupId, verdict, rtoSeconds, tuned }) => ({
        at,
        backupId,
        verdict,
        rtoSeconds,
        tuned: tuned.length > 0,
      }))
      .reverse(),
    rpoSeconds: gap === undefined ? null : await gapSeconds(store, gap, now, signal),
    newestAgeSeconds: newest === undefined ? null : (now.getTime() - newest.facts.at.getTime()) / 1000,
    unread,
  };
}

/** The ids find the gap by when backups began; between its two snapshots it is measured. */
async function gapSeconds(
  store: Store,
  { seconds, from, to }: NonNullable<ReturnType<typeof longestGap>>,
  now: Date,
  signal: AbortSignal,
): Promise<number> {
  try {
    const begin = new Date((await readManifest(store, from, signal)).snapshotAt);
    const end = to === undefined ? now : new Date((await readManifest(store, to, signal)).snapshotAt);
    return Math.round(Math.max(0, end.getTime() - begin.getTime()) / 1000);
  } catch {
    signal.throwIfAborted();
    return seconds;
  }
}

/** Backups older than this one, newest first. */
function before(whole: readonly ListedBackup[], backup: StoredBackup): ListedBackup[] {
  return whole.filter(({ facts }) => facts.at.getTime() < backup.listed.facts.at.getTime());
}

/** The manifests as a trend, oldest first. */
export function trendOf({ manifests }: History): EarlierBackup[] {
  return manifests.map(({ snapshotAt, totals }) => ({
    at: snapshotAt,
    databaseBytes: totals.databaseBytes,
    storedBytes: totals.storedBytes,
    rows: totals.rows,
  }));
}

/**
 * What the restore might take in production: of the newest backup's size, on a server that is not tuned for speed. Null where the drill's
 * server was like that.
 */
export function estimateRto(
  rtoSeconds: number | null,
  tuned: readonly string[],
  { totals }: Manifest,
  { manifests }: History,
): number | null {
  if (rtoSeconds === null || tuned.length === 0) return null;
  const newest = manifests.at(-1)?.totals.databaseBytes ?? totals.databaseBytes;
  const growth = totals.databaseBytes === 0 ? 1 : newest / totals.databaseBytes;
  return Math.ceil(rtoSeconds * growth * untunedFactor);
}

/** Whether this is the backup that it should be: of the same database as those before it, not empty, not of a replica that was behind. */
export function judgeLineage(backup: StoredBackup, history: History, inputs: DrillInputs): Finding[] {
  const { manifest } = backup;
  const earlier = history.manifests.filter(({ snapshotAt }) => snapshotAt < manifest.snapshotAt).reverse();
  const findings: Finding[] = [];
  const sourced = earlier.find(({ source }) => source !== null);
  const isOther =
    manifest.source !== null &&
    sourced !== undefined &&
    (sourced.source?.systemIdentifier !== manifest.source.systemIdentifier ||
      sourced.source.databaseOid !== manifest.source.databaseOid);
  if (isOther && !manifest.newSource)
    findings.push({
      code: 'SOURCE_CHANGED',
      object: `backup ${manifest.id}`,
      expected: `the database of ${sourced.id}`,
      found: 'another one',
    });
  const filled = earlier.find(({ totals }) => (totals.rows ?? totals.tables) > 0);
  if (filled && !manifest.partial && (manifest.totals.rows ?? manifest.totals.tables) === 0)
    findings.push({
      code: 'BACKUP_EMPTY',
      object: `backup ${manifest.id}`,
      expected: `rows, as ${filled.id} has ${filled.totals.rows ?? 'some'}`,
      found: `${manifest.totals.tables} tables, no rows`,
    });
  const behind = manifest.source?.behindSeconds ?? 0;
  const mostBehind = inputs.maxRpoSeconds ?? behindAtMostSeconds;
  if (behind > mostBehind)
    findings.push({
      code: 'SOURCE_STALE',
      object: `backup ${manifest.id}`,
      expected: `a source at most ${mostBehind} s behind`,
      found: `a replica ${behind} s behind`,
    });
  return [...findings, ...judgeAge(history, inputs)];
}

function judgeAge({ rpoSeconds, newestAgeSeconds }: History, { maxRpoSeconds, backup }: DrillInputs): Finding[] {
  if (maxRpoSeconds !== undefined) {
    if (rpoSeconds !== null && rpoSeconds <= maxRpoSeconds) return [];
    const found = rpoSeconds === null ? 'no whole backup at all' : `${rpoSeconds} s`;
    return [{ code: 'RPO_EXCEEDED', object: 'backups', expected: `at most ${maxRpoSeconds} s`, found }];
  }
  // who names an old backup by its id knows that it is old
  const isChosen = backup !== 'latest' && backup !== 'latest-proven';
  if (isChosen || newestAgeSeconds === null || newestAgeSeconds <= staleAfterSeconds) return [];
  const found = `${Math.floor(newestAgeSeconds / 86_400)} days old`;
  return [{ code: 'BACKUP_STALE', object: 'newest backup', expected: 'at most 8 days old', found }];
}
