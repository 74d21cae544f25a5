import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import pg from 'pg';
import { type BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { type Cluster, freePort, majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import {
  type Trial,
  assertFailed,
  assertNothingLeft,
  assertRestores,
  fillDatabase,
  openTrial,
  until,
} from './support.ts';

const databases = new Map<number, Promise<string>>();
const open = async (t: TestContext, major: number): Promise<Trial | undefined> => {
  const cluster = await needsPostgres(t, major);
  if (!cluster) return undefined;
  const database = databases.get(major) ?? fillDatabase(cluster);
  databases.set(major, database);
  return openTrial(t, cluster, await database);
};

describe('while making a backup, the way to the server', () => {
  it('host unknown', async t => {
    const trial = await open(t, majors()[0] ?? 17);
    if (!trial) return;
    const ran = await trial.backup({ 'database-url': 'postgresql://me:secret@name.invalid/shop' });
    await assertFailed(ran, trial, { message: /the host name\.invalid is unknown \(check database-url; .*paused/ });
  });

  it('connection refused', async t => {
    const trial = await open(t, majors()[0] ?? 17);
    if (!trial) return;
    const ran = await trial.backup({ 'database-url': `postgresql://me:secret@127.0.0.1:${await freePort()}/shop` });
    await assertFailed(ran, trial, {
      message: /nothing accepts connections at 127\.0\.0\.1:\d+ \(check host and port/,
    });
  });

  it('only IPv6', async t => {
    const trial = await open(t, majors()[0] ?? 17);
    if (!trial) return;
    const hosts = {
      '[::1]': /::1 has only IPv6 addresses, which GitHub's runners cannot reach: use an address .* IPv4/,
      'pg.example.com': /pg\.example\.com has only IPv6 addresses, .* self-hosted runner/,
      'db.abcdefghij.supabase.co':
        /only IPv6 .*session pooler.*pooler\.supabase\.com, port 5432, user postgres\.abcdefghij/,
    };
    for (const [host, message] of Object.entries(hosts)) {
      const url = `postgresql://postgres:secret@${host}:${await freePort()}/shop`;
      const ran = await trial.backup({ 'database-url': url }, { env: { NODE_OPTIONS: onlyIpv6Names } });
      await assertFailed(ran, trial, { message });
    }
  });

  it('a connection that never answers, and SIGTERM', async t => {
    const trial = await open(t, majors()[0] ?? 17);
    if (!trial) return;
    const { host, port } = trial.cluster.address;
    const proxy = await startProxy({ host, port });
    t.after(() => proxy.stop());
    proxy.stall();
    const url = trial.cluster.url(trial.database).replace(`:${port}/`, `:${proxy.port}/`);
    let child: ChildProcess | undefined;
    const running = trial.backup({ 'database-url': url }, { onStart: started => (child = started) });
    await until('it has called', () => proxy.connections === 1);
    child?.kill('SIGTERM');
    const at = performance.now();
    const ran = await running;
    await assertFailed(ran, trial, { message: /cancelled by SIGTERM \(.*run it again/ });
    if (performance.now() - at > 5_000) throw new Error('it took too long: a runner kills after 7.5 s');
  });

  it('transaction pooler, known by its address', async t => {
    const trial = await open(t, majors()[0] ?? 17);
    if (!trial) return;
    const urls = {
      'postgresql://postgres.abcd:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres':
        /pooler in transaction mode .*same host with port 5432 and user postgres\.abcd/,
      'postgresql://me:x@ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech/neondb':
        /pooler in transaction mode .*direct address: ep-cool-name-123456\.eu-central-1\.aws\.neon\.tech/,
      'postgresql://me:x@pg.example.com:6432/shop?pgbouncer=true':
        /pooler in transaction mode .*server's own address, without pgbouncer=true/,
    };
    for (const [url, message] of Object.entries(urls))
      await assertFailed(await trial.backup({ 'database-url': url }), trial, { message });
  });

  it('server newer than every client that there is', async t => {
    const trial = await open(t, 17);
    if (!trial) return;
    const ran = await trial.backup({ 'database-url': await urlOfAnotherMajor(t, trial, 19) });
    await assertFailed(ran, trial, {
      message: /the server is PostgreSQL 19, and this release knows .*newer release of pg-lifeboat/,
    });
  });
});

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, the way to the server`, () => {
    it('wrong password', async t => {
      const trial = await open(t, major);
      if (!trial) return;
      const url = trial.cluster.url(trial.database, { user: 'postgres', password: 'wr@ng' });
      const ran = await trial.backup({ 'database-url': url });
      await assertFailed(ran, trial, { message: /refused the password of user postgres \(check database-url; .*%/ });
    });

    it('transaction pooler, found out by trying it, and without a trace in its sessions', async t => {
      const trial = await open(t, major);
      const program = await needsProgram(t, 'pgbouncer');
      if (!trial || program === undefined) return;
      const pooler = await startPgBouncer(t, program, trial.cluster, 'transaction');
      const url = pooler.url(trial.database);
      const ran = await trial.backup({ 'database-url': url });
      const other = new pg.Client(url);
      await other.connect();
      const { rows } = await other.query('SHOW search_path');
      assert.deepEqual(rows, [{ search_path: '"$user", public' }]);
      await other.end();
      await pooler.stop(); // with its own sessions, which are still named after us
      await assertFailed(ran, trial, {
        message: /pooler in transaction mode .*two sessions share one process .*session mode/,
      });
    });

    it('transaction pooler, but in session mode, is healthy', async t => {
      const trial = await open(t, major);
      const program = await needsProgram(t, 'pgbouncer');
      if (!trial || program === undefined) return;
      const pooler = await startPgBouncer(t, program, trial.cluster, 'session');
      const made = resultOf<BackupResult>(await trial.backup({ 'database-url': pooler.url(trial.database) }));
      await pooler.stop();
      await assertNothingLeft(trial, [made.backupId]);
      await assertRestores(trial, made.backupId);
    });

    it('server newer than every client that we may use', async t => {
      const trial = await open(t, major);
      const other = majors().find(one => one !== major);
      if (!trial) return;
      if (other === undefined) return t.skip('it needs a second major');
      const stranger = await needsPostgres(t, other);
      if (!stranger) return;
      const ran = await trial.backup({ client: stranger.bin });
      await assertFailed(ran, trial, {
        message: new RegExp(`pg_dump in .* is ${other}\\.\\d+.*, and the server is ${major} \\(name a folder`),
      });
    });

    it('server newer than every client of this machine', async t => {
      const trial = await open(t, major);
      if (!trial) return;
      const absent = [major >= 17 ? 18 : 16, 14, 13].find(one => one !== major && !hasClient(one));
      if (absent === undefined) return t.skip('this machine has the clients of all majors');
      const ran = await trial.backup({ 'database-url': await urlOfAnotherMajor(t, trial, absent), client: 'system' });
      await assertFailed(ran, trial, {
        message: new RegExp(`no pg_dump of PostgreSQL ${absent} can be had .*install postgresql-client-${absent}`),
      });
    });
  });
}

/** Name service for a run: every host but this machine's names leads to `::1` alone. */
const onlyIpv6Names = `--import=data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  import { syncBuiltinESMExports } from 'node:module';
  const addresses = [{ address: '::1', family: 6 }];
  dns.promises.lookup = async () => addresses;
  dns.lookup = (host, options, done) => options.all ? done(null, addresses) : done(null, '::1', 6);
  syncBuiltinESMExports();`)}`;

function hasClient(major: number): boolean {
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}`,
  ];
  return folders.some(folder => statSync(folder, { throwIfNoEntry: false }) !== undefined);
}

/** A way to the trial's server on which it calls itself another major, by the same number of digits. */
async function urlOfAnotherMajor(t: TestContext, { cluster, database }: Trial, pretended: number): Promise<string> {
  const { host, port } = cluster.address;
  const version = new RegExp(`${cluster.major}00(\\d\\d)`);
  const server = createServer(client => {
    const upstream = dial(port, host);
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) =>
      client.write(chunk.toString('latin1').replace(version, `${pretended}00$1`), 'latin1'),
    );
    upstream.on('close', () => client.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const there = (server.address() as AddressInfo).port;
  return `${cluster.url(database).replace(`:${port}/`, `:${there}/`)}?sslmode=disable`;
}

/** A real PgBouncer in front of the cluster, which lets everybody in. */
async function startPgBouncer(t: TestContext, program: string, { address }: Cluster, mode: 'transaction' | 'session') {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-pgbouncer-'));
  const settings = `[databases]
* = host=${address.socketFolder} port=${address.port} user=${address.user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`;
  await writeFile(join(folder, 'settings.ini'), settings);
  // like Postgres it refuses to run as root
  const { uid, gid } = statSync(address.socketFolder);
  await chown(folder, uid, gid);
  const child = spawn(program, [join(folder, 'settings.ini')], { uid, gid, stdio: 'ignore' });
  const ended = new Promise(resolve => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  t.after(stop);
  await until('PgBouncer answers', () => answers(port));
  return { stop, url: (database: string) => `postgresql://me@127.0.0.1:${port}/${database}?sslmode=disable` };
}

async function answers(port: number): Promise<boolean> {
  const socket = dial(port, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}
