import { Failure } from '../failure.ts';
import type { Session } from './connection.ts';
import { type OwnedSequence, readSequences } from './contents.ts';
import { importSnapshot } from './count.ts';
import { identifier, qualified } from './quote.ts';

export interface CensusColumn {
  /** What a column keeps when it is renamed. */
  number: number;
  name: string;
  /** Made by an expression from other columns. */
  generated: boolean;
  /** How many values are not NULL; 0 for a table without rows of its own. */
  values: number;
}

/** One table as it stands. */
export interface CensusTable {
  /** What a table keeps when it is renamed or moved. */
  oid: number;
  schema: string;
  name: string;
  /** A partitioned table has no rows of its own. */
  isPartitioned: boolean;
  /** The table that it is a partition of, at the top; its own oid where it is none. */
  root: number;
  /** Changes when a table is rewritten or truncated. */
  fileNode: string;
  rows: number;
  columns: CensusColumn[];
  /**
   * Rows that were written since the statistics began, also by what was rolled back (https://www.postgresql.org/docs/current/monitoring-stats.html,
   * `pg_stat_all_tables`); a TRUNCATE is not among them.
   */
  written: { inserted: number; updated: number; deleted: number };
}

/** Everything that is counted, in one snapshot. */
export interface Census {
  tables: CensusTable[];
  sequences: OwnedSequence[];
  largeObjects: number;
  /** Whether the server keeps statistics of what is written. */
  countsWrites: boolean;
}

interface Row {
  oid: string;
  schema: string;
  name: string;
  kind: 'r' | 'p';
  root: string;
  fileNode: string | null;
  size: string | null;
  columns: { number: number; name: string; generated: boolean }[] | null;
  inserted: string;
  updated: string;
  deleted: string;
}

/** Of extensions only what a dump takes the rows of. */
const tablesSql = `
  SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
         coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)::int8::text AS root,
         pg_catalog.pg_relation_filenode(c.oid)::text AS "fileNode", pg_catalog.pg_relation_size(c.oid)::text AS size,
         (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('number', a.attnum, 'name', a.attname, 'generated', a.attgenerated <> '')
                                      ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         pg_catalog.pg_stat_get_tuples_inserted(c.oid)::text AS inserted,
         pg_catalog.pg_stat_get_tuples_updated(c.oid)::text AS updated,
         pg_catalog.pg_stat_get_tuples_deleted(c.oid)::text AS deleted
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (c.oid IN (SELECT pg_catalog.unnest(extconfig) FROM pg_catalog.pg_extension)
          OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                          WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e'))
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Each keeps its lock until its transaction ends, and a server has room for some thousand. */
const tablesInTransaction = 200;

/**
 * Counts the rows of every table of users exactly, and for each column how many values it holds, in one pass over each table and in one
 * snapshot, which `leader` holds. The tables are shared out among the other sessions, the largest first.
 */
export async function readCensus(leader: Session, counters: readonly [Session, ...Session[]]): Promise<Census> {
  await leader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { id } = await leader.one<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
    const rows = await leader.query<Row>(tablesSql);
    const tables = new Map<Row, CensusTable>();
    const waiting = [...rows].sort((a, b) => Number(b.size ?? 0) - Number(a.size ?? 0));
    const lane = async (session: Session) => {
      while (waiting.length > 0) {
        await importSnapshot(session, id);
        for (let count = 0; count < tablesInTransaction; count += 1) {
          const row = waiting.shift();
          if (row) tables.set(row, await countTable(session, row));
        }
        await session.query('ROLLBACK');
      }
    };
    const settled = await Promise.allSettled(counters.map(lane));
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const { objects, counting } = await leader.one<{ objects: number; counting: boolean }>(
      `SELECT (SELECT count(*)::int FROM pg_catalog.pg_largeobject_metadata) AS objects,
              pg_catalog.current_setting('track_counts')::bool AS counting`,
    );
    return {
      tables: rows.flatMap(row => tables.get(row) ?? []),
      sequences: await readSequences(counters[0], leader),
      largeObjects: objects,
      countsWrites: counting,
    };
  } finally {
    await leader.query('ROLLBACK').catch(() => {}); // of a session that is lost
  }
}

/** A statement may have no more than so many results. */
const columnsAtOnce = 1500;

async function countTable(session: Session, row: Row): Promise<CensusTable> {
  const isPartitioned = row.kind === 'p';
  const columns = row.columns ?? [];
  const values = new Map<number, number>();
  let rows = 0;
  for (let from = 0; !isPartitioned && (from === 0 || from < columns.length); from += columnsAtOnce) {
    const some = columns.slice(from, from + columnsAtOnce);
    const counted = await countColumns(session, row, some);
    rows = Number(counted.rows);
    for (const [index, { number }] of some.entries()) values.set(number, Number(counted[`c${index}`]));
  }
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    isPartitioned,
    root: Number(row.root),
    fileNode: row.fileNode ?? '',
    rows,
    columns: columns.map(column => ({ ...column, values: values.get(column.number) ?? 0 })),
    written: { inserted: Number(row.inserted), updated: Number(row.updated), deleted: Number(row.deleted) },
  };
}

async function countColumns(
  session: Session,
  table: Row,
  columns: readonly { name: string }[],
): Promise<Record<string, string>> {
  const counts = columns.map(({ name }, index) => `, pg_catalog.count(t.${identifier(name)}) AS c${index}`).join('');
  try {
    return await session.one(`SELECT pg_catalog.count(*) AS rows${counts} FROM ONLY ${qualified(table)} t`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new Failure(
      `user ${session.target.address.user} may not read all rows of table ${table.schema}.${table.name}`,
      {
        hint: `give a superuser in ${session.target.input}`,
        cause: error,
      },
    );
  }
}

/** The names, by oid, of whatever a query can be locked out of. */
export async function readRelationNames(session: Session): Promise<Map<number, string>> {
  const rows = await session.query<{ oid: string; name: string }>(
    `SELECT c.oid::int8::text AS oid, n.nspname || '.' || c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  );
  return new Map(rows.map(({ oid, name }) => [Number(oid), name]));
}
