import type { Command } from '../process.ts';
import type { Client } from './client.ts';
import type { Target } from './connection.ts';

/** The part of an archive that one pg_restore takes; undefined for all of it. */
export type Section = 'pre-data' | 'data' | 'post-data';

export interface RestoreOptions {
  section: Section | undefined;
  /** False where the server lacks a tablespace: then everything lies in the default one. */
  withTablespaces: boolean;
  /** Who owns what the archive names no owner for, such as extensions. */
  role?: string | undefined;
  /** A file that lists the entries to restore, where not all are wanted. */
  listFile?: string | undefined;
  /** The archive as a file, which `jobs` sessions may restore side by side; else it comes through stdin. */
  parallel?: { file: string; jobs: number } | undefined;
}

/** pg_restore into a database, owners and grants included, stopping at the first error. */
export function restoreArchive(client: Client, target: Target, options: RestoreOptions): Command {
  const { section, withTablespaces, role, listFile, parallel } = options;
  const database = `dbname='${target.address.database.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  const args = [
    '--exit-on-error',
    '--no-password',
    `--dbname=${database}`,
    ...(section === undefined ? [] : [`--section=${section}`]),
    ...(withTablespaces ? [] : ['--no-tablespaces']),
    ...(role === undefined ? [] : [`--role=${role}`]),
    ...(listFile === undefined ? [] : [`--use-list=${listFile}`]),
    ...(parallel === undefined ? [] : [`--jobs=${parallel.jobs}`, parallel.file]),
  ];
  const files = [listFile, parallel?.file].filter(file => file !== undefined);
  return client.command('pg_restore', args, target, files);
}
