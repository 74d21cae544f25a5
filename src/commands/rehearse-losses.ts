import type { Finding } from '../finding.ts';
import type { Census, CensusTable } from '../postgres/census.ts';
import { nameOf } from './rehearse-changes.ts';

/** Tables of one moment, and what is asked of them. */
class Tables {
  readonly all: readonly CensusTable[];
  readonly byOid: ReadonlyMap<number, CensusTable>;
  readonly byName: ReadonlyMap<string, CensusTable>;
  readonly #leaves = new Map<number, CensusTable[]>();

  constructor({ tables }: Census) {
    this.all = tables;
    this.byOid = new Map(tables.map(table => [table.oid, table]));
    this.byName = new Map(tables.map(table => [nameOf(table), table]));
    for (const table of tables) this.#leaves.set(table.root, [...(this.#leaves.get(table.root) ?? []), table]);
  }

  /** A table with its partitions, itself included. */
  treeOf(root: number): readonly CensusTable[] {
    return this.#leaves.get(root) ?? [];
  }

  /** With those of its partitions, where the table is at the top of some. */
  rowsOf({ oid, root, rows }: CensusTable): number {
    return oid === root ? sumOf(this.treeOf(root)) : rows;
  }
}

/**
 * Rows and values that are gone. A table that was dropped counts with all its rows, a partition that was detached or attached with none;
 * rows that moved to a new table of the same columns are still missed where they were, and said. `after` was counted since the mark of
 * `before`. Of `histories`, the tables of migration tools by name, only a drop and an emptying count: some write theirs anew each time.
 */
export function losses(before: Census, after: Census, histories: ReadonlySet<string>): Finding[] {
  const [earlier, later] = [new Tables(before), new Tables(after)];
  const isHistory = (table: CensusTable) => histories.has(nameOf(table)) && (later.byOid.get(table.oid)?.rows ?? 0) > 0;
  const tables = earlier.all.filter(table => !isHistory(table));
  return [
    ...tables.flatMap(table => lostRows(table, earlier, later)),
    ...tables.flatMap(table => lostValues(table, earlier, later)),
    ...(after.largeObjects < before.largeObjects
      ? [
          {
            code: 'ROWS_REMOVED' as const,
            object: 'large objects',
            expected: `${before.largeObjects}`,
            found: `${after.largeObjects}`,
          },
        ]
      : []),
  ];
}

function lostRows(table: CensusTable, earlier: Tables, later: Tables): Finding[] {
  const object = `table ${nameOf(table)}`;
  const { root, oid, rows } = table;
  const now = later.byOid.get(oid);
  const heir = later.byName.get(nameOf(table));
  // the table is still there, and whoever asks for it by its name gets another one
  if (now && heir && heir.oid !== oid && later.rowsOf(heir) < earlier.rowsOf(table))
    return [
      rowsRemoved(
        object,
        earlier.rowsOf(table),
        `${later.rowsOf(heir)} rows: another table has this name now, and this one is called ${nameOf(now)}`,
      ),
    ];
  // rows that moved to another partition are deleted in one, and inserted in the other
  if (root !== oid && sumOf(later.treeOf(root)) >= sumOf(earlier.treeOf(root))) return [];
  if (!now) return rows === 0 ? [] : [rowsRemoved(object, rows, 'the table is dropped')];
  const gone = goneFrom(table, now);
  if (gone === 0) return [];
  const found =
    now.rows < rows && gone === rows - now.rows
      ? `${now.rows} rows, ${gone} fewer`
      : `${now.rows} rows; ${gone} were deleted`;
  return [rowsRemoved(object, rows, found)];
}

/**
 * How many rows of a table are gone. The statistics count what was rolled back as well, so that they are believed only where rows are
 * missed that nobody had written since; a table that was emptied and filled again has as many rows as before, and other ones.
 */
function goneFrom(before: CensusTable, now: CensusTable): number {
  const inserted = Math.max(0, now.written.inserted - before.written.inserted);
  const deleted = Math.max(0, now.written.deleted - before.written.deleted);
  const fewer = Math.max(0, before.rows - now.rows);
  if (now.untouched >= before.rows) return fewer;
  // TRUNCATE counts as no deletion, and gives the table a new file
  const truncated = now.fileNode === before.fileNode ? 0 : before.rows + inserted - deleted - now.rows;
  return Math.max(fewer, deleted + Math.max(0, truncated));
}

/** Columns that are dropped with values in them, and values that are NULL now; of partitions together, at the table that they are of. */
function lostValues(table: CensusTable, earlier: Tables, later: Tables): Finding[] {
  const now = later.byOid.get(table.oid);
  if (!now || (table.root !== table.oid && later.byOid.has(table.root))) return [];
  const before = table.root === table.oid ? earlier.treeOf(table.oid) : [table];
  // those that were detached still have their rows
  const after = [...new Set([...later.treeOf(table.oid), ...before.flatMap(({ oid }) => later.byOid.get(oid) ?? [])])];
  const fewerRows = Math.max(0, sumOf(before) - sumOf(after));
  return table.columns.flatMap(({ number, name }): Finding[] => {
    const had = valuesOf(before, name);
    const object = `column ${nameOf(table)}.${name}`;
    const column = now.columns.find(one => one.number === number);
    if (column === undefined)
      return had === 0
        ? []
        : [{ code: 'COLUMN_REMOVED', object, expected: `${had} values`, found: 'the column is dropped' }];
    const has = valuesOf(after, column.name);
    return had - has <= fewerRows
      ? []
      : [{ code: 'VALUES_REMOVED', object, expected: `${had} values`, found: `${has} values` }];
  });
}

function valuesOf(tables: readonly CensusTable[], column: string): number {
  return tables.reduce((sum, { columns }) => sum + (columns.find(({ name }) => name === column)?.values ?? 0), 0);
}

function sumOf(tables: readonly CensusTable[]): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

function rowsRemoved(object: string, before: number, found: string): Finding {
  return { code: 'ROWS_REMOVED', object, expected: `${before} rows`, found };
}
