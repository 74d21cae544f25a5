import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { CommentResult } from '../../src/commands/comment.ts';
import { present } from '../../src/report/present.ts';
import { type GithubServer, startGithub, workflowToken } from '../github/server.ts';
import { makeFolder } from '../migrations/repository.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';

const marker = '<!-- pg-lifeboat:pre-migration -->';
const list = '/repos/me/shop/issues/12/comments';

/** Writes a comment as a step of a workflow does; it must end with status 0 whatever GitHub says. */
async function comment(server: GithubServer, inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const ran = await lifeboat(
    'comment',
    { body: 'the report', 'github-token': workflowToken, 'pull-request': '12', ...inputs },
    { env: { GITHUB_REPOSITORY: 'me/shop', GITHUB_API_URL: server.apiUrl, ...env } },
  );
  return { ...resultOf<CommentResult>(ran), stderr: ran.stderr };
}

async function pullRequestEvent(t: TestContext, payload: object) {
  const path = join(await makeFolder(t), 'event.json');
  await writeFile(path, JSON.stringify(payload));
  return { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path };
}

describe('comment', () => {
  it('writes one comment, and from then on writes it anew', async t => {
    const server = await startGithub(t);
    server.add('octocat', 'nice');
    const first = await comment(server);
    assert.deepEqual(
      [first.outcome, first.pullRequest, first.url],
      ['written', 12, 'https://github.com/me/shop/pull/12#issuecomment-1001'],
    );
    assert.equal(server.comments[1]?.body, `${marker}\nthe report`);
    const second = await comment(server, { body: 'another @one for #3' });
    assert.deepEqual([second.outcome, second.url], ['updated', first.url]);
    assert.deepEqual(
      server.comments.map(({ body }) => body),
      ['nice', `${marker}\nanother @\u200bone for #\u200b3`],
    );
  });

  it('begins none where it only updates', async t => {
    const server = await startGithub(t);
    const none = await comment(server, { 'update-only': 'true' });
    assert.deepEqual([none.outcome, none.url, server.comments.length], ['not needed', null, 0]);
    const { url } = await comment(server);
    const updated = await comment(server, { 'update-only': 'true', body: 'nothing migrates any more' });
    assert.deepEqual([updated.outcome, updated.url, server.comments.length], ['updated', url, 1]);
    assert.equal(server.comments[0]?.body, `${marker}\nnothing migrates any more`);
  });

  it('takes the pull request from the event, and writes nothing where there is none', async t => {
    const server = await startGithub(t);
    const event = await pullRequestEvent(t, { pull_request: { number: 12 } });
    assert.equal((await comment(server, { 'pull-request': '' }, event)).outcome, 'written');
    const none = await comment(server, { 'pull-request': '' }, { GITHUB_EVENT_NAME: 'push' });
    assert.deepEqual([none.outcome, none.pullRequest, none.url], ['nowhere to write', null, null]);
    assert.equal(server.comments.length, 1);
  });

  it('finds its comment on a later page', async t => {
    const server = await startGithub(t);
    for (let index = 0; index < 230; index += 1) server.add('octocat', `comment ${index}`);
    const own = server.add('github-actions[bot]', `${marker}\r\nold`, 'Bot');
    for (let index = 0; index < 30; index += 1) server.add('octocat', `comment ${index}`);
    assert.equal((await comment(server)).outcome, 'updated');
    assert.equal(own.body, `${marker}\nthe report`);
    assert.equal(server.comments.length, 261);
  });

  it('adopts no comment of a stranger, of another program, or one of its own that only quotes the line', async t => {
    const server = await startGithub(t);
    const others = [
      server.add('stranger', `${marker}\nmine`),
      server.add('github-actions', `${marker}\nmine`),
      server.add('other-app[bot]', `${marker}\nmine`, 'Bot'),
      server.add('github-actions[bot]', `> ${marker}\nmine`, 'Bot'),
      server.add('github-actions[bot]', `first\n${marker}\nmine`, 'Bot'),
      server.add('github-actions[bot]', '<!-- pg-lifeboat:other -->\nmine', 'Bot'),
    ];
    server.comments.push({ id: 1, body: `${marker}\nmine`, html_url: '', user: null });
    assert.equal((await comment(server)).outcome, 'written');
    for (const { body } of others) assert.match(body, /mine$/);
    assert.equal(server.comments.length, 8);
  });

  it('knows its own comments with the token of a person or of an app', async t => {
    const server = await startGithub(t);
    server.tokens.set('ghp_person', { login: 'me', type: 'User', mayWrite: true, isApp: false });
    server.tokens.set('ghs_app', { login: 'our-app[bot]', type: 'Bot', mayWrite: true, isApp: true });
    for (const token of ['ghp_person', 'ghs_app', workflowToken]) {
      assert.equal((await comment(server, { 'github-token': token })).outcome, 'written');
      assert.equal((await comment(server, { 'github-token': token })).outcome, 'updated');
    }
    assert.deepEqual(
      server.comments.map(({ user }) => user?.login),
      ['me', 'our-app[bot]', 'github-actions[bot]'],
    );
    // GraphQL may name it without its end, or say nothing
    for (const body of ['{"data":{"viewer":{"login":"github-actions"}}}', '{"data":null,"errors":[{}]}']) {
      server.faults.push({ matches: /graphql/, status: 200, body });
      assert.equal((await comment(server)).outcome, 'updated');
    }
    server.faults.push({ matches: /graphql/, status: 403 });
    assert.equal((await comment(server)).outcome, 'updated');
    assert.equal(server.comments.length, 3);
  });

  it('is not too long for GitHub', async t => {
    const server = await startGithub(t);
    const body = `# Report\n${'| a table | with @names | and 😀 |\n'.repeat(3000)}`;
    assert.equal((await comment(server, { body })).outcome, 'written');
    const text = server.comments[0]?.body ?? '';
    assert.ok(text.length > 65_000 && text.length <= 65_536, String(text.length));
    assert.match(text, /^<!-- .* -->\n_This is cut, as GitHub takes no longer comments/);
  });

  it('only warns where it is not permitted', async t => {
    const server = await startGithub(t);
    server.tokens.set('ghs_reader', { login: 'github-actions[bot]', type: 'Bot', mayWrite: false, isApp: true });
    const cases: [inputs: Record<string, string>, reason: string][] = [
      [{ 'github-token': 'ghs_reader' }, `POST ${list} with status 403: Resource not accessible by integration`],
      [{ 'github-token': 'expired' }, 'POST /graphql with status 401: Bad credentials'],
      [{ 'pull-request': '13' }, 'GET /repos/me/shop/issues/13/comments with status 404: Not Found'],
    ];
    for (const [inputs, reason] of cases) {
      const { outcome, url, stderr } = await comment(server, inputs);
      assert.deepEqual([outcome, url], ['not permitted', null]);
      assert.ok(
        stderr.includes(
          `got no comment: GitHub refused ${reason} (the job needs permissions: pull-requests: write; a fork has none)`,
        ),
        stderr,
      );
    }
    assert.equal(server.comments.length, 0);
  });

  it('only warns where GitHub has trouble, and says more than once what it wants', async t => {
    const server = await startGithub(t);
    server.faults.push({ matches: /^POST .*comments/, breaks: 'at once', after: true });
    assert.equal((await comment(server)).outcome, 'written');
    assert.equal(server.comments.length, 1);
    server.faults.push({ matches: /^PATCH/, status: 502 });
    assert.equal((await comment(server)).outcome, 'updated');
    server.faults.push({ matches: /^PATCH/, status: 422, body: '{"message":"Validation Failed"}' });
    const refused = await comment(server);
    assert.equal(refused.outcome, 'failed');
    assert.match(
      refused.stderr,
      /^warning: pull request 12 got no comment: GitHub refused PATCH \S+ with status 422: Validation Failed$/m,
    );
    server.faults.push({ status: 429, headers: { 'retry-after': '900' } });
    const busy = await comment(server);
    assert.equal(busy.outcome, 'failed');
    assert.match(
      busy.stderr,
      /got no comment: GitHub did not do POST \/graphql in one try: its rate limit is used up$/m,
    );
    assert.equal(server.comments.length, 1);
  });

  it('tells nobody the token', async t => {
    const server = await startGithub(t);
    server.faults.push({ status: 403, body: JSON.stringify({ message: `no ${workflowToken}` }), matches: /comments/ });
    const { stderr, ...result } = await comment(server);
    assert.equal(result.outcome, 'not permitted');
    assert.ok(!`${stderr}${JSON.stringify(result)}`.includes(workflowToken));
    assert.ok(
      server.seen.every(
        ({ path, authorization }) => !path.includes(workflowToken) && authorization === `Bearer ${workflowToken}`,
      ),
    );
  });

  it('is presented with the address', () => {
    const result: CommentResult = {
      command: 'comment',
      pullRequest: 12,
      outcome: 'written',
      url: 'https://github.com/x',
    };
    const { text, outputs, exitStatus } = present(result, []);
    assert.deepEqual(
      [text, outputs, exitStatus],
      ['comment: written (pull request 12)', { 'comment-url': 'https://github.com/x' }, 0],
    );
    for (const outcome of ['failed', 'not permitted', 'nowhere to write'] as const)
      assert.equal(present({ ...result, outcome, url: null }, []).exitStatus, 0);
  });
});
