import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Finding } from '../../src/finding.ts';
import { type Target, connect } from '../../src/postgres/connection.ts';
import { type DrillBench, openDrillBench } from '../support/drill-bench.ts';
import { drill, openProvingGround } from '../support/drill-damage.ts';
import { majors, needsPostgres } from '../support/postgres.ts';

const seed = 20_261_125;
const wholeDrills = 5;
const editsAtOnce = 25;

interface Edit {
  about: string;
  statement: string;
}

/** Edits a copy of what was restored, and gives what is said of it; undefined where the server refuses the statement, or it changes no row. */
async function compared(bench: DrillBench, statement?: string): Promise<Finding[] | undefined> {
  return bench.withCopy(async copy => {
    if (statement !== undefined && !(await happens(copy.target, statement))) return undefined;
    return copy.compared();
  });
}

/** Whether the server did what the statement says, and that was something. */
async function happens(target: Target, statement: string): Promise<boolean> {
  const session = await connect(target);
  try {
    // keys and triggers are not what is tried here
    await session.query('SET session_replication_role = replica');
    const rows = await session.query(statement);
    return !statement.endsWith(' RETURNING 1') || rows.length > 0;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return false;
  } finally {
    await session.close();
  }
}

/** One of all kinds of things first, and then one edit of it. */
function anyEdit(edits: readonly Edit[]): fc.Arbitrary<Edit> {
  const abouts = [...new Set(edits.map(({ about }) => about))];
  const about = fc.oneof(fc.constant('row'), fc.constantFrom(...abouts));
  return about.chain(one => fc.constantFrom(...edits.filter(edit => edit.about === one)));
}

describe('a random edit of a copy', { concurrency: 2 }, () => {
  for (const major of majors())
    it(`is never passed on PostgreSQL ${major}, and without one a copy always passes`, async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const ground = await openProvingGround(t, source);
      const list = await readFile(join(import.meta.dirname, 'drill-edits.sql'), 'utf8');
      const edits = await source.query<Edit>(list, [], ground.database);
      const bench = await openDrillBench(t, ground);
      assert.deepEqual(await compared(bench), []);
      const property = fc.asyncProperty(anyEdit(edits), async ({ statement }) => {
        const findings = await compared(bench, statement);
        fc.pre(findings !== undefined);
        assert.notDeepEqual(findings, [], `fooled by: ${statement}`);
      });
      await fc.assert(property, { seed: seed + major, numRuns: editsAtOnce, endOnFailure: true });
      assert.deepEqual(await compared(bench), []);

      const possible: string[] = [];
      for (const { statement } of fc.sample(anyEdit(edits), { seed: seed - major, numRuns: wholeDrills }))
        if (await compared(bench, statement)) possible.push(statement);
      await bench.close();
      for (const statement of possible) {
        const { result } = await drill(ground, { sql: `SET session_replication_role = replica; ${statement}` });
        assert.equal(result.verdict, 'failed', statement);
      }
    });
});
