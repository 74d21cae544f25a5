import pg from 'pg';

/** A name as SQL has it, always quoted. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** `"schema"."name"`. */
export function qualified({ schema, name }: { schema: string; name: string }): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

/** A text as SQL has it. */
export function literal(text: string): string {
  return pg.escapeLiteral(text);
}

/**
 * A pattern for pg_dump and pg_restore that matches one name alone: inside double quotes every character is literal
 * (https://www.postgresql.org/docs/current/app-psql.html, "Patterns").
 */
export function pattern(name: string): string {
  return identifier(name);
}
