import { Failure, wrongInput } from '../failure.ts';
import type { Session } from './connection.ts';

/** A table of any kind that pg_dump looks at, as the catalog of one snapshot shows it. */
export interface Relation {
  oid: number;
  schema: string;
  name: string;
  kind: 'table' | 'partitioned' | 'foreign';
  unlogged: boolean;
  /** The file that holds the rows; a TRUNCATE or a rewrite changes it. */
  filenode: number;
  readable: boolean;
  /** Row security would hide rows from this user. */
  rowsHidden: boolean;
  /** For a table that an extension marks as configuration: the condition under which pg_dump takes rows ('' for all). */
  condition: string | null;
  /** How many sequences the table's columns own. */
  sequences: number;
}

/** What a dump takes of one relation. */
export interface Selected {
  relation: Relation;
  /** Its rows are in the archive. */
  data: boolean;
}

/** What the caller's filters say; see the inputs of the same names. */
export interface RelationFilters {
  schemas: readonly string[];
  excludeSchemas: readonly string[];
  tables: readonly string[];
  excludeTables: readonly string[];
  excludeTableData: readonly string[];
  schemaOnly: boolean;
  dataOnly: boolean;
}

const relationsSql = `
  SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
         c.relpersistence = 'u' AS unlogged, c.relfilenode::int8::text AS filenode,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
         pg_catalog.row_security_active(c.oid) AS "rowsHidden",
         CASE WHEN x.oid IS NOT NULL THEN coalesce(x.condition, '') END AS condition,
         (SELECT count(*)::int FROM pg_catalog.pg_depend s JOIN pg_catalog.pg_class q ON q.oid = s.objid AND q.relkind = 'S'
           WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.refclassid = s.classid AND s.refobjid = c.oid
             AND s.deptype IN ('a', 'i')) AS sequences
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend e ON e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid
         AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.deptype = 'e'
    LEFT JOIN (SELECT u.oid, u.condition FROM pg_catalog.pg_extension, unnest(extconfig, extcondition) AS u (oid, condition)) x ON x.oid = c.oid
   WHERE c.relkind IN ('r', 'p', 'f')
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (e.objid IS NULL OR x.oid IS NOT NULL)
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

const kindsByLetter = { r: 'table', p: 'partitioned', f: 'foreign' } as const;

interface RelationRow extends Omit<Relation, 'kind' | 'oid' | 'filenode'> {
  oid: string;
  filenode: string;
  kind: keyof typeof kindsByLetter;
}

/**
 * Every table, partitioned and foreign table that a whole dump holds: not the system's, and of those of an extension only the
 * configuration tables. Ordered by schema and name. Takes no lock on any of them.
 */
export async function readRelations(session: Session): Promise<Relation[]> {
  const rows = await session.query<RelationRow>(relationsSql);
  return rows.map(row => ({
    ...row,
    oid: Number(row.oid),
    filenode: Number(row.filenode),
    kind: kindsByLetter[row.kind],
  }));
}

/** Bytes on disk of each table with its TOAST, by oid; 0 for what has no storage. In the leader's transaction, which holds the locks. */
export async function readSizes(session: Session, selected: readonly Selected[]): Promise<Map<number, number>> {
  const rows = await session.query<{ oid: string; size: string | null }>(
    'SELECT oid::int8::text AS oid, pg_catalog.pg_table_size(oid)::text AS size FROM unnest($1::oid[]) AS t (oid)',
    [selected.map(({ relation }) => relation.oid)],
  );
  return new Map(rows.map(({ oid, size }) => [Number(oid), Number(size ?? 0)]));
}

/** Whether the filters leave anything out. */
export function isPartial(filters: RelationFilters): boolean {
  const lists = [
    filters.schemas,
    filters.excludeSchemas,
    filters.tables,
    filters.excludeTables,
    filters.excludeTableData,
  ];
  return filters.schemaOnly || filters.dataOnly || lists.some(list => list.length > 0);
}

/**
 * Applies the filters as pg_dump is told to apply them. A pattern that matches nothing is refused, since a typing error would
 * otherwise be a silent hole.
 */
export function select(relations: readonly Relation[], filters: RelationFilters): Selected[] {
  const bySchema = (input: string, patterns: readonly string[]) =>
    matcher(
      input,
      patterns,
      relations,
      ({ schema }) => schema,
      text => text,
    );
  const byTable = (input: string, patterns: readonly string[]) =>
    matcher(
      input,
      patterns,
      relations,
      ({ schema, name }) => `${schema}.${name}`,
      text => (text.includes('.') ? text : `public.${text}`),
    );
  const inSchemas = bySchema('schemas', filters.schemas);
  const inTables = byTable('tables', filters.tables);
  const notSchemas = bySchema('exclude-schemas', filters.excludeSchemas);
  const notTables = byTable('exclude-tables', filters.excludeTables);
  const notData = byTable('exclude-table-data', filters.excludeTableData);
  const chosen = relations.filter(relation => {
    if (notSchemas(relation) || notTables(relation)) return false;
    // as in pg_dump, tables that are named come whatever their schema
    if (filters.tables.length > 0) return inTables(relation);
    return filters.schemas.length === 0 || inSchemas(relation);
  });
  return chosen.map(relation => ({
    relation,
    data: relation.kind === 'table' && !filters.schemaOnly && !notData(relation),
  }));
}

/** On a standby unlogged tables have no rows, and cannot even be read. */
export function onStandby(selected: readonly Selected[]): Selected[] {
  return selected.map(({ relation, data }) => ({ relation, data: data && !relation.unlogged }));
}

/** The tables that one filter matches, for pg_dump's options. */
export function matching(relations: readonly Relation[], input: string, patterns: readonly string[]): Relation[] {
  const match = matcher(
    input,
    patterns,
    relations,
    ({ schema, name }) => `${schema}.${name}`,
    text => (text.includes('.') ? text : `public.${text}`),
  );
  return relations.filter(match);
}

/** The schemas that one filter matches, each once. */
export function matchingSchemas(relations: readonly Relation[], input: string, patterns: readonly string[]): string[] {
  const match = matcher(
    input,
    patterns,
    relations,
    ({ schema }) => schema,
    text => text,
  );
  return [...new Set(relations.filter(match).map(({ schema }) => schema))];
}

/** The tables of `required` that are missing, as they were written. `schema.table`, or a name in `public`. */
export function missingTables(relations: readonly Relation[], required: readonly string[]): string[] {
  const known = new Set(relations.map(({ schema, name }) => `${schema}.${name}`));
  return required.filter(name => !known.has(name.includes('.') ? name : `public.${name}`));
}

/** Refuses what this user cannot read whole; each table is named. */
export function checkReadable(selected: readonly Selected[], user: string): void {
  // pg_dump locks also those whose rows it leaves out, and the lock needs the same right
  const locked = selected.map(({ relation }) => relation).filter(({ kind }) => kind !== 'foreign');
  const unreadable = locked.filter(({ readable }) => !readable);
  if (unreadable.length > 0) {
    throw new Failure(`user ${user} may not read ${listed(unreadable)}`, {
      hint: `run GRANT pg_read_all_data TO ${user}, or GRANT USAGE on the schemas and SELECT on the tables`,
    });
  }
  const hidden = selected.filter(({ data, relation }) => data && relation.rowsHidden).map(({ relation }) => relation);
  if (hidden.length > 0) {
    throw new Failure(`row security hides rows from user ${user} in ${listed(hidden)}`, {
      hint: `run ALTER ROLE ${user} BYPASSRLS, or use the owner of the tables`,
    });
  }
}

function listed(relations: readonly Relation[]): string {
  const names = relations.slice(0, 10).map(({ schema, name }) => `${schema}.${name}`);
  const more = relations.length - names.length;
  return `${relations.length === 1 ? 'table' : `${relations.length} tables:`} ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A pattern of the filters: `*` stands for anything, every other character for itself. */
export function wildcard(pattern: string): RegExp {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function matcher(
  input: string,
  patterns: readonly string[],
  relations: readonly Relation[],
  textOf: (relation: Relation) => string,
  complete: (pattern: string) => string,
): (relation: Relation) => boolean {
  const expressions = patterns.map(text => {
    const expression = wildcard(complete(text));
    if (!relations.some(relation => expression.test(textOf(relation)))) {
      throw wrongInput(
        input,
        `has "${text}", which matches nothing`,
        'check the spelling; a table is written schema.table, and * stands for anything',
      );
    }
    return expression;
  });
  return relation => expressions.some(expression => expression.test(textOf(relation)));
}
