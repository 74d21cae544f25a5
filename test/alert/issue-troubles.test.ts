import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { type IssueServer, startIssueServer, workflowBot } from './github.ts';
import { type Ended, type Telling, open, tasksOf, tell } from './telling.ts';

describe("GitHub's refusals", () => {
  const list = '/repos/me/shop/issues';
  it('are named', async t => {
    const server = await startIssueServer(t);
    server.tokens.set('ghs_reader', { ...workflowBot, mayWrite: false });
    const refused = (more: Telling) => assert.rejects.bind(undefined, () => tell(server, { backup: 'failure' }, more));
    await refused({ token: 'expired' })({ message: 'GitHub refused POST /graphql with status 401: Bad credentials' });
    await refused({ token: 'ghs_reader' })({
      message: `GitHub refused POST ${list} with status 403: Resource not accessible by integration`,
    });
    await refused({ target: { repository: 'me/gone' } })({
      message: 'GitHub refused GET /repos/me/gone/issues with status 404: Not Found',
    });
    server.hasIssues = false;
    await refused({})({
      message: `GitHub refused POST ${list} with status 410: Issues has been disabled in this repository.`,
    });
    assert.equal(server.issues.length, 0);
  });

  it('that pass by are waited for: outages, the secondary rate limit', async t => {
    const server = await startIssueServer(t);
    server.faults.push(
      {
        matches: /^POST .*issues$/,
        status: 403,
        headers: { 'retry-after': '60' },
        body: '{"message":"You have exceeded a secondary rate limit."}',
      },
      { matches: /^GET .*comments/, status: 502 },
      { matches: /^POST .*comments/, status: 429, headers: { 'retry-after': '5' } },
    );
    const { waits } = await tell(server, { backup: 'failure' });
    assert.deepEqual([waits, server.issues.length, server.comments.length], [[60, 2, 5], 1, 1]);
  });

  it('that only lost an answer make nothing twice', async t => {
    const server = await startIssueServer(t);
    server.faults.push(
      { matches: /^POST .*issues$/, after: true, breaks: true },
      { matches: /^POST .*comments$/, after: true, status: 500 },
    );
    await tell(server, { backup: 'failure' });
    assert.deepEqual([server.issues.length, server.comments.length], [1, 1]);
    server.faults.push({ matches: /^PATCH/, after: true, breaks: true });
    await tell(server, { backup: 'success' });
    assert.deepEqual([server.issues.length, server.comments.length, server.issues[0]?.state], [1, 1, 'closed']);
  });
});

/** Lets several runs go at once, one request at a time, in an order that a seed decides. */
async function atOnce(server: IssueServer, seed: number, runs: (() => Promise<unknown>)[]): Promise<void> {
  const waiting: (() => void)[] = [];
  let active = runs.length;
  let state = seed;
  const releaseOne = () => {
    if (waiting.length < active || waiting.length === 0) return;
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const [release] = waiting.splice(Math.floor((state / 2_147_483_648) * waiting.length), 1);
    release?.();
  };
  server.before = () =>
    new Promise<void>(resolve => {
      waiting.push(resolve);
      releaseOne();
    });
  await Promise.all(
    runs.map(async run => {
      await run();
      active -= 1;
      releaseOne();
    }),
  );
  server.before = () => undefined;
}

describe('two runs at once', () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);
  const fresh = async (t: TestContext, before: Ended) => {
    const server = await startIssueServer(t);
    if (Object.keys(before).length > 0) await tell(server, before);
    return server;
  };
  const later = { at: '2026-11-26T00:00:00Z' };
  const heads = (server: IssueServer) =>
    open(server).map(({ body }) => tasksOf(body).map(line => line.replace(/:.*/, '')));

  it('open one issue that has the lines of both', async t => {
    for (const seed of seeds) {
      const server = await fresh(t, {});
      await atOnce(server, seed, [
        () => tell(server, { backup: 'failure' }),
        () => tell(server, { drill: 'failure' }),
        () => tell(server, { prune: 'failure' }),
      ]);
      assert.deepEqual(heads(server), [['- [ ] backup', '- [ ] drill', '- [ ] prune']], `seed ${seed}`);
    }
  });

  it('lose no line of an issue that is there', async t => {
    for (const seed of seeds) {
      const server = await fresh(t, { backup: 'failure' });
      await atOnce(server, seed, [
        () => tell(server, { drill: 'failure' }, later),
        () => tell(server, { prune: 'failure', backup: 'success' }, later),
        () => tell(server, { verify: 'failure' }, later),
      ]);
      assert.deepEqual(heads(server), [['- [x] backup', '- [ ] drill', '- [ ] prune', '- [ ] verify']], `seed ${seed}`);
    }
  });

  it('close it together where each has one half', async t => {
    for (const seed of seeds) {
      const server = await fresh(t, { backup: 'failure', drill: 'failure' });
      await atOnce(server, seed, [
        () => tell(server, { backup: 'success' }, later),
        () => tell(server, { drill: 'success' }, later),
      ]);
      assert.deepEqual(heads(server), [], `seed ${seed}`);
      assert.match(server.issues[0]?.body ?? '', /- \[x\] backup[^]*- \[x\] drill/);
    }
  });

  it('never leave a failure without an open issue, when one closes what the other opens', async t => {
    for (const seed of seeds) {
      const server = await fresh(t, { backup: 'failure' });
      await atOnce(server, seed, [
        () => tell(server, { backup: 'success' }, later),
        () => tell(server, { drill: 'failure' }, later),
      ]);
      const all = heads(server).flat();
      assert.equal(open(server).length, 1, `seed ${seed}`);
      assert.ok(all.includes('- [ ] drill') && !all.includes('- [ ] backup'), `seed ${seed}: ${all.join()}`);
    }
  });
});
