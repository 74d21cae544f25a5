import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { sendOnce } from '../src/alert/http.ts';
import { insistently } from '../src/delivery.ts';
import { type Answer, startReceiver, testMeans } from './alert/receiver.ts';

const post = (url: string) => ({ url: new URL(url), method: 'POST' as const, body: '{"a":1}' });

describe('a request that is sent insistently', () => {
  const send = (url: string, { means } = testMeans()) => insistently(means, () => sendOnce(post(url), means));

  it('is sent once where it is taken', async t => {
    const receiver = await startReceiver(t);
    const { means, waits } = testMeans();
    assert.equal(await send(`${receiver.origin}/a?b=c`, { means, waits }), 'ok');
    const [{ method, path, headers, body } = {}] = receiver.received;
    assert.deepEqual([method, path, body, headers?.['user-agent']], ['POST', '/a?b=c', '{"a":1}', 'pg-lifeboat/1.2.3']);
    assert.deepEqual([receiver.received.length, waits], [1, []]);
  });

  const passing: [what: string, answer: Answer, waits: number[]][] = [
    ['an outage, status 500', { status: 500 }, [2]],
    ['status 503 that says for how long', { status: 503, headers: { 'retry-after': '17' } }, [17]],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '30' } }, [30]],
    ['429 with a part of a second', { status: 429, headers: { 'retry-after': '0.3' } }, [1]],
    ['429 without it', { status: 429 }, [2]],
    ['429 with nonsense in it', { status: 429, headers: { 'retry-after': 'soon' } }, [2]],
    ['a connection that is reset', { breaks: 'reset' }, [2]],
    ['an answer that breaks off', { breaks: 'half way' }, [2]],
    ['a time-out', { breaks: 'silence' }, [2]],
  ];
  for (const [what, answer, expected] of passing)
    it(`is sent again after ${what}`, async t => {
      const receiver = await startReceiver(t);
      receiver.answers.push(answer);
      const { means, waits } = testMeans(1000);
      assert.equal(await send(receiver.origin, { means, waits }), 'ok');
      assert.deepEqual([receiver.received.length, waits], [2, expected]);
    });

  it('waits until a date that the other side names', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ status: 429, headers: { 'retry-after': new Date(Date.now() + 20_000).toUTCString() } });
    const { means, waits } = testMeans();
    await send(receiver.origin, { means, waits });
    assert.ok(waits.length === 1 && (waits[0] ?? 0) > 15 && (waits[0] ?? 0) <= 20, String(waits));
  });

  it('is given up after three tries, with longer waits between', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push(
      { status: 500 },
      { breaks: 'silence' },
      { status: 502, body: 'bad <b>gateway</b>\n::error::x' },
    );
    const { means, waits } = testMeans(1000);
    await assert.rejects(send(receiver.origin, { means, waits }), {
      message: 'it answered with status 502: bad <b>gateway</b> | ::error::x, in each of 3 tries',
    });
    assert.deepEqual([receiver.received.length, waits], [3, [2, 4]]);
  });

  it('says what happened where nobody answers', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ breaks: 'silence' }, { breaks: 'silence' }, { breaks: 'silence' });
    await assert.rejects(send(receiver.origin, testMeans(200)), {
      message: 'no answer within 0.2 s, in each of 3 tries',
    });
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise(resolve => server.close(resolve));
    await assert.rejects(send(`http://127.0.0.1:${port}/secret-path`), {
      message: `connect ECONNREFUSED 127.0.0.1:${port}, in each of 3 tries`,
    });
    await assert.rejects(
      send('http://lifeboat.invalid/secret-path'),
      /^Failure: getaddrinfo E\w+ lifeboat.invalid, in each/,
    );
  });

  it('is not sent again where it was refused, or where it must wait for more than a minute', async t => {
    const receiver = await startReceiver(t);
    const { means, waits } = testMeans();
    for (const status of [400, 401, 403, 404, 410, 413]) {
      receiver.answers.push({ status, body: 'no_service' });
      await assert.rejects(send(receiver.origin, { means, waits }), {
        message: `it answered with status ${status}: no_service`,
      });
    }
    receiver.answers.push({ status: 429, headers: { 'retry-after': '61' }, body: '' });
    await assert.rejects(send(receiver.origin, { means, waits }), {
      message: 'it answered with status 429, and it asks to be left alone for 61 s',
    });
    assert.deepEqual([receiver.received.length, waits], [7, []]);
  });

  it('ends at once when the run is cancelled', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ breaks: 'silence' });
    const cancelling = new AbortController();
    const means = { ...testMeans(60_000).means, signal: cancelling.signal };
    const sending = insistently(means, () => sendOnce(post(receiver.origin), means));
    setTimeout(() => cancelling.abort(new Error('cancelled by SIGTERM')), 100);
    await assert.rejects(sending, { message: 'cancelled by SIGTERM' });
  });

  it('reads no more than the beginning of an answer', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ body: 'x'.repeat(3_000_000) });
    assert.equal((await send(receiver.origin)).length, 4096);
    receiver.answers.push({ body: 'x'.repeat(5000), breaks: 'endless' });
    assert.equal((await send(receiver.origin)).length, 4096);
    receiver.answers.push({ status: 400, body: 'x'.repeat(3_000_000) });
    await assert.rejects(send(receiver.origin), { message: `it answered with status 400: ${'x'.repeat(119)}…` });
  });
});

describe('a redirect', () => {
  const send = (url: string, method: 'GET' | 'POST' = 'POST') => {
    const { means } = testMeans();
    return sendOnce({ ...post(url), method, body: method === 'GET' ? undefined : '{"a":1}' }, means);
  };

  it('is followed on the same host, with what was sent', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ status: 308, headers: { location: '/there?x=1' } });
    await send(`${receiver.origin}/here`);
    assert.deepEqual(
      receiver.received.map(({ method, path, body }) => [method, path, body]),
      [
        ['POST', '/here', '{"a":1}'],
        ['POST', '/there?x=1', '{"a":1}'],
      ],
    );
    receiver.answers.push({ status: 302, headers: { location: `${receiver.origin}/there` } });
    await send(receiver.origin, 'GET');
    assert.equal(receiver.received.at(-1)?.path, '/there');
  });

  it('is never followed to another host, port or scheme', async t => {
    const receiver = await startReceiver(t);
    const other = await startReceiver(t);
    for (const location of [
      `${other.origin}/x`,
      '//elsewhere.test/x',
      `${receiver.origin.replace('http', 'https')}/`,
      'ftp://a/',
      'http://[',
      'javascript:x',
    ]) {
      for (const method of ['GET', 'POST'] as const) {
        receiver.answers.push({ status: 307, headers: { location } });
        await assert.rejects(send(receiver.origin, method), {
          message: 'it leads to another host, which is not followed',
        });
      }
    }
    assert.deepEqual(other.received, []);
  });

  it('is refused where it loses what is sent, or goes round', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ status: 302, headers: { location: '/x' } });
    await assert.rejects(send(receiver.origin), {
      message: 'it answered with a redirect, status 302, that loses what is sent',
    });
    receiver.answers.push(...Array.from({ length: 4 }, () => ({ status: 307, headers: { location: '/x' } })));
    await assert.rejects(send(receiver.origin), { message: 'it answered with more than 3 redirects' });
  });
});

describe('an address with a user', () => {
  it('sends it as a header, and shows it in no error', async t => {
    const receiver = await startReceiver(t);
    const { means } = testMeans();
    const url = new URL(receiver.origin);
    url.username = 'us%40er';
    url.password = 'pass%3Aword';
    await sendOnce({ url, method: 'GET' }, means);
    assert.equal(
      receiver.received[0]?.headers.authorization,
      `Basic ${Buffer.from('us@er:pass:word').toString('base64')}`,
    );
    receiver.answers.push({ status: 403, body: '' });
    await assert.rejects(sendOnce({ url, method: 'GET' }, means), { message: 'it answered with status 403' });
  });
});
