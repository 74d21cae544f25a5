import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { formatBackupId } from '../../src/catalog/key.ts';
import { startReceiver } from '../alert/receiver.ts';
import { openStage, root } from './support/stage.ts';
import { example, major, openWorld } from './support/world.ts';

describe('backup.yml', () => {
  it('backs up, reads back what it stored, and says nothing that is secret', async t => {
    const { secrets, vars, env, s3 } = await openWorld(t);
    const stage = await openStage(t);
    const played = await stage.play({
      caller: await example('backup'),
      secrets,
      vars,
      env,
      inputs: { reason: 'because `x` $(y)' },
    });
    assert.deepEqual(played.jobs, {
      'backup/backup/backup': 'succeeded',
      'backup/backup/verify': 'succeeded',
      'backup/backup/prune': 'succeeded',
      'backup/backup/alert': 'succeeded',
    });
    assert.match(played.output, /verify of shop\/\S+: passed/);
    for (const secret of Object.values(secrets)) assert.ok(!played.output.includes(secret));
    assert.equal((await s3.keys('backups')).filter(key => key.endsWith('/manifest.json')).length, 1);

    const scheduled = await stage.play({ caller: await example('backup'), secrets, vars, env, event: 'schedule' });
    assert.match(scheduled.output, /-scheduled-/);
    const isSunday = new Date().getUTCDay() === 0;
    assert.equal(scheduled.jobs['backup/backup/verify'], isSunday ? 'succeeded' : undefined);
    if (!isSunday) assert.match(scheduled.output, /not read back in this run \(verify: weekly\)/);
    const always = await stage.play({
      caller: await example('backup', { verify: 'bytes' }),
      secrets,
      vars,
      env,
      event: 'schedule',
    });
    assert.equal(always.jobs['backup/backup/verify'], 'succeeded');
    const never = await stage.play({ caller: await example('backup', { verify: 'none' }), secrets, vars, env });
    assert.deepEqual(never.jobs, {
      'backup/backup/backup': 'succeeded',
      'backup/backup/prune': 'succeeded',
      'backup/backup/alert': 'succeeded',
    });
    assert.match(never.output, /not read back in this run \(verify: none\)/);
  });

  it('removes what the policy does not keep, with credentials of its own, and only after a backup that went well', async t => {
    const { secrets, vars, env, s3 } = await openWorld(t);
    const stage = await openStage(t);
    const old = Array.from({ length: 6 }, (_, index) => {
      const at = new Date(Date.now() - (index + 40) * 86_400_000);
      return formatBackupId({ at, kind: 'scheduled', partial: false, random: `aaaaa${'abcdef'[index]}` });
    });
    const put = () => Promise.all(old.map(id => s3.putForeign('backups', `postgres/shop/${id}/manifest.json`, '{}')));
    const left = async () => (await s3.keys('backups')).filter(key => old.some(id => key.includes(id))).length;
    // the first backup looks at the newest one before it
    assert.equal((await stage.play({ caller: await example('backup'), secrets, vars, env })).status, 0);
    await put();
    const failed = await stage.play({
      caller: await example('backup', { keep: '1d', minimum: '1', 'required-tables': 'gone' }),
      secrets,
      vars,
      env,
    });
    assert.deepEqual(failed.jobs, { 'backup/backup/backup': 'failed', 'backup/backup/alert': 'succeeded' });
    assert.equal(await left(), 6);
    const without = await stage.play({ caller: await example('backup', { keep: '' }), secrets, vars, env });
    assert.equal(without.jobs['backup/backup/prune'], undefined);
    assert.equal(await left(), 6);
    const keyless = await stage.play({
      caller: await example('backup', { keep: '1d' }),
      secrets: { ...secrets, PRUNE_KEY_ID: '', PRUNE_SECRET: '' },
      vars,
      env,
    });
    assert.equal(keyless.jobs['backup/backup/prune'], 'failed');
    assert.equal(await left(), 6);
    const done = await stage.play({
      caller: await example('backup', { keep: '1d', minimum: '1' }),
      secrets,
      vars,
      env,
    });
    assert.equal(done.jobs['backup/backup/prune'], 'succeeded', done.output);
    assert.equal(await left(), 0);
  });

  it('is called as the README says', async t => {
    const { secrets, vars, env } = await openWorld(t);
    const stage = await openStage(t);
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [caller = ''] = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
    assert.match(caller, /backup\.yml@v0/);
    const played = await stage.play({ caller, secrets, vars, env });
    assert.equal(played.status, 0, played.output);
  });

  it('is red when a secret is missing, a table is, or an input is wrong, and tells of it until all is well again', async t => {
    const { secrets, vars, env, s3, github } = await openWorld(t);
    const receiver = await startReceiver(t);
    const channels = { ALERT_WEBHOOK: `${receiver.origin}/hook`, HEARTBEAT_URL: `${receiver.origin}/beat` };
    const caller = (await example('backup')).replace(
      '    secrets:\n',
      '    secrets:\n      alert-webhook: ${{ secrets.ALERT_WEBHOOK }}\n      heartbeat-url: ${{ secrets.HEARTBEAT_URL }}\n',
    );
    const stage = await openStage(t);
    const without = await stage.play({
      caller: await example('backup'),
      secrets: { ...secrets, DATABASE_URL: '' },
      vars,
      env,
    });
    assert.deepEqual(
      [without.status, without.jobs],
      [1, { 'backup/backup/backup': 'failed', 'backup/backup/alert': 'succeeded' }],
    );
    assert.match(without.output, /input database-url is missing/);
    const [issue] = github.issues;
    assert.deepEqual([github.issues.length, issue?.state], [1, 'open']);
    assert.match(issue?.title ?? '', /shop/);
    assert.match(issue?.body ?? '', /backup/);
    assert.match(issue?.body ?? '', /input database\S+url is missing/);
    const gone = await stage.play({
      caller: await example('backup', { 'required-tables': 'gone' }),
      secrets,
      vars,
      env,
    });
    assert.deepEqual(
      [gone.status, gone.jobs],
      [1, { 'backup/backup/backup': 'failed', 'backup/backup/alert': 'succeeded' }],
    );
    assert.match(gone.output, /required table gone would not be in the backup/);
    const wrong = await stage.play({ caller: await example('backup', { verify: 'sometimes' }), secrets, vars, env });
    assert.deepEqual(
      [wrong.status, wrong.jobs],
      [1, { 'backup/backup/backup': 'failed', 'backup/backup/alert': 'succeeded' }],
    );
    assert.match(wrong.output, /input verify may be weekly, bytes or none/);
    assert.deepEqual(await s3.keys('backups'), []);

    const told = { secrets: { ...secrets, ...channels }, vars, env };
    const again = await stage.play({
      caller: caller.replace('keep: 7d', 'required-tables: gone\n      keep: 7d'),
      ...told,
    });
    assert.equal(again.status, 1);
    assert.deepEqual([github.issues.length, issue?.state], [1, 'open']);
    const good = await stage.play({ caller, ...told });
    assert.equal(good.status, 0, good.output);
    assert.deepEqual([github.issues.length, issue?.state], [1, 'closed']);
    const paths = receiver.received.map(({ path }) => path);
    assert.deepEqual(paths.toSorted(), ['/beat', '/beat/fail', '/hook', '/hook']);
    const hooks = receiver.received.filter(({ path }) => path === '/hook').map(({ body }) => body);
    assert.match(hooks[0] ?? '', /shop: backup failed/);
    assert.match(hooks[0] ?? '', /required table gone would not be in the backup/);
    assert.match(hooks[1] ?? '', /shop: backup went well again/);
  });

  it('backs up one database when the other fails', async t => {
    const { secrets, vars, env, source, s3 } = await openWorld(t);
    const blog = await source.createDatabase();
    const stage = await openStage(t);
    const both = { ...secrets, SHOP_DATABASE_URL: secrets.DATABASE_URL ?? '', BLOG_DATABASE_URL: source.url(blog) };
    const played = await stage.play({ caller: await example('backup-several'), secrets: both, vars, env });
    assert.equal(played.status, 1);
    assert.match(played.output, /required table public\.posts would not be in the backup/);
    const sealed = (await s3.keys('backups')).filter(key => key.endsWith('/manifest.json'));
    assert.equal(sealed.length, 1);
    assert.match(sealed[0] ?? '', /^postgres\/shop\//);
    await source.query('CREATE TABLE posts AS SELECT 1 AS id', [], blog);
    const again = await stage.play({ caller: await example('backup-several'), secrets: both, vars, env });
    assert.equal(again.status, 0, again.output);
  });
});

describe('restore-drill.yml', () => {
  it('drills in a container of the major of the backup, keeps the report, and is red for what is wrong', async t => {
    const { secrets, vars, env, s3, github } = await openWorld(t);
    const stage = await openStage(t);
    const drill = async (more: Record<string, string> = {}, play: object = {}) =>
      stage.play({ caller: await example('drill', { port: '15432', ...more }), secrets, vars, env, ...play });

    const nothing = await drill();
    assert.deepEqual(
      [nothing.status, nothing.jobs],
      [1, { 'drill/restore drill/plan': 'failed', 'drill/restore drill/alert': 'succeeded' }],
    );
    assert.match(nothing.output, /there is nothing to drill/);
    assert.equal((await stage.play({ caller: await example('backup'), secrets, vars, env })).status, 0);

    const passed = await drill();
    assert.equal(passed.status, 0, passed.output);
    assert.deepEqual(passed.jobs, {
      'drill/restore drill/plan': 'succeeded',
      'drill/restore drill/drill': 'succeeded',
      'drill/restore drill/alert': 'succeeded',
    });
    assert.match(passed.output, /pull image=postgres:17/);
    assert.match(passed.output, /drill of shop\/\S+: passed/);
    for (const secret of Object.values(secrets)) assert.ok(!passed.output.includes(secret));
    const [kept = ''] = await readdir(join(stage.folder, '.stage/artifacts'));
    assert.deepEqual(
      (await readdir(join(stage.folder, '.stage/artifacts', kept))).map(file => file.replace(/.*\./, '')).sort(),
      ['html', 'json'],
    );
    const evidence = (await s3.keys('backups')).filter(key => key.includes('/drills/'));
    assert.match(evidence.join(), /-passed\.json$/);

    const receiver = await startReceiver(t);
    const announced = (await example('drill', { port: '15432', announce: 'true' })).replace(
      '    secrets:\n',
      '    secrets:\n      alert-webhook: ${{ secrets.ALERT_WEBHOOK }}\n',
    );
    const game = await drill(
      {},
      {
        caller: announced.replace('announce: "true"', 'announce: true'),
        inputs: { 'game-day': 'true' },
        secrets: { ...secrets, ALERT_WEBHOOK: receiver.origin },
      },
    );
    assert.equal(game.status, 0, game.output);
    const titles = receiver.received.map(({ body }) => /shop: drill \w+(?: \w+)*/.exec(body)?.[0]);
    assert.deepEqual(titles, ['shop: drill started', 'shop: drill went well']);

    const failed = await drill({ checks: 'SELECT count(*) = 1 FROM users' });
    assert.deepEqual([failed.status, failed.jobs['drill/restore drill/drill']], [1, 'failed']);
    assert.match(failed.output, /CHECK_FAILED/);
    const keyless = await stage.play({
      caller: await example('drill', { port: '15432' }),
      secrets: { ...secrets, AGE_IDENTITY: '' },
      vars,
      env,
    });
    assert.deepEqual([keyless.status, keyless.jobs['drill/restore drill/drill']], [1, 'failed']);
    assert.match(keyless.output, /input identity is missing/);
    const archive = (await s3.keys('backups')).find(key => key.endsWith('main.dump.age')) ?? '';
    await s3.putForeign('backups', archive, 'rubbish');
    const damaged = await drill();
    assert.deepEqual([damaged.status, damaged.jobs['drill/restore drill/drill']], [1, 'failed']);
    assert.match(damaged.output, /SIZE_DIFFERS/);
    assert.deepEqual(
      github.issues.map(({ state, body }) => [state, /drill/.test(body)]),
      // of the drill without a backup, and of those that failed after one that passed
      [
        ['closed', true],
        ['open', true],
      ],
    );
  });

  it('drills on the day that only-on says, and says so on the others', async t => {
    const { secrets, vars, env } = await openWorld(t);
    const stage = await openStage(t);
    assert.equal((await stage.play({ caller: await example('backup'), secrets, vars, env })).status, 0);
    const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
    const now = new Date();
    const isFirst = now.getUTCDate() <= 7;
    const today = `first-${days[now.getUTCDay()]}`;
    const other = `first-${days[(now.getUTCDay() + 3) % 7]}`;
    const plan = async (more: Record<string, string>, event = 'schedule') =>
      stage.play({
        caller: await example('drill', { port: '15432', timezone: 'UTC', ...more }),
        secrets,
        vars,
        env,
        event,
      });
    const skipped = await plan({ 'only-on': other });
    assert.deepEqual(
      [skipped.status, skipped.jobs],
      [0, { 'drill/restore drill/plan': 'succeeded', 'drill/restore drill/alert': 'succeeded' }],
    );
    assert.match(skipped.output, /No drill today: only-on is first-\w+ in UTC\. Nothing was proven by this run\./);
    const due = await plan({ 'only-on': today });
    assert.equal(due.jobs['drill/restore drill/drill'], isFirst ? 'succeeded' : undefined);
    const byHand = await plan({ 'only-on': other }, 'workflow_dispatch');
    assert.equal(byHand.jobs['drill/restore drill/drill'], 'succeeded');
    for (const [wrong, message] of [
      [{ 'only-on': 'mondays' }, /input only-on may be first-monday to first-sunday/],
      [{ timezone: 'Europe/Nowhere' }, /input timezone is not known on this runner/],
    ] as const) {
      const refused = await plan(wrong);
      assert.deepEqual(
        [refused.status, refused.jobs],
        [1, { 'drill/restore drill/plan': 'failed', 'drill/restore drill/alert': 'succeeded' }],
      );
      assert.match(refused.output, message);
    }
  });
});

describe('restore.yml', () => {
  it('plans, backs up the target, restores and compares; and does nothing without the typed name', async t => {
    const { secrets, vars, env, s3 } = await openWorld(t);
    const target = await startCluster({ major });
    t.after(() => target.stop());
    const stage = await openStage(t);
    assert.equal((await stage.play({ caller: await example('backup'), secrets, vars, env })).status, 0);
    const database = await target.createDatabase();
    const receiver = await startReceiver(t);
    const all = { ...secrets, ALERT_WEBHOOK: receiver.origin, RESTORE_TARGET_URL: target.url(database) };
    const caller = (await example('restore')).replace(
      '    secrets:\n',
      '    secrets:\n      alert-webhook: ${{ secrets.ALERT_WEBHOOK }}\n',
    );
    const restore = async (confirm: string) =>
      stage.play({ caller, secrets: all, vars, env, inputs: { backup: 'latest', confirm } });

    const mistyped = await restore('shopp');
    assert.deepEqual(
      [mistyped.status, mistyped.jobs],
      [1, { 'restore/restore/plan': 'failed', 'restore/restore/alert': 'succeeded' }],
    );
    assert.match(mistyped.output, /input confirm is not the backup's name: nothing is restored/);
    assert.deepEqual(await target.query(`SELECT FROM pg_class WHERE relname = 'users'`, [], database), []);

    const restored = await restore('shop');
    assert.equal(restored.status, 0, restored.output);
    assert.deepEqual(restored.jobs, {
      'restore/restore/plan': 'succeeded',
      'restore/restore/restore': 'succeeded',
      'restore/restore/alert': 'succeeded',
    });
    assert.match(restored.output, /every table compared by content|compared by content/);
    for (const secret of Object.values(all)) assert.ok(!restored.output.includes(secret));
    assert.equal((await target.query('SELECT FROM users', [], database)).length, 1000);
    const before = (await s3.keys('backups')).filter(key =>
      /\/shop-before-restore\/.*-pre-restore-.*manifest/.test(key),
    );
    assert.equal(before.length, 1);

    const again = await restore('shop');
    assert.deepEqual(
      [again.status, again.jobs],
      [1, { 'restore/restore/plan': 'failed', 'restore/restore/alert': 'succeeded' }],
    );
    assert.match(again.output, /is not empty/);
    const titles = receiver.received.map(({ body }) => /shop: restore \w+/.exec(body)?.[0]);
    assert.deepEqual(titles, [
      'shop: restore failed',
      'shop: restore started',
      'shop: restore went',
      'shop: restore failed',
    ]);
  });
});
