import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { type GithubOptions, GithubRefusal, GithubUnavailable, openGithub } from '../../src/github/api.ts';
import { startGithub, workflowToken } from './server.ts';

async function open(t: TestContext, options: Partial<GithubOptions> = {}, root?: string) {
  const server = await startGithub(t, root);
  const waited: number[] = [];
  const github = openGithub({
    apiUrl: server.apiUrl,
    token: workflowToken,
    version: '1.2.3',
    signal: new AbortController().signal,
    wait: async milliseconds => waited.push(milliseconds),
    ...options,
  });
  return { server, github, waited };
}

const comments = '/repos/me/shop/issues/12/comments';

async function failureOf<T extends Failure>(
  work: () => Promise<unknown>,
  kind: new (...args: never[]) => T,
): Promise<T> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof kind, String(error));
    return error;
  }
  return assert.fail('nothing failed');
}

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('a request to GitHub', () => {
  it('gives the JSON of the answer, or undefined', async t => {
    const { server, github } = await open(t);
    assert.deepEqual(await github.request('GET', comments), []);
    server.faults.push({ status: 204, body: '' });
    assert.equal(await github.request('DELETE', comments), undefined);
    server.faults.push({ status: 200, body: '<html>' });
    assert.match(
      (await failureOf(() => github.request('GET', comments), Failure)).message,
      /^GitHub answered with something that is no JSON$/,
    );
  });

  it('goes below the path of a GitHub Enterprise Server, and GraphQL beside it', async t => {
    const { server, github } = await open(t, {}, '/api/v3');
    await github.request('GET', comments);
    await github.request('POST', '/graphql', { query: '' });
    assert.deepEqual(
      server.seen.map(({ method, path }) => `${method} ${path}`),
      [`GET /api/v3${comments}`, 'POST /api/graphql'],
    );
  });

  it('that is refused says so, with the reason, and is not sent again', async t => {
    const { server, github, waited } = await open(t, { token: 'wrong' });
    const failure = await failureOf(() => github.request('GET', comments), GithubRefusal);
    assert.deepEqual(
      [failure.status, failure.message],
      [401, `GitHub refused GET ${comments} with status 401: Bad credentials`],
    );
    assert.deepEqual([server.seen.length, waited], [1, []]);
    server.faults.push({ status: 418, body: 'teapot' });
    assert.equal(
      (await failureOf(() => github.request('GET', comments), GithubRefusal)).message,
      `GitHub refused GET ${comments} with status 418`,
    );
  });

  it('is tried three times, with longer and longer waits, where GitHub has trouble', async t => {
    const { server, github, waited } = await open(t);
    server.faults.push({ status: 502, body: '<html>' }, { breaks: 'at once' });
    assert.deepEqual(await github.request('GET', comments), []);
    assert.deepEqual(waited, [2000, 4000]);
    server.faults.push({ status: 500 }, { status: 503 }, { status: 504 });
    assert.equal(
      (await failureOf(() => github.request('GET', comments), GithubUnavailable)).message,
      `GitHub did not do GET ${comments} in 3 tries: status 504`,
    );
    assert.equal(server.seen.length, 6);
  });

  it('waits for as long as a rate limit says, but not for ever', async t => {
    const { server, github, waited } = await open(t);
    server.faults.push(
      { status: 429, headers: { 'retry-after': '7' } },
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 9) },
      },
    );
    assert.deepEqual(await github.request('GET', comments), []);
    assert.equal(waited[0], 7000);
    assert.ok(waited[1] !== undefined && waited[1] >= 8000 && waited[1] <= 10_000, String(waited[1]));
    server.faults.push({ status: 403, body: '{"message":"You have exceeded a secondary rate limit."}' });
    assert.equal(((await github.request('POST', comments, { body: 'x' })) as { body: string }).body, 'x');
    assert.equal(waited[2], 2000);
    server.faults.push({ status: 429, headers: { 'retry-after': '3600' } });
    assert.equal(
      (await failureOf(() => github.request('GET', comments), GithubUnavailable)).message,
      `GitHub did not do GET ${comments} in one try: its rate limit is used up`,
    );
    server.faults.push({
      status: 403,
      body: '{"message":"Resource not accessible by integration"}',
      headers: { 'x-ratelimit-remaining': '10' },
    });
    await failureOf(() => github.request('GET', comments), GithubRefusal);
  });

  it('that has no answer in time is tried again', async t => {
    const { server, github } = await open(t, { timeoutMilliseconds: 200 });
    server.faults.push({ breaks: 'never' });
    assert.deepEqual(await github.request('GET', comments), []);
    server.faults.push({ breaks: 'never' }, { breaks: 'never' }, { breaks: 'never' });
    assert.match(
      (await failureOf(() => github.request('GET', comments), GithubUnavailable)).message,
      / in 3 tries: no answer in time$/,
    );
  });

  it('to nobody fails with the reason', async t => {
    const { github } = await open(t, { apiUrl: 'http://127.0.0.1:1' });
    assert.match(
      (await failureOf(() => github.request('GET', comments), GithubUnavailable)).message,
      / in 3 tries: .*(?:bad port|ECONNREFUSED)/,
    );
  });

  it('that makes something is not sent twice when it may have been done', async t => {
    const { server, github } = await open(t);
    server.faults.push({ status: 502, after: true });
    assert.equal(
      (await failureOf(() => github.request('POST', comments, { body: 'x' }), GithubUnavailable)).message,
      `GitHub did not do POST ${comments} in one try: status 502`,
    );
    assert.equal(server.comments.length, 1);
  });

  it('unless it was looked for, and is not there', async t => {
    const { server, github } = await open(t);
    const find = async () => server.comments[0];
    server.faults.push({ breaks: 'at once', after: true });
    assert.equal(((await github.request('POST', comments, { body: 'x' }, { find })) as { body: string }).body, 'x');
    server.comments.length = 0;
    server.faults.push({ breaks: 'at once' });
    assert.equal(((await github.request('POST', comments, { body: 'y' }, { find })) as { body: string }).body, 'y');
    assert.equal(server.comments.length, 1);
  });

  it('ends at once when the run is cancelled', async t => {
    const cancelling = new AbortController();
    const { server, github } = await open(t, { signal: cancelling.signal });
    server.faults.push({ breaks: 'never' });
    const asked = github.request('GET', comments);
    setTimeout(() => cancelling.abort(new Failure('cancelled by SIGTERM')), 100);
    assert.equal((await failureOf(() => asked, Failure)).message, 'cancelled by SIGTERM');
  });
});

describe('pages', () => {
  it('are read to the last one, a hundred items each', async t => {
    const { server, github } = await open(t);
    for (let index = 0; index < 250; index += 1) server.add('somebody', String(index));
    const found = await all(github.items(comments));
    assert.deepEqual(
      found.map(item => (item as { body: string }).body),
      server.comments.map(({ body }) => body),
    );
    assert.deepEqual(
      server.seen.map(({ path }) => path.split('?')[1]),
      ['per_page=100', 'per_page=100&page=2', 'per_page=100&page=3'],
    );
  });

  it('must be lists', async t => {
    const { server, github } = await open(t);
    server.faults.push({ status: 200, body: '{}' });
    assert.equal(
      (await failureOf(() => all(github.items(comments)), Failure)).message,
      `GitHub answered GET ${comments} with no list`,
    );
  });
});

describe('the token', () => {
  it('goes along with a redirect on the same host', async t => {
    const { server, github } = await open(t);
    server.faults.push({ status: 307, headers: { location: `${comments}?moved` } });
    assert.equal(((await github.request('POST', comments, { body: 'x' })) as { body: string }).body, 'x');
    assert.deepEqual(
      server.seen.map(({ path, authorization }) => [path, authorization]),
      [
        [comments, `Bearer ${workflowToken}`],
        [`${comments}?moved`, `Bearer ${workflowToken}`],
      ],
    );
    server.faults.push(...Array.from({ length: 4 }, () => ({ status: 301, headers: { location: comments } })));
    assert.equal(
      (await failureOf(() => github.request('GET', comments), Failure)).message,
      `GitHub answered GET ${comments} with more than 3 redirects`,
    );
  });

  it('goes to no other host, by a redirect or by a link', async t => {
    const { server, github } = await open(t);
    const other = await startGithub(t);
    const words = `GitHub leads from ${comments} to another host, which the token is not sent to`;
    server.faults.push({ status: 302, headers: { location: `${other.apiUrl}${comments}` } });
    assert.equal((await failureOf(() => github.request('GET', comments), Failure)).message, words);
    server.faults.push({ status: 200, body: '[]', headers: { link: `<${other.apiUrl}/x>; rel="next"` } });
    assert.equal((await failureOf(() => all(github.items(comments)), Failure)).message, words);
    assert.deepEqual(other.seen, []);
  });

  it('is in no error', async t => {
    for (const token of ['two\nlines', 'tök', 'a b', '']) {
      const failure = await failureOf(() => open(t, { token }), Failure);
      assert.deepEqual(
        [failure.exitStatus, failure.message, failure.hint],
        [64, 'input github-token is no token: it has characters that none has', 'give secrets.GITHUB_TOKEN'],
      );
    }
    const { server, github } = await open(t);
    server.faults.push(
      { status: 500 },
      { breaks: 'at once' },
      { status: 500 },
      { status: 404 },
      { status: 302, headers: { location: 'http://[' } },
    );
    for (const kind of [GithubUnavailable, GithubRefusal, Failure]) {
      const failure = await failureOf(() => github.request('GET', comments), kind as typeof Failure);
      assert.ok(!`${failure.message}${failure.stack}${JSON.stringify(failure.cause)}`.includes(workflowToken));
    }
  });
});
