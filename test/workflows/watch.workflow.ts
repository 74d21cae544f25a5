import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startReceiver } from '../alert/receiver.ts';
import { openStage } from './support/stage.ts';
import { example, openWorld } from './support/world.ts';

const workflow = '/repos/me/shop/actions/workflows/backup.yml';

describe('watch.yml', () => {
  it('says what is wrong, line by line, until it is right', async t => {
    const { secrets, vars, env, github, s3 } = await openWorld(t);
    const stage = await openStage(t);
    const { origin, received } = await startReceiver(t);
    const told = {
      secrets: {
        ...secrets,
        STORE_READER_KEY_ID: s3.accessKeyId,
        STORE_READER_SECRET: s3.secretAccessKey,
        HEARTBEAT_URL: origin,
      },
      vars,
      env,
    };
    // the server of the tests keeps no versions
    const known = { accept: 'BUCKET_NOT_VERSIONED bucket backups', 'max-drill-age': 'off' };
    const watch = async (more: Record<string, string> = {}) =>
      stage.play({ caller: await example('watch', { ...known, ...more }), ...told });
    github.others.set('/repos/me/shop', { private: true, archived: false, pushed_at: new Date().toISOString() });
    github.others.set(workflow, { state: 'disabled_inactivity' });
    github.others.set(`${workflow}/runs`, { workflow_runs: [] });

    const empty = await watch();
    assert.deepEqual(empty.jobs, { 'watch/watch/watch': 'failed', 'watch/watch/alert': 'succeeded' });
    for (const code of ['NO_BACKUP', 'WORKFLOW_DISABLED']) assert.match(empty.output, new RegExp(`\\| {3}${code} `));
    const [issue] = github.issues;
    assert.deepEqual([github.issues.length, issue?.state], [1, 'open']);
    for (const code of ['NO_BACKUP', 'WORKFLOW_DISABLED'])
      assert.ok((issue?.body ?? '').includes(`- [ ] ${code.replace('_', '\\_')}: failed`));
    assert.deepEqual(
      received.map(({ path }) => path),
      ['/fail'],
    );

    const backedUp = await stage.play({ caller: await example('backup'), ...told });
    assert.equal(backedUp.status, 0, backedUp.output);
    const half = await watch();
    assert.equal(half.status, 1);
    assert.doesNotMatch(half.output, /\| {3}NO_BACKUP /);
    assert.equal(issue?.state, 'open', 'the schedule is still off');

    const run = { created_at: new Date().toISOString(), status: 'completed', conclusion: 'success', html_url: '' };
    github.others.set(workflow, { state: 'active' });
    github.others.set(`${workflow}/runs`, { workflow_runs: [run] });
    const good = await watch();
    assert.equal(good.status, 0, good.output);
    assert.deepEqual([github.issues.length, issue?.state], [1, 'closed']);
    assert.equal(received.at(-1)?.path, '/');
    for (const secret of Object.values(told.secrets)) assert.ok(!good.output.includes(secret));

    const unread = await watch({ 'max-age': 'soon' });
    assert.deepEqual(unread.jobs, { 'watch/watch/watch': 'failed', 'watch/watch/alert': 'succeeded' });
    assert.deepEqual([github.issues.length, github.issues[1]?.state], [2, 'open']);
    assert.match(github.issues[1]?.body ?? '', /input max\W*age/);
  });
});
