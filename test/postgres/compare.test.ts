import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { type Difference, type Expected, type Level, compareCopy } from '../../src/postgres/compare.ts';
import { type Session, connect } from '../../src/postgres/connection.ts';
import { readFacts, readLargeObjects, readSequences } from '../../src/postgres/contents.ts';
import { countBy } from '../../src/postgres/fingerprint.ts';
import { readRelations } from '../../src/postgres/relations.ts';
import { type Cluster, majors, needsPostgres } from '../support/postgres.ts';
import { openSession, targetOf } from './sessions.ts';

const healthy = `
  CREATE SCHEMA app;
  CREATE TABLE app.orders (id serial PRIMARY KEY, name text, amount numeric, twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
  INSERT INTO app.orders (name, amount) SELECT 'n' || g, g FROM generate_series(1, 20) g;
  CREATE TABLE app."Odd ""t""" (x int); INSERT INTO app."Odd ""t""" VALUES (1), (1);
  CREATE TABLE nothing ();
  CREATE TABLE parts (x int) PARTITION BY LIST (x); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1); INSERT INTO parts VALUES (1);
  CREATE MATERIALIZED VIEW filled AS SELECT count(*) FROM app.orders;
  CREATE MATERIALIZED VIEW empty AS SELECT 1 AS x WITH NO DATA;
  CREATE SEQUENCE up; SELECT nextval('up'), nextval('up');
  CREATE SEQUENCE down INCREMENT -1; SELECT nextval('down'), nextval('down');
  CREATE SEQUENCE untouched START 5;
  CREATE SEQUENCE moving; SELECT nextval('moving');
  SELECT lo_from_bytea(1001, 'hello'), lo_from_bytea(1002, 'world')`;

/** What a backup of this database would say of it. */
async function contentsOf(session: Session): Promise<Expected> {
  const relations = (await readRelations(session)).filter(({ kind }) => kind !== 'foreign');
  const withRows = relations.filter(({ kind }) => kind === 'table');
  const counted = await countBy(
    session,
    withRows.map(table => ({ ...table, by: 'row' as const })),
  );
  await session.query('BEGIN');
  const largeObjects = await readLargeObjects(session, true);
  await session.query('COMMIT');
  return {
    tables: relations.map(({ schema, name, kind }) => {
      const count = counted[withRows.findIndex(one => one.schema === schema && one.name === name)];
      const found = count ?? { rows: null, fingerprint: null, fingerprintBy: null };
      const isTable = kind === 'table';
      return { schema, name, kind, condition: null, dataCaptured: isTable, sizeBytes: 8192, ...found };
    }),
    sequences: (await readSequences(session)).map(({ lastValue, isCalled, ...sequence }) => {
      const later = sequence.name === 'moving' ? '10' : lastValue;
      return { ...sequence, lastValue, isCalled, later: { lastValue: later, isCalled } };
    }),
    materializedViews: (await readFacts(session)).materializedViews,
    largeObjects,
  };
}

/** Each way to damage a copy, and what must be said of it. */
const damages: readonly (readonly [
  what: string,
  sql: string,
  expected: readonly (readonly [code: string, object: string])[],
])[] = [
  ['rows are missing', 'DELETE FROM app.orders WHERE id = 7', [['ROWS_DIFFER', 'table app.orders']]],
  [
    'rows are doubled',
    `INSERT INTO app.orders (id, name, amount) SELECT id + 100, name, amount FROM app.orders`,
    [['ROWS_DIFFER', 'table app.orders']],
  ],
  ['a row changed', `UPDATE app.orders SET name = 'N7' WHERE id = 7`, [['CONTENT_DIFFERS', 'table app.orders']]],
  ['a value is lost', `UPDATE app.orders SET name = NULL WHERE id = 7`, [['CONTENT_DIFFERS', 'table app.orders']]],
  [
    'values are swapped',
    `UPDATE app.orders o SET name = other.name FROM app.orders other WHERE (o.id, other.id) IN ((7, 8), (8, 7))`,
    [['CONTENT_DIFFERS', 'table app.orders']],
  ],
  ['an odd table is missing', `DROP TABLE app."Odd ""t"""`, [['TABLE_MISSING', 'table app.Odd "t"']]],
  ['a table without columns is missing', 'DROP TABLE nothing', [['TABLE_MISSING', 'table public.nothing']]],
  ['a partition is empty', 'TRUNCATE part1', [['ROWS_DIFFER', 'table public.part1']]],
  [
    'the partitioned table is missing',
    'ALTER TABLE parts DETACH PARTITION part1; DROP TABLE parts',
    [['TABLE_MISSING', 'table public.parts']],
  ],
  ['a sequence is behind', `SELECT setval('up', 1)`, [['SEQUENCE_BEHIND', 'sequence public.up']]],
  [
    'a sequence would give its last value again',
    `SELECT setval('up', 2, false)`,
    [['SEQUENCE_BEHIND', 'sequence public.up']],
  ],
  ['a sequence that counts down is behind', `SELECT setval('down', -1)`, [['SEQUENCE_BEHIND', 'sequence public.down']]],
  [
    'the sequence of a column is behind',
    `SELECT setval('app.orders_id_seq', 19)`,
    [['SEQUENCE_BEHIND', 'sequence app.orders_id_seq']],
  ],
  [
    'sequences are ahead',
    `SELECT setval('up', 100), setval('down', -100), setval('untouched', 5)`,
    [
      ['SEQUENCE_AHEAD', 'sequence public.down'],
      ['SEQUENCE_AHEAD', 'sequence public.untouched'],
      ['SEQUENCE_AHEAD', 'sequence public.up'],
    ],
  ],
  [
    'a sequence is further than it was after the dump',
    `SELECT setval('moving', 11)`,
    [['SEQUENCE_AHEAD', 'sequence public.moving']],
  ],
  [
    'a materialized view is filled that was empty',
    'REFRESH MATERIALIZED VIEW empty',
    [['MATVIEW_POPULATED', 'materialized view public.empty']],
  ],
  [
    'large objects have other owners and rights',
    'GRANT SELECT ON LARGE OBJECT 1001 TO PUBLIC',
    [['LARGE_OBJECTS_DIFFER', 'large objects']],
  ],
  [
    'a large object has another comment',
    `COMMENT ON LARGE OBJECT 1001 IS 'greeting'`,
    [['LARGE_OBJECTS_DIFFER', 'large objects']],
  ],
  ['a sequence is missing', 'DROP SEQUENCE untouched', [['SEQUENCE_MISSING', 'sequence public.untouched']]],
  [
    'a materialized view is not populated',
    'REFRESH MATERIALIZED VIEW filled WITH NO DATA',
    [['MATVIEW_NOT_POPULATED', 'materialized view public.filled']],
  ],
  [
    'a materialized view is missing',
    'DROP MATERIALIZED VIEW filled',
    [['MATVIEW_MISSING', 'materialized view public.filled']],
  ],
  ['a large object is missing', 'SELECT lo_unlink(1001)', [['LARGE_OBJECTS_DIFFER', 'large objects']]],
  ['a large object has other bytes', `SELECT lo_put(1001, 0, 'j')`, [['LARGE_OBJECTS_DIFFER', 'large objects']]],
  [
    'large objects are swapped',
    `SELECT lo_put(1001, 0, 'world'), lo_put(1002, 0, 'hello')`,
    [['LARGE_OBJECTS_DIFFER', 'large objects']],
  ],
  [
    'much is wrong',
    `DELETE FROM app.orders; DROP TABLE nothing; SELECT lo_unlink(1001); SELECT setval('up', 1)`,
    [
      ['LARGE_OBJECTS_DIFFER', 'large objects'],
      ['ROWS_DIFFER', 'table app.orders'],
      ['SEQUENCE_BEHIND', 'sequence public.up'],
      ['TABLE_MISSING', 'table public.nothing'],
    ],
  ],
];

/** What may be other in a copy without being wrong. */
const harmless: readonly (readonly [what: string, sql: string])[] = [
  ['nothing changed', 'SELECT 1'],
  ['the rows lie in another order', 'CREATE INDEX i ON app.orders (amount DESC); CLUSTER app.orders USING i'],
  [
    'the columns stand in another order',
    `ALTER TABLE app.orders DROP twice; ALTER TABLE app.orders ADD twice numeric GENERATED ALWAYS AS (amount * 2) STORED`,
  ],
  ['a sequence moved while the dump ran', `SELECT setval('moving', 7)`],
];

const codes = (differences: readonly Difference[]) => differences.map(({ code, object }) => [code, object]).sort();

for (const major of majors()) {
  describe(`a copy on Postgres ${major}`, () => {
    let made: Promise<{ template: string; expected: Expected }> | undefined;

    const make = async (cluster: Cluster) => {
      const template = await cluster.createDatabase();
      await cluster.query(healthy, undefined, template);
      const session = await connect(targetOf(cluster, template));
      const expected = await contentsOf(session);
      await session.close();
      return { template, expected };
    };

    after(async () => {
      if (made) await (await cluster()).dropDatabase((await made).template);
    });

    let known: Cluster | undefined;
    const cluster = async (): Promise<Cluster> => known ?? assert.fail('no server');

    /** A copy of the healthy database after `sql`, held against what the healthy one was. */
    const compared = async (
      t: TestContext,
      sql: string,
      level: Level = 'content',
    ): Promise<Difference[] | undefined> => {
      known = await needsPostgres(t, major);
      if (known === undefined) return undefined;
      const { template, expected } = await (made ??= make(known));
      const copy = await known.createDatabase(undefined, { template });
      t.after(async () => (await cluster()).dropDatabase(copy));
      await known.query(sql, undefined, copy);
      return compareCopy([await openSession(t, known, copy)], expected, level);
    };

    for (const [what, sql] of harmless) {
      it(`is good when ${what}`, async t => {
        assert.deepEqual((await compared(t, sql)) ?? [], []);
      });
    }

    for (const [what, sql, expected] of damages) {
      it(`is not good when ${what}`, async t => {
        const differences = await compared(t, sql);
        if (differences) assert.deepEqual(codes(differences), expected);
      });
    }

    it('compared by counts shows counts, and no change of a row', async t => {
      const differences = await compared(
        t,
        `UPDATE app.orders SET name = 'x'; DELETE FROM part1; SELECT lo_put(1001, 0, 'j')`,
        'counts',
      );
      if (differences) assert.deepEqual(codes(differences), [['ROWS_DIFFER', 'table public.part1']]);
    });

    it('compared by nothing still shows what is missing', async t => {
      const differences = await compared(t, 'DELETE FROM part1; DROP TABLE nothing; DROP SEQUENCE up', 'none');
      if (differences)
        assert.deepEqual(codes(differences), [
          ['SEQUENCE_MISSING', 'sequence public.up'],
          ['TABLE_MISSING', 'table public.nothing'],
        ]);
    });

    it('says what was expected and what is there', async t => {
      const differences = await compared(
        t,
        `DELETE FROM app.orders WHERE id > 18; SELECT setval('up', 1); SELECT setval('down', -1)`,
      );
      if (differences)
        assert.deepEqual(
          differences.map(({ expected, found }) => [expected, found]),
          [
            ['20 rows', '18 rows'],
            ['at most -2', '-1'],
            ['at least 2', '1'],
          ],
        );
    });
  });
}
