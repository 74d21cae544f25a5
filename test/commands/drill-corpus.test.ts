import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ProvingGround, drill, findingsOf, openProvingGround } from '../support/drill-damage.ts';
import { type Cluster, majors, needsPostgres } from '../support/postgres.ts';
import { type Damage, objectDamages, rowDamages, serverDamages } from './drill-damages.ts';

async function passes(ground: ProvingGround): Promise<void> {
  const healthy = await drill(ground);
  assert.deepEqual([healthy.result.verdict, healthy.status, findingsOf(healthy)], ['passed', 0, []]);
  assert.deepEqual(healthy.result.excluded, []);
  assert.ok(healthy.result.tables.every(({ same }) => same));
}

/** The verdict is failed, and exactly what is wrong is said. */
async function isNamed(ground: ProvingGround, { damage, says }: Damage): Promise<void> {
  const drilled = await drill(ground, damage);
  assert.deepEqual(findingsOf(drilled), says, JSON.stringify(drilled.result.findings, null, 1));
  assert.deepEqual([drilled.result.verdict, drilled.status], ['failed', 1]);
  // the next drill must find the server as this one did
  const left = await ground.server.query(`SELECT FROM pg_roles WHERE rolname ~ '^shop'`);
  assert.equal(left.length, 0, drilled.stderr);
}

/** The tests of one group on one major share a backup and a server; each drill has it alone. */
async function inTurn(t: TestContext, source: Cluster, damages: readonly Damage[]): Promise<void> {
  const ground = await openProvingGround(t, source);
  await t.test('nothing: the same backup without damage passes', () => passes(ground));
  for (const damage of damages) await t.test(damage.what, () => isNamed(ground, damage));
  await t.test('nothing, after all of that', () => passes(ground));
}

const groups = [
  ['rows', rowDamages],
  ['objects', objectDamages],
  ['roles and the database', serverDamages],
] as const;

describe('a wrong restore that a drill must name', { concurrency: 2 }, () => {
  for (const major of majors())
    for (const [group, damages] of groups)
      it(`${group}, on PostgreSQL ${major}`, async t => {
        const source = await needsPostgres(t, major);
        if (source) await inTurn(t, source, damages);
      });
});
