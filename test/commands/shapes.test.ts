import assert from 'node:assert/strict';
import { type TestContext, after, describe, it } from 'node:test';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { type OwnCluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { type Shape, createAlike, definitionsOf, rolesOf, shapesFor } from '../support/shapes.ts';

/** Settings that a healthy server may have, and that change how values look. */
const oddSettings = {
  timezone: 'America/New_York',
  datestyle: 'SQL, DMY',
  intervalstyle: 'iso_8601',
  bytea_output: 'escape',
  extra_float_digits: 0,
  xmlbinary: 'hex',
  max_locks_per_transaction: 256,
};

interface Servers {
  source: OwnCluster;
  /** Another server, at first with no roles of its own. */
  target: OwnCluster;
  /** For drills alone: it holds nothing. */
  scratch: OwnCluster;
}

for (const major of majors()) {
  describe(`a healthy database of PostgreSQL ${major} comes back without a difference`, () => {
    let servers: Servers | undefined;
    after(async () => {
      await servers?.source.stop();
      await servers?.target.stop();
      await servers?.scratch.stop();
    });
    for (const shape of shapesFor(major)) {
      it(shape.name, async t => {
        if (!(await needsPostgres(t, major))) return;
        servers ??= {
          source: await startCluster({ major, settings: oddSettings }),
          target: await startCluster({ major }),
          scratch: await startCluster({ major }),
        };
        await comesBack(t, shape, servers);
      });
    }
  });
}

async function comesBack(t: TestContext, shape: Shape, { source, target, scratch }: Servers): Promise<void> {
  const database = await shape.create(source);
  const harbor = await openHarbor(t);
  await harbor.backup(source, database);
  const copy = await createAlike(source, database, target);
  const restored = resultOf<RestoreResult>(await lifeboat('restore', harbor.restoreInputs(target, copy)));
  assert.deepEqual([restored.differences, restored.refused, restored.compared], [[], [], 'content']);
  assertSame(await definitionsOf(source, database), await definitionsOf(target, copy));
  assert.deepEqual(without(await rolesOf(source), await rolesOf(target)), []);
  const before = await rolesOf(scratch);

  const drill = await lifeboat('drill', harbor.restoreInputs(scratch, 'postgres', { checks: 'SELECT true' }));

  const { verdict, findings, excluded } = JSON.parse(drill.stdout) as DrillResult;
  assert.deepEqual({ findings, excluded, verdict }, { findings: [], excluded: [], verdict: 'passed' });
  assert.deepEqual(await rolesOf(scratch), before);
  assert.deepEqual(await scratch.query("SELECT FROM pg_database WHERE datname ~ '^lifeboat_'"), []);
}

/** Equal piece by piece, in whatever order they come. */
function assertSame(source: readonly string[], copy: readonly string[]): void {
  assert.deepEqual(without(copy, source), without(source, copy));
  assert.equal(copy.length, source.length);
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter(one => !known.has(one));
}
