import assert from 'node:assert/strict';
import { type TestContext, after, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { type As, majors, needsPostgres, type OwnCluster, startCluster } from '../support/postgres.ts';
import { type Trial, assertFailed, assertNothingLeft, assertRestores, fillDatabase, openTrial } from './support.ts';

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, rights`, { concurrency: 2 }, () => {
    // of their own, since roles belong to the whole cluster
    let own: Promise<OwnCluster> | undefined;
    after(async () => (await own)?.stop());
    /** A database, and a role that may read what there is before `sql`. */
    const open = async (t: TestContext, sql: string): Promise<{ trial: Trial; as: As; url: string } | undefined> => {
      if (!(await needsPostgres(t, major))) return undefined;
      const cluster = await (own ??= startCluster({ major }));
      const database = await fillDatabase(cluster);
      const user = `reader_${database}`;
      await cluster.query(
        `CREATE ROLE ${user} LOGIN PASSWORD 'p@ss:word/';
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO ${user};
         ${sql.replaceAll('$user', user)}`,
        [],
        database,
      );
      const as = { user, password: 'p@ss:word/' };
      return { trial: await openTrial(t, cluster, database), as, url: cluster.url(database, as) };
    };

    it('table without SELECT right', async t => {
      const opened = await open(
        t,
        'CREATE TABLE secrets (id int); CREATE SCHEMA hidden; CREATE TABLE hidden.more (id int)',
      );
      if (!opened) return;
      const ran = await opened.trial.backup({ 'database-url': opened.url });
      await assertFailed(ran, opened.trial, {
        message: /user reader_\w+ may not read 2 tables: hidden\.more, public\.secrets \(run GRANT pg_read_all_data TO/,
      });
    });

    it('table without SELECT right, when it is the parent of partitions that have it', async t => {
      const opened = await open(
        t,
        `CREATE TABLE days (day date) PARTITION BY RANGE (day);
         CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-01-02'); GRANT SELECT ON day_1 TO $user`,
      );
      if (!opened) return;
      const ran = await opened.trial.backup({ 'database-url': opened.url });
      await assertFailed(ran, opened.trial, { message: /may not read table public\.days \(run GRANT/ });
    });

    it('table without SELECT right, when only its rows are excluded', async t => {
      const opened = await open(t, 'CREATE TABLE secrets (id int)');
      if (!opened) return;
      const { trial, url } = opened;
      const ran = await trial.backup({ 'database-url': url, 'exclude-table-data': 'secrets' });
      await assertFailed(ran, trial, { message: /may not read table public\.secrets \(run GRANT/ });
      const without = resultOf<BackupResult>(await trial.backup({ 'database-url': url, 'exclude-tables': 'secrets' }));
      assert.equal(without.partial, true);
      await assertNothingLeft(trial, [without.backupId]);
    });

    it('table without SELECT right: nothing is wrong with a user who may read everything but owns nothing', async t => {
      const opened = await open(t, 'GRANT pg_read_all_data TO $user');
      if (!opened) return;
      const made = resultOf<BackupResult>(await opened.trial.backup({ 'database-url': opened.url }));
      await assertRestores(opened.trial, made.backupId);
    });

    it('row security that hides rows', async t => {
      const opened = await open(
        t,
        'ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON orders USING (customer = 1)',
      );
      if (!opened) return;
      const { trial, url, as } = opened;
      const ran = await trial.backup({ 'database-url': url });
      await assertFailed(ran, trial, {
        message: /row security hides rows from user reader_\w+ in table public\.orders \(run ALTER ROLE .* BYPASSRLS/,
      });
      await trial.cluster.query(`ALTER ROLE ${as.user} BYPASSRLS`);
      const made = resultOf<BackupResult>(await trial.backup({ 'database-url': url }));
      assert.equal(made.rows, 20_500);
      await assertRestores(trial, made.backupId);
    });

    it('row security that hides rows from the owner too', async t => {
      const opened = await open(
        t,
        `ALTER TABLE orders OWNER TO $user; ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY`,
      );
      if (!opened) return;
      const ran = await opened.trial.backup({ 'database-url': opened.url });
      await assertFailed(ran, opened.trial, {
        message: /row security hides rows from user .* in table public\.orders \(/,
      });
    });
  });
}
