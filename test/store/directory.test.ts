import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ObjectMissing } from '../../src/store/missing.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { bytes, collect } from '../../src/streams.ts';
import { all, assertFails, Body, failureOf, keysOf, mebibyte } from './trial.ts';

interface Place {
  /** A folder outside of the store, for what no store may touch. */
  outside: string;
  root: string;
  store: Store;
}

async function openPlace(t: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, 'backups');
  const outside = join(folder, 'outside');
  await mkdir(outside);
  return { outside, root, store: openFolder(root) };
}

function openFolder(folder: string): Store {
  return openStore(pathToFileURL(folder).href);
}

/** Everything below a folder, with `/` behind folders. */
async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const names = entries.map(entry => join(entry.parentPath, entry.name) + (entry.isDirectory() ? '/' : ''));
  return names.map(name => name.slice(folder.length + 1)).sort();
}

/** Mounts a small file system, or gives undefined after the test was marked as skipped. */
async function mountSmall(t: TestContext, sizeBytes: number): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    t.skip('only root can mount a small file system, on Linux');
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true });
    t.skip(`mount is refused: ${(error as Error).message}`);
    return undefined;
  }
  t.after(async () => {
    execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

test('disk full (directory store)', async t => {
  const small = await mountSmall(t, 8 * mebibyte);
  if (small === undefined) return;
  const store = openFolder(join(small, 'backups'));
  await store.put('db/good', new Body(3 * mebibyte));
  const body = new Body(20 * mebibyte);
  const message = /^cannot write object db\/bad in file:\/\/.*\/backups: the disk is full \(ENOSPC\)$/;
  await assertFails(store.put('db/bad', body), message, /free space/);
  assert.equal(body.closed, 1);
  assert.deepEqual(await tree(small), ['backups/', 'backups/db/', 'backups/db/good']);
  assert.equal((await store.put('db/next', new Body(3 * mebibyte))).sizeBytes, 3 * mebibyte, 'the space is free again');
});

test('a disk that is full, or read-only, is found before anything is dumped', async t => {
  const small = await mountSmall(t, mebibyte);
  if (small === undefined) return;
  const store = openFolder(small);
  await writeFile(join(small, 'filler'), Buffer.alloc(mebibyte)).catch(() => {});
  await assertFails(store.checkWritable('db/'), /the disk is full/, /free space/);
  execFileSync('mount', ['-o', 'remount,ro', small]);
  await assertFails(store.checkWritable('db/'), /it is mounted read-only \(EROFS\)/, /mount it writable/);
  await assertFails(store.put('db/a', bytes('x')), /it is mounted read-only/);
  assert.deepEqual(await tree(small), ['filler']);
});

test('the root is made by the first write if its parent exists, and by nothing else', async t => {
  const { root, store } = await openPlace(t);
  await store.checkWritable('db/');
  assert.deepEqual(await keysOf(store), []);
  assert.equal(await store.stat('db/a'), undefined);
  assert.equal(await store.clearUnfinished(''), 0);
  await store.remove('db/a');
  await assert.rejects(stat(root), { code: 'ENOENT' });
  await store.put('db/a', bytes('x'));
  assert.deepEqual(await tree(root), ['db/', 'db/a']);
});

test('a root whose parent is missing is refused for reading and writing, for it may be a disk that is not mounted', async t => {
  const { root } = await openPlace(t);
  const store = openFolder(join(root, 'not-mounted', 'backups'));
  const message = /^cannot use file:\/\/.*not-mounted\/backups: there is no folder .*not-mounted$/;
  const hint = /is the disk mounted\?/;
  for (const work of [
    () => store.checkWritable(''),
    () => store.put('a', bytes('x')),
    () => store.get('a'),
    () => store.stat('a'),
    () => keysOf(store),
    () => all(store.listFolders('')),
    () => store.remove('a'),
    () => store.clearUnfinished(''),
  ]) {
    assert.equal((await assertFails(work(), message, hint)).exitStatus, 64);
  }
  await assert.rejects(stat(root), { code: 'ENOENT' });
});

test('a root that is a file is refused', async t => {
  const { root, store } = await openPlace(t);
  await writeFile(root, 'x');
  await assertFails(store.checkWritable(''), /is no folder/);
  await assertFails(keysOf(store), /is no folder/);
});

test('a root may be a symbolic link itself', async t => {
  const { root, outside, store } = await openPlace(t);
  await symlink(outside, root);
  await store.put('db/a', bytes('x'));
  assert.deepEqual(await tree(outside), ['db/', 'db/a']);
  assert.deepEqual(await keysOf(store), ['db/a']);
  await store.remove('db/a');
  assert.deepEqual(await tree(outside), []);
});

test('files and folders are for the owner alone', async t => {
  const { root, store } = await openPlace(t);
  await store.put('db/2026/a', bytes('x'));
  const modes = await Promise.all(
    ['', 'db', 'db/2026', 'db/2026/a'].map(async name => (await stat(join(root, name))).mode),
  );
  assert.deepEqual(
    modes.map(mode => (mode & 0o777).toString(8)),
    ['700', '700', '700', '600'],
  );
});

test('an object appears only when it is whole', async t => {
  const { root, store } = await openPlace(t);
  const body = async function* () {
    yield* new Body(9 * mebibyte);
    assert.deepEqual(await keysOf(store), []);
    assert.equal(await store.stat('db/a'), undefined);
    const [partial = ''] = await readdir(join(root, 'db'));
    assert.match(partial, /^\.a\.[0-9a-f]{16}\.partial$/);
    assert.equal((await stat(join(root, 'db', partial))).mode & 0o777, 0o600);
  };
  await store.put('db/a', body());
  assert.deepEqual(await tree(root), ['db/', 'db/a']);
});

test('a byte that the disk changes is found by reading back, and the object is removed', async t => {
  const { root, store } = await openPlace(t);
  const body = async function* () {
    yield* new Body(9 * mebibyte);
    const [partial = ''] = await readdir(join(root, 'db'));
    const file = await open(join(root, 'db', partial), 'r+');
    await file.write(Buffer.from('flipped'), 0, 7, 1_000);
    await file.close();
  };
  await assertFails(store.put('db/a', body()), /object db\/a in .* reads back differently/, /disk/);
  assert.deepEqual(await tree(root), []);
});

test('unfinished files are not listed, and clearUnfinished removes those under the prefix alone', async t => {
  const { root, store } = await openPlace(t);
  await store.put('db/1/a', bytes('x'));
  await store.put('other/a', bytes('x'));
  const random = '0123456789abcdef';
  for (const name of [`db/1/.b.${random}.partial`, `db/2/.c.${random}.partial`, `other/.a.${random}.partial`]) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), 'half');
  }
  assert.deepEqual(await keysOf(store), ['db/1/a', 'other/a']);
  assert.equal(await store.clearUnfinished('db/1/c'), 0);
  assert.equal(await store.clearUnfinished('db/'), 2);
  assert.deepEqual(await tree(root), ['db/', 'db/1/', 'db/1/a', 'other/', `other/.a.${random}.partial`, 'other/a']);
  assert.equal(await store.clearUnfinished('db/'), 0);
  assert.equal(await store.clearUnfinished(''), 1);
});

test('symbolic links inside of the root are never followed', async t => {
  const { root, outside, store } = await openPlace(t);
  await store.put('db/a', bytes('ours'));
  await writeFile(join(outside, 'secret'), 'theirs');
  await symlink(outside, join(root, 'db', 'folder-link'));
  await symlink(join(outside, 'secret'), join(root, 'db', 'file-link'));
  assert.deepEqual(await keysOf(store), ['db/a']);
  assert.deepEqual(await keysOf(store, 'db/folder-link/'), []);
  assert.deepEqual(await all(store.listFolders('db/')), []);
  assert.deepEqual(await all(store.listFolders('db/folder-link/')), []);
  for (const key of ['db/folder-link/secret', 'db/file-link']) {
    assert.ok((await failureOf(store.get(key))) instanceof ObjectMissing);
    assert.equal(await store.stat(key), undefined);
    await store.remove(key);
  }
  await assertFails(store.put('db/folder-link/new', bytes('x')), /folder-link is no folder/, /links are not followed/);
  await store.put('db/file-link', bytes('ours too'));
  assert.deepEqual(await tree(outside), ['secret']);
  assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'theirs');
  assert.equal((await collect(await store.get('db/file-link'), 100)).toString(), 'ours too');
});

test('a named pipe is no object, and nobody waits for it', async t => {
  const { root, store } = await openPlace(t);
  await store.put('db/a', bytes('x'));
  execFileSync('mkfifo', [join(root, 'db', 'pipe')]);
  assert.ok((await failureOf(store.get('db/pipe'))) instanceof ObjectMissing);
  assert.equal(await store.stat('db/pipe'), undefined);
  assert.deepEqual(await keysOf(store), ['db/a']);
});

test('a name that is too long for the file system is said', async t => {
  const { store } = await openPlace(t);
  await assertFails(store.put(`db/${'x'.repeat(300)}`, bytes('x')), /the name is too long.*ENAMETOOLONG/, /shorter/);
});

test('a key below an object cannot be put', async t => {
  const { store } = await openPlace(t);
  await store.put('db', bytes('x'));
  await assertFails(store.put('db/a', bytes('x')), /db is no folder/);
  await store.put('folder/a', bytes('x'));
  await assertFails(store.put('folder', bytes('x')), /cannot write object folder in /);
});

test('removals do not pull the folder away from under a put', async t => {
  const { store } = await openPlace(t);
  for (let round = 0; round < 30; round++) {
    await store.put('db/old', bytes('x'));
    await Promise.all([store.remove('db/old'), store.put('db/new', bytes('y'))]);
    assert.deepEqual(await keysOf(store), ['db/new']);
    await store.remove('db/new');
  }
});

test('10,000 keys are listed in order, and a listing can be left early', async t => {
  const { root, store } = await openPlace(t);
  const names = Array.from({ length: 10_000 }, (_, index) => `db/${index % 100}/${index}`);
  for (let folder = 0; folder < 100; folder++) await mkdir(join(root, 'db', String(folder)), { recursive: true });
  await Promise.all(names.map(name => writeFile(join(root, name), 'x')));
  const keys = await keysOf(store, 'db/');
  assert.equal(keys.length, 10_000);
  assert.deepEqual(keys, names.sort());
  for await (const { key } of store.list('db/')) {
    assert.equal(key, 'db/0/0');
    break;
  }
  assert.equal((await keysOf(store, 'db/99/')).length, 100);
});

test('a listing that fails half way throws', async t => {
  const { root, store } = await openPlace(t);
  for (let index = 0; index < 200; index++) await store.put(`db/${index}`, bytes('x'));
  const listing = async () => {
    for await (const { key } of store.list('db/')) {
      if (key !== 'db/0') continue;
      await rm(root, { recursive: true });
      await writeFile(root, 'no folder any more');
      await turn();
    }
  };
  // what was listed before may vanish, but the root itself may not
  await assertFails(listing(), /cannot list in file:/);
});
