import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesIn } from '../../src/alert/issue-lines.ts';
import { startIssueServer, workflowBot } from './github.ts';
import { open, tasksOf, tell } from './telling.ts';

describe('the text of an issue', () => {
  it('calls nobody, links nothing and is no markup, whatever the cause says', async t => {
    const server = await startIssueServer(t);
    const cause =
      '@octocat fixes #1 GH-2 <!-- x --> --> <img src=x> [a](https://evil.test) `code` - [x] backup ::error::';
    await tell(
      server,
      { backup: `failure ${cause}` },
      { details: `${cause}\n- [x] backup: good\n### drill\n<!-- pg-lifeboat:alert-line:backup x -->` },
    );
    for (const text of [server.issues[0]?.body ?? '', server.comments[0]?.body ?? '']) {
      const visible = text.replaceAll(/^<!-- pg-lifeboat:alert[\w:-]* ?[\w+/=]* ?-->$/gm, '');
      assert.doesNotMatch(visible, /@(?!\u200b)|#(?=\d)|GH-(?=\d)|<!--|-->|<img|\]\(https:\/\/evil/);
      assert.doesNotMatch(visible, /^\s*- \[x\]|^### drill/m);
      assert.equal(linesIn(text, text.startsWith('<!-- pg-lifeboat:alert:') ? 1 : 0).size, 1);
    }
    assert.equal(tasksOf(server.issues[0]?.body).length, 1);
  });

  it('is not too long for GitHub', async t => {
    const server = await startIssueServer(t);
    const ended = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        `CONDITION_${index}`.padEnd(64, '_'),
        `failure ${'@<&>'.repeat(500)}`,
      ]),
    );
    await tell(server, ended, { details: '*|@😀'.repeat(5000) });
    const [body = ''] = server.issues.map(issue => issue.body);
    assert.ok(body.length > 40_000 && body.length <= 65_536, String(body.length));
    assert.equal(tasksOf(body).length, 100);
    await tell(server, Object.fromEntries(Object.keys(ended).map(name => [name, 'success'])));
    assert.equal(server.issues[0]?.state, 'closed');
  });

  it('is written anew where somebody changed it, and a box that somebody ticked is open again', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    const [issue] = server.issues;
    assert.ok(issue);
    issue.body = issue.body.replace('- [ ] backup', '- [x] backup').replaceAll('\n', '\r\n');
    assert.equal((await tell(server, { drill: 'success' })).outcome, 'written');
    assert.match(tasksOf(issue.body)[0] ?? '', /^- \[ \] backup/);
    issue.body = issue.body.replaceAll('\n', '\r\n');
    assert.equal((await tell(server, { drill: 'success' })).outcome, 'nothing to write');
  });

  it('keeps a line whose comment was deleted, or that a run never came to write', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure' });
    server.comments.length = 0;
    await tell(server, { drill: 'success' });
    assert.equal(open(server).length, 1);
    await tell(server, { drill: 'failure' });
    await tell(server, { drill: 'success' });
    assert.deepEqual(
      tasksOf(server.issues[0]?.body).map(line => line.slice(0, 12)),
      ['- [ ] backup', '- [x] drill:'],
    );
    await tell(server, { backup: 'success' });
    assert.equal(server.issues[0]?.state, 'closed');
  });

  it('never closes over a line that it cannot read', async t => {
    const server = await startIssueServer(t);
    await tell(server, { backup: 'failure', drill: 'failure' });
    const drill = server.comments.find(({ body }) => body.includes('**drill**'));
    assert.ok(drill);
    for (const data of ['', 'AAAA', Buffer.from('{"isGood":true,"format":2}').toString('base64')]) {
      drill.body = `<!-- pg-lifeboat:alert-line:drill ${data} -->\nof a later release`;
      await tell(server, { backup: 'success' });
      assert.equal(open(server).length, 1, data);
    }
    await tell(server, { drill: 'success' });
    assert.match(
      server.issues[0]?.body ?? '',
      /- \[x\] drill: failed since a time that this release cannot read, good since 2026/,
    );
    assert.equal(server.issues[0]?.state, 'closed');
  });

  it('stays open where nothing at all is left of its lines', async t => {
    const server = await startIssueServer(t);
    server.addIssue({ body: '<!-- pg-lifeboat:alert:shop -->\nemptied', user: workflowBot });
    assert.equal((await tell(server, { backup: 'success' })).outcome, 'nothing to write');
    assert.equal(open(server).length, 1);
  });
});
