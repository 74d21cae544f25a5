import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { entriesOf, listArchive, missingFromArchive } from '../../src/postgres/archive.ts';
import { type Client, findClient } from '../../src/postgres/client.ts';
import { identifier, literal, qualified } from '../../src/postgres/quote.ts';
import { readRelations, select } from '../../src/postgres/relations.ts';
import { run, start } from '../../src/process.ts';
import { type Cluster, majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase, openSession, targetOf } from './sessions.ts';

const log = {
  info() {},
  warn() {},
  debug() {},
  group: async () => undefined as never,
  progress: () => undefined as never,
};
const { signal } = new AbortController();

/** Names of objects that are hard to quote; Postgres cuts at 63 bytes. */
const oddities = [...`"'.*?+|$^()[]{}\\/%&;:,<>=!~@#- \t\n\r`, 'ä', '😀', 'A', 'a', '_', '1', '""', '\\n', '\u2028'];
const oddNames = fc
  .array(fc.oneof(fc.constantFrom(...oddities), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), {
    minLength: 1,
    maxLength: 14,
  })
  .map(parts => parts.join(''))
  .filter(name => name.isWellFormed() && !name.includes('\0') && Buffer.byteLength(name) <= 60 && !/^pg_/.test(name));

const clientOf = (cluster: Cluster): Promise<Client> =>
  findClient({ major: cluster.major, choice: cluster.bin, log, signal });

const oldestAndNewest = majors();

for (const major of oldestAndNewest) {
  describe(`names on Postgres ${major}`, () => {
    it('of any characters are quoted so that the server reads them', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const database = await makeDatabase(t, cluster);
      const session = await openSession(t, cluster, database);
      await fc.assert(
        fc.asyncProperty(oddNames, oddNames, async (schema, name) => {
          await session.query(`CREATE SCHEMA ${identifier(schema)}`);
          await session.query(`CREATE TABLE ${qualified({ schema, name })} (x int)`);
          const found = await readRelations(session);
          await session.query(`DROP SCHEMA ${identifier(schema)} CASCADE`);
          assert.deepEqual(
            found.map(one => [one.schema, one.name]),
            [[schema, name]],
          );
        }),
        {
          numRuns: 60,
          examples: [
            ['information', 'x'],
            ['"', '"'],
            ['a"b', '\\'],
            ['\n', '\r\n'],
            ['%I', '$1'],
          ],
        },
      );
    });

    it('and texts of any characters come back as they went', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const session = await openSession(t, cluster);
      const texts = fc.string({ unit: 'binary' }).filter(text => text.isWellFormed() && !text.includes('\0'));
      await fc.assert(
        fc.asyncProperty(texts, async text => {
          assert.deepEqual(await session.one(`SELECT ${literal(text)} AS text`), { text });
        }),
        { numRuns: 60, examples: [["'"], ['\\'], ["\\'"], ["E'\\n"]] },
      );
    });

    it('are patterns of pg_dump that match exactly their table', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const client = await clientOf(cluster);
      const database = await makeDatabase(t, cluster);
      const session = await openSession(t, cluster, database);
      const target = targetOf(cluster, database);
      // what a pattern that is not literal would match too
      const decoys = ['a', 'aa', 'ab', 'A', 'axb', 'b', '.', 'table', 'ä'];
      for (const name of decoys) await session.query(`CREATE TABLE ${qualified({ schema: 'public', name })} (x int)`);
      const names = oddNames.filter(name => !decoys.includes(name));
      await fc.assert(
        fc.asyncProperty(names, async name => {
          const table = qualified({ schema: 'public', name });
          await session.query(`CREATE TABLE ${table} (x int)`);
          await session.query(`INSERT INTO ${table} VALUES (1)`);
          const dump = ['--format=custom', '--section=data', '--strict-names', `--table=${table}`];
          const child = start(client.command('pg_dump', dump, target), signal);
          child.stdin.end();
          const lines = entriesOf('TABLE DATA', await listArchive(client, child.stdout, signal));
          await child.done;
          const selected = select(await readRelations(session), {
            schemas: [],
            excludeSchemas: [],
            tables: [],
            excludeTables: [],
            excludeTableData: [],
            schemaOnly: false,
            dataOnly: false,
          });
          const missing = missingFromArchive(
            selected.map(({ relation }) => relation),
            lines,
          );
          await session.query(`DROP TABLE ${table}`);
          assert.equal(lines.length, 1, JSON.stringify(lines));
          assert.deepEqual(missing.sort(), decoys.map(decoy => `public.${decoy}`).sort());
        }),
        { numRuns: 15, examples: [['a*'], ['a?b'], ['a.b'], ['(a|b)'], ['"a"'], ['a$'], ['A '], ['a\nb'], ['\\a']] },
      );
    });

    it('of the table whose rows are left out leave out no others', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const client = await clientOf(cluster);
      const database = await makeDatabase(
        t,
        cluster,
        'CREATE TABLE "a.b" AS SELECT 1; CREATE SCHEMA a; CREATE TABLE a.b AS SELECT 1; CREATE TABLE "a*" AS SELECT 1; CREATE TABLE ab AS SELECT 1',
      );
      const args = [
        '--format=custom',
        `--exclude-table-data=${qualified({ schema: 'public', name: 'a*' })}`,
        `--exclude-table-data=${qualified({ schema: 'a', name: 'b' })}`,
      ];
      const child = start(client.command('pg_dump', args, targetOf(cluster, database)), signal);
      child.stdin.end();
      const lines = entriesOf('TABLE DATA', await listArchive(client, child.stdout, signal));
      await child.done;
      assert.deepEqual(lines.sort(), ['public a.b postgres', 'public ab postgres']);
    });

    it('of a database of any characters reach pg_dumpall and pg_restore', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const client = await clientOf(cluster);
      const name = `it's "odd" \\ = % ${process.pid}`;
      await cluster.createDatabase(name);
      t.after(() => cluster.dropDatabase(name));
      const { stdout } = await run(client.command('pg_dump', ['--schema-only', '--create'], targetOf(cluster, name)));
      assert.ok(stdout.includes(`CREATE DATABASE ${identifier(name)}`));
    });
  });
}

describe('the tables of an archive', () => {
  const entry = (text: string, index: number) => `${index}; 0 ${16384 + index} TABLE DATA ${text}`;
  const missing = (tables: readonly (readonly [schema: string, name: string])[], entries: readonly string[]) =>
    missingFromArchive(
      tables.map(([schema, name]) => ({ schema, name })),
      entriesOf('TABLE DATA', entries.map(entry)),
    );

  it('are found by their lines', () => {
    const entries = ['public orders me', 'app a b me', 'app line break me'];
    const tables = [
      ['public', 'orders'],
      ['public', 'order'],
      ['app', 'a b'],
      ['app', 'line\nbreak'],
      ['zzz', 'orders'],
    ] as const;
    assert.deepEqual(missing(tables, entries), ['public.order', 'zzz.orders']);
    assert.deepEqual(missing(tables.slice(0, 1), []), ['public.orders']);
  });

  it('are not taken for others that begin like them', () => {
    const tables = [
      ['public', 'orders'],
      ['public', 'orders old'],
    ] as const;
    assert.deepEqual(missing(tables, ['public orders old me']), ['public.orders']);
    assert.deepEqual(missing(tables, ['public orders me']), ['public.orders old']);
  });

  it('are all found when each has a line, whatever they and their owners are called', () => {
    const words = fc.stringMatching(/^(?:[ab\n]| ){1,4}$/).map(text => `x${text}`);
    const tables = fc.uniqueArray(fc.tuple(words, words, words), { selector: ([schema, name]) => `${schema}.${name}` });
    fc.assert(
      fc.property(tables, all => {
        const entries = all.map(parts => parts.join(' ').replaceAll('\n', ' '));
        assert.deepEqual(
          missing(
            all.map(([schema, name]) => [schema, name]),
            entries,
          ),
          [],
        );
        assert.equal(
          missing(
            all.map(([schema, name]) => [schema, name]),
            entries.slice(1),
          ).length,
          all.length === 0 ? 0 : 1,
        );
      }),
      { numRuns: 500 },
    );
  });
});
