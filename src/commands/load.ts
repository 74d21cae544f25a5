import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ManifestObject } from '../catalog/manifest.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { WrongKey } from '../crypto/wrong-key.ts';
import { Failure } from '../failure.ts';
import type { Client } from '../postgres/client.ts';
import { type Target, connect } from '../postgres/connection.ts';
import { type ArchiveHead, type TocEntry, dependents, readHead } from '../postgres/archive.ts';
import { pour } from '../postgres/pour.ts';
import { type RestoreOptions, restoreArchive } from '../postgres/restore.ts';
import type { Command } from '../process.ts';
import { bytes, digest, shared } from '../streams.ts';
import { inLanes, together } from '../together.ts';
import type { ReadObserver, StoredBackup } from './stored-backup.ts';

/** Smaller tables are not worth a lane. */
const sharedFromBytes = 8 * 1024 * 1024;
const mostLanes = 4;
/** So much of the archive may lie in memory between the lane that is ahead and the one behind. */
const aheadBytes = 32 * 1024 * 1024;

/** A backup on its way into a database. */
export interface Loading {
  backup: StoredBackup;
  decryption: Decryption;
  client: Client;
  target: Target;
  jobs: number;
  /** False where the server lacks a tablespace: then everything lies in the default one. */
  withTablespaces: boolean;
  /** The superuser who makes extensions, where that is not the one who connects: no dump says who owns them. */
  extensionOwner: string | undefined;
  /** Bytes of tables in the source, to share them out fairly. */
  tables: readonly { schema: string; name: string; sizeBytes: number }[];
  /** A folder of this run's own. */
  folder: string;
}

/** The main archive's beginning, and what of it is to be left out. */
export interface Opened {
  main: ManifestObject;
  head: ArchiveHead;
  /** The entries that are not restored, by type, schema, name and owner; grows once it is known what there is to hold the rows. */
  skipped: Set<string>;
  listFile: string | undefined;
}

/**
 * Reads the main archive's table of contents, which is enough for what comes before and after the rows. `skip` says which entries are
 * not restored.
 */
export async function openArchive(
  loading: Loading,
  skip: (entries: readonly TocEntry[]) => ReadonlySet<TocEntry>,
  signal: AbortSignal,
): Promise<Opened> {
  const { backup, decryption, client } = loading;
  const { manifest } = backup;
  const main = manifest.objects.find(({ purpose }) => purpose === 'main');
  if (!main)
    throw new Failure(`the manifest of ${manifest.id} lists no main archive`, {
      hint: 'it was edited; use another backup',
    });
  const head = await withKnownKey(main, async () =>
    readHead(client, await backup.decrypt(main, decryption, signal), signal),
  );
  const left = skip(head.entries);
  const listFile = left.size === 0 ? undefined : await writeList(loading, main.object, head.entries, left);
  return { main, head, skipped: new Set([...left].map(({ text }) => text)), listFile };
}

/** Everything that comes before the rows. */
export async function loadPreData(loading: Loading, opened: Opened, signal: AbortSignal): Promise<void> {
  const { main, listFile, head, skipped } = opened;
  await pour(
    restoring(loading, { section: 'pre-data', listFile, role: loading.extensionOwner }),
    bytes(head.bytes),
    signal,
  );
  const left = await rowsWithoutPlace(loading, opened, head.entries, signal);
  if (left.length === 0) return;
  const all = new Set([...left, ...head.entries.filter(({ text }) => skipped.has(text))]);
  opened.listFile = await writeList(loading, main.object, head.entries, all);
}

/**
 * Rows of an extension's own tables, which the archive does not define, where the extension is left out: nothing in the archive says whose
 * they are, so the database is asked what it has.
 */
async function rowsWithoutPlace(
  { target }: Loading,
  { head, skipped }: Opened,
  entries: readonly TocEntry[],
  signal: AbortSignal,
): Promise<TocEntry[]> {
  if (skipped.size === 0) return [];
  const defined = new Set(head.entries.map(({ text }) => text));
  const orphans = entries.filter(({ text }) => isOfRows(text) && !defined.has(definitionOf(text)));
  if (orphans.length === 0) return [];
  const session = await connect(target, signal);
  try {
    const without: TocEntry[] = [];
    for (const entry of orphans) {
      const found = await session.query(
        `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE pg_catalog.starts_with($1, pg_catalog.translate(n.nspname || ' ' || c.relname || ' ', E'\\r\\n', '  '))`,
        [definitionOf(entry.text).replace(/^(?:TABLE|SEQUENCE) /, '')],
      );
      if (found.length > 0) continue;
      without.push(entry);
      skipped.add(definitionOf(entry.text));
    }
    return without;
  } finally {
    await session.close();
  }
}

function isOfRows(text: string): boolean {
  return /^(?:TABLE DATA|SEQUENCE SET) /.test(text);
}

/** The entry that makes what an entry of rows fills. */
function definitionOf(text: string): string {
  return text.replace(/^TABLE DATA /, 'TABLE ').replace(/^SEQUENCE SET /, 'SEQUENCE ');
}

/** The rows: the main archive and the shards side by side, each read to its end and held against the manifest. */
export async function loadData(
  loading: Loading,
  opened: Opened,
  observer: ReadObserver,
  signal: AbortSignal,
): Promise<void> {
  const shards = loading.backup.manifest.objects.filter(({ purpose }) => purpose === 'shard');
  await inLanes(signal, loading.jobs, [opened.main, ...shards], (object, joint) =>
    withKnownKey(object, () => loadRows(loading, opened, object, observer, joint)),
  );
}

/**
 * Everything that comes after the rows: indexes, constraints, triggers, materialized views. Side by side where that is safe; then, one by
 * one, what touches whole families of partitions; event triggers last of all, for those that write a log would else log the rest.
 */
export async function loadPostData(loading: Loading, opened: Opened, signal: AbortSignal): Promise<void> {
  const { entries } = opened.head;
  const kept = entries.filter(({ text }) => !opened.skipped.has(text));
  const eventTriggers = dependents(entries, ({ text }) => text.startsWith('EVENT TRIGGER - '));
  const alone = ofFamilies(entries);
  const isLast = (entry: TocEntry) => eventTriggers.has(entry);
  const first = kept.filter(entry => !isLast(entry) && !alone.has(entry));
  await loadEntries(loading, opened, { title: 'first', entries: first, jobs: loading.jobs }, signal);
  const second = kept.filter(entry => !isLast(entry) && alone.has(entry));
  await loadEntries(loading, opened, { title: 'alone', entries: second, jobs: 1 }, signal);
  await loadEntries(loading, opened, { title: 'last', entries: kept.filter(isLast), jobs: 1 }, signal);
}

/** A part of what comes after the rows. `title` is part of a file's name. */
interface Part {
  title: string;
  entries: readonly TocEntry[];
  jobs: number;
}

async function loadEntries(
  loading: Loading,
  { main, head }: Opened,
  { title, entries, jobs }: Part,
  signal: AbortSignal,
): Promise<void> {
  if (entries.length === 0) return;
  const isAll = entries.length === head.entries.length;
  const listFile = isAll ? undefined : await writeList(loading, `${main.object}.${title}`, entries, new Set());
  const options = { section: 'post-data', listFile } as const;
  if (jobs === 1) return void (await pour(restoring(loading, options), bytes(head.bytes), signal));
  // pg_restore works side by side only from a file
  const file = join(loading.folder, 'head.dump');
  await writeFile(file, head.bytes, { mode: 0o600 });
  await pour(restoring(loading, { ...options, parallel: { file, jobs } }), bytes(''), signal);
}

/**
 * What must not be made side by side: statements on a partitioned table lock its partitions, which pg_restore does not know, and end in
 * a deadlock; and of two partitions' indexes that are attached at once, each misses the other, so that the parent's stays invalid.
 */
function ofFamilies(entries: readonly TocEntry[]): Set<TocEntry> {
  const attached = entries.filter(({ text }) => text.startsWith('TABLE ATTACH '));
  if (attached.length === 0) return new Set();
  const byId = new Map(entries.map(entry => [entry.id, entry]));
  const family = new Set<number>();
  const parents = new Set<number>();
  for (const { text, dependsOn } of attached) {
    const child = text.replace('TABLE ATTACH ', 'TABLE ');
    for (const id of dependsOn) {
      if (!/^(?:FOREIGN )?TABLE /.test(byId.get(id)?.text ?? '')) continue;
      family.add(id);
      if (byId.get(id)?.text !== child) parents.add(id);
    }
  }
  const isOf = (tables: ReadonlySet<number>, { dependsOn }: TocEntry) => dependsOn.some(id => tables.has(id));
  return dependents(
    entries,
    entry =>
      entry.text.startsWith('INDEX ATTACH ') ||
      (/^(?:INDEX|CONSTRAINT|CHECK CONSTRAINT|STATISTICS|RULE|POLICY|ROW SECURITY) /.test(entry.text) &&
        isOf(parents, entry)) ||
      (/^(?:FK CONSTRAINT|TRIGGER) /.test(entry.text) && isOf(family, entry)),
  );
}

/** The key has opened the contents, so where it does not open an archive, the archive is at fault: damaged, or that of another backup. */
async function withKnownKey<T>({ object }: ManifestObject, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WrongKey)) throw error;
    throw new Failure(`the object ${object} is encrypted to another key than the contents`, {
      hint: 'it was damaged or replaced; use another backup',
      cause: error,
    });
  }
}

async function loadRows(
  loading: Loading,
  opened: Opened,
  object: ManifestObject,
  observer: ReadObserver,
  signal: AbortSignal,
): Promise<void> {
  const { backup, decryption } = loading;
  const list = object === opened.main ? opened.listFile : await listOfShard(loading, object, opened, signal);
  const plaintext = await backup.decrypt(object, decryption, signal, observer);
  if (list === null) return void (await digest(plaintext));
  const isOnlyOne = !backup.manifest.objects.some(({ purpose }) => purpose === 'shard');
  if (isOnlyOne && loading.jobs > 1) return loadSideBySide(loading, opened, plaintext, signal);
  await pour(restoring(loading, { section: 'data', listFile: list }), plaintext, signal);
}

/** One archive, poured into several pg_restores at once: each takes the rows of its tables, and passes over all others. */
async function loadSideBySide(
  loading: Loading,
  { main, head, skipped }: Opened,
  plaintext: Readable,
  signal: AbortSignal,
): Promise<void> {
  const kept = head.entries.filter(
    ({ text }) => !skipped.has(text) && !(isOfRows(text) && skipped.has(definitionOf(text))),
  );
  const others = shareOut(kept, loading);
  const elsewhere = new Set(others.flat());
  const portions = [kept.filter(entry => !elsewhere.has(entry)), ...others];
  const sources = shared(plaintext, portions.length, aheadBytes);
  const lanes = portions.map((entries, index) => async (laneSignal: AbortSignal) => {
    const source = sources[index];
    if (!source) return;
    try {
      const listFile = await writeList(loading, `${main.object}.rows-${index}`, entries, new Set());
      await pour(restoring(loading, { section: 'data', listFile }), source, laneSignal);
    } finally {
      source.close();
    }
  });
  await together(signal, lanes);
}

/** The tables whose rows other lanes than the first one take: the biggest, each for the lane that has least so far. */
function shareOut(entries: readonly TocEntry[], { tables, jobs }: Loading): TocEntry[][] {
  const byText = new Map(entries.map(entry => [entry.text, entry]));
  const rows = entries.filter(({ text }) => text.startsWith('TABLE DATA '));
  // an extension's own tables come in an order that their foreign keys want
  const movable = rows.filter(({ text }) => byText.has(text.replace('TABLE DATA ', 'TABLE ')));
  const sizes = new Map(
    tables.map(({ schema, name, sizeBytes }) => [`${schema} ${name}`.replaceAll(/[\r\n]/g, ' '), sizeBytes]),
  );
  const sizeOf = ({ text }: TocEntry) => sizes.get(text.replace('TABLE DATA ', '').replace(/ \S*$/, '')) ?? 0;
  const big = movable.filter(entry => sizeOf(entry) >= sharedFromBytes).sort((a, b) => sizeOf(b) - sizeOf(a));
  const lanes = Array.from({ length: Math.min(jobs, mostLanes) }, () => ({ entries: [] as TocEntry[], sizeBytes: 0 }));
  for (const entry of big) {
    const least = lanes.reduce((a, b) => (b.sizeBytes < a.sizeBytes ? b : a));
    least.entries.push(entry);
    least.sizeBytes += sizeOf(entry);
  }
  return lanes.slice(1).flatMap(lane => (lane.entries.length === 0 ? [] : [lane.entries]));
}

/** Which rows of a shard are restored: undefined for all, null for none. */
async function listOfShard(
  loading: Loading,
  object: ManifestObject,
  opened: Opened,
  signal: AbortSignal,
): Promise<string | undefined | null> {
  const { skipped } = opened;
  if (skipped.size === 0) return undefined;
  const { backup, decryption, client } = loading;
  const head = await readHead(client, await backup.decrypt(object, decryption, signal), signal);
  await rowsWithoutPlace(loading, opened, head.entries, signal);
  const left = head.entries.filter(({ text }) => skipped.has(definitionOf(text)));
  if (left.length === head.entries.length) return null;
  return left.length === 0 ? undefined : writeList(loading, object.object, head.entries, new Set(left));
}

async function writeList(
  { folder }: Loading,
  title: string,
  entries: readonly TocEntry[],
  left: ReadonlySet<TocEntry>,
): Promise<string> {
  const file = join(folder, `${title}.list`);
  const wanted = entries.filter(entry => !left.has(entry));
  await writeFile(file, wanted.map(({ id }) => `${id};\n`).join(''), { mode: 0o600 });
  return file;
}

function restoring(
  { client, target, withTablespaces }: Loading,
  options: Omit<RestoreOptions, 'withTablespaces'>,
): Command {
  return restoreArchive(client, target, { ...options, withTablespaces });
}
