import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import {
  type RelationFilters,
  type Selected,
  checkReadable,
  isPartial,
  matching,
  matchingSchemas,
  missingTables,
  readRelations,
  readSizes,
  select,
} from '../../src/postgres/relations.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase, openSession, relation } from './sessions.ts';

const whole: RelationFilters = {
  schemas: [],
  excludeSchemas: [],
  tables: [],
  excludeTables: [],
  excludeTableData: [],
  schemaOnly: false,
  dataOnly: false,
};
const relations = ['app.logs', 'app.tasks', 'auth.users', 'public.a+b', 'public.logs', 'public.orders'].map(name =>
  relation(name),
);

const names = (filters: Partial<RelationFilters>) =>
  select(relations, { ...whole, ...filters }).map(
    ({ relation: { schema, name }, data }) => `${schema}.${name}${data ? '' : ' (no rows)'}`,
  );

function refusal(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

describe('the tables of a dump', () => {
  it('are all, without a filter', () => {
    assert.equal(names({}).length, relations.length);
    assert.ok(!isPartial(whole));
  });

  it('are those of the schemas that are named', () => {
    assert.deepEqual(names({ schemas: ['a*'] }), ['app.logs', 'app.tasks', 'auth.users']);
    assert.deepEqual(names({ excludeSchemas: ['app', 'public'] }), ['auth.users']);
  });

  it('are those that are named, in public where no schema is', () => {
    assert.deepEqual(names({ tables: ['logs', 'app.t*'] }), ['app.tasks', 'public.logs']);
    assert.deepEqual(names({ excludeTables: ['*.logs', 'a+b'] }), ['app.tasks', 'auth.users', 'public.orders']);
  });

  it('that are named come whatever the schemas say, as in pg_dump', () => {
    assert.deepEqual(names({ schemas: ['app'], tables: ['orders'] }), ['public.orders']);
  });

  it('that are excluded stay out, even when they are named', () => {
    assert.deepEqual(names({ tables: ['*.logs'], excludeSchemas: ['app'] }), ['public.logs']);
  });

  it('come without rows where that is said', () => {
    assert.deepEqual(names({ tables: ['*.logs'], excludeTableData: ['app.logs'] }), [
      'app.logs (no rows)',
      'public.logs',
    ]);
    assert.deepEqual(names({ schemas: ['auth'], schemaOnly: true }), ['auth.users (no rows)']);
    assert.deepEqual(names({ schemas: ['auth'], dataOnly: true }), ['auth.users']);
  });

  it('have no rows of their own when they are partitioned or foreign', () => {
    const selected = select([relation('p', { kind: 'partitioned' }), relation('f', { kind: 'foreign' })], whole);
    assert.deepEqual(
      selected.map(({ data }) => data),
      [false, false],
    );
  });

  it('take no character but * for a pattern', () => {
    assert.deepEqual(names({ tables: ['a+b'] }), ['public.a+b']);
    for (const text of ['o.ders', 'order?', 'a.b', 'orders|logs', '[o]rders', 'orders$', 'order', 'ORDERS'])
      refusal(() => names({ tables: [text] }));
  });

  it('are refused by a filter that matches nothing, whichever it is', () => {
    for (const [input, filters] of [
      ['schemas', { schemas: ['nosuch'] }],
      ['exclude-schemas', { excludeSchemas: ['nosuch'] }],
      ['tables', { tables: ['orders', 'nosuch'] }],
      ['exclude-tables', { excludeTables: ['nosuch'] }],
      ['exclude-table-data', { excludeTableData: ['nosuch'] }],
    ] as const) {
      const failure = refusal(() => names(filters));
      assert.equal(failure.message, `input ${input} has "nosuch", which matches nothing`);
      assert.equal(failure.exitStatus, 64);
    }
  });

  it('are partial with any filter', () => {
    for (const filters of [
      { schemas: ['a'] },
      { excludeSchemas: ['a'] },
      { tables: ['a'] },
      { excludeTables: ['a'] },
      { excludeTableData: ['a'] },
      { schemaOnly: true },
      { dataOnly: true },
    ])
      assert.ok(isPartial({ ...whole, ...filters }), JSON.stringify(filters));
  });

  it('are told to pg_dump by their names', () => {
    assert.deepEqual(
      matching(relations, 'tables', ['*.logs']).map(({ schema }) => schema),
      ['app', 'public'],
    );
    assert.deepEqual(matchingSchemas(relations, 'schemas', ['a*']), ['app', 'auth']);
  });
});

describe('required tables', () => {
  it('are missing when they are not there, in public where no schema is said', () => {
    assert.deepEqual(missingTables(relations, ['orders', 'auth.users']), []);
    assert.deepEqual(missingTables(relations, ['users', 'app.orders', 'Orders']), ['users', 'app.orders', 'Orders']);
  });
});

describe('tables that cannot be read whole', () => {
  const selected = (more: object, data = true): Selected => ({ relation: relation('orders', more), data });

  it('are refused by name, with what to grant', () => {
    const failure = refusal(() => checkReadable([selected({ readable: false }), selected({})], 'me'));
    assert.equal(failure.message, 'user me may not read table public.orders');
    assert.match(failure.hint ?? '', /^run GRANT pg_read_all_data TO me, /);
  });

  it('are refused when row security hides rows', () => {
    const failure = refusal(() => checkReadable([selected({ rowsHidden: true })], 'me'));
    assert.equal(failure.message, 'row security hides rows from user me in table public.orders');
    assert.match(failure.hint ?? '', /BYPASSRLS/);
  });

  it('are named up to ten', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({
      relation: relation(`t${index}`, { readable: false }),
      data: true,
    }));
    const names10 = Array.from({ length: 10 }, (_, index) => `public.t${index}`).join(', ');
    assert.equal(
      refusal(() => checkReadable(many, 'me')).message,
      `user me may not read 12 tables: ${names10} and 2 more`,
    );
  });

  it('do not matter when their rows are not dumped, but pg_dump must be able to lock them', () => {
    assert.doesNotThrow(() => checkReadable([selected({ rowsHidden: true }, false)], 'me'));
    assert.doesNotThrow(() => checkReadable([selected({ readable: false, kind: 'foreign' }, false)], 'me'));
    const failure = refusal(() => checkReadable([selected({ readable: false }, false)], 'me'));
    assert.equal(failure.message, 'user me may not read table public.orders');
  });
});

for (const major of majors()) {
  describe(`the relations of Postgres ${major}`, () => {
    it('are its tables of every kind, in order, and nothing else', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE TABLE b (id serial, n int GENERATED ALWAYS AS IDENTITY);
         CREATE UNLOGGED TABLE a (x int);
         CREATE TABLE "P" (x int) PARTITION BY LIST (x);
         CREATE TABLE p1 PARTITION OF "P" FOR VALUES IN (1);
         CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE SEQUENCE s;
         CREATE TEMP TABLE temporary (x int);
         CREATE SCHEMA other; CREATE TABLE other.a (x int);
         CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE f (x text) SERVER files OPTIONS (filename '/dev/null')`,
      );
      const found = await readRelations(await openSession(t, cluster, database));
      assert.deepEqual(
        found.map(({ schema, name, kind, unlogged, sequences }) => [`${schema}.${name}`, kind, unlogged, sequences]),
        [
          ['other.a', 'table', false, 0],
          ['public.P', 'partitioned', false, 0],
          ['public.a', 'table', true, 0],
          ['public.b', 'table', false, 2],
          ['public.f', 'foreign', false, 0],
          ['public.p1', 'table', false, 0],
        ],
      );
      assert.ok(found.every(({ readable, rowsHidden }) => readable && !rowsHidden));
    });

    it('of an extension are only those that it marks as configuration', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE TABLE marked (id int); CREATE TABLE half (id int); CREATE TABLE inner_one (id int);
         CREATE EXTENSION pg_trgm;
         ALTER EXTENSION pg_trgm ADD TABLE marked; ALTER EXTENSION pg_trgm ADD TABLE half; ALTER EXTENSION pg_trgm ADD TABLE inner_one;
         UPDATE pg_extension SET extconfig = ARRAY['marked'::regclass::oid, 'half'::regclass::oid], extcondition = ARRAY['', 'WHERE id > 5']
          WHERE extname = 'pg_trgm'`,
      );
      const found = await readRelations(await openSession(t, cluster, database));
      assert.deepEqual(
        found.map(({ name, condition }) => [name, condition]),
        [
          ['half', 'WHERE id > 5'],
          ['marked', ''],
        ],
      );
    });

    it('say what a user may not read, and where rows are hidden', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const user = `reader_${major}_${process.pid}`;
      await cluster.query(`CREATE ROLE ${user} LOGIN PASSWORD 'password'`);
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE TABLE closed (x int); CREATE TABLE open (x int); CREATE TABLE secured (x int);
         CREATE SCHEMA locked; CREATE TABLE locked.open (x int);
         ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
         GRANT SELECT ON open, secured, locked.open TO ${user}`,
      );
      t.after(async () => {
        await cluster.dropDatabase(database);
        await cluster.query(`DROP ROLE ${user}`);
      });
      const found = await readRelations(await openSession(t, cluster, database, { user, password: 'password' }));
      assert.deepEqual(
        found.map(({ schema, name, readable, rowsHidden }) => [`${schema}.${name}`, readable, rowsHidden]),
        [
          ['locked.open', false, false],
          ['public.closed', false, false],
          ['public.open', true, false],
          ['public.secured', true, true],
        ],
      );
    });

    it('have another file after a TRUNCATE', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster, 'CREATE TABLE t AS SELECT 1 AS x');
      const session = await openSession(t, cluster, database);
      const [before] = await readRelations(session);
      await cluster.query('TRUNCATE t', [], database);
      const [after] = await readRelations(session);
      assert.equal(after?.oid, before?.oid);
      assert.notEqual(after?.filenode, before?.filenode);
    });

    it('have sizes, with what is stored beside the rows', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE TABLE empty (x int); CREATE TABLE p (x int) PARTITION BY LIST (x);
         CREATE TABLE wide (x text); ALTER TABLE wide ALTER x SET STORAGE EXTERNAL;
         INSERT INTO wide SELECT repeat('x', 300000)`,
      );
      const session = await openSession(t, cluster, database);
      const selected = (await readRelations(session)).map(one => ({ relation: one, data: true }));
      const sizes = await readSizes(session, selected);
      const size = (name: string) =>
        sizes.get(selected.find(one => one.relation.name === name)?.relation.oid ?? 0) ?? -1;
      assert.ok(size('wide') > 300_000);
      assert.ok(size('empty') < 20_000);
      assert.equal(size('p'), 0);
    });
  });
}
