import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListResult } from '../../src/commands/list.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

describe('backup, list, verify, restore', () => {
  for (const major of majors()) {
    it(`bring a whole database back on another server of PostgreSQL ${major}`, async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const harbor = await openHarbor(t);
      const database = await createSampleDatabase(cluster);
      const made = await harbor.backup(cluster, database, { 'required-tables': 'app.users' });
      assert.match(made.backupId, /^\d{8}T\d{6}Z-manual-[a-z0-9]{6}$/);

      const listed = resultOf<ListResult>(await lifeboat('list', { store: harbor.store }));
      assert.deepEqual(
        listed.backups.map(({ backupId }) => backupId),
        [made.backupId],
      );

      const bytes = resultOf<VerifyResult>(await lifeboat('verify', { store: harbor.store }));
      assert.equal(bytes.verdict, 'passed');
      assert.equal(bytes.depth, 'bytes');
      const deep = resultOf<VerifyResult>(
        await lifeboat('verify', { store: harbor.store, identity: harbor.keys.identity, client: cluster.bin }),
      );
      assert.equal(deep.verdict, 'passed');
      assert.equal(deep.depth, 'archive');

      const other = await startCluster({ major });
      t.after(() => other.stop());
      const target = await other.createDatabase();
      const restored = resultOf<RestoreResult>(await lifeboat('restore', harbor.restoreInputs(other, target)));
      assert.deepEqual(restored.differences, []);
      assert.deepEqual(restored.refused, []);
      assert.equal(restored.compared, 'content');
      assert.ok(restored.rows !== null && restored.rows > 1000);
    });
  }
});
