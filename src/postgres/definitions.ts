import { type DefinitionDifference, halfValidated, oneSided, twoSided } from './definition-difference.ts';
import { inOneForm, withOwnLimits, without } from './definition-form.ts';
import { type Definition, splitDefinitions } from './definition-text.ts';

export type { DefinitionDifference } from './definition-difference.ts';
export { type Definition, splitDefinitions } from './definition-text.ts';

export interface DefinitionOptions {
  /** Whether an entry is left out, on both sides: what the caller knows was not restored. */
  skip?: (entry: Definition) => boolean;
  /** The server of the copy has no tablespaces of its own: everything lies in the default one. */
  ignoreTablespaces?: boolean;
}

/**
 * Holds what pg_dump says of a copy against what it said of the source, object by object and in any order. What is about the database
 * itself is left out.
 */
export function compareDefinitions(
  expected: string,
  found: string,
  options: DefinitionOptions = {},
): DefinitionDifference[] {
  const byKey = paired(comparable(expected, options), comparable(found, options));
  const differences = takeHalfValidated(byKey);
  for (const { wanted, there } of byKey.values()) {
    const [missing, extra] = withoutCommon(wanted, there);
    for (const [index, one] of missing.entries()) {
      const other = extra[index];
      differences.push(other === undefined ? oneSided(one, 'MISSING') : twoSided(one, other));
    }
    const more = extra.slice(missing.length).filter(other => !isOwnComment(other));
    differences.push(...more.map(other => oneSided(other, 'EXTRA')));
  }
  return differences;
}

function comparable(text: string, { skip, ignoreTablespaces = false }: DefinitionOptions): Definition[] {
  const compared = withOwnLimits(splitDefinitions(text)).filter(one => !isOfDatabase(one) && skip?.(one) !== true);
  return ignoreTablespaces ? compared.map(one => ({ ...one, tablespace: '' })) : compared;
}

/**
 * Whether a piece is about the database itself, which is compared by query. Looks at the text too: an odd name can look like another
 * heading, and what is left out here nobody compares.
 */
export function isOfDatabase({ type, schema, name, text }: Definition): boolean {
  if (type === 'DATABASE') return text.startsWith('CREATE DATABASE ');
  if (type === 'DATABASE PROPERTIES') return /^(?:ALTER (?:DATABASE|ROLE)|UPDATE pg_catalog.pg_database) /.test(text);
  if (schema !== '-' || !name.startsWith('DATABASE ')) return false;
  if (type === 'ACL') return /^(?:SET SESSION AUTHORIZATION .*\n)?(?:GRANT|REVOKE) [A-Z, ]+ ON DATABASE /.test(text);
  if (type === 'COMMENT') return text.startsWith('COMMENT ON DATABASE ');
  return type === 'SECURITY LABEL' && /^SECURITY LABEL FOR .* ON DATABASE /.test(text);
}

/** CREATE EXTENSION sets the comment of the extension's author; pg_dump cannot write down that somebody took it away. */
function isOwnComment({ type, schema, name }: Definition): boolean {
  return type === 'COMMENT' && schema === '-' && name.startsWith('EXTENSION ');
}

/** What stands under one heading; several pieces where names differ only in what a heading does not show. */
interface Sides {
  wanted: Definition[];
  there: Definition[];
}

function paired(expected: readonly Definition[], found: readonly Definition[]): Map<string, Sides> {
  const byKey = new Map<string, Sides>();
  const sidesOf = (definition: Definition) => {
    const key = keyOf(definition);
    const sides = byKey.get(key) ?? { wanted: [], there: [] };
    byKey.set(key, sides);
    return sides;
  };
  for (const one of expected) sidesOf(one).wanted.push(one);
  for (const one of found) sidesOf(one).there.push(one);
  return byKey;
}

function keyOf({
  type,
  schema,
  name,
  owner,
}: Pick<Definition, 'type' | 'schema' | 'name'> & { owner?: string }): string {
  // default privileges belong to a role, and those of all roles have one name
  return [type, schema, name, type === 'DEFAULT ACL' ? owner : ''].join('\n');
}

/** Takes out what is on both sides: first what is equal to the letter, then what is equal in one form. */
function withoutCommon(wanted: readonly Definition[], there: readonly Definition[]): [Definition[], Definition[]] {
  const missing = without(wanted, there, written);
  const extra = without(there, wanted, written);
  if (missing.length === 0 || extra.length === 0) return [missing, extra];
  return [without(missing, extra, formed), without(extra, missing, formed)];
}

function written({ tablespace, accessMethod, text }: Definition): string {
  return [tablespace, accessMethod, text].join('\n');
}

function formed(definition: Definition): string {
  return written({ ...definition, text: inOneForm(definition).join(';\n') });
}

const notValid = /^ALTER (?:FOREIGN TABLE|TABLE|DOMAIN) .*?\bADD (CONSTRAINT .*) NOT VALID;$/s;

/**
 * A check that is validated stands inside of its table or domain, one that is not has a heading of its own. Where the sides differ in
 * that, it becomes one difference, and both forms are taken out.
 */
function takeHalfValidated(byKey: Map<string, Sides>): DefinitionDifference[] {
  const differences: DefinitionDifference[] = [];
  for (const sides of byKey.values()) {
    const { wanted, there } = sides;
    const [check, ...more] = [...wanted, ...there];
    if (check?.type !== 'CHECK CONSTRAINT' || more.length > 0) continue;
    const [, element] = notValid.exec(check.text) ?? [];
    const side = wanted.length === 0 ? 'wanted' : 'there';
    if (element === undefined || !takeElement(byKey, check, element, side)) continue;
    differences.push(halfValidated(check, side === 'there' ? 'MISSING' : 'EXTRA'));
    sides.wanted = [];
    sides.there = [];
  }
  return differences;
}

/** Takes a check out of the table or domain that it belongs to; the check's own heading begins with that one's name. */
function takeElement(byKey: Map<string, Sides>, check: Definition, element: string, side: keyof Sides): boolean {
  for (let space = check.name.indexOf(' '); space !== -1; space = check.name.indexOf(' ', space + 1)) {
    for (const type of ['TABLE', 'FOREIGN TABLE', 'DOMAIN']) {
      const sides = byKey.get(keyOf({ type, schema: check.schema, name: check.name.slice(0, space) }));
      const [holder, ...more] = sides?.[side] ?? [];
      if (sides === undefined || holder === undefined || more.length > 0) continue;
      const text = withoutElement(holder.text, element);
      if (text === undefined) continue;
      sides[side] = [{ ...holder, text }];
      return true;
    }
  }
  return false;
}

/** As pg_dump lists it: between commas in a table, at the end in a domain. */
function withoutElement(text: string, element: string): string | undefined {
  const forms = [
    [`\n    ${element},\n`, '\n'],
    [`,\n    ${element}\n`, '\n'],
    [`\n    ${element}\n`, '\n'],
    [`\n\t${element}\n`, '\n'],
    [`\n\t${element};`, ';'],
  ] as const;
  for (const [form, rest] of forms) {
    const at = text.indexOf(form);
    if (at !== -1) return text.slice(0, at) + rest + text.slice(at + form.length);
  }
  return undefined;
}
