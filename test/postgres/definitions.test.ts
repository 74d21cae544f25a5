import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { isFindingCode } from '../../src/finding.ts';
import { type DefinitionDifference, compareDefinitions, splitDefinitions } from '../../src/postgres/definitions.ts';
import { addSubscriptions, createEverythingDatabase, dropSubscriptions } from '../support/everything.ts';
import { type Cluster, createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { damagesOfOthers } from './damages-of-others.ts';
import { damagesOfTables } from './damages-of-tables.ts';
import type { Damage } from './definition-damages.ts';

/** Runs a program of the cluster's major and gives what it printed. */
async function program(cluster: Cluster, name: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
    const child = execFile(join(cluster.bin, name), args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${name}: ${stderr.toString()}`));
    });
    child.stdin?.end(input);
  });
}

const dumpOf = async (cluster: Cluster, database: string, ...more: string[]) =>
  (await program(cluster, 'pg_dump', ['--schema-only', ...more, `--dbname=${cluster.url(database)}`])).toString();

/** What pg_dump says of a source, and a faithful copy of it. */
interface Restored {
  source: string;
  copy: string;
}

async function restored(cluster: Cluster, source: string): Promise<Restored> {
  const copy = await cluster.createDatabase(undefined, { template: 'template0' });
  const archive = await program(cluster, 'pg_dump', ['--format=custom', `--dbname=${cluster.url(source)}`]);
  await program(cluster, 'pg_restore', ['--exit-on-error', `--dbname=${cluster.url(copy)}`], archive);
  return { source: await dumpOf(cluster, source, '--create'), copy };
}

const said = (differences: readonly DefinitionDifference[]) =>
  differences.map(({ code, object }) => `${code} ${object}`).sort();
const secret = /secret/;

for (const major of majors()) {
  describe(`definitions on Postgres ${major}`, () => {
    const made: { cluster: Cluster; database: string }[] = [];
    let everything: Promise<Restored> | undefined;

    after(async () => {
      for (const { cluster, database } of made) await cluster.dropDatabase(database);
    });

    const restoredEverything = async (cluster: Cluster): Promise<Restored> => {
      const source = await createEverythingDatabase(cluster);
      made.push({ cluster, database: source });
      const pair = await restored(cluster, source);
      made.push({ cluster, database: pair.copy });
      return pair;
    };

    it('of a faithful copy are those of the source', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const sample = await createSampleDatabase(cluster);
      t.after(() => cluster.dropDatabase(sample));
      const ofSample = await restored(cluster, sample);
      t.after(() => cluster.dropDatabase(ofSample.copy));
      for (const { source, copy } of [ofSample, await (everything ??= restoredEverything(cluster))]) {
        const found = await dumpOf(cluster, copy);
        assert.deepEqual(compareDefinitions(source, found), []);
        assert.ok(splitDefinitions(source).length > 100);
        assert.deepEqual(compareDefinitions(source, await dumpOf(cluster, copy, '--create')), []);
      }
    });

    it('of a database whose strings have backslashes doubled are the same', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const source = await cluster.createDatabase();
      t.after(() => cluster.dropDatabase(source));
      await cluster.query(
        `CREATE TABLE "back\\slash" (a text DEFAULT 'a\\b''c' CHECK (a ~ '^\\d+\\\\'), b bytea DEFAULT '\\x00');
         COMMENT ON TABLE "back\\slash" IS 'x\\'; CREATE VIEW v AS SELECT E'\\\\ \\n' AS x FROM "back\\slash";
         CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'a\\\\b' $$`,
        undefined,
        source,
      );
      await cluster.query(`ALTER DATABASE ${source} SET standard_conforming_strings = off`);
      const pair = await restored(cluster, source);
      t.after(() => cluster.dropDatabase(pair.copy));
      assert.match(pair.source, /^SET standard_conforming_strings = off;$/m);
      assert.deepEqual(compareDefinitions(pair.source, await dumpOf(cluster, pair.copy)), []);
      await cluster.query(`COMMENT ON TABLE "back\\slash" IS 'x\\\\'`, undefined, pair.copy);
      assert.deepEqual(said(compareDefinitions(pair.source, await dumpOf(cluster, pair.copy))), [
        'COMMENT_DIFFERS comment on table public."back\\slash"',
      ]);
    });

    /** What is said of a copy after `sql`. */
    const compared = async (t: TestContext, { sql, extension }: Omit<Damage, 'what' | 'says'>) => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return undefined;
      const { source, copy } = await (everything ??= restoredEverything(cluster));
      const damaged = await cluster.createDatabase(undefined, { template: copy });
      t.after(() => cluster.dropDatabase(damaged));
      const known = await cluster.query('SELECT extname FROM pg_extension', [], damaged);
      if (extension !== undefined && !known.some(({ extname }) => extname === extension)) {
        t.skip(`the server has no ${extension}`);
        return undefined;
      }
      await cluster.query(sql, undefined, damaged);
      return compareDefinitions(source, await dumpOf(cluster, damaged));
    };

    for (const damage of [...damagesOfTables, ...damagesOfOthers]) {
      it(`are not the same when ${damage.what}`, async t => {
        const differences = await compared(t, damage);
        if (differences === undefined) return;
        assert.deepEqual(said(differences), damage.says);
        for (const { code, expected, found } of differences) {
          assert.ok(isFindingCode(code), code);
          assert.notEqual(expected, found);
          assert.doesNotMatch(`${expected}\n${found}`, secret);
          assert.ok(expected.length > 0 && expected.length < 1010 && found.length > 0 && found.length < 1010);
        }
      });
    }

    it('of subscriptions are compared, and their passwords not shown', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const { copy } = await (everything ??= restoredEverything(cluster));
      const source = await cluster.createDatabase(undefined, { template: copy });
      t.after(() => cluster.dropDatabase(source));
      await addSubscriptions(cluster, source);
      try {
        const expected = await dumpOf(cluster, source, '--create');
        assert.deepEqual(compareDefinitions(expected, await dumpOf(cluster, source)), []);
        await cluster.query(
          `ALTER SUBSCRIPTION every_idle CONNECTION 'host=nowhere.invalid password=other-secret'`,
          undefined,
          source,
        );
        const [other, ...more] = compareDefinitions(expected, await dumpOf(cluster, source));
        assert.deepEqual(more, []);
        assert.deepEqual(other, {
          code: 'SUBSCRIPTION_DIFFERS',
          object: 'subscription every_idle',
          expected: 'its definition',
          found: 'another one (not shown: it may hold a password)',
          entry: { type: 'SUBSCRIPTION', schema: '-', name: 'every_idle' },
        });
        await dropSubscriptions(cluster, source);
        const missing = compareDefinitions(expected, await dumpOf(cluster, source));
        assert.deepEqual(said(missing), [
          'COMMENT_MISSING comment on subscription every_idle',
          'SUBSCRIPTION_MISSING subscription every_idle',
        ]);
        assert.doesNotMatch(JSON.stringify(missing), secret);
      } finally {
        await dropSubscriptions(cluster, source).catch(() => {});
      }
    });
  });
}
