import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { type Cluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import {
  type Trial,
  assertFailed,
  assertNothingLeft,
  assertRestores,
  contentsOf,
  fillDatabase,
  heldClient,
  openTrial,
  scriptedClient,
  until,
} from './support.ts';

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, locks`, { concurrency: 3 }, () => {
    /** A database of its own: it changes. */
    const open = async (t: TestContext): Promise<Trial | undefined> => {
      const cluster = await needsPostgres(t, major);
      return cluster && openTrial(t, cluster, await fillDatabase(cluster));
    };

    it('lock not granted in time', async t => {
      const trial = await open(t);
      if (!trial) return;
      const holder = await trial.cluster.connect(trial.database);
      await holder.query(`SET application_name = 'a long migration'; BEGIN; LOCK TABLE orders`);
      const ran = await trial.backup({ 'lock-timeout': '2s' });
      await assertFailed(ran, trial, {
        message:
          /table (?:public\.)?orders could not be locked within 2 s: held by postgres \(process \d+, a long migration\) \(.*lock-timeout/,
      });
      await holder.end();
    });

    it('lock not granted in time, where the lock table has no room for the leader', async t => {
      if (!(await needsPostgres(t, major))) return;
      const trial = await openCrowded(t, major);
      const holder = await trial.cluster.connect(trial.database);
      await holder.query('BEGIN; LOCK TABLE orders');
      const at = performance.now();
      const ran = await trial.backup({ 'lock-timeout': '2s' });
      assert.ok(performance.now() - at < 15_000);
      await assertFailed(ran, trial, { message: /lock.*\(.*lock-timeout/ });
      await holder.end();
    });

    it('an ALTER that queues behind our locks while readers queue behind it', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder, 'yield-after': '2s' });
      await client.held();
      const at = performance.now();
      const altered = trial.cluster.query('ALTER TABLE orders ADD later int DEFAULT 7', [], trial.database);
      await until('the ALTER waits', () => isWaiting(trial, 'ALTER'));
      const read = trial.cluster.query('SELECT count(*) AS readers_count FROM orders', [], trial.database);
      await until('a reader waits behind it', () => isWaiting(trial, 'readers_count'));
      await Promise.all([altered, read]);
      const seconds = (performance.now() - at) / 1000;
      assert.ok(seconds > 1.5 && seconds < 7, `they waited ${seconds} s`);
      await client.release();
      const ran = await running;
      assert.match(
        ran.stderr,
        /our locks kept process \d+ of user postgres: ALTER TABLE orders .* waiting for 2 s; .*anew/,
      );
      const made = resultOf<BackupResult>(ran);
      await assertNothingLeft(trial, [made.backupId]);
      const { target } = await assertRestores(trial, made.backupId);
      const [row] = await trial.cluster.query('SELECT sum(later)::int AS sum FROM orders', [], target ?? '');
      assert.deepEqual(row, { sum: 140_000 });
    });

    it('an ALTER that queues behind our locks, again and again', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      let ended = false;
      const running = trial.backup({ client: client.folder, 'yield-after': '1s' }).finally(() => (ended = true));
      await client.held();
      while (!ended) await trial.cluster.query('ALTER TABLE orders ALTER note SET DEFAULT 1', [], trial.database);
      const ran = await running;
      await client.release();
      // some of them come even between the leader's lock and that of pg_dump
      await assertFailed(ran, trial, {
        message:
          /(?:our locks kept process \d+ of user postgres: ALTER TABLE orders .* waiting for 1 s|came between two locks of ours.*) \(/,
      });
    });

    it('an ALTER that comes between the lock of the leader and that of pg_dump', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await scriptedClient(t, trial.cluster, {
        archive: `: >"$here/waits"; while [ -d "$here" ] && [ ! -e "$here/go" ]; do sleep 0.05; done`,
      });
      const running = trial.backup({ client, 'yield-after': '60s' });
      await until('pg_dump is about to start', () => existsSync(join(client, 'waits')));
      const altered = trial.cluster.query('ALTER TABLE orders ADD later int DEFAULT 7', [], trial.database);
      await until('the ALTER waits', () => isWaiting(trial, 'ALTER'));
      await writeFile(join(client, 'go'), '');
      await altered; // each waits for the other until the dump begins anew
      const ran = await running;
      assert.match(
        ran.stderr,
        /warning: process \d+ .*: ALTER TABLE orders .* came between two locks of ours, .* begins anew/,
      );
      await assertRestores(trial, resultOf<BackupResult>(ran).backupId);
    });

    it('tables created or dropped during the dump', async t => {
      const trial = await open(t);
      if (!trial) return;
      await trial.cluster.query('CREATE TABLE doomed (id int)', [], trial.database);
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder, 'yield-after': '1s' });
      await client.held();
      await trial.cluster.query('CREATE TABLE late (id serial)', [], trial.database);
      await trial.cluster.query('DROP TABLE doomed', [], trial.database);
      await client.release();
      const ran = await running;
      assert.match(ran.stderr, /DROP TABLE doomed waiting for 1 s; the dump begins anew/);
      const made = resultOf<BackupResult>(ran);
      assert.deepEqual(await tablesOf(trial, made.backupId), ['customers', 'late', 'orders']);
      await assertRestores(trial, made.backupId);
    });

    it('tables created during the dump, which needs not begin anew for them', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder });
      await client.held();
      await trial.cluster.query('CREATE TABLE late (id serial)', [], trial.database);
      await client.release();
      const made = resultOf<BackupResult>(await running);
      assert.deepEqual(await tablesOf(trial, made.backupId), ['customers', 'orders']);
      await assertRestores(trial, made.backupId);
    });

    it('tables created and dropped while the snapshot is taken', async t => {
      const trial = await open(t);
      if (!trial) return;
      await trial.cluster.query('CREATE TABLE doomed (id int)', [], trial.database);
      const migration = await trial.cluster.connect(trial.database);
      await migration.query('BEGIN; LOCK TABLE doomed, orders');
      const running = trial.backup();
      await until('the leader waits', () => isWaiting(trial, 'LOCK TABLE'));
      await migration.query('CREATE TABLE late (id serial); DROP TABLE doomed; COMMIT');
      await migration.end();
      const made = resultOf<BackupResult>(await running);
      assert.deepEqual(await tablesOf(trial, made.backupId), ['customers', 'late', 'orders']);
      await assertRestores(trial, made.backupId);
    });

    it('tables created while the snapshot is taken', async t => {
      const trial = await open(t);
      if (!trial) return;
      const migration = await trial.cluster.connect(trial.database);
      await migration.query('BEGIN; LOCK TABLE orders');
      const running = trial.backup();
      await until('the leader waits', () => isWaiting(trial, 'LOCK TABLE'));
      await migration.query('CREATE TABLE late (id serial); COMMIT');
      await migration.end();
      const ran = await running;
      assert.match(ran.stderr, /tables were created or dropped while the snapshot was taken: beginning anew/);
      const made = resultOf<BackupResult>(ran);
      assert.deepEqual(await tablesOf(trial, made.backupId), ['customers', 'late', 'orders']);
    });

    it('TRUNCATE during the dump, where the lock table has no room for the leader', async t => {
      if (!(await needsPostgres(t, major))) return;
      const trial = await openCrowded(t, major);
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder, 'yield-after': '60s' });
      await client.held();
      const waiting = trial.cluster.query('TRUNCATE empty_1', [], trial.database);
      await client.release();
      await waiting;
      const ran = await running;
      // pg_dump's own lock holds it back to the end; then either nobody was harmed, or it is said
      if (ran.status === 0) await assertRestores(trial, resultOf<BackupResult>(ran).backupId);
      else await assertFailed(ran, trial, { message: /public\.empty_1 changed as a whole \(TRUNCATE.*\(run it again/ });
    });
  });
}

/** A server with few lock slots and more tables than they hold. */
async function openCrowded(t: TestContext, major: number): Promise<Trial> {
  const own = await crowded(major);
  const database = await fillDatabase(own);
  await own.query(
    `DO $$ BEGIN FOR i IN 1..250 LOOP EXECUTE format('CREATE TABLE empty_%s (id int)', i); IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$`,
    [],
    database,
  );
  return openTrial(t, own, database);
}

const crowdedClusters = new Map<number, Promise<Cluster>>();

function crowded(major: number): Promise<Cluster> {
  const starting =
    crowdedClusters.get(major) ??
    startCluster({ major, settings: { max_locks_per_transaction: 10, max_connections: 20 } });
  crowdedClusters.set(major, starting);
  return starting;
}

async function isWaiting({ cluster, database }: Trial, statement: string): Promise<boolean> {
  const rows = await cluster.query(
    `SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock' AND query LIKE '%' || $2 || '%'`,
    [database, statement],
  );
  return rows.length > 0;
}

async function tablesOf(trial: Trial, backupId: string): Promise<string[]> {
  return (await contentsOf(trial, backupId)).tables.map(({ name }) => name);
}
