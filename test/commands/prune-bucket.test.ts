import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { formatBackupId } from '../../src/catalog/key.ts';
import type { PruneResult } from '../../src/commands/prune.ts';
import { openStore } from '../../src/store/open.ts';
import { bytes } from '../../src/streams.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { type Exchange, refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';

const day = 86_400_000;
const objects = ['RECOVER.md', 'contents.json.age', 'main.dump.age', 'manifest.json'];

const outcomes = ({ backups }: PruneResult) =>
  Object.fromEntries(backups.map(({ backupId, outcome }) => [backupId, outcome]));

describe('prune of an S3 store', () => {
  it('says what the store refuses to remove, and ends well; removes nothing when the listing breaks', async t => {
    const server = await startS3Server({ buckets: ['backups'] });
    t.after(() => server.stop());
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const ids = [1.5, 2.5, 3.5, 4.5, 5.5].map((days, index) =>
      formatBackupId({
        at: new Date(Date.now() - days * day),
        kind: 'manual',
        partial: false,
        random: `aaaaa${'abcde'[index]}`,
      }),
    );
    for (const id of ids) for (const name of objects) await server.putForeign('backups', `p/shop/${id}/${name}`, 'x');
    const inputs = {
      store: server.url('backups', 'p', proxy.endpoint),
      'access-key-id': server.accessKeyId,
      'secret-access-key': server.secretAccessKey,
      name: 'shop',
      keep: '1d',
    };
    await server.leaveUpload('backups', `p/shop/${ids[0]}/main.dump.age`);
    let isBroken = true;
    proxy.on(({ operation }) => isBroken && operation === 'ListObjectsV2', refuse(403, 'AccessDenied'));
    const broken = await lifeboat('prune', inputs);
    assert.equal(broken.status, 1);
    assert.equal((await server.keys('backups')).length, 20);
    isBroken = false;
    let isDenied = true;
    proxy.on(({ operation }) => isDenied && operation === 'DeleteObject', refuse(403, 'AccessDenied'));
    const denied = await lifeboat('prune', inputs);
    const result = resultOf<PruneResult>(denied);
    assert.equal(result.backups.filter(({ outcome }) => outcome === 'not removed').length, 2);
    assert.ok(result.refused.every(({ what }) => what.endsWith('/manifest.json')));
    assert.match(denied.stderr, /warning: the store refused to remove shop\/.*\/manifest\.json/);
    assert.equal((await server.keys('backups')).length, 20);
    isDenied = false;
    const done = resultOf<PruneResult>(await lifeboat('prune', inputs));
    assert.equal(done.backups.filter(({ outcome }) => outcome === 'removed').length, 2);
    assert.equal((await server.keys('backups')).length, 12);
    assert.equal((await server.uploads('backups')).length, 1, 'an upload that may go on');
  });

  it('killed before or after any removal leaves whole backups and rests, and the next one goes on', async t => {
    const shelf = await openBucket(t);
    await shelf.fill(16);
    // before the server hears of it, and after it did
    for (const end of [
      (exchange: Exchange) => exchange.stallAnswerAfterBytes(-1),
      (exchange: Exchange) => exchange.resetAnswerAfterBytes(-1),
    ])
      for (let removal = 1; removal <= objects.length + 1; removal += 1) {
        let running: ChildProcess | undefined;
        let seen = 0;
        let isArmed = true;
        shelf.proxy.on(
          ({ operation }) => isArmed && operation === 'DeleteObject' && (seen += 1) === removal,
          async exchange => {
            await end(exchange);
            running?.kill('SIGKILL');
          },
        );
        const killed = await lifeboat('prune', shelf.inputs, { onStart: child => (running = child) });
        isArmed = false;
        assert.equal(killed.status, null, `removal ${removal}`);
        await shelf.assertWhole();
      }
    const left = resultOf<PruneResult>(await lifeboat('prune', shelf.inputs));
    assert.equal(left.backups.filter(({ outcome }) => outcome === 'kept').length, 3);
    await shelf.assertWhole();
  });

  it('leaves what was retained by hand, or proven by a drill, since the listing', async t => {
    const shelf = await openBucket(t);
    const [, , , retained = '', proven = '', ...others] = await shelf.fill(7);
    const meanwhile = async (id: string, object: string) =>
      shelf.server.putForeign('backups', `p/shop/${id}/${object}`, '{}');
    // the second listing is that of the first backup to be removed
    shelf.proxy.on(
      ({ operation, url }) => operation === 'ListObjectsV2' && url.includes(retained),
      async exchange => {
        await meanwhile(retained, 'retain.json');
        await meanwhile(proven, 'drills/20260101T000000Z-passed.json');
        await exchange.change(answer => answer);
      },
      1,
    );
    const ran = await lifeboat('prune', shelf.inputs);
    const done = outcomes(resultOf<PruneResult>(ran));
    assert.deepEqual([done[retained], done[proven]], ['not removed', 'not removed']);
    for (const id of others) assert.equal(done[id], 'removed');
    assert.match(ran.stderr, new RegExp(`${retained} was retained by hand meanwhile: it is kept`));
    assert.match(ran.stderr, new RegExp(`${proven} was proven by a drill meanwhile: it is kept`));
    await shelf.assertWhole();
  });

  it('touches no foreign object, not in the folder of a backup either', async t => {
    const shelf = await openBucket(t);
    const ids = await shelf.fill(4);
    const foreign = ['p/shop.txt', 'p/shop/notes/read.me', 'p/shop/20260101T000000Z/x', 'p/shopping/manifest.json'];
    for (const key of foreign) await shelf.server.putForeign('backups', key, 'mine');
    shelf.proxy.on('ListObjectsV2', exchange =>
      exchange.change(answer => ({
        ...answer,
        body: Buffer.from(
          answer.body
            .toString()
            .replace(
              '</ListBucketResult>',
              `<Contents><Key>p/shop/${ids[3]}//odd</Key><Size>1</Size><LastModified>2020-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>`,
            ),
        ),
      })),
    );
    const { refused, backups } = resultOf<PruneResult>(await lifeboat('prune', shelf.inputs));
    assert.deepEqual([refused, backups[3]?.outcome], [[], 'removed']);
    const left = await shelf.server.keys('backups');
    assert.ok(foreign.every(key => left.includes(key)));
    assert.equal(left.length, 3 * objects.length + foreign.length);
  });

  it('says that a bucket with versions keeps the bytes of what was removed', async t => {
    const shelf = await openBucket(t);
    await shelf.fill(5);
    assert.equal(
      resultOf<PruneResult>(await lifeboat('prune', { ...shelf.inputs, keep: '4d', minimum: '4' })).keepsVersions,
      false,
    );
    shelf.proxy.on('DeleteObject', exchange =>
      exchange.change(answer => ({ ...answer, headers: { ...answer.headers, 'x-amz-delete-marker': 'true' } })),
    );
    const { status, stdout } = await lifeboat('prune', shelf.inputs, { json: false });
    assert.equal(status, 0);
    assert.match(stdout, /1 removed/);
    assert.match(stdout, /the bucket keeps versions: what was removed takes room there/);
  });

  it('says what a lock keeps, and ends well', async t => {
    const shelf = await openBucket(t);
    await shelf.server.createBucket('locked', { objectLock: true });
    const store = `${shelf.server.url('locked')}&object-lock=GOVERNANCE:3d`;
    const opened = openStore(store, { credentials: shelf.server.credentials });
    for (const id of idsOf(4)) for (const name of objects) await opened.put(`shop/${id}/${name}`, bytes('x'));
    const { status, stdout } = await lifeboat('prune', { ...shelf.inputs, store }, { json: false });
    assert.equal(status, 0);
    assert.match(stdout, /3 kept, 0 removed/);
    assert.match(
      stdout,
      /1 object not removed: give the credentials the right to delete; objects under a lock go when it ends/,
    );
    assert.equal((await shelf.server.keys('locked')).length, 16);
  });
});

const idsOf = (nights: number) =>
  Array.from({ length: nights }, (_, night) =>
    formatBackupId({
      at: new Date(Date.now() - (night + 1.5) * day),
      kind: 'manual',
      partial: false,
      random: `aaaa${'abcde'[Math.floor(night / 5)]}${'abcde'[night % 5]}`,
    }),
  );

/** A real bucket behind a proxy. */
async function openBucket(t: TestContext) {
  const server = await startS3Server({ buckets: ['backups'] });
  t.after(() => server.stop());
  const proxy = await startS3Proxy(server);
  t.after(() => proxy.stop());
  return {
    server,
    proxy,
    inputs: {
      store: server.url('backups', 'p', proxy.endpoint),
      'access-key-id': server.accessKeyId,
      'secret-access-key': server.secretAccessKey,
      name: 'shop',
      keep: '1d',
    },
    fill: async (nights: number) => {
      const ids = idsOf(nights);
      for (const id of ids) for (const name of objects) await server.putForeign('backups', `p/shop/${id}/${name}`, 'x');
      return ids;
    },
    /** No backup that has its manifest lacks anything else. */
    assertWhole: async () => {
      const keys = await server.keys('backups');
      for (const key of keys.filter(one => one.endsWith('/manifest.json')))
        for (const name of objects) assert.ok(keys.includes(key.replace('manifest.json', name)), key);
    },
  };
}
