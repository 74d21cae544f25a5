import type { Session } from './connection.ts';

/** Something in a database that is not the system's and not an extension's. */
export interface Occupant {
  kind: string;
  name: string;
}

const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
const userSchema = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** The first twenty things that make a database not empty: relations, functions, types and large objects. Empty: none. */
export async function findOccupants(session: Session): Promise<Occupant[]> {
  return session.query<Occupant>(`
    SELECT kind, name FROM (
      SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                          ELSE 'table' END AS kind, n.nspname || '.' || c.relname AS name
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${userSchema} AND ${notOfExtension('pg_class', 'c.oid')}
      UNION ALL
      SELECT 'function', n.nspname || '.' || p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       WHERE ${userSchema} AND ${notOfExtension('pg_proc', 'p.oid')}
      UNION ALL
      SELECT 'type', n.nspname || '.' || t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         LEFT JOIN pg_catalog.pg_class r ON r.oid = t.typrelid
       WHERE (t.typtype IN ('e', 'd', 'r') OR r.relkind = 'c') AND ${userSchema} AND ${notOfExtension('pg_type', 't.oid')}
      UNION ALL
      SELECT 'large object', oid::text FROM pg_catalog.pg_largeobject_metadata
    ) AS occupants ORDER BY kind, name LIMIT 20`);
}

/** Names of the extensions that the server could create. */
export async function availableExtensions(session: Session): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>('SELECT name FROM pg_catalog.pg_available_extensions');
  return new Set(rows.map(({ name }) => name));
}

/** Names of the tablespaces that the server has. */
export async function existingTablespaces(session: Session): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>('SELECT spcname AS name FROM pg_catalog.pg_tablespace');
  return new Set(rows.map(({ name }) => name));
}
