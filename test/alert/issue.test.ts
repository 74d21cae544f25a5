import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hiddenLine } from '../../src/alert/issue-lines.ts';
import { startIssueServer, stranger, workflowBot, workflowToken } from './github.ts';
import { type Ended, open, tasksOf, tell, writes } from './telling.ts';

describe('an issue of alerts', () => {
  it('is opened at the first failure, with cause, time, actions and the run', async t => {
    const server = await startIssueServer(t);
    const told = await tell(server, { backup: 'failure the disk is full' }, { details: 'of the\nrunner' });
    assert.deepEqual(
      [told.outcome, told.url, told.recovered, told.problem],
      ['written', 'https://github.com/me/shop/issues/1', [], null],
    );
    const [issue] = server.issues;
    assert.equal(issue?.title, 'Backups of shop need attention');
    assert.match(issue?.body ?? '', /^<!-- pg-lifeboat:alert:shop -->\n/);
    assert.deepEqual(tasksOf(issue?.body), [
      '- [ ] backup: failed since 2026-11-25 03:17 UTC, [run](https://github.com/me/shop/actions/runs/7)',
    ]);
    assert.match(
      issue?.body ?? '',
      /\n### backup\n\n> the disk is full<br>\n> of the<br>\n> runner\n\n1\\?\. Open the run.*\n2\. Put .*\n3\. Before/,
    );
    const [comment] = server.comments;
    assert.match(
      comment?.body ?? '',
      /^<!-- .* -->\n\*\*backup\*\* failed on 2026-11-25 03:17 UTC, \[run\]\(https:\/\/github.com\/me\/shop\/actions\/runs\/7\)\.\n\n> the disk is full<br>\n> of the<br>\n> runner$/,
    );
    assert.equal(server.comments.length, 1);
  });

  it('is the same at the next failure, counts it, and needs no second comment', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    await tell(server, { backup: 'failure now the network' }, { at: '2026-11-26T03:17:00Z', run: 8 });
    assert.equal(server.issues.length, 1);
    assert.deepEqual(tasksOf(server.issues[0]?.body), [
      '- [ ] backup: failed since 2026-11-25 03:17 UTC, 2 times, last on 2026-11-26 03:17 UTC, [run](https://github.com/me/shop/actions/runs/8)',
    ]);
    assert.equal(server.comments.length, 1);
    assert.match(server.comments[0]?.body ?? '', /failed on 2026-11-26 03:17 UTC, 2 times since 2026-11-25 03:17 UTC/);
    assert.match(server.issues[0]?.body ?? '', /> now the network/);
  });

  it('ticks a line only when that same condition went well, and closes when all are', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure', drill: 'cancelled', prune: 'skipped' });
    const first = await tell(server, { backup: 'success', verify: 'success' }, { at: '2026-11-26T03:00:00Z', run: 8 });
    assert.deepEqual([first.recovered, open(server).length], [['backup'], 1]);
    assert.deepEqual(tasksOf(server.issues[0]?.body), [
      '- [x] backup: failed since 2026-11-25 03:17 UTC, good since 2026-11-26 03:00 UTC, [run](https://github.com/me/shop/actions/runs/8)',
      '- [ ] drill: failed since 2026-11-25 03:17 UTC, [run](https://github.com/me/shop/actions/runs/7)',
    ]);
    assert.doesNotMatch(server.issues[0]?.body ?? '', /### backup/);
    const second = await tell(server, { drill: 'success' }, { at: '2026-11-27T03:00:00Z' });
    assert.deepEqual([second.recovered, second.url], [['drill'], 'https://github.com/me/shop/issues/1']);
    assert.deepEqual([server.issues[0]?.state, server.issues[0]?.state_reason], ['closed', 'completed']);
    assert.match(
      server.comments[0]?.body ?? '',
      /\*\*backup\*\* went well on 2026-11-26 03:00 UTC, after it had failed once since/,
    );
  });

  it('is a new one after it was closed', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    await tell(server, { backup: 'success' });
    await tell(server, { backup: 'failure' }, { at: '2026-12-01T00:00:00Z' });
    assert.deepEqual(
      server.issues.map(({ state }) => state),
      ['closed', 'open'],
    );
    assert.match(tasksOf(server.issues[1]?.body)[0] ?? '', /failed since 2026-12-01 00:00 UTC, \[run/);
  });

  it('begins to count anew where a line had been ticked', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure', drill: 'failure' });
    await tell(server, { backup: 'success' });
    await tell(server, { backup: 'failure' }, { at: '2026-12-01T00:00:00Z' });
    assert.match(tasksOf(server.issues[0]?.body)[0] ?? '', /^- \[ \] backup: failed since 2026-12-01 00:00 UTC, \[run/);
  });

  it('is not needed by a success without one, nor by what was skipped or started', async t => {
    const server = await startIssueServer(t);
    for (const ended of [{ backup: 'success' }, { backup: 'skipped' }, { drill: 'started' }] as Ended[])
      assert.equal((await tell(server, ended)).outcome, 'nothing to write');
    assert.deepEqual(writes(server), []);
    await tell(server, { drill: 'failure' });
    server.seen.length = 0;
    const told = await tell(server, { backup: 'success', drill: 'skipped' });
    assert.deepEqual(
      [told.outcome, told.url, told.recovered],
      ['nothing to write', 'https://github.com/me/shop/issues/1', []],
    );
    assert.deepEqual(writes(server), []);
  });

  it('is one for each database', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    await tell(server, { backup: 'failure' }, { name: 'shop-2' });
    await tell(server, { backup: 'failure' }, { name: 'GH-12' });
    assert.equal(server.issues.length, 3);
    await tell(server, { backup: 'success' }, { name: 'GH-12' });
    assert.deepEqual(
      server.issues.map(({ state }) => state),
      ['open', 'open', 'closed'],
    );
  });

  it('has its labels and assignees', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' }, { target: { labels: ['backups', 'on call'], assignees: ['octocat'] } });
    assert.deepEqual(server.issues[0]?.labels, ['backups', 'on call']);
    assert.deepEqual(server.issues[0]?.assignees, ['octocat']);
  });

  it('is opened without them where GitHub refuses them', async t => {
    const server = await startIssueServer(t);
    const told = await tell(server, { backup: 'failure' }, { target: { labels: ['x'], assignees: ['nobody'] } });
    assert.deepEqual([told.outcome, open(server).length, server.issues[0]?.assignees], ['written', 1, []]);
    assert.equal(
      told.problem,
      'labels and assignees were left out: GitHub refused POST /repos/me/shop/issues with status 422: Validation Failed',
    );
  });

  it('is found on a later page, among pull requests and the issues of others', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    for (let index = 0; index < 230; index += 1) server.addIssue({ user: workflowBot });
    server.addIssue({ user: workflowBot, body: server.issues[0]?.body ?? '', pull_request: {} });
    const pull = server.issues.at(-1);
    for (let index = 0; index < 230; index += 1) server.addComment(1, 'talk', stranger);
    await tell(server, { drill: 'failure' });
    await tell(server, { drill: 'failure' });
    assert.equal(tasksOf(server.issues[0]?.body).length, 2);
    assert.equal(server.comments.filter(({ body }) => body.includes('**drill**')).length, 1);
    await tell(server, { backup: 'success', drill: 'success' });
    assert.deepEqual([server.issues[0]?.state, pull?.state], ['closed', 'open']);
  });
});

describe('an issue of a stranger', () => {
  for (const ignoresCreator of [false, true])
    it(`counts for nothing, whatever it says${ignoresCreator ? ', also where a list gives it' : ''}`, async t => {
      const server = await startIssueServer(t);
      server.ignoresCreator = ignoresCreator;
      const marker = '<!-- pg-lifeboat:alert:shop -->';
      const line = { isGood: false, since: null, at: null, failures: 1, runUrl: null, cause: null };
      const body = `${marker}\n${hiddenLine('backup', line)}\n`;
      const foreign = [
        server.addIssue({ body }),
        server.addIssue({ body, user: { login: 'github-actions', type: 'User' } }),
        server.addIssue({ body, user: { login: 'other-app[bot]', type: 'Bot' } }),
        server.addIssue({ body, user: null }),
        server.addIssue({ body: `> ${marker}\n`, user: workflowBot }),
        server.addIssue({ body: `text\n${marker}\n`, user: workflowBot }),
        server.addIssue({ body: '<!-- pg-lifeboat:alert:shop2 -->', user: workflowBot }),
      ];
      assert.equal((await tell(server, { backup: 'success' })).outcome, 'nothing to write');
      assert.deepEqual(writes(server), []);
      await tell(server, { backup: 'failure' });
      await tell(server, { backup: 'success' });
      assert.deepEqual([...new Set(foreign.map(({ state }) => state))], ['open']);
      assert.equal(server.issues.at(-1)?.state, 'closed');
    });

  it('may have comments of ours copied into it or beside ours: they tick nothing', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure', drill: 'failure' });
    const good = { isGood: true, since: null, at: '2030-01-01T00:00:00.000Z', failures: 1, runUrl: null, cause: null };
    server.addComment(1, hiddenLine('backup', good), stranger);
    server.addComment(1, hiddenLine('drill', good), { login: 'other-app[bot]', type: 'Bot' });
    server.addComment(1, `said:\n${hiddenLine('drill', good)}`, workflowBot);
    await tell(server, { other: 'failure' });
    assert.ok(tasksOf(server.issues[0]?.body).every(line => line.startsWith('- [ ] ')));
    assert.equal(tasksOf(server.issues[0]?.body).length, 3);
    await tell(server, { drill: 'success' });
    assert.match(tasksOf(server.issues[0]?.body)[0] ?? '', /^- \[ \] backup/);
  });

  it('is not taken for one of a person or an app with another name', async t => {
    const server = await startIssueServer(t);
    server.tokens.set('ghp_person', { login: 'me', type: 'User', mayWrite: true });
    server.tokens.set('ghs_app', { login: 'our-app[bot]', type: 'Bot', mayWrite: true });
    for (const token of ['ghp_person', 'ghs_app', workflowToken]) {
      await tell(server, { backup: 'failure' }, { token });
      await tell(server, { backup: 'failure' }, { token });
    }
    assert.deepEqual(
      server.issues.map(({ user }) => user?.login),
      ['me', 'our-app[bot]', 'github-actions[bot]'],
    );
    // GraphQL may name it without its end, or say nothing
    for (const body of ['{"data":{"viewer":{"login":"github-actions"}}}', '{"data":null,"errors":[{}]}']) {
      server.faults.push({ matches: /graphql/, status: 200, body });
      await tell(server, { backup: 'failure' });
    }
    server.faults.push({ matches: /graphql/, status: 403 }, { matches: /creator=me%5Bbot%5D/, status: 422 });
    await tell(server, { backup: 'failure' });
    await tell(server, { backup: 'failure' }, { token: 'ghp_person' });
    assert.equal(server.issues.length, 3);
  });
});
