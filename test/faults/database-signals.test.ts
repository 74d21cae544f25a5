import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { type TestContext, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { ListResult } from '../../src/commands/list.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import { type Ran, resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import {
  type Trial,
  assertFailed,
  assertNoSessions,
  assertRestores,
  fillDatabase,
  heldClient,
  openTrial,
  until,
} from './support.ts';

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, a signal`, { concurrency: 2 }, () => {
    /** A database of its own, since they run side by side. */
    const open = async (t: TestContext): Promise<Trial | undefined> => {
      const cluster = await needsPostgres(t, major);
      return cluster && openTrial(t, cluster, await fillDatabase(cluster));
    };

    for (const stage of ['Preflight', 'Dump', 'Seal']) {
      it(`SIGTERM at the stage ${stage}`, async t => {
        const trial = await open(t);
        if (!trial) return;
        const ran = await trial.backup({}, { env: { NODE_OPTIONS: signalAt(stage, 'SIGTERM') } });
        await assertFailed(ran, trial, { message: /cancelled by SIGTERM \(.*run it again/ });
      });

      it(`SIGKILL at the stage ${stage}`, async t => {
        const trial = await open(t);
        if (!trial) return;
        const ran = await trial.backup({}, { env: { NODE_OPTIONS: signalAt(stage, 'SIGKILL') } });
        await assertKilled(ran, trial);
      });
    }

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`${signal} in the middle of pg_dump`, async t => {
        const trial = await open(t);
        if (!trial) return;
        const client = await heldClient(t, trial.cluster);
        const { running, child } = start(trial, { client: client.folder });
        await client.held();
        child().kill(signal);
        const ran = await running;
        await assertFailed(ran, trial, { message: new RegExp(`cancelled by ${signal} \\(.*run it again`) });
      });
    }

    it('SIGTERM while the leader waits for a lock', async t => {
      const trial = await open(t);
      if (!trial) return;
      const { cluster, database } = trial;
      const holder = await cluster.connect(database);
      await holder.query('BEGIN; LOCK TABLE orders');
      const { running, child } = start(trial, {});
      await until('the leader waits', async () => {
        const waits = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`;
        return (await cluster.query(waits, [], database)).length > 0;
      });
      child().kill('SIGTERM');
      const ran = await running;
      await assertFailed(ran, trial, { message: /cancelled by SIGTERM \(/ });
      await holder.end();
    });

    it('SIGKILL in the middle of pg_dump', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const { running, child } = start(trial, { client: client.folder });
      await client.held();
      child().kill('SIGKILL');
      const ran = await running;
      await client.release(); // pg_dump then notices that nobody reads what it writes
      await assertKilled(ran, trial);
    });
  });
}

function start(trial: Trial, inputs: Record<string, string>): { running: Promise<Ran>; child: () => ChildProcess } {
  let child: ChildProcess | undefined;
  const running = trial.backup(inputs, { onStart: started => (child = started) });
  return { running, child: () => child as ChildProcess };
}

/** Has the run send itself a signal when it says that a stage begins. */
function signalAt(stage: string, signal: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(`
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text, ...more) => {
      const written = write(text, ...more);
      if (text === '${stage}\\n') process.kill(process.pid, '${signal}');
      return written;
    };`)}`;
}

/** After a SIGKILL nothing is a backup that was none before, no session stays, and the next run works and clears up. */
async function assertKilled(ran: Ran, trial: Trial): Promise<void> {
  const { store } = trial.harbor;
  assert.equal(ran.status, null);
  assert.deepEqual(await backupsIn(trial), [trial.earlier.backupId]);
  await assertNoSessions(trial);
  const next = resultOf<BackupResult>(await trial.backup());
  assert.deepEqual(await backupsIn(trial), [next.backupId, trial.earlier.backupId]);
  const files = await readdir(fileURLToPath(store), { recursive: true });
  assert.deepEqual(
    files.filter(file => file.endsWith('.partial')),
    [],
  );
  const { verdict } = resultOf<VerifyResult>(await trial.run('verify', { store, backup: trial.earlier.backupId }));
  assert.equal(verdict, 'passed');
  await assertRestores(trial, next.backupId);
}

async function backupsIn(trial: Trial): Promise<string[]> {
  const { backups } = resultOf<ListResult>(await trial.run('list', { store: trial.harbor.store }));
  return backups.map(({ backupId }) => backupId);
}
