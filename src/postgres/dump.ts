import type { Client } from './client.ts';
import type { Target } from './connection.ts';
import type { Command } from '../process.ts';
import { identifier, qualified } from './quote.ts';
import { type Relation, type RelationFilters, type Selected, matching, matchingSchemas } from './relations.ts';

/** How archives are compressed: by pg_dump itself, or, where it knows no zstd, by a layer of ours around it. */
export interface Compression {
  /** The value for pg_dump's `--compress`. */
  program: string;
  /** Level of the zstd layer, undefined for none. */
  layerLevel: number | undefined;
}

export interface DumpOptions {
  snapshotId: string;
  lockTimeoutSeconds: number;
  compression: Compression;
  /** What the filters became: pg_dump's own options. */
  filters: readonly string[];
  /** A standby has no rows of unlogged tables. */
  standby: boolean;
}

/** The rows of some tables, dumped as an archive of their own. */
export interface Shard {
  relations: Relation[];
  sizeBytes: number;
}

/** Smaller tables are not worth an archive of their own. */
const shardedFromBytes = 8 * 1024 * 1024;

/** pg_dump of everything but the rows of the shards' tables, as a custom archive on stdout. */
export function dumpMain(client: Client, target: Target, options: DumpOptions, shards: readonly Shard[]): Command {
  const sharded = shards
    .flatMap(({ relations }) => relations)
    .map(relation => `--exclude-table-data=${qualified(relation)}`);
  return client.command(
    'pg_dump',
    [
      ...common(options),
      '--format=custom',
      `--compress=${options.compression.program}`,
      ...options.filters,
      ...sharded,
    ],
    target,
  );
}

/** pg_dump of the rows of one shard. */
export function dumpShard(client: Client, target: Target, options: DumpOptions, shard: Shard): Command {
  const tables = shard.relations.map(relation => `--table=${qualified(relation)}`);
  const args = [
    ...common(options),
    '--format=custom',
    `--compress=${options.compression.program}`,
    '--section=data',
    '--strict-names',
    ...tables,
  ];
  return client.command('pg_dump', args, target);
}

/** pg_dump of the definitions alone, as plain text. */
export function dumpSchema(client: Client, target: Target, options: DumpOptions): Command {
  const filters = options.filters.filter(option => option !== '--data-only' && option !== '--schema-only');
  return client.command('pg_dump', [...common(options), '--schema-only', '--create', ...filters], target);
}

/** pg_dumpall of the roles, without passwords. */
export function dumpRoles(
  client: Client,
  target: Target,
  { lockTimeoutSeconds }: Pick<DumpOptions, 'lockTimeoutSeconds'>,
): Command {
  const database = `dbname='${target.address.database.replaceAll(/[\\']/g, '\\$&')}'`;
  return client.command(
    'pg_dumpall',
    [
      '--roles-only',
      '--no-role-passwords',
      '--no-password',
      `--lock-wait-timeout=${lockTimeoutSeconds * 1000}`,
      `--dbname=${database}`,
    ],
    target,
  );
}

/** pg_dump's options for the caller's filters, with every pattern turned into the exact names that the snapshot holds. */
export function filterOptions(
  relations: readonly Relation[],
  selected: readonly Selected[],
  filters: RelationFilters,
): string[] {
  const schemas = (input: string, patterns: readonly string[], option: string) =>
    matchingSchemas(relations, input, patterns).map(name => `--${option}=${identifier(name)}`);
  const tables = (input: string, patterns: readonly string[], option: string) =>
    matching(relations, input, patterns).map(relation => `--${option}=${qualified(relation)}`);
  const options = [
    ...schemas('exclude-schemas', filters.excludeSchemas, 'exclude-schema'),
    ...tables('exclude-tables', filters.excludeTables, 'exclude-table'),
    ...tables('exclude-table-data', filters.excludeTableData, 'exclude-table-data'),
    ...(filters.schemaOnly ? ['--schema-only'] : []),
    ...(filters.dataOnly ? ['--data-only'] : []),
  ];
  if (filters.tables.length > 0)
    return [...options, '--strict-names', ...selected.map(({ relation }) => `--table=${qualified(relation)}`)];
  if (filters.schemas.length > 0)
    return [...options, '--strict-names', ...schemas('schemas', filters.schemas, 'schema')];
  return options;
}

/**
 * Packs the big tables into at most `jobs - 1` shards beside the main archive, biggest first, each into the bin that holds least.
 * `sizeOf` gives bytes.
 */
export function packShards(
  selected: readonly Selected[],
  jobs: number,
  sizeOf: (relation: Relation) => number,
): Shard[] {
  const withData = selected.filter(({ data }) => data).map(({ relation }) => relation);
  const big = withData.filter(relation => sizeOf(relation) >= shardedFromBytes).sort((a, b) => sizeOf(b) - sizeOf(a));
  const main: Shard = { relations: [], sizeBytes: withData.reduce((sum, relation) => sum + sizeOf(relation), 0) };
  for (const relation of big) main.sizeBytes -= sizeOf(relation);
  const bins: Shard[] = [main, ...Array.from({ length: jobs - 1 }, () => ({ relations: [], sizeBytes: 0 }))];
  for (const relation of big) {
    const least = bins.reduce((a, b) => (b.sizeBytes < a.sizeBytes ? b : a));
    least.relations.push(relation);
    least.sizeBytes += sizeOf(relation);
  }
  return bins.slice(1).filter(({ relations }) => relations.length > 0);
}

/**
 * What a choice of the user means for a server major; undefined where that client cannot do it. pg_dump 15 and older know gzip only, at
 * three times the cost of zstd: there the rows leave pg_dump as they are, and a zstd layer follows if this Node `hasZstd`.
 */
export function compressionFor(choice: string, major: number, hasZstd: boolean): Compression | undefined {
  const byProgram = (program: string): Compression => ({ program, layerLevel: undefined });
  if (major >= 16) return byProgram(choice === 'auto' ? 'zstd:1' : choice);
  if (choice === 'none') return byProgram('0');
  const [, method, level] =
    /^(gzip|zstd):(\d+)$/.exec(choice === 'auto' ? (hasZstd ? 'zstd:1' : 'gzip:1') : choice) ?? [];
  if (method === 'gzip' && level !== undefined) return byProgram(level);
  return method === 'zstd' && hasZstd ? { program: '0', layerLevel: Number(level) } : undefined;
}

/** What was done, for the manifest: `zstd:1`, `gzip:6`, `lz4` or `none`, whoever did it. */
export function describeCompression({ program, layerLevel }: Compression, major: number): string {
  if (layerLevel !== undefined) return `zstd:${layerLevel}`;
  if (major >= 16) return program;
  return program === '0' ? 'none' : `gzip:${program}`;
}

function common({ snapshotId, lockTimeoutSeconds, standby }: DumpOptions): string[] {
  return [
    `--snapshot=${snapshotId}`,
    `--lock-wait-timeout=${lockTimeoutSeconds * 1000}`,
    '--no-password',
    ...(standby ? ['--no-unlogged-table-data'] : []),
  ];
}
