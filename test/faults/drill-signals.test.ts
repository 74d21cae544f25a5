import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ListResult } from '../../src/commands/list.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import type { Cluster } from '../support/postgres.ts';
import { majors, startCluster } from '../support/postgres.ts';
import {
  assertNothingLeft,
  assertPassed,
  drilled,
  evidenceIn,
  newest,
  openRange,
  signalAt,
  whenSaid,
} from './drill-support.ts';
import { scriptedClient, until } from './support.ts';

const moments = [
  'server: PostgreSQL',
  ' made, ',
  'pre-data: ',
  'decrypt: ',
  'definitions compared',
  'roles, database, extensions',
];

const scratchIn = async (server: Cluster) =>
  (await server.query<{ name: string }>(`SELECT datname AS name FROM pg_database WHERE datname ~ '^lifeboat'`)).map(
    ({ name }) => name,
  );

describe('a drill that is cancelled', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    for (const moment of moments)
      it(`by ${signal} at "${moment}"`, async t => {
        const range = await openRange(t);
        if (!range) return;
        const ran = await range.drill({}, { env: { NODE_OPTIONS: signalAt(moment, signal) } });
        assert.match(ran.stderr, new RegExp(`error: cancelled by ${signal} \\(.*run it again\\)`));
        assert.deepEqual([ran.status, ran.stdout], [1, '']);
        assert.deepEqual(await evidenceIn(range.folder), []);
        await assertNothingLeft(range);
      });

  for (const [what, inputs] of [
    ['check', { checks: 'SELECT pg_sleep(600) IS NOT NULL' }],
    ['check-command', { 'check-command': 'sleep 600 & echo it runs; wait' }],
  ] as const)
    it(`while a ${what} hangs`, async t => {
      const range = await openRange(t);
      if (!range) return;
      let child: { kill(name: 'SIGTERM'): boolean } | undefined;
      const running = range.drill(inputs, {
        onStart: started => (child = started),
        ...whenSaid('it runs', started => started.kill('SIGTERM')),
      });
      if (what === 'check') {
        const sleeping = `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename ~ '^lifeboat_check'`;
        await until('the check runs', async () => (await range.server.query(sleeping)).length > 0);
        child?.kill('SIGTERM');
      }
      const ran = await running;
      assert.match(ran.stderr, /error: cancelled by SIGTERM/);
      assert.deepEqual([ran.status, ran.stdout], [1, '']);
      assert.deepEqual(await evidenceIn(range.folder), []);
      await assertNothingLeft(range);
    });
});

for (const major of majors())
  describe(`what a drill on PostgreSQL ${major} leaves`, () => {
    it('when it is killed is cleared by the next one, but nothing that is in use or kept', async t => {
      const server = await startCluster({ major });
      t.after(() => server.stop());
      const range = await openRange(t, { major, server });
      if (!range) return;
      await server.query(`ALTER SYSTEM SET checkpoint_timeout = '7min'`);
      const ran = await range.drill({}, { env: { NODE_OPTIONS: signalAt('decrypt: ', 'SIGKILL') } });
      assert.equal(ran.status, null);
      assert.deepEqual(await evidenceIn(range.folder), []);
      const [left] = await scratchIn(server);
      assert.match(left ?? '', /^lifeboat_[0-9a-f]{12}$/);
      // one of another drill, whose own session is in another database
      const used = 'lifeboat_0123456789ab';
      const kept = 'lifeboat_kept_0123456789ab';
      for (const name of [used, kept, 'lifeboat_of_mine']) await server.createDatabase(name);
      const other = await server.connect('template1');
      await other.query('SELECT pg_advisory_lock(hashtextextended($1, 20261125))', [used]);
      const next = assertPassed(await range.drill());
      assert.deepEqual((await scratchIn(server)).sort(), [used, kept, 'lifeboat_of_mine'].sort());
      // somebody has a database of his own there; the cluster of a test is fast by itself
      assert.ok(!next.tuned.includes('autovacuum=off'));
      await other.end();
      assertPassed(await range.drill());
      assert.deepEqual((await scratchIn(server)).sort(), [kept, 'lifeboat_of_mine'].sort());
      // the first one tuned the server, and could not take it back
      const settings = `SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`;
      assert.deepEqual(await server.query(settings), [{ name: 'checkpoint_timeout', setting: '7min' }]);
    });

    it('with keep-scratch is the database under another name, with the roles', async t => {
      const server = await startCluster({ major });
      t.after(() => server.stop());
      const range = await openRange(t, { major, server });
      if (!range) return;
      const { scratch } = assertPassed(await range.drill({ 'keep-scratch': 'true' }));
      assert.match(scratch ?? '', /^lifeboat_kept_[0-9a-f]{12}$/);
      assert.deepEqual(await scratchIn(server), [scratch]);
      assert.equal((await server.query('SELECT FROM app.users', [], scratch ?? '')).length, 400);
      const roles = `SELECT FROM pg_roles WHERE rolname ~ '^shop_' AND NOT rolcanlogin`;
      const made = await server.query(roles);
      assert.ok(made.length > 3);
      // the next one neither minds nor takes them
      assertPassed(await range.drill());
      assert.deepEqual(await scratchIn(server), [scratch]);
      assert.equal((await server.query(roles)).length, made.length);
    });

    it('with schema-only is one without rows, that proves nothing', async t => {
      const server = await startCluster({ major });
      t.after(() => server.stop());
      const range = await openRange(t, { major, server });
      if (!range) return;
      const { harbor, made } = range;
      const checks = 'SELECT count(*) = 0 FROM app.users';
      const result = assertPassed(await range.drill({ 'schema-only': 'true', 'keep-scratch': 'true', checks }));
      assert.deepEqual([result.evidence, result.rtoSeconds], [null, null]);
      assert.match(
        result.excluded.join('\n'),
        /schema-only: no row was restored or compared; this drill does not prove/,
      );
      assert.ok(result.tables.every(({ compared }) => compared === 'not'));
      assert.equal((await server.query('SELECT FROM app.users', [], result.scratch ?? '')).length, 0);
      const { backups } = resultOf<ListResult>(await lifeboat('list', { store: harbor.store }));
      assert.deepEqual(
        backups.map(({ backupId, drills }) => [backupId, drills]),
        [[made.backupId, []]],
      );
      const again = await range.drill({ 'schema-only': 'true', accept: 'INDEX_MISSING index app.x' });
      assert.match(assertPassed(again).notices.join(), /met nothing/);
    });

    it('of roles that were there is all of them', async t => {
      const server = await startCluster({ major });
      t.after(() => server.stop());
      const range = await openRange(t, { major, server });
      if (!range) return;
      await server.query(`CREATE ROLE shop_reader LOGIN CONNECTION LIMIT 3; COMMENT ON ROLE shop_reader IS 'mine'`);
      assertPassed(await range.drill());
      const roles = `SELECT rolname, rolcanlogin, rolconnlimit, shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname ~ '^shop_'`;
      assert.deepEqual(await server.query(roles), [
        { rolname: 'shop_reader', rolcanlogin: true, rolconnlimit: 3, comment: 'mine' },
      ]);
    });

    it('of a template, and of one with subscriptions that may not write, is nothing', async t => {
      const range = await openRange(t, {
        major,
        fill: async source => {
          const database = await source.createDatabase();
          await source.query(
            `CREATE TABLE t (i int PRIMARY KEY);
             CREATE SUBSCRIPTION idle CONNECTION 'host=nowhere.invalid dbname=x' PUBLICATION p
               WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false);
             ALTER DATABASE ${database} IS_TEMPLATE true;
             ALTER DATABASE ${database} SET default_transaction_read_only = on`,
            [],
            database,
          );
          return database;
        },
      });
      if (!range) return;
      const { source, database } = range;
      t.after(async () => {
        await source.query(`ALTER DATABASE ${database} IS_TEMPLATE false; ALTER DATABASE ${database} RESET ALL`);
        await source.query('ALTER SUBSCRIPTION idle SET (slot_name = NONE)', [], database);
        await source.query('DROP SUBSCRIPTION idle', [], database);
        await source.dropDatabase(database);
      });
      const result = assertPassed(await range.drill());
      assert.ok(result.stages.some(({ name }) => name === 'compare'));
      await assertNothingLeft(range);
    });
  });

describe('the settings of the server', () => {
  it('come back, those that were there too, also after a failure', async t => {
    const server = await startCluster({ major: newest });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return;
    await server.query(`ALTER SYSTEM SET max_wal_size = '3GB'`);
    await server.query('ALTER SYSTEM SET fsync = on');
    await server.query('SELECT pg_reload_conf()');
    const settings = `SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY 1`;
    const before = await server.query(settings);
    assert.deepEqual(assertPassed(await range.drill()).tuned, [
      'autovacuum=off',
      'fsync=off',
      'full_page_writes=off',
      'synchronous_commit=off',
    ]);
    assert.deepEqual(await server.query(settings), before);
    const client = await scriptedClient(t, server, { restore: 'case "$*" in *--section=data*) exit 1 ;; esac' });
    assert.equal(drilled(await range.drill({ client })).verdict, 'failed');
    assert.deepEqual(await server.query(settings), before);
    await until('fsync is on', async () => {
      const [row] = await server.query<{ fsync: string }>('SHOW fsync');
      return row?.fsync === 'on';
    });
  });

  it('stay with tune: off, and where there is another database', async t => {
    const server = await startCluster({ major: newest, settings: { fsync: true, autovacuum: true } });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return;
    // the cluster of a test is fast by itself
    const own = ['full_page_writes=off', 'synchronous_commit=off'];
    assert.deepEqual(assertPassed(await range.drill({ tune: 'off' })).tuned, own);
    await server.createDatabase('somebodys');
    assert.deepEqual(assertPassed(await range.drill()).tuned, own);
  });
});

describe('two drills at once', () => {
  it('on one server both pass, one after the other, whatever database they name', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { server } = range;
    const client = await scriptedClient(t, server, {
      restore: `case "$*" in *--section=post-data*) touch "$here/held"; while [ ! -e "$here/open" ]; do sleep 0.05; done ;; esac`,
    });
    const first = range.drill({ client });
    await until('the first one is on the server', () => existsSync(join(client, 'held')));
    const second = await range.drill(
      { 'target-url': server.url('template1') },
      whenSaid('another drill is on the server', () => void writeFile(join(client, 'open'), '')),
    );
    await writeFile(join(client, 'open'), '');
    assert.match(second.stderr, /another drill is on the server: waiting for its end/);
    for (const ran of [await first, second]) assertPassed(ran);
    // one name for both where they end in the same second
    assert.deepEqual([...new Set(await evidenceIn(range.folder))], ['passed']);
    await assertNothingLeft(range);
  });
});
