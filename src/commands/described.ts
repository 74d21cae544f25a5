import type { Contents } from '../catalog/contents.ts';
import type { Finding } from '../finding.ts';

/** Tables that must be in a backup, and hold rows: those that are not, or do not. `schema.table`, or a name in `public`. */
export function findRequired(required: readonly string[], contents: Contents): Finding[] {
  const tables = new Map(contents.tables.map(table => [`${table.schema}.${table.name}`, table]));
  return required.flatMap((written): Finding[] => {
    const name = written.includes('.') ? written : `public.${written}`;
    const table = tables.get(name);
    const object = `table ${name}`;
    if (!table) return [{ code: 'REQUIRED_TABLE_MISSING', object, expected: 'a table', found: 'none' }];
    if (table.kind === 'table' && table.rows === 0)
      return [{ code: 'REQUIRED_TABLE_EMPTY', object, expected: 'rows', found: 'none' }];
    return [];
  });
}

/** All rows that were counted; null where none were. */
export function rowsOf({ fingerprint, tables }: Contents): number | null {
  return fingerprint.level === 'none' ? null : tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
}
