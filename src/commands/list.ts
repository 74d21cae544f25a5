import { type ListedBackup, backupsOf, choose } from '../catalog/backups.ts';
import { messageOf, wrongInput } from '../failure.ts';
import type { ListInputs, LogFormat } from '../inputs/inputs.ts';
import { imageFor } from '../postgres/image.ts';
import { describe as describePolicy } from '../retention/policy.ts';
import { eachAtOnce } from '../together.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { type CostPart, type StoreCost, costOf } from './log-cost.ts';
import { type Database, drillsOf, summarizeDatabase } from './log-database.ts';
import { type DrillEntry, type DrillReader, drillReader } from './log-drill.ts';
import { type LogEntry, describeEntry } from './log-entry.ts';
import { type LogReplica, type ReplicaReading, readReplica } from './log-replica.ts';
import { keptBy, lookAhead, retainedForEver } from './log-outlook.ts';
import { findDamaged, readRetentionFacts } from './retention-facts.ts';
import { type ManifestReader, manifestReader } from './stored-backup.ts';

/** The one that the input `backup` means, where the store holds one database, or `name` says which. */
export interface ChosenBackup {
  name: string;
  backupId: string;
  /** Of a server that can hold it. */
  image: string;
}

export interface ListResult {
  command: 'list';
  /** When it was listed. */
  at: string;
  chosen: ChosenBackup | null;
  location: string;
  /** Null where none was named. */
  replica: LogReplica | null;
  /** In words; null where none was given. */
  policy: string | null;
  /** Newest first; at most `limit` of each database. */
  backups: LogEntry[];
  databases: Database[];
  /** Drills, newest first; at most `limit` of each database. */
  drills: DrillEntry[];
  /** Which of the two is asked for. */
  shows: 'backups' | 'drills';
  cost: StoreCost;
  format: LogFormat;
  /** Reasons and people's names were left out, since others can read this run. */
  textHidden: boolean;
  /** Paths of the log in its format, and of the HTML page; null where none was written. */
  log: string | null;
  report: string | null;
}

/** What one run of the command reads with. */
interface Reading {
  inputs: ListInputs;
  store: Store;
  log: Log;
  signal: AbortSignal;
  now: Date;
  manifestOf: ManifestReader;
  drillOf: DrillReader;
  storedIn: ReplicaReading['storedIn'];
}

interface Part {
  database: Database;
  backups: LogEntry[];
  drills: DrillEntry[];
  cost: CostPart;
}

/** Manifests and evidence are read so many at a time. */
const readersAtOnce = 16;

/**
 * The backup log: sealed backups only, newest first. One listing; one small read for each backup that is shown, and for each of its drills;
 * with a policy one more for each that was made before a migration or retained by hand.
 */
export async function list(inputs: ListInputs, context: Context): Promise<ListResult> {
  const { log, signal } = context;
  const now = context.now();
  const store = context.openStore(inputs.store);
  const all = await backupsOf(store.list(inputs.name === undefined ? '' : `${inputs.name}/`, signal));
  const { replica, storedIn } = await readReplica(inputs, all, context);
  const manifestOf = manifestReader(store, signal);
  const drillOf = drillReader(store, { signal, hideText: inputs.hideText });
  const reading = { inputs, store, log, signal, now, manifestOf, drillOf, storedIn };
  const parts: Part[] = [];
  for (const name of [...new Set(all.map(one => one.name))].sort())
    parts.push(
      await readDatabase(
        name,
        all.filter(backup => backup.name === name),
        reading,
      ),
    );
  return {
    command: 'list',
    at: now.toISOString(),
    chosen: await chosenOf(all, reading),
    location: store.location,
    replica,
    policy: inputs.policy === null ? null : describePolicy(inputs.policy),
    backups: parts.flatMap(({ backups }) => backups),
    databases: parts.map(({ database }) => database),
    drills: parts.flatMap(({ drills }) => drills),
    shows: inputs.drills ? 'drills' : 'backups',
    cost: costOf(
      parts.map(({ cost }) => cost),
      inputs.store.url,
      now,
    ),
    format: inputs.format,
    textHidden: inputs.hideText,
    log: null,
    report: null,
  };
}

async function readDatabase(name: string, listed: readonly ListedBackup[], reading: Reading): Promise<Part> {
  const { inputs, now, drillOf } = reading;
  const sealed = listed.filter(backup => backup.sealed);
  const shown = sealed.slice(0, inputs.limit);
  const listedFacts = await readRetentionFacts(inputs.policy === null ? shown : sealed, reading);
  const facts = inputs.policy === null ? listedFacts : await findDamaged(listedFacts, inputs.policy, now, reading);
  const outlook = inputs.policy === null ? null : lookAhead(facts, inputs.policy, now);
  const source = {
    ...reading,
    location: reading.store.location,
    hideText: inputs.hideText,
    facts: new Map(facts.map(fact => [fact.id, fact])),
    kept: keptBy(facts, inputs.policy, now),
  };
  const backups = await eachAtOnce(readersAtOnce, shown, backup => describeEntry(backup, source));
  const drills = drillsOf(sealed);
  const [rows, all] = inputs.drills ? ['drills', drills.length] : ['backups', sealed.length];
  if (inputs.format === 'csv' && inputs.limit < all)
    reading.log.warn(`the CSV has ${inputs.limit} of ${all} ${rows} of ${name}: raise limit`);
  return {
    database: await summarizeDatabase(name, listed, outlook, reading),
    backups,
    drills: await eachAtOnce(readersAtOnce, drills.slice(0, inputs.limit), async ({ backup, drill }) => ({
      name,
      backupId: backup.id,
      ...(await drillOf(backup, drill)),
    })),
    cost: {
      name,
      listed,
      databaseBytes: backups.find(({ partial }) => !partial)?.databaseBytes ?? null,
      filesBytes: await filesOfNewest(sealed, reading),
      outlook,
      retained: retainedForEver(facts),
    },
  };
}

/** Bytes of the file objects of the newest whole backup; none where its manifest cannot be read, which its line says. */
async function filesOfNewest(sealed: readonly ListedBackup[], { manifestOf, signal }: Reading): Promise<number> {
  const newest = sealed.find(({ facts }) => !facts.partial);
  const manifest = newest && (await manifestOf(newest).catch(() => undefined));
  signal.throwIfAborted();
  return manifest?.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
}

/** The default, `latest`, may lead nowhere: the log is shown all the same. Any other choice must lead to a backup. */
async function chosenOf(
  all: readonly ListedBackup[],
  { inputs: { name, backup }, log, signal, manifestOf }: Reading,
): Promise<ChosenBackup | null> {
  const names = [...new Set(all.filter(({ sealed }) => sealed).map(one => one.name))].sort();
  const read = async () => {
    if (names.length > 1)
      throw wrongInput('name', 'is missing', `backup: ${backup} needs it; the store holds ${names.join(', ')}`);
    const chosen = choose(all, backup, name ?? names[0] ?? 'any database');
    const manifest = await manifestOf(chosen);
    return { name: chosen.name, backupId: chosen.id, image: imageFor(manifest.server.major, manifest.extensions) };
  };
  if (backup !== 'latest') return read();
  return read().catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug(`no backup is chosen: ${messageOf(error)}`);
    return null;
  });
}
