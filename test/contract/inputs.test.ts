import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandNames, definitions, definitionsFor } from '../../src/inputs/definitions.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readAction, readTerminal } from '../../src/inputs/raw.ts';

/** What a command cannot do without; all else is left at its default. */
const necessary: Readonly<Record<string, string>> = {
  'database-url': 'postgresql://user:password@localhost/shop',
  'target-url': 'postgresql://user:password@localhost/copy',
  recipients: 'age1',
  store: 'file:///srv/backups',
  body: 'said',
  keep: '7d',
  retain: '90d',
  'github-token': 'token',
  name: 'shop',
  outcomes: 'backup: success',
};
const environment = { GITHUB_REPOSITORY: 'owner/name' };

class RecordingMap extends Map<string, string> {
  readonly asked = new Set<string>();

  override get(name: string): string | undefined {
    this.asked.add(name);
    return super.get(name);
  }
}

describe('inputs', () => {
  for (const command of commandNames) {
    const used = definitionsFor(command).map(({ name }) => name);
    const args = used.flatMap(name => (necessary[name] === undefined ? [] : [`--${name}=${necessary[name]}`]));

    it(`${command} reads exactly the inputs that are defined for it`, () => {
      const { inputs } = readTerminal([command, ...args], {});
      const values = new RecordingMap(inputs.values);
      readInputs({ ...inputs, values }, environment);
      const expected = used.filter(name => name !== 'command');
      assert.deepEqual([...values.asked].sort(), expected.sort());
    });

    it(`${command} accepts every default`, () => {
      const { inputs } = readTerminal([command, ...args], {});
      for (const { name, default: value } of definitionsFor(command))
        if (value !== undefined && name !== 'command') assert.equal(inputs.values.get(name), value);
      assert.deepEqual(inputs.warnings, []);
      assert.equal(readInputs(inputs, environment).command, command);
    });
  }

  it('are the same from a workflow, a command line and the environment', () => {
    const values = definitions
      .filter(({ name }) => name !== 'command')
      .map(({ name }, index) => [name, String(index)] as const);
    const inEnvironment = (prefix: string, change: (name: string) => string) =>
      Object.fromEntries(values.map(([name, value]) => [prefix + change(name).toUpperCase(), value]));
    const fromAction = readAction(inEnvironment('INPUT_', name => name));
    const fromArguments = readTerminal(['backup', ...values.map(([name, value]) => `--${name}=${value}`)], {});
    const fromEnvironment = readTerminal(
      ['backup'],
      inEnvironment('LIFEBOAT_', name => name.replaceAll('-', '_')),
    );
    assert.deepEqual(fromArguments.inputs, fromAction);
    // an environment serves many commands, so nothing in it is out of place
    assert.deepEqual(fromEnvironment.inputs, { ...fromAction, warnings: [] });
  });

  it('that hold a secret are marked as such', () => {
    const secrets = definitions.filter(({ secret }) => secret === true).map(({ name }) => name);
    const look =
      /(?:-url|passphrase|identity|private-key|access-key|access-key-id|token|webhook|webhook-secret|files-key)$/;
    assert.deepEqual(
      secrets,
      definitions.map(({ name }) => name).filter(name => look.test(name)),
    );
  });
});
