import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openGitHub } from './support/github.ts';
import { type Played, openStage } from './support/stage.ts';
import { example, openWorld } from './support/world.ts';

/** What the jobs of one database came to, by their own names; act numbers the legs of a matrix from 1. */
const jobsOf = ({ jobs }: Played, leg: number) =>
  Object.fromEntries(
    Object.entries(jobs).flatMap(([name, outcome]) => {
      const [caller = '', , own = ''] = name.split('/');
      return caller.endsWith(`-${leg}`) ? [[own, outcome]] : [];
    }),
  );

describe('two databases in one repository', () => {
  it('are rehearsed side by side, each with its own gate, comment and report', async t => {
    const world = await openWorld(t);
    const github = await openGitHub(t);
    const stage = await openStage(t);
    const blog = await world.source.createDatabase();
    const evil = '"a|b <b>@octocat</b> `touch pwned` $(touch pwned) [x](http://e) #12"';
    await world.source.query(`CREATE TABLE ${evil} AS SELECT 1 AS id`, [], blog);
    const base = await stage.commit({
      'shop/migrations/0001.sql': 'SELECT 1;\n',
      'blog/migrations/0001.sql': 'SELECT 1;\n',
    });
    const propose = async (files: Readonly<Record<string, string>>) => {
      stage.git('checkout', '-qf', '-B', 'change', base);
      const head = await stage.commit(files);
      const repo = { full_name: 'o/r' };
      return stage.play({
        caller: (await example('pre-migration-several')).replaceAll("port: '54", "port: '254"),
        event: 'pull_request',
        payload: {
          action: 'synchronize',
          repository: { private: true },
          pull_request: { number: 7, base: { sha: base, repo }, head: { sha: head, repo } },
        },
        secrets: {
          ...world.secrets,
          SHOP_DATABASE_URL: world.secrets.DATABASE_URL ?? '',
          BLOG_DATABASE_URL: world.source.url(blog),
          GITHUB_TOKEN: github.token,
        },
        vars: world.vars,
        env: { GITHUB_API_URL: github.url },
      });
    };

    const both = await propose({
      'shop/migrations/0002.sql': 'ALTER TABLE users ADD mail text;\n',
      'blog/migrations/0002.sql': `DELETE FROM ${evil};\n`,
    });
    assert.equal(both.status, 1);
    const [shop, other] = [jobsOf(both, 1), jobsOf(both, 2)];
    assert.deepEqual([shop.rehearse, shop['migration gate']], ['succeeded', 'succeeded'], both.output);
    assert.deepEqual([other.rehearse, other['migration gate']], ['failed', 'failed'], both.output);
    assert.match(both.output, /ROWS_REMOVED table public\.a\|b <b>@octocat/);
    const told = github.comments.find(({ body }) => body.includes('pre-migration:blog'))?.body ?? '';
    assert.match(told, /table public\\\.a\\\|b &lt;b&gt;\\@\u200boctocat/);
    assert.doesNotMatch(told, /<b>|@octocat|\]\(http/);
    assert.ok(!existsSync(join(stage.folder, 'pwned')));
    assert.deepEqual(github.comments.map(({ body }) => /^<!-- (\S+) -->/.exec(body)?.[1]).sort(), [
      'pg-lifeboat:pre-migration:blog',
      'pg-lifeboat:pre-migration:shop',
    ]);
    assert.equal((await readdir(join(stage.folder, '.stage/artifacts'))).length, 2, 'a report of each');

    const one = await propose({ 'shop/migrations/0002.sql': 'ALTER TABLE users ADD mail text;\n' });
    assert.equal(one.status, 0, one.output);
    assert.deepEqual([jobsOf(one, 1).rehearse, jobsOf(one, 2).rehearse], ['succeeded', undefined]);
  });

  it('are drilled side by side, and one that fails leaves the other its drill', async t => {
    const { secrets, vars, env, source } = await openWorld(t);
    const stage = await openStage(t);
    const blog = await source.createDatabase();
    await source.query('CREATE TABLE posts (id int)', [], blog);
    const both = { ...secrets, SHOP_DATABASE_URL: secrets.DATABASE_URL ?? '', BLOG_DATABASE_URL: source.url(blog) };
    const caller = await example('backup-several', { 'required-tables': '' });
    const backedUp = await stage.play({ caller, secrets: both, vars, env });
    assert.equal(backedUp.status, 0, backedUp.output);

    const drills = (await example('drill-several')).replaceAll("port: '54", "port: '254");
    const drilled = await stage.play({ caller: drills, secrets, vars, env });
    assert.equal(drilled.status, 1);
    assert.deepEqual([jobsOf(drilled, 1).drill, jobsOf(drilled, 2).drill], ['succeeded', 'failed'], drilled.output);
    assert.match(drilled.output, /CHECK_FAILED/);
    assert.equal((await readdir(join(stage.folder, '.stage/artifacts'))).length, 2, 'a report of each');
  });
});
