import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Contents } from '../../src/catalog/contents.ts';
import { openBackup } from '../../src/commands/stored-backup.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import { ageDecryption } from '../../src/crypto/age.ts';
import { openStore } from '../../src/store/open.ts';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres } from '../support/postgres.ts';

/** Two schemas with owned and free sequences, a materialized view, a large object; nothing that crosses them. */
const database = `
  CREATE SCHEMA a; CREATE SCHEMA b;
  CREATE TABLE a.one (id serial PRIMARY KEY, v text); INSERT INTO a.one (v) SELECT 'x' || i FROM generate_series(1, 10) i;
  CREATE TABLE a.two (id serial PRIMARY KEY); INSERT INTO a.two SELECT FROM generate_series(1, 5);
  CREATE SEQUENCE a.free; SELECT nextval('a.free');
  CREATE MATERIALIZED VIEW a.seen AS SELECT count(*) FROM a.one;
  CREATE TABLE b.three (id serial PRIMARY KEY); INSERT INTO b.three SELECT FROM generate_series(1, 7);
  CREATE MATERIALIZED VIEW b.other AS SELECT 1 AS i;
  SELECT lo_from_bytea(0, 'large')`;

interface Case {
  inputs: Record<string, string>;
  tables: string[];
  withRows: string[];
  sequences: string[];
  views: string[];
  largeObjects: number;
  /** Whether what is in the archive stands on its own. */
  restores: boolean;
}

const everything = ['a.one', 'a.two', 'b.three'];
const cases: Record<string, Case> = {
  'schema-only': {
    inputs: { 'schema-only': 'true' },
    tables: everything,
    withRows: [],
    sequences: [],
    views: ['a.seen-', 'b.other-'],
    largeObjects: 0,
    restores: true,
  },
  'data-only': {
    inputs: { 'data-only': 'true' },
    tables: everything,
    withRows: everything,
    sequences: ['a.free', 'a.one_id_seq', 'a.two_id_seq', 'b.three_id_seq'],
    views: [],
    largeObjects: 1,
    restores: false,
  },
  schemas: {
    inputs: { schemas: 'a' },
    tables: ['a.one', 'a.two'],
    withRows: ['a.one', 'a.two'],
    sequences: ['a.free', 'a.one_id_seq', 'a.two_id_seq'],
    views: ['a.seen+'],
    largeObjects: 0,
    restores: true,
  },
  'exclude-schemas': {
    inputs: { 'exclude-schemas': 'b' },
    tables: ['a.one', 'a.two'],
    withRows: ['a.one', 'a.two'],
    sequences: ['a.free', 'a.one_id_seq', 'a.two_id_seq'],
    views: ['a.seen+'],
    largeObjects: 1,
    restores: true,
  },
  tables: {
    inputs: { tables: 'a.o*\nb.three' },
    tables: ['a.one', 'b.three'],
    withRows: ['a.one', 'b.three'],
    sequences: ['a.one_id_seq', 'b.three_id_seq'],
    views: [],
    largeObjects: 0,
    restores: false,
  },
  'exclude-tables': {
    inputs: { 'exclude-tables': 'a.two' },
    tables: ['a.one', 'b.three'],
    withRows: ['a.one', 'b.three'],
    sequences: ['a.free', 'a.one_id_seq', 'b.three_id_seq'],
    views: ['a.seen+', 'b.other+'],
    largeObjects: 1,
    restores: true,
  },
  'exclude-table-data': {
    inputs: { 'exclude-table-data': 'a.two' },
    tables: everything,
    withRows: ['a.one', 'b.three'],
    sequences: ['a.free', 'a.one_id_seq', 'a.two_id_seq', 'b.three_id_seq'],
    views: ['a.seen+', 'b.other+'],
    largeObjects: 1,
    restores: true,
  },
};

const named = (things: readonly { schema: string; name: string }[]) =>
  things.map(({ schema, name }) => `${schema}.${name}`);

function assertContents(contents: Contents, expected: Case): void {
  assert.deepEqual(named(contents.tables), expected.tables);
  assert.deepEqual(named(contents.tables.filter(({ dataCaptured }) => dataCaptured)), expected.withRows);
  assert.deepEqual(named(contents.sequences), expected.sequences);
  assert.deepEqual(
    contents.materializedViews.map(view => `${named([view])[0]}${view.populated ? '+' : '-'}`),
    expected.views,
  );
  assert.equal(contents.largeObjects.count, expected.largeObjects);
}

async function opened(t: TestContext) {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  if (!cluster) return undefined;
  const source = await cluster.createDatabase();
  await cluster.query(database, undefined, source);
  return { cluster, source, harbor: await openHarbor(t) };
}

describe('a partial backup', () => {
  for (const [filter, expected] of Object.entries(cases)) {
    it(`by ${filter} says in its id that it is one, in its contents what it holds${expected.restores ? ', and restores to just that' : ''}`, async t => {
      const place = await opened(t);
      if (!place) return;
      const { cluster, source, harbor } = place;
      const made = await harbor.backup(cluster, source, expected.inputs);
      assert.match(made.backupId, /-manual-partial-/);
      const { signal } = new AbortController();
      const backup = await openBackup(openStore(harbor.store), 'shop', made.backupId, signal);
      assertContents(await backup.contents(ageDecryption([harbor.keys.identity]), signal), expected);
      const which = { store: harbor.store, identity: harbor.keys.identity, backup: made.backupId, client: cluster.bin };
      assert.equal(resultOf<VerifyResult>(await lifeboat('verify', which)).verdict, 'passed');
      const latest = await lifeboat('verify', { ...which, backup: 'latest' });
      assert.match(latest.stderr, /the store holds no whole sealed backup of shop/);
      if (!expected.restores) return;
      const other = await startCluster({ major: cluster.major });
      t.after(() => other.stop());
      const target = await other.createDatabase();
      const restored = resultOf<RestoreResult>(
        await lifeboat('restore', harbor.restoreInputs(other, target, { backup: made.backupId })),
      );
      assert.deepEqual(restored.differences, []);
    });
  }

  it('by a pattern that matches nothing is refused', async t => {
    const place = await opened(t);
    if (!place) return;
    const ran = await lifeboat(
      'backup',
      place.harbor.backupInputs(place.cluster, place.source, { 'exclude-tables': 'a.on' }),
    );
    assert.equal(ran.status, 64);
    assert.match(ran.stderr, /input exclude-tables has "a\.on", which matches nothing/);
  });
});
