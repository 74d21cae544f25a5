import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { type Harbor, type Ran, lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { type OwnCluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { createAlike, definitionsOf, rolesOf } from '../support/shapes.ts';
import { createSupabaseDatabase } from '../support/supabase.ts';

for (const major of majors()) {
  describe(`a Supabase project on PostgreSQL ${major}`, () => {
    it('is backed up by its user postgres, and comes back on a stock server', async t => {
      const project = await openProject(t, major);
      if (!project) return;
      const made = await project.backup();
      assert.ok(
        made.tables === 40 && made.rows !== null && made.rows > 2000,
        `${made.tables} tables, ${made.rows} rows`,
      );
      const target = await start(t, major, 'postgres');
      const copy = await project.restoreInto(target);

      const [lost, other] = await differencesOf(project, target, copy);
      // the server's own functions belong to its first superuser, who is called postgres here and needs no grant
      const ofServer = lost.filter(piece => piece.includes('; Type: ACL; Schema: pg_catalog; '));
      assert.equal(ofServer.length, 1);
      assert.match(ofServer[0] ?? '', /^GRANT ALL ON FUNCTION pg_catalog\.pg_reload_conf\(\) TO postgres;$/m);
      assert.deepEqual([without(lost, ofServer), other], [[], []]);

      const roles = without(await rolesOf(project.source), await rolesOf(target));
      const known = [
        // it is there already, as the superuser
        'ALTER ROLE postgres WITH NOSUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;',
        String.raw`ALTER ROLE postgres SET search_path TO E'\\$user', 'public', 'extensions';`,
      ];
      assert.deepEqual(
        roles.filter(line => !line.startsWith('GRANT ')),
        known,
      );
      // whoever was given roles by the first superuser was given them by another name; what postgres had of the server it has as superuser
      const grants = (lines: readonly string[]) => lines.map(line => line.replace(/ GRANTED BY .*/, ''));
      assert.deepEqual(
        without(grants(roles), grants(await rolesOf(target))).filter(
          line => !/^(?:ALTER|GRANT pg_\w+ TO postgres)/.test(line),
        ),
        [],
      );
    });

    it('is proven by drills, owners, grants and policies too, whoever is the first superuser of the server', async t => {
      const project = await openProject(t, major);
      if (!project) return;
      await project.backup();
      for (const superuser of ['postgres', 'supabase_admin']) {
        const server = await start(t, major, superuser);
        const drill = await project.drill(server);
        const { verdict, findings, excluded, totals } = JSON.parse(drill.stdout) as DrillResult;
        assert.deepEqual({ findings, excluded, verdict }, { findings: [], excluded: [], verdict: 'passed' });
        assert.equal(totals.tables, 40);
        // partitioned tables have no rows of their own
        assert.ok(totals.byContent >= 38, `${totals.byContent} compared`);
      }
    });

    it('comes back line by line on a server whose first superuser is supabase_admin too', async t => {
      const project = await openProject(t, major);
      if (!project) return;
      await project.backup();
      const target = await start(t, major, 'supabase_admin');
      const copy = await project.restoreInto(target);
      assert.deepEqual(await differencesOf(project, target, copy), [[], []]);
      assert.deepEqual(without(await rolesOf(project.source), await rolesOf(target)), [
        // it is there already, and stays as it is
        `ALTER ROLE supabase_admin SET search_path TO '$user', 'public', 'auth', 'extensions';`,
        `ALTER ROLE supabase_admin SET log_statement TO 'none';`,
      ]);
    });

    it('is refused by name when its user postgres lacks one of the rights that every project gives', async t => {
      const project = await openProject(t, major);
      if (!project) return;
      const refusals = [
        [
          'REVOKE pg_read_all_data FROM postgres',
          /^error: user postgres may not read .*net\._http_response.*GRANT pg_read_all_data TO/m,
        ],
        [
          'GRANT pg_read_all_data TO postgres; ALTER ROLE postgres NOBYPASSRLS',
          /^error: row security hides rows .*BYPASSRLS/m,
        ],
      ] as const;
      for (const [change, error] of refusals) {
        await project.source.query(change);
        const ran = await lifeboat('backup', project.inputs);
        assert.equal(ran.status, 1);
        assert.match(ran.stderr, error);
      }
    });
  });
}

interface Project {
  source: OwnCluster;
  database: string;
  inputs: Record<string, string>;
  backup(): Promise<BackupResult>;
  /** Restores into an empty database of its own and gives its name; restore itself must see no difference. */
  restoreInto(target: OwnCluster): Promise<string>;
  drill(server: OwnCluster): Promise<Ran>;
}

async function openProject(t: TestContext, major: number): Promise<Project | undefined> {
  if (!(await needsPostgres(t, major))) return undefined;
  const harbor: Harbor = await openHarbor(t);
  const source = await start(t, major, 'supabase_admin');
  const { database, as } = await createSupabaseDatabase(source);
  const inputs = harbor.backupInputs(source, database, { 'database-url': source.url(database, as) });
  return {
    source,
    database,
    inputs,
    backup: async () => resultOf<BackupResult>(await lifeboat('backup', inputs)),
    drill: server => lifeboat('drill', harbor.restoreInputs(server, 'postgres')),
    async restoreInto(target) {
      const copy = await createAlike(source, database, target);
      const restored = resultOf<RestoreResult>(await lifeboat('restore', harbor.restoreInputs(target, copy)));
      assert.deepEqual([restored.differences, restored.refused, restored.compared], [[], [], 'content']);
      return copy;
    },
  };
}

async function start(t: TestContext, major: number, superuser: string): Promise<OwnCluster> {
  const cluster = await startCluster({ major, superuser });
  t.after(() => cluster.stop());
  return cluster;
}

/** What only the source has, and what only the copy has. */
async function differencesOf(project: Project, target: OwnCluster, copy: string): Promise<[string[], string[]]> {
  const expected = await definitionsOf(project.source, project.database);
  const found = await definitionsOf(target, copy);
  return [without(expected, found), without(found, expected)];
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter(one => !known.has(one));
}
