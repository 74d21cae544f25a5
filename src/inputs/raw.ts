import { parseArgs } from 'node:util';
import { Failure, wrongInput } from '../failure.ts';
import { type CommandName, type InputDefinition, commandNames, definitions, definitionsFor } from './definitions.ts';
import { choice } from './values.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Inputs as text, before anything is understood: only those that were given and are not empty. */
export interface RawInputs {
  command: CommandName;
  values: ReadonlyMap<string, string>;
  /** Things to say that stop nothing. */
  warnings: string[];
}

/** What the terminal asked for, beside the inputs. */
export interface TerminalRequest {
  inputs: RawInputs;
  json: boolean;
}

/** The inputs of the action, which the runner hands over as `INPUT_<NAME>`. */
export function readAction(environment: Environment): RawInputs {
  const given = new Map<string, string>();
  for (const definition of definitions) {
    const value = textOf(definition, environment[`INPUT_${definition.name.toUpperCase()}`]);
    if (value !== undefined) given.set(definition.name, value);
  }
  const named = new Set(given.keys());
  return sorted(choice('command', given.get('command') ?? 'backup', commandNames), given, named);
}

/**
 * The inputs of the command line: `pg-lifeboat <command> --store=…`, each also from the environment as `LIFEBOAT_STORE`. The
 * command line wins; `pg-lifeboat retain <backup> <retain>` may do without the names. Throws exit status 64 for anything unknown.
 */
export function readTerminal(args: readonly string[], environment: Environment): TerminalRequest {
  const options = Object.fromEntries(definitions.map(({ name }) => [name, { type: 'string' as const }]));
  let parsed;
  try {
    parsed = parseArgs({
      args: args.map(completeFlag),
      options: { ...options, json: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new Failure(`the command line is wrong: ${(error as Error).message.split('. ')[0]}`, {
      hint: 'see pg-lifeboat --help',
      exitStatus: 64,
      cause: error,
    });
  }
  const { json, ...named } = parsed.values as Record<string, string | boolean | undefined>;
  const given = new Map<string, string>();
  for (const definition of definitions) {
    const { name } = definition;
    const value = named[name] ?? environment[`LIFEBOAT_${name.replaceAll('-', '_').toUpperCase()}`];
    const text = typeof value === 'string' ? textOf(definition, value) : undefined;
    if (text !== undefined) given.set(name, text);
  }
  const [word = given.get('command'), ...others] = parsed.positionals;
  if (word === undefined)
    throw wrongInput('command', 'is missing', `it may be ${commandNames.join(', ')}; see pg-lifeboat --help`);
  const command = choice('command', word, commandNames);
  const words = inputsOfWords(command, others, named);
  return {
    inputs: sorted(command, new Map([...given, ...words]), new Set([...Object.keys(named), ...words.keys()])),
    json: json === true,
  };
}

/** The inputs that may stand as mere words after a command, in this order. */
const wordsAfter: Partial<Record<CommandName, readonly string[]>> = { retain: ['backup', 'retain'] };

function inputsOfWords(
  command: CommandName,
  words: readonly string[],
  named: Readonly<Record<string, unknown>>,
): Map<string, string> {
  if (words.length === 0) return new Map();
  const inputs = wordsAfter[command];
  if (inputs === undefined)
    throw wrongInput('command', 'is followed by another word', 'inputs are given as --name=value');
  const double = inputs.find(input => named[input] !== undefined);
  if (words.length !== inputs.length || double !== undefined || words.includes(''))
    throw wrongInput(
      'command',
      `is followed by other words than ${command} takes`,
      `write pg-lifeboat ${command} <${inputs.join('> <')}>, or give them as --name=value`,
    );
  return new Map(words.map((text, index) => [inputs[index] ?? '', text]));
}

/** An input's text as it was meant: without blanks around it, but for a passphrase, where they count. Undefined when there is none. */
function textOf({ isVerbatim }: InputDefinition, value: string | undefined): string | undefined {
  const trimmed = value?.trim() ?? '';
  if (trimmed === '') return undefined;
  return isVerbatim === true ? value : trimmed;
}

/** `--dry-run` alone means `--dry-run=true`. */
function completeFlag(argument: string): string {
  const isFlag = definitions.some(({ name, default: value }) => value === 'false' && argument === `--${name}`);
  return isFlag ? `${argument}=true` : argument;
}

/** Only inputs that were `named` for this very command can be out of place: an environment serves many commands. */
function sorted(command: CommandName, given: ReadonlyMap<string, string>, named: ReadonlySet<string>): RawInputs {
  const used = new Set(definitionsFor(command).map(definition => definition.name));
  const warnings: string[] = [];
  const values = new Map<string, string>();
  for (const definition of definitions) {
    const value = given.get(definition.name) ?? definition.default;
    if (value === undefined) continue;
    if (used.has(definition.name)) values.set(definition.name, value);
    else if (named.has(definition.name) && value !== definition.default)
      warnings.push(`input ${definition.name} is not used by the command ${command}`);
  }
  return { command, values, warnings };
}
