import type { DefinitionCode } from '../finding.ts';
import { kindOf, objectOf } from './definition-kinds.ts';
import { inOneForm, without } from './definition-form.ts';
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
/** That both sides have in front of where a long text differs. */
const charactersBefore = 100;
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
  const short = secretive.has(definition.type)
    ? where === 'MISSING'
      ? 'its definition'
      : `one ${hidden}`
    : cut(limited(linesOf(definition), mostLinesOfOne), 0);
  return onSide(definition, where, `${kindOf(definition)}_${where}`, short, 'none');
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
    if (wanted.owner !== found.owner && isSame(withoutOwner(left, wanted), withoutOwner(right, found)))
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
  const [here, there] = differingLines(wanted, found);
  if (here.length + there.length === 0) return differenceOf(wanted, code, 'its options', `other ones ${hidden}`);
  return differenceOf(wanted, code, ...shown(here, there));
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

/** The lines that tell the sides apart; none where only what is hidden does. */
function differingLines(wanted: Definition, found: Definition): [string[], string[]] {
  const lines = [wanted, found].map(side => [...placeOf(side), ...linesOf(side)]) as [string[], string[]];
  const only = apart(...lines);
  if (only[0].length + only[1].length > 0) return only;
  // the order of lines, or what was trimmed
  const exact = [wanted, found].map(side => withoutSecrets(side, side.text).split('\n')) as [string[], string[]];
  return middles(...exact);
}

function placeOf({ tablespace, accessMethod }: Definition): string[] {
  return [
    ...(tablespace === '' ? [] : [`tablespace ${tablespace}`]),
    ...(accessMethod === '' ? [] : [`access method ${accessMethod}`]),
  ];
}

function linesOf(definition: Definition): string[] {
  const lines = withoutSecrets(definition, inOneForm(definition).join('\n')).split('\n');
  return lines.map(line => line.trim().replace(/,$/, '')).filter(line => line !== '');
}

/** Options of foreign tables may hold passwords. */
function withoutSecrets({ type }: Definition, text: string): string {
  const at = type === 'FOREIGN TABLE' ? text.indexOf('OPTIONS (') : -1;
  return at === -1 ? text : text.slice(0, at) + text.slice(at).replaceAll(/'[^']*'/g, "'…'");
}

/** What is left without the lines that both sides begin and end with. */
function middles(left: readonly string[], right: readonly string[]): [string[], string[]] {
  const shorter = Math.min(left.length, right.length);
  let same = 0;
  while (same < shorter && left[same] === right[same]) same += 1;
  let sameAtEnd = 0;
  while (sameAtEnd < shorter - same && left.at(-1 - sameAtEnd) === right.at(-1 - sameAtEnd)) sameAtEnd += 1;
  return [left.slice(same, left.length - sameAtEnd), right.slice(same, right.length - sameAtEnd)];
}

/** The lines that only one side has. */
function apart(left: readonly string[], right: readonly string[]): [string[], string[]] {
  const [here, there] = middles(left, right);
  return [without(here, there, asItIs), without(there, here, asItIs)];
}

function asItIs(line: string): string {
  return line;
}

/** Both sides so short that they can be read, from where they begin to differ. */
function shown(here: readonly string[], there: readonly string[]): [string, string] {
  const [one, other] = [limited(here, mostLines), limited(there, mostLines)];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  const from = Math.max(one.length, other.length) > mostCharacters ? Math.max(0, same - charactersBefore) : 0;
  return [cut(one, from), cut(other, from)];
}

function limited(lines: readonly string[], most: number): string {
  return lines.length === 0 ? 'nothing' : [...lines.slice(0, most), ...(lines.length > most ? ['…'] : [])].join('\n');
}

function cut(text: string, from: number): string {
  const rest = text.slice(from, from + mostCharacters);
  return `${from > 0 ? '…' : ''}${rest}${from + mostCharacters < text.length ? '…' : ''}`;
}
