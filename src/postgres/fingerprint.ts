import { Failure } from '../failure.ts';
import type { Session } from './connection.ts';
import { identifier, qualified } from './quote.ts';

/** The name of the algorithm, as contents record it. */
export const fingerprintAlgorithm = 'sum(hashtextextended(ROW(columns by name)::text, 0))';
/** What `hashtextextended('hello', 0)` gives on every server from 11 on (tried on 15 and 17). */
const selfTestExpected = '3449563369152288809';

export interface CountedTable {
  rows: number;
  /** Decimal text of up to 30 digits; null when only rows were counted. */
  fingerprint: string | null;
  fingerprintBy: 'row' | 'columns' | null;
}

export interface TableToCount {
  oid: number;
  schema: string;
  name: string;
  /** An SQL condition that begins with WHERE, as extensions write it, or nothing. */
  condition: string | null;
}

/** Throws unless this server hashes as every other one. Returns the constant that contents record. */
export async function checkSelfTest(session: Session): Promise<string> {
  const { hash } = await session.one<{ hash: string }>(`SELECT hashtextextended('hello' COLLATE "C", 0)::text AS hash`);
  if (hash === selfTestExpected) return hash;
  throw new Failure(`the server hashes texts differently: hashtextextended('hello', 0) gives ${hash}`, {
    hint: 'use fingerprint: counts, and report this server to us',
  });
}

/**
 * Counts tables exactly, and with `content` also sums a hash of each row, so that neither the order of rows nor of columns
 * matters, and rows that stand twice count twice. Generated columns are left out: their expression is compared as a definition.
 * A table with a row that is too large to be one text is hashed column by column. Runs inside a transaction; results come in the
 * order of `tables`.
 */
export async function countTables(
  session: Session,
  tables: readonly TableToCount[],
  level: 'content' | 'counts',
): Promise<CountedTable[]> {
  if (level === 'counts')
    return countBy(
      session,
      tables.map(table => ({ ...table, by: null })),
    );
  await session.query('SAVEPOINT fingerprint');
  try {
    return await countBy(
      session,
      tables.map(table => ({ ...table, by: 'row' as const })),
    );
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT fingerprint');
  }
  const [only, ...others] = tables;
  if (only && others.length === 0) return countBy(session, [{ ...only, by: 'columns' }]);
  const counted: CountedTable[] = [];
  for (const table of tables) counted.push(...(await countTables(session, [table], level)));
  return counted;
}

/** Counts each table by its own method: what contents recorded on the source, asked again of a copy. One statement for all. */
export async function countBy(
  session: Session,
  tables: readonly (TableToCount & { by: CountedTable['fingerprintBy'] })[],
): Promise<CountedTable[]> {
  if (tables.length === 0) return [];
  const columns = await columnsOf(session, tables);
  const selects = tables.map((table, index) => {
    const names = columns.get(table.oid) ?? [];
    const row = `ROW(${(table.by === 'columns' ? names.map(hashOfColumn) : names).join(', ')})`;
    const fingerprint =
      table.by === null ? 'NULL' : `coalesce(sum(hashtextextended(${row}::text COLLATE "C", 0)), 0)::text`;
    return `SELECT ${index} AS index, count(*) AS rows, ${fingerprint} AS fingerprint FROM ONLY ${qualified(table)} ${table.condition ?? ''}`;
  });
  const results = await session.query<{ index: number; rows: string; fingerprint: string | null }>(
    selects.join(' UNION ALL '),
  );
  const counted: CountedTable[] = [];
  for (const { index, rows, fingerprint } of results) {
    counted[index] = { rows: Number(rows), fingerprint, fingerprintBy: tables[index]?.by ?? null };
  }
  return counted;
}

async function columnsOf(session: Session, tables: readonly TableToCount[]): Promise<Map<number, string[]>> {
  const rows = await session.query<{ oid: string; names: string[] }>(
    `SELECT attrelid::int8::text AS oid, array_agg(attname::text ORDER BY attname COLLATE "C") AS names FROM pg_catalog.pg_attribute
      WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' GROUP BY attrelid`,
    [tables.map(({ oid }) => oid)],
  );
  return new Map(rows.map(({ oid, names }) => [Number(oid), names.map(identifier)]));
}

function hashOfColumn(column: string): string {
  return `hashtextextended(${column}::text COLLATE "C", 0)`;
}

/** program_limit_exceeded and out_of_memory, and the allocator's own refusal, which has only the general code XX000. */
function isTooLarge(error: unknown): boolean {
  const { code, message = '' } = error as { code?: string; message?: string };
  return (
    code === '54000' || code === '53200' || (code === 'XX000' && /invalid memory alloc|string buffer/.test(message))
  );
}
