import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BackupResult, backup } from '../../src/commands/backup.ts';
import type { Context } from '../../src/commands/context.ts';
import { openInputStore } from '../../src/commands/stores.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import { type BackupInputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import type { Store } from '../../src/store/store.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { type Yard, filesKey, objectsOf, openYard } from '../support/yard.ts';

describe('files that travel with a backup', () => {
  it('are stored once while they do not change, and anew when they do', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first', 'up/b': 'second', 'up/copy of a': 'first', 'up/empty': '' });
    const first = await yard.backup();
    assert.deepEqual([first.totals.files, first.files.length], [4, 3]);
    assert.deepEqual(objectsOf(first), await yard.stored());
    const second = await yard.backup();
    assert.deepEqual(second.files, first.files);
    await appendFile(join(yard.work, 'up/b'), '!');
    await rm(join(yard.work, 'up/copy of a'));
    const ran = await yard.run();
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stderr, /3 files in 3 objects, 2 of them stored already/);
    assert.equal((await yard.stored()).length, 4);
    assert.doesNotMatch(await allText(yard), /up\/|copy of|thirty-two/);
  });

  it('are stored anew without files-key, for other recipients, and where the store has lost them', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    const [first] = objectsOf(await yard.backup());
    const keyless = await yard.run({ 'files-key': '' });
    assert.match(keyless.stderr, /each backup stores its files anew; with files-key unchanged ones are stored once/);
    assert.equal((await yard.stored()).length, 2);
    // what was stored without a key is not known again
    await yard.backup();
    assert.equal((await yard.stored()).length, 3);
    const other = await generateIdentity();
    const [object = ''] = objectsOf(
      await yard.backup({ recipients: `${yard.harbor.keys.recipient}\n${other.recipient}` }),
    );
    assert.notEqual(object.split('/')[1], first?.split('/')[1]);
    const again = await yard.backup();
    assert.equal((await yard.stored()).length, 5);
    await writeFile(join(yard.folder, objectsOf(again)[0] ?? ''), 'cut');
    const anew = await yard.backup();
    assert.equal((await yard.stored()).length, 6);
    await rm(join(yard.folder, objectsOf(anew)[0] ?? ''));
    await yard.backup();
    assert.equal((await yard.stored()).length, 6);
  });

  it('are stored anew where the newest backup was found wrong', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    const { id } = await yard.backup();
    const checks = join(yard.folder, id, 'checks');
    await mkdir(checks);
    await writeFile(join(checks, '20300101T000000Z-bytes-failed.json'), '{}');
    const ran = await yard.run();
    assert.match(ran.stderr, new RegExp(`a drill or a verify found ${id} wrong: its files are stored anew`));
    assert.equal((await yard.stored()).length, 2);
  });

  it('are known again with a passphrase of age or without encryption, and never with one of gpg', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    const passphrase = { passphrase: 'correct horse battery', 'files-key': '' };
    const other = { passphrase: 'another horse battery', 'files-key': '' };
    const open = { encryption: 'none', 'files-key': '' };
    const gpg = { encryption: 'gpg', passphrase: 'correct horse battery' };
    let before = 0;
    const runs: [inputs: Record<string, string>, more: number][] = [
      [passphrase, 1],
      [passphrase, 0],
      [other, 1],
      [open, 1],
      [open, 0],
      [gpg, 1],
      [gpg, 1],
    ];
    for (const [inputs, more] of runs) {
      const made = await yard.backup(inputs);
      assert.equal((await yard.stored()).length, before + more, JSON.stringify(inputs));
      before += more;
      assert.equal(made.files.length, 1);
    }
  });

  it('that change while they are read are read again, and fail the backup by name in the end', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/still': 'still', 'up/busy': 'x' });
    // large enough that each of its readings takes longer than a write
    await yard.put({ 'up/busy': Buffer.alloc(24 * 1024 * 1024) });
    let count = 0;
    const timer = setInterval(() => void appendFile(join(yard.work, 'up/busy'), String(count++)), 3);
    const ran = await yard.run();
    clearInterval(timer);
    assert.equal(ran.status, 1, ran.stderr);
    assert.match(
      ran.stderr,
      /file "up\/busy" changed while it was read, 3 times in a row \(back up a copy that nobody writes to, or take it out of files with a line that begins with !\)/,
    );
    assert.deepEqual(await yard.stored(), []);
    assert.deepEqual(await readdir(fileURLToPath(yard.harbor.store)), []);
  });

  it('are not missed because a backup without them is young enough for reuse-within', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    await yard.backup({ files: '' });
    const reuse = { 'reuse-within': '1h' };
    const made = resultOf<BackupResult>(await yard.run(reuse));
    assert.deepEqual([made.reused, made.files], [false, 1]);
    const again = resultOf<BackupResult>(await yard.run(reuse));
    assert.deepEqual([again.reused, again.files], [true, 1]);
  });

  it('are read once the database is dumped', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    let isLate = false;
    const ran = await yard.run(
      {},
      {
        onStderr: text => {
          // preflight has looked at the files already
          if (!/^Dump/m.test(text) || isLate) return;
          isLate = true;
          writeFileSync(join(yard.work, 'up/late'), 'of a row that was written meanwhile');
        },
      },
    );
    assert.equal(resultOf<BackupResult>(ran).files, 2, ran.stderr);
  });

  it('leave nothing behind when the run is told to stop while it stores them', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first' });
    await yard.backup();
    const [kept] = await yard.stored();
    await yard.put(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`up/${index}`, Buffer.alloc(4_000_000, index)])),
    );
    const ran = await yard.run(
      {},
      {
        onStderr: (text, child) => {
          if (/^Files/m.test(text)) setTimeout(() => child.kill('SIGTERM'), 150);
        },
      },
    );
    assert.notEqual(ran.status, 0);
    assert.deepEqual(await yard.stored(), [kept]);
    assert.equal((await readdir(yard.folder)).length, 2);
  });

  it('that vanish from the store before the seal fail the backup, which takes back what it stored itself', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first', 'up/b': 'second' });
    await runHere(yard);
    const [gone = '', kept = ''] = await yard.stored();
    await yard.put({ 'up/c': 'third' });
    const onPut = async (key: string) => {
      if (key.endsWith('RECOVER.md')) await rm(join(yard.folder, gone));
    };
    await assert.rejects(runHere(yard, { onPut }), {
      message: `object ${gone}, which an earlier backup stored, went away while this one was made`,
      hint: 'run it again',
    });
    assert.deepEqual(await yard.stored(), [kept]);
    assert.equal((await readdir(yard.folder)).length, 2);
  });

  it('are in both stores, and stored anew in both where one of them lacks an object', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first', 'up/b': 'second' });
    const folder = join(yard.harbor.folder, 'replica');
    const replica = { replica: pathToFileURL(folder).href };
    const copied = async () =>
      (await readdir(join(folder, 'shop/files'), { recursive: true })).filter(path => path.includes('/')).length;
    await yard.backup();
    const first = await yard.backup(replica);
    assert.deepEqual([(await yard.stored()).length, await copied()], [4, 2]);
    const again = await yard.backup(replica);
    assert.deepEqual(again.files, first.files);
    assert.deepEqual([(await yard.stored()).length, await copied()], [4, 2]);
    const [lost = '', other = ''] = objectsOf(again);
    await rm(join(folder, 'shop', lost));
    const mended = objectsOf(await yard.backup(replica));
    assert.ok(mended.includes(other) && !mended.includes(lost));
    assert.deepEqual([(await yard.stored()).length, await copied()], [5, 2]);
    const looked = { identity: yard.harbor.keys.identity, client: yard.cluster.bin };
    for (const store of [yard.harbor.store, replica.replica])
      assert.equal((await lifeboat('verify', { ...looked, store })).status, 0);
  });

  it('that go away before they are read are left out, and said', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first', 'up/b': 'second' });
    await runHere(yard);
    const warnings: string[] = [];
    const onList = async (prefix: string) => {
      if (prefix.includes('/files/')) await rm(join(yard.work, 'up/b'), { force: true });
    };
    const { files } = await runHere(yard, { onList, warnings });
    assert.equal(files, 1);
    const path = JSON.stringify(join(yard.work, 'up/b').slice(1));
    assert.ok(warnings.includes(`file ${path} was removed before it could be read: it is not in the backup`));
  });

  it('are refused before anything is dumped', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    for (const [inputs, message] of [
      [{ files: 'up/no' }, /input files has the line "up\/no", which selects no file/],
      [{ files: 's3://b/x' }, /input files has the line "s3:\/\/b\/x" \(only files of this machine/],
      [
        { files: 'up/**', 'files-key': 'too short' },
        /input files-key has fewer than 16 characters \(make one with `openssl rand -hex 32`/,
      ],
    ] as const) {
      const ran = await yard.run(inputs);
      assert.equal(ran.status, 64);
      assert.match(ran.stderr, message);
      assert.doesNotMatch(ran.stderr, /too short|Dump/);
    }
  });
});

interface Watching {
  onPut?: (key: string) => Promise<void>;
  onList?: (prefix: string) => Promise<void>;
  warnings?: string[];
}

/** A backup in this process, whose store is watched. */
async function runHere(yard: Yard, { onPut, onList, warnings }: Watching = {}) {
  const files = { files: `${yard.work}/up/**`, 'files-key': filesKey };
  const given = yard.harbor.backupInputs(yard.cluster, yard.database, files);
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  const inputs = readInputs(readTerminal(['backup', ...args], {}).inputs, {}) as BackupInputs;
  const quiet = { info: () => {}, warn: (line: string) => void warnings?.push(line), debug: () => {} };
  const progress = { label: '', totalBytes: undefined, add: () => {}, end: () => {} };
  const context: Context = {
    log: { ...quiet, group: (_, work) => work(), progress: () => progress },
    signal: new AbortController().signal,
    now: () => new Date(),
    version: '0.0.0',
    folder: yard.harbor.folder,
    openStore: from => {
      const store = openInputStore(from, () => Promise.reject(new Error('no token')));
      const put: Store['put'] = async (key, ...rest) => {
        await onPut?.(key);
        return store.put(key, ...rest);
      };
      async function* list(...[prefix, signal]: Parameters<Store['list']>) {
        await onList?.(prefix);
        yield* store.list(prefix, signal);
      }
      return new Proxy(store, {
        get: (target, name) => {
          if (name === 'put') return put;
          if (name === 'list') return list;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
        },
      });
    },
  };
  return backup(inputs, context);
}

/** Whatever stands in the store outside of ciphertext, and the names of everything. */
async function allText({ harbor }: Yard): Promise<string> {
  const folder = fileURLToPath(harbor.store);
  const paths = await readdir(folder, { recursive: true });
  const plain = paths.filter(path => /manifest\.json$|RECOVER\.md$/.test(path));
  return [...paths, ...(await Promise.all(plain.map(path => readFile(join(folder, path), 'utf8'))))].join('\n');
}
