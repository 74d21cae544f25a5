import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { formatRetain } from '../../src/catalog/retain.ts';
import type { Context } from '../../src/commands/context.ts';
import { type PrunedPlace, type PruneResult, prune } from '../../src/commands/prune.ts';
import { openInputStore } from '../../src/commands/stores.ts';
import { Failure } from '../../src/failure.ts';
import type { Verdict } from '../../src/finding.ts';
import { type PruneInputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import { present } from '../../src/report/present.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { needsS3 } from '../support/s3-server.ts';
import { day, now } from '../watch/facts.ts';
import { type Shelf, openShelf } from '../watch/shelf.ts';

interface Pruned {
  result: PruneResult;
  lines: string[];
}

const lines: string[] = [];
const context: Context = {
  log: {
    info: line => void lines.push(line),
    debug: () => {},
    warn: line => void lines.push(`warning: ${line}`),
    group: (title, work) => {
      lines.push(`[${title}]`);
      return work();
    },
    progress: () => assert.fail('a prune has no progress'),
  },
  signal: new AbortController().signal,
  now: () => now,
  version: '0.0.0',
  folder: '/nowhere',
  openStore: given => openInputStore(given, () => Promise.reject(new Error('there is none'))),
};

async function run(given: Record<string, string>): Promise<Pruned> {
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  lines.length = 0;
  const result = await prune(readInputs(readTerminal(['prune', ...args], {}).inputs, {}) as PruneInputs, context);
  return { result, lines: [...lines] };
}

/** Nine nights in two shelves, and how many are left in each. */
async function openPair(t: TestContext) {
  const [store, replica] = [await openShelf(t), await openShelf(t)];
  for (let night = 0; night < 9; night += 1) {
    await store.put((night + 1.5) * day);
    await replica.put((night + 1.5) * day);
  }
  const left = async (shelf: Shelf) => (await readdir(join(shelf.folder, 'shop'))).length;
  return {
    store,
    replica,
    left: async () => [await left(store), await left(replica)],
    prune: (more: Record<string, string> = {}) =>
      run({ store: store.store, replica: replica.store, keep: '4d', ...more }),
  };
}

const outcomesOf = ({ backups }: PrunedPlace) => backups.map(({ outcome }) => outcome);

describe('prune with a replica', () => {
  it('without a policy of its own touches nothing there, and says so', async t => {
    const pair = await openPair(t);
    const { result, lines: said } = await pair.prune();
    assert.deepEqual([await pair.left(), result.replica], [[4, 9], null]);
    assert.ok(said.includes('nothing in the replica is removed: it has no policy (replica-keep)'));
    const { lines: alone } = await run({ store: pair.store.store, keep: '4d' });
    assert.ok(!alone.some(line => line.includes('replica')));
  });

  it('prunes the store by one policy and the replica by the other', async t => {
    const pair = await openPair(t);
    const planned = await pair.prune({ 'replica-keep': '6d', 'dry-run': 'true' });
    assert.deepEqual(await pair.left(), [9, 9]);
    assert.deepEqual(planned.result.replica && outcomesOf(planned.result.replica), [
      ...Array<string>(6).fill('kept'),
      ...Array<string>(3).fill('to be removed'),
    ]);
    const { result, lines: said } = await pair.prune({ 'replica-keep': '6d' });
    assert.deepEqual(await pair.left(), [4, 6]);
    assert.deepEqual(
      [result.location, result.replica?.location, result.replica?.policy],
      [pair.store.store, pair.replica.store, '6 daily, before migrations 90d, never fewer than 3'],
    );
    assert.equal(said.filter(line => line.startsWith('removed shop/')).length, 8);
    assert.ok(said.indexOf('[Replica]') > said.findIndex(line => line.startsWith('removed ')));
    const { text, summary, outputs } = present(result, []);
    assert.match(text, /^prune of shop: 4 kept, 5 removed .*[^]*\n\nprune of shop in the replica: 6 kept, 3 removed /);
    assert.match(
      summary,
      /^### Prune of shop: 4 kept, 5 removed\n[^]*\n### Prune of shop in the replica: 6 kept, 3 removed\n/,
    );
    assert.deepEqual([outputs.kept, outputs.removed], ['4', '5']);
  });

  it('knows in the replica what drills found and what was retained in the store', async t => {
    const [store, replica] = [await openShelf(t), await openShelf(t)];
    const ids: string[] = [];
    for (let night = 0; night < 9; night += 1) {
      const verdict = { 0: 'failed', 5: 'passed' }[night] as Verdict | undefined;
      const seconds = (night + 1.5) * day;
      ids.push(
        await store.put(seconds, {
          drills: verdict ? [{ at: now, verdict }] : [],
          more: night === 7 ? { 'retain.json': formatRetain('forever', now) } : {},
        }),
      );
      assert.equal(await replica.put(seconds), ids[night]);
    }
    const inputs = { store: store.store, replica: replica.store, keep: '30d', 'replica-keep': '2d' };
    const { result } = await run(inputs);
    const kept = (result.replica?.backups ?? []).filter(({ outcome }) => outcome === 'kept');
    assert.deepEqual(
      kept.map(({ backupId }) => ids.indexOf(backupId)),
      [0, 1, 2, 3, 5, 7],
    );
    const ofStore = result.backups.filter(({ outcome }) => outcome === 'kept');
    assert.equal(ofStore.length, 8, 'all but the one that a drill found wrong');
  });

  it('removes nothing from the replica for what a verify or a drill found in the store: its bytes are others', async t => {
    const [store, replica] = [await openShelf(t), await openShelf(t)];
    const ids: string[] = [];
    for (let night = 0; night < 9; night += 1) {
      const found: Record<string, string> = night > 2 ? { 'checks/20261125T090000Z-bytes-failed.json': '{}' } : {};
      ids.push(await store.put((night + 1.5) * day, { more: found }));
      // a drill of the replica's own says that it is right there
      await replica.put((night + 1.5) * day, night === 8 ? { drills: [{ at: now, verdict: 'passed' }] } : {});
    }
    const inputs = { store: store.store, replica: replica.store, keep: '30d', 'replica-keep': '30d' };
    const { result } = await run(inputs);
    assert.equal(outcomesOf(result).filter(outcome => outcome === 'removed').length, 6);
    assert.ok(result.replica && outcomesOf(result.replica).every(outcome => outcome === 'kept'));
    const reasons = result.replica.backups.map(one => one.reasons.join('; '));
    assert.equal(reasons[3], 'found wrong in another store, so that it counts for nothing: drill it here');
    assert.match(reasons[8] ?? '', /^the newest that a drill has proven; daily, 4 of 30/);
  });

  it('keeps the minimum in each, and takes what failed runs left in each', async t => {
    const pair = await openPair(t);
    await pair.replica.put(5 * day, { sealed: false });
    const { result } = await pair.prune({ keep: '1d', 'replica-keep': '1d', minimum: '2' });
    assert.deepEqual(await pair.left(), [2, 2]);
    assert.deepEqual([result.clearedRests, result.replica?.clearedRests], [0, 1]);
  });

  it('fails where the replica cannot be listed, once the store is pruned, and names it', async t => {
    const pair = await openPair(t);
    await rm(pair.replica.folder, { recursive: true });
    await writeFile(pair.replica.folder, 'a file where the folder was');
    await assert.rejects(pair.prune({ 'replica-keep': '6d' }), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^the store is pruned, the replica is not: /);
      assert.equal(error.exitStatus, 1);
      return true;
    });
    assert.equal((await readdir(join(pair.store.folder, 'shop'))).length, 4);
  });

  it('refuses a replica that cannot be opened before anything is removed', async t => {
    const pair = await openPair(t);
    await assert.rejects(pair.prune({ replica: 'ftp://host', 'replica-keep': '6d' }), {
      message: 'input replica names ftp:, which is not known',
      exitStatus: 64,
    });
    assert.deepEqual(await pair.left(), [9, 9]);
  });

  it('names the replica where nothing was ever written into it', async t => {
    const pair = await openPair(t);
    await rm(join(pair.replica.folder, 'shop'), { recursive: true });
    const { lines: said } = await pair.prune({ 'replica-keep': '6d' });
    assert.ok(said.includes('warning: there is no sealed backup of shop, so none was judged: check replica and name'));
  });

  it('of an S3 server, with keys of its own, says what that does not let go', async t => {
    const server = await needsS3(t, { buckets: ['copies'] });
    if (!server) return;
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const pair = await openPair(t);
    for (const id of await readdir(join(pair.replica.folder, 'shop')))
      for (const object of await readdir(join(pair.replica.folder, 'shop', id)))
        await server.putForeign('copies', `p/shop/${id}/${object}`, await pair.replica.read(`shop/${id}/${object}`));
    const inputs = {
      replica: server.url('copies', 'p', proxy.endpoint),
      'replica-access-key-id': server.accessKeyId,
      'replica-secret-access-key': server.secretAccessKey,
      'replica-keep': '6d',
    };
    const sealed = async () => (await server.keys('copies')).filter(key => key.endsWith('/manifest.json')).length;
    let isDenied = true;
    proxy.on(({ operation }) => isDenied && operation === 'DeleteObject', refuse(403, 'AccessDenied'));
    const { result, lines: said } = await pair.prune(inputs);
    assert.deepEqual([result.refused, result.replica?.refused.length, await sealed()], [[], 3, 9]);
    assert.ok(said.some(line => /^warning: the replica refused to remove shop\/.*\/manifest\.json: /.test(line)));
    const { text } = present(result, []);
    assert.match(
      text,
      /prune of shop in the replica[^]*\nnot removed: shop\/[^]*\n3 objects not removed: give the cred/,
    );
    isDenied = false;
    const { result: done } = await pair.prune(inputs);
    assert.deepEqual([done.replica?.refused, await sealed()], [[], 6]);
    proxy.on(({ operation }) => operation === 'ListObjectsV2', refuse(403, 'AccessDenied'));
    await assert.rejects(pair.prune(inputs), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^the store is pruned, the replica is not: .*copies/);
      assert.match(error.hint ?? '', /s3:ListBucket/);
      return true;
    });
  });
});
