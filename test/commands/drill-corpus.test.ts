import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../../src/finding.ts';
import { type DrillBench, openDrillBench } from '../support/drill-bench.ts';
import { type ProvingGround, drill, findingsOf, namesOf, openProvingGround } from '../support/drill-damage.ts';
import { openHarbor } from '../support/lifeboat.ts';
import { majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { objectDamages } from './drill-damages-of-objects.ts';
import { rowDamages } from './drill-damages-of-rows.ts';
import { databaseDamages, roleDamages } from './drill-damages-of-servers.ts';
import type { Damage } from './drill-damages.ts';

async function passes(ground: ProvingGround): Promise<void> {
  const drilled = await drill(ground);
  assert.deepEqual([drilled.result.verdict, drilled.status, findingsOf(drilled)], ['passed', 0, []]);
  assert.deepEqual(drilled.result.excluded, []);
  assert.ok(drilled.result.tables.every(({ same }) => same));
  assert.doesNotMatch(drilled.stderr, /the scratch database/);
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

/** The same of the comparison alone, with a copy of what was restored once. */
async function isNamedOnBench(bench: DrillBench, { damage, says }: Damage): Promise<void> {
  const findings = await bench.withCopy(copy => copy.compared(damage));
  assert.deepEqual(namesOf(findings), says, JSON.stringify(findings, null, 1));
  assert.equal(judge(findings), 'failed');
}

async function passesOnBench(bench: DrillBench): Promise<void> {
  assert.deepEqual(await bench.withCopy(copy => copy.compared()), []);
}

const groups = [
  ['rows', rowDamages],
  ['objects', objectDamages],
  ['the database', databaseDamages],
] as const;

/** Drilled wholly: roles belong to the server, and one of each other group shows that the bench does as a drill does. */
const wholeDrills = [
  ...roleDamages,
  ...groups.flatMap(([, damages]) => damages.slice(0, 1)),
  ...objectDamages.filter(({ damage }) => damage.sqlAfterDefinitions !== undefined).slice(0, 1),
];

/** What looks wrong, and is as it was in the source. */
const healthy: readonly (readonly [what: string, sql: string])[] = [
  ['plpgsql was made anew', 'DROP EXTENSION plpgsql; CREATE EXTENSION plpgsql'],
  ['public was made anew', 'DROP SCHEMA public; CREATE SCHEMA public; CREATE TABLE public.one ()'],
  [
    'foreign keys of a partition are not checked in the source',
    `CREATE TABLE one (id integer PRIMARY KEY); CREATE TABLE two (id integer REFERENCES one) PARTITION BY LIST (id);
     CREATE TABLE part PARTITION OF two FOR VALUES IN (1); ALTER TABLE part DISABLE TRIGGER ALL`,
  ],
  [
    'foreign keys are not checked in the source',
    `CREATE TABLE one (id integer PRIMARY KEY); CREATE TABLE two (id integer REFERENCES one); ALTER TABLE two DISABLE TRIGGER ALL`,
  ],
  [
    'the database is read-only, and has a materialized view',
    `CREATE TABLE one AS SELECT 1 AS id; CREATE MATERIALIZED VIEW two AS TABLE one;
     DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`,
  ],
  [
    'event triggers refuse every change, always',
    `CREATE TABLE one AS SELECT 1 AS id; CREATE MATERIALIZED VIEW two AS TABLE one;
     CREATE FUNCTION refuses() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no changes today'; END $$;
     DO $$ BEGIN EXECUTE format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION x WITH (connect = false)', current_database(), 'host=nowhere.invalid'); END $$;
     CREATE EVENT TRIGGER refuses ON ddl_command_start EXECUTE FUNCTION refuses(); ALTER EVENT TRIGGER refuses ENABLE ALWAYS`,
  ],
  [
    'materialized views move with the clock, and nothing in their own queries says so',
    `CREATE VIEW one AS SELECT clock_timestamp() AS at; CREATE MATERIALIZED VIEW two AS TABLE one; CREATE MATERIALIZED VIEW three AS TABLE two`,
  ],
  [
    'roles have odd settings, and admins who are none',
    String.raw`CREATE ROLE corpus_odd CONNECTION LIMIT 3 VALID UNTIL 'infinity';
     ALTER ROLE corpus_odd SET search_path = "a,b", 'c d', public; ALTER ROLE corpus_odd SET app.x = E'it''s \ "q"'; ALTER ROLE corpus_odd SET "App.Mixed" = 'X y';
     ALTER ROLE corpus_odd SET datestyle = 'SQL, DMY'; ALTER ROLE corpus_odd SET temp_tablespaces = ''; ALTER ROLE corpus_odd SET log_min_duration_statement = 250;
     COMMENT ON ROLE corpus_odd IS E'a
b''c\d'; CREATE ROLE "Corpus ""R"" ole" IN ROLE corpus_odd, pg_read_all_data;
     CREATE ROLE corpus_boss SUPERUSER; CREATE ROLE corpus_deputy; SET ROLE corpus_boss; GRANT corpus_odd TO corpus_deputy WITH ADMIN OPTION;
     SET ROLE corpus_deputy; GRANT corpus_odd TO corpus_boss; RESET ROLE; GRANT pg_monitor TO corpus_deputy`,
  ],
];

describe('a wrong restore that a drill must name', { concurrency: 2 }, () => {
  for (const major of majors())
    it(`on PostgreSQL ${major}`, async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const ground = await openProvingGround(t, source);
      const bench = await openDrillBench(t, ground);
      await t.test('nothing: a copy without damage passes', () => passesOnBench(bench));
      for (const [group, damages] of groups)
        await t.test(group, async of => {
          for (const damage of damages) await of.test(damage.what, () => isNamedOnBench(bench, damage));
        });
      await t.test('nothing, after all of that', () => passesOnBench(bench));
      await bench.close();
      await t.test('nothing: the same backup without damage passes', () => passes(ground));
      for (const damage of wholeDrills) await t.test(`${damage.what}, by a whole drill`, () => isNamed(ground, damage));
      await t.test('nothing: the same backup passes once more', () => passes(ground));
    });
});

describe('a healthy restore, of which a drill must say nothing', { concurrency: 2 }, () => {
  for (const major of majors())
    it(`on PostgreSQL ${major}`, async t => {
      if (!(await needsPostgres(t, major))) return;
      // roles would be in the backups of others
      const [source, server] = [await startCluster({ major }), await startCluster({ major })];
      t.after(() => Promise.all([source.stop(), server.stop()]));
      for (const [what, sql] of healthy)
        await t.test(what, async () => {
          const harbor = await openHarbor(t);
          const database = await source.createDatabase();
          await source.query(sql, [], database);
          const made = await harbor.backup(source, database);
          await passes({ harbor, source, database, made, server, configuration: '' });
        });
    });
});
