import type { Command } from '../process.ts';
import type { Client } from './client.ts';
import type { Target } from './connection.ts';

/** The part of an archive that one pg_restore takes; undefined for all of it. */
export type Section = 'pre-data' | 'data' | 'post-data';

/**
 * pg_restore from stdin into a database, owners and grants included, stopping at the first error. Tablespaces that the server lacks are
 * left out on request: then everything lies in the default one.
 */
export function restoreArchive(
  client: Client,
  target: Target,
  section: Section | undefined,
  withTablespaces: boolean,
): Command {
  const database = `dbname='${target.address.database.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  const args = [
    '--exit-on-error',
    '--no-password',
    `--dbname=${database}`,
    ...(section === undefined ? [] : [`--section=${section}`]),
    ...(withTablespaces ? [] : ['--no-tablespaces']),
  ];
  return client.command('pg_restore', args, target);
}
