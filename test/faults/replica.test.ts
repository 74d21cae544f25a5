import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type BackupResult, backup } from '../../src/commands/backup.ts';
import type { Context } from '../../src/commands/context.ts';
import { list } from '../../src/commands/list.ts';
import { verify } from '../../src/commands/verify.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import { Failure } from '../../src/failure.ts';
import { type Inputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import type { Log } from '../../src/log.ts';
import { present } from '../../src/report/present.ts';
import { openStore } from '../../src/store/open.ts';
import type { S3Patience } from '../../src/store/s3-connection.ts';
import type { Cluster } from '../../scripts/setup/cluster.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { type Fault, type S3Proxy, type SeenRequest, refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { type S3Server, needsS3 } from '../support/s3-server.ts';
import { scriptedClient } from './support.ts';

type Role = 'store' | 'replica';
const roles = ['store', 'replica'] as const;
const otherOf = (role: Role): Role => (role === 'store' ? 'replica' : 'store');

/** A database, two buckets of a real S3 server, each behind a proxy of its own, and one earlier backup in both. */
interface Trial {
  cluster: Cluster;
  database: string;
  server: S3Server;
  proxies: Record<Role, S3Proxy>;
  earlier: BackupResult;
  warnings: string[];
  backup(
    more?: Record<string, string>,
    how?: { signal?: AbortSignal; patience?: Partial<S3Patience> },
  ): Promise<BackupResult>;
  /** What a bucket holds, read past the proxies: ids of sealed backups, of which each was verified, and rests of others. */
  look(role: Role): Promise<{ sealed: string[]; rests: number; uploads: number }>;
}

function inputsOf<C extends Inputs['command']>(command: C, values: Record<string, string>) {
  const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  return readInputs(readTerminal([command, ...args], {}).inputs, {}) as Extract<Inputs, { command: C }>;
}

function contextOf(
  folder: string,
  warnings: string[],
  {
    signal = new AbortController().signal,
    patience = {},
  }: { signal?: AbortSignal; patience?: Partial<S3Patience> } = {},
): Context {
  const log: Log = {
    info: () => {},
    debug: () => {},
    warn: line => void warnings.push(line),
    group: (_title, work) => work(),
    progress: (label, totalBytes) => ({ label, totalBytes, add: () => {}, end: () => {} }),
  };
  const wait = async (_milliseconds: number, waiting?: AbortSignal) => waiting?.throwIfAborted();
  return {
    log,
    signal,
    now: () => new Date(),
    version: '0.0.0',
    folder,
    openStore: ({ url, accessKeyId = '', secretAccessKey = '' }) =>
      openStore(url, { credentials: { accessKeyId, secretAccessKey }, patience: { wait, ...patience } }),
  };
}

/** One for all tests, which read it only: its archive takes two parts. */
let filled: Promise<string> | undefined;

async function fill(cluster: Cluster): Promise<string> {
  const database = await cluster.createDatabase();
  await cluster.query(
    'CREATE TABLE rows AS SELECT i, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 160000) i',
    undefined,
    database,
  );
  return database;
}

async function openTrial(t: TestContext): Promise<Trial | undefined> {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  const server = cluster && (await needsS3(t, { buckets: [...roles, 'elsewhere'] }));
  if (!cluster || !server) return undefined;
  const database = await (filled ??= fill(cluster));
  const proxies = { store: await startS3Proxy(server), replica: await startS3Proxy(server) };
  for (const role of roles) t.after(() => proxies[role].stop());
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-replica-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  const { recipient } = await generateIdentity();
  const keys = { 'access-key-id': server.accessKeyId, 'secret-access-key': server.secretAccessKey };
  const run: Trial['backup'] = (more = {}, how = {}) =>
    backup(
      inputsOf('backup', {
        'database-url': cluster.url(database),
        store: server.url('store', 'backups', proxies.store.endpoint),
        replica: server.url('replica', 'backups', proxies.replica.endpoint),
        name: 'shop',
        recipients: recipient,
        client: cluster.bin,
        compression: 'none',
        'replica-access-key-id': server.accessKeyId,
        'replica-secret-access-key': server.secretAccessKey,
        ...keys,
        ...more,
      }),
      contextOf(folder, warnings, how),
    );
  const earlier = await run();
  warnings.length = 0;
  return {
    cluster,
    database,
    server,
    proxies,
    earlier,
    warnings,
    backup: run,
    async look(role) {
      const direct = { store: server.url(role, 'backups'), ...keys };
      const context = contextOf(folder, []);
      const listed = await list(inputsOf('list', direct), context);
      for (const { backupId } of listed.backups) {
        const { verdict } = await verify(inputsOf('verify', { ...direct, backup: backupId }), context);
        assert.equal(verdict, 'passed', `${backupId} in the ${role}`);
      }
      const uploads = await server.uploads(role);
      return {
        sealed: listed.backups.map(({ backupId }) => backupId).sort(),
        rests: listed.databases[0]?.unsealed ?? 0,
        uploads: uploads.length,
      };
    },
  };
}

const ofNew =
  ({ earlier }: Trial, operation: string, what = '') =>
  (seen: SeenRequest) =>
    seen.operation === operation && !seen.url.includes(earlier.backupId) && seen.url.includes(what);

/** It is sealed where nothing failed, nothing of it is where something did, and the run is red and says why. */
async function assertInOneAlone(trial: Trial, made: BackupResult, broken: Role, why: RegExp): Promise<void> {
  const { earlier } = trial;
  assert.deepEqual(await trial.look(otherOf(broken)), {
    sealed: [earlier.backupId, made.backupId].sort(),
    rests: 0,
    uploads: 0,
  });
  assert.deepEqual(await trial.look(broken), { sealed: [earlier.backupId], rests: 0, uploads: 0 });
  const problems = made.stores.map(({ role, problem }) => [role, problem === null]);
  assert.deepEqual(
    problems,
    roles.map(role => [role, role !== broken]),
  );
  const { text, exitStatus, summary, outputs } = present(made, []);
  assert.equal(exitStatus, 1);
  assert.equal(outputs['backup-id'], made.backupId);
  const [first = ''] = text.split('\n');
  assert.ok(first.startsWith(`the backup is not in the ${broken}: `), first);
  assert.match(first, why);
  assert.match(summary, new RegExp(`sealed in the ${otherOf(broken)} alone`));
  assert.ok(
    trial.warnings.some(line => line.startsWith(`the backup does not get into the ${broken} (s3://${broken}/backups`)),
    trial.warnings.join('\n'),
  );
}

/** What makes one of the two unusable, and what is then said. */
const faults: [string, (trial: Trial, role: Role) => Promise<BackupResult>, RegExp][] = [
  [
    'refuses the credentials from the beginning',
    (trial, role) =>
      trial.backup({ [role === 'store' ? 'secret-access-key' : 'replica-secret-access-key']: 'not-the-right-one' }),
    /does not accept the secret access key.*\(check access-key-id, secret-access-key and session-token\)$/,
  ],
  [
    'denies writes',
    (trial, role) => brokenBy(trial, role, 'CreateMultipartUpload', refuse(403, 'AccessDenied')),
    /the store denies access/,
  ],
  [
    'fails at part 2',
    (trial, role) => brokenBy(trial, role, seen => seen.partNumber === 2, refuse(500, 'InternalError')),
    /main\.dump\.age.*500/,
  ],
  [
    'takes a part and never answers',
    (trial, role) =>
      brokenBy(
        trial,
        role,
        seen => seen.partNumber === 1,
        exchange => exchange.stallAnswerAfterBytes(-1),
        { idleMilliseconds: 600, tries: 2 },
      ),
    /stalled|does not answer/,
  ],
  [
    'refuses the manifest',
    (trial, role) => brokenBy(trial, role, ofNew(trial, 'PutObject', 'manifest.json'), refuse(403, 'AccessDenied')),
    /manifest\.json/,
  ],
  [
    'takes the manifest and hangs up',
    (trial, role) =>
      brokenBy(trial, role, ofNew(trial, 'PutObject', 'manifest.json'), exchange => exchange.resetAnswerAfterBytes(-1)),
    /manifest\.json/,
  ],
];

async function brokenBy(
  trial: Trial,
  role: Role,
  when: Parameters<S3Proxy['on']>[0],
  fault: Fault,
  patience: Partial<S3Patience> = {},
) {
  trial.proxies[role].on(when, fault);
  return trial.backup({}, { patience });
}

describe('a backup into two stores', () => {
  it('healthy: the same objects with the same bytes are in both, sealed in the replica first', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const order: string[] = [];
    for (const role of roles)
      trial.proxies[role].on(ofNew(trial, 'PutObject', 'manifest.json'), async exchange => {
        await exchange.change(answer => {
          order.push(role);
          return answer;
        });
      });
    const made = await trial.backup({ jobs: '2' });
    assert.deepEqual(order, ['replica', 'store']);
    assert.deepEqual(
      made.stores.map(({ role, problem }) => [role, problem]),
      [
        ['store', null],
        ['replica', null],
      ],
    );
    assert.deepEqual(trial.warnings, [
      'there is one recipient only: when its identity is lost, so is every backup; add a second one that lies in a safe',
    ]);
    assert.equal(present(made, []).exitStatus, 0);
    const both = { sealed: [trial.earlier.backupId, made.backupId].sort(), rests: 0, uploads: 0 };
    for (const role of roles) assert.deepEqual(await trial.look(role), both);
    const [manifest, copy] = await Promise.all(
      roles.map(async role => {
        const { accessKeyId, secretAccessKey } = trial.server;
        const store = openStore(trial.server.url(role, 'backups'), { credentials: { accessKeyId, secretAccessKey } });
        return (await (await store.get(made.manifestKey)).toArray()).join('');
      }),
    );
    assert.equal(manifest, copy);
    for (const role of roles)
      assert.ok(trial.proxies[role].operations.filter(operation => operation === 'UploadPart').length >= 2, role);
  });

  for (const broken of roles)
    for (const [title, run, why] of faults)
      it(`${broken} ${title}: it is sealed in the other one, and the run is red`, async t => {
        const trial = await openTrial(t);
        if (!trial) return;
        await assertInOneAlone(trial, await run(trial, broken), broken, why);
      });

  it('both fail: no backup, and both causes are told', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const { proxies, earlier } = trial;
    proxies.store.on(seen => seen.partNumber === 2, refuse(500, 'InternalError'));
    proxies.replica.on(seen => seen.partNumber === 2, refuse(403, 'AccessDenied'));
    await assert.rejects(trial.backup(), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^neither store takes the backup; the store: .*500.*; the replica: .*denies access/);
      return true;
    });
    for (const role of roles)
      assert.deepEqual(await trial.look(role), { sealed: [earlier.backupId], rests: 0, uploads: 0 });
  });

  it('one fails first and the other at the seal: no backup', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const { proxies, earlier } = trial;
    proxies.replica.on(seen => seen.partNumber === 2, refuse(500, 'InternalError'));
    proxies.store.on(ofNew(trial, 'PutObject', 'manifest.json'), refuse(403, 'AccessDenied'));
    await assert.rejects(trial.backup(), /manifest\.json/);
    for (const role of roles)
      assert.deepEqual(await trial.look(role), { sealed: [earlier.backupId], rests: 0, uploads: 0 });
  });

  for (const [title, isBroken] of [
    ['pg_dump fails: that is the cause that is told, and nothing is in either', false],
    ['pg_dump fails after the replica did: that is the cause all the same', true],
  ] as const)
    it(title, async t => {
      const trial = await openTrial(t);
      if (!trial) return;
      const { proxies, cluster, earlier } = trial;
      const archive = `"$real" "$@"; echo 'pg_dump: error: something at the end' >&2; exit 1`;
      const client = await scriptedClient(t, cluster, { archive });
      if (isBroken) proxies.replica.on(seen => seen.partNumber === 1, refuse(403, 'AccessDenied'));
      await assert.rejects(trial.backup({ client }), (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /^pg_dump ended with status 1: pg_dump: error: something at the end/);
        return true;
      });
      for (const role of roles)
        assert.deepEqual(await trial.look(role), { sealed: [earlier.backupId], rests: 0, uploads: 0 });
    });

  it('cancelled: nothing is in either', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const { proxies, earlier } = trial;
    const cancelling = new AbortController();
    proxies.store.on(
      seen => seen.partNumber === 2,
      exchange => {
        cancelling.abort(new Failure('cancelled by the test'));
        return exchange.stallAnswerAfterBytes(-1);
      },
    );
    await assert.rejects(trial.backup({}, { signal: cancelling.signal }), /cancelled by the test/);
    for (const role of roles)
      assert.deepEqual(await trial.look(role), { sealed: [earlier.backupId], rests: 0, uploads: 0 });
  });

  it('nothing is pruned after a backup that is in one alone', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxies.replica.on('CreateMultipartUpload', refuse(403, 'AccessDenied'));
    const made = await trial.backup({ keep: '1d', minimum: '1' });
    assert.equal(made.pruned, null);
    assert.ok(trial.warnings.includes('nothing is pruned after a backup that is not in every store'));
  });

  it('a policy of each is carried out after the seal', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const made = await trial.backup({ keep: '1d', 'replica-keep': '2d', minimum: '1' });
    assert.deepEqual(
      [made.pruned?.policy, made.pruned?.replica?.policy].map(policy => policy?.split(',')[0]),
      ['1 daily', '2 daily'],
    );
    const without = await trial.backup({ keep: '1d', minimum: '1' });
    assert.equal(without.pruned?.replica, null);
  });

  it('backups of another database under the name in the replica are refused', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const { cluster, server, proxies } = trial;
    const another = await cluster.createDatabase();
    t.after(() => cluster.dropDatabase(another));
    const elsewhere = server.url('elsewhere', 'backups', proxies.store.endpoint);
    await assert.rejects(
      trial.backup({ store: elsewhere, 'database-url': cluster.url(another) }),
      /the backups under shop come from another database/,
    );
  });

  it('one that is in the store alone is not used again by reuse-within', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    assert.equal((await trial.backup({ 'reuse-within': '1h' })).reused, true);
    const { server, proxies } = trial;
    const fresh = { replica: server.url('elsewhere', 'backups', proxies.replica.endpoint), 'reuse-within': '1h' };
    assert.equal((await trial.backup(fresh)).reused, false);
  });
});
