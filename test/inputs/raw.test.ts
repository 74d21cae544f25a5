import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { helpText } from '../../src/inputs/help.ts';
import { commandNames, definitions, definitionsFor } from '../../src/inputs/definitions.ts';
import { readAction, readTerminal } from '../../src/inputs/raw.ts';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exitStatus, 64);
    return `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

describe('inputs of the action', () => {
  it('come from the runner, with the defaults', () => {
    const { command, values } = readAction({
      INPUT_COMMAND: 'list',
      'INPUT_ACCESS-KEY-ID': ' key ',
      INPUT_STORE: 's3://b',
    });
    assert.equal(command, 'list');
    assert.deepEqual(Object.fromEntries(values), {
      command: 'list',
      store: 's3://b',
      'access-key-id': 'key',
      backup: 'latest',
      limit: '30',
      drills: 'false',
      format: 'table',
      report: 'auto',
      'keep-pre-migration': '90d',
      minimum: '3',
      timezone: 'UTC',
    });
  });

  it('that are empty count as not given', () => {
    const { values, warnings } = readAction({ INPUT_STORE: '', INPUT_NAME: '  \n', INPUT_JOBS: '' });
    assert.deepEqual([values.has('store'), values.has('name'), values.get('fingerprint')], [false, false, 'content']);
    assert.deepEqual(warnings, []);
  });

  it('mean a backup where they name no command', () => {
    assert.equal(readAction({}).command, 'backup');
  });

  it('name a command that exists', () => {
    assert.equal(
      refusal(() => readAction({ INPUT_COMMAND: 'destroy' })),
      'input command is "destroy" (it may be backup, list, verify, drill, restore, watch, prune, retain, detect, rehearse, comment, alert)',
    );
  });

  it('that the command does not use are said, unless they are the default', () => {
    const { values, warnings } = readAction({
      INPUT_COMMAND: 'list',
      'INPUT_TARGET-URL': 'postgresql://u:secret@h/d',
      INPUT_FINGERPRINT: 'content',
      INPUT_CLIENT: 'docker',
    });
    assert.deepEqual(warnings, [
      'input target-url is not used by the command list',
      'input client is not used by the command list',
    ]);
    assert.ok(!values.has('target-url'));
  });

  it('are not read from a variable of the terminal', () => {
    assert.ok(!readAction({ LIFEBOAT_STORE: 's3://b' }).values.has('store'));
  });
});

describe('inputs of the terminal', () => {
  it('that are true may be named alone', () => {
    assert.equal(readTerminal(['list', '--drills', '--store=file:///b'], {}).inputs.values.get('drills'), 'true');
  });

  it('come from the command line', () => {
    const { inputs, json } = readTerminal(['verify', '--store=file:///b', '--backup', 'latest', '--json'], {});
    assert.equal(inputs.command, 'verify');
    assert.equal(inputs.values.get('store'), 'file:///b');
    assert.equal(json, true);
  });

  it('come from the environment too, and the command line wins', () => {
    const environment = { LIFEBOAT_STORE: 'file:///env', LIFEBOAT_ACCESS_KEY_ID: 'key', INPUT_NAME: 'no' };
    const { inputs, json } = readTerminal(['list', '--store=file:///line'], environment);
    assert.equal(inputs.values.get('store'), 'file:///line');
    assert.equal(inputs.values.get('access-key-id'), 'key');
    assert.ok(!inputs.values.has('name'));
    assert.equal(json, false);
  });

  it('may name the command in the environment', () => {
    assert.equal(readTerminal([], { LIFEBOAT_COMMAND: 'list' }).inputs.command, 'list');
  });

  it('of retain may be mere words', () => {
    const { inputs } = readTerminal(['retain', 'some-id', 'forever', '--store=file:///s'], {
      LIFEBOAT_BACKUP: 'other',
    });
    assert.deepEqual(
      ['backup', 'retain', 'store'].map(name => inputs.values.get(name)),
      ['some-id', 'forever', 'file:///s'],
    );
    assert.equal(readTerminal(['retain', '--backup=a', '--retain=1y'], {}).inputs.values.get('retain'), '1y');
  });

  it('that are wrong are refused', () => {
    for (const [args, words] of [
      [
        [],
        'input command is missing (it may be backup, list, verify, drill, restore, watch, prune, retain, detect, rehearse, comment, alert; see pg-lifeboat --help)',
      ],
      [
        ['drop'],
        'input command is "drop" (it may be backup, list, verify, drill, restore, watch, prune, retain, detect, rehearse, comment, alert)',
      ],
      [['list', '--stor=x'], "the command line is wrong: Unknown option '--stor' (see pg-lifeboat --help)"],
      [
        ['list', '--store'],
        "the command line is wrong: Option '--store <value>' argument missing (see pg-lifeboat --help)",
      ],
      [
        ['list', '--json=1'],
        "the command line is wrong: Option '--json' does not take an argument (see pg-lifeboat --help)",
      ],
      [['list', 'other'], 'input command is followed by another word (inputs are given as --name=value)'],
      ...[['id'], ['id', '30d', 'more'], ['id', ''], ['--retain=30d', 'id', '30d']].map(
        words =>
          [
            ['retain', ...words],
            'input command is followed by other words than retain takes (write pg-lifeboat retain <backup> <retain>, or give them as --name=value)',
          ] as const,
      ),
    ] as const)
      assert.equal(
        refusal(() => readTerminal(args, {})),
        words,
      );
  });

  it('never show a secret that stands in the wrong place', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{6,12}$/).map(text => `Q${text}`);
    fc.assert(
      fc.property(secret, password => {
        const url = `postgresql://u:${password}@h/d`;
        for (const args of [
          [url],
          ['backup', url],
          ['backup', '--passphrase', 'my', password],
          ['backup', `--databaseurl=${url}`],
          ['backup', `-${url}`],
          ['backup', `--json=${url}`],
          ['backup', '--', url],
        ])
          assert.ok(!refusal(() => readTerminal(args, {})).includes(password), args.join(' '));
      }),
    );
  });
});

describe('the help', () => {
  it('names every command with its inputs, in lines that fit', () => {
    const text = helpText();
    for (const command of commandNames) assert.match(text, new RegExp(`^  ${command} `, 'm'));
    for (const { name } of definitions.filter(one => one.name !== 'command'))
      assert.ok(text.includes(`--${name}`), name);
    for (const line of text.split('\n')) assert.ok(line.length <= 140, line);
  });

  it('shows no input at a command that does not use it', () => {
    const [, list = ''] = /^ {2}list(.*?)^ {2}verify/ms.exec(helpText()) ?? [];
    const shown = [...list.matchAll(/--([a-z-]+)/g)].map(([, name]) => name);
    assert.deepEqual(
      shown,
      definitionsFor('list')
        .map(({ name }) => name)
        .filter(name => name !== 'command'),
    );
  });
});
