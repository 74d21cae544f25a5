import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ListResult } from '../../src/commands/list.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

describe('reuse-within', () => {
  it('takes a whole backup that is young enough, and nothing else', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const again = (more: Record<string, string> = {}) =>
      harbor.backup(cluster, database, { 'reuse-within': '24h', ...more });
    const folder = (id: string, part: string) => join(fileURLToPath(harbor.store), 'shop', id, part);

    await harbor.backup(cluster, database, { 'schema-only': 'true' });
    const first = await again();
    assert.equal(first.reused, false);
    assert.equal(first.image, `postgres:${cluster.major}`);

    const second = await again();
    assert.deepEqual(
      { ...second, durationSeconds: 0, warnings: [] },
      { ...first, reused: true, durationSeconds: 0, warnings: [] },
    );
    const counted = resultOf<ListResult>(await lifeboat('list', { store: harbor.store }));
    assert.equal(counted.databases[0]?.sealed, 2);

    assert.equal((await again({ 'reuse-within': '1s' })).reused, false, 'older than that');
    assert.equal((await again({ 'schema-only': 'true' })).reused, false, 'a partial one was asked for');
    assert.equal((await again({ name: 'other' })).reused, false, 'another name');
    assert.equal((await again()).reused, true);

    const newest = (await again()).backupId;
    await mkdir(folder(newest, 'checks'), { recursive: true });
    await writeFile(folder(newest, 'checks/20300101T000000Z-bytes-failed.json'), '{}');
    assert.equal((await again()).reused, false, 'a verify found it wrong');
    const last = (await again()).backupId;
    await rm(folder(last, 'manifest.json'));
    await rm(folder(newest, 'manifest.json'));
    const other = await createSampleDatabase(cluster);
    const refused = await lifeboat('backup', harbor.backupInputs(cluster, other, { 'reuse-within': '24h' }));
    assert.match(refused.stderr, /the backups under shop come from another database/);
  });
});
