import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { run } from '../../src/process.ts';
import { createSampleDatabase, majors, needsPostgres, startCluster } from './postgres.ts';

for (const major of majors()) {
  describe(`the test clusters on Postgres ${major}`, () => {
    it('share one server, with a database for each test', async t => {
      const postgres = await needsPostgres(t, major);
      if (postgres === undefined) return;
      const database = await postgres.createDatabase();
      const [row] = await postgres.query('SELECT 1; SELECT current_database() AS name', undefined, database);
      assert.deepEqual(row, { name: database });
      const [version] = await postgres.query<{ number: number }>(
        `SELECT current_setting('server_version_num')::int AS number`,
      );
      assert.equal(Math.floor((version?.number ?? 0) / 10_000), major);
      await postgres.dropDatabase(database);
    });

    it('make databases with an encoding and a locale of their own', async t => {
      const postgres = await needsPostgres(t, major);
      if (postgres === undefined) return;
      const name = await postgres.createDatabase('Odd "name" %', { encoding: 'LATIN1', locale: 'C' });
      const [row] = await postgres.query(
        'SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = $1',
        [name],
      );
      assert.deepEqual(row, { encoding: 'LATIN1' });
      assert.deepEqual(await postgres.query('SELECT 1 AS one', [], name), [{ one: 1 }]);
      await postgres.dropDatabase(name);
    });

    it('have all client programs and contrib modules', async t => {
      const postgres = await needsPostgres(t, major);
      if (postgres === undefined) return;
      const database = await postgres.createDatabase();
      await postgres.query(
        `CREATE EXTENSION pgcrypto; DO $$ BEGIN PERFORM digest('x', 'sha256'); END $$`,
        [],
        database,
      );
      const { host, port, user, password } = postgres.address;
      const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
      const call = (program: string, ...args: string[]) =>
        run({ file: `${postgres.bin}/${program}`, args, env }).then(ended => ended.stdout);
      assert.match(await call('pg_dump', database), /CREATE EXTENSION .* pgcrypto/);
      assert.match(await call('pg_dumpall', '--roles-only'), /CREATE ROLE postgres/);
      assert.equal(await call('psql', '-XAtc', 'SELECT 42'), '42\n');
      assert.match(await call('pg_restore', '--version'), new RegExp(`\\) ${major}\\.`));
      await call('createdb', 'made_by_createdb');
      await call('dropdb', 'made_by_createdb');
      await postgres.dropDatabase(database);
    });

    it('hand out copies of the sample, each of its own', async t => {
      const postgres = await needsPostgres(t, major);
      if (postgres === undefined) return;
      const [one, other] = await Promise.all([createSampleDatabase(postgres), createSampleDatabase(postgres)]);
      const count = async (database: string) =>
        (await postgres.query<{ count: string }>('SELECT count(*) FROM app.tasks', [], database))[0]?.count;
      await postgres.query('DELETE FROM app.tasks WHERE id > 3', [], one);
      assert.deepEqual([await count(one), await count(other)], ['3', '1200']);
    });

    it('start with settings and rules of their own, crash, come back, and vanish', async t => {
      if ((await needsPostgres(t, major)) === undefined) return;
      const own = await startCluster({
        major,
        superuser: 'Owner',
        settings: { log_min_messages: 'log', work_mem: '5MB' },
        hba: ['host all nobody all reject'],
        initdbArgs: ['--data-checksums'],
      });
      const shown = async (name: string) => Object.values((await own.query(`SHOW ${name}`))[0] ?? {})[0];
      assert.equal(await shown('work_mem'), '5MB');
      assert.equal(await shown('data_checksums'), 'on');
      assert.equal(await shown('max_locks_per_transaction'), '64');
      assert.equal(await shown('max_connections'), '100');
      await own.query(`CREATE ROLE nobody LOGIN PASSWORD 'x'; CREATE ROLE "o'd d" LOGIN PASSWORD '%/'`);
      await assert.rejects(own.query('SELECT 1', [], 'postgres', { user: 'nobody', password: 'x' }), /pg_hba.conf/);
      await assert.rejects(own.query('SELECT 1', [], 'postgres', { user: "o'd d", password: 'wrong' }), /password/);
      assert.equal((await own.query('SELECT 1', [], 'postgres', { user: "o'd d", password: '%/' })).length, 1);
      assert.equal(new URL(own.url('a/b', { user: "o'd d", password: '%/' })).pathname, '/a%2Fb');

      await own.kill();
      await assert.rejects(own.query('SELECT 1'), /ECONNREFUSED/);
      await own.start();
      assert.match(await own.log(), /not properly shut down/);
      await own.restart({ work_mem: '7MB' });
      assert.equal(await shown('work_mem'), '7MB');
      await own.stop();
      assert.equal(existsSync(own.dataFolder), false);
    });
  });
}
