import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { startProxy } from '../support/tcp-proxy.ts';
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
} from './support.ts';

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, something breaks off`, () => {
    let database: Promise<string> | undefined;
    const open = async (t: TestContext): Promise<Trial | undefined> => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return undefined;
      return openTrial(t, cluster, await (database ??= fillDatabase(cluster)));
    };

    it('server restarts mid-dump', async t => {
      if (!(await needsPostgres(t, major))) return;
      const own = await startCluster({ major });
      t.after(() => own.stop());
      const trial = await openTrial(t, own, await fillDatabase(own));
      const client = await heldClient(t, own);
      const running = trial.backup({ client: client.folder });
      await client.held();
      await own.restart();
      await client.release();
      await assertFailed(await running, trial, {
        message: /connection to .* was lost: .*\(the server restarted.*run it again/,
      });
    });

    for (const percent of [10, 50, 99]) {
      it(`pg_dump killed at ${percent} %`, async t => {
        const trial = await open(t);
        if (!trial) return;
        const client = await scriptedClient(t, trial.cluster, {
          archive: `"$real" "$@" >"$here/whole"
head -c $(($(wc -c <"$here/whole") * ${percent} / 100)) "$here/whole"
kill -KILL $$`,
        });
        const ran = await trial.backup({ client });
        await assertFailed(ran, trial, { message: /pg_dump was killed by SIGKILL \(.*memory/ });
      });
    }

    it('pg_dump fails after its output was complete', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await scriptedClient(t, trial.cluster, {
        archive: `"$real" "$@"; echo 'pg_dump: error: something at the end' >&2; exit 1`,
      });
      const ran = await trial.backup({ client });
      await assertFailed(ran, trial, {
        message: /pg_dump ended with status 1: pg_dump: error: something at the end \(/,
      });
    });

    it('pg_dump of the definitions fails, while that of the rows succeeds', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await scriptedClient(t, trial.cluster, { definitions: `"$real" "$@"; exit 3` });
      const ran = await trial.backup({ client });
      await assertFailed(ran, trial, { message: /pg_dump ended with status 3.*\(/ });
    });

    it('leader connection cut', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder });
      await client.held();
      await terminateLeader(trial);
      const ran = await running;
      await assertFailed(ran, trial, {
        message: /connection to .* was lost: terminating connection.*\(.*run it again/,
      });
    });

    it('leader connection cut, while pg_dump goes on to its end', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const running = trial.backup({ client: client.folder });
      await client.held();
      await terminateLeader(trial);
      await client.release();
      await assertFailed(await running, trial, { message: /connection to .* was lost/ });
    });

    it('the way to the server goes silent mid-dump, and SIGTERM', async t => {
      const trial = await open(t);
      if (!trial) return;
      const { host, port } = trial.cluster.address;
      const proxy = await startProxy({ host, port });
      t.after(() => proxy.stop());
      const client = await heldClient(t, trial.cluster);
      const url = trial.cluster.url(trial.database).replace(`:${port}/`, `:${proxy.port}/`);
      let kill = () => {};
      const running = trial.backup(
        { 'database-url': url, client: client.folder },
        { onStart: child => (kill = () => void child.kill('SIGTERM')) },
      );
      await client.held();
      proxy.stall();
      kill();
      const at = performance.now();
      const ran = await running;
      assert.ok(performance.now() - at < 7_000, 'a runner kills after 7.5 s');
      proxy.cutAll();
      await assertFailed(ran, trial, { message: /cancelled by SIGTERM \(/ });
    });

    it('pg_dump exits 0 with a warning on stderr', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await scriptedClient(t, trial.cluster, {
        archive: `echo 'pg_dump: warning: the moon is full' >&2`,
      });
      const refused = await trial.backup({ client });
      await assertFailed(refused, trial, {
        message: /pg_dump ended well but warned: pg_dump: warning: the moon is full \(.*accept .*DUMP_WARNING/,
      });
      const other = await trial.backup({ client, accept: 'DUMP_WARNING the sun' });
      await assertFailed(other, trial, { message: /the moon is full/ });
      const accepted = resultOf<BackupResult>(await trial.backup({ client, accept: 'DUMP_WARNING the moon is' }));
      assert.deepEqual(accepted.warnings, ['pg_dump: warning: the moon is full']);
      assert.deepEqual((await contentsOf(trial, accepted.backupId)).warnings, accepted.warnings);
      await assertNothingLeft(trial, [accepted.backupId]);
    });

    it('pg_dump exits 0 with a warning on stderr that is known to be harmless', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const name = await fillDatabase(cluster);
      await cluster.query('ALTER TABLE customers ADD first_order int REFERENCES orders', [], name);
      const trial = await openTrial(t, cluster, name);
      const made = resultOf<BackupResult>(await trial.backup({ 'data-only': 'true' }));
      assert.match(made.warnings.join(), /circular foreign-key constraints/);
      assert.deepEqual((await contentsOf(trial, made.backupId)).warnings, made.warnings);
      await assertNothingLeft(trial, [made.backupId]);
      const whole = resultOf<BackupResult>(await trial.backup());
      assert.deepEqual(whole.warnings, []);
      await assertRestores(trial, whole.backupId);
    });
  });
}

/** Ends the session that exported the snapshot: of those that lock the tables the one that began first. */
async function terminateLeader({ cluster, database }: Trial): Promise<void> {
  const ended = await cluster.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation
      WHERE a.application_name LIKE 'pg-lifeboat%' AND a.datname = current_database() AND c.relname = 'orders'
      ORDER BY a.xact_start LIMIT 1`,
    [],
    database,
  );
  assert.equal(ended.length, 1);
}
