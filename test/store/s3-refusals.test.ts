import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes } from '../../src/streams.ts';
import { freePort } from '../support/postgres.ts';
import { refuse, type Fault } from '../support/s3-proxy.ts';
import { all, assertFails, Body, keysOf, mebibyte, openTrial, type Trial } from './trial.ts';

const key = 'db/dump.age';

/** Every kind of request on a store that refuses them all. */
async function assertAllFail(store: Trial['store'], message: RegExp, hint: RegExp): Promise<void> {
  await assertFails(store.checkWritable('db/'), message, hint);
  await assertFails(store.put(key, new Body(10)), message, hint);
  await assertFails(store.put(key, new Body(9 * mebibyte)), message, hint);
  await assertFails(store.get(key), message, hint);
  await assertFails(keysOf(store), message, hint);
  await assertFails(all(store.listFolders('')), message, hint);
  await assertFails(store.remove(key), message, hint);
  await assertFails(store.clearUnfinished(''), message, hint);
}

test('S3: refused credentials: unknown access key', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const credentials = { accessKeyId: 'AKIDNOBODY', secretAccessKey: trial.server.secretAccessKey };
  const store = trial.open(trial.server.url('lifeboat', 'backups', trial.proxy.endpoint), { credentials });
  await assertAllFail(store, /the store does not know the access key \(XAdminUserNotFound\)$/, /check access-key-id/);
  await assertFails(store.stat(key), /does not know the access key/, /check access-key-id/);
  trial.proxy.on(() => true, refuse(403, 'InvalidAccessKeyId'));
  await assertAllFail(
    trial.store,
    /the store does not know the access key \(InvalidAccessKeyId\)$/,
    /check access-key-id/,
  );
  assert.deepEqual(trial.pauses, [], 'nothing is tried again');
});

test('S3: refused credentials: wrong secret, expired token', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { server, proxy, open } = trial;
  const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: 'wrong-secret-key' };
  const failure = await assertFails(
    open(server.url('lifeboat'), { credentials }).checkWritable(''),
    /cannot start the upload of object \.lifeboat-probe in s3:\/\/lifeboat\?.* does not accept the secret access key/,
    /secret-access-key/,
  );
  assert.doesNotMatch(String(failure.stack) + String((failure.cause as Error).stack), /wrong-secret-key/);
  proxy.on(() => true, refuse(400, 'ExpiredToken', `token ${server.secretAccessKey} of ${server.accessKeyId}`));
  await assertFails(trial.store.put(key, new Body(10)), /session token has expired/, /session-token/);
});

test('S3: no message holds the credentials, even when the store repeats them', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { accessKeyId, secretAccessKey } = trial.server;
  trial.proxy.on(() => true, refuse(400, 'InvalidThing', `${accessKeyId} and ${secretAccessKey} are wrong`));
  const failure = await assertFails(trial.store.get(key), /400 InvalidThing: \*\*\* and \*\*\* are wrong$/);
  assert.doesNotMatch(String((failure.cause as Error).stack), new RegExp(`${accessKeyId}|${secretAccessKey}`));
});

test('S3: no bucket', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const store = trial.open(trial.server.url('no-such-bucket', 'backups'));
  await assertAllFail(store, /there is no bucket no-such-bucket \(NoSuchBucket\)$/, /create the bucket/);
  await assertFails(store.stat(key), /there is no bucket no-such-bucket/, /create the bucket/);
  assert.deepEqual(trial.pauses, []);
});

const rights: [operation: string, right: string, work: (trial: Trial) => Promise<unknown>][] = [
  ['CreateMultipartUpload', 's3:PutObject', ({ store }) => store.checkWritable('db/')],
  ['AbortMultipartUpload', 's3:AbortMultipartUpload', ({ store }) => store.checkWritable('db/')],
  ['PutObject', 's3:PutObject', ({ store }) => store.put(key, new Body(10))],
  ['CreateMultipartUpload', 's3:PutObject', ({ store }) => store.put(key, new Body(9 * mebibyte))],
  ['UploadPart', 's3:PutObject', ({ store }) => store.put(key, new Body(9 * mebibyte))],
  ['CompleteMultipartUpload', 's3:PutObject', ({ store }) => store.put(key, new Body(9 * mebibyte))],
  ['GetObject', 's3:GetObject', ({ store }) => store.get(key)],
  ['HeadObject', 's3:GetObject and s3:ListBucket', ({ store }) => store.stat(key)],
  ['ListObjectsV2', 's3:ListBucket', ({ store }) => keysOf(store)],
  ['ListMultipartUploads', 's3:ListBucketMultipartUploads', ({ store }) => store.clearUnfinished('')],
  ['DeleteObject', 's3:DeleteObject', ({ store }) => store.remove(key)],
];
for (const [operation, right, work] of rights) {
  test(`S3: 403 on write, read or removal: ${operation} names ${right}`, async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(operation, refuse(403, 'AccessDenied', 'Access Denied'));
    await assertFails(work(trial), /(denies access|refuses) \(403 /, new RegExp(right));
    assert.deepEqual(trial.pauses, [], 'it is not tried again');
    if (operation === 'AbortMultipartUpload') return;
    await trial.assertNothingLeft();
  });
}

test('S3: clock skew', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const halfAnHour = 30 * 60_000;
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + halfAnHour });
  await assertFails(
    trial.store.checkWritable('db/'),
    /the clock of this machine is off by (29|30) minutes \(ahead\)$/,
    /set the clock/,
  );
  await assertFails(trial.store.stat(key), /the clock of this machine is off by (29|30) minutes/, /set the clock/);
  t.mock.timers.setTime(Date.now() - 2 * halfAnHour);
  await assertFails(trial.store.put(key, new Body(10)), /off by 30 minutes \(behind\)/, /set the clock/);
  assert.deepEqual(trial.pauses, []);
  t.mock.timers.reset();
  await trial.store.put(key, new Body(10));
});

test('S3: host unknown', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const store = trial.open('s3://lifeboat?endpoint=http://no-such-host.invalid');
  await assertFails(store.checkWritable(''), /the host of no-such-host\.invalid is unknown/, /check the endpoint/);
});

test('S3: connection refused is told at once by a place that never answered', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const store = trial.open(`s3://lifeboat?endpoint=${endpoint}`);
  await assertFails(store.checkWritable(''), /127\.0\.0\.1:\d+ refuses the connection$/, /check the endpoint/);
  assert.deepEqual(trial.pauses, []);
});

test('S3: connection refused is tried again at a place that has answered before', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await trial.store.checkWritable('');
  await trial.proxy.stop();
  await assertFails(trial.store.put(key, new Body(10)), /refuses the connection \(8 tries\)$/);
  assert.equal(trial.pauses.length, 7);
});

test('S3: https to a server that speaks http', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const store = trial.open(`s3://lifeboat?endpoint=https://127.0.0.1:${trial.server.port}`);
  await assertFails(store.checkWritable(''), /is not secure|broke/, /check the/);
});

test('S3: a bucket in another region is named with its region', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const redirects: Fault = exchange =>
    exchange.answer(301, '<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>', {
      'x-amz-bucket-region': 'eu-central-1',
      location: 'http://169.254.0.1/',
    });
  trial.proxy.on(() => true, redirects, 2);
  const hint = /put region=eu-central-1 into the store URL/;
  await assertFails(trial.store.checkWritable(''), /bucket lifeboat is in region eu-central-1, not in us-east-1/, hint);
  await assertFails(trial.store.stat(key), /bucket lifeboat is in region eu-central-1/, hint);
  const message = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-3'";
  trial.proxy.on(() => true, refuse(400, 'AuthorizationHeaderMalformed', message, '<Region>eu-west-3</Region>'));
  await assertFails(trial.store.checkWritable(''), /is in region eu-west-3/, /region=eu-west-3/);
});

test('S3: a redirect to another host is never followed', async t => {
  const trial = await openTrial(t);
  const other = trial && (await openTrial(t));
  if (!trial || !other) return;
  for (const status of [301, 302, 303, 307, 308]) {
    const redirects: Fault = exchange =>
      exchange.answer(status, '', { location: `${other.proxy.endpoint}${exchange.seen.url}` });
    trial.proxy.on(() => true, redirects);
    const host = new URL(other.proxy.endpoint).host;
    const message = new RegExp(`redirect to ${host.replaceAll('.', '\\.')}, which is never followed`);
    await assertFails(trial.store.put(key, new Body(10)), message);
    await assertFails(trial.store.checkWritable(''), message);
    await assertFails(trial.store.get(key), message);
    await assertFails(keysOf(trial.store), message);
  }
  assert.deepEqual(other.proxy.operations, []);
});

test('S3: an object under object lock cannot be removed, and that is said', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { server, open } = trial;
  await server.createBucket('locked', { objectLock: true });
  const store = open(`${server.url('locked', 'backups')}&object-lock=GOVERNANCE:1d`);
  await store.checkWritable('');
  await store.put('small', bytes('x'));
  await store.put('large', new Body(9 * mebibyte));
  for (const name of ['small', 'large']) {
    await assertFails(store.remove(name), new RegExp(`cannot remove object ${name} in .* the store refuses`), /locked/);
  }
  assert.deepEqual(await keysOf(store), ['large', 'small']);
});
