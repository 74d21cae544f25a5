import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { type TestRepository, makeFolder, makeRepository } from './repository.ts';

/** One with a migration on main, and a branch from there. */
async function started(t: TestContext): Promise<TestRepository> {
  const repository = await makeRepository(t);
  await repository.commit({ 'db/migrations/1.sql': 'one', 'db/migrations/2.sql': 'two', 'src/a.ts': 'a' });
  await repository.git('checkout', '-q', '-b', 'feature');
  return repository;
}

async function refusal(work: () => Promise<unknown>): Promise<[status: number, words: string]> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return [error.exitStatus, `${error.message} (${error.hint})`];
  }
  return assert.fail('nothing was refused');
}

describe('a change brings', () => {
  it('what was added, edited, moved, taken away, made a program or a link', async t => {
    const repository = await started(t);
    await repository.git('checkout', '-q', 'main');
    await repository.commit(Object.fromEntries([3, 4, 5, 6, 7].map(n => [`db/migrations/${n}.sql`, `content ${n}`])));
    await repository.git('checkout', '-q', '-b', 'other');
    await repository.git('mv', 'db/migrations/3.sql', 'db/migrations/33.sql');
    await repository.git('mv', 'db/migrations/6.sql', 'src/6.sql');
    await repository.git('mv', 'src/a.ts', 'src/b.ts');
    await repository.git('update-index', '--chmod=+x', 'db/migrations/4.sql');
    await repository.git('commit', '-q', '-m', 'moves');
    await repository.git('checkout', '-q', '.');
    await repository.link('db/migrations/7.sql', '1.sql');
    await repository.commit({
      'db/migrations/8.sql': 'new',
      'db/migrations/1.sql': 'edited',
      'db/migrations/2.sql': null,
    });
    const { migrations } = await repository.read();
    assert.deepEqual(
      migrations.map(({ change, path, from }) => [change, path, from]),
      [
        ['modified', 'db/migrations/1.sql', null],
        ['deleted', 'db/migrations/2.sql', null],
        ['renamed', 'db/migrations/33.sql', 'db/migrations/3.sql'],
        ['modified', 'db/migrations/4.sql', null],
        ['deleted', 'db/migrations/6.sql', null],
        ['modified', 'db/migrations/7.sql', null],
        ['added', 'db/migrations/8.sql', null],
      ],
    );
  });

  it('each of several that moved with the same content, as gone and as new', async t => {
    const repository = await started(t);
    await repository.git('checkout', '-q', 'main');
    await repository.commit({ 'migrations/a.sql': '', 'migrations/b.sql': '' });
    await repository.git('checkout', '-q', '-b', 'other');
    await repository.git('mv', 'migrations/a.sql', 'migrations/c.sql');
    await repository.commit({ 'migrations/d.sql': '' });
    assert.deepEqual(await repository.changes(), ['D migrations/a.sql', 'A migrations/c.sql', 'A migrations/d.sql']);
    await repository.commit({ 'migrations/b.sql': null, 'migrations/d.sql': null });
    assert.deepEqual(await repository.changes(), ['D migrations/a.sql', 'D migrations/b.sql', 'A migrations/c.sql']);
  });

  it('the first migration ever, and the last one', async t => {
    const repository = await makeRepository(t);
    await repository.commit({ 'src/a.ts': '' });
    await repository.git('checkout', '-q', '-b', 'first');
    await repository.commit({ 'supabase/migrations/1.sql': '' });
    const { tools, layouts } = await repository.read();
    assert.deepEqual([tools, layouts], [['supabase'], [{ tool: 'supabase', folder: '' }]]);
    assert.deepEqual(await repository.changes(), ['A supabase/migrations/1.sql']);

    await repository.git('checkout', '-q', '-b', 'last');
    await repository.commit({ 'supabase/migrations/1.sql': null });
    assert.deepEqual(await repository.changes({ base: 'first' }), ['D supabase/migrations/1.sql']);
  });

  it('a whole layout that moves to another tool', async t => {
    const repository = await started(t);
    await repository.commit({
      'db/migrations/1.sql': null,
      'db/migrations/2.sql': null,
      'prisma/migrations/1_init/migration.sql': 'one',
      'prisma/migrations/migration_lock.toml': 'x',
    });
    assert.deepEqual(
      (await repository.read()).migrations.map(({ change, tool, path }) => [change, tool, path]),
      [
        ['deleted', 'sql', 'db/migrations/2.sql'],
        ['renamed', 'prisma', 'prisma/migrations/1_init/migration.sql'],
        ['added', 'prisma', 'prisma/migrations/migration_lock.toml'],
      ],
    );
  });

  it('nothing, by an empty commit, by other files, and by what was taken back', async t => {
    const repository = await started(t);
    await repository.commit({});
    assert.deepEqual(await repository.changes(), []);
    await repository.commit({
      'src/a.ts': 'b',
      'README.md': '',
      'node_modules/x/migrations/1.sql': '',
      'vendor/migrations/1.sql': '',
    });
    assert.deepEqual(await repository.changes(), []);
    await repository.commit({ 'db/migrations/3.sql': 'x' });
    await repository.commit({ 'db/migrations/3.sql': null });
    assert.deepEqual(await repository.changes(), []);
    assert.deepEqual((await repository.read()).layouts, [{ tool: 'sql', folder: 'db' }]);
  });

  it('all of 3,500 files', async t => {
    const repository = await started(t);
    await repository.commit(
      Object.fromEntries(Array.from({ length: 3500 }, (_, index) => [`db/migrations/n${index}.sql`, `${index}`])),
    );
    assert.equal((await repository.changes()).length, 3500);
  });

  it('what git alone knows, whatever the working tree and the index hold', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/3.sql': 'x' });
    await repository.git('rm', '-q', '-r', '--cached', 'db');
    await rm(join(repository.folder, 'db'), { recursive: true });
    assert.deepEqual(await repository.changes(), ['A db/migrations/3.sql']);
  });

  it('the content of a name that only its content shows', async t => {
    const repository = await makeRepository(t);
    await repository.commit({
      'sql/schema/1.sql': '-- +goose Up\n',
      'sql/schema/2.sql': '-- +goose Up\n',
      'sql/queries/a.sql': 'SELECT 1',
    });
    await repository.git('checkout', '-q', '-b', 'feature');
    await repository.commit({
      'sql/schema/1.sql': null,
      'sql/schema/2.sql': 'SELECT 2',
      'sql/queries/a.sql': 'SELECT 2',
      'sql/schema/x.go': '',
    });
    assert.deepEqual(
      (await repository.read()).migrations.map(({ tool, path }) => `${tool} ${path}`),
      ['goose sql/schema/1.sql', 'goose sql/schema/2.sql'],
    );
  });
});

describe('it is compared with the merge base:', () => {
  it('what came to the base alone since does not count', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/feature.sql': 'x' });
    await repository.git('checkout', '-q', 'main');
    await repository.commit({ 'db/migrations/main.sql': 'x', 'db/migrations/1.sql': 'edited' });
    await repository.git('checkout', '-q', 'feature');
    assert.deepEqual(await repository.changes(), ['A db/migrations/feature.sql']);
  });

  it('nor does it when the base was merged into the head', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/feature.sql': 'x' });
    await repository.git('checkout', '-q', 'main');
    const newest = await repository.commit({ 'db/migrations/main.sql': 'y' });
    await repository.git('checkout', '-q', 'feature');
    await repository.git('merge', '-q', '--no-edit', 'main');
    const change = await repository.read();
    assert.deepEqual([change.base, change.mergeBase], [newest, newest]);
    assert.deepEqual(
      change.migrations.map(({ path }) => path),
      ['db/migrations/feature.sql'],
    );
  });

  it("in GitHub's test merge with the base that it was merged into, which may be newer than the event's", async t => {
    const repository = await started(t);
    const old = await repository.git('rev-parse', 'main');
    await repository.git('checkout', '-q', 'main');
    const newest = await repository.commit({ 'db/migrations/main.sql': 'y' });
    await repository.git('checkout', '-q', 'feature');
    await repository.git('merge', '-q', '--no-edit', 'main');
    const head = await repository.commit({ 'db/migrations/feature.sql': 'x' });
    await repository.git('checkout', '-q', '--detach', 'main');
    await repository.git('merge', '-q', '--no-ff', '--no-edit', 'feature');

    const event = { base: old, head };
    const change = await repository.read({ base: undefined, event });
    assert.deepEqual([change.base, change.head], [newest, head]);
    assert.deepEqual(
      change.migrations.map(({ path }) => path),
      ['db/migrations/feature.sql'],
    );
    // not so, when something else is checked out, or somebody says what to compare with
    await repository.git('checkout', '-q', 'feature');
    assert.equal((await repository.read({ base: undefined, event })).base, old);
    await repository.git('checkout', '-q', '-');
    assert.equal((await repository.read({ base: old, event })).base, old);
  });

  it('a merge commit as head brings all of what it merged', async t => {
    const repository = await started(t);
    await repository.git('checkout', '-q', '-b', 'part', 'main');
    await repository.commit({ 'db/migrations/part.sql': 'x' });
    await repository.git('checkout', '-q', 'feature');
    await repository.commit({ 'db/migrations/feature.sql': 'x2' });
    await repository.git('merge', '-q', '--no-edit', 'part');
    assert.deepEqual(await repository.changes(), ['A db/migrations/feature.sql', 'A db/migrations/part.sql']);
  });

  it('branches that were merged crosswise have two: all counts that differs from either, and from the base itself', async t => {
    const repository = await started(t);
    const { git } = repository;
    await repository.commit({ 'db/migrations/feature-1.sql': 'f1' });
    await git('tag', 'f1');
    await git('checkout', '-q', 'main');
    await repository.commit({ 'db/migrations/main-1.sql': 'm1' });
    await git('tag', 'm1');
    await git('merge', '-q', '--no-edit', 'f1');
    await git('checkout', '-q', 'feature');
    await git('merge', '-q', '--no-edit', 'm1');
    assert.equal((await git('merge-base', '--all', 'main', 'feature')).split('\n').length, 2);
    assert.deepEqual(await repository.changes(), []);

    await repository.commit({ 'db/migrations/feature-2.sql': 'f2', 'db/migrations/main-1.sql': 'edited' });
    await git('checkout', '-q', 'main');
    await repository.commit({ 'db/migrations/main-2.sql': 'm2' });
    await git('checkout', '-q', 'feature');
    assert.deepEqual(await repository.changes(), ['A db/migrations/feature-2.sql', 'M db/migrations/main-1.sql']);
    // taken back to what one of the merge bases had: only the other shows it
    await repository.commit({ 'db/migrations/main-1.sql': null, 'db/migrations/feature-1.sql': null });
    assert.deepEqual(await repository.changes(), [
      'D db/migrations/feature-1.sql',
      'A db/migrations/feature-2.sql',
      'D db/migrations/main-1.sql',
    ]);
  });
});

describe('base and head', () => {
  it('are what the inputs say, else the event, else HEAD', async t => {
    const repository = await started(t);
    const main = await repository.git('rev-parse', 'main');
    const first = await repository.commit({ 'db/migrations/3.sql': '3' });
    const second = await repository.commit({ 'db/migrations/4.sql': '4' });
    const event = { base: first, head: second };
    const both = async (options: object) => {
      const { base, head } = await repository.read({ base: undefined, ...options });
      return [base, head];
    };
    assert.deepEqual(await both({ event }), [first, second]);
    assert.deepEqual(await both({ event, base: 'main' }), [main, second]);
    assert.deepEqual(await both({ event, head: 'feature~1' }), [first, first]);
    assert.deepEqual(await both({ event: { base: main, head: undefined } }), [main, second]);
  });

  it('may be a branch that only origin has, and a tag', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/3.sql': '3' });
    await repository.git('tag', '-a', '-m', 'x', 'v1', 'main');
    const clone = await repository.clone();
    assert.deepEqual(await clone.changes(), ['A db/migrations/3.sql']);
    assert.deepEqual(await clone.changes({ base: 'v1' }), ['A db/migrations/3.sql']);
  });

  it('are branches before they are tags of the same name', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/3.sql': '3' });
    await repository.git('tag', 'main', 'feature');
    assert.deepEqual(await repository.changes(), ['A db/migrations/3.sql']);
    const clone = await repository.clone('--branch=feature');
    assert.deepEqual(await clone.changes(), ['A db/migrations/3.sql']);
  });

  it('that are nowhere said are asked for', async t => {
    const repository = await started(t);
    assert.deepEqual(await refusal(() => repository.read({ base: undefined })), [
      64,
      'input base is missing: this event names no commit to compare with (give the branch or commit that the change is to be compared with, such as main)',
    ]);
  });

  it('that are not there are named', async t => {
    const repository = await started(t);
    const gone = 'a'.repeat(40);
    assert.deepEqual(await refusal(() => repository.read({ base: 'nope' })), [
      64,
      'input base is "nope", which this clone does not have (name a commit, branch or tag that was fetched)',
    ]);
    assert.deepEqual(await refusal(() => repository.read({ head: 'nope' })), [
      64,
      'input head is "nope", which this clone does not have (name a commit, branch or tag that was fetched)',
    ]);
    assert.deepEqual(
      await refusal(() => repository.read({ base: undefined, event: { base: gone, head: undefined } })),
      [
        2,
        `could not verify: this clone lacks ${gone}, the base that the event names (it may be gone since a forced push; give actions/checkout the input fetch-depth: 0, or name another commit in the input base)`,
      ],
    );
    assert.deepEqual(await refusal(() => repository.read({ head: 'HEAD:db' })), [
      64,
      'input head is "HEAD:db", which this clone does not have (name a commit, branch or tag that was fetched)',
    ]);
  });
});

describe('a clone', () => {
  it('without the history is refused, with the input that mends it', async t => {
    const repository = await started(t);
    const base = await repository.git('rev-parse', 'main');
    await repository.git('checkout', '-q', 'main');
    await repository.commit({ 'src/m.ts': '1' });
    await repository.git('checkout', '-q', 'feature');
    for (const n of [3, 4, 5]) await repository.commit({ [`db/migrations/${n}.sql`]: 'x' });
    const head = await repository.git('rev-parse', 'HEAD');

    const one = await repository.clone('--depth=1', '--branch=feature');
    assert.deepEqual(await refusal(() => one.read({ base: undefined, event: { base, head } })), [
      2,
      `could not verify: this clone is shallow and lacks the base ${base} (give actions/checkout the input fetch-depth: 0)`,
    ]);
    const tip = await repository.git('rev-parse', 'main');
    const few = await repository.clone('--depth=1', '--no-single-branch', '--branch=feature');
    assert.deepEqual(await refusal(() => few.read()), [
      2,
      `could not verify: this clone is shallow and lacks the merge base of ${tip} and ${head} (give actions/checkout the input fetch-depth: 0)`,
    ]);
    const enough = await repository.clone('--depth=4', '--no-single-branch', '--branch=feature');
    assert.equal((await enough.changes()).length, 3);
  });

  it('that is cut short, and shows an older common ancestor in place of the best one, is refused', async t => {
    const repository = await makeRepository(t);
    const { git } = repository;
    await repository.commit({ 'migrations/1.sql': '1' });
    await git('branch', 'side');
    // the best common ancestor, reached from both branches by ways that end before it
    await repository.commit({ 'migrations/2.sql': '2' });
    await git('branch', 'feature');
    for (const n of [1, 2]) await repository.commit({ 'src/m.ts': `${n}` });
    await git(
      'merge',
      '-q',
      '--no-ff',
      '--no-edit',
      '-s',
      'ours',
      await git('commit-tree', '-p', 'side', '-m', 'x', 'side^{tree}'),
    );
    await git('checkout', '-q', 'feature');
    for (const n of [1, 2]) await repository.commit({ 'src/f.ts': `${n}` });
    await repository.commit({ 'migrations/2.sql': null });
    await git(
      'merge',
      '-q',
      '--no-ff',
      '--no-edit',
      '-s',
      'ours',
      await git('commit-tree', '-p', 'side', '-m', 'y', 'side^{tree}'),
    );
    assert.deepEqual(await repository.changes(), ['D migrations/2.sql']);

    const cut = await repository.clone('--depth=3', '--no-single-branch', '--branch=feature');
    const found = await cut.git('merge-base', 'origin/main', 'HEAD');
    assert.equal(found, await git('rev-parse', 'side'));
    assert.equal(await cut.git('diff', '--name-only', found, 'HEAD', '--', 'migrations'), '');
    const [status, words] = await refusal(() => cut.read());
    assert.equal(status, 2);
    assert.match(words, /shallow and lacks the merge base .* fetch-depth: 0/);
  });

  it('without blobs is enough, and nothing is fetched', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/3.sql': '3', 'db/migrations/1.sql': null });
    await repository.git('config', 'uploadpack.allowFilter', 'true');
    for (const options of [['--filter=blob:none'], ['--filter=blob:none', '--no-checkout']]) {
      const clone = await repository.clone(...options, '--branch=feature');
      const missing = () => clone.git('rev-list', '--objects', '--all', '--missing=print', '--no-object-names');
      const before = await missing();
      assert.match(before, /^\?/m);
      assert.deepEqual(await clone.changes(), ['D db/migrations/1.sql', 'A db/migrations/3.sql']);
      assert.equal(await missing(), before);
    }
  });

  it('without the targets of symbolic links is refused', async t => {
    const repository = await started(t);
    await repository.link('sql', 'db/migrations');
    await repository.commit({ 'db/migrations/3.sql': '3' });
    await repository.git('config', 'uploadpack.allowFilter', 'true');
    const checkedOut = await repository.clone('--filter=blob:none', '--branch=feature');
    assert.deepEqual(await checkedOut.changes(), ['A db/migrations/3.sql']);
    const clone = await repository.clone('--filter=blob:none', '--no-checkout', '--branch=feature');
    assert.deepEqual(await refusal(() => clone.read()), [
      2,
      'could not verify: this clone lacks what the symbolic link "sql" holds (give actions/checkout the input fetch-depth: 0 and no filter)',
    ]);
  });

  it('without trees is refused', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/3.sql': '3' });
    await repository.git('config', 'uploadpack.allowFilter', 'true');
    const clone = await repository.clone('--filter=tree:0', '--no-checkout', '--branch=feature');
    const [status, words] = await refusal(() => clone.read());
    assert.equal(status, 2);
    assert.match(
      words,
      /^could not verify: git ended with status 128: .* \(the clone may be partial; .*fetch-depth: 0 and no filter/,
    );
  });

  it('of which there is none is refused, and histories that have nothing in common', async t => {
    const repository = await started(t);
    const folder = await makeFolder(t);
    assert.deepEqual(await refusal(() => repository.read({ folder })), [
      2,
      'could not verify: the working directory is in no git repository (check it out first: actions/checkout with fetch-depth: 0, in an image that has git)',
    ]);
    await repository.git('checkout', '-q', '--orphan', 'alone');
    const head = await repository.commit({ 'db/migrations/1.sql': '1' });
    assert.deepEqual(await refusal(() => repository.read()), [
      2,
      `could not verify: ${await repository.git('rev-parse', 'main')} and ${head} have no common history (give as base a commit that the head grew from)`,
    ]);
  });

  it('cannot be read without git, which is said', async t => {
    const repository = await started(t);
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    t.after(() => (process.env.PATH = PATH));
    assert.deepEqual(await refusal(() => repository.read()), [
      2,
      'could not verify: git could not be started: there is no such program (install git in the image that the job runs in)',
    ]);
  });
});

describe('with paths', () => {
  it('only what they name counts, by the name of its tool where that is known', async t => {
    const repository = await started(t);
    await repository.commit({
      'db/migrations/3.sql': '',
      'db/migrations/dbmate.sql': '-- migrate:up\n',
      'schema/users.sql': '',
      'schema/users.json': '',
      'schema/old/users.sql': '',
      'node_modules/a/x.sql': '',
      'supabase/migrations/1.sql': '',
    });
    const read = async (...paths: string[]) => {
      const { tools, migrations } = await repository.read({ paths });
      return [tools, migrations.map(({ tool, path }) => `${tool} ${path}`)];
    };
    assert.deepEqual(await read('schema/**', '!schema/old/**'), [
      ['paths', 'sql'],
      ['paths schema/users.json', 'sql schema/users.sql'],
    ]);
    assert.deepEqual(await read('supabase/migrations/*.sql'), [['supabase'], ['supabase supabase/migrations/1.sql']]);
    assert.deepEqual(await read('node_modules/**'), [['sql'], ['sql node_modules/a/x.sql']]);
    assert.deepEqual(await read('db/migrations/*.sql'), [
      ['dbmate'],
      ['dbmate db/migrations/3.sql', 'dbmate db/migrations/dbmate.sql'],
    ]);
  });

  it('a glob counts that matches only before the change, and one that matches nothing is named', async t => {
    const repository = await started(t);
    await repository.commit({ 'db/migrations/1.sql': null, 'db/migrations/2.sql': null });
    assert.deepEqual(await repository.changes({ paths: ['db/**'] }), [
      'D db/migrations/1.sql',
      'D db/migrations/2.sql',
    ]);
    assert.deepEqual(await refusal(() => repository.read({ paths: ['db/**', 'migrations/*.sql', '!x/**'] })), [
      2,
      'could not verify: "migrations/*.sql" of the input paths matches no file, before or after the change (write it from the top of the repository, a folder as folder/**, or leave it out)',
    ]);
    assert.deepEqual(await refusal(() => repository.read({ paths: ['db/**', '!**'] })), [
      2,
      'could not verify: the lines of the input paths take out again every file that they name (leave out a line that begins with !)',
    ]);
  });

  it('none, and no known layout, it is not known whether there are migrations', async t => {
    const repository = await makeRepository(t);
    await repository.commit({ 'src/a.ts': '', 'vendor/migrations/1.sql': '', 'schema.sql': 'CREATE TABLE t ();' });
    assert.deepEqual(await refusal(() => repository.read()), [
      2,
      'could not verify: no known migration layout is anywhere in the repository (say in the input paths where the migrations are)',
    ]);
  });
});

describe('migrations that lie elsewhere count:', () => {
  it('through a symbolic link, when a file changes, and when the link does', async t => {
    const repository = await makeRepository(t);
    await repository.link('supabase/migrations', '../sql/now');
    await repository.commit({ 'sql/now/1.sql': '1', 'sql/other/1.sql': '1', 'sql/x.md': '' });
    await repository.git('checkout', '-q', '-b', 'file');
    await repository.commit({ 'sql/now/2.sql': '2', 'sql/other/2.sql': '2' });
    const { tools, migrations } = await repository.read();
    assert.deepEqual(tools, ['supabase']);
    assert.deepEqual(migrations, [{ path: 'sql/now/2.sql', from: null, tool: 'supabase', change: 'added' }]);
    assert.deepEqual(await repository.changes({ paths: ['supabase/**'] }), ['A sql/now/2.sql']);

    await repository.git('checkout', '-q', '-b', 'link', 'main');
    await repository.link('supabase/migrations', '../sql/other');
    await repository.commit({});
    assert.deepEqual(await repository.changes(), ['M supabase/migrations']);

    await repository.git('checkout', '-q', '-b', 'unlink', 'main');
    await repository.commit({ 'supabase/migrations': null });
    assert.deepEqual(await repository.changes(), ['D supabase/migrations']);
  });

  it('where a link takes the place of a submodule, a folder that of a link, and a file that of a folder', async t => {
    const repository = await makeRepository(t);
    const { git } = repository;
    const first = await repository.commit({ 'sql/1.sql': '1', 'prisma/migrations/1/migration.sql': '' });
    await git('update-index', '--add', '--cacheinfo', `160000,${first},supabase/migrations`);
    await git('commit', '-q', '-m', 'submodule');
    await git('checkout', '-q', '-b', 'link');
    await repository.link('supabase/migrations', '../sql');
    await repository.commit({});
    assert.deepEqual(await repository.changes(), ['M supabase/migrations']);
    await git('checkout', '-q', '-b', 'folder');
    await repository.commit({ 'supabase/migrations': null });
    await repository.commit({ 'supabase/migrations/1.sql': '1' });
    assert.deepEqual(await repository.changes({ base: 'link' }), [
      'D supabase/migrations',
      'A supabase/migrations/1.sql',
    ]);
    await git('checkout', '-q', '-b', 'file');
    await repository.commit({ 'supabase/migrations': null });
    await repository.commit({ 'supabase/migrations': 'text' });
    assert.deepEqual(await repository.changes({ base: 'folder' }), ['D supabase/migrations/1.sql']);
  });

  it('in a submodule, which cannot be looked into', async t => {
    const repository = await makeRepository(t);
    const { git } = repository;
    const first = await repository.commit({ 'src/a.ts': '' });
    const point = async (path: string, commit: string) => {
      await git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
      await git('commit', '-q', '-m', 'submodule');
    };
    await point('db/migrations', first);
    await point('themes/dark', first);
    const second = await git('rev-parse', 'HEAD');
    await git('checkout', '-q', '-b', 'feature');
    await point('db/migrations', second);
    await point('themes/dark', second);
    const { layouts, migrations } = await repository.read();
    assert.deepEqual(layouts, [{ tool: 'submodule', folder: 'db/migrations' }]);
    assert.deepEqual(migrations, [{ path: 'db/migrations', from: null, tool: 'submodule', change: 'modified' }]);
    assert.deepEqual(await repository.changes({ paths: ['themes/dark/sql/*.sql'] }), ['M themes/dark']);
    assert.deepEqual(await repository.changes({ paths: ['db/migrations'] }), ['M db/migrations']);
  });
});
