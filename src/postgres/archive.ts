import type { Readable } from 'node:stream';
import { Failure } from '../failure.ts';
import { ProcessFailure } from '../process.ts';
import { bytes } from '../streams.ts';
import type { Client } from './client.ts';
import { pour } from './pour.ts';

/** One entry of an archive's table of contents. */
export interface TocEntry {
  /** Its number in the archive, which pg_restore's `--use-list` goes by. */
  id: number;
  /** Type, schema (`-` for none), name and owner, a blank between them; a line break in a name is a blank too. */
  text: string;
  dependsOn: readonly number[];
}

/** The beginning of an archive: its whole table of contents, and hardly any rows. */
export interface ArchiveHead {
  bytes: Buffer;
  entries: TocEntry[];
}

/** So much is read before pg_restore is asked whether the table of contents is whole; then twice as much. */
const firstHeadBytes = 64 * 1024;
/** The head holds at most so many bytes of rows. */
const headSlackBytes = 4 * 1024;

/**
 * The lines of an archive's table of contents. Reads the archive to its end, since pg_restore alone takes a truncated one for good.
 */
export async function listArchive(client: Client, plaintext: Readable, signal: AbortSignal): Promise<string[]> {
  const chunks: Buffer[] = [];
  await pour(client.command('pg_restore', ['--list']), plaintext, signal, chunk => chunks.push(chunk));
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return lines.filter(line => /^\d+; \d+ \d+ /.test(line));
}

/** The entries of one type in the lines of a table of contents, without their numbers: schema, name and owner. */
export function entriesOf(type: string, lines: Iterable<string>): string[] {
  const pattern = new RegExp(`^\\d+; \\d+ \\d+ ${type} `);
  return [...lines].filter(line => pattern.test(line)).map(line => line.replace(pattern, ''));
}

/**
 * Reads only the beginning of an archive, until its table of contents is whole: that is enough to restore the sections before and after
 * the rows. Throws when the archive ends before that.
 */
export async function readHead(client: Client, plaintext: Readable, signal: AbortSignal): Promise<ArchiveHead> {
  const read = await readUntilListed(client, plaintext, signal);
  let { entries, tooShort } = read;
  let head = read.bytes;
  while (head.length - tooShort > headSlackBytes) {
    const middle = head.subarray(0, Math.ceil((tooShort + head.length) / 2));
    const listed = await listHead(client, middle, signal);
    if (listed) [head, entries] = [middle, listed];
    else tooShort = middle.length;
  }
  return { bytes: Buffer.from(head), entries };
}

async function readUntilListed(client: Client, plaintext: Readable, signal: AbortSignal) {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let tooShort = 0;
  let wanted = firstHeadBytes;
  for await (const chunk of plaintext as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes < wanted) continue;
    const head = Buffer.concat(chunks);
    const entries = await listHead(client, head, signal);
    // leaving the loop ends the stream
    if (entries) return { bytes: head, entries, tooShort };
    tooShort = sizeBytes;
    wanted = sizeBytes * 2;
  }
  const whole = Buffer.concat(chunks);
  const entries = await listHead(client, whole, signal);
  if (entries) return { bytes: whole, entries, tooShort };
  throw new Failure('pg_restore cannot read the table of contents of the archive', {
    hint: 'it was damaged before it was encrypted; use another backup',
  });
}

/** The entries, or undefined while the table of contents is not whole. */
async function listHead(client: Client, head: Buffer, signal: AbortSignal): Promise<TocEntry[] | undefined> {
  const chunks: Buffer[] = [];
  try {
    const list = client.command('pg_restore', ['--list', '--verbose']);
    await pour(list, bytes(head), signal, chunk => chunks.push(chunk));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProcessFailure && error.status === 1) return undefined;
    throw error;
  }
  return parseToc(Buffer.concat(chunks).toString('utf8'));
}

/** Reads what `pg_restore --list --verbose` prints. */
export function parseToc(list: string): TocEntry[] {
  const entries: TocEntry[] = [];
  for (const line of list.split('\n')) {
    const [, id, text = ''] = /^(\d+); \d+ \d+ (.*)$/.exec(line) ?? [];
    if (id !== undefined) entries.push({ id: Number(id), text, dependsOn: [] });
    const [, numbers] = /^;\tdepends on:([ \d]+)$/.exec(line) ?? [];
    const last = entries.at(-1);
    if (numbers !== undefined && last) last.dependsOn = numbers.trim().split(/ +/).map(Number);
  }
  return entries;
}

/** The entries of some extensions and of everything that rests on them, directly or not. */
export function restingOn(entries: readonly TocEntry[], extensions: readonly string[]): Set<TocEntry> {
  const wanted = new Set(extensions.map(name => `EXTENSION - ${name}`));
  return dependents(entries, ({ text }) => wanted.has(text.trim()));
}

/** The entries that are wanted, and all that depend on them, directly or not. */
export function dependents(entries: readonly TocEntry[], isWanted: (entry: TocEntry) => boolean): Set<TocEntry> {
  const found = new Set(entries.filter(isWanted));
  const numbers = new Set([...found].map(({ id }) => id));
  for (let grown = found.size > 0; grown;) {
    grown = false;
    for (const entry of entries) {
      if (found.has(entry) || !entry.dependsOn.some(id => numbers.has(id))) continue;
      found.add(entry);
      numbers.add(entry.id);
      grown = true;
    }
  }
  return found;
}

/**
 * The tables that no entry of any archive stands for; `entries` are those of one type (`TABLE DATA`). pg_restore prints a line break in a
 * name as a blank, and a blank as it is: so each entry stands for one table only, and the longest names choose first.
 */
export function missingFromArchive(
  tables: readonly { schema: string; name: string }[],
  entries: Iterable<string>,
): string[] {
  const sorted = [...entries].sort();
  const used = new Set<number>();
  const named = tables.map(table => ({
    table,
    prefix: `${table.schema} ${table.name} `.replaceAll(/[\r\n]/g, ' '),
  }));
  const missing = new Set<object>();
  for (const { table, prefix } of named.sort((a, b) => b.prefix.length - a.prefix.length)) {
    let index = firstFrom(sorted, prefix);
    while (used.has(index)) index += 1;
    if (sorted[index]?.startsWith(prefix)) used.add(index);
    else missing.add(table);
  }
  return tables.filter(table => missing.has(table)).map(({ schema, name }) => `${schema}.${name}`);
}

/** Where the first of the sorted texts that is not before `text` stands: by halving, for there may be many thousands. */
function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
