import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Pulse, pulseOf, pulseUrl, sendPulse } from '../../src/alert/heartbeat.ts';
import type { Outcome } from '../../src/alert/outcome.ts';
import { startReceiver, testMeans } from './receiver.ts';

const of = (...outcomes: Outcome[]) =>
  pulseOf(outcomes.map((outcome, index) => ({ condition: `c${index}`, outcome, cause: null })));

describe('a heartbeat', () => {
  it('is one pulse for a whole run: what failed decides', () => {
    assert.equal(of('success'), 'success');
    assert.equal(of('success', 'skipped'), 'success');
    assert.equal(of('success', 'failure', 'skipped'), 'fail');
    assert.equal(of('cancelled', 'skipped'), 'fail');
    assert.equal(of('started'), 'start');
    assert.equal(of('started', 'success'), 'success');
    assert.equal(of('skipped'), undefined);
  });

  const cases: [url: string, start: string | undefined, success: string, fail: string][] = [
    [
      'https://hc-ping.com/uuid',
      'https://hc-ping.com/uuid/start',
      'https://hc-ping.com/uuid',
      'https://hc-ping.com/uuid/fail',
    ],
    [
      'https://hc.example.com/ping/key/slug/?create=1&rid=2',
      'https://hc.example.com/ping/key/slug/start?create=1&rid=2',
      'https://hc.example.com/ping/key/slug/?create=1&rid=2',
      'https://hc.example.com/ping/key/slug/fail?create=1&rid=2',
    ],
    [
      'https://kuma.example.com/api/push/token123?status=up&msg=OK&ping=',
      undefined,
      'https://kuma.example.com/api/push/token123?status=up&msg=OK&ping=',
      'https://kuma.example.com/api/push/token123?status=down&msg=failed&ping=',
    ],
    [
      'https://kuma.example.com/api/push/token123',
      undefined,
      'https://kuma.example.com/api/push/token123?status=up&msg=OK',
      'https://kuma.example.com/api/push/token123?status=down&msg=failed',
    ],
    [
      'https://cronitor.link/p/key/nightly?env=production',
      'https://cronitor.link/p/key/nightly?env=production&state=run',
      'https://cronitor.link/p/key/nightly?env=production&state=complete',
      'https://cronitor.link/p/key/nightly?env=production&state=fail',
    ],
  ];
  for (const [url, start, success, fail] of cases)
    it(`has the forms of ${new URL(url).host}${new URL(url).search}`, () => {
      const form = (pulse: Pulse) => pulseUrl(new URL(url), pulse)?.href;
      assert.deepEqual([form('start'), form('success'), form('fail')], [start, success, fail]);
    });

  it('is a GET without anything', async t => {
    const receiver = await startReceiver(t);
    receiver.answers.push({ status: 500 });
    await sendPulse(new URL(`${receiver.origin}/uuid/fail`), testMeans().means);
    assert.deepEqual(
      receiver.received.map(({ method, path, body }) => [method, path, body]),
      [
        ['GET', '/uuid/fail', ''],
        ['GET', '/uuid/fail', ''],
      ],
    );
    receiver.answers.push({ status: 404, body: 'not found' });
    await assert.rejects(sendPulse(new URL(receiver.origin), testMeans().means), {
      message: 'it answered with status 404: not found',
    });
  });
});
