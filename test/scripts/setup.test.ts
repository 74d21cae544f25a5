import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { majorOf } from '../../scripts/setup/postgres.ts';
import { differences, rowCounts, total } from '../../scripts/setup/row-counts.ts';
import { firstOf } from '../../scripts/setup/system.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

describe('the set-up', () => {
  it('reads the major that a server names', () => {
    assert.equal(majorOf('postgres (PostgreSQL) 17.6 (Debian 17.6-1.pgdg13+1)'), 17);
    assert.equal(majorOf('postgres (PostgreSQL) 19devel'), 19);
    assert.equal(majorOf('postgres: command not found'), undefined);
  });

  it('goes its ways in order, and at the end names each reason in a line', async () => {
    const tried: string[] = [];
    const way = (name: string, part: () => Promise<string | undefined>) => ({
      name,
      try: async () => {
        tried.push(name);
        return part();
      },
    });
    const absent = way('absent', async () => undefined);
    const failing = way('failing', () => Promise.reject(new Error('no\nnetwork')));
    const working = way('working', async () => 'here');
    assert.equal(await firstOf('server', [absent, failing, working, failing]), 'here');
    assert.deepEqual(tried, ['absent', 'failing', 'working']);
    await assert.rejects(firstOf('server', [absent, failing]), {
      message: 'no server\n  absent: not here\n  failing: no | network',
    });
  });
});

for (const major of majors()) {
  describe(`the row counts of the quickstart on Postgres ${major}`, () => {
    it('count every table for itself, and tell what is not the same', async t => {
      const postgres = await needsPostgres(t, major);
      if (postgres === undefined) return;
      const [one, other] = [await createSampleDatabase(postgres), await createSampleDatabase(postgres)];
      const before = await rowCounts(postgres, one);
      assert.equal(before.get('app.tasks'), 1200);
      assert.equal(before.get('"Odd Schema".parent'), 1);
      assert.equal(before.get('"Odd Schema"."no columns"'), 3);
      assert.equal(before.get('app.events'), 0);
      assert.equal(before.get('materialized view billing.revenue'), 72);
      assert.equal(total(before), '5,695 rows in 23 tables, 1 materialized view, 2 large objects');
      assert.deepEqual(differences(before, await rowCounts(postgres, other)), []);

      await postgres.query('DELETE FROM app.web_sessions; DROP TABLE "Odd Schema".t', [], other);
      assert.deepEqual(differences(before, await rowCounts(postgres, other)), [
        '"Odd Schema".t, before: 10 rows, after: not there',
        'app.web_sessions, before: 30 rows, after: 0 rows',
      ]);
    });
  });
}
