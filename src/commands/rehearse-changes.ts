import type { Finding } from '../finding.ts';
import type { CensusTable } from '../postgres/census.ts';

/** What became of the rows of one table. */
export interface TableChange {
  /** `schema.name`, as it is now; as it was for one that is gone. */
  table: string;
  /** The name before, where it was renamed or moved. */
  was: string | null;
  rowsBefore: number | null;
  rowsAfter: number | null;
  inserted: number;
  updated: number;
  deleted: number;
  /** Every row was written anew, as for a change of type; the table was closed to everybody meanwhile. */
  rewritten: boolean;
}

const nameOf = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

/** The tables that are not what they were, by name. */
export function changesOf(before: readonly CensusTable[], after: readonly CensusTable[]): TableChange[] {
  const later = new Map(after.map(table => [table.oid, table]));
  const earlier = new Map(before.map(table => [table.oid, table]));
  const oids = [...new Set([...earlier.keys(), ...later.keys()])];
  return oids
    .map(oid => changeOf(earlier.get(oid), later.get(oid)))
    .filter(change => change !== undefined)
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}

function changeOf(before: CensusTable | undefined, after: CensusTable | undefined): TableChange | undefined {
  const table = after ?? before;
  if (!table) return undefined;
  const count = (what: 'inserted' | 'updated' | 'deleted') =>
    after ? Math.max(0, after.written[what] - (before?.written[what] ?? 0)) : 0;
  const change = {
    table: nameOf(table),
    was: before && after && nameOf(before) !== nameOf(after) ? nameOf(before) : null,
    rowsBefore: before?.rows ?? null,
    rowsAfter: after?.rows ?? null,
    inserted: count('inserted'),
    updated: count('updated'),
    deleted: count('deleted'),
    rewritten: before !== undefined && after !== undefined && before.fileNode !== after.fileNode,
  };
  const isSame =
    before &&
    after &&
    change.was === null &&
    change.rowsBefore === change.rowsAfter &&
    !change.rewritten &&
    change.inserted + change.updated + change.deleted === 0;
  return isSame ? undefined : change;
}

/**
 * Rows and values that are gone. A table that was dropped counts with all its rows, a partition that was detached or attached with none;
 * rows that moved to a new table of the same columns are still missed where they were, and said.
 */
export function losses(before: readonly CensusTable[], after: readonly CensusTable[]): Finding[] {
  const later = new Map(after.map(table => [table.oid, table]));
  const rowsOfTree = (tables: readonly CensusTable[], root: number) =>
    tables.reduce((sum, table) => sum + (table.root === root ? table.rows : 0), 0);
  // rows that moved to another partition are deleted in one, and inserted in the other
  const isWhole = ({ root, oid }: CensusTable) => root !== oid && rowsOfTree(after, root) >= rowsOfTree(before, root);
  return before.flatMap((table): Finding[] => {
    const now = later.get(table.oid);
    const object = `table ${nameOf(table)}`;
    if (isWhole(table)) return now ? lostColumns(table, now) : [];
    if (!now)
      return table.rows === 0
        ? []
        : [{ code: 'ROWS_REMOVED', object, expected: `${table.rows} rows`, found: 'the table is dropped' }];
    const deleted = Math.max(0, now.written.deleted - table.written.deleted);
    const isFewer = now.rows < table.rows;
    // a table that was emptied and filled again has as many rows as before, and other ones
    const rows: Finding[] =
      isFewer || deleted > 0
        ? [
            {
              code: 'ROWS_REMOVED',
              object,
              expected: `${table.rows} rows`,
              found: removed(table.rows, now.rows, deleted),
            },
          ]
        : [];
    return [...rows, ...lostColumns(table, now)];
  });
}

function removed(before: number, after: number, deleted: number): string {
  return deleted > 0 ? `${after} rows; ${deleted} were deleted` : `${after} rows, ${before - after} fewer`;
}

function lostColumns(table: CensusTable, now: CensusTable): Finding[] {
  const kept = new Set(now.columns.map(({ number }) => number));
  return table.columns
    .filter(({ number, values }) => !kept.has(number) && (values ?? 0) > 0)
    .map(({ name, values }) => ({
      code: 'COLUMN_REMOVED',
      object: `column ${nameOf(table)}.${name}`,
      expected: `${values} values`,
      found: 'the column is dropped',
    }));
}
