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

/** `schema.name`. */
export const nameOf = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

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
  // what was rolled back is counted too, and left every row as it was
  const isUntouched = before !== undefined && after?.untouched === before.rows && after.rows === before.rows;
  const count = (what: 'inserted' | 'updated' | 'deleted') =>
    after && !isUntouched ? Math.max(0, after.written[what] - (before?.written[what] ?? 0)) : 0;
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
