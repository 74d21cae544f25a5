import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, chown, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../src/catalog/manifest.ts';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import { until } from '../faults/support.ts';
import { type Harbor, lifeboat, openHarbor } from '../support/lifeboat.ts';
import {
  type Cluster,
  createSampleDatabase,
  freePort,
  majors,
  needsPostgres,
  OwnCluster,
  startCluster,
} from '../support/postgres.ts';

async function drill(harbor: Harbor, server: Cluster, inputs: Record<string, string> = {}): Promise<DrillResult> {
  const { store, keys } = harbor;
  const given = { 'target-url': server.url(), store, identity: keys.identity, client: server.bin, ...inputs };
  const ran = await lifeboat('drill', given);
  assert.notEqual(ran.stdout, '', ran.stderr);
  return JSON.parse(ran.stdout) as DrillResult;
}

async function serverFor(t: TestContext, major: number): Promise<OwnCluster> {
  const server = await startCluster({ major });
  t.after(() => server.stop());
  return server;
}

const codesOf = ({ findings }: DrillResult) => findings.map(({ code, object }) => `${code} ${object}`);
const shop = 'CREATE TABLE orders (id integer); INSERT INTO orders SELECT generate_series(1, 9)';

for (const major of majors()) {
  describe(`a backup that is not the one it should be, on PostgreSQL ${major}`, () => {
    it('backup of the wrong database', async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const harbor = await openHarbor(t);
      const [right, wrong] = [await source.createDatabase(), await source.createDatabase()];
      await source.query(shop, [], right);
      await source.query(shop, [], wrong);
      const server = await serverFor(t, major);
      await harbor.backup(source, right);
      assert.deepEqual((await drill(harbor, server)).verdict, 'passed');
      const refused = await lifeboat('backup', harbor.backupInputs(source, wrong));
      assert.equal(refused.status, 1);
      // somebody says so once, and later the manifest no longer does
      const other = await harbor.backup(source, wrong, { 'new-source': 'shop' });
      assert.deepEqual(codesOf(await drill(harbor, server)), []);
      const file = join(fileURLToPath(harbor.store), 'shop', other.backupId, 'manifest.json');
      const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
      await writeFile(file, JSON.stringify({ ...manifest, newSource: false }));
      const result = await drill(harbor, server);
      assert.deepEqual([result.verdict, codesOf(result)], ['failed', [`SOURCE_CHANGED backup ${other.backupId}`]]);
    });

    it('backup of the wrong database, from the first one on', async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const harbor = await openHarbor(t);
      await harbor.backup(source, await source.createDatabase());
      const server = await serverFor(t, major);
      assert.deepEqual(codesOf(await drill(harbor, server)), []);
      const result = await drill(harbor, server, { 'required-tables': 'orders' });
      assert.deepEqual([result.verdict, codesOf(result)], ['failed', ['REQUIRED_TABLE_MISSING table public.orders']]);
    });

    it('backup of an empty replica', async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const harbor = await openHarbor(t);
      const database = await source.createDatabase();
      const server = await serverFor(t, major);
      await source.query('CREATE TABLE orders (id integer)', [], database);
      await harbor.backup(source, database);
      // what was always empty may be so
      assert.deepEqual(codesOf(await drill(harbor, server)), []);
      await source.query('INSERT INTO orders VALUES (1)', [], database);
      await harbor.backup(source, database);
      assert.deepEqual(codesOf(await drill(harbor, server)), []);
      await source.query('TRUNCATE orders', [], database);
      const { backupId } = await harbor.backup(source, database);
      const result = await drill(harbor, server);
      assert.deepEqual([result.verdict, codesOf(result)], ['failed', [`BACKUP_EMPTY backup ${backupId}`]]);
    });
  });
}

describe('stale source', () => {
  it('a replica that no longer follows its primary', async t => {
    const major = majors().at(-1) ?? 17;
    if (!(await needsPostgres(t, major))) return;
    const primary = await serverFor(t, major);
    const standby = await followerOf(t, primary);
    const database = await createSampleDatabase(primary);
    // a standby has no rows of unlogged tables
    await until(
      'the standby has it all',
      async () => (await lsnOf(standby, 'replay')) === (await lsnOf(primary, 'current')),
    );
    const harbor = await openHarbor(t);
    const server = await serverFor(t, major);
    const level = await harbor.backup(standby, database);
    const healthy = await drill(harbor, server);
    assert.deepEqual([healthy.verdict, codesOf(healthy)], ['passed', []]);
    assert.equal((await manifestOf(harbor, level.backupId)).source?.behindSeconds, 0);

    await standby.query('SELECT pg_wal_replay_pause()');
    await primary.query('CREATE TABLE public.after (id integer)', [], database);
    await until('the standby is a while behind', async () => {
      const [row] = await standby.query<{ late: boolean }>(
        `SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() AND clock_timestamp() - pg_last_xact_replay_timestamp() > interval '3 seconds' AS late`,
      );
      return row?.late === true;
    });
    const behind = await harbor.backup(standby, database);
    const source = (await manifestOf(harbor, behind.backupId)).source;
    assert.ok(source?.standby === true && (source.behindSeconds ?? 0) >= 3);
    const result = await drill(harbor, server, { 'max-rpo': '2s' });
    assert.equal(result.verdict, 'failed');
    assert.ok(codesOf(result).includes(`SOURCE_STALE backup ${behind.backupId}`), codesOf(result).join());
  });
});

async function manifestOf(harbor: Harbor, id: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(fileURLToPath(harbor.store), 'shop', id, 'manifest.json'), 'utf8')) as Manifest;
}

async function lsnOf(cluster: Cluster, which: 'current' | 'replay'): Promise<string | undefined> {
  const ask = which === 'current' ? 'pg_current_wal_flush_lsn()' : 'pg_last_wal_replay_lsn()';
  const [row] = await cluster.query<{ lsn: string }>(`SELECT ${ask} AS lsn`);
  return row?.lsn;
}

/** A standby of a server, by pg_basebackup. */
async function followerOf(t: TestContext, primary: OwnCluster): Promise<OwnCluster> {
  const { host, port, user, password } = primary.address;
  const { uid, gid } = await stat(primary.dataFolder);
  const as = process.getuid?.() === 0 ? { uid, gid } : {};
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-standby-'));
  await chown(folder, uid, gid);
  const args = [
    '-D',
    join(folder, 'data'),
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    user,
    '-R',
    '-X',
    'stream',
    '-c',
    'fast',
  ];
  const env = { PATH: process.env.PATH ?? '', PGPASSWORD: password };
  const made = spawnSync(join(primary.bin, 'pg_basebackup'), args, { ...as, env, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const own = await freePort();
  await appendFile(join(folder, 'data', 'postgresql.conf'), `port = ${own}\nunix_socket_directories = '${folder}'\n`);
  const standby = new OwnCluster({ ...primary.address, port: own, socketFolder: folder }, folder, as);
  t.after(() => standby.stop());
  await standby.start();
  return standby;
}
