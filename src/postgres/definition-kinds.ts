import type { DefinitionKind } from '../finding.ts';

/** pg_dump's Types (`desc` of an archive's entries, all of 13 to 18), each with our kind; any other is a DEFINITION. */
const kindsByType: ReadonlyMap<string, DefinitionKind> = new Map([
  ['ACCESS METHOD', 'ACCESS_METHOD'],
  ['ACL', 'GRANTS'],
  ['AGGREGATE', 'FUNCTION'],
  ['CAST', 'CAST'],
  ['CHECK CONSTRAINT', 'CONSTRAINT'],
  ['COLLATION', 'COLLATION'],
  ['COMMENT', 'COMMENT'],
  ['CONSTRAINT', 'CONSTRAINT'],
  ['CONVERSION', 'CONVERSION'],
  ['DEFAULT', 'COLUMN_DEFAULT'],
  ['DEFAULT ACL', 'DEFAULT_PRIVILEGES'],
  ['DOMAIN', 'DOMAIN'],
  ['EVENT TRIGGER', 'EVENT_TRIGGER'],
  ['EXTENSION', 'EXTENSION'],
  ['FK CONSTRAINT', 'CONSTRAINT'],
  ['FOREIGN DATA WRAPPER', 'FOREIGN_DATA'],
  ['FOREIGN TABLE', 'TABLE'],
  ['FUNCTION', 'FUNCTION'],
  ['INDEX', 'INDEX'],
  ['INDEX ATTACH', 'INDEX'],
  ['MATERIALIZED VIEW', 'MATVIEW'],
  ['OPERATOR', 'OPERATOR'],
  ['OPERATOR CLASS', 'OPERATOR'],
  ['OPERATOR FAMILY', 'OPERATOR'],
  ['POLICY', 'POLICY'],
  ['PROCEDURAL LANGUAGE', 'LANGUAGE'],
  ['PROCEDURE', 'FUNCTION'],
  ['PUBLICATION', 'PUBLICATION'],
  ['PUBLICATION TABLE', 'PUBLICATION'],
  ['PUBLICATION TABLES IN SCHEMA', 'PUBLICATION'],
  ['ROW SECURITY', 'ROW_SECURITY'],
  ['RULE', 'RULE'],
  ['SCHEMA', 'SCHEMA'],
  ['SECURITY LABEL', 'SECURITY_LABEL'],
  ['SEQUENCE', 'SEQUENCE'],
  ['SEQUENCE OWNED BY', 'SEQUENCE'],
  ['SERVER', 'FOREIGN_DATA'],
  ['SHELL TYPE', 'TYPE'],
  ['STATISTICS', 'STATISTICS'],
  ['STATISTICS DATA', 'STATISTICS'],
  ['SUBSCRIPTION', 'SUBSCRIPTION'],
  ['SUBSCRIPTION TABLE', 'SUBSCRIPTION'],
  ['TABLE', 'TABLE'],
  ['TABLE ATTACH', 'PARTITION'],
  ['TEXT SEARCH CONFIGURATION', 'TEXT_SEARCH'],
  ['TEXT SEARCH DICTIONARY', 'TEXT_SEARCH'],
  ['TEXT SEARCH PARSER', 'TEXT_SEARCH'],
  ['TEXT SEARCH TEMPLATE', 'TEXT_SEARCH'],
  ['TRANSFORM', 'TRANSFORM'],
  ['TRIGGER', 'TRIGGER'],
  ['TYPE', 'TYPE'],
  ['USER MAPPING', 'FOREIGN_DATA'],
  ['VIEW', 'VIEW'],
] as const);

/** Words for a person where the Type's own would read oddly. */
const wordsByType: ReadonlyMap<string, string> = new Map([
  ['CHECK CONSTRAINT', 'constraint'],
  ['DEFAULT', 'column default'],
  ['FK CONSTRAINT', 'constraint'],
  ['INDEX ATTACH', 'attached index'],
  ['SEQUENCE OWNED BY', 'owner column of sequence'],
  ['TABLE ATTACH', 'partition'],
]);

/** Types whose names begin with the kind of what they are about, as in `TABLE orders`. */
const aboutOthers: ReadonlyMap<string, string> = new Map([
  ['ACL', 'grants on'],
  ['COMMENT', 'comment on'],
  ['SECURITY LABEL', 'security label on'],
]);

/** Types whose own names begin with their kind, as in `CAST (text AS integer)`. */
const namedWithKind: ReadonlySet<string> = new Set(['CAST', 'TRANSFORM', 'USER MAPPING']);

const ruleOfView = ' _RETURN';
const kindWords =
  /^(?:(?:ACCESS METHOD|EVENT TRIGGER|FOREIGN DATA WRAPPER|FOREIGN SERVER|FOREIGN TABLE|LARGE OBJECT|MATERIALIZED VIEW|OPERATOR CLASS|OPERATOR FAMILY|PROCEDURAL LANGUAGE|TEXT SEARCH [A-Z]+)|[A-Z]+)(?= )/;

/** The heading of a piece. */
export interface Entry {
  type: string;
  schema: string;
  name: string;
  owner: string;
}

/** Our kind of what stands under a heading. */
export function kindOf(entry: Entry): DefinitionKind {
  return isView(entry) ? 'VIEW' : (kindsByType.get(entry.type) ?? 'DEFINITION');
}

/** A view that needs a constraint, or goes in a circle, is made empty at first, and gets its query by a rule. */
function isView({ type, name }: Entry): boolean {
  return type === 'RULE' && name.endsWith(ruleOfView);
}

/** How a person reads which object it is: `table public.orders`, `grants on column public.orders.id`. */
export function objectOf(entry: Entry): string {
  const { type, schema, name, owner } = entry;
  const ofSchema = schema !== '-' && schema !== '';
  const prefix = ofSchema ? `${schema}.` : '';
  const inSchema = ofSchema ? ` in schema ${schema}` : '';
  if (isView(entry)) return `view ${prefix}${name.slice(0, -ruleOfView.length)}`;
  if (type === 'DEFAULT ACL') return `default privileges of ${owner}${defaultsOf(name)}${inSchema}`;
  if (type === 'PUBLICATION TABLE') return `table of publication ${name}${inSchema}`;
  if (type === 'PUBLICATION TABLES IN SCHEMA') return `schema of publication ${name}`;
  const about = aboutOthers.get(type);
  const kind = about === undefined ? undefined : kindWords.exec(name)?.[0];
  if (about !== undefined && kind !== undefined)
    return `${about} ${kind.toLowerCase()} ${prefix}${name.slice(kind.length + 1)}`;
  const word = about ?? wordsByType.get(type) ?? type.toLowerCase();
  const bare = namedWithKind.has(type) && name.startsWith(`${type} `) ? name.slice(type.length + 1) : name;
  return `${word} ${prefix}${bare}`;
}

/** From `DEFAULT PRIVILEGES FOR TABLES`. */
function defaultsOf(name: string): string {
  return name.replace(/^DEFAULT PRIVILEGES/, '').toLowerCase();
}
