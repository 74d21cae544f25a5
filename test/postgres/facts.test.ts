import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFacts, readLargeObjects, readSequences } from '../../src/postgres/contents.ts';
import { readIdentity, readLocale, readLockCapacity, readVersionAndSize } from '../../src/postgres/facts.ts';
import { notCaptured } from '../../src/postgres/not-captured.ts';
import { checkAddress } from '../../src/postgres/preflight.ts';
import { providerOf } from '../../src/postgres/provider.ts';
import { parseAddress } from '../../src/postgres/url.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase, openSession, relation, targetOf } from './sessions.ts';

for (const major of majors()) {
  describe(`the facts of a database on Postgres ${major}`, () => {
    it('tell it from every other, whatever it is called', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const [one, other] = [await makeDatabase(t, cluster), await makeDatabase(t, cluster)];
      const [first, again, second] = [
        await readIdentity(await openSession(t, cluster, one)),
        await readIdentity(await openSession(t, cluster, one)),
        await readIdentity(await openSession(t, cluster, other)),
      ];
      assert.deepEqual(first, again);
      assert.equal(first?.systemIdentifier, second?.systemIdentifier);
      assert.notEqual(first?.databaseOid, second?.databaseOid);
      assert.match(first?.systemIdentifier ?? '', /^\d{15,20}$/);
      assert.equal(first?.standby, false);
    });

    it('have no identity where the server hides it', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster, 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
      const user = `hidden_${major}_${process.pid}`;
      await cluster.query(`CREATE ROLE ${user} LOGIN PASSWORD 'password'`);
      t.after(() => cluster.query(`DROP ROLE ${user}`));
      const session = await openSession(t, cluster, database, { user, password: 'password' });
      assert.equal(await readIdentity(session), undefined);
    });

    it('tell encoding and locale', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await cluster.createDatabase(undefined, { encoding: 'LATIN1', locale: 'C' });
      t.after(() => cluster.dropDatabase(database));
      assert.deepEqual(await readLocale(await openSession(t, cluster, database)), {
        encoding: 'LATIN1',
        localeProvider: 'libc',
        collate: 'C',
        ctype: 'C',
        locale: null,
        icuRules: null,
      });
    });

    it('tell the locale of a provider of its own', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const [provider, option] = major >= 17 ? ['builtin', 'BUILTIN_LOCALE'] : ['icu', 'ICU_LOCALE'];
      const locale = provider === 'builtin' ? 'C.UTF-8' : 'de';
      const database = await makeDatabase(t, cluster);
      await cluster.dropDatabase(database);
      await cluster.query(
        `CREATE DATABASE ${database} TEMPLATE template0 LOCALE_PROVIDER ${provider} ${option} '${locale}' LOCALE 'C'`,
      );
      const found = await readLocale(await openSession(t, cluster, database));
      assert.deepEqual([found.localeProvider, found.locale, found.collate], [provider, locale, 'C']);
    });

    it('tell version, size and room for locks', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const session = await openSession(t, cluster);
      const { version, sizeBytes } = await readVersionAndSize(session);
      assert.match(version, new RegExp(`^${major}(?:\\.\\d+|\\w+)$`));
      assert.ok(sizeBytes > 1_000_000);
      assert.equal(await readLockCapacity(session), 64 * 100);
      assert.equal(session.major, major);
    });

    it('tell extensions, materialized views and invalid indexes, but none of an extension or the system', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;
         CREATE MATERIALIZED VIEW filled AS SELECT 1 AS x; CREATE MATERIALIZED VIEW empty AS SELECT 1 AS x WITH NO DATA;
         CREATE TABLE t (x int); INSERT INTO t VALUES (1); CREATE INDEX good ON t (x); CREATE INDEX bad ON t (x);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'bad'::regclass`,
      );
      const facts = await readFacts(await openSession(t, cluster, database));
      assert.deepEqual(
        facts.extensions.map(({ schema, name }) => `${schema}.${name}`),
        ['ext.pg_trgm', 'pg_catalog.plpgsql'],
      );
      assert.deepEqual(facts.materializedViews, [
        { schema: 'public', name: 'empty', populated: false },
        { schema: 'public', name: 'filled', populated: true },
      ]);
      assert.deepEqual(facts.invalidIndexes, [{ schema: 'public', name: 'bad' }]);
    });

    it('tell where each sequence stands, also below and above what a number holds', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE SEQUENCE "Fresh one"; CREATE SEQUENCE high START 9223372036854775807; SELECT nextval('high');
         CREATE SEQUENCE low INCREMENT -1 MINVALUE -9223372036854775808 START -9223372036854775808;
         CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY); INSERT INTO t DEFAULT VALUES`,
      );
      const sequences = await readSequences(await openSession(t, cluster, database));
      assert.deepEqual(
        sequences.map(({ name, lastValue, isCalled, ascending }) => [name, lastValue, isCalled, ascending]),
        [
          ['Fresh one', '1', false, true],
          ['high', '9223372036854775807', true, true],
          ['low', '-9223372036854775808', false, false],
          ['t_id_seq', '1', true, true],
        ],
      );
    });

    it('tell many sequences at once', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `DO $$ BEGIN FOR i IN 1..501 LOOP EXECUTE format('CREATE SEQUENCE s%s START %s', i, i); END LOOP; END $$`,
      );
      const sequences = await readSequences(await openSession(t, cluster, database));
      assert.equal(sequences.length, 501);
      for (const { name, lastValue } of sequences) assert.equal(name, `s${lastValue}`);
    });

    it('tell large objects by their number and their bytes', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster);
      const session = await openSession(t, cluster, database);
      const read = async (withContent: boolean) => {
        await session.query('BEGIN');
        const found = await readLargeObjects(session, withContent);
        await session.query('COMMIT');
        return found;
      };
      assert.deepEqual(await read(true), { count: 0, fingerprint: '0', rights: '0' });
      await cluster.query(`SELECT lo_from_bytea(1, 'a'), lo_from_bytea(2, 'b')`, [], database);
      const before = await read(true);
      assert.deepEqual(await read(false), { ...before, fingerprint: null });
      await cluster.query(`SELECT lo_put(1, 0, 'b'), lo_put(2, 0, 'a')`, [], database);
      assert.notEqual((await read(true)).fingerprint, before.fingerprint);
    });

    it('tell large objects that may not be read by their number alone', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster, `SELECT lo_from_bytea(1, 'a')`);
      const user = `reader_of_objects_${major}_${process.pid}`;
      await cluster.query(`CREATE ROLE ${user} LOGIN PASSWORD 'password'`);
      t.after(() => cluster.query(`DROP ROLE ${user}`));
      const session = await openSession(t, cluster, database, { user, password: 'password' });
      await session.query('BEGIN');
      const { count, fingerprint, rights } = await readLargeObjects(session, true);
      assert.deepEqual({ count, fingerprint }, { count: 1, fingerprint: null });
      assert.match(rights ?? '', /^-?\d+$/);
      assert.deepEqual(await session.one('SELECT 1 AS one'), { one: 1 });
      await session.query('COMMIT');
    });
  });
}

describe('what a backup does not hold', () => {
  const other = providerOf(parseAddress('postgresql://me@host/db', 'database-url'));
  const supabase = providerOf(parseAddress('postgresql://me@db.ref.supabase.co/db', 'database-url'));
  const selected = [
    { relation: relation('remote', { kind: 'foreign' }), data: false },
    { relation: relation('fleeting', { unlogged: true }), data: true },
    { relation: relation('plain'), data: true },
  ];
  const whats = (...args: Parameters<typeof notCaptured>) => notCaptured(...args).map(({ what }) => what);

  it('is said', () => {
    assert.deepEqual(whats(selected, other, false, ['fast']), [
      'passwords of roles',
      'rows of public.remote',
      'the folder of tablespace fast',
    ]);
  });

  it('is more on a standby', () => {
    assert.ok(whats(selected, other, true, []).includes('rows of public.fleeting'));
  });

  it('is more at Supabase', () => {
    assert.ok(whats(selected, supabase, false, []).some(what => /Storage/.test(what)));
  });
});

describe('an address of a pooler in transaction mode', () => {
  it('is refused with another one', () => {
    const address = parseAddress(
      'postgresql://postgres.ref:secret@aws-0-eu.pooler.supabase.com:6543/postgres',
      'database-url',
    );
    const target = { input: 'database-url', address, rootCert: undefined, application: 'x' } as const;
    assert.throws(() => checkAddress(target), {
      message:
        'input database-url leads to a pooler in transaction mode (aws-0-eu.pooler.supabase.com:6543), where one session is many',
      hint: 'use the session pooler: the same host with port 5432 and user postgres.ref',
    });
  });

  it('is not what an ordinary one is', async t => {
    const [major = 15] = majors();
    const cluster = await needsPostgres(t, major);
    if (cluster !== undefined) assert.doesNotThrow(() => checkAddress(targetOf(cluster)));
  });
});
