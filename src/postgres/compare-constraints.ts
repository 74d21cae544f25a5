import { type StateDifference, userSchemas } from './compare-state.ts';
import type { Session } from './connection.ts';

/** Triggers of foreign keys that do not fire: no dump mentions them, and every restore makes them anew, enabled. */
export async function compareConstraintTriggers(session: Session): Promise<StateDifference[]> {
  const found = await session.query<{ schema: string; name: string; constraint: string }>(
    `SELECT DISTINCT n.nspname AS schema, c.relname AS name, coalesce(k.conname, t.tgname) AS constraint
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
      WHERE t.tgisinternal AND (t.tgparentid = 0 OR k.contype = 'f') AND t.tgenabled <> 'O' AND ${userSchemas} ORDER BY 1, 2, 3`,
  );
  return found.map(({ schema, name, constraint }) => ({
    code: 'TRIGGER_DISABLED',
    object: `constraint ${schema}.${name} ${constraint}`,
    expected: 'checked for every row',
    found: 'its trigger is disabled',
  }));
}

interface PartitionKey {
  schema: string;
  table: string;
  name: string;
  parent: string;
  odd: boolean;
}

/**
 * Foreign keys that partitions have from their tables: no dump mentions them, and the server that restores makes them, under the table's
 * own name for the key, or one that ends in `_fkey` and a number where that name is taken
 * (https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/commands/tablecmds.c, `addFkRecurseReferencing`).
 */
export async function comparePartitionKeys(session: Session): Promise<StateDifference[]> {
  const found = await session.query<PartitionKey>(
    `SELECT n.nspname AS schema, c.relname AS table, k.conname AS name, p.conname AS parent,
            k.conname <> p.conname AND NOT (k.conname ~ '_fkey[0-9]*$' AND EXISTS (
              SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = k.conrelid AND o.conname = p.conname)) AS odd
       FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_constraint p ON p.oid = k.conparentid
       JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE k.contype = 'f' ORDER BY 1, 2, 3`,
  );
  return found
    .filter(({ odd }) => odd)
    .map(({ schema, table, name, parent }) => ({
      code: 'CONSTRAINT_DIFFERS',
      object: `constraint ${schema}.${table} ${name}`,
      expected: `the name ${parent}, as the table above has it`,
      found: 'another name',
    }));
}
