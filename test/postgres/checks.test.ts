import assert from 'node:assert/strict';
import { type TestContext, after, describe, it } from 'node:test';
import { type CheckRole, openCheckRole } from '../../src/postgres/check-role.ts';
import { type CheckOutcome, plainError, runCheck } from '../../src/postgres/checks.ts';
import { type Session, connect } from '../../src/postgres/connection.ts';
import { type Cluster, majors, needsPostgres } from '../support/postgres.ts';
import { targetOf } from './sessions.ts';

/** Stands in every row, and must stand in nothing that a check gives back. */
const marker = 'zebra';
const never = new AbortController().signal;

const sample = `
  CREATE TYPE mood AS ENUM ('glad');
  CREATE DOMAIN yes AS boolean;
  CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz, paid boolean, sure yes);
  INSERT INTO orders SELECT g, '${marker}' || g, '2026-11-20 03:00Z', true, true FROM generate_series(1, 150) g;
  CREATE TABLE guarded AS SELECT * FROM orders;
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
  CREATE SCHEMA app; CREATE TABLE app.closed AS SELECT * FROM orders; REVOKE ALL ON app.closed FROM PUBLIC;
  CREATE SCHEMA "Odd ""schema"""; CREATE TABLE "Odd ""schema"""."Ünï" AS SELECT 'ä' AS "ö";
  CREATE SEQUENCE counter;
  CREATE FUNCTION raises(text, state text DEFAULT 'P0001') RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION USING MESSAGE = $1, ERRCODE = state, DETAIL = $1, HINT = $1; END $$;
  CREATE FUNCTION never_ends() RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN LOOP BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$`;

const settings = (database: string) => `
  ALTER DATABASE ${database} SET search_path TO app, public;
  ALTER DATABASE ${database} SET "TimeZone" = 'Asia/Tokyo';
  ALTER DATABASE ${database} SET lock_timeout = '1ms';
  ALTER DATABASE ${database} SET idle_in_transaction_session_timeout = '1h';
  ALTER DATABASE ${database} SET default_transaction_isolation = 'serializable'`;

type Expected = readonly [sql: string, outcome: CheckOutcome['outcome'], reason: string | null];

const passed = (sql: string): Expected => [sql, 'passed', null];
const failed = (sql: string, reason: string): Expected => [sql, 'failed', reason];
const unknown = (sql: string, reason: string): Expected => [sql, 'could-not-verify', reason];

const answers: readonly Expected[] = [
  passed('SELECT true'),
  passed('SELECT count(*) = 150 FROM orders'),
  passed('SELECT sure FROM orders WHERE id = 1'),
  passed('SELECT * FROM orders WHERE id = 0'),
  passed('SELECT paid FROM orders WHERE id = 0'),
  failed('SELECT false', 'returned false'),
  failed('SELECT name FROM orders WHERE id = 7', 'returned 1 row'),
  failed('SELECT true, true', 'returned 1 row'),
  failed("SELECT 'true'", 'returned 1 row'),
  failed('SELECT 1', 'returned 1 row'),
  failed('SELECT', 'returned 1 row'),
  failed('SELECT paid FROM orders WHERE id < 3', 'returned 2 rows'),
  failed('SELECT * FROM orders WHERE id <= 100', 'returned 100 rows'),
  failed('SELECT * FROM orders WHERE id <= 101', 'returned more than 100 rows'),
  failed('SELECT paid FROM orders', 'returned more than 100 rows'),
  failed('SELECT generate_series(1, 1e18::bigint)', 'returned more than 100 rows'),
  unknown('SELECT null::boolean', 'returned null'),
];

const rightsAndSettings: readonly Expected[] = [
  passed('SELECT count(*) = 150 FROM guarded'),
  passed('SELECT count(*) = 150 FROM app.closed'),
  passed('SELECT "ö" = \'ä\' FROM "Odd ""schema"""."Ünï"'),
  passed('SELECT last_value = 1 FROM counter'),
  passed('SELECT count(*) = 150 FROM closed'),
  passed("SELECT current_setting('TimeZone') = 'UTC' AND current_setting('lock_timeout') = '0'"),
  passed("SELECT current_setting('transaction_read_only') = 'on' AND current_setting('is_superuser') = 'off'"),
  passed(
    "SELECT max(created_at) > current_setting('lifeboat.snapshot_at')::timestamptz - interval '1 day' FROM orders",
  ),
  failed("SELECT current_setting('lifeboat.snapshot_at')::timestamptz = '2026-11-20 04:00:01Z'", 'returned false'),
];

const writtenOddly: readonly Expected[] = [
  passed('SELECT true;'),
  passed('SELECT true ; ;\n;'),
  passed('SELECT true -- a comment'),
  passed('SELECT true; -- a comment; and more'),
  passed('-- first\n/* second /* inner */ ; */ SELECT true /* last; */'),
  passed('-- timeout: 5m\r\nSELECT count(*) = 150\r\nFROM orders -- all\r\n;\r\n'),
  passed("SELECT ';--' = ';--' AND '/*' <> '*/'"),
  passed("SELECT $a$;'$$ -- $a$ <> $$;$$ AND E'\\';' = ''';'"),
  passed('WITH o AS (SELECT * FROM orders) SELECT count(*) = 150 FROM o'),
  passed('VALUES (true)'),
  passed('(SELECT true)'),
  passed('(SELECT true) INTERSECT SELECT true ORDER BY 1 LIMIT 1'),
  failed('TABLE orders', 'returned more than 100 rows'),
  passed("SELECT 'ünï€😀' = E'\\u00fcn\\u00ef\\u20ac\\U0001F600'"),
  unknown('SELECT true /* open', 'unterminated /* comment at or near "/* open" (SQLSTATE 42601)'),
  unknown("SELECT 'open", 'unterminated quoted string at or near "\'open" (SQLSTATE 42601)'),
  unknown('SELEC true', 'syntax error at or near "SELEC" (SQLSTATE 42601)'),
  unknown('', 'syntax error at end of input (SQLSTATE 42601)'),
  unknown('SELECT 1; SELECT 2', 'it has several statements, and a check is one query (SQLSTATE 42601)'),
];

const inFunction = (state: string) => `an error inside a function, whose words may hold values (SQLSTATE ${state})`;

const errors: readonly Expected[] = [
  unknown('SELECT nope FROM orders', 'column "nope" does not exist (SQLSTATE 42703)'),
  unknown('SELECT true FROM Nowhere.At_All', 'relation "nowhere.at_all" does not exist (SQLSTATE 42P01)'),
  unknown('SELECT nosuch(1, name) FROM orders', 'function nosuch(integer, text) does not exist (SQLSTATE 42883)'),
  unknown('SELECT name = 1 FROM orders', 'operator does not exist: text = integer (SQLSTATE 42883)'),
  unknown('SELECT id / 0 > 1 FROM orders', 'division by zero (SQLSTATE 22012)'),
  unknown('SELECT name::int > 0 FROM orders', 'invalid input syntax for type integer (SQLSTATE 22P02)'),
  unknown('SELECT name::mood IS NULL FROM orders', 'invalid input value for enum mood (SQLSTATE 22P02)'),
  unknown('SELECT name::regclass IS NULL FROM orders', 'relation "…" does not exist (SQLSTATE 42P01)'),
  unknown('SELECT name::regrole IS NULL FROM orders', 'role "…" does not exist (SQLSTATE 42704)'),
  unknown(
    `SELECT (name || ' x "' || name)::timestamptz IS NULL FROM orders`,
    'invalid input syntax for type timestamp with time zone (SQLSTATE 22007)',
  ),
  unknown("SELECT to_date(name, 'YYYY') IS NULL FROM orders", 'invalid value "…" for "YYYY" (SQLSTATE 22007)'),
  unknown(
    "SELECT set_config('work_mem', name, true) IS NULL FROM orders",
    'invalid value for parameter "work_mem" (SQLSTATE 22023)',
  ),
  unknown("SELECT ('[' || name)::jsonb IS NULL FROM orders", 'invalid input syntax for type json (SQLSTATE 22P02)'),
  unknown(
    'SELECT (SELECT paid FROM orders)',
    'more than one row returned by a subquery used as an expression (SQLSTATE 21000)',
  ),
  unknown('SELECT raises(name) FROM orders', inFunction('P0001')),
  ...['08006', '57P01', '57014', '42601', '55000'].map(state =>
    unknown(`SELECT raises(name || ' multiple commands has no handler', '${state}') FROM orders`, inFunction(state)),
  ),
];

for (const major of majors()) {
  describe(`a check on Postgres ${major}`, () => {
    interface Made {
      cluster: Cluster;
      database: string;
      admin: Session;
      role: CheckRole;
    }
    let made: Promise<Made> | undefined;

    const make = async (cluster: Cluster): Promise<Made> => {
      const database = await cluster.createDatabase();
      await cluster.query(sample, undefined, database);
      await cluster.query(settings(database));
      const admin = await connect(targetOf(cluster, database));
      return { cluster, database, admin, role: await openCheckRole(admin, never) };
    };

    after(async () => {
      if (!made) return;
      const { cluster, database, admin, role } = await made;
      await role.close();
      await admin.close();
      await cluster.dropDatabase(database);
    });

    const setting = async (t: TestContext): Promise<Made | undefined> => {
      const cluster = await needsPostgres(t, major);
      return cluster && (made ??= make(cluster));
    };

    const run = async ({ role }: Made, sql: string, timeoutSeconds = 300, signal = never): Promise<CheckOutcome> => {
      const check = { sql, timeoutSeconds, snapshotAt: '2026-11-20T04:00:00Z' };
      const outcome = await runCheck(role.target, check, signal);
      assert.ok(!JSON.stringify(outcome).includes(marker), `a value of a row is in ${JSON.stringify(outcome)}`);
      return outcome;
    };

    for (const [what, list] of Object.entries({ answers, rightsAndSettings, writtenOddly, errors })) {
      it(`comes to its outcome: ${what}`, async t => {
        const there = await setting(t);
        if (!there) return;
        for (const [sql, outcome, reason] of list) {
          const { seconds, kind, ...said } = await run(there, sql);
          assert.deepEqual(said, { outcome, reason }, sql);
          assert.equal(kind, outcome === 'could-not-verify' && reason !== 'returned null' ? 'error' : 'answer', sql);
          assert.ok(seconds >= 0);
        }
      });
    }

    it('that does not end in time is ended by the server', async t => {
      const there = await setting(t);
      if (!there) return;
      const { seconds, ...outcome } = await run(there, 'SELECT pg_sleep(3600) IS NULL', 0.1);
      const reason = 'did not end within 0.1 s';
      assert.deepEqual(outcome, { outcome: 'could-not-verify', kind: 'timed-out', reason });
      assert.ok(seconds >= 0.1);
    });

    it('that the server does not end is cut off', async t => {
      const there = await setting(t);
      if (!there) return;
      const { outcome, kind } = await run(there, 'SELECT never_ends()', 0.1);
      assert.deepEqual([outcome, kind], ['could-not-verify', 'timed-out']);
    });

    it('may be given more time than timers know', async t => {
      const there = await setting(t);
      if (there) assert.equal((await run(there, 'SELECT true', 90 * 86_400)).outcome, 'passed');
    });

    it('that is aborted throws the reason', async t => {
      const there = await setting(t);
      if (!there) return;
      const abort = new AbortController();
      const reason = new Error('stop');
      const running = run(there, 'SELECT pg_advisory_lock(4711) IS NULL OR pg_sleep(3600) IS NULL', 300, abort.signal);
      for (let isThere = false; !isThere;)
        isThere =
          (await there.admin.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")).length > 0;
      abort.abort(reason);
      await assert.rejects(running, reason);
    });

    it('whose session is another role than the one that logged in is not judged', async t => {
      const there = await setting(t);
      if (!there) return;
      await there.cluster.query(`ALTER DATABASE ${there.database} SET role = 'pg_read_all_data'`);
      t.after(() => there.cluster.query(`ALTER DATABASE ${there.database} RESET role`));
      const { outcome, reason } = await run(there, 'SELECT count(*) = 0 FROM guarded');
      const { user } = there.role.target.address;
      assert.deepEqual([outcome, reason], ['could-not-verify', `the session of the check is not that of ${user}`]);
    });
  });
}

describe('what may be said of an error', () => {
  const error = (message: string, where?: string, code = '22P02') =>
    Object.assign(new Error(message), { code, severity: 'ERROR', where });

  for (const [message, sql, expected] of [
    [`a: "${marker}" b: "${marker}"`, '', 'a (SQLSTATE 22P02)'],
    [`value "x" ${marker} "x" is out of range`, 'SELECT x', 'value "x" … "x" is out of range (SQLSTATE 22P02)'],
    [`${marker}, 4711-12: ${marker} ${marker}`, 'SELECT 4711', '… (SQLSTATE 22P02)'],
    ['value "invalid" is invalid', 'SELECT x', 'value "…" is invalid (SQLSTATE 22P02)'],
    ['relation "Orders"', 'TABLE orders', 'relation "Orders" (SQLSTATE 22P02)'],
    [`is null ${'is null '.repeat(99)}`, '', `${`is null ${'is null '.repeat(99)}`.slice(0, 300)} (SQLSTATE 22P02)`],
  ] as const) {
    it(`keeps what is known of: ${message.slice(0, 40)}`, () => {
      assert.equal(plainError(error(message), sql), expected);
    });
  }

  it('is nothing but the state where a function has thrown it', () => {
    const where = 'PL/pgSQL function f() line 1 at RAISE';
    assert.equal(plainError(error('invalid value', where), 'SELECT f()'), inFunction('22P02'));
    assert.equal(plainError(error('invalid value', 'parallel worker'), ''), 'invalid value (SQLSTATE 22P02)');
  });
});
