import type { Finding } from '../finding.ts';
import { type Look, type WatchedManifest, joined, leftOut, looked, unjudged } from './look.ts';
import { findFall } from './trend.ts';

/** A database that answered, as the watch found it. */
export interface DatabaseFacts {
  name: string;
  sizeBytes: number;
  tables: number;
  /** Required tables that are not there, are empty, or could not be looked into; `schema.table`. */
  missing: readonly string[];
  empty: readonly string[];
  unread: readonly { table: string; reason: string }[];
  /** Whether it is the one that the newest backup was made from; unknown where a provider hides it, or there is no backup. */
  source: 'same' | 'another' | 'unknown';
  /** Of the newest whole backup. */
  newest: WatchedManifest | undefined;
}

export interface DatabaseLimits {
  maxSizeBytes: number | undefined;
  maxShrink: number;
  requiredTables: readonly string[];
}

/** Whether the database is the right one, and as it should be: daily validation without a restore. */
export function judgeDatabase(facts: DatabaseFacts, limits: DatabaseLimits): Look {
  return joined(
    looked(['DATABASE_UNREACHABLE'], []),
    judgeSource(facts),
    judgeSize(facts, limits),
    judgeFall(facts, limits),
    judgeTables(facts, limits),
  );
}

/** The look at a database that cannot be used; `reason` holds no secret. */
export function unreachable(name: string, reason: string): Look {
  return looked(
    ['DATABASE_UNREACHABLE'],
    [{ code: 'DATABASE_UNREACHABLE', object: `database of ${name}`, expected: 'an answer', found: reason }],
  );
}

function judgeSource({ name, source, newest }: DatabaseFacts): Look {
  if (newest === undefined) return looked([], []);
  if (source === 'unknown') return unjudged(`whether ${name} is the database of its backups: its provider hides that`);
  const other: Finding = {
    code: 'SOURCE_DIFFERS',
    object: `database of ${name}`,
    expected: `that of ${newest.id}`,
    found: 'another one',
  };
  return looked(['SOURCE_DIFFERS'], source === 'another' ? [other] : []);
}

function judgeSize({ name, sizeBytes }: DatabaseFacts, { maxSizeBytes }: DatabaseLimits): Look {
  if (maxSizeBytes === undefined) return leftOut('how large the database is (max-size)');
  const tooLarge: Finding = {
    code: 'DATABASE_TOO_LARGE',
    object: `database of ${name}`,
    expected: `at most ${maxSizeBytes} bytes`,
    found: `${sizeBytes} bytes`,
  };
  return looked(['DATABASE_TOO_LARGE'], sizeBytes > maxSizeBytes ? [tooLarge] : []);
}

/** Against the newest whole backup: what fell since then is still in it. */
function judgeFall({ name, sizeBytes, tables, newest }: DatabaseFacts, { maxShrink }: DatabaseLimits): Look {
  if (newest === undefined)
    return unjudged(`the size of the database of ${name}: there is no backup to compare it with`);
  const { databaseBytes, tables: tablesBefore } = newest.totals;
  const object = `database of ${name}`;
  return looked(
    ['SIZE_FELL', 'TABLES_FELL'],
    [
      ...findFall({ code: 'SIZE_FELL', object, usual: databaseBytes, found: sizeBytes, unit: 'bytes', maxShrink }),
      ...findFall({ code: 'TABLES_FELL', object, usual: tablesBefore, found: tables, unit: 'tables', maxShrink }),
    ],
  );
}

function judgeTables({ missing, empty, unread }: DatabaseFacts, { requiredTables }: DatabaseLimits): Look {
  if (requiredTables.length === 0) return leftOut('tables that must be in the database (required-tables)');
  const of = (code: Finding['code'], table: string, expected: string, found: string): Finding => ({
    code,
    object: `table ${table}`,
    expected,
    found,
  });
  return looked(
    ['DATABASE_TABLE_MISSING', 'DATABASE_TABLE_EMPTY', 'DATABASE_TABLE_NOT_READ'],
    [
      ...missing.map(table => of('DATABASE_TABLE_MISSING', table, 'a table', 'none')),
      ...empty.map(table => of('DATABASE_TABLE_EMPTY', table, 'rows', 'none')),
      ...unread.map(({ table, reason }) => of('DATABASE_TABLE_NOT_READ', table, 'a look at its rows', reason)),
    ],
  );
}
