import pg from 'pg';

/** A name as SQL has it, always quoted. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/**
 * `"schema"."name"`, also as a pattern for pg_dump and pg_restore: inside double quotes every character is literal there
 * (https://www.postgresql.org/docs/current/app-psql.html, "Patterns").
 */
export function qualified({ schema, name }: { schema: string; name: string }): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

/** A text as SQL has it. */
export function literal(text: string): string {
  return pg.escapeLiteral(text);
}
