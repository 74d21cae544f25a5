import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { resultOf } from '../support/lifeboat.ts';
import { type Cluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import {
  type Trial,
  assertFailed,
  assertNothingLeft,
  assertRestores,
  openTrial,
  scriptedClient,
  until,
} from './support.ts';

const rounds = 3;

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}`, () => {
    it('TRUNCATE and ALTER racing the snapshot', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const trial = await openTrial(t, cluster, await makeShop(cluster, 0));
      const writers = startWriters(trial);
      const made: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await writers.havePassed();
        const result = resultOf<BackupResult>(await trial.backup({ jobs: String(1 + (round % 2)) }));
        made.push(result.backupId);
      }
      await writers.stop();
      for (const backupId of made) await assertRestores(trial, backupId);
      await assertNothingLeft(trial, made);
    });

    it('TRUNCATE and ALTER racing the snapshot, where the lock table has no room for the leader', async t => {
      if (!(await needsPostgres(t, major))) return;
      const trial = await openCrowded(t, major);
      const writers = startWriters(trial);
      const made: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await writers.havePassed();
        const ran = await trial.backup();
        assert.match(ran.stderr, /they are not locked in advance/);
        if (ran.status === 0) made.push(resultOf<BackupResult>(ran).backupId);
        else
          await assertFailed(
            ran,
            trial,
            { message: /changed as a whole \(TRUNCATE, DROP or a rewrite\) during the dump \(/ },
            made,
          );
      }
      await writers.stop();
      for (const backupId of made) await assertRestores(trial, backupId);
      await assertNothingLeft(trial, made);
    });

    for (const change of ['TRUNCATE ledger', 'ALTER TABLE ledger ALTER amount TYPE bigint', 'DROP TABLE ledger']) {
      it(`${change} between snapshot and dump, where the lock table has no room for the leader`, async t => {
        if (!(await needsPostgres(t, major))) return;
        const trial = await openCrowded(t, major);
        const client = await scriptedClient(t, trial.cluster, {
          archive: `'${trial.cluster.bin}/psql' -q -c '${change}' || exit 9`,
        });
        const ran = await trial.backup({ client });
        await assertFailed(ran, trial, {
          message: change.startsWith('DROP')
            ? /public\.ledger|relation "?ledger|OID \d+/
            : /public\.ledger changed as a whole \(TRUNCATE, DROP or a rewrite\) during the dump \(run it again .*max_locks/,
        });
      });
    }

    it('sequences created between snapshot and dump are not missed', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const trial = await openTrial(t, cluster, await makeShop(cluster, 0));
      let creating = true;
      const creator = (async () => {
        const session = await cluster.connect(trial.database);
        // the server has locks for a few thousand, however fast it makes them
        for (let count = 0; creating && count < 1500; count += 1) {
          await session.query(`CREATE SEQUENCE made_${count}`);
          await sleep(5);
        }
        await session.end();
      })();
      const made: string[] = [];
      for (let round = 0; round < rounds; round += 1) made.push(resultOf<BackupResult>(await trial.backup()).backupId);
      creating = false;
      await creator;
      for (const backupId of made) await assertRestores(trial, backupId);
    });
  });
}

/** Tables that the writers work on, and as many that nobody touches as are wanted. */
async function makeShop(cluster: Cluster, bystanders: number): Promise<string> {
  const database = await cluster.createDatabase();
  await cluster.query(
    `CREATE TABLE ledger (id serial PRIMARY KEY, amount int NOT NULL, note text);
     INSERT INTO ledger (amount, note) SELECT i % 100, md5(i::text) FROM generate_series(1, 5000) i;
     CREATE TABLE cache (id int, value text);
     INSERT INTO cache SELECT i, md5(i::text) FROM generate_series(1, 2000) i;
     CREATE TABLE profile (id int PRIMARY KEY, name text);
     INSERT INTO profile SELECT i, md5(i::text) FROM generate_series(1, 2000) i;
     CREATE SEQUENCE tickets;`,
    [],
    database,
  );
  await cluster.query(
    `DO $$ BEGIN FOR i IN 1..${bystanders} LOOP EXECUTE format('CREATE TABLE empty_%s (id int)', i); IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$`,
    [],
    database,
  );
  return database;
}

/** A trial on a server with few lock slots and more tables than they hold. */
async function openCrowded(t: TestContext, major: number): Promise<Trial> {
  const own = await startCluster({ major, settings: { max_locks_per_transaction: 10, max_connections: 20 } });
  t.after(() => own.stop());
  return openTrial(t, own, await makeShop(own, 250));
}

/** What the writers do, each in a session of its own, over and over, and a moment of rest after each turn. */
const work: readonly ((turn: number) => string)[] = [
  turn => `INSERT INTO ledger (amount, note) SELECT ${turn}, md5(random()::text) FROM generate_series(1, 20)`,
  turn => `UPDATE ledger SET amount = amount + 1 WHERE id % 50 = ${turn % 50}`,
  () => 'TRUNCATE cache',
  turn => `INSERT INTO cache SELECT i, md5((i + ${turn})::text) FROM generate_series(1, 500) i`,
  () => 'ALTER TABLE profile ADD extra float DEFAULT random(); ALTER TABLE profile DROP extra',
  () => `SELECT nextval('tickets') FROM generate_series(1, 50)`,
];

/** Those that lock a whole table must leave a gap in which all processes of a dump can begin. */
const restMilliseconds: readonly number[] = [5, 5, 900, 20, 1_100, 5];

interface Writers {
  /** Resolves when each has done some more turns. */
  havePassed(): Promise<void>;
  stop(): Promise<void>;
}

function startWriters({ cluster, database }: Trial): Writers {
  let going = true;
  const turns = work.map(() => 0);
  const ended = work.map(async (statement, index) => {
    const session = await cluster.connect(database);
    try {
      for (let turn = 0; going; turn += 1) {
        await session.query(statement(turn));
        turns[index] = turn + 1;
        await sleep(restMilliseconds[index]);
      }
    } finally {
      await session.end();
    }
  });
  return {
    havePassed: async () => {
      const before = [...turns];
      await until('every writer has done its work', () =>
        turns.every((turn, index) => turn >= (before[index] ?? 0) + 2),
      );
    },
    stop: async () => {
      going = false;
      await Promise.all(ended);
    },
  };
}
