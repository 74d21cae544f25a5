import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest } from '../../src/streams.ts';
import { refuse, type Answer, type Fault, type SeenRequest } from '../support/s3-proxy.ts';
import { assertFails, Body, mebibyte, openTrial, type Trial } from './trial.ts';

const key = 'db/dump.age';
const sizes = [10, 20 * mebibyte];
const checksumHeaders = /^x-amz-(sdk-)?checksum/;

/** Some other SHA-256 in base64. */
const other = Buffer.alloc(32, 7).toString('base64');

function withoutChecksums({ status, headers, body }: Answer): Answer {
  const kept = Object.entries(headers).filter(([name]) => !checksumHeaders.test(name));
  const text = body.toString('latin1').replaceAll(/<Checksum\w+>[^<]*<\/Checksum\w+>/g, '');
  return { status, headers: Object.fromEntries(kept), body: Buffer.from(text, 'latin1') };
}

/** A store that knows nothing of checksums, and says nothing of them. */
const isSilent: Fault = exchange => exchange.change(withoutChecksums);

/** A store that refuses every header that it does not know, as B2 does. */
function refusesChecksums(status: number, code: string): [when: (seen: SeenRequest) => boolean, fault: Fault] {
  const hasChecksum = ({ headers }: SeenRequest) => Object.keys(headers).some(name => checksumHeaders.test(name));
  return [hasChecksum, refuse(status, code, "Unsupported header 'x-amz-checksum-sha256' received for this API call.")];
}

async function assertReadsBack({ store }: Trial, sizeBytes: number): Promise<void> {
  const sha256 = await new Body(sizeBytes).sha256();
  assert.deepEqual(await store.put(key, new Body(sizeBytes)), { key, sizeBytes, sha256, proof: 'read-back' });
  assert.deepEqual(await digest(await store.get(key)), { sizeBytes, sha256 });
}

for (const [status, code] of [
  [400, 'InvalidArgument'],
  [400, 'InvalidRequest'],
  [501, 'NotImplemented'],
] as const) {
  test(`S3: stores without checksums: refused with ${status} ${code}`, async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    trial.proxy.on(...refusesChecksums(status, code));
    for (const sizeBytes of sizes) await assertReadsBack(trial, sizeBytes);
    const again = trial.open(trial.server.url('lifeboat', 'backups', trial.proxy.endpoint));
    await again.checkWritable('db/');
    const before = trial.proxy.requests.length;
    await again.put(key, new Body(10));
    const sent = trial.proxy.requests.slice(before).flatMap(({ headers }) => Object.keys(headers));
    assert.deepEqual(
      sent.filter(name => checksumHeaders.test(name)),
      [],
      'what checkWritable found out is remembered',
    );
  });
}

test('S3: stores without checksums: nothing reported, everything read back', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on(() => true, isSilent);
  for (const sizeBytes of sizes) await assertReadsBack(trial, sizeBytes);
});

test('S3: stores without checksums: a byte that was changed is found by reading back', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const flips: Fault = exchange =>
    exchange.change(answer => {
      const body = Buffer.from(answer.body);
      body.writeUInt8(body.readUInt8(5) ^ 1, 5);
      return withoutChecksums({ ...answer, body });
    });
  trial.proxy.on(() => true, isSilent);
  trial.proxy.on('GetObject', flips);
  for (const sizeBytes of sizes) {
    const put = trial.store.put(key, new Body(sizeBytes));
    await assertFails(put, /object db\/dump\.age in .* is not what was sent.*\(read back\)/, /run it again/);
    await trial.assertNothingLeft();
  }
});

test('S3: another refusal than that of checksums is told as it is', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on('PutObject', refuse(400, 'InvalidArgument', 'no such storage class'), 2);
  await assertFails(trial.store.put(key, new Body(10)), /400 InvalidArgument: no such storage class/);
  assert.equal((await trial.store.put(key, new Body(10))).proof, 'checksum', 'checksums are still used');
});

const liars: [operation: string, where: string, sizeBytes: number][] = [
  ['PutObject', 'the answer to a small upload', 10],
  ['HeadObject', 'the answer to a later question', 10],
  ['UploadPart', 'the answer to a part', 20 * mebibyte],
  ['CompleteMultipartUpload', 'the answer to a completion', 20 * mebibyte],
  ['HeadObject', 'the answer to a later question, of a large object', 20 * mebibyte],
];
for (const [operation, where, sizeBytes] of liars) {
  test(`S3: wrong checksum returned in ${where}`, async t => {
    const trial = await openTrial(t);
    if (!trial) return;
    const lies: Fault = exchange =>
      exchange.change(({ status, headers, body }) => ({
        status,
        headers: { ...headers, ...(headers['x-amz-checksum-sha256'] ? { 'x-amz-checksum-sha256': other } : {}) },
        body: Buffer.from(body.toString().replaceAll(/(?<=<ChecksumSHA256>)[^<]*/g, `${other}-3`)),
      }));
    trial.proxy.on(operation, lies);
    const body = new Body(sizeBytes);
    await assertFails(trial.store.put(key, body), /reports SHA-256 BwcHBw.* where .* was sent/);
    assert.equal(body.closed, 1);
    await trial.assertNothingLeft();
  });
}

test('S3: another size than was sent is no success, although the ETag is there', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const shortens: Fault = exchange =>
    exchange.change(answer => ({ ...answer, headers: { ...answer.headers, 'content-length': '9' } }));
  trial.proxy.on('HeadObject', shortens);
  await assertFails(trial.store.put(key, new Body(10)), /reports 9 bytes where 10 were sent/);
  await trial.assertNothingLeft();
});

test('S3: the checksum may come with the upload, or be asked for later', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  for (const sizeBytes of sizes) {
    trial.proxy.on(({ operation }) => operation !== 'HeadObject', isSilent);
    assert.equal((await trial.store.put(key, new Body(sizeBytes))).proof, 'checksum');
    trial.proxy.on(
      ({ operation }) => operation !== 'HeadObject',
      exchange => exchange.change(answer => answer),
    );
    trial.proxy.on('HeadObject', isSilent);
    assert.equal((await trial.store.put(key, new Body(sizeBytes))).proof, 'checksum');
    trial.proxy.on('HeadObject', exchange => exchange.change(answer => answer));
  }
});

test('S3: credentials that may write but not read suffice where the store reports checksums, and only there', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  for (const operation of ['HeadObject', 'GetObject']) trial.proxy.on(operation, refuse(403, 'AccessDenied'));
  for (const sizeBytes of sizes) {
    assert.equal((await trial.store.put(key, new Body(sizeBytes))).proof, 'checksum');
  }
  await trial.store.remove(key);
  trial.proxy.on(({ operation }) => !/HeadObject|GetObject/.test(operation), isSilent);
  await assertFails(trial.store.put(key, new Body(10)), /cannot read object .* denies access/, /s3:GetObject/);
  await trial.assertNothingLeft();
});
