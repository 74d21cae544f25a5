import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VerifyResult } from '../../src/commands/verify.ts';
import { lifeboat, openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

for (const major of majors()) {
  describe(`verify of a backup of PostgreSQL ${major}`, () => {
    it('with the identity reads the contents and the archive, and finds the required tables', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const harbor = await openHarbor(t);
      const made = await harbor.backup(cluster, await createSampleDatabase(cluster));
      const inputs = { store: harbor.store, client: cluster.bin };
      const required = { 'required-tables': 'app.users\nbilling.invoices' };

      const ran = await lifeboat('verify', { ...inputs, ...required, identity: harbor.keys.identity });
      assert.equal(ran.status, 0, ran.stderr);
      const { depth, verdict, tables, rows } = JSON.parse(ran.stdout) as VerifyResult;
      assert.deepEqual(
        { depth, verdict, tables, rows },
        { depth: 'archive', verdict: 'passed', tables: made.tables, rows: made.rows },
      );

      const bytes = JSON.parse((await lifeboat('verify', inputs)).stdout) as VerifyResult;
      assert.deepEqual([bytes.depth, bytes.verdict, bytes.tables, bytes.rows], ['bytes', 'passed', null, null]);
    });

    it('fails when a required table is not in it, or has no rows, and cannot tell without the identity', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const harbor = await openHarbor(t);
      const database = await cluster.createDatabase();
      t.after(() => cluster.dropDatabase(database));
      await cluster.query('CREATE TABLE empty (i int)', undefined, database);
      await harbor.backup(cluster, database);
      const inputs = { store: harbor.store, client: cluster.bin, 'required-tables': 'gone\nempty' };

      const ran = await lifeboat('verify', { ...inputs, identity: harbor.keys.identity });
      assert.equal(ran.status, 1);
      assert.deepEqual(
        (JSON.parse(ran.stdout) as VerifyResult).findings.map(({ code, object }) => [code, object]),
        [
          ['REQUIRED_TABLE_MISSING', 'table public.gone'],
          ['REQUIRED_TABLE_EMPTY', 'table public.empty'],
        ],
      );

      const blind = await lifeboat('verify', inputs);
      assert.equal(blind.status, 2);
      assert.match(blind.stderr, /NOT_VERIFIED required-tables: without the contents nobody can tell/);
    });
  });
}
