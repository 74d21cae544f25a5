import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListResult } from '../../src/commands/list.ts';
import { formatBackupId } from '../../src/catalog/key.ts';
import { Failure } from '../../src/failure.ts';
import { present } from '../../src/report/present.ts';
import { logPage } from '../../src/report/log-page.ts';
import { Shelf, type Shelved, day, listOf, now } from '../report/log-sample.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { needsS3 } from '../support/s3-server.ts';

const copies = 's3://copies/acme?region=eu-north-1';
const nights = (count: number, more: Partial<Shelved> = {}) =>
  Array.from({ length: count }, (_, night): Shelved => ({
    at: new Date(now.getTime() - (night + 0.5) * day),
    ...more,
  }));
const documentOf = (result: ListResult) => present(result, []).document ?? '';

/** A shelf that holds the same, but for what is dropped and added. */
function replicaOf(shelf: Shelf, dropped: readonly number[], added: readonly string[] = []): Shelf {
  const replica = new Shelf([], copies);
  const ids = [...new Set([...shelf.objects.keys()].map(key => key.split('/')[1] ?? ''))].sort().reverse();
  const isKept = (key: string) => !dropped.some(index => key.includes(ids[index] ?? ''));
  for (const [key, text] of shelf.objects) if (isKept(key)) replica.objects.set(key, text);
  for (const key of added) replica.objects.set(key, '{}');
  return replica;
}

/** The manifests of so many backups that the store has not. */
function others(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(now.getTime() - (index + 90) * day);
    return `${name}/${formatBackupId({ at, kind: 'scheduled', partial: false, random: 'zzzzzz' })}/manifest.json`;
  });
}

describe('a list with a replica', () => {
  it('says of each backup where it is sealed, in every format', async () => {
    const shelf = new Shelf(nights(4));
    const replica = replicaOf(shelf, [1]);
    // the rest of a run that broke off is no backup
    for (const key of replica.objects.keys())
      if (key.includes('20261123') && key.endsWith('/manifest.json')) replica.objects.delete(key);
    const list = (given: Record<string, string> = {}) => listOf(shelf, given, { replica });
    const result = await list();
    assert.deepEqual(
      result.backups.map(({ storedIn }) => storedIn),
      [['store', 'replica'], ['store'], ['store'], ['store', 'replica']],
    );
    assert.deepEqual(result.replica, { location: copies, isListed: true, alone: [] });
    const { text, summary } = present(result, []);
    assert.match(text, / Proven +Stored where +Kept /);
    assert.match(text, /never +store, replica +no policy/);
    assert.match(summary, /\| Proven +\| Stored where +\| Kept +\|/);
    assert.match(documentOf(await list({ format: 'markdown' })), /\| store, replica \|/);
    const [header = '', first = ''] = documentOf(await list({ format: 'csv' })).split('\r\n');
    const column = header.split(',').indexOf('stored_in');
    assert.equal(header.split(',')[column + 1], 'location');
    assert.match(first, /,"store, replica",s3:/);
    const page = logPage(result);
    assert.match(page, /<th scope="col" class="extra">Stored where<\/th>/);
    assert.match(page, /<td class="extra">store, replica<\/td>/);
    assert.ok(page.includes(`<code>${copies}</code>`));
    assert.equal(replica.reads.length, 0);
  });

  it('without one has no such column, and no word of it', async () => {
    const result = await listOf(nights(2));
    assert.equal(result.replica, null);
    assert.deepEqual(result.backups[0]?.storedIn, ['store']);
    for (const format of ['csv', 'markdown', 'html', 'table']) {
      const { text, document = text } = present({ ...result, format: format as ListResult['format'] }, []);
      assert.doesNotMatch(document, /stored_in|Stored where|replica/i, format);
    }
  });

  it('counts those that are in the replica alone, of each database, and says how to list them', async () => {
    const shelf = new Shelf([...nights(2), ...nights(1, { name: 'blog' })]);
    const replica = replicaOf(shelf, [], [...others('shop', 3), ...others('lost', 1), 'shop/notes/manifest.json']);
    const result = await listOf(shelf, {}, { replica });
    assert.deepEqual(result.replica?.alone, [
      { name: 'lost', backups: 1 },
      { name: 'shop', backups: 3 },
    ]);
    const said = [
      `lost: 1 backup is in the replica alone: list it with store: ${copies}`,
      `shop: 3 backups are in the replica alone: list it with store: ${copies}`,
    ];
    const { text, summary } = present(result, []);
    for (const line of said) {
      assert.ok(text.includes(`\n(${line})\n`) || text.endsWith(`\n(${line})`), text);
      assert.ok(logPage(result).includes(`<p class="note">${line}.</p>`));
    }
    assert.match(summary, /^shop\\: 3 backups are in the replica alone/m);
    const { replica: named } = await listOf(shelf, { name: 'shop' }, { replica });
    assert.deepEqual(named?.alone, [{ name: 'shop', backups: 3 }]);
  });

  it('says so in the CSV by a warning, for its rows are of the store', async () => {
    const shelf = new Shelf(nights(2));
    const warnings: string[] = [];
    const result = await listOf(
      shelf,
      { format: 'csv' },
      { replica: replicaOf(shelf, [], others('shop', 2)), warnings },
    );
    assert.deepEqual(warnings, ['2 of shop in the replica alone are not in the CSV']);
    assert.equal(documentOf(result).split('\r\n').length, 4);
  });

  it('of an empty store says first of all what the replica has', async () => {
    const shelf = new Shelf([]);
    const result = await listOf(shelf, {}, { replica: replicaOf(shelf, [], others('shop', 3)) });
    const { text, summary } = present(result, []);
    const line = `shop: 3 backups are in the replica alone: list it with store: ${copies}`;
    assert.equal(text, `the store ${shelf.location} holds no backup\n(${line})`);
    assert.match(summary, /holds no backup\n\nshop\\: 3 backups are/);
    assert.ok(logPage(result).includes(line));
  });

  it('shows the log where the replica gives no listing, warns, and calls its places unknown', async () => {
    const replica = new Shelf([], copies);
    replica.list = async function* () {
      yield* [];
      throw new Failure('the bucket refused it', { hint: 'give the right s3:ListBucket' });
    };
    const warnings: string[] = [];
    const result = await listOf(nights(2), {}, { replica, warnings });
    assert.deepEqual(warnings, [
      'the replica could not be listed, so nobody knows which backups are there: the bucket refused it (give the right s3:ListBucket)',
    ]);
    assert.deepEqual(
      [result.backups.map(({ storedIn }) => storedIn), result.replica],
      [[null, null], { location: copies, isListed: false, alone: [] }],
    );
    const { text, exitStatus } = present(result, []);
    assert.equal(exitStatus, 0);
    assert.match(text, /never +unknown +no policy/);
    assert.ok(text.includes(`(the replica ${copies} could not be listed: nobody knows which backups are there)`));
  });

  it('in a bucket is listed with keys of its own', async t => {
    const server = await needsS3(t, { buckets: ['backups', 'copies'] });
    if (!server) return;
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const shelf = new Shelf(nights(3));
    for (const [key, text] of shelf.objects) {
      await server.putForeign('backups', `p/${key}`, text || 'x');
      if (!key.includes('20261124')) await server.putForeign('copies', `p/${key}`, text || 'x');
    }
    const [extra = ''] = others('shop', 1);
    await server.putForeign('copies', `p/${extra}`, '{}');
    const keys = { 'access-key-id': server.accessKeyId, 'secret-access-key': server.secretAccessKey };
    const inputs = {
      store: server.url('backups', 'p'),
      replica: server.url('copies', 'p', proxy.endpoint),
      ...keys,
      ...Object.fromEntries(Object.entries(keys).map(([name, value]) => [`replica-${name}`, value])),
    };
    const result = resultOf<ListResult>(await lifeboat('list', inputs));
    assert.deepEqual(
      result.backups.map(({ storedIn }) => storedIn?.length),
      [2, 1, 2],
    );
    assert.deepEqual(result.replica?.alone, [{ name: 'shop', backups: 1 }]);
    proxy.on(({ operation }) => operation === 'ListObjectsV2', refuse(403, 'AccessDenied'));
    const { status, stdout, stderr } = await lifeboat('list', inputs, { json: false });
    assert.equal(status, 0);
    assert.match(stderr, /warning: the replica could not be listed, so nobody knows which backups are there: /);
    assert.match(stdout, /unknown/);
    assert.ok(!`${stdout}${stderr}`.includes(server.secretAccessKey));
  });
});
