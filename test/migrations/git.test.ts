import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { openRepository } from '../../src/migrations/git.ts';
import { makeFolder, makeRepository } from './repository.ts';

const open = async (t: TestContext, folder: string) =>
  openRepository(folder, await makeFolder(t), new AbortController().signal);

describe('names of files go through git as they are:', () => {
  it('with line ends, quotes, dashes, shells, colons and what is no UTF-8', async t => {
    const repository = await makeRepository(t);
    await repository.commit({});
    const names = [
      '-rf.sql',
      '--output=x.sql',
      'a\nb.sql',
      'a\tb.sql',
      `it's "quoted".sql`,
      '$(touch pwned).sql',
      '`touch pwned`.sql',
      ':(exclude)x.sql',
      ':/x.sql',
      '*.sql',
      'ünïcode-日本.sql',
      ' spaces .sql',
      '\\back\\slash.sql',
      '::set-output name=x::y.sql',
    ];
    await repository.git('checkout', '-q', '-b', 'feature');
    await repository.commit(Object.fromEntries(names.map(name => [`migrations/${name}`, name])));
    // a name that JavaScript has no string for
    await writeFile(
      Buffer.concat([
        Buffer.from(join(repository.folder, 'migrations/')),
        Buffer.from([0x31, 0xff, 0xfe, 0x2e, 0x73, 0x71, 0x6c]),
      ]),
      'x',
    );
    await repository.commit({});
    assert.deepEqual(
      (await repository.read()).migrations.map(({ path }) => path).sort(),
      [...names, '1\ufffd\ufffd.sql'].map(name => `migrations/${name}`).sort(),
    );
    assert.ok(!(await readdir(repository.folder)).includes('pwned'));
    await assert.rejects(access('pwned'));
  });

  it('whatever they are', async t => {
    const repository = await makeRepository(t);
    const character = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom('\n', '"', "'", '\\', '-', ' ', '$', '`', ':', '*', '?', '[', '|', '\t', '.', '\u202e'),
    );
    const name = fc
      .array(character, { minLength: 1, maxLength: 20 })
      .map(all => all.join(''))
      .filter(
        one =>
          one.isWellFormed() && !/[/\0]/.test(one) && !/^\.{1,2}$|^\.git/i.test(one) && Buffer.byteLength(one) < 100,
      );
    await repository.commit({});
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), async names => {
        const folder = `migrations/${(round += 1)}`;
        await repository.git('checkout', '-q', '-B', 'feature', 'main');
        await repository.commit(Object.fromEntries(names.map(one => [`${folder}/${one}.sql`, one])));
        const { migrations } = await repository.read();
        assert.deepEqual(migrations.map(({ path }) => path).sort(), names.map(one => `${folder}/${one}.sql`).sort());
      }),
      { numRuns: 8 },
    );
  });
});

describe('nothing of a repository changes what is seen:', () => {
  it('no attributes, no configuration, no submodule that hides itself, and nothing runs', async t => {
    const repository = await makeRepository(t);
    const { folder, git } = repository;
    await repository.commit({ 'migrations/1.sql': 'a' });
    await git('checkout', '-q', '-b', 'feature');
    const commit = await git('rev-parse', 'HEAD');
    await writeFile(
      join(folder, '.gitmodules'),
      '[submodule "db/migrations"]\n\tpath = db/migrations\n\turl = x\n\tignore = all\n',
    );
    await repository.commit({
      '.gitattributes': '* -diff diff=x filter=x export-ignore linguist-generated\n',
      'migrations/2.sql': 'b',
    });
    await git('update-index', '--add', '--cacheinfo', `160000,${commit},db/migrations`);
    await git('commit', '--quiet', '--message=submodule');
    const command = join(folder, 'touch-pwned');
    await writeFile(command, `#!/bin/sh\ntouch ${join(folder, 'pwned')}\n`, { mode: 0o755 });
    for (const [name, value] of [
      ['diff.external', command],
      ['diff.x.textconv', command],
      ['diff.x.command', command],
      ['filter.x.clean', 'cat'],
      ['filter.x.smudge', command],
      ['core.fsmonitor', command],
      ['core.pager', command],
      ['pager.diff-tree', command],
      ['core.sshCommand', command],
      ['diff.renames', 'copies'],
      ['diff.ignoreSubmodules', 'all'],
      ['diff.relative', 'true'],
      ['core.quotePath', 'true'],
      ['status.relativePaths', 'true'],
      ['submodule.db/migrations.ignore', 'all'],
      ['alias.diff-tree', `!${command}`],
    ] as const)
      await git('config', name, value);
    await writeFile(join(folder, '.git/hooks/post-index-change'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
    await mkdir(join(folder, 'deep/er'), { recursive: true });

    assert.deepEqual(await repository.changes({ folder: join(folder, 'deep/er') }), [
      'A db/migrations',
      'A migrations/2.sql',
    ]);
    assert.ok(!(await readdir(folder)).includes('pwned'));
  });

  it('and no commit takes the place of another', async t => {
    const repository = await makeRepository(t);
    const empty = await repository.commit({});
    await repository.git('checkout', '-q', '-b', 'feature');
    const head = await repository.commit({ 'migrations/1.sql': 'a' });
    await repository.git(
      'replace',
      head,
      await repository.git('commit-tree', '-p', empty, '-m', 'x', `${empty}^{tree}`),
    );
    assert.deepEqual(await repository.changes(), ['A migrations/1.sql']);
  });
});

describe('a checkout', () => {
  it('that belongs to another user is read all the same', async t => {
    if (process.getuid?.() !== 0) return t.skip('only root can give files away');
    const repository = await makeRepository(t);
    await repository.commit({ 'migrations/1.sql': 'a' });
    await repository.git('checkout', '-q', '-b', 'feature');
    await repository.commit({ 'migrations/2.sql': 'a' });
    for (const path of ['', '.git']) await chown(join(repository.folder, path), 1234, 1234);
    await assert.rejects(
      promisify(execFile)('git', ['-C', repository.folder, 'log'], { env: { HOME: '/', PATH: process.env.PATH } }),
      /dubious ownership/,
    );
    assert.deepEqual(await repository.changes(), ['A migrations/2.sql']);
  });

  it('in a subfolder of which we are is the whole one', async t => {
    const repository = await makeRepository(t);
    await repository.commit({ 'a/x': '' });
    await repository.git('checkout', '-q', '-b', 'feature');
    await repository.commit({ 'b/migrations/1.sql': 'a' });
    assert.deepEqual(await repository.changes({ folder: join(repository.folder, 'a') }), ['A b/migrations/1.sql']);
  });

  it('of another working tree of the repository is read', async t => {
    const repository = await makeRepository(t);
    await repository.commit({ 'migrations/1.sql': 'a' });
    const tree = join(await makeFolder(t), 'tree');
    await repository.git('worktree', 'add', '-q', '-b', 'feature', tree);
    assert.deepEqual(await repository.changes({ folder: tree }), []);
  });
});

describe('what blobs begin with', () => {
  it('is read to 64 KiB, in any order and of any length; what is not there is left out', async t => {
    const repository = await makeRepository(t);
    const contents = [
      '',
      'a\n',
      '\n',
      'x'.repeat(200_000),
      'blob 3\nmissing\n',
      'ä'.repeat(40_000),
      Buffer.from([0, 255, 10]),
    ];
    await repository.commit(Object.fromEntries(contents.map((content, index) => [String(index), content])));
    const opened = await open(t, repository.folder);
    const entries = await opened.entries('HEAD');
    const oids = contents.map((_, index) => entries.get(String(index))?.oid ?? '');
    const found = await opened.beginnings([...oids, '0'.repeat(40), ...oids]);
    assert.equal(found.size, contents.length);
    assert.deepEqual(
      oids.map(oid => found.get(oid)),
      contents.map(content => Buffer.from(content).subarray(0, 65_536).toString()),
    );
  });

  it('of thousands', async t => {
    const repository = await makeRepository(t);
    await repository.commit(
      Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`m/${index}`, `${index}\n`.repeat(index % 50)])),
    );
    const opened = await open(t, repository.folder);
    const entries = [...(await opened.entries('HEAD'))];
    const found = await opened.beginnings(entries.map(([, { oid }]) => oid));
    for (const [path, { oid }] of entries) {
      const index = Number(path.slice(2));
      assert.equal(found.get(oid), `${index}\n`.repeat(index % 50));
    }
  });
});
