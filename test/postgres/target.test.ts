import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { availableExtensions, existingTablespaces, findOccupants } from '../../src/postgres/target.ts';
import { identifier } from '../../src/postgres/quote.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase, openSession } from './sessions.ts';

/** What makes a database not empty, and how it is called. */
const occupants: readonly (readonly [kind: string, name: string, sql: string])[] = [
  ['table', 'public.t', 'CREATE TABLE t ()'],
  ['table', 'public.p', 'CREATE TABLE p (x int) PARTITION BY LIST (x)'],
  ['table', 'other.T t', 'CREATE SCHEMA other; CREATE TABLE other."T t" ()'],
  ['view', 'public.v', 'CREATE VIEW v AS SELECT 1 AS x'],
  ['materialized view', 'public.m', 'CREATE MATERIALIZED VIEW m AS SELECT 1 AS x'],
  ['sequence', 'public.s', 'CREATE SEQUENCE s'],
  [
    'foreign table',
    'public.f',
    `CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE f (x text) SERVER s OPTIONS (filename '/dev/null')`,
  ],
  ['function', 'public.fn', `CREATE FUNCTION fn() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
  ['function', 'public.pr', `CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT 1'`],
  ['type', 'public.c', 'CREATE TYPE c AS (x int)'],
  ['type', 'public.e', `CREATE TYPE e AS ENUM ('a')`],
  ['type', 'public.d', 'CREATE DOMAIN d AS int'],
  ['large object', '77', 'SELECT lo_create(77)'],
];

for (const major of majors()) {
  describe(`what occupies a database on Postgres ${major}`, () => {
    it('is nothing when it is fresh', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster, 'CREATE SCHEMA empty');
      assert.deepEqual(await findOccupants(await openSession(t, cluster, database)), []);
    });

    for (const [kind, name, sql] of occupants) {
      it(`may be a ${kind}: ${sql.split('; ').at(-1)}`, async t => {
        const cluster = await needsPostgres(t, major);
        if (cluster === undefined) return;
        const database = await makeDatabase(t, cluster, sql);
        assert.deepEqual(await findOccupants(await openSession(t, cluster, database)), [{ kind, name }]);
      });
    }

    it('may be a range type, with the functions that make one', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster, 'CREATE TYPE r AS RANGE (subtype = int)');
      const found = await findOccupants(await openSession(t, cluster, database));
      assert.ok(found.some(({ kind, name }) => kind === 'type' && name === 'public.r'));
    });

    it('is nothing that belongs to an extension', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster);
      const session = await openSession(t, cluster, database);
      const made: string[] = [];
      for (const name of await availableExtensions(session)) {
        // some need a library of another language or a setting of the server
        const created = session.query(`CREATE EXTENSION IF NOT EXISTS ${identifier(name)} SCHEMA public CASCADE`);
        if (
          await created.then(
            () => true,
            () => false,
          )
        )
          made.push(name);
      }
      assert.ok(
        ['tablefunc', 'hstore', 'citext', 'cube'].every(name => made.includes(name)),
        made.join(' '),
      );
      assert.deepEqual(await findOccupants(session), []);
    });

    it('is named up to twenty', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const tables = Array.from({ length: 25 }, (_, index) => `CREATE TABLE t${index} ()`);
      const database = await makeDatabase(t, cluster, tables.join(';'));
      assert.equal((await findOccupants(await openSession(t, cluster, database))).length, 20);
    });
  });

  describe(`what Postgres ${major} has`, () => {
    it('is known by name', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const session = await openSession(t, cluster);
      assert.ok((await availableExtensions(session)).has('pg_trgm'));
      assert.ok(!(await availableExtensions(session)).has('no_such_extension'));
      assert.deepEqual([...(await existingTablespaces(session))].sort().slice(-2), ['pg_default', 'pg_global']);
    });
  });
}
