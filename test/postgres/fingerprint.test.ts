import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Session } from '../../src/postgres/connection.ts';
import { connect } from '../../src/postgres/connection.ts';
import { type CountedTable, checkSelfTest, countBy, countTables } from '../../src/postgres/fingerprint.ts';
import { identifier } from '../../src/postgres/quote.ts';
import { readRelations } from '../../src/postgres/relations.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { Bench, tables, valueOf } from './bench.ts';
import { targetOf } from './sessions.ts';

for (const major of majors()) {
  describe(`the fingerprint on Postgres ${major}`, () => {
    let bench: Bench | undefined;
    before(async () => (bench = await Bench.open(major)));
    after(() => bench?.close());
    const numRuns = 40;

    for (const by of ['row', 'columns'] as const) {
      it(`by ${by} is the same in any order of rows and columns`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const own = bench;
        const shuffled = tables.chain(({ columns, rows }) =>
          fc.record({
            columns: fc.constant(columns),
            rows: fc.constant(rows),
            otherRows: fc.shuffledSubarray(rows, { minLength: rows.length }),
            order: fc.shuffledSubarray(
              columns.map((_, index) => index),
              { minLength: columns.length },
            ),
          }),
        );
        await fc.assert(
          fc.asyncProperty(shuffled, async ({ columns, rows, otherRows, order }) => {
            const counted = await own.countRows(columns, rows, by);
            assert.equal(counted.rows, rows.length);
            assert.deepEqual(await own.countRows(columns, otherRows, by, order), counted);
          }),
          { numRuns },
        );
      });

      it(`by ${by} is another one after a change of any value`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const own = bench;
        const changed = tables.chain(({ columns, rows }) =>
          fc.record({ row: fc.nat(rows.length - 1), column: fc.nat(columns.length - 1) }).chain(({ row, column }) =>
            valueOf(columns[column] ?? '')
              .filter(value => value !== rows[row]?.[column])
              .map(value => ({
                columns,
                rows,
                otherRows: rows.map((one, index) =>
                  index === row ? one.map((old, at) => (at === column ? value : old)) : one,
                ),
              })),
          ),
        );
        await fc.assert(
          fc.asyncProperty(changed, async ({ columns, rows, otherRows }) => {
            const [one, other] = [await own.countRows(columns, rows, by), await own.countRows(columns, otherRows, by)];
            assert.notEqual(other.fingerprint, one.fingerprint);
          }),
          { numRuns },
        );
      });

      it(`by ${by} is another one when values are swapped between rows or columns`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const columns = ['text', 'text'];
        const fingerprints = new Set<string | null>();
        for (const rows of [
          [
            ['a', 'b'],
            ['c', 'd'],
          ],
          [
            ['a', 'd'],
            ['c', 'b'],
          ],
          [
            ['b', 'a'],
            ['c', 'd'],
          ],
          [
            ['b', 'a'],
            ['d', 'c'],
          ],
          [
            ['a', 'c'],
            ['b', 'd'],
          ],
        ])
          fingerprints.add((await bench.countRows(columns, rows, by)).fingerprint);
        assert.equal(fingerprints.size, 5);
      });

      it(`by ${by} counts rows that stand twice twice`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const columns = ['text'];
        const all = [[], [['a']], [['a'], ['a']], [['b'], ['b']], [['a'], ['a'], ['b'], ['b']]];
        const counted: CountedTable[] = [];
        for (const rows of all) counted.push(await bench.countRows(columns, rows, by));
        assert.deepEqual(
          counted.map(({ rows }) => rows),
          [0, 1, 2, 2, 4],
        );
        assert.equal(new Set(counted.map(({ fingerprint }) => fingerprint)).size, 5);
      });

      it(`by ${by} tells NULL, 'NULL' and nothing apart`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const fingerprints = new Set<string | null>();
        for (const value of [null, 'NULL', 'null', '', ' ', '()', '""'])
          fingerprints.add((await bench.countRows(['text', 'text'], [[value, 'x']], by)).fingerprint);
        assert.equal(fingerprints.size, 7);
      });

      it(`by ${by} sees a column that is called like its table`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        await bench.make(`CREATE TABLE "shadow" (a int, "shadow" text); INSERT INTO shadow VALUES (1, 'x')`);
        const one = await bench.count('shadow', by);
        await bench.make('UPDATE shadow SET a = 2');
        const other = await bench.count('shadow', by);
        await bench.make('DROP TABLE shadow');
        assert.notEqual(one.fingerprint, other.fingerprint);
      });

      it(`by ${by} takes columns of any name, and those called like its own`, async t => {
        if (bench === undefined) return void (await needsPostgres(t, major));
        const names = ['index', 'rows', 'fingerprint', 'Ä "q" \\ $1 %I', "it's", 'row', 'a.b'];
        await bench.make(
          `CREATE TABLE odd (${names.map(name => `${identifier(name)} int`).join(', ')}); INSERT INTO odd VALUES (1, 2, 3, 4, 5, 6, 7)`,
        );
        const one = await bench.count('odd', by);
        const seen = new Set([one.fingerprint]);
        for (const name of names) {
          await bench.make(`UPDATE odd SET ${identifier(name)} = 99`);
          seen.add((await bench.count('odd', by)).fingerprint);
        }
        await bench.make('DROP TABLE odd');
        assert.equal(seen.size, names.length + 1);
      });
    }

    it('leaves generated and dropped columns out', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make(
        `CREATE TABLE plain (a int, b text); INSERT INTO plain VALUES (1, 'x');
         CREATE TABLE generated (gone text, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, b text);
         INSERT INTO generated VALUES ('y', 1, DEFAULT, 'x'); ALTER TABLE generated DROP gone`,
      );
      assert.deepEqual(await bench.count('generated'), await bench.count('plain'));
      await bench.make('DROP TABLE plain, generated');
    });

    it('counts a table without columns', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make('CREATE TABLE bare (); INSERT INTO bare SELECT FROM generate_series(1, 3)');
      const counted = [await bench.count('bare'), await bench.count('bare', 'columns')];
      assert.deepEqual(
        counted.map(({ rows }) => rows),
        [3, 3],
      );
      await bench.make('DROP TABLE bare');
    });

    it('counts a table of 1600 columns', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      const columns = Array.from({ length: 1600 }, (_, index) => `c${index} bool`);
      await bench.make(`CREATE TABLE wide (${columns.join(', ')}); INSERT INTO wide (c7) VALUES (true)`);
      const one = await bench.count('wide');
      await bench.make('UPDATE wide SET c7 = false');
      const other = await bench.count('wide');
      await bench.make('DROP TABLE wide');
      assert.deepEqual([one.rows, other.rows], [1, 1]);
      assert.notEqual(one.fingerprint, other.fingerprint);
    });

    it('counts a parent without its children', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make(
        'CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2)',
      );
      assert.deepEqual([(await bench.count('parent')).rows, (await bench.count('child')).rows], [1, 1]);
      await bench.make('DROP TABLE child, parent');
    });

    it('counts only rows that the condition takes', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make('CREATE TABLE partly AS SELECT g AS a FROM generate_series(1, 5) g');
      assert.equal((await bench.count('partly', 'row', 'WHERE a > 3')).rows, 2);
      assert.equal((await bench.count('partly', 'row', '')).rows, 5);
      await bench.make('DROP TABLE partly');
    });

    it('is nothing where only rows are counted', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make('CREATE TABLE counted AS SELECT 1');
      assert.deepEqual(await bench.count('counted', null), { rows: 1, fingerprint: null, fingerprintBy: null });
      await bench.make('DROP TABLE counted');
    });

    it('does not depend on what a role or a database has set', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make(
        `CREATE TABLE pinned AS SELECT timestamptz '2026-01-01 00:00:00+00' AS a, interval '1 day 2 hours' AS b, 0.30000000000000004::float8 AS c, '\\xff'::bytea AS d,
                '<a/>'::xml AS e, 12.5::money AS f, 'public.pinned'::text AS g`,
      );
      const before = await bench.count('pinned');
      const set = (setting: string) => `ALTER DATABASE ${bench?.database} SET ${setting};`;
      await bench.make(
        [
          "TimeZone = 'Asia/Tokyo'",
          'DateStyle = "SQL, DMY"',
          'IntervalStyle = iso_8601',
          'extra_float_digits = 0',
          'bytea_output = escape',
        ]
          .map(set)
          .join(''),
      );
      const session = await connect(targetOf(bench.cluster, bench.database));
      const [table] = await readRelations(session);
      const found = table && (await countBy(session, [{ ...table, by: 'row' }]));
      await session.close();
      await bench.make(`ALTER DATABASE ${bench.database} RESET ALL; DROP TABLE pinned`);
      assert.deepEqual(found, [before]);
    });

    it('of many tables comes in their order', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make(
        'CREATE TABLE m1 AS SELECT 1 AS a; CREATE TABLE m2 (a int); CREATE TABLE m3 AS SELECT g AS a FROM generate_series(1, 3) g',
      );
      const found = (await readRelations(bench.session)).filter(({ name }) => /^m\d$/.test(name)).reverse();
      await bench.session.query('BEGIN');
      const counted = await countTables(bench.session, found, 'content');
      await bench.session.query('ROLLBACK');
      assert.deepEqual(
        counted.map(({ rows }) => rows),
        [3, 0, 1],
      );
      assert.deepEqual(
        await countTables(bench.session, found, 'counts'),
        [3, 0, 1].map(rows => ({ rows, fingerprint: null, fingerprintBy: null })),
      );
      await bench.make('DROP TABLE m1, m2, m3');
    });

    it('of a table with a row too large for one text is taken by columns, that of the others by rows', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      const own = bench;
      await own.make(
        'CREATE TABLE n1 AS SELECT 1 AS a; CREATE TABLE n2 AS SELECT 1 AS a, 2 AS huge; CREATE TABLE n3 AS SELECT 1 AS a',
      );
      const found = (await readRelations(own.session)).filter(({ name }) => /^n\d$/.test(name));
      // a server that cannot make a text of the whole row of n2
      const refusing = {
        query: async (sql: string, values?: unknown[]) => {
          if (!sql.includes('ROW("a", "huge")')) return own.session.query(sql, values);
          return own.session.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'program_limit_exceeded'; END $$`);
        },
      } as unknown as Session;
      await own.session.query('BEGIN');
      const counted = await countTables(refusing, found, 'content');
      await own.session.query('COMMIT');
      assert.deepEqual(
        counted.map(({ rows, fingerprintBy }) => [rows, fingerprintBy]),
        [
          [1, 'row'],
          [1, 'columns'],
          [1, 'row'],
        ],
      );
      assert.deepEqual(counted[1], await own.count('n2', 'columns'));
      await own.make('DROP TABLE n1, n2, n3');
    });

    it('does not hide an error that has another cause', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      await bench.make('CREATE TABLE gone (a int)');
      const table = (await readRelations(bench.session)).find(({ name }) => name === 'gone');
      await bench.make('DROP TABLE gone');
      assert.ok(table);
      await bench.session.query('BEGIN');
      await assert.rejects(countTables(bench.session, [table], 'content'), { code: '42P01' });
      await bench.session.query('ROLLBACK');
    });

    it('rests on a hash that gives the documented value', async t => {
      if (bench === undefined) return void (await needsPostgres(t, major));
      assert.equal(await checkSelfTest(bench.session), '3449563369152288809');
    });
  });
}

describe('the fingerprint of the same data', () => {
  it('is the same on every major', async t => {
    const benches: Bench[] = [];
    for (const major of majors()) {
      if ((await needsPostgres(t, major)) === undefined) return;
      const bench = await Bench.open(major);
      if (bench) benches.push(bench);
    }
    t.after(() => Promise.all(benches.map(bench => bench.close())));
    await fc.assert(
      fc.asyncProperty(tables, fc.constantFrom('row' as const, 'columns' as const), async ({ columns, rows }, by) => {
        const counted = await Promise.all(benches.map(bench => bench.countRows(columns, rows, by)));
        for (const one of counted) assert.deepEqual(one, counted[0]);
      }),
      { numRuns: 60 },
    );
  });
});
