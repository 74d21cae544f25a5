import type { DefinitionCode } from '../finding.ts';
import { kindOf, objectOf } from './definition-kinds.ts';
import { inOneForm } from './definition-form.ts';
import type { Definition } from './definition-text.ts';

/** One object that is not defined as it was. Never shows what may hold a password. */
export interface DefinitionDifference {
  code: DefinitionCode | 'OWNER_DIFFERS' | 'CONSTRAINT_NOT_VALIDATED' | 'TRIGGER_DISABLED';
  /** For example `table public.orders`, `constraint public.orders orders_pkey`, `grants on table public.orders`. */
  object: string;
  expected: string;
  found: string;
  /** The heading of the piece. */
  entry: Pick<Definition, 'type' | 'schema' | 'name'>;
}

const mostLines = 10;
const mostCharacters = 1000;
/** Of something that is only on one side. */
const mostLinesOfOne = 3;

const secretive: ReadonlySet<string> = new Set(['FOREIGN DATA WRAPPER', 'SERVER', 'SUBSCRIPTION', 'USER MAPPING']);
const hidden = '(not shown: it may hold a password)';

/** What is on one side only. */
export function oneSided(definition: Definition, where: 'MISSING' | 'EXTRA'): DefinitionDifference {
  const states = statesOf(definition, inOneForm(definition));
  // the trigger of a partition has a piece of its own only where it fires in another way than that of its table
  if (states !== undefined && states.others.length === 0)
    return onSide(definition, where, 'TRIGGER_DISABLED', states.words, 'as that of its table');
  const shown = secretive.has(definition.type)
    ? where === 'MISSING'
      ? 'its definition'
      : `one ${hidden}`
    : limited(linesOf(definition), mostLinesOfOne);
  return onSide(definition, where, `${kindOf(definition)}_${where}`, shown, 'none');
}

function onSide(
  definition: Definition,
  where: 'MISSING' | 'EXTRA',
  code: DefinitionDifference['code'],
  here: string,
  there: string,
): DefinitionDifference {
  return where === 'MISSING'
    ? differenceOf(definition, code, here, there)
    : differenceOf(definition, code, there, here);
}

/** What is on both sides, but not the same. */
export function twoSided(wanted: Definition, found: Definition): DefinitionDifference {
  const sides = [wanted, found] as const;
  const [left, right] = sides.map(inOneForm) as [string[], string[]];
  const elsewhere = wanted.tablespace !== found.tablespace || wanted.accessMethod !== found.accessMethod;
  if (!elsewhere) {
    if (isSame(withoutOwner(left, wanted), withoutOwner(right, found)))
      return differenceOf(wanted, 'OWNER_DIFFERS', wanted.owner, found.owner);
    const states = [statesOf(wanted, left), statesOf(found, right)] as const;
    if (states[0] !== undefined || states[1] !== undefined) {
      const [before, after] = [states[0]?.others ?? left, states[1]?.others ?? right];
      const words = states.map(state => state?.words ?? 'enabled') as [string, string];
      if (isSame(before, after)) return differenceOf(wanted, 'TRIGGER_DISABLED', ...words);
    }
    if (isSame(left.map(validated), right.map(validated))) {
      const words = [left, right].map(side => (isSame(side, side.map(validated)) ? 'validated' : 'not validated'));
      return differenceOf(wanted, 'CONSTRAINT_NOT_VALIDATED', words[0] ?? '', words[1] ?? '');
    }
  }
  const code = `${kindOf(wanted)}_DIFFERS` as const;
  if (secretive.has(wanted.type)) return differenceOf(wanted, code, 'its definition', `another one ${hidden}`);
  const [here, there] = differingLines(linesOf(wanted), linesOf(found));
  if (here.length + there.length === 0) return differenceOf(wanted, code, 'its options', `other ones ${hidden}`);
  return differenceOf(wanted, code, limited(here, mostLines), limited(there, mostLines));
}

/** A constraint that is validated on one side only, though the pieces look nothing like one another. */
export function halfValidated(definition: Definition, where: 'MISSING' | 'EXTRA'): DefinitionDifference {
  return onSide(definition, where, 'CONSTRAINT_NOT_VALIDATED', 'not validated', 'validated');
}

function differenceOf(
  { type, schema, name, owner }: Definition,
  code: DefinitionDifference['code'],
  expected: string,
  found: string,
): DefinitionDifference {
  return { code, object: objectOf({ type, schema, name, owner }), expected, found, entry: { type, schema, name } };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((statement, index) => statement === other[index]);
}

function withoutOwner(statements: readonly string[], { owner }: Definition): string[] {
  const endings = [` OWNER TO ${owner}`, ` OWNER TO "${owner.replaceAll('"', '""')}"`];
  return statements.filter(one => !(one.startsWith('ALTER ') && endings.some(ending => one.endsWith(ending))));
}

function validated(statement: string): string {
  return statement.replace(/ NOT VALID$/, '');
}

const stateOfTrigger =
  /^ALTER (?:(?:FOREIGN )?TABLE|EVENT TRIGGER) .*? (ENABLE ALWAYS|ENABLE REPLICA|ENABLE|DISABLE)(?: TRIGGER .*| RULE .*)?$/s;
const states: Readonly<Record<string, string>> = {
  'ENABLE ALWAYS': 'enabled always',
  'ENABLE REPLICA': 'enabled on replicas',
  ENABLE: 'enabled',
  DISABLE: 'disabled',
};

/** Takes out of the statements of a trigger or rule what says when it fires; undefined where none says so. */
function statesOf(
  { type }: Definition,
  statements: readonly string[],
): { words: string; others: string[] } | undefined {
  if (type !== 'TRIGGER' && type !== 'EVENT TRIGGER' && type !== 'RULE') return undefined;
  const others = statements.filter(statement => !stateOfTrigger.test(statement));
  const stated = statements.find(statement => stateOfTrigger.test(statement));
  const [, word = ''] = (stated === undefined ? null : stateOfTrigger.exec(stated)) ?? [];
  return stated === undefined ? undefined : { words: states[word] ?? word, others };
}

/** For people: each line of the statements, and where they put what they make. */
function linesOf(definition: Definition): string[] {
  const { type, tablespace, accessMethod } = definition;
  const statements = inOneForm(definition).join(';\n');
  // options of foreign tables may hold passwords
  const shown = type === 'FOREIGN TABLE' ? withoutOptions(statements) : statements;
  return [
    ...(tablespace === '' ? [] : [`tablespace ${tablespace}`]),
    ...(accessMethod === '' ? [] : [`access method ${accessMethod}`]),
    ...shown.split('\n').map(line => line.trim().replace(/,$/, '')),
  ].filter(line => line !== '');
}

function withoutOptions(text: string): string {
  const at = text.indexOf('OPTIONS (');
  return at === -1 ? text : text.slice(0, at) + text.slice(at).replaceAll(/'[^']*'/g, "'…'");
}

/** The lines that only one side has; where both have the same in another order, those that stand elsewhere. */
function differingLines(left: readonly string[], right: readonly string[]): [string[], string[]] {
  let from = 0;
  while (from < left.length && from < right.length && left[from] === right[from]) from += 1;
  let toLeft = left.length;
  let toRight = right.length;
  while (toLeft > from && toRight > from && left[toLeft - 1] === right[toRight - 1]) {
    toLeft -= 1;
    toRight -= 1;
  }
  const [here, there] = [left.slice(from, toLeft), right.slice(from, toRight)];
  const only = [without(here, there), without(there, here)] as [string[], string[]];
  return only[0].length + only[1].length > 0 ? only : [here, there];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter(line => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}

function limited(lines: readonly string[], most: number): string {
  if (lines.length === 0) return 'nothing';
  const text = [...lines.slice(0, most), ...(lines.length > most ? ['…'] : [])].join('\n');
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
