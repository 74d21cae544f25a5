import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Kind, formatBackupId } from '../../src/catalog/key.ts';
import type { PruneResult } from '../../src/commands/prune.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
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
    const result = resultOf<PruneResult>(await shelf.prune());
    assert.deepEqual([result.backups, result.refused], [[], []]);
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
});
