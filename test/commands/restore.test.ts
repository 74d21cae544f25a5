import assert from 'node:assert/strict';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { type Cluster, startCluster } from '../../scripts/setup/cluster.ts';
import { type Harbor, lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

interface Port {
  harbor: Harbor;
  cluster: Cluster;
  source: string;
  made: BackupResult;
  /** An empty database on the source's own server. */
  target: string;
}

async function port(t: TestContext, inputs: Record<string, string> = {}): Promise<Port | undefined> {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  if (!cluster) return undefined;
  const harbor = await openHarbor(t);
  const source = await createSampleDatabase(cluster);
  const made = await harbor.backup(cluster, source, inputs);
  return { harbor, cluster, source, made, target: await cluster.createDatabase() };
}

async function tablesOf(cluster: Cluster, database: string): Promise<number> {
  const [row] = await cluster.query<{ count: string }>(
    "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace >= 16384",
    undefined,
    database,
  );
  return Number(row?.count);
}

async function refused(
  { harbor, cluster }: Port,
  database: string,
  words: RegExp,
  more: Record<string, string> = {},
  status = 1,
): Promise<void> {
  const before = await tablesOf(cluster, database);
  const ran = await lifeboat('restore', harbor.restoreInputs(cluster, database, more));
  assert.equal(ran.status, status, ran.stderr);
  assert.match(ran.stderr, words);
  assert.equal(await tablesOf(cluster, database), before);
}

describe('restore', () => {
  it('refuses a target that is not empty, and names what is there', async t => {
    const place = await port(t);
    if (!place) return;
    await place.cluster.query('CREATE TABLE mine (i int)', undefined, place.target);
    await refused(place, place.target, /is not empty: it holds table public\.mine .*make an empty database/);
  });

  it('refuses the source itself without a typed confirmation, and after it still asks for an empty database', async t => {
    const place = await port(t);
    if (!place) return;
    await refused(
      place,
      place.source,
      /is the very database that the backup was made from \(if you mean it, say confirm: shop\)/,
    );
    await refused(place, place.source, /is the very database/, { confirm: 'shop-staging' }, 64);
    await refused(place, place.source, /is not empty/, { confirm: 'shop' });
  });

  it('knows the source by its identifier, whatever host the URL names', async t => {
    const place = await port(t);
    if (!place) return;
    const url = new URL(place.cluster.url(place.source));
    url.hostname = 'localhost';
    await refused(place, place.source, /is the very database/, { 'target-url': url.href });
  });

  it('prints its plan and changes nothing with dry-run', async t => {
    const place = await port(t);
    if (!place) return;
    const planned = resultOf<RestoreResult>(
      await lifeboat('restore', place.harbor.restoreInputs(place.cluster, place.target, { 'dry-run': 'true' })),
    );
    assert.equal(planned.dryRun, true);
    const plan = planned.plan.join('\n');
    assert.match(plan, new RegExp(`backup ${place.made.backupId} of shop`));
    assert.match(plan, /0 rows there, \d+ rows in the backup/);
    assert.match(plan, /what was written after \S+ \(\d+ minutes ago\) is not in it/);
    assert.equal(await tablesOf(place.cluster, place.target), 0);
  });

  it('refuses a backup with a missing or cut object before it touches the target', async t => {
    const place = await port(t);
    if (!place) return;
    const folder = join(fileURLToPath(place.harbor.store), 'shop', place.made.backupId);
    await truncate(join(folder, 'main.dump.age'), 1000);
    await refused(place, place.target, /object main\.dump\.age of \S+ has 1000 bytes where the manifest says \d+/);
    await rm(join(folder, 'main.dump.age'));
    await refused(place, place.target, /object main\.dump\.age of \S+ is missing in the store/);
  });

  it('asks for the key that the backup needs', async t => {
    const place = await port(t);
    if (!place) return;
    await refused(
      place,
      place.target,
      /input identity is missing \(backup \S+ is encrypted; to read it, identity is needed\)/,
      { identity: '' },
      64,
    );
  });

  it('refuses an older server and a server without an extension', async t => {
    const [older, newer] = majors();
    const place = older === newer || newer === undefined ? undefined : await port(t);
    const cluster = older === undefined ? undefined : await needsPostgres(t, older);
    if (!place || !cluster) return;
    const target = await cluster.createDatabase();
    await refused(
      { ...place, cluster },
      target,
      new RegExp(`the target is PostgreSQL ${older}, older than the backup's ${newer}`),
    );
  });

  it('says which tables differ from what the snapshot held, and fails', async t => {
    const place = await port(t);
    if (!place) return;
    const client = join(place.harbor.folder, 'client');
    await mkdir(client);
    for (const program of ['pg_dump', 'pg_dumpall'])
      await symlink(join(place.cluster.bin, program), join(client, program));
    // a pg_restore that ends well and yet loses a row and changes another
    const spoil = `DELETE FROM app.users WHERE ctid = (SELECT min(ctid) FROM app.users); UPDATE "Odd Schema".t SET t = t || '!'`;
    const script = `#!/bin/sh\n${place.cluster.bin}/pg_restore "$@" || exit\ncase "$*" in *.alone.list*) ${place.cluster.bin}/psql -qc '${spoil.replaceAll("'", `'\\''`)}' ;; esac\n`;
    await writeFile(join(client, 'pg_restore'), script, { mode: 0o755 });
    const other = await startCluster({ major: place.cluster.major });
    t.after(() => other.stop());
    await other.query('ALTER ROLE postgres SET session_replication_role = replica');
    const ran = await lifeboat('restore', place.harbor.restoreInputs(other, await other.createDatabase(), { client }));
    assert.equal(ran.status, 1, ran.stderr);
    const { differences, rolesMade } = JSON.parse(ran.stdout) as RestoreResult;
    assert.deepEqual(
      differences.map(({ code, object }) => [code, object]),
      [
        ['CONTENT_DIFFERS', 'table Odd Schema.t'],
        ['ROWS_DIFFER', 'table app.users'],
      ],
    );
    assert.ok(rolesMade.includes('shop_owner'));
  });

  it('restores shards side by side, and brings the settings and rights of the database itself back', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const source = await createSampleDatabase(cluster);
    await cluster.query(
      `CREATE TABLE app.big_one AS SELECT i, repeat(md5(i::text), 30) AS text FROM generate_series(1, 12000) i;
       CREATE TABLE app.big_two AS SELECT i, repeat(md5(i::text), 30) AS text FROM generate_series(1, 14000) i;
       ALTER DATABASE ${source} SET work_mem = '7MB';
       ALTER ROLE shop_owner IN DATABASE ${source} SET search_path = app, "Odd Schema";
       COMMENT ON DATABASE ${source} IS 'it''s ours';
       REVOKE CONNECT ON DATABASE ${source} FROM PUBLIC; GRANT CONNECT ON DATABASE ${source} TO shop_owner WITH GRANT OPTION`,
      undefined,
      source,
    );
    const made = await harbor.backup(cluster, source, { jobs: '3' });
    assert.equal(made.objects.filter(({ purpose }) => purpose === 'shard').length, 2);
    const other = await startCluster({ major: cluster.major });
    t.after(() => other.stop());
    const target = await other.createDatabase();
    const restored = resultOf<RestoreResult>(
      await lifeboat('restore', harbor.restoreInputs(other, target, { jobs: '3' })),
    );
    assert.deepEqual([restored.differences, restored.refused], [[], []]);
    const facts = (postgres: Cluster, database: string) =>
      postgres.query(
        `SELECT (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(datacl) acl) AS datacl, shobj_description(oid, 'pg_database') AS comment,
                (SELECT array_agg(setconfig::text ORDER BY setconfig::text) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
           FROM pg_database d WHERE datname = $1`,
        [database],
      );
    assert.deepEqual(await facts(other, target), await facts(cluster, source));
  });
});
