import assert from 'node:assert/strict';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ListResult } from '../../src/commands/list.ts';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { Failure } from '../../src/failure.ts';
import { present } from '../../src/report/present.ts';
import type { Store } from '../../src/store/store.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { type S3Server, needsS3 } from '../support/s3-server.ts';
import { day, hour } from '../watch/facts.ts';
import { type Shelf, type WatchOptions, openShelf, watchStore } from '../watch/shelf.ts';

const findingsOf = ({ findings }: WatchResult) => findings.map(({ code, object }) => [code, object]);
const outcomesOf = (result: WatchResult) => present(result, []).outputs.outcomes ?? '';

/** A shelf, and another one that holds the same, times included. */
class Pair {
  readonly store: Shelf;
  readonly replica: Shelf;

  constructor(store: Shelf, replica: Shelf) {
    this.store = store;
    this.replica = replica;
  }

  async copy(): Promise<void> {
    await cp(this.store.folder, this.replica.folder, { recursive: true, preserveTimestamps: true });
  }

  drop(shelf: Shelf, id: string, name = 'shop'): Promise<void> {
    return rm(join(shelf.folder, name, id), { recursive: true });
  }

  async watch(more: Record<string, string> = {}, options: WatchOptions = {}): Promise<WatchResult> {
    return (await this.run(more, options)).result;
  }

  run(more: Record<string, string> = {}, options: WatchOptions = {}) {
    return this.store.watch({ replica: this.replica.store, ...more }, options);
  }
}

async function openPair(t: TestContext): Promise<Pair> {
  return new Pair(await openShelf(t), await openShelf(t));
}

describe('watch of a store and its replica', () => {
  it('that are the same passes, and reads nothing of the replica but its listing', async t => {
    const pair = await openPair(t);
    await pair.store.nights(12);
    await pair.copy();
    const { result, reads } = await pair.run();
    assert.deepEqual([result.verdict, result.findings], ['passed', []]);
    assert.equal(reads.length, new Set(reads).size);
    for (const code of ['REPLICA_UNREACHABLE', 'REPLICA_BEHIND', 'STORE_BEHIND', 'OBJECT_MISSING'] as const)
      assert.ok(result.looked.includes(code), code);
    assert.ok(!result.leftOut.some(what => what.includes('replica has')));
    assert.ok(present(result, []).text.includes(`\nthe replica: ${pair.replica.store}`));
    const { result: alone } = await pair.store.watch();
    assert.ok(alone.leftOut.includes('whether a replica has the backups too (replica)'));
    assert.deepEqual([alone.looked.includes('REPLICA_BEHIND'), alone.replica], [false, null]);
  });

  it('names a replica that lacks the newest backup, and what is expected there; the next backup ends it', async t => {
    const pair = await openPair(t);
    await pair.store.nights(12);
    await pair.copy();
    const id = await pair.store.put(hour);
    const result = await pair.watch({ name: 'shop' });
    assert.deepEqual(findingsOf(result), [['REPLICA_BEHIND', 'replica of shop']]);
    assert.equal(result.findings[0]?.expected, id);
    assert.match(
      outcomesOf(result),
      /^REPLICA_BEHIND: failure replica of shop: the newest there is \S+; it lacks the newest of the store, expected /m,
    );
    assert.equal(present(result, []).exitStatus, 1);
    const accepted = await pair.watch({ accept: 'REPLICA_BEHIND replica of shop' });
    assert.equal(accepted.verdict, 'passed');
    await pair.copy();
    assert.deepEqual((await pair.watch()).findings, []);
  });

  it('names a replica whose newest folder lacks the manifest, or where nothing was ever written', async t => {
    const pair = await openPair(t);
    const [newest] = await pair.store.nights(3);
    assert.deepEqual(findingsOf(await pair.watch()), [['REPLICA_BEHIND', 'replica of shop']]);
    await pair.copy();
    await pair.replica.remove(`shop/${newest}/manifest.json`);
    assert.deepEqual(findingsOf(await pair.watch()), [['REPLICA_BEHIND', 'replica of shop']]);
  });

  it('names a store that lacks the newest of the replica, and one that was emptied', async t => {
    const pair = await openPair(t);
    const [newest = ''] = await pair.store.nights(12);
    await pair.copy();
    await pair.drop(pair.store, newest);
    const behind = await pair.watch({ 'max-age': '3d' });
    assert.deepEqual(findingsOf(behind), [['STORE_BEHIND', 'store of shop']]);
    assert.equal(behind.findings[0]?.expected, newest);
    await rm(join(pair.store.folder, 'shop'), { recursive: true });
    const expected = [
      ['NO_BACKUP', 'backups'],
      ['STORE_BEHIND', 'store of shop'],
    ];
    assert.deepEqual(findingsOf(await pair.watch()), expected);
    assert.deepEqual(findingsOf(await pair.watch({ name: 'shop' })), [['NO_BACKUP', 'backups of shop'], expected[1]]);
  });

  it('does not alarm at a backup that is sealed while the two are listed, in whatever order it comes', async t => {
    const pair = await openPair(t);
    await pair.store.nights(12);
    await pair.copy();
    const replicaOnly = (store: Store) => store.location.includes(new URL(pair.replica.store).pathname);
    // the run goes on between the two listings
    const result = await pair.watch(
      {},
      {
        through: store => {
          if (!replicaOnly(store)) return store;
          const list = store.list.bind(store);
          return Object.assign(store, {
            async *list(prefix: string, signal: AbortSignal) {
              await pair.store.put(1);
              await pair.copy();
              yield* list(prefix, signal);
            },
          });
        },
      },
    );
    assert.deepEqual(result.findings, []);
    assert.ok(result.notices.some(note => /the replica got it only just now$/.test(note)));
    assert.ok(!result.looked.includes('STORE_BEHIND'));
  });

  it('names what is gone or cut in the replica, apart from what is in the store', async t => {
    const pair = await openPair(t);
    const ids = await pair.store.nights(6);
    await pair.copy();
    await pair.replica.remove(`shop/${ids[2]}/roles.sql.age`);
    await pair.replica.write(`shop/${ids[3]}/main.dump.age`, 'r');
    await pair.replica.write(`shop/${ids[4]}/manifest.json`, '{}');
    const result = await pair.watch({ name: 'shop' });
    assert.deepEqual(findingsOf(result), [
      ['OBJECT_MISSING', `replica of backup ${ids[2]}`],
      ['SIZE_DIFFERS', `replica of backup ${ids[3]}`],
      ['SIZE_DIFFERS', `replica of backup ${ids[4]}`],
    ]);
    assert.match(outcomesOf(result), new RegExp(`^OBJECT_MISSING: failure replica of backup ${ids[2]}$`, 'm'));
    await pair.store.remove(`shop/${ids[2]}/roles.sql.age`);
    const both = findingsOf(await pair.watch()).filter(([code]) => code === 'OBJECT_MISSING');
    assert.deepEqual(both, [
      ['OBJECT_MISSING', `backup ${ids[2]}`],
      ['OBJECT_MISSING', `replica of backup ${ids[2]}`],
    ]);
  });

  it('could not verify a replica that gives no listing, and the rest is still told', async t => {
    const pair = await openPair(t);
    await pair.store.nights(12);
    await pair.copy();
    const refusing = (which: Shelf): WatchOptions => ({
      through: store =>
        store.location.includes(new URL(which.store).pathname)
          ? Object.assign(store, {
              async *list() {
                yield* [];
                throw new Failure('the store refused to list it', { hint: 'give the right' });
              },
            })
          : store,
    });
    const result = await pair.watch({ name: 'shop' }, refusing(pair.replica));
    assert.deepEqual([result.verdict, present(result, []).exitStatus], ['could-not-verify', 2]);
    assert.deepEqual(result.findings, [
      {
        code: 'REPLICA_UNREACHABLE',
        object: 'replica',
        expected: 'a listing',
        found: 'the store refused to list it (give the right)',
        remedy: result.findings[0]?.remedy,
      },
    ]);
    assert.match(outcomesOf(result), /^REPLICA_UNREACHABLE: failure the replica gave no listing$/m);
    // nobody can say that the replica has all objects
    assert.doesNotMatch(outcomesOf(result), /OBJECT_MISSING|SIZE_DIFFERS|_BEHIND/);
    assert.match(outcomesOf(result), /^BACKUP_STALE: success$/m);
    const store = await pair.watch({ name: 'shop' }, refusing(pair.store));
    assert.deepEqual(findingsOf(store), [['STORE_UNREACHABLE', 'store']]);
    assert.match(outcomesOf(store), /^REPLICA_UNREACHABLE: success$/m);
    assert.doesNotMatch(outcomesOf(store), /_BEHIND/);
    assert.ok(
      store.notices.includes('not judged: whether the replica has the same as the store: the store gave no listing'),
    );
  });
});

describe('several databases in both', () => {
  it('are held against each other by name, one that is in the replica alone too', async t => {
    const pair = await openPair(t);
    await pair.store.nights(4);
    const [blog = '', older = ''] = await pair.store.nights(4, { name: 'blog' });
    await pair.copy();
    assert.deepEqual((await pair.watch()).findings, []);
    await pair.drop(pair.replica, blog, 'blog');
    await pair.replica.remove(`blog/${older}/roles.sql.age`);
    await pair.replica.put(2 * day, { name: 'gone' });
    const result = await pair.watch();
    assert.deepEqual(findingsOf(result), [
      ['REPLICA_BEHIND', 'replica of blog'],
      ['OBJECT_MISSING', `replica of backup ${older} of blog`],
      ['STORE_BEHIND', 'store of gone'],
    ]);
    const accept = findingsOf(result)
      .map(words => words.join(' '))
      .join('\n');
    assert.equal((await pair.watch({ accept })).verdict, 'passed');
    assert.deepEqual((await pair.watch({ name: 'shop' })).findings, []);
  });
});

describe('a replica in a bucket', () => {
  const upload = async (server: S3Server, shelf: Shelf, ids: readonly string[]) => {
    for (const id of ids)
      for (const object of await readdir(join(shelf.folder, 'shop', id), { recursive: true }))
        if (object !== 'drills')
          await server.putForeign('copies', `p/shop/${id}/${object}`, await shelf.read(`shop/${id}/${object}`));
  };

  it('is the same with credentials of its own; its bucket is looked at, and named', async t => {
    const server = await needsS3(t, { buckets: ['copies'] });
    if (!server) return;
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const shelf = await openShelf(t);
    const ids = await shelf.nights(12);
    await upload(server, shelf, ids.slice(1));
    const inputs = {
      store: shelf.store,
      name: 'shop',
      replica: server.url('copies', 'p', proxy.endpoint),
      'replica-access-key-id': server.accessKeyId,
      'replica-secret-access-key': server.secretAccessKey,
    };
    const unversioned = ['BUCKET_NOT_VERSIONED', 'bucket copies of the replica'];
    const { result: behind } = await watchStore(inputs);
    assert.deepEqual(findingsOf(behind), [['REPLICA_BEHIND', 'replica of shop'], unversioned]);
    await upload(server, shelf, ids.slice(0, 1));
    const { result } = await watchStore(inputs);
    assert.deepEqual(findingsOf(result), [unversioned]);
    assert.ok(result.leftOut.includes('how the store is set up: it is no bucket'));
    const { result: unasked } = await watchStore({ ...inputs, 'check-bucket': 'false' });
    assert.deepEqual(unasked.findings, []);
    proxy.on(({ operation }) => operation === 'ListObjectsV2', refuse(403, 'AccessDenied'));
    const { result: denied } = await watchStore({ ...inputs, 'check-bucket': 'false' });
    assert.deepEqual(findingsOf(denied), [['REPLICA_UNREACHABLE', 'replica']]);
    assert.ok(!JSON.stringify([denied, present(denied, [])]).includes(server.secretAccessKey));
    const { result: wrong } = await watchStore({
      ...inputs,
      replica: server.url('copies', 'p'),
      'replica-secret-access-key': 'open sesame',
    });
    const [unreachable] = wrong.findings;
    assert.match(
      unreachable?.found ?? '',
      /^cannot list .* \(check replica-access-key-id, replica-secret-access-key and replica-session-token\)$/,
    );
    assert.doesNotMatch(JSON.stringify(wrong), /sesame/);
  });

  it('that does not tell what that of the store tells is not called well', async t => {
    const server = await needsS3(t, { buckets: ['backups', 'copies'] });
    if (!server) return;
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const keys = { 'access-key-id': server.accessKeyId, 'secret-access-key': server.secretAccessKey };
    const inputs = {
      store: server.url('backups', 'p', proxy.endpoint),
      replica: server.url('copies', 'p', proxy.endpoint),
      name: 'shop',
      ...keys,
      ...Object.fromEntries(Object.entries(keys).map(([name, value]) => [`replica-${name}`, value])),
    };
    const both = (await watchStore(inputs)).result;
    assert.deepEqual(findingsOf(both).slice(-2), [
      ['BUCKET_NOT_VERSIONED', 'bucket backups'],
      ['BUCKET_NOT_VERSIONED', 'bucket copies of the replica'],
    ]);
    assert.ok(both.looked.includes('LIFECYCLE_EATS_BACKUPS'));
    proxy.on(({ url }) => url.includes('copies') && url.includes('lifecycle'), refuse(403, 'AccessDenied'));
    const { result } = await watchStore(inputs);
    assert.ok(
      findingsOf(result).some(
        words => words.join(' ') === 'BUCKET_NOT_READ lifecycle rules of bucket copies of the replica',
      ),
    );
    assert.ok(!result.looked.includes('LIFECYCLE_EATS_BACKUPS'));
  });
});

describe('backups that were made with a replica', () => {
  it('are the same in both; one that was made without it is missed, until the next', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const replica = pathToFileURL(join(harbor.folder, 'replica')).href;
    const watchBoth = async () => {
      const ran = await lifeboat('watch', { store: harbor.store, replica, 'max-drill-age': 'off', 'max-shrink': '99' });
      return { status: ran.status, result: JSON.parse(ran.stdout) as WatchResult };
    };
    const storedIn = async () =>
      resultOf<ListResult>(await lifeboat('list', { store: harbor.store, replica })).backups.map(one => one.storedIn);
    // ids tell the time to the second
    const backup = async (more: Record<string, string> = {}) => {
      await pause(1000);
      return harbor.backup(cluster, database, more);
    };
    await backup({ replica });
    const { status, result } = await watchBoth();
    assert.deepEqual([status, result.verdict, result.findings], [0, 'passed', []]);
    assert.ok(result.looked.includes('REPLICA_BEHIND') && result.looked.includes('OBJECT_MISSING'));
    const { backupId } = await backup();
    const behind = await watchBoth();
    assert.deepEqual([behind.status, findingsOf(behind.result)], [1, [['REPLICA_BEHIND', 'replica of shop']]]);
    assert.equal(behind.result.findings[0]?.expected, backupId);
    assert.deepEqual(await storedIn(), [['store'], ['store', 'replica']]);
    await backup({ replica });
    assert.equal((await watchBoth()).status, 0);
    assert.deepEqual(await storedIn(), [['store', 'replica'], ['store'], ['store', 'replica']]);
  });
});
