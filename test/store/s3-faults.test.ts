import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseCeilingMilliseconds } from '../../src/store/s3-connection.ts';
import { decoded } from '../../src/store/s3-list.ts';
import { bytes, digest } from '../../src/streams.ts';
import { errorDocument, refuse, type Fault, type SeenRequest } from '../support/s3-proxy.ts';
import { assertFails, Body, failureOf, mebibyte, openTrial, type Trial } from './trial.ts';

const key = 'db/2026/dump.age';
const sizeBytes = 20 * mebibyte; // three parts
const part = (number: number) => (seen: SeenRequest) => seen.partNumber === number;

/** A put that must go well in spite of everything, and be the right bytes. */
async function assertPuts({ store, server }: Trial, size = sizeBytes): Promise<void> {
  const sha256 = await new Body(size).sha256();
  const stored = await store.put(key, new Body(size));
  assert.deepEqual(stored, { key, sizeBytes: size, sha256, proof: 'checksum' });
  assert.deepEqual(await digest(await store.get(key)), { sizeBytes: size, sha256 });
  assert.deepEqual(await server.uploads('lifeboat'), []);
}

/** A put that must fail so, and leave nothing, with its body closed. */
async function assertFailsClean(trial: Trial, message: RegExp, hint?: RegExp, size = sizeBytes) {
  const body = new Body(size);
  const failure = await assertFails(trial.store.put(key, body), message, hint);
  assert.match(failure.message, /object db\/2026\/dump\.age in s3:\/\/lifeboat\/backups/);
  assert.equal(body.closed, 1);
  await trial.assertNothingLeft();
  return failure;
}

function count({ proxy }: Trial, operation: string): number {
  return proxy.operations.filter(each => each === operation).length;
}

test('S3: a put without faults sends each part once, with our SHA-256 as the hash of the signature', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await assertPuts(trial);
  assert.equal(count(trial, 'UploadPart'), 3);
  assert.deepEqual(trial.pauses, []);
  for (const { headers } of trial.proxy.requests.filter(({ operation }) => operation === 'UploadPart')) {
    const signed = Buffer.from(String(headers['x-amz-content-sha256']), 'hex').toString('base64');
    assert.equal(headers['x-amz-checksum-sha256'], signed);
    assert.equal(headers['x-amz-checksum-crc32'], undefined);
    assert.equal(headers.expect, undefined);
  }
});

test('S3: 503 SlowDown for a while', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(2), refuse(503, 'SlowDown'), 5);
  trial.proxy.on('PutObject', refuse(503, 'SlowDown'), 7);
  await assertPuts(trial);
  assert.equal(trial.pauses.length, 5);
  for (const [index, pause] of trial.pauses.entries()) assert.ok(pause <= pauseCeilingMilliseconds(index + 1));
  await assertPuts(trial, 100);
});

test('S3: 503 SlowDown without end', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(2), refuse(503, 'SlowDown'));
  await assertFailsClean(trial, /keeps asking to slow down \(503 SlowDown\) \(8 tries\)$/, /fewer jobs/);
  trial.proxy.on('PutObject', refuse(503, 'SlowDown'));
  await assertFailsClean(trial, /^cannot write object .* slow down/, /fewer jobs/, 10);
  assert.equal(count(trial, 'PutObject'), 8, 'one layer of retries');
});

test('S3: 429 for a while', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on('UploadPart', refuse(429, 'TooManyRequests'), 4);
  await assertPuts(trial);
});

test('the pauses between tries grow, and last more than a minute in all on average', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7].map(pauseCeilingMilliseconds);
  assert.deepEqual(ceilings, [3_000, 6_000, 12_000, 24_000, 40_000, 40_000, 40_000]);
  assert.ok(ceilings.reduce((sum, each) => sum + each / 2, 0) > 60_000);
});

for (const number of [1, 2, 3]) {
  test(`S3: 500 on part N, N = ${number}`, async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(part(number), refuse(500, 'InternalError'), 3);
    await assertPuts(trial);
    trial.proxy.on(part(number), refuse(500, 'InternalError'));
    await trial.store.remove(key);
    await assertFailsClean(trial, /cannot upload .* the store answered 500 InternalError.*\(8 tries\)/, /try later/);
  });
}

test('S3: 502 and 504 of something before the store, with a page of HTML or nothing', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(1), exchange => exchange.answer(502, '<html><body><p>Bad gateway</body></html>'), 2);
  trial.proxy.on(part(2), exchange => exchange.answer(504), 2);
  trial.proxy.on('HeadObject', exchange => exchange.answer(503), 2);
  await assertPuts(trial);
  trial.proxy.on('CreateMultipartUpload', exchange => exchange.answer(502, '<html><p>Bad gateway</html>'));
  await trial.store.remove(key);
  await assertFailsClean(trial, /the store answered 502/, /try later/);
});

test('S3: connection reset mid-part', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(2), exchange => exchange.resetAfterBytes(3 * mebibyte), 3);
  trial.proxy.on(part(3), exchange => exchange.resetAfterBytes(0), 1);
  await assertPuts(trial);
  await trial.store.remove(key);
  trial.proxy.on(part(2), exchange => exchange.resetAfterBytes(3 * mebibyte));
  await assertFailsClean(
    trial,
    /the connection to 127\.0\.0\.1:\d+ broke \((ECONNRESET|EPIPE)\) \(8 tries\)/,
    /network/,
  );
});

test('S3: connection reset before the answer, at each request of an upload', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const resets: Fault = exchange => exchange.resetAnswerAfterBytes(-1);
  for (const operation of ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject']) {
    trial.proxy.on(operation, resets, 1);
    await assertPuts(trial);
    assert.deepEqual(await trial.server.uploads('lifeboat'), [], `after ${operation}`);
  }
  trial.proxy.on('PutObject', resets, 1);
  await assertPuts(trial, 10);
  // many stores forget an upload once it is complete
  trial.proxy.on('CompleteMultipartUpload', refuse(404, 'NoSuchUpload'), 1);
  trial.proxy.on('CompleteMultipartUpload', resets, 1);
  await assertPuts(trial);
  await trial.store.remove(key);
  trial.proxy.on('CompleteMultipartUpload', resets, 1);
  trial.proxy.on('CompleteMultipartUpload', refuse(500, 'InternalError'), 20);
  await trial.store.put('db/other', bytes('untouched'));
  await assertFails(
    trial.store.put(key, new Body(sizeBytes)),
    /cannot complete the upload of object .* 500 InternalError/,
  );
  assert.deepEqual(
    await trial.server.keys('lifeboat'),
    ['backups/db/other'],
    'the object that was made after all is gone',
  );
  assert.deepEqual(await trial.server.uploads('lifeboat'), []);
});

test('S3: stalled socket', async t => {
  const trial = await openTrial(t, { idleMilliseconds: 500 });
  if (!trial) return;
  const stalls: Fault = exchange => exchange.stallAnswerAfterBytes(-1);
  trial.proxy.on(part(2), stalls, 2);
  trial.proxy.on('CreateMultipartUpload', stalls, 1);
  trial.proxy.on('HeadObject', stalls, 1);
  await assertPuts(trial);
  await trial.store.remove(key);
  trial.proxy.on(part(2), stalls);
  await assertFailsClean(trial, /does not answer, or the connection stalled \(8 tries\)/, /network/);
});

test('S3: a completion may be silent for longer than other requests, but not for ever', async t => {
  const trial = await openTrial(t, { idleMilliseconds: 500, completionMilliseconds: 10_000 });
  if (!trial) return;
  const slow: Fault = async exchange => {
    await new Promise(resolve => setTimeout(resolve, 1_500));
    await exchange.change(answer => answer);
  };
  trial.proxy.on('CompleteMultipartUpload', slow, 1);
  await assertPuts(trial);
  assert.equal(count(trial, 'CompleteMultipartUpload'), 1);
});

const errorsIn200: [name: string, body: string][] = [
  ['an error document', errorDocument('InternalError')],
  ['an error document and a line end', `   \n${errorDocument('InternalError')}\n`],
  ['nothing', ''],
  ['something else', '<?xml version="1.0"?><CompleteMultipartUploadResult></CompleteMultipartUploadResult>'],
  ['half an answer', '<?xml version="1.0"?><CompleteMultipartUploadResult><Location>http'],
];
for (const [name, body] of errorsIn200) {
  test(`S3: 200 with an error body on completion: ${name}`, async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const lies: Fault = exchange => exchange.answer(200, body, { 'content-type': 'application/xml' });
    trial.proxy.on('CompleteMultipartUpload', lies, 2);
    await assertPuts(trial);
    // carried out, and only then the error
    const spoils: Fault = exchange => exchange.change(answer => ({ ...answer, body: Buffer.from(body) }));
    trial.proxy.on('CompleteMultipartUpload', spoils, 1);
    await assertPuts(trial);
    await trial.store.remove(key);
    trial.proxy.on('CompleteMultipartUpload', lies);
    await assertFailsClean(trial, /^cannot complete the upload of object .*\(8 tries\)/);
  });
}

test('S3: a part that is hurt on its way is sent again', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(1), refuse(400, 'BadDigest'), 1);
  trial.proxy.on(part(2), refuse(400, 'XAmzContentSHA256Mismatch'), 1);
  trial.proxy.on(part(3), refuse(400, 'RequestTimeout'), 1);
  await assertPuts(trial);
});

test('S3: an upload that somebody else ended fails, at once', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(3), refuse(404, 'NoSuchUpload'));
  await assertFailsClean(trial, /the store answered 404 NoSuchUpload/);
  assert.deepEqual(trial.pauses, []);
  trial.proxy.on('CompleteMultipartUpload', refuse(404, 'NoSuchUpload'));
  trial.proxy.on(part(3), exchange => exchange.change(answer => answer));
  await assertFailsClean(trial, /404 NoSuchUpload/);
});

test('S3: an object that vanishes between its upload and its proof is no success', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on('HeadObject', exchange => exchange.answer(404));
  await assertFailsClean(trial, /cannot look at object .* 404/);
  await assertFailsClean(trial, /cannot look at object .* 404/, undefined, 10);
});

test('S3: a failed part ends the reading of a body that waits', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(part(1), refuse(403, 'AccessDenied'));
  const silent = async function* () {
    yield* new Body(9 * mebibyte);
    await new Promise<never>(() => {});
  };
  await assertFails(trial.store.put(key, silent()), /denies access \(403 AccessDenied\)/);
  await trial.assertNothingLeft();
});

test('S3: abort at each request of an upload leaves nothing', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const reason = new Error('stopped by the user');
  const operations = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject', 'PutObject'];
  for (const operation of operations) {
    for (const moment of ['before', 'after'] as const) {
      const stop = new AbortController();
      const aborts: Fault = async exchange => {
        if (moment === 'before') stop.abort(reason);
        await exchange.change(answer => answer);
        stop.abort(reason);
      };
      trial.proxy.on(operation, aborts, 1);
      const body = new Body(operation === 'PutObject' ? 10 : sizeBytes);
      const put = trial.store.put(key, body, { signal: stop.signal });
      assert.equal(await failureOf(put), reason, `${moment} ${operation}`);
      assert.equal(body.closed, 1);
      await trial.assertNothingLeft();
    }
  }
});

test('S3: chunks that fit neither parts nor slabs make the right object', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const cutting = { partSizeBytes: () => 16 * mebibyte, mostParts: 10 };
  const store = trial.open(trial.server.url('lifeboat', 'backups'), { cutting });
  const sha256 = await new Body(40 * mebibyte).sha256();
  for (const chunkBytes of [1_000_003, 3 * mebibyte + 1]) {
    assert.equal((await store.put(key, new Body(40 * mebibyte, chunkBytes))).sha256, sha256);
    assert.deepEqual(await digest(await store.get(key)), { sizeBytes: 40 * mebibyte, sha256 });
  }
});

test('S3: keys of a listing are read as the store encodes them', () => {
  assert.equal(decoded('a+b%2Bc%20d%0A', 'url'), 'a b+c d\n');
  assert.equal(decoded('a+b%2Bc', undefined), 'a+b%2Bc');
});

test('S3: an object that needs more parts than there are is refused by name', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const cutting = { partSizeBytes: () => 8 * mebibyte, mostParts: 2 };
  const store = trial.open(trial.server.url('lifeboat', 'backups'), { cutting });
  assert.equal((await store.put(key, new Body(16 * mebibyte))).sizeBytes, 16 * mebibyte);
  await store.remove(key);
  const put = store.put(key, new Body(16 * mebibyte + 1));
  await assertFails(put, /object db\/2026\/dump\.age is larger than 0 GB, the most that s3:\/\/lifeboat/, /split/);
  await trial.assertNothingLeft();
});

test('S3: clearUnfinished ends what killed runs left, under the prefix alone', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { server, store } = trial;
  for (const name of ['db/a', 'db/a', 'db/b c+d', 'dbx', 'other/a'])
    await server.leaveUpload('lifeboat', `backups/${name}`);
  await server.leaveUpload('lifeboat', 'elsewhere/db/a');
  assert.equal(await store.clearUnfinished('db/'), 3);
  assert.deepEqual(await server.uploads('lifeboat'), ['backups/dbx', 'backups/other/a', 'elsewhere/db/a']);
  assert.equal(await store.clearUnfinished(''), 2);
  assert.equal(await store.clearUnfinished(''), 0);
  assert.deepEqual(await server.uploads('lifeboat'), ['elsewhere/db/a']);
});

test('S3: a listing that fails half way throws, and one with a hiccup goes on', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { server, store, proxy } = trial;
  for (let index = 0; index < 5; index++) await server.putForeign('lifeboat', `backups/db/${index}`, 'x');
  const smallPages: Fault = exchange =>
    exchange.change(answer => {
      const body = answer.body.toString().replace('<IsTruncated>false', '<IsTruncated>true');
      const next = '<NextContinuationToken>next</NextContinuationToken></ListBucketResult>';
      return { ...answer, body: Buffer.from(body.replace('</ListBucketResult>', next)) };
    });
  proxy.on('ListObjectsV2', refuse(503, 'SlowDown'));
  proxy.on('ListObjectsV2', smallPages, 1);
  const seen: string[] = [];
  const listing = async () => {
    for await (const object of store.list('db/')) seen.push(object.key);
  };
  await assertFails(listing(), /cannot list s3:\/\/lifeboat\/backups.*slow down/);
  assert.equal(seen.length, 5);
  const endless: Fault = exchange =>
    exchange.change(answer => ({
      ...answer,
      body: Buffer.from(answer.body.toString().replace('<IsTruncated>false', '<IsTruncated>true')),
    }));
  proxy.on('ListObjectsV2', endless);
  await assertFails(listing(), /says that there is more, but not where/);
});
