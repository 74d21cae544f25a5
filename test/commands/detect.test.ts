import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { DetectResult } from '../../src/commands/detect.ts';
import { present } from '../../src/report/present.ts';
import { type TestRepository, makeFolder, makeRepository } from '../migrations/repository.ts';
import { type Ran, lifeboat, resultOf } from '../support/lifeboat.ts';

/** Runs it in the repository, as a step of a workflow that an event started. */
async function detect(
  t: TestContext,
  repository: TestRepository,
  inputs: Record<string, string> = {},
  [name, payload]: [name: string, payload: object] = ['workflow_dispatch', {}],
  env: Record<string, string> = {},
): Promise<Ran> {
  const eventPath = join(await makeFolder(t), 'event.json');
  await writeFile(eventPath, JSON.stringify(payload));
  const folder = process.cwd();
  process.chdir(repository.folder);
  try {
    return await lifeboat('detect', inputs, { env: { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: eventPath, ...env } });
  } finally {
    process.chdir(folder);
  }
}

async function started(t: TestContext) {
  const repository = await makeRepository(t);
  const base = await repository.commit({ 'prisma/migrations/1_a/migration.sql': 'a' });
  await repository.git('checkout', '-q', '-b', 'feature');
  const head = await repository.commit({ 'prisma/migrations/2_b/migration.sql': 'b' });
  return { repository, base, head };
}

const pullRequest = (base: string, head: string, from = 'me/shop', login = 'me') => ({
  pull_request: {
    number: 12,
    title: '$(touch pwned) `touch pwned`',
    user: { login },
    base: { sha: base, ref: 'main', repo: { full_name: 'me/shop' } },
    head: { sha: head, ref: 'feature', repo: from === '' ? null : { full_name: from } },
  },
});

describe('detect finds the migrations', () => {
  it('of a pull request', async t => {
    const { repository, base, head } = await started(t);
    assert.deepEqual(
      resultOf<DetectResult>(await detect(t, repository, {}, ['pull_request', pullRequest(base, head)])),
      {
        command: 'detect',
        base,
        head,
        mergeBase: base,
        tools: ['prisma'],
        layouts: [{ tool: 'prisma', folder: '' }],
        migrations: [{ path: 'prisma/migrations/2_b/migration.sql', from: null, tool: 'prisma', change: 'added' }],
        pullRequest: 12,
        untrusted: false,
      },
    );
  });

  it('of a merge queue and of a push, and none of a push without one', async t => {
    const { repository, base, head } = await started(t);
    const queue = {
      action: 'checks_requested',
      merge_group: { base_sha: base, head_sha: head, head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}` },
    };
    const queued = resultOf<DetectResult>(await detect(t, repository, {}, ['merge_group', queue]));
    assert.deepEqual([queued.migrations.length, queued.pullRequest, queued.untrusted], [1, 7, false]);
    const push = resultOf<DetectResult>(await detect(t, repository, {}, ['push', { before: base, after: head }]));
    assert.deepEqual([push.migrations.length, push.pullRequest], [1, null]);
    const next = await repository.commit({ 'src/a.ts': '' });
    const other = resultOf<DetectResult>(await detect(t, repository, {}, ['push', { before: head, after: next }]));
    assert.deepEqual([other.migrations, other.tools], [[], ['prisma']]);
  });

  it("of strangers: a fork's, also when it is gone, and Dependabot's", async t => {
    const { repository, base, head } = await started(t);
    const untrusted = async (from: string, login: string, env = {}) =>
      resultOf<DetectResult>(
        await detect(t, repository, {}, ['pull_request', pullRequest(base, head, from, login)], env),
      ).untrusted;
    assert.equal(await untrusted('stranger/shop', 'stranger'), true);
    assert.equal(await untrusted('', 'stranger'), true);
    assert.equal(await untrusted('me/shop', 'dependabot[bot]'), true);
    assert.equal(await untrusted('me/shop', 'dependabot[bot]', { GITHUB_ACTOR: 'me' }), false);
    assert.equal(await untrusted('me/shop', 'me', { GITHUB_ACTOR: 'dependabot[bot]' }), true);
  });

  it('by what the inputs say', async t => {
    const { repository, base, head } = await started(t);
    await repository.commit({ 'schema/1.sql': '' });
    const event: [string, object] = ['pull_request', pullRequest(base, head)];
    const result = resultOf<DetectResult>(
      await detect(t, repository, { base: 'main', head: 'feature', paths: '# ours\nschema/*.sql\n' }, event),
    );
    assert.deepEqual(
      result.migrations.map(({ path, tool }) => [path, tool]),
      [['schema/1.sql', 'sql']],
    );
  });
});

describe('detect is red', () => {
  it('with status 64 where nothing says what to compare with', async t => {
    const { repository, head } = await started(t);
    for (const event of [
      ['workflow_dispatch', {}],
      ['push', { before: '0'.repeat(40), after: head }],
    ] as [string, object][]) {
      const ran = await detect(t, repository, {}, event);
      assert.equal(ran.status, 64, ran.stderr);
      assert.match(
        ran.stderr,
        /^error: input base is missing: this event names no commit to compare with \(give the branch/,
      );
    }
  });

  it('with status 2 where it cannot know', async t => {
    const repository = await makeRepository(t);
    await repository.commit({ 'src/a.ts': '' });
    const ran = await detect(t, repository, { base: 'main' });
    assert.equal(ran.status, 2);
    assert.match(
      ran.stderr,
      /^error: could not verify: no known migration layout is anywhere in the repository \(say in/,
    );
  });
});

describe('the result of detect', () => {
  const result: DetectResult = {
    command: 'detect',
    base: 'b'.repeat(40),
    head: 'a'.repeat(40),
    mergeBase: 'c'.repeat(40),
    tools: ['prisma'],
    layouts: [
      { tool: 'prisma', folder: '' },
      { tool: 'sql', folder: 'apps/a|b' },
    ],
    migrations: [
      { path: 'db/1|<b>.sql', from: null, tool: 'sql', change: 'added' },
      { path: '::error::x\n@me.sql', from: 'old.sql', tool: 'sql', change: 'renamed' },
    ],
    pullRequest: 12,
    untrusted: false,
  };

  it('is shown with names that do no harm', () => {
    const { text, summary, outputs, exitStatus } = present(result, []);
    assert.equal(
      text,
      [
        '2 migrations in pull request 12',
        'Migration              Tool  Change',
        '---------------------  ----  --------------------',
        'db/1|<b>.sql           sql   added',
        ': :error::x | @me.sql  sql   renamed from old.sql',
        'compared aaaaaaaaaaaa with the merge base cccccccccccc',
        'looked at: prisma in ., sql in apps/a|b',
      ].join('\n'),
    );
    assert.equal(
      summary,
      [
        '### 2 migrations in pull request 12\n',
        '| Migration | Tool | Change |',
        '| :-- | :-- | :-- |',
        String.raw`| <code>db\/1\|&lt;b&gt;\.sql</code> | sql | added |`,
        String.raw`| <code>\: \:error\:\:x \| \@me\.sql</code> | sql | renamed from <code>old\.sql</code> |`,
        '',
        '- compared <code>aaaaaaaaaaaa</code> with the merge base <code>cccccccccccc</code>',
        String.raw`- looked at: prisma in <code>\.</code>, sql in <code>apps\/a\|b</code>`,
        '',
      ].join('\n'),
    );
    assert.deepEqual(outputs, { migrations: '2', untrusted: 'false', 'pull-request': '12' });
    assert.equal(exitStatus, 0);
  });

  it('says that there are none, or one, and that a stranger brings it', () => {
    const none = present({ ...result, migrations: [], pullRequest: null }, []);
    assert.match(none.text, /^no migrations\ncompared /);
    assert.match(none.summary, /^### No migrations\n\n- compared /);
    assert.deepEqual(none.outputs, { migrations: '0', untrusted: 'false', 'pull-request': '' });
    const one = present({ ...result, migrations: result.migrations.slice(0, 1), untrusted: true }, []);
    assert.match(
      one.text,
      /^1 migration in pull request 12\n[\s\S]*\nthe pull request comes from a fork or from Dependabot: this run has no secrets, so nothing can be rehearsed in it$/,
    );
    assert.equal(one.outputs.untrusted, 'true');
  });

  it('stays short, whatever there is', () => {
    const { text, summary, outputs } = present(
      {
        ...result,
        migrations: Array.from({ length: 3500 }, () => ({
          path: '&'.repeat(4000),
          from: '|'.repeat(4000),
          tool: 'sql',
          change: 'renamed' as const,
        })),
        layouts: Array.from({ length: 300 }, (_, index) => ({ tool: 'django', folder: `${index}/${'x'.repeat(300)}` })),
      },
      [],
    );
    assert.match(text, /\nand 3,450 more\n/);
    assert.match(summary, /\nand 3,450 more\n/);
    assert.match(text, /, 290 more$/);
    assert.equal(outputs.migrations, '3500');
    assert.ok(summary.length < 120_000, String(summary.length));
    assert.equal(text.split('\n').length, 1 + 2 + 50 + 3);
  });
});

describe('as a step of a workflow', () => {
  it('detect sets outputs and a summary', async t => {
    const { repository, base, head } = await started(t);
    const folder = await makeFolder(t);
    const files = Object.fromEntries(
      ['EVENT_PATH', 'OUTPUT', 'STEP_SUMMARY'].map(name => [`GITHUB_${name}`, join(folder, name)]),
    );
    for (const file of Object.values(files)) await writeFile(file, JSON.stringify(pullRequest(base, head)));
    await writeFile(files.GITHUB_OUTPUT ?? '', '');
    await writeFile(files.GITHUB_STEP_SUMMARY ?? '', '');
    const { runAction } = await import('../../src/main.ts');
    const folderBefore = process.cwd();
    const before = { ...process.env };
    const environment = { ...files, GITHUB_EVENT_NAME: 'pull_request', RUNNER_TEMP: folder, INPUT_COMMAND: 'detect' };
    Object.assign(process.env, environment);
    process.chdir(repository.folder);
    t.after(() => {
      process.chdir(folderBefore);
      process.env = before;
    });
    assert.equal(await runAction(environment), 0);
    assert.match(await readFile(files.GITHUB_OUTPUT ?? '', 'utf8'), /^migrations<<(\S+)\n1\n\1\n/m);
    assert.match(await readFile(files.GITHUB_STEP_SUMMARY ?? '', 'utf8'), /^### 1 migration in pull request 12\n/);
  });
});
