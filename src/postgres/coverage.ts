import { type RelationFilters, type Selected, wildcard } from './relations.ts';

/** What a filtered dump holds beside its tables, as pg_dump decides it. */
export interface Coverage {
  sequence(sequence: { schema: string; ownerOid: number | null }): boolean;
  /** A materialized view comes with its rows, with its definition alone, or not at all. */
  view(view: { schema: string }): 'filled' | 'empty' | 'absent';
  largeObjects: boolean;
}

/** Reads the filters as pg_dump does: a sequence follows the table that owns it; naming schemas or tables leaves out large objects. */
export function coverageOf(filters: RelationFilters, selected: readonly Selected[]): Coverage {
  const oids = new Set(selected.map(({ relation }) => relation.oid));
  const matches = (patterns: readonly string[], schema: string) =>
    patterns.some(pattern => wildcard(pattern).test(schema));
  const coversSchema = (schema: string) =>
    filters.tables.length === 0 &&
    (filters.schemas.length === 0 || matches(filters.schemas, schema)) &&
    !matches(filters.excludeSchemas, schema);
  return {
    sequence: ({ schema, ownerOid }) =>
      !filters.schemaOnly && (ownerOid === null ? coversSchema(schema) : oids.has(ownerOid)),
    view({ schema }) {
      if (filters.dataOnly || !coversSchema(schema)) return 'absent';
      return filters.schemaOnly ? 'empty' : 'filled';
    },
    largeObjects: !filters.schemaOnly && filters.tables.length === 0 && filters.schemas.length === 0,
  };
}
