import type { Readable } from 'node:stream';
import type { Client } from './client.ts';
import { pour } from './pour.ts';

/**
 * The lines of an archive's table of contents that stand for rows of a table. Reads the archive to its end, since pg_restore alone takes
 * a truncated one for good.
 */
export async function listArchive(client: Client, plaintext: Readable, signal: AbortSignal): Promise<string[]> {
  const chunks: Buffer[] = [];
  await pour(client.command('pg_restore', ['--list']), plaintext, signal, chunk => chunks.push(chunk));
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return lines.filter(line => /^\d+; \d+ \d+ TABLE DATA /.test(line));
}

/**
 * The tables whose rows no line of any archive stands for. pg_restore prints a line break in a name as a blank, and a blank as it is: so
 * each line stands for one table only, and the longest names choose first.
 */
export function missingFromArchive(
  tables: readonly { schema: string; name: string }[],
  lines: ReadonlySet<string>,
): string[] {
  const entries = [...lines].map(line => line.replace(/^\d+; \d+ \d+ TABLE DATA /, '')).sort();
  const used = new Set<number>();
  const named = tables.map(table => ({
    table,
    prefix: `${table.schema} ${table.name} `.replaceAll(/[\r\n]/g, ' '),
  }));
  const missing = new Set<object>();
  for (const { table, prefix } of named.sort((a, b) => b.prefix.length - a.prefix.length)) {
    let index = firstFrom(entries, prefix);
    while (used.has(index)) index += 1;
    if (entries[index]?.startsWith(prefix)) used.add(index);
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
