import { type ListedBackup, provenBy } from '../catalog/backups.ts';
import { type CheckKey, type Depth, type Kind, formatDrillObject, locationOf } from '../catalog/key.ts';
import { messageOf } from '../failure.ts';
import type { Verdict } from '../finding.ts';
import { eachAtOnce } from '../together.ts';
import type { Drill, DrillReader } from './log-drill.ts';
import { type Kept, keepTimeText } from './log-outlook.ts';
import type { StoredIn } from './log-replica.ts';
import type { RetentionFact } from './retention-facts.ts';
import type { ManifestReader } from './stored-backup.ts';

export interface Check {
  at: string;
  depth: Depth;
  verdict: Verdict;
}

/** One line of the backup log. What only the manifest says is null where that was not read, or cannot be. */
export interface LogEntry {
  name: string;
  backupId: string;
  at: string;
  kind: Kind;
  partial: boolean;
  /** Its folder. */
  location: string;
  storedIn: StoredIn;
  sizeBytes: number;
  databaseBytes: number | null;
  tables: number | null;
  rows: number | null;
  /** That travel with it. */
  files: number | null;
  reason: string | null;
  actor: string | null;
  runUrl: string | null;
  server: string | null;
  encryption: string | null;
  recipients: number | null;
  /** Said by hand. */
  retain: string | null;
  kept: Kept;
  /** The newest verify of all. */
  lastCheck: Check | null;
  /** The newest one that passed with the archives decrypted and read. */
  deepCheck: Check | null;
  /** When a drill last proved it, unless a later one failed. */
  provenAt: string | null;
  /** That drill's evidence, below its folder, and its RTO. */
  provenBy: string | null;
  rtoSeconds: number | null;
  /** Oldest first. */
  drills: Drill[];
  problem: string | null;
}

/** What an entry is made of beside the listing. */
export interface EntrySource {
  /** Of the store, for people. */
  location: string;
  storedIn: (backup: ListedBackup) => StoredIn;
  manifestOf: ManifestReader;
  drillOf: DrillReader;
  /** By the ids of backups. */
  facts: ReadonlyMap<string, RetentionFact>;
  kept: ReadonlyMap<string, Kept>;
  /** Free text of people is left out. */
  hideText: boolean;
  signal: AbortSignal;
}

type FromManifest = Pick<
  LogEntry,
  | 'databaseBytes'
  | 'tables'
  | 'rows'
  | 'files'
  | 'reason'
  | 'actor'
  | 'runUrl'
  | 'server'
  | 'encryption'
  | 'recipients'
  | 'problem'
>;

/** Of one backup; many backups are read side by side. */
const drillsAtOnce = 2;

const unknown: FromManifest = {
  databaseBytes: null,
  tables: null,
  rows: null,
  files: null,
  reason: null,
  actor: null,
  runUrl: null,
  server: null,
  encryption: null,
  recipients: null,
  problem: null,
};

/** The line of one sealed backup: one small read, and one for each of its drills. */
export async function describeEntry(backup: ListedBackup, source: EntrySource): Promise<LogEntry> {
  const { facts, name, id, sizeBytes } = backup;
  const proof = provenBy(backup);
  const drills = await eachAtOnce(drillsAtOnce, backup.drills, drill => source.drillOf(backup, drill));
  const proving = proof === undefined ? undefined : formatDrillObject(proof);
  const { retain } = source.facts.get(id) ?? { retain: null };
  return {
    name,
    backupId: id,
    at: facts.at.toISOString(),
    kind: facts.kind,
    partial: facts.partial,
    location: locationOf(source.location, name, id),
    storedIn: source.storedIn(backup),
    sizeBytes,
    retain: retain === null ? null : keepTimeText(retain),
    kept: source.kept.get(id) ?? { outcome: 'no policy', reasons: [], until: null },
    lastCheck: checkOf(backup.checks.at(-1)),
    deepCheck: checkOf(backup.checks.findLast(({ depth, verdict }) => depth === 'archive' && verdict === 'passed')),
    provenAt: proof?.at.toISOString() ?? null,
    provenBy: proving ?? null,
    rtoSeconds: drills.find(({ object }) => object === proving)?.evidence?.rtoSeconds ?? null,
    drills,
    ...(await readFacts(backup, source)),
  };
}

async function readFacts(backup: ListedBackup, { manifestOf, hideText, signal }: EntrySource): Promise<FromManifest> {
  try {
    const { totals, reason, run, server, encryption } = await manifestOf(backup);
    return {
      databaseBytes: totals.databaseBytes,
      tables: totals.tables,
      rows: totals.rows,
      files: totals.files,
      reason: hideText ? null : reason,
      actor: hideText ? null : (run?.actor ?? null),
      runUrl: run?.url ?? null,
      server: server.version,
      encryption: encryption.scheme,
      recipients: encryption.recipients.length,
      problem: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { ...unknown, problem: messageOf(error) };
  }
}

function checkOf(check: CheckKey | undefined): Check | null {
  return check ? { at: check.at.toISOString(), depth: check.depth, verdict: check.verdict } : null;
}
