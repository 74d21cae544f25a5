import { type ListedBackup, backupsOf } from '../catalog/backups.ts';
import type { CheckKey, Depth, Kind } from '../catalog/key.ts';
import type { Verdict } from '../finding.ts';
import { messageOf } from '../failure.ts';
import type { ListInputs } from '../inputs/inputs.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { readManifest } from './stored-backup.ts';

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
  problem: string | null;
}

export interface ListResult {
  command: 'list';
  location: string;
  /** Newest first; at most `limit` of each database. */
  backups: LogEntry[];
  databases: { name: string; sealed: number; newest: string | null; sizeBytes: number; unsealed: number }[];
}

/** Manifests are read so many at a time. */
const readersAtOnce = 16;

/** The backup log: sealed backups only, newest first. One listing, and one small read for each backup that is shown. */
export async function list(inputs: ListInputs, context: Context): Promise<ListResult> {
  const store = context.openStore(inputs.store);
  const prefix = inputs.name === undefined ? '' : `${inputs.name}/`;
  const all = await backupsOf(store.list(prefix, context.signal));
  const names = [...new Set(all.map(({ name }) => name))].sort();
  const databases = names.map(name =>
    summarize(
      name,
      all.filter(backup => backup.name === name),
    ),
  );
  const shown = names.flatMap(name =>
    all.filter(backup => backup.name === name && backup.sealed).slice(0, inputs.limit),
  );
  return {
    command: 'list',
    location: store.location,
    databases,
    backups: await describeAll(store, shown, context.signal),
  };
}

function summarize(name: string, backups: readonly ListedBackup[]): ListResult['databases'][number] {
  const sealed = backups.filter(backup => backup.sealed);
  return {
    name,
    sealed: sealed.length,
    newest: sealed.find(({ facts }) => !facts.partial)?.facts.at.toISOString() ?? null,
    sizeBytes: sealed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    unsealed: backups.length - sealed.length,
  };
}

async function describeAll(store: Store, backups: readonly ListedBackup[], signal: AbortSignal): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  let next = 0;
  const reader = async () => {
    for (let index = next++; index < backups.length; index = next++) {
      const backup = backups[index];
      if (backup) entries[index] = await describe(store, backup, signal);
    }
  };
  await Promise.all(Array.from({ length: readersAtOnce }, reader));
  return entries;
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
