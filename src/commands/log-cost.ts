import type { ListedBackup } from '../catalog/backups.ts';
import { type Cost, type SteadyUse, type Use, estimateAll, steadyBytes, supabaseEgress } from '../cost/estimate.ts';
import { priceOf } from '../cost/provider.ts';
import type { Outlook } from './log-outlook.ts';

/** What the listed databases cost together, estimated from list prices. */
export interface StoreCost {
  /** Today, rests of failed runs among them. */
  storedBytes: number;
  /** What the policy will keep in the end. */
  steadyBytes: number | null;
  /** Why that is not known; null where it is. */
  steadyUnknown: string | null;
  /** In the last 30 days. */
  drills: number;
  verifies: number;
  readBytes: number;
  /** Of one restore: the largest of the newest whole backups. */
  restoreBytes: number;
  /** The place where the store is, as far as its URL tells; one of `all`. */
  here: string | null;
  /** Each place on our list of prices. */
  all: Cost[];
  /** What leaves the databases in 30 days, at most, and its price where they are on Supabase. */
  dumpedBytes: number;
  supabaseEgress: number;
}

/** What was listed of one database, and read. */
export interface CostPart {
  name: string;
  listed: readonly ListedBackup[];
  /** Of the newest whole backup; null where it could not be read. */
  databaseBytes: number | null;
  /** Of the file objects that the newest whole backup refers to, which is read with it. */
  filesBytes: number;
  outlook: Outlook | null;
  /** Backups that stay for ever by hand. */
  retained: readonly ListedBackup[];
}

const recentMilliseconds = 30 * 86_400_000;

/** Estimates what the listed databases cost. Nothing is read for it. */
export function costOf(parts: readonly CostPart[], storeUrl: string, now: Date): StoreCost {
  const isRecent = (at: Date) => at.getTime() > now.getTime() - recentMilliseconds && at <= now;
  const listed = parts.flatMap(part => part.listed.map(backup => ({ ...backup, filesBytes: part.filesBytes })));
  const readings = listed.map(({ checks, drills, sizeBytes, filesBytes }) => ({
    verifies: checks.filter(({ at }) => isRecent(at)).length,
    drills: drills.filter(({ at }) => isRecent(at)).length,
    sizeBytes: sizeBytes + filesBytes,
  }));
  const steadyUnknown = parts.map(whyUnsteady).find(why => why !== null) ?? null;
  const use: Use = {
    storedBytes: sum(listed.map(({ sizeBytes }) => sizeBytes)) + sum(parts.map(storedFiles)),
    steady: steadyUnknown === null && parts.length > 0 ? parts.map(steadyOf) : null,
    readBytes: sum(readings.map(({ verifies, drills, sizeBytes }) => (verifies + drills) * sizeBytes)),
    restoreBytes: Math.max(0, ...parts.map(part => (wholeOf(part)[0]?.sizeBytes ?? 0) + part.filesBytes)),
    dumpedBytes: sum(
      parts.map(part => wholeOf(part).filter(({ facts }) => isRecent(facts.at)).length * (part.databaseBytes ?? 0)),
    ),
  };
  return {
    storedBytes: use.storedBytes,
    steadyBytes: use.steady === null ? null : steadyBytes(use.steady),
    steadyUnknown: parts.length === 0 ? 'there are no backups' : steadyUnknown,
    drills: sum(readings.map(({ drills }) => drills)),
    verifies: sum(readings.map(({ verifies }) => verifies)),
    readBytes: use.readBytes,
    restoreBytes: use.restoreBytes,
    here: priceOf(storeUrl)?.id ?? null,
    all: estimateAll(use),
    dumpedBytes: use.dumpedBytes,
    supabaseEgress: supabaseEgress(use),
  };
}

function whyUnsteady({ name, outlook }: CostPart): string | null {
  if (outlook === null) return 'no policy was given';
  if (outlook.everySeconds === null) return `fewer than two whole backups of ${name} in 30 days tell no rhythm`;
  return outlook.steadyAges === null ? `a rule keeps backups of ${name} for ever` : null;
}

/** Each file object once, however many backups refer to it. */
function storedFiles({ listed }: CostPart): number {
  return sum([...(listed[0]?.files.values() ?? [])].map(({ sizeBytes }) => sizeBytes));
}

function steadyOf(part: CostPart): SteadyUse {
  const { outlook, retained } = part;
  return {
    keptAgesDays: outlook?.steadyAges ?? [],
    backupsPerDay: 86_400 / (outlook?.everySeconds ?? Infinity),
    backupBytes: median(
      wholeOf(part)
        .slice(0, 30)
        .map(({ sizeBytes }) => sizeBytes),
    ),
    // files that do not change stay as they are
    retainedBytes: sum(retained.map(({ sizeBytes }) => sizeBytes)) + storedFiles(part),
  };
}

function wholeOf({ listed }: CostPart): ListedBackup[] {
  return listed.filter(({ sealed, facts }) => sealed && !facts.partial);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
