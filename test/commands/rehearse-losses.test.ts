import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type OwnCluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { type Try, findings, passes, rehearsed as play } from './rehearsal.ts';

for (const major of majors())
  describe(`a rehearsal on PostgreSQL ${major}`, () => {
    let server: OwnCluster | undefined;
    before(async () => {
      server = await startCluster({ major }).catch(() => undefined);
    });
    after(() => server?.stop());

    for (const [what, sql, expected] of [
      ['deletes rows', 'DELETE FROM orders WHERE id > 400;', ['ROWS_REMOVED table public.orders']],
      ['truncates', 'TRUNCATE orders;', ['ROWS_REMOVED table public.orders']],
      ['drops a table with rows', 'DROP TABLE orders;', ['ROWS_REMOVED table public.orders']],
      ['drops an empty table', 'DROP TABLE empty;', []],
      ['drops a column with values', 'ALTER TABLE users DROP old;', ['COLUMN_REMOVED column public.users.old']],
      ['drops a column without values', 'ALTER TABLE orders DROP note;', []],
      [
        'renames a table and a column',
        'ALTER TABLE orders RENAME TO purchases; ALTER TABLE users RENAME old TO older;',
        [],
      ],
      ['moves a table', 'CREATE SCHEMA shop; ALTER TABLE orders SET SCHEMA shop;', []],
      ['changes a type', 'ALTER TABLE orders ALTER id TYPE bigint;', []],
      [
        'replaces rows',
        'DELETE FROM orders; INSERT INTO orders SELECT i, i FROM generate_series(1, 500) i;',
        ['ROWS_REMOVED table public.orders'],
      ],
      ['moves rows to another partition', `UPDATE parted SET kind = 'b';`, []],
      ['drops a partition', 'DROP TABLE parted_a;', ['ROWS_REMOVED table public.parted_a']],
      ['detaches a partition', 'ALTER TABLE parted DETACH PARTITION parted_a;', []],
      ['empties a table called count', 'DELETE FROM "count";', ['ROWS_REMOVED table public.count']],
      ['rolls a deletion back', 'BEGIN; DELETE FROM orders; ROLLBACK; ALTER TABLE users ADD mail text;', []],
      [
        'replaces rows in one go',
        'BEGIN; DELETE FROM orders; INSERT INTO orders SELECT i, i FROM generate_series(1, 500) i; COMMIT;',
        ['ROWS_REMOVED table public.orders'],
      ],
      [
        'truncates, and fills again',
        'BEGIN; TRUNCATE orders; INSERT INTO orders SELECT i, i FROM generate_series(1, 500) i; COMMIT;',
        ['ROWS_REMOVED table public.orders'],
      ],
      [
        'deletes by a cascade',
        'ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE; DELETE FROM users WHERE id = 1;',
        ['ROWS_REMOVED table public.orders', 'ROWS_REMOVED table public.users'],
      ],
      [
        'puts a smaller table in the place of one',
        'CREATE TABLE fewer AS SELECT * FROM orders LIMIT 4; ALTER TABLE orders RENAME TO kept; ALTER TABLE fewer RENAME TO orders;',
        ['ROWS_REMOVED table public.orders'],
      ],
      [
        'makes a table a partition of one of its name',
        'ALTER TABLE orders RENAME TO orders_1; CREATE TABLE orders (LIKE orders_1) PARTITION BY RANGE (id); ALTER TABLE orders ATTACH PARTITION orders_1 DEFAULT;',
        [],
      ],
      ['makes values NULL', 'UPDATE users SET old = NULL;', ['VALUES_REMOVED column public.users.old']],
      [
        'makes values NULL by a type',
        'ALTER TABLE users ALTER old TYPE int USING NULL;',
        ['VALUES_REMOVED column public.users.old'],
      ],
      [
        'makes values NULL by a foreign key',
        'ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL; DELETE FROM users WHERE id = 1;',
        ['ROWS_REMOVED table public.users', 'VALUES_REMOVED column public.orders.user_id'],
      ],
      ['makes values NULL in partitions', 'UPDATE parted SET id = NULL;', ['VALUES_REMOVED column public.parted.id']],
      ['drops a column of partitions', 'ALTER TABLE parted DROP id;', ['COLUMN_REMOVED column public.parted.id']],
      [
        'renames a column of partitions, and moves rows',
        `ALTER TABLE parted RENAME id TO number; UPDATE parted SET kind = 'b'; ALTER TABLE parted DETACH PARTITION parted_a;`,
        [],
      ],
      ['removes a large object', 'SELECT lo_unlink(4711);', ['ROWS_REMOVED large objects']],
    ] as const)
      it(`of a migration that ${what} ${expected.length === 0 ? 'passes' : 'is red'}`, async t => {
        await needsPostgres(t, major);
        const rehearsed = (one: Try) => play(t, server as OwnCluster, one);
        const done = await rehearsed({ files: { 'migrations/0002.sql': sql } });
        assert.deepEqual(findings(done.result), expected);
        assert.equal(done.ran.status, expected.length === 0 ? 0 : 1);
        if (expected.length === 0) return;
        // said in the migration, where reviewers see it
        const accepted = expected.map(one => `-- lifeboat: accept ${one}\n`).join('');
        const again = await rehearsed({ files: { 'migrations/0002.sql': accepted + sql } });
        passes(again);
        assert.deepEqual(again.result.accepted, expected);
      });
  });
