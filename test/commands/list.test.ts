import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ListResult, list } from '../../src/commands/list.ts';
import { formatBackupId, kinds } from '../../src/catalog/key.ts';
import type { Context } from '../../src/commands/context.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

describe('list', () => {
  it('shows sealed backups only, newest first, each with who, why, how large and how verified', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const first = await harbor.backup(cluster, database, { reason: 'before | the *move*' });
    const second = await harbor.backup(cluster, database, { kind: 'scheduled', 'schema-only': 'true' });
    const third = await harbor.backup(cluster, database, { name: 'other', kind: 'pre-deployment', retain: '90d' });
    await mkdir(join(fileURLToPath(harbor.store), 'shop', '20300101T000000Z-manual-abcdef'));
    await writeFile(
      join(fileURLToPath(harbor.store), 'shop', '20300101T000000Z-manual-abcdef', 'main.dump.age'),
      'half',
    );
    await writeFile(join(fileURLToPath(harbor.store), 'README'), 'a foreign object');

    const listed = resultOf<ListResult>(await lifeboat('list', { store: harbor.store }));
    assert.deepEqual(
      listed.databases.map(({ name, sealed, unsealed }) => [name, sealed, unsealed]),
      [
        ['other', 1, 0],
        ['shop', 2, 1],
      ],
    );
    assert.deepEqual(
      listed.backups.map(({ backupId }) => backupId),
      [third.backupId, ...[first.backupId, second.backupId].sort().reverse()],
    );
    const of = (id: string) => listed.backups.find(({ backupId }) => backupId === id);
    assert.deepEqual(
      [of(first.backupId)?.reason, of(first.backupId)?.partial, of(first.backupId)?.tables],
      ['before | the *move*', false, first.tables],
    );
    assert.deepEqual([of(second.backupId)?.kind, of(second.backupId)?.partial], ['scheduled', true]);
    assert.equal(of(third.backupId)?.retain, '90d');

    assert.equal(listed.chosen, null);
    const chosen = async (more: Record<string, string>) =>
      resultOf<ListResult>(await lifeboat('list', { store: harbor.store, ...more })).chosen;
    const image = `postgres:${cluster.major}`;
    assert.deepEqual(await chosen({ name: 'shop' }), { name: 'shop', backupId: first.backupId, image });
    assert.equal((await chosen({ backup: second.backupId, name: 'shop' }))?.backupId, second.backupId);
    assert.equal((await chosen({ backup: 'random', name: 'other' }))?.backupId, third.backupId);
    const refused = await lifeboat('list', { store: harbor.store, backup: 'random' });
    assert.deepEqual(
      [refused.status, refused.stderr],
      [64, 'error: input name is missing (backup: random needs it; the store holds other, shop)\n'],
    );
    const gone = await lifeboat('list', { store: harbor.store, backup: 'latest-proven', name: 'shop' });
    assert.match(gone.stderr, /no drill has proven any whole backup of shop yet/);
  });

  it('lists 10,000 backups without reading more than are shown', async t => {
    const harbor = await openHarbor(t);
    const ids = Array.from({ length: 10_000 }, (_, index) => {
      const random = index
        .toString(6)
        .padStart(6, '0')
        .replaceAll(/\d/g, digit => 'abcdef'[Number(digit)] ?? 'a');
      return formatBackupId({
        at: new Date(Date.UTC(2020, 0, 1, index)),
        kind: kinds[index % kinds.length] ?? 'manual',
        partial: false,
        random,
      });
    });
    let reads = 0;
    const objects = ['RECOVER.md', 'contents.json.age', 'main.dump.age', 'manifest.json'];
    const store = {
      location: 'file:///harbor',
      async *list() {
        for (const id of ids)
          for (const object of objects) yield { key: `shop/${id}/${object}`, sizeBytes: 1, modifiedAt: new Date() };
      },
      get: async () => {
        reads += 1;
        throw new Error('no such object');
      },
    };
    const context = {
      signal: new AbortController().signal,
      openStore: () => store as never,
      log: { debug: () => {} },
    } as unknown as Context;
    const inputs = {
      command: 'list',
      name: 'shop',
      backup: 'latest',
      limit: 30,
      run: null,
      store: { url: harbor.store },
    } as never;
    const listed = await list(inputs, context);
    assert.equal(listed.databases[0]?.sealed, 10_000);
    assert.deepEqual(
      listed.backups.map(({ backupId }) => backupId),
      ids.toReversed().slice(0, 30),
    );
    assert.equal(reads, 31);
  });
});
