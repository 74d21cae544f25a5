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

/** The tables whose rows no line of any archive stands for. pg_restore prints a line break in a name as a blank. */
export function missingFromArchive(
  tables: readonly { schema: string; name: string }[],
  lines: ReadonlySet<string>,
): string[] {
  const entries = [...lines].map(line => line.replace(/^\d+; \d+ \d+ TABLE DATA /, '')).sort();
  return tables
    .filter(({ schema, name }) => !hasPrefix(entries, `${schema} ${name} `.replaceAll(/[\r\n]/g, ' ')))
    .map(({ schema, name }) => `${schema}.${name}`);
}

/** Whether one of the sorted texts begins with `prefix`: by halving, for there may be many thousands. */
function hasPrefix(sorted: readonly string[], prefix: string): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(prefix) ?? false;
}
