import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { type CommentInputs, type DetectInputs, type RehearseInputs, readInputs } from '../../src/inputs/inputs.ts';
import { type Environment, readTerminal } from '../../src/inputs/raw.ts';

type Given = Readonly<Record<string, string>>;

const least: Record<string, Given> = {
  detect: {},
  rehearse: { 'target-url': 'postgresql://user:password@host/database' },
  comment: { body: 'said', 'github-token': 'token' },
};

function read<T>(command: string, more: Given = {}, environment: Environment = {}): T {
  const args = Object.entries({ ...least[command], ...more }).map(([name, value]) => `--${name}=${value}`);
  return readInputs(readTerminal([command, ...args], {}).inputs, environment) as T;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exitStatus, 64);
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

const event = {
  name: undefined,
  base: undefined,
  head: undefined,
  pullRequest: undefined,
  isFork: false,
  isOfDependabot: false,
};

describe('the inputs of detect', () => {
  it('have these defaults', () => {
    assert.deepEqual(read('detect'), { command: 'detect', paths: [], base: undefined, head: undefined, event });
  });

  it('are all understood', () => {
    assert.deepEqual(
      read<DetectInputs>('detect', {
        paths: '# ours\n\n db/**/*.sql \n!db/seeds/**',
        base: 'release/1.x',
        head: 'v1.2^2~3',
      }),
      {
        command: 'detect',
        paths: ['db/**/*.sql', '!db/seeds/**'],
        base: 'release/1.x',
        head: 'v1.2^2~3',
        event,
      },
    );
  });

  it('name a commit, never an option of git, a range or a file', () => {
    for (const input of ['base', 'head'] as const) {
      for (const value of ['main', 'HEAD', 'HEAD~', 'feature/x-1', 'a'.repeat(40), 'origin/main', 'refs/tags/v1'])
        assert.equal(read<DetectInputs>('detect', { [input]: value })[input], value);
      for (const value of ['-x', '--output=x', 'main:file', '@{u}', '$(x)', 'a b', 'a\nb', ':/x', '^main'])
        assert.match(
          refusal(() => read('detect', { [input]: value })),
          new RegExp(`^input ${input} is ".*" \\(it may be a commit, a branch or a tag\\)$`, 's'),
        );
    }
  });
});

describe('the inputs of rehearse', () => {
  it('have these defaults', () => {
    assert.deepEqual(read<RehearseInputs>('rehearse'), {
      command: 'rehearse',
      paths: [],
      base: undefined,
      head: undefined,
      event,
      targetUrl: 'postgresql://user:password@host/database',
      sslRootCert: undefined,
      client: 'auto',
      jobs: 2,
      migrateCommand: undefined,
      migrateRole: undefined,
      migrateTimeoutSeconds: 1800,
      downCommand: undefined,
      repeat: false,
      maxLockSeconds: undefined,
      checks: undefined,
      checkCommand: undefined,
      checkTimeoutSeconds: 300,
      accept: [],
      hideNames: false,
    });
  });

  it('hide names where others may read them, unless they are not to', () => {
    const open = { GITHUB_ACTIONS: 'true' };
    assert.equal(read<RehearseInputs>('rehearse', {}, open).hideNames, true);
    assert.equal(read<RehearseInputs>('rehearse', { report: 'public' }, open).hideNames, false);
  });

  it('accept findings, but no upgrade', () => {
    assert.equal(
      refusal(() => read('rehearse', { accept: 'upgrade' })),
      'input accept has the line "upgrade" (a rehearsal knows of no upgrade; leave it out)',
    );
  });
});

describe('the inputs of comment', () => {
  const environment = { GITHUB_REPOSITORY: 'me/shop' };

  it('have these defaults', () => {
    assert.deepEqual(read<CommentInputs>('comment', {}, environment), {
      command: 'comment',
      pullRequest: undefined,
      name: undefined,
      body: 'said',
      updateOnly: false,
      token: 'token',
      repository: 'me/shop',
      apiUrl: 'https://api.github.com',
    });
  });

  it('are all understood', () => {
    const inputs = read<CommentInputs>(
      'comment',
      { 'pull-request': '12' },
      { ...environment, GITHUB_API_URL: 'https://git.example.org/api/v3' },
    );
    assert.deepEqual([inputs.pullRequest, inputs.apiUrl], [12, 'https://git.example.org/api/v3']);
  });

  it('are refused in words', () => {
    for (const value of ['0', '-1', 'x', '1.5', '1/../2', '1000000000'])
      assert.match(
        refusal(() => read('comment', { 'pull-request': value }, environment)),
        /^input pull-request is ".*" \(it may be a whole number from 1 to 999999999\)$/,
      );
    for (const repository of [undefined, 'shop', 'me/shop/x', '../x y'])
      assert.equal(
        refusal(() => read('comment', {}, { GITHUB_REPOSITORY: repository })),
        'input github-token works only in a workflow (the command comment needs GITHUB_REPOSITORY)',
      );
  });
});
