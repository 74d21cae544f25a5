import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ObjectMissing } from '../../src/store/missing.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { bytes, collect, digest } from '../../src/streams.ts';
import { all, assertFails, Body, failureOf, keysOf, mebibyte, openTrial } from './trial.ts';

interface Kind {
  name: string;
  open: (t: TestContext) => Promise<Store | undefined>;
  proof: 'checksum' | 'read-back';
}

const kinds: Kind[] = [
  { name: 'S3', open: async t => (await openTrial(t))?.store, proof: 'checksum' },
  { name: 'directory', open: openFolder, proof: 'read-back' },
];

async function openFolder(t: TestContext): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return openStore(pathToFileURL(join(folder, 'backups')).href);
}

const cases: { name: string; run: (store: Store, kind: Kind) => Promise<void> }[] = [
  {
    name: 'what is put can be read again, at sizes around a part',
    run: async (store, { proof }) => {
      for (const sizeBytes of [0, 1, 65_536, 8 * mebibyte - 1, 8 * mebibyte, 8 * mebibyte + 1, 17 * mebibyte + 3]) {
        const key = `db/sizes/${sizeBytes}`;
        const body = new Body(sizeBytes);
        const sha256 = await body.sha256();
        assert.deepEqual(await store.put(key, body), { key, sizeBytes, sha256, proof });
        assert.deepEqual(await digest(await store.get(key)), { sizeBytes, sha256 });
        assert.equal((await store.stat(key))?.sizeBytes, sizeBytes);
        assert.equal(body.closed, 1);
      }
    },
  },
  {
    name: 'chunks of any size make the same object',
    run: async store => {
      const sha256 = await new Body(9 * mebibyte).sha256();
      for (const chunkBytes of [1_000, 1 * mebibyte, 9 * mebibyte]) {
        assert.equal((await store.put('db/chunks', new Body(9 * mebibyte, chunkBytes))).sha256, sha256);
      }
      assert.equal((await store.put('db/chunks', Readable.from(new Body(9 * mebibyte)))).sha256, sha256);
      const withEmpty = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(0)];
      assert.equal((await store.put('db/chunks', Readable.from(withEmpty))).sizeBytes, 1);
    },
  },
  {
    name: 'a second put replaces the first',
    run: async store => {
      await store.put('db/a', bytes('first'));
      await store.put('db/a', bytes('second, longer'));
      assert.equal((await collect(await store.get('db/a'), 100)).toString(), 'second, longer');
      assert.deepEqual(await keysOf(store), ['db/a']);
    },
  },
  {
    name: 'a body that fails leaves nothing, and its own error comes out',
    run: async store => {
      const broken = Object.assign(new Error('the dump died'), { syscall: 'read', code: 'EIO' });
      for (const sizeBytes of [10, 20 * mebibyte]) {
        const body = async function* () {
          yield* new Body(sizeBytes);
          throw broken;
        };
        assert.equal(await failureOf(store.put('db/broken', body())), broken);
        assert.equal(await store.stat('db/broken'), undefined);
      }
      assert.equal(await store.clearUnfinished(''), 0);
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'abort ends a put, whatever it waits for, and leaves nothing',
    run: async store => {
      const reason = new Error('stopped by the user');
      const endless = new AbortController();
      const waiting = new Promise<never>(() => {});
      const silent = async function* () {
        yield* new Body(9 * mebibyte);
        setTimeout(() => endless.abort(reason), 10);
        await waiting;
      };
      assert.equal(await failureOf(store.put('db/aborted', silent(), { signal: endless.signal })), reason);

      const early = AbortSignal.abort(reason);
      const body = new Body(10 * mebibyte);
      assert.equal(await failureOf(store.put('db/aborted', body, { signal: early })), reason);

      const midway = new AbortController();
      const flowing = async function* () {
        for await (const chunk of new Body(40 * mebibyte)) {
          yield chunk;
          if (chunk.length > 0 && Math.random() < 0.01) midway.abort(reason);
        }
        midway.abort(reason);
      };
      assert.equal(await failureOf(store.put('db/aborted', flowing(), { signal: midway.signal })), reason);

      assert.equal(await store.stat('db/aborted'), undefined);
      assert.equal(await store.clearUnfinished(''), 0);
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'abort ends a read and a listing',
    run: async store => {
      await store.put('db/a', new Body(20 * mebibyte));
      const reason = new Error('stopped by the user');
      const reading = new AbortController();
      const read = async () => {
        const stream = await store.get('db/a', reading.signal);
        stream.once('data', () => reading.abort(reason));
        await finished(stream);
      };
      const error = await failureOf(read());
      assert.ok(error === reason || error.cause === reason, String(error));
      const aborted = AbortSignal.abort(reason);
      assert.equal(await failureOf(store.get('db/a', aborted)), reason);
      assert.equal(await failureOf(store.stat('db/a', aborted)), reason);
      assert.equal(await failureOf(all(store.list('', aborted))), reason);
      assert.equal(await failureOf(store.checkWritable('', aborted)), reason);
    },
  },
  {
    name: 'a read that is given up early frees what it holds',
    run: async store => {
      await store.put('db/a', new Body(20 * mebibyte));
      const iterator = (await store.get('db/a'))[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
      (await store.get('db/a')).destroy();
      await new Promise(resolve => void store.get('db/a').then(stream => stream.once('close', resolve).destroy()));
    },
  },
  {
    name: 'a missing object: get throws ObjectMissing, stat gives undefined, remove is content',
    run: async store => {
      await store.put('db/a', bytes('x'));
      for (const key of ['none', 'db', 'db/b', 'db/a/b', 'db/a/b/c']) {
        const error = await failureOf(store.get(key));
        assert.ok(error instanceof ObjectMissing, String(error));
        assert.match(error.message, new RegExp(`object ${key} is not in `));
        assert.equal(await store.stat(key), undefined, key);
        await store.remove(key);
      }
      assert.deepEqual(await keysOf(store), ['db/a']);
    },
  },
  {
    name: 'stat and list tell size and time',
    run: async store => {
      const before = Date.now() - 2_000; // S3 tells whole seconds
      await store.put('db/a', bytes('12345'));
      const [listed] = await all(store.list(''));
      const stat = await store.stat('db/a');
      for (const object of [listed, stat]) {
        assert.equal(object?.key, 'db/a');
        assert.equal(object.sizeBytes, 5);
        assert.ok(object.modifiedAt.getTime() >= before && object.modifiedAt.getTime() <= Date.now() + 2_000);
      }
    },
  },
  {
    name: 'a listing holds what starts with the prefix, in the order of bytes',
    run: async store => {
      const keys = ['a/1', 'a/2/x', 'a/10', 'a-b', 'a.b', 'ab', 'b', 'a/ü', 'a/\u{1f600}', 'a/ﾮ', 'c/d/e/f'];
      for (const key of keys) await store.put(key, bytes(key));
      const sorted = ['a-b', 'a.b', 'a/1', 'a/10', 'a/2/x', 'a/ü', 'a/ﾮ', 'a/\u{1f600}', 'ab', 'b', 'c/d/e/f'];
      assert.deepEqual(await keysOf(store), sorted);
      assert.deepEqual(await keysOf(store, 'a/'), sorted.slice(2, 8));
      assert.deepEqual(await keysOf(store, 'a/1'), ['a/1', 'a/10']);
      assert.deepEqual(await keysOf(store, 'c/d/e'), ['c/d/e/f']);
      assert.deepEqual(await keysOf(store, 'nothing/'), []);
      assert.deepEqual(await keysOf(store, 'b/'), []);
    },
  },
  {
    name: 'the folders below a prefix, without what lies under them',
    run: async store => {
      assert.deepEqual(await all(store.listFolders('')), []);
      for (const key of ['db/2026/a', 'db/2025/x/y', 'db/file', 'other/z', 'top']) await store.put(key, bytes(key));
      assert.deepEqual(await all(store.listFolders('')), ['db', 'other']);
      assert.deepEqual(await all(store.listFolders('db/')), ['2025', '2026']);
      assert.deepEqual(await all(store.listFolders('none/')), []);
      await store.remove('other/z');
      assert.deepEqual(await all(store.listFolders('')), ['db']);
    },
  },
  {
    name: 'odd keys come back as they are',
    run: async store => {
      const keys = [
        "it's",
        'a b',
        'a+b',
        'a%20b',
        'a&b<c>"d"',
        'ünï/日本語',
        '$(x);`y`',
        '...',
        '.hidden',
        'a..b',
        '-rf',
        '::error::x',
        'q?x=1#y',
        'a=b,c:d;e@f!',
        'tab\tline\nend',
        'x'.repeat(200),
      ];
      for (const key of keys) {
        assert.equal((await store.put(`odd/${key}`, bytes(key))).key, `odd/${key}`);
        assert.equal((await collect(await store.get(`odd/${key}`), 300)).toString(), key);
        assert.equal((await store.stat(`odd/${key}`))?.sizeBytes, Buffer.byteLength(key));
      }
      assert.deepEqual((await keysOf(store, 'odd/')).sort(), keys.map(key => `odd/${key}`).sort());
      for (const key of keys) await store.remove(`odd/${key}`);
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'keys that would leave the root are refused everywhere',
    run: async store => {
      for (const key of ['../a', 'a/../../b', '/etc/passwd', 'a//b', 'a\\b', 'a\0b', '']) {
        const body = new Body(10);
        await assertFails(store.put(key, body), /^object key /);
        assert.equal(body.readBytes, 0);
        await assertFails(store.get(key), /^object key /);
        await assertFails(store.stat(key), /^object key /);
        await assertFails(store.remove(key), /^object key /);
      }
      await assertFails(keysOf(store, '../'), /^key prefix /);
      await assertFails(all(store.listFolders('../')), /^key prefix /);
      await assertFails(store.clearUnfinished('../'), /^key prefix /);
      await assertFails(store.checkWritable('../'), /^key prefix /);
    },
  },
  {
    name: 'checkWritable leaves nothing',
    run: async store => {
      await store.checkWritable('db/');
      await store.checkWritable('');
      assert.deepEqual(await keysOf(store), []);
      assert.deepEqual(await all(store.listFolders('')), []);
      assert.equal(await store.clearUnfinished(''), 0);
    },
  },
  {
    name: 'puts beside each other do not disturb each other',
    run: async store => {
      const sizes = Array.from({ length: 8 }, (_, index) => (index * 5 + 1) * mebibyte);
      const stored = await Promise.all(sizes.map(size => store.put(`db/${size}`, new Body(size))));
      for (const [index, { sha256, sizeBytes }] of stored.entries()) {
        assert.equal(sizeBytes, sizes[index]);
        assert.equal(sha256, await new Body(sizeBytes).sha256());
        assert.equal((await digest(await store.get(`db/${sizeBytes}`))).sha256, sha256);
      }
    },
  },
];

for (const kind of kinds) {
  for (const { name, run } of cases) {
    test(`${kind.name} store: ${name}`, async t => {
      const store = await kind.open(t);
      if (store) await run(store, kind);
    });
  }
}
