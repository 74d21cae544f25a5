import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, after, describe, it } from 'node:test';
import { type CheckRole, openCheckRole } from '../../src/postgres/check-role.ts';
import { type CheckOutcome, runCheck } from '../../src/postgres/checks.ts';
import { type Session, connect } from '../../src/postgres/connection.ts';
import { literal } from '../../src/postgres/quote.ts';
import { run as runProgram } from '../../src/process.ts';
import { type OwnCluster, majors, startCluster } from '../support/postgres.ts';
import { openSession } from './sessions.ts';

const never = new AbortController().signal;

const sample = `
  CREATE TABLE orders AS SELECT g AS id, 'zebra' || g AS name FROM generate_series(1, 150) g;
  CREATE SCHEMA app; CREATE TABLE app.closed AS TABLE orders; REVOKE ALL ON app.closed FROM PUBLIC;
  CREATE SEQUENCE counter;
  GRANT ALL ON orders, counter TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;
  SELECT lo_from_bytea(1001, 'zebra');
  CREATE FUNCTION does(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RETURN true; END $$;
  CREATE PROCEDURE writes() LANGUAGE sql AS 'DELETE FROM orders'`;

/** What lies about in a database that a drill restored, and leads out of it. */
const waysOut = ({ address: { host, port, password } }: OwnCluster) => `
  GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC;
  CREATE EXTENSION dblink;
  CREATE FUNCTION own_dblink(text, text) RETURNS SETOF record AS '$libdir/dblink', 'dblink_record' LANGUAGE c;
  CREATE FUNCTION far_away() RETURNS boolean LANGUAGE sql AS 'SELECT true';
  ALTER EXTENSION dblink ADD FUNCTION far_away();
  CREATE LANGUAGE untrusted HANDLER plpgsql_call_handler;
  CREATE FUNCTION unsafe() RETURNS boolean LANGUAGE untrusted AS $$ BEGIN RETURN true; END $$;
  CREATE EXTENSION postgres_fdw;
  CREATE SERVER same FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${host}', port '${port}', dbname 'postgres');
  CREATE USER MAPPING FOR PUBLIC SERVER same OPTIONS (user 'postgres', password ${literal(password)});
  CREATE FOREIGN TABLE far (datname name) SERVER same OPTIONS (schema_name 'pg_catalog', table_name 'pg_database');
  CREATE VIEW far_view AS SELECT * FROM far;
  CREATE EXTENSION file_fdw;
  CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE ran (line text) SERVER files OPTIONS (program 'echo ran')`;

/** Walls of the user's that must not stop a drill: a trigger on each GRANT, and from 17 on one on each login. */
const triggers = (major: number) => `
  CREATE FUNCTION refuses() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN IF tg_event <> 'login' OR session_user LIKE 'lifeboat%' THEN RAISE 'an event trigger ran'; END IF; END $$;
  ${major >= 17 ? 'CREATE EVENT TRIGGER logins ON login EXECUTE FUNCTION refuses();' : ''}
  CREATE EVENT TRIGGER refuses ON ddl_command_start EXECUTE FUNCTION refuses();
  CREATE EVENT TRIGGER refuses_always ON ddl_command_end EXECUTE FUNCTION refuses();
  CREATE EVENT TRIGGER refuses_replicas ON ddl_command_end EXECUTE FUNCTION refuses();
  ALTER EVENT TRIGGER refuses_replicas ENABLE REPLICA; ALTER EVENT TRIGGER refuses_always ENABLE ALWAYS`;

/** Each thing that a check must not be able to do, and the words by which it is refused. */
const refusals: Record<string, readonly (readonly [sql: string, reason: RegExp])[]> = {
  'another statement': [
    ['SELECT true; DROP TABLE orders', /^it has several statements/],
    ['SELECT true; COMMIT; DROP TABLE orders; SELECT true', /^it has several statements/],
    ['COMMIT; DROP TABLE orders', /near "COMMIT"/],
    ['SELECT 1) ; DROP TABLE orders; --', /near "\)"/],
    ...[
      'DELETE FROM orders',
      "COPY orders TO PROGRAM 'cat'",
      'RESET ROLE',
      'SET ROLE postgres',
      'DO $$ BEGIN END $$',
      'CALL writes()',
      'EXPLAIN ANALYZE DELETE FROM orders',
      'CREATE TEMP TABLE x ()',
      'NOTIFY x',
      'LISTEN x',
      'ROLLBACK',
      "PREPARE TRANSACTION 'x'",
      'DECLARE c CURSOR FOR SELECT 1',
    ].map(sql => [sql, new RegExp(`^syntax error at or near "${sql.split(' ')[0]}"`)] as const),
  ],
  writes: [
    ['WITH d AS (DELETE FROM orders RETURNING id) SELECT count(*) > 0 FROM d', /data-modifying statements in WITH/],
    ['SELECT * INTO x FROM orders', /INTO is not allowed/],
    ['SELECT true FROM orders FOR UPDATE', /^cannot execute SELECT FOR UPDATE in a read-only transaction/],
    ["SELECT nextval('counter') > 0", /^cannot execute nextval\(\) in a read-only transaction/],
    ["SELECT setval('counter', 7) > 0", /^cannot execute setval\(\) in a read-only transaction/],
    ["SELECT does('DELETE FROM orders')", /^an attempt to write inside a function/],
    ["SELECT does('CALL writes()')", /^an attempt to write inside a function/],
    ["SELECT does('CREATE TABLE x ()')", /^an attempt to write inside a function/],
    ["SELECT does('CREATE TEMP TABLE x ()')", /^an attempt to write inside a function/],
    ["SELECT query_to_xml('DELETE FROM orders', true, true, '') IS NULL", /SQLSTATE 0A000|SQLSTATE 25006/],
    ["SELECT does('COMMIT')", /SQLSTATE 0A000/],
    ["SELECT does('SET TRANSACTION READ WRITE') AND does('DELETE FROM orders')", /SQLSTATE 25001/],
    [
      "SELECT set_config('transaction_read_only', 'off', true) IS NOT NULL AND does('DELETE FROM orders')",
      /^transaction read-write .* set before any query/,
    ],
    [
      "SELECT set_config('default_transaction_read_only', 'off', false) = 'off' AND does('DELETE FROM orders')",
      /^an attempt to write inside a function/,
    ],
  ],
  'another role': [
    ["SELECT set_config('role', 'postgres', false) IS NOT NULL", /^permission denied to set role "postgres"/],
    ["SELECT set_config('session_authorization', 'postgres', false) IS NULL", /^permission denied to set session auth/],
    ["SELECT does('SET ROLE postgres')", /^a missing right inside a function/],
    ["SELECT does('SET SESSION AUTHORIZATION postgres')", /^a missing right inside a function/],
    [
      "SELECT set_config('role', 'none', false) = 'none' AND does('RESET ROLE') AND does('RESET SESSION AUTHORIZATION') AND does('DELETE FROM orders')",
      /^an attempt to write inside a function/,
    ],
    ["SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'", /SQLSTATE 42501/],
    ['SELECT pg_terminate_backend(pg_backend_pid())', /^terminating connection due to administrator command/],
  ],
  'a way out': [
    ["SELECT does($$COPY orders TO PROGRAM 'cat'$$)", /^a missing right inside a function/],
    ["SELECT does($$COPY orders TO '/tmp/lifeboat-check'$$)", /^a missing right inside a function/],
    ["SELECT pg_read_file('PG_VERSION') <> ''", /^permission denied for function pg_read_file/],
    ["SELECT pg_ls_dir('.') <> ''", /^permission denied for function pg_ls_dir/],
    ["SELECT lo_export(1001, '/tmp/lifeboat-check') > 0", /^permission denied for function lo_export/],
    ["SELECT lo_import('/etc/passwd') > 0", /^permission denied for function lo_import/],
    ['SELECT pg_reload_conf()', /^permission denied for function pg_reload_conf/],
    ["SELECT true FROM dblink('', '') AS t (x int)", /^permission denied for function dblink/],
    ["SELECT dblink_connect('same') IS NULL", /^permission denied for function dblink_connect/],
    ["SELECT true FROM own_dblink('', '') AS t (x int)", /^permission denied for function own_dblink/],
    ['SELECT far_away()', /^permission denied for function far_away/],
    ['SELECT unsafe()', /^permission denied for function unsafe/],
    ...['far', 'far_view', 'ran'].map(
      table => [`SELECT count(*) > 0 FROM ${table}`, /^it reads a foreign table, which a check cannot reach/] as const,
    ),
  ],
};

/** What may go through, depending on the major, and must leave nothing behind. */
const undone = [
  'SELECT lo_create(4711) > 0',
  "SELECT lo_from_bytea(4712, 'x') > 0",
  "SELECT lo_put(1001, 0, 'x') IS NOT NULL",
  "SELECT pg_notify('lifeboat', 'x') IS NOT NULL",
  'SELECT pg_advisory_lock(1) IS NOT NULL',
  "SELECT set_config('row_security', 'off', false) IS NOT NULL",
];

const clusters = new Map<number, Promise<OwnCluster>>();

/** A server of this file's own: what is granted to roles here holds in all its databases. */
async function needsOwn(t: TestContext, major: number): Promise<OwnCluster | undefined> {
  const hba = ['host closed postgres all scram-sha-256', 'host closed all all reject'];
  const known = clusters.get(major) ?? startCluster({ major, hba });
  clusters.set(major, known);
  try {
    return await known;
  } catch (error) {
    if (process.env.LIFEBOAT_TEST_ALL) throw error;
    t.skip(String(error));
    return undefined;
  }
}

after(async () => {
  for (const cluster of clusters.values()) await (await cluster).stop();
});

const check = (role: CheckRole, sql: string, timeoutSeconds = 300): Promise<CheckOutcome> =>
  runCheck(role.target, { sql, timeoutSeconds, snapshotAt: '2026-11-20T04:00:00Z' }, never);

/** The database in pg_dump's words, with its own rights and settings. */
async function dumpOf({ bin, address }: OwnCluster, database: string): Promise<string> {
  const { host, port, user, password } = address;
  const { stdout } = await runProgram({
    file: join(bin, 'pg_dump'),
    args: ['--create', database],
    env: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
  });
  return stdout.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}

async function rolesOf(session: Session): Promise<string[]> {
  const rows = await session.query<{ rolname: string }>("SELECT rolname FROM pg_roles WHERE rolname LIKE 'lifeboat%'");
  return rows.map(({ rolname }) => rolname);
}

for (const major of majors()) {
  describe(`the role for checks on Postgres ${major}`, () => {
    it('can do nothing but read, and nothing of it is left', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const database = await cluster.createDatabase();
      for (const sql of [sample, waysOut(cluster), triggers(major)]) await cluster.query(sql, undefined, database);
      await cluster.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
      const admin = await openSession(t, cluster, database);
      const reachable = async () => {
        const sql = `SELECT (SELECT count(*) > 0 FROM far_view) AND (SELECT count(*) > 0 FROM ran) AS reachable`;
        return (await cluster.query<{ reachable: boolean }>(sql, undefined, database))[0]?.reachable;
      };
      assert.equal(await reachable(), true);
      const before = await dumpOf(cluster, database);

      const role = await openCheckRole(admin, never);
      try {
        for (const [sql, reason] of Object.values(refusals).flat()) {
          const outcome = await check(role, sql);
          assert.deepEqual([outcome.outcome, outcome.kind], ['could-not-verify', 'error'], sql);
          assert.match(outcome.reason ?? '', reason, sql);
          assert.ok(!outcome.reason?.includes('zebra'));
        }
        for (const sql of undone) await check(role, sql);
        assert.equal((await check(role, 'SELECT count(*) = 150 FROM app.closed')).outcome, 'passed');
        const { user } = role.target.address;
        const [rights] = await admin.query(
          `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication AS much, rolbypassrls AS all_rows,
                  has_database_privilege(oid, current_database(), 'CREATE, TEMP') AS makes FROM pg_roles WHERE rolname = $1`,
          [user],
        );
        assert.deepEqual(rights, { much: false, all_rows: true, makes: false });
        assert.equal((await admin.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'`)).length, 0);
      } finally {
        await role.close();
      }
      assert.deepEqual(await rolesOf(admin), []);
      assert.equal(await reachable(), true);
      assert.equal(await dumpOf(cluster, database), before);
    });

    it('reads by single grants where pg_read_all_data would bring more', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const database = await cluster.createDatabase();
      await cluster.query(sample, undefined, database);
      await cluster.query('CREATE ROLE more; GRANT more TO pg_read_all_data');
      t.after(() => cluster.query('DROP ROLE more'));
      const before = await dumpOf(cluster, database);
      const admin = await openSession(t, cluster, database);
      const role = await openCheckRole(admin, never);
      try {
        for (const sql of ['SELECT count(*) = 150 FROM app.closed', 'SELECT last_value = 1 FROM counter'])
          assert.equal((await check(role, sql)).outcome, 'passed', sql);
        assert.match(
          (await check(role, "SELECT set_config('role', 'more', false) = ''")).reason ?? '',
          /SQLSTATE 42501/,
        );
      } finally {
        await role.close();
      }
      assert.equal(await dumpOf(cluster, database), before);
    });

    it('that may not log in makes no check pass', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      await cluster.createDatabase('closed');
      t.after(() => cluster.dropDatabase('closed'));
      const role = await openCheckRole(await openSession(t, cluster, 'closed'), never);
      const { outcome, kind, reason } = await check(role, 'SELECT true');
      await role.close();
      assert.deepEqual([outcome, kind], ['could-not-verify', 'error']);
      assert.match(reason ?? '', /^the server at .* refused user lifeboat_check_.*: pg_hba.conf rejects connection/);
    });

    it('is not made for somebody who may not make it', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      await cluster.query("CREATE ROLE weak LOGIN PASSWORD 'weak'");
      const admin = await openSession(t, cluster, 'postgres', { user: 'weak', password: 'weak' });
      await assert.rejects(openCheckRole(admin, never), /permission denied/);
      assert.deepEqual((await admin.query('SELECT 1 AS one'))[0], { one: 1 }, 'the session is still in a transaction');
    });

    it('is not made where a right of PUBLIC to reach outside cannot be taken', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const database = await cluster.createDatabase();
      const sql = `CREATE EXTENSION dblink; CREATE ROLE granter_${database};
        GRANT EXECUTE ON FUNCTION dblink_get_notify() TO granter_${database} WITH GRANT OPTION;
        SET ROLE granter_${database}; GRANT EXECUTE ON FUNCTION public.dblink_get_notify() TO PUBLIC`;
      await cluster.query(sql, undefined, database);
      const admin = await openSession(t, cluster, database);
      await assert.rejects(openCheckRole(admin, never), /PUBLIC keeps the right to execute public.dblink_get_notify\(/);
      assert.deepEqual(await rolesOf(admin), []);
    });

    it('is not made after an abort', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const admin = await openSession(t, cluster);
      const reason = new Error('stop');
      await assert.rejects(openCheckRole(admin, AbortSignal.abort(reason)), reason);
      assert.deepEqual(await rolesOf(admin), []);
    });

    it('is dropped with a session of it that does not end', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const admin = await openSession(t, cluster);
      const role = await openCheckRole(admin, never);
      const session = await connect(role.target, never, true);
      const sleeping = assert.rejects(session.query('SELECT pg_sleep(3600)'));
      await role.close();
      await sleeping;
      assert.deepEqual(await rolesOf(admin), []);
    });

    it('is dropped after a crash of the server', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const role = await openCheckRole(await openSession(t, cluster), never);
      const [backend] = await cluster.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
      );
      process.kill(backend?.pid ?? 0, 'SIGKILL');
      const { outcome } = await check(role, 'SELECT pg_sleep(3600) IS NULL', 0.1);
      assert.equal(outcome, 'could-not-verify');
      await role.close();
      assert.deepEqual(await rolesOf(await openSession(t, cluster)), []);
    });

    it('leaves a check of a server that hangs without an answer', async t => {
      const cluster = await needsOwn(t, major);
      if (!cluster) return;
      const admin = await openSession(t, cluster);
      const role = await openCheckRole(admin, never);
      const [pid] = (await readFile(join(cluster.dataFolder, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGSTOP');
      try {
        const { outcome, kind, reason } = await check(role, 'SELECT true', 0.1);
        assert.deepEqual([outcome, kind, reason], ['could-not-verify', 'timed-out', 'did not end within 0.1 s']);
      } finally {
        process.kill(Number(pid), 'SIGCONT');
      }
      await role.close();
      assert.deepEqual(await rolesOf(admin), []);
    });
  });
}
