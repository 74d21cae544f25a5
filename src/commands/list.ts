import { type ListedBackup, backupsOf, choose, provenBy } from '../catalog/backups.ts';
import type { Evidence } from '../catalog/evidence.ts';
import type { CheckKey, Depth, Kind } from '../catalog/key.ts';
import type { Verdict } from '../finding.ts';
import { messageOf, wrongInput } from '../failure.ts';
import type { ListInputs } from '../inputs/inputs.ts';
import { imageFor } from '../postgres/image.ts';
import type { Store } from '../store/store.ts';
import { eachAtOnce } from '../together.ts';
import type { Context } from './context.ts';
import { readProvenRecipients, shortRecipient } from './recipients.ts';
import { readEvidence, readManifest } from './stored-backup.ts';

export interface Check {
  at: string;
  depth: Depth;
  verdict: Verdict;
}

/** A drill as its evidence tells it, without the encrypted details; null where that could not be read. */
export interface Drill {
  at: string;
  verdict: Verdict;
  evidence: Evidence | null;
}

/** One line of the backup log. What only the manifest says is null where that was not read, or cannot be. */
export interface LogEntry {
  name: string;
  backupId: string;
  at: string;
  kind: Kind;
  partial: boolean;
  sizeBytes: number;
  tables: number | null;
  rows: number | null;
  reason: string | null;
  actor: string | null;
  server: string | null;
  encryption: string | null;
  retain: string | null;
  /** The newest verify of all. */
  lastCheck: Check | null;
  /** The newest one that passed with the archives decrypted and read. */
  deepCheck: Check | null;
  /** When a drill last proved it, unless a later one failed. */
  provenAt: string | null;
  /** Oldest first. */
  drills: Drill[];
  problem: string | null;
}

/** What the store holds of one database. */
export interface Database {
  name: string;
  sealed: number;
  newest: string | null;
  sizeBytes: number;
  unsealed: number;
  /** When a drill last passed, of whichever backup. */
  lastProvenAt: string | null;
  /** Recipients of the newest whole backup whose identity no drill has proven; none before the first drill has passed. */
  unprovenRecipients: string[];
}

/** The one that the input `backup` means, where the store holds one database, or `name` says which. */
export interface ChosenBackup {
  name: string;
  backupId: string;
  /** Of a server that can hold it. */
  image: string;
}

export interface ListResult {
  command: 'list';
  chosen: ChosenBackup | null;
  location: string;
  /** Newest first; at most `limit` of each database. */
  backups: LogEntry[];
  databases: Database[];
}

/** Manifests are read so many at a time. */
const readersAtOnce = 16;

/** The backup log: sealed backups only, newest first. One listing, and one small read for each backup that is shown. */
export async function list(inputs: ListInputs, context: Context): Promise<ListResult> {
  const store = context.openStore(inputs.store);
  const prefix = inputs.name === undefined ? '' : `${inputs.name}/`;
  const all = await backupsOf(store.list(prefix, context.signal));
  const names = [...new Set(all.map(({ name }) => name))].sort();
  const databases: Database[] = [];
  for (const name of names)
    databases.push(
      await summarize(
        store,
        name,
        all.filter(backup => backup.name === name),
        context,
      ),
    );
  const shown = names.flatMap(name =>
    all.filter(backup => backup.name === name && backup.sealed).slice(0, inputs.limit),
  );
  return {
    command: 'list',
    chosen: await chosenOf(store, all, inputs, context),
    location: store.location,
    databases,
    backups: await eachAtOnce(readersAtOnce, shown, backup => describe(store, backup, context.signal)),
  };
}

/** The default, `latest`, may lead nowhere: the log is shown all the same. Any other choice must lead to a backup. */
async function chosenOf(
  store: Store,
  all: readonly ListedBackup[],
  { name, backup }: ListInputs,
  { log, signal }: Context,
): Promise<ChosenBackup | null> {
  const names = [...new Set(all.filter(({ sealed }) => sealed).map(one => one.name))].sort();
  const read = async () => {
    if (names.length > 1)
      throw wrongInput('name', 'is missing', `backup: ${backup} needs it; the store holds ${names.join(', ')}`);
    const chosen = choose(all, backup, name ?? names[0] ?? 'any database');
    const manifest = await readManifest(store, chosen, signal);
    return { name: chosen.name, backupId: chosen.id, image: imageFor(manifest.server.major, manifest.extensions) };
  };
  if (backup !== 'latest') return read();
  return read().catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug(`no backup is chosen: ${messageOf(error)}`);
    return null;
  });
}

async function summarize(
  store: Store,
  name: string,
  backups: readonly ListedBackup[],
  { log, signal }: Context,
): Promise<Database> {
  const sealed = backups.filter(backup => backup.sealed);
  const newest = sealed.find(({ facts }) => !facts.partial);
  const proven = sealed.flatMap(backup => backup.drills.filter(({ verdict }) => verdict === 'passed'));
  const lastProven = Math.max(...proven.map(({ at }) => at.getTime()));
  const unprovenRecipients =
    newest === undefined || proven.length === 0 ? [] : await findUnproven(store, newest, sealed, signal);
  for (const recipient of unprovenRecipients)
    log.warn(
      `no drill of ${name} has ever proven recipient ${shortRecipient(recipient)}: nobody knows whether its identity opens a backup; drill once with it`,
    );
  return {
    name,
    sealed: sealed.length,
    newest: newest?.facts.at.toISOString() ?? null,
    sizeBytes: sealed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    unsealed: backups.length - sealed.length,
    lastProvenAt: proven.length === 0 ? null : new Date(lastProven).toISOString(),
    unprovenRecipients,
  };
}

/** Recipients of the newest backup that none of the newest drills names; all of them where it cannot be read. */
async function findUnproven(
  store: Store,
  newest: ListedBackup,
  sealed: readonly ListedBackup[],
  signal: AbortSignal,
): Promise<string[]> {
  const manifest = await readManifest(store, newest, signal).catch(() => undefined);
  signal.throwIfAborted();
  const { recipients: proven } = await readProvenRecipients(store, sealed, signal);
  return (manifest?.encryption.recipients ?? []).filter(recipient => !proven.has(recipient));
}

async function describeDrill(
  store: Store,
  backup: ListedBackup,
  drill: ListedBackup['drills'][number],
  signal: AbortSignal,
): Promise<Drill> {
  const fromKey = { at: drill.at.toISOString(), verdict: drill.verdict };
  try {
    const evidence = await readEvidence(store, backup, drill, signal);
    return { ...fromKey, evidence: { ...evidence, details: null } };
  } catch {
    signal.throwIfAborted();
    return { ...fromKey, evidence: null };
  }
}

async function describe(store: Store, backup: ListedBackup, signal: AbortSignal): Promise<LogEntry> {
  const { facts, name, id, sizeBytes } = backup;
  const fromKeys = {
    name,
    backupId: id,
    at: facts.at.toISOString(),
    kind: facts.kind,
    partial: facts.partial,
    sizeBytes,
    lastCheck: checkOf(backup.checks.at(-1)),
    deepCheck: checkOf(backup.checks.findLast(({ depth, verdict }) => depth === 'archive' && verdict === 'passed')),
    provenAt: provenBy(backup)?.at.toISOString() ?? null,
    drills: await Promise.all(backup.drills.map(drill => describeDrill(store, backup, drill, signal))),
  };
  try {
    const { totals, reason, run, server, encryption, retain } = await readManifest(store, backup, signal);
    return {
      ...fromKeys,
      tables: totals.tables,
      rows: totals.rows,
      reason,
      actor: run?.actor ?? null,
      server: server.version,
      encryption: encryption.scheme,
      retain,
      problem: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    const unknown = {
      tables: null,
      rows: null,
      reason: null,
      actor: null,
      server: null,
      encryption: null,
      retain: null,
    };
    return { ...fromKeys, ...unknown, problem: messageOf(error) };
  }
}

function checkOf(check: CheckKey | undefined): Check | null {
  return check ? { at: check.at.toISOString(), depth: check.depth, verdict: check.verdict } : null;
}
