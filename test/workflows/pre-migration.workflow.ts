import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type GitHub, openGitHub } from './support/github.ts';
import { type Play, type Played, type Stage, openStage } from './support/stage.ts';
import { type World, example, openWorld } from './support/world.ts';

const first = { 'migrations/0001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);\n' };

/** A repository with migrations, and pull request 7 of it. */
interface Change {
  world: World;
  stage: Stage;
  github: GitHub;
  base: string;
  /** Commits these files on the change's branch, and plays the example on it. */
  propose(files: Readonly<Record<string, string>>, play?: Proposal): Promise<Played>;
}

interface Proposal extends Partial<Play> {
  inputs?: Record<string, string>;
  /** Of the called workflow. */
  more?: Readonly<Record<string, string>>;
  isFork?: boolean;
  /** What happened to the pull request. */
  action?: string;
  name?: string;
}

async function openChange(t: TestContext, start: Readonly<Record<string, string>> = first): Promise<Change> {
  const world = await openWorld(t);
  const stage = await openStage(t);
  const github = await openGitHub(t);
  const base = await stage.commit(start);
  const propose: Change['propose'] = async (
    files,
    { more = {}, isFork = false, action = 'synchronize', name = 'pre-migration', ...play } = {},
  ) => {
    stage.git('checkout', '-qf', '-B', 'change', base);
    const head = await stage.commit(files);
    const event = play.event ?? 'pull_request';
    const evil = '`touch pwned` $(touch pwned) "; touch pwned; #';
    const payloads: Record<string, object> = {
      pull_request: {
        action,
        number: 7,
        pull_request: {
          number: 7,
          title: evil,
          body: evil,
          base: { sha: base, ref: 'main', repo: { full_name: 'o/r' } },
          head: { sha: head, ref: 'touch-pwned', repo: { full_name: isFork ? 'stranger/r' : 'o/r' } },
          user: { login: 'someone' },
        },
      },
      merge_group: {
        merge_group: { base_sha: base, head_sha: head, head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}` },
      },
      push: { before: base, after: head },
    };
    return stage.play({
      caller: await example(name, { port: '15433', ...more }),
      event,
      payload: payloads[event] ?? {},
      secrets: isFork ? { GITHUB_TOKEN: github.token } : { ...world.secrets, GITHUB_TOKEN: github.token },
      vars: world.vars,
      env: { GITHUB_API_URL: github.url },
      ...play,
    });
  };
  return { world, stage, github, base, propose };
}

/** What the jobs came to, by their own names. */
const jobsOf = ({ jobs }: Played): Played['jobs'] => {
  const own: Played['jobs'] = {};
  for (const [name, outcome] of Object.entries(jobs)) own[name.split('/').at(-1) ?? name] = outcome;
  return own;
};

async function sealed({ world }: Change): Promise<string[]> {
  return (await world.s3.keys('backups')).filter(key => key.endsWith('/manifest.json'));
}

describe('pre-migration.yml', () => {
  it('is green at once where nothing migrates', async t => {
    const change = await openChange(t);
    const played = await change.propose({ 'README.md': 'changed' }, { action: 'opened' });
    assert.equal(played.status, 0, played.output);
    assert.deepEqual(jobsOf(played), { 'detect migrations': 'succeeded', 'migration gate': 'succeeded' });
    assert.match(played.output, /no migration in this change/);
    assert.deepEqual(await sealed(change), []);
  });

  it('rehearses a migration on the data of the snapshot, and comments', async t => {
    const change = await openChange(t);
    const migration = {
      'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\nUPDATE users SET mail = name;\n',
    };
    const played = await change.propose(migration);
    assert.equal(played.status, 0, played.output);
    assert.deepEqual(jobsOf(played), {
      'detect migrations': 'succeeded',
      snapshot: 'succeeded',
      rehearse: 'succeeded',
      'migration gate': 'succeeded',
      comment: 'succeeded',
    });
    assert.match(played.output, /1 migrations rehearsed \(full\): passed/);
    assert.match((await sealed(change)).join(), /-pre-migration-/);
    assert.ok(!existsSync(join(change.stage.folder, 'pwned')));
    for (const secret of Object.values(change.world.secrets)) assert.ok(!played.output.includes(secret));
    assert.equal(change.github.comments.length, 1);
    assert.match(change.github.comments[0]?.body ?? '', /passed/);
    const artifacts = join(change.stage.folder, '.stage/artifacts');
    const [kept = ''] = await readdir(artifacts);
    assert.deepEqual((await readdir(join(artifacts, kept))).sort(), [
      'pg-lifeboat-rehearsal.html',
      'pg-lifeboat-rehearsal.json',
    ]);

    const again = await change.propose({
      ...migration,
      'migrations/0003_gone.sql': 'DELETE FROM users WHERE id > 900;\n',
    });
    assert.equal(again.status, 1);
    assert.equal((await sealed(change)).length, 1, 'the snapshot is young enough');
    const jobs = jobsOf(again);
    assert.deepEqual([jobs.rehearse, jobs['migration gate']], ['failed', 'failed']);
    assert.match(again.output, /ROWS_REMOVED/);
    assert.equal(change.github.comments.length, 1);
    assert.match(change.github.comments[0]?.body ?? '', /failed/);

    const accepted = await change.propose({
      ...migration,
      'migrations/0003_gone.sql':
        '-- lifeboat: accept ROWS_REMOVED table public.users\nDELETE FROM users WHERE id > 900;\n',
    });
    assert.equal(accepted.status, 0, accepted.output);

    const without = await change.propose({ 'README.md': 'x' });
    assert.deepEqual([without.status, jobsOf(without).comment], [0, 'succeeded']);
    assert.equal(change.github.comments.length, 1);
    assert.match(change.github.comments[0]?.body ?? '', /brings no migration any more/);
  });

  it('is red when a migration fails, or a secret is missing', async t => {
    const change = await openChange(t);
    const failed = await change.propose({ 'migrations/0002_twice.sql': 'CREATE TABLE users (id int);\n' });
    assert.equal(failed.status, 1);
    assert.deepEqual([jobsOf(failed).rehearse, jobsOf(failed)['migration gate']], ['failed', 'failed']);
    assert.match(failed.output, /MIGRATION_FAILED/);
    const migration = { 'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\n' };
    for (const missing of ['AGE_IDENTITY', 'DATABASE_URL']) {
      const without = await change.propose(migration, { secrets: { ...change.world.secrets, [missing]: '' } });
      assert.deepEqual([without.status, jobsOf(without)['migration gate']], [1, 'failed'], missing);
    }
  });

  it('is red when the run is cancelled half way', async t => {
    const change = await openChange(t);
    const cancelled = await change.propose(
      { 'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\n' },
      { more: { 'migrate-command': 'sleep 900' }, cancelsAt: 'Run Main rehearse the migrations' },
    );
    const { rehearse, 'migration gate': gate, snapshot } = jobsOf(cancelled);
    assert.deepEqual([cancelled.status, snapshot, rehearse, gate], [1, 'succeeded', 'failed', 'failed']);
    assert.doesNotMatch(cancelled.output, /migrations rehearsed/);
  });

  it('is red when nobody knows where migrations lie', async t => {
    const change = await openChange(t, { 'src/main.js': '' });
    const played = await change.propose({ 'src/other.js': '' });
    assert.deepEqual(jobsOf(played), { 'detect migrations': 'failed', 'migration gate': 'failed' });
    assert.match(played.output, /could not verify/);
  });

  it('lets nothing of a fork through unsaid', async t => {
    const change = await openChange(t);
    const migration = { 'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\n' };
    const red = await change.propose(migration, { isFork: true });
    assert.deepEqual(jobsOf(red), { 'detect migrations': 'succeeded', 'migration gate': 'failed' });
    assert.match(red.output, /not rehearsed; push the branch to this repository, or say untrusted: pass/);
    const passed = await change.propose(migration, { isFork: true, more: { untrusted: 'pass' } });
    assert.deepEqual(jobsOf(passed), {
      'detect migrations': 'succeeded',
      'not rehearsed (no secrets)': 'succeeded',
      'migration gate': 'succeeded',
    });
    assert.match(passed.output, /NOT REHEARSED/);
    const harmless = await change.propose({ 'README.md': 'x' }, { isFork: true });
    assert.equal(harmless.status, 0);
  });

  it('takes the snapshot that is kept in the merge queue, and before a deployment', async t => {
    const change = await openChange(t);
    const migration = { 'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\n' };
    assert.equal((await change.propose(migration)).status, 0);
    const queued = await change.propose(migration, { event: 'merge_group' });
    assert.equal(queued.status, 0, queued.output);
    assert.equal((await sealed(change)).length, 2, 'a new one');
    assert.equal(jobsOf(queued).comment, undefined);

    const pushed = await change.propose({ 'README.md': 'x' }, { event: 'push', name: 'deploy' });
    assert.equal(pushed.status, 0, pushed.output);
    assert.match((await sealed(change)).join(), /-pre-deployment-/);
    assert.equal(jobsOf(pushed).rehearse, undefined);
    assert.equal(jobsOf(pushed).deploy, 'succeeded');
    const secrets = { ...change.world.secrets, DATABASE_URL: '' };
    const stopped = await change.propose(migration, { event: 'push', name: 'deploy', secrets });
    assert.equal(stopped.status, 1);
    assert.equal(jobsOf(stopped).deploy, undefined);
  });

  it('rehearses on definitions alone, where no row may leave', async t => {
    const change = await openChange(t);
    const migration = { 'migrations/0002_mail.sql': 'ALTER TABLE users ADD mail text;\n' };
    const played = await change.propose(migration, {
      more: {
        rehearse: 'schema-only',
        'check-command': `test "$(psql "$DATABASE_URL" -Atc 'SELECT count(*) FROM users')" = 0`,
      },
    });
    assert.equal(played.status, 0, played.output);
    assert.match(played.output, /rehearsed \(schema-only\): passed/);
  });
});
