import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ObjectMissing } from '../../src/store/missing.ts';
import { digest } from '../../src/streams.ts';
import { refuse, type Fault } from '../support/s3-proxy.ts';
import { assertFails, Body, failureOf, mebibyte, openTrial, type Trial } from './trial.ts';

const key = 'db/dump.age';
const sizeBytes = 20 * mebibyte;

async function read({ store }: Trial) {
  return digest(await store.get(key));
}

test('S3: a download that is reset goes on where it broke', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { sha256 } = await trial.store.put(key, new Body(sizeBytes));
  trial.proxy.on('GetObject', exchange => exchange.resetAnswerAfterBytes(3 * mebibyte), 5);
  assert.deepEqual(await read(trial), { sizeBytes, sha256 });
  const ranges = trial.proxy.requests
    .filter(({ operation }) => operation === 'GetObject')
    .map(({ headers }) => headers);
  assert.equal(ranges.length, 6);
  assert.equal(ranges[0]?.range, undefined);
  for (const headers of ranges.slice(1)) {
    assert.match(String(headers.range), /^bytes=[1-9][0-9]*-$/);
    assert.match(String(headers['if-match']), /^"/);
  }
});

test('S3: a download that stalls, or is answered by 503 meanwhile, goes on where it broke', async t => {
  const trial = await openTrial(t, { idleMilliseconds: 500 });
  if (!trial) return;
  const { sha256 } = await trial.store.put(key, new Body(sizeBytes));
  trial.proxy.on('GetObject', refuse(503, 'SlowDown'), 3);
  trial.proxy.on('GetObject', exchange => exchange.stallAnswerAfterBytes(2 * mebibyte), 2);
  assert.deepEqual(await read(trial), { sizeBytes, sha256 });
});

test('S3: a download that moves on between its breaks may break more often than there are tries', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { sha256 } = await trial.store.put(key, new Body(sizeBytes));
  trial.proxy.on('GetObject', exchange => exchange.resetAnswerAfterBytes(1.5 * mebibyte), 12);
  assert.deepEqual(await read(trial), { sizeBytes, sha256 });
});

test('S3: a download that keeps breaking at one place fails', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await trial.store.put(key, new Body(sizeBytes));
  const breaks: Fault = exchange => exchange.resetAnswerAfterBytes(exchange.seen.headers.range ? 0 : 5 * mebibyte);
  trial.proxy.on('GetObject', breaks);
  await assertFails(read(trial), /cannot read object db\/dump\.age in .* keeps breaking \(ECONNRESET/, /network/);
  assert.ok(trial.proxy.requests.length < 20);
});

test('S3: a download is never put together of two objects', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await trial.store.put(key, new Body(sizeBytes));
  let isReplaced = () => {};
  const replaced = new Promise<void>(resolve => (isReplaced = resolve));
  const replaces: Fault = async exchange => {
    await exchange.resetAnswerAfterBytes(3 * mebibyte);
    await trial.server.putForeign('lifeboat', `backups/${key}`, 'z'.repeat(sizeBytes));
    isReplaced();
  };
  trial.proxy.on('GetObject', replaces, 1);
  // the connection breaks before the object is another one
  trial.proxy.on(
    ({ operation, headers }) => operation === 'GetObject' && headers.range !== undefined,
    async exchange => {
      await replaced;
      await exchange.change(answer => answer);
    },
  );
  await assertFails(read(trial), /object db\/dump\.age in .* changed while it was read/);
});

test('S3: a store that ignores ranges is found out', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await trial.store.put(key, new Body(sizeBytes));
  const ignores: Fault = exchange =>
    exchange.change(({ body, headers }) => {
      const { 'content-range': range, ...rest } = headers;
      assert.ok(range);
      return { status: 200, headers: rest, body };
    });
  trial.proxy.on('GetObject', ignores);
  trial.proxy.on('GetObject', exchange => exchange.resetAnswerAfterBytes(3 * mebibyte), 1);
  await assertFails(read(trial), /the store ignores ranges/);
});

test('S3: an object that ends too early is taken up, not handed on as whole', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { sha256 } = await trial.store.put(key, new Body(sizeBytes));
  // the length is told elsewhere, and the body ends in good order
  const shortens: Fault = exchange =>
    exchange.change(({ status, headers, body }) => ({
      status,
      headers: { ...headers, 'content-range': `bytes 0-${sizeBytes - 1}/${sizeBytes}` },
      body: body.subarray(0, 7 * mebibyte),
    }));
  trial.proxy.on('GetObject', shortens, 1);
  assert.deepEqual(await read(trial), { sizeBytes, sha256 });
});

test('S3: a reader that pauses for longer than a socket may be idle still gets all', async t => {
  const trial = await openTrial(t, { idleMilliseconds: 500 });
  if (!trial) return;
  const patient = trial.open(trial.server.url('lifeboat', 'backups'), { patience: { idleMilliseconds: 60_000 } });
  const { sha256 } = await patient.put(key, new Body(sizeBytes));
  const slowly = async function* () {
    let passed = 0;
    for await (const chunk of (await trial.store.get(key)) as AsyncIterable<Buffer>) {
      const isHalfWay = passed < sizeBytes / 2 && passed + chunk.length >= sizeBytes / 2;
      passed += chunk.length;
      if (isHalfWay) await pause(1_500);
      yield chunk;
    }
  };
  assert.deepEqual(await digest(slowly()), { sizeBytes, sha256 });
});

test('S3: abort of a download that stalls is not waited for', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  await trial.store.put(key, new Body(sizeBytes));
  trial.proxy.on('GetObject', exchange => exchange.stallAnswerAfterBytes(2 * mebibyte));
  const reason = new Error('stopped by the user');
  const stop = new AbortController();
  const stream = await trial.store.get(key, stop.signal);
  setTimeout(() => stop.abort(reason), 50);
  assert.equal(await failureOf(digest(stream)), reason);
});

test('S3: a 404 without a word is a missing object', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  trial.proxy.on('GetObject', exchange => exchange.answer(404));
  assert.ok((await failureOf(trial.store.get(key))) instanceof ObjectMissing);
});
