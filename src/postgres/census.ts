import type { Session } from './connection.ts';
import { identifier, literal, qualified } from './quote.ts';

export interface CensusColumn {
  /** What a column keeps when it is renamed. */
  number: number;
  name: string;
  type: string;
  /** Values that are not NULL; null for a table without rows of its own. */
  values: number | null;
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
  /** Those of them that nobody wrote since the mark that was given; all of them where none was. */
  untouched: number;
  columns: CensusColumn[];
  /** Rows inserted, updated and deleted since the statistics began. */
  written: { inserted: number; updated: number; deleted: number };
}

interface Row {
  oid: string;
  schema: string;
  name: string;
  kind: 'r' | 'p';
  root: string;
  file_node: string | null;
  columns: { number: number; name: string; type: string }[] | null;
  inserted: string;
  updated: string;
  deleted: string;
}

/** Tables at one moment. */
export interface Census {
  /** The first transaction that this does not show. */
  mark: string;
  tables: CensusTable[];
  largeObjects: number;
}

/**
 * Every table of users: exact rows, and for each column how many values it holds, in one pass over each table and one snapshot. Tables of
 * extensions are left out. `since` is the mark of an earlier one.
 */
export async function readCensus(session: Session, since?: string): Promise<Census> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { mark, large } = await session.one<{ mark: string; large: string }>(
      `SELECT (pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric % 4294967296)::text AS mark,
              (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata)::text AS large`,
    );
    const tables: CensusTable[] = [];
    for (const row of await session.query<Row>(tablesQuery)) tables.push(await countTable(session, row, since));
    return { mark, tables, largeObjects: Number(large) };
  } finally {
    await session.query('ROLLBACK');
  }
}

const tablesQuery = `SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)::int8::text AS root,
    pg_catalog.pg_relation_filenode(c.oid)::text AS file_node,
    (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('number', a.attnum, 'name', a.attname,
              'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
       FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    pg_catalog.pg_stat_get_tuples_inserted(c.oid)::text AS inserted,
    pg_catalog.pg_stat_get_tuples_updated(c.oid)::text AS updated,
    pg_catalog.pg_stat_get_tuples_deleted(c.oid)::text AS deleted
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY 2, 3`;

/** A statement may have no more than so many results. */
const columnsAtOnce = 1500;

async function countTable(session: Session, row: Row, since: string | undefined): Promise<CensusTable> {
  const isPartitioned = row.kind === 'p';
  const columns = row.columns ?? [];
  const values = new Map<number, number>();
  let rows = 0;
  let untouched = 0;
  const isUntouched = since === undefined ? 'true' : `pg_catalog.age(t.xmin) > pg_catalog.age(${literal(since)}::xid)`;
  for (let from = 0; !isPartitioned && (from === 0 || from < columns.length); from += columnsAtOnce) {
    const some = columns.slice(from, from + columnsAtOnce);
    const counts = some.map(({ name }, index) => `, pg_catalog.count(t.${identifier(name)}) AS c${index}`).join('');
    const counted = await session.one<Record<string, string>>(
      `SELECT pg_catalog.count(*) AS rows, pg_catalog.count(*) FILTER (WHERE ${isUntouched}) AS untouched${counts} FROM ONLY ${qualified(row)} t`,
    );
    rows = Number(counted.rows);
    untouched = Number(counted.untouched);
    for (const [index, { number }] of some.entries()) values.set(number, Number(counted[`c${index}`]));
  }
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    isPartitioned,
    root: Number(row.root),
    fileNode: row.file_node ?? '',
    rows,
    untouched,
    columns: columns.map(column => ({ ...column, values: isPartitioned ? null : (values.get(column.number) ?? 0) })),
    written: { inserted: Number(row.inserted), updated: Number(row.updated), deleted: Number(row.deleted) },
  };
}
