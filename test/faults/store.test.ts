import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type BackupResult, backup } from '../../src/commands/backup.ts';
import type { Context } from '../../src/commands/context.ts';
import { list } from '../../src/commands/list.ts';
import { verify } from '../../src/commands/verify.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import { Failure } from '../../src/failure.ts';
import { type Inputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import type { Log } from '../../src/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { S3Patience } from '../../src/store/s3-connection.ts';
import type { Cluster } from '../../scripts/setup/cluster.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { type Fault, type S3Proxy, errorDocument, refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { type S3Server, needsS3 } from '../support/s3-server.ts';

const bucket = 'lifeboat';

/** A database of a few parts, a real S3 server behind a proxy, and one earlier backup there. */
interface Trial {
  cluster: Cluster;
  server: S3Server;
  proxy: S3Proxy;
  earlier: BackupResult;
  warnings: string[];
  backup(more?: Record<string, string>): Promise<BackupResult>;
  /** Nothing but the earlier backup is there, whole, and no upload is unfinished. */
  assertOnlyEarlier(): Promise<void>;
}

function inputsOf<C extends Inputs['command']>(
  command: C,
  values: Record<string, string>,
): Extract<Inputs, { command: C }> {
  const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  return readInputs(readTerminal([command, ...args], {}).inputs, {}) as Extract<Inputs, { command: C }>;
}

function contextOf(folder: string, warnings: string[], patience: Partial<S3Patience>): Context {
  const log: Log = {
    info: () => {},
    debug: () => {},
    warn: line => void warnings.push(line),
    group: (_title, work) => work(),
    progress: (label, totalBytes) => ({ label, totalBytes, add: () => {}, end: () => {} }),
  };
  return {
    log,
    signal: new AbortController().signal,
    now: () => new Date(),
    version: '0.0.0',
    folder,
    openStore: ({ url, accessKeyId = '', secretAccessKey = '' }) =>
      openStore(url, { credentials: { accessKeyId, secretAccessKey }, patience }),
  };
}

async function openTrial(t: TestContext, morePatience: Partial<S3Patience> = {}): Promise<Trial | undefined> {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  const server = cluster && (await needsS3(t, { buckets: [bucket] }));
  if (!cluster || !server) return undefined;
  const database = await cluster.createDatabase();
  t.after(() => cluster.dropDatabase(database));
  await cluster.query(
    'CREATE TABLE rows AS SELECT i, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 270000) i',
    undefined,
    database,
  );
  const proxy = await startS3Proxy(server);
  t.after(() => proxy.stop());
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-faults-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  const { recipient } = await generateIdentity();
  const keys = { 'access-key-id': server.accessKeyId, 'secret-access-key': server.secretAccessKey };
  const patience: Partial<S3Patience> = {
    wait: async (_milliseconds, signal) => signal?.throwIfAborted(),
    ...morePatience,
  };
  const run = (more: Record<string, string> = {}) =>
    backup(
      inputsOf('backup', {
        'database-url': cluster.url(database),
        store: server.url(bucket, 'backups', proxy.endpoint),
        name: 'shop',
        recipients: recipient,
        client: cluster.bin,
        compression: 'none',
        ...keys,
        ...more,
      }),
      contextOf(folder, warnings, patience),
    );
  const earlier = await run();
  const direct = { store: server.url(bucket, 'backups'), ...keys };
  return {
    cluster,
    server,
    proxy,
    earlier,
    warnings,
    backup: run,
    async assertOnlyEarlier() {
      const context = contextOf(folder, [], {});
      const listed = await list(inputsOf('list', direct), context);
      assert.deepEqual(
        listed.backups.map(({ backupId }) => backupId),
        [earlier.backupId],
      );
      assert.equal(listed.databases[0]?.unsealed, 0, 'the rest of a failed run is in the store');
      assert.deepEqual(await server.uploads(bucket), []);
      const { verdict } = await verify(inputsOf('verify', { ...direct, backup: earlier.backupId }), context);
      assert.equal(verdict, 'passed');
    },
  };
}

/** The backup fails with a cause and a remedy, and leaves nothing. */
async function assertFails(trial: Trial, message: RegExp, hint: RegExp, more?: Record<string, string>): Promise<void> {
  await assert.rejects(trial.backup(more), (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    assert.notEqual(error.exitStatus, 0);
    return true;
  });
  await trial.assertOnlyEarlier();
}

const ofNewBackup = (operation: string, earlier: BackupResult) => (seen: { operation: string; url: string }) =>
  seen.operation === operation && !seen.url.includes(earlier.backupId);

describe('a backup to S3', () => {
  it('healthy: in several parts, proven by the checksums of the store', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const made = await trial.backup();
    assert.ok(trial.proxy.operations.filter(operation => operation === 'UploadPart').length >= 4);
    assert.ok(made.objects.every(({ proof }) => proof === 'checksum'));
    assert.deepEqual(await trial.server.uploads(bucket), []);
  });

  it('S3: refused credentials', async t => {
    const trial = await openTrial(t);
    if (trial)
      await assertFails(trial, /does not accept the secret access key/, /secret-access-key/, {
        'secret-access-key': 'not-the-right-one',
      });
  });

  it('S3: no bucket', async t => {
    const trial = await openTrial(t);
    if (trial)
      await assertFails(trial, /bucket/, /./, {
        store: trial.server.url('no-such-bucket', 'backups', trial.proxy.endpoint),
      });
  });

  it('S3: 403 on write', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on('CreateMultipartUpload', refuse(403, 'AccessDenied'));
    await assertFails(trial, /the store denies access/, /s3:PutObject/);
  });

  it('S3: 503 SlowDown for a while', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on('UploadPart', refuse(503, 'SlowDown'), 4);
    await trial.backup();
  });

  it('S3: 503 SlowDown that does not end', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on('UploadPart', refuse(503, 'SlowDown'));
    await assertFails(trial, /slow/i, /./);
  });

  it('S3: 500 on part N', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(seen => seen.partNumber === 2, refuse(500, 'InternalError'));
    await assertFails(trial, /main\.dump\.age.*500/, /./);
  });

  it('S3: connection reset mid-part', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(
      seen => seen.partNumber === 2,
      exchange => exchange.resetAfterBytes(100_000),
      1,
    );
    await trial.backup();
  });

  it('S3: stalled socket', async t => {
    const trial = await openTrial(t, { idleMilliseconds: 600 });
    if (!trial) return;
    const stalls: Fault = exchange => exchange.stallAnswerAfterBytes(-1);
    trial.proxy.on(seen => seen.partNumber === 1, stalls);
    await assertFails(trial, /stalled|does not answer/, /network/);
  });

  it('S3: wrong checksum returned', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const lies: Fault = exchange =>
      exchange.change(answer => ({
        ...answer,
        body: Buffer.from(
          answer.body
            .toString()
            .replace(/<ChecksumSHA256>[^<]*/, '<ChecksumSHA256>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=-2'),
        ),
      }));
    trial.proxy.on('CompleteMultipartUpload', lies);
    await assertFails(trial, /SHA-256|checksum/, /./);
  });

  it('S3: 200 with an error body on completion', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on('CompleteMultipartUpload', exchange =>
      exchange.answer(200, errorDocument('InternalError'), { 'content-type': 'application/xml' }),
    );
    await assertFails(trial, /./, /./);
  });

  it('S3: clock skew', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on('CreateMultipartUpload', refuse(403, 'RequestTimeTooSkewed'));
    await assertFails(trial, /clock/, /./);
  });

  it('S3: stores without checksums: every object is read back', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(
      seen =>
        Object.keys(seen.headers).some(
          name => name.startsWith('x-amz-checksum') || name === 'x-amz-sdk-checksum-algorithm',
        ),
      refuse(400, 'InvalidArgument', 'Unsupported header x-amz-checksum-sha256'),
    );
    const made = await trial.backup();
    assert.ok(made.objects.every(({ proof }) => proof === 'read-back'));
  });

  it('manifest write fails: nothing that looks like a backup stays', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const manifest = ofNewBackup('PutObject', trial.earlier);
    trial.proxy.on(seen => manifest(seen) && seen.url.includes('manifest.json'), refuse(403, 'AccessDenied'));
    await assertFails(trial, /manifest\.json/, /s3:PutObject/);
  });

  it('manifest write fails after the store has taken it: the manifest goes first', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const manifest = ofNewBackup('PutObject', trial.earlier);
    trial.proxy.on(
      seen => manifest(seen) && seen.url.includes('manifest.json'),
      exchange => exchange.resetAnswerAfterBytes(-1),
    );
    await assertFails(trial, /manifest\.json|connection/, /./);
  });

  it('an unfinished upload that a killed run left is ended by the next run', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    await trial.server.leaveUpload(bucket, 'backups/shop/20260101T000000Z-manual-abcdef/main.dump.age');
    await trial.server.leaveUpload(bucket, 'backups/other/20260101T000000Z-manual-abcdef/main.dump.age');
    await trial.backup();
    assert.deepEqual(await trial.server.uploads(bucket), [
      'backups/other/20260101T000000Z-manual-abcdef/main.dump.age',
    ]);
  });
});

describe('a backup to a folder', () => {
  it('disk full (directory store)', async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-full-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
    if (mounted.status !== 0) {
      t.skip('only root may mount a small file system');
      return;
    }
    t.after(() => {
      spawnSync('umount', [folder]);
      return rm(folder, { recursive: true });
    });
    await assertFails(trial, /no space left|full/, /./, {
      store: pathToFileURL(join(folder, 'store')).href,
      'access-key-id': '',
      'secret-access-key': '',
    });
    const left = await readdir(folder, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      left.filter(entry => entry.isFile()).map(({ name }) => name),
      [],
    );
  });
});
