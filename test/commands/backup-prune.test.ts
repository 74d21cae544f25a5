import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { formatBackupId } from '../../src/catalog/key.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';

describe('backup with a policy', () => {
  it('prunes after the seal, and is good without the right to', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const server = await startS3Server({ buckets: ['backups'] });
    t.after(() => server.stop());
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const inputs = (more: Record<string, string> = {}) => ({
      ...harbor.backupInputs(cluster, database, more),
      store: server.url('backups', 'p', proxy.endpoint),
      'access-key-id': server.accessKeyId,
      'secret-access-key': server.secretAccessKey,
    });
    const left = async () => (await server.keys('backups')).filter(key => key.includes('-scheduled-aaaaa')).length;

    // the first backup looks at the newest one before it
    assert.equal(resultOf<BackupResult>(await lifeboat('backup', inputs())).pruned, null);
    for (const [index, letter] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
      const at = new Date(Date.now() - (index + 40) * 86_400_000);
      const id = formatBackupId({ at, kind: 'scheduled', partial: false, random: `aaaaa${letter}` });
      await server.putForeign('backups', `p/shop/${id}/manifest.json`, '{}');
    }
    const policy = { keep: '1d', minimum: '1' };
    const failed = await lifeboat('backup', inputs({ ...policy, 'required-tables': 'gone' }));
    assert.equal(failed.status, 1);
    assert.equal(await left(), 6);

    let isDenied = true;
    proxy.on(({ operation }) => isDenied && operation.startsWith('DeleteObject'), refuse(403, 'AccessDenied'));
    const denied = await lifeboat('backup', inputs(policy));
    const kept = resultOf<BackupResult>(denied);
    assert.equal(kept.pruned?.refused.length, 6);
    assert.match(
      denied.stderr,
      /warning: the policy could not be carried out: 6 objects were not removed, .*; give the credentials the right to delete, or prune in a job of its own/,
    );
    assert.equal(await left(), 6);

    isDenied = false;

    let isSealed = false;
    proxy.on(
      ({ operation, url }) => {
        isSealed ||= operation === 'PutObject' && url.includes('/manifest.json');
        return isSealed && operation === 'ListObjectsV2';
      },
      refuse(403, 'AccessDenied'),
      1,
    );
    const unlisted = await lifeboat('backup', inputs(policy));
    assert.equal(resultOf<BackupResult>(unlisted).pruned, null);
    assert.match(unlisted.stderr, /warning: the backup is sealed, and the prune after it did not come to its end: /);
    assert.equal(await left(), 6);

    const done = resultOf<BackupResult>(await lifeboat('backup', inputs(policy)));
    assert.equal(done.pruned?.backups.filter(({ outcome }) => outcome === 'removed').length, 6);
    assert.equal(await left(), 0);
  });
});
