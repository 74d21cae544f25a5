import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Kind, formatBackupId } from '../../src/catalog/key.ts';
import { formatManifest } from '../../src/catalog/manifest.ts';
import type { PruneResult } from '../../src/commands/prune.ts';
import { openStore } from '../../src/store/open.ts';
import { bytes } from '../../src/streams.ts';
import { sampleManifest } from '../catalog/samples.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { type Exchange, refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';

const day = 86_400_000;
const objects = ['RECOVER.md', 'contents.json.age', 'main.dump.age', 'manifest.json'];

interface Made {
  days: number;
  kind?: Kind;
  partial?: boolean;
  sealed?: boolean;
  /** Beside the usual ones. */
  more?: Readonly<Record<string, string>>;
}

/** A directory store with backups as keys alone tell them. */
class Shelf {
  readonly folder: string;
  readonly ids: string[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  get url(): string {
    return pathToFileURL(this.folder).href;
  }

  async put({ days, kind = 'scheduled', partial = false, sealed = true, more = {} }: Made): Promise<string> {
    const at = new Date(Date.now() - days * day);
    const random = (this.ids.length + 6 ** 6)
      .toString(6)
      .slice(-6)
      .replaceAll(/\d/g, digit => 'abcdef'[Number(digit)] ?? 'a');
    const id = formatBackupId({ at, kind, partial, random });
    const contents = Object.fromEntries(
      objects.filter(name => sealed || name !== 'manifest.json').map(name => [name, 'x']),
    );
    for (const [name, content] of Object.entries({ ...contents, ...more })) {
      const file = join(this.folder, 'shop', id, name);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, content);
      await utimes(file, at, at);
    }
    this.ids.push(id);
    return id;
  }

  has(id: string): boolean {
    return existsSync(join(this.folder, 'shop', id, 'manifest.json'));
  }

  prune(more: Record<string, string> = {}) {
    return lifeboat('prune', { store: this.url, name: 'shop', keep: '7d', ...more });
  }
}

async function openShelf(t: TestContext): Promise<Shelf> {
  const parent = await mkdtemp(join(tmpdir(), 'lifeboat-shelf-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'store');
  await mkdir(folder);
  return new Shelf(folder);
}

const outcomes = ({ backups }: PruneResult) =>
  Object.fromEntries(backups.map(({ backupId, outcome }) => [backupId, outcome]));

describe('prune', () => {
  it('removes what the policy does not keep, and says why of each; a dry run removes nothing', async t => {
    const shelf = await openShelf(t);
    const nights: string[] = [];
    for (let night = 0; night < 20; night += 1) nights.push(await shelf.put({ days: night + 0.5 }));
    const planned = resultOf<PruneResult>(await shelf.prune({ 'dry-run': 'true' }));
    assert.equal(planned.backups.filter(({ outcome }) => outcome === 'to be removed').length, 13);
    assert.ok(nights.every(id => shelf.has(id)));
    const done = resultOf<PruneResult>(await shelf.prune());
    assert.deepEqual(
      nights.map(id => shelf.has(id)),
      nights.map((_, night) => night < 7),
    );
    assert.ok(done.backups.every(({ reasons }) => reasons.length > 0));
    assert.equal(done.removedBytes, 13 * 4);
    assert.deepEqual((await readdir(join(shelf.folder, 'shop'))).length, 7);
    const again = resultOf<PruneResult>(await shelf.prune());
    assert.ok(again.backups.every(({ outcome }) => outcome === 'kept'));
  });

  it('never removes the newest proven one, what was retained, the minimum, or what is young', async t => {
    const shelf = await openShelf(t);
    const drill = (verdict: string) => ({ [`drills/20260101T000000Z-${verdict}.json`]: '{}' });
    const proven = await shelf.put({ days: 300, more: drill('passed') });
    const disproven = await shelf.put({ days: 200, more: drill('failed') });
    const forever = await shelf.put({
      days: 400,
      more: { 'retain.json': '{"format":1,"retain":"forever","at":"2026-01-01T00:00:00.000Z"}' },
    });
    const over = await shelf.put({
      days: 400,
      more: { 'retain.json': '{"format":1,"retain":"30d","at":"2026-01-01T00:00:00.000Z"}' },
    });
    const unreadable = await shelf.put({ days: 400, more: { 'retain.json': 'rubbish' } });
    const failed = await shelf.put({ days: 2, more: { 'checks/20300101T000000Z-bytes-failed.json': '{}' } });
    const good = [await shelf.put({ days: 3 }), await shelf.put({ days: 4 }), await shelf.put({ days: 5 })];
    const old = await shelf.put({ days: 40 });
    const ran = outcomes(resultOf<PruneResult>(await shelf.prune({ keep: '1d' })));
    for (const id of [proven, forever, unreadable, ...good]) assert.equal(ran[id], 'kept');
    for (const id of [disproven, over, failed, old]) assert.equal(ran[id], 'removed');
  });

  it('counts one as wrong by its last drill, and by a verify until one that looked as deep says otherwise', async t => {
    const shelf = await openShelf(t);
    const on = (hour: number) => `20260101T0${hour}0000Z`;
    const evidence = (...objects: string[]) => ({ more: Object.fromEntries(objects.map(object => [object, '{}'])) });
    for (const days of [2, 3, 4]) await shelf.put({ days });
    const good = [
      evidence(`drills/${on(1)}-failed.json`, `drills/${on(2)}-passed.json`),
      evidence(`checks/${on(1)}-archive-failed.json`, `drills/${on(2)}-passed.json`),
      evidence(`checks/${on(1)}-bytes-failed.json`, `checks/${on(2)}-archive-passed.json`),
      evidence(`drills/${on(1)}-passed.json`, `drills/${on(2)}-could-not-verify.json`),
    ];
    const wrong = [
      evidence(`drills/${on(1)}-failed.json`, `checks/${on(2)}-archive-passed.json`),
      evidence(`drills/${on(1)}-failed.json`, `drills/${on(2)}-could-not-verify.json`),
      evidence(`checks/${on(1)}-archive-failed.json`, `checks/${on(2)}-bytes-passed.json`),
      evidence(`drills/${on(1)}-passed.json`, `checks/${on(2)}-bytes-failed.json`),
    ];
    const kept = [];
    for (const [index, more] of good.entries()) kept.push(await shelf.put({ days: 10 + index, ...more }));
    const gone = [];
    for (const [index, more] of wrong.entries()) gone.push(await shelf.put({ days: 20 + index, ...more }));
    const ran = outcomes(resultOf<PruneResult>(await shelf.prune({ keep: '60d' })));
    for (const id of kept) assert.equal(ran[id], 'kept');
    for (const id of gone) assert.equal(ran[id], 'removed');
  });

  it('does not keep damaged ones in place of good ones', async t => {
    const shelf = await openShelf(t);
    const manifest = (id: string, names: readonly string[]) =>
      formatManifest({
        ...sampleManifest,
        id,
        objects: names.map(object => ({ ...sampleManifest.objects[0]!, object, sizeBytes: 1 })),
      });
    const seal = (id: string, names = objects.slice(0, 3)) =>
      writeFile(join(shelf.folder, 'shop', id, 'manifest.json'), manifest(id, names));
    const ids: string[] = [];
    for (let night = 0; night < 8; night += 1) ids.push(await shelf.put({ days: night + 1.5 }));
    for (const id of ids) await seal(id);
    const [gone = '', cut = '', unreadable = '', ...whole] = ids;
    await rm(join(shelf.folder, 'shop', gone, 'main.dump.age'));
    await writeFile(join(shelf.folder, 'shop', cut, 'main.dump.age'), '');
    await writeFile(join(shelf.folder, 'shop', unreadable, 'manifest.json'), '{');
    const ran = await shelf.prune({ keep: '1d', minimum: '3' });
    const result = resultOf<PruneResult>(ran);
    assert.deepEqual(
      result.backups.map(({ outcome }) => outcome),
      [...ids.slice(0, 5).map(() => 'kept'), ...whole.slice(2).map(() => 'removed')],
    );
    for (const id of [gone, cut]) assert.match(ran.stderr, new RegExp(`warning: ${id} is damaged: objects`));
    assert.equal(ran.stderr.split('is damaged').length, 3);
  });

  it('says in a dry run how much goes, and what failed runs left', async t => {
    const shelf = await openShelf(t);
    for (let night = 0; night < 9; night += 1) await shelf.put({ days: night + 0.5 });
    await shelf.put({ days: 3, sealed: false });
    const { status, stdout } = await lifeboat(
      'prune',
      { store: shelf.url, name: 'shop', keep: '7d', 'dry-run': 'true' },
      { json: false },
    );
    assert.equal(status, 0);
    assert.match(stdout, /7 kept, 2 to be removed, nothing is \(8 bytes\)/);
    assert.match(stdout, /to be removed +no rule keeps it/);
    assert.match(stdout, /rests of 1 run that never sealed are to be removed/);
    assert.equal((await readdir(join(shelf.folder, 'shop'))).length, 10);
  });

  it('takes away what failed runs left, but nothing of a run that may go on, of another name, or foreign', async t => {
    const shelf = await openShelf(t);
    const kept = await shelf.put({ days: 1.5 });
    const rest = await shelf.put({ days: 3, sealed: false });
    const running = await shelf.put({ days: 0.5, sealed: false });
    await mkdir(join(shelf.folder, 'shop', 'notes'), { recursive: true });
    await writeFile(join(shelf.folder, 'shop', 'notes', 'read.me'), 'mine');
    await mkdir(join(shelf.folder, 'blog', rest), { recursive: true });
    await writeFile(join(shelf.folder, 'blog', rest, 'main.dump.age'), 'x');
    const result = resultOf<PruneResult>(await shelf.prune());
    assert.equal(result.clearedRests, 1);
    assert.deepEqual((await readdir(join(shelf.folder, 'shop'))).sort(), [kept, running, 'notes'].sort());
    assert.ok(existsSync(join(shelf.folder, 'blog', rest, 'main.dump.age')));
  });

  it('that is killed at any point leaves whole backups only, and the next one goes on', async t => {
    const shelf = await openShelf(t);
    for (let night = 0; night < 40; night += 1) await shelf.put({ days: night + 0.5 });
    for (const removals of [1, 3, 9]) {
      let seen = 0;
      for (let night = 0; night < 30; night += 1) await shelf.put({ days: night + 10.5 });
      await lifeboat(
        'prune',
        { store: shelf.url, name: 'shop', keep: '7d' },
        {
          onStderr: (text, child) => {
            seen += text.split('removed ').length - 1;
            if (seen >= removals) child.kill('SIGKILL');
          },
        },
      );
      for (const id of await readdir(join(shelf.folder, 'shop'))) {
        const left = await readdir(join(shelf.folder, 'shop', id));
        if (left.includes('manifest.json')) assert.deepEqual(left.sort(), objects);
      }
    }
    const last = resultOf<PruneResult>(await shelf.prune());
    assert.equal(last.backups.filter(({ outcome }) => outcome === 'kept').length, 7);
  });

  it('beside another prune does no harm', async t => {
    const shelf = await openShelf(t);
    for (let night = 0; night < 30; night += 1) await shelf.put({ days: night + 0.5 });
    const both = (await Promise.all([shelf.prune(), shelf.prune()])).map(ran => resultOf<PruneResult>(ran));
    assert.deepEqual(
      both.map(({ refused }) => refused),
      [[], []],
    );
    assert.equal((await readdir(join(shelf.folder, 'shop'))).length, 7);
  });

  it('of nothing removes nothing', async t => {
    const shelf = await openShelf(t);
    const ran = await shelf.prune();
    const result = resultOf<PruneResult>(ran);
    assert.deepEqual([result.backups, result.refused], [[], []]);
    assert.match(ran.stderr, /warning: there is no sealed backup of shop, so none was judged: check store and name/);
  });

  for (const [given, message] of [
    [{ keep: '' }, /input keep is missing \(give a policy such as keep: 7d 4w 12m; without one nothing is removed\)/],
    [{ keep: '7x' }, /input keep has the word "7x"/],
    [{ 'keep-daily': '3' }, /input keep-daily is given beside keep \(say it in one of them\)/],
    [{ minimum: '0' }, /input minimum is "0"/],
    [{ timezone: 'Europe/Nowhere' }, /input timezone is "Europe…|input timezone is "Eu… \(14 characters\)"/],
    [{ 'keep-within': 'soon' }, /input keep-within is "soon" \(it may be 90d, 8w, 6mo, 2y or forever\)/],
  ] as const)
    it(`refuses ${JSON.stringify(given)}`, async t => {
      const shelf = await openShelf(t);
      const ran = await shelf.prune(given);
      assert.equal(ran.status, 64);
      assert.match(ran.stderr, message);
    });
});

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
    resultOf<PruneResult>(await lifeboat('prune', shelf.inputs));
    const left = await shelf.server.keys('backups');
    assert.ok(foreign.every(key => left.includes(key)));
    assert.equal(left.length, 3 * objects.length + foreign.length);
    const removed = shelf.proxy.requests.filter(({ operation }) => operation === 'DeleteObject').map(({ url }) => url);
    assert.equal(removed.length, objects.length, removed.join());
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
