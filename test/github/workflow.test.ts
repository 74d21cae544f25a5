import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { type GithubOptions, GithubRefusal, GithubUnavailable, openGithub } from '../../src/github/api.ts';
import { readRepository, readWorkflow } from '../../src/github/workflow.ts';
import { startJsonService } from '../support/json-service.ts';

const token = 'ghs_watching';
const repository = '/repos/me/shop';
const workflow = `${repository}/actions/workflows/backup.yml`;

const run = (createdAt: string, more: object = {}) => ({
  id: 7,
  event: 'schedule',
  created_at: createdAt,
  status: 'completed',
  conclusion: 'success',
  html_url: 'https://github.com/me/shop/actions/runs/7',
  ...more,
});

async function open(t: TestContext, options: Partial<GithubOptions> = {}) {
  const service = await startJsonService(t, token);
  service.content.set(repository, { private: false, archived: false, pushed_at: '2026-11-01T10:00:00Z' });
  service.content.set(workflow, { id: 1, state: 'active', path: '.github/workflows/backup.yml' });
  service.content.set(`${workflow}/runs`, { total_count: 1, workflow_runs: [run('2026-11-24T03:17:00Z')] });
  const { signal } = new AbortController();
  const wait = async () => {};
  const github = openGithub({ apiUrl: service.origin, token, version: '1.2.3', signal, wait, ...options });
  return { service, github };
}

describe('a workflow', () => {
  it('is read with its newest scheduled runs, in three requests together with its repository', async t => {
    const { service, github } = await open(t);
    service.content.set(`${workflow}/runs`, {
      workflow_runs: [run('2026-11-23T03:17:00Z'), run('2026-11-24T03:17:00Z', { status: 'queued', conclusion: null })],
    });
    assert.deepEqual(await readRepository(github, 'me/shop'), {
      name: 'me/shop',
      isPublic: true,
      isArchived: false,
      pushedAt: new Date('2026-11-01T10:00:00Z'),
    });
    const url = 'https://github.com/me/shop/actions/runs/7';
    assert.deepEqual(await readWorkflow(github, 'me/shop', 'backup.yml'), {
      file: 'backup.yml',
      state: 'active',
      runs: [
        { createdAt: new Date('2026-11-24T03:17:00Z'), status: 'queued', conclusion: null, url },
        { createdAt: new Date('2026-11-23T03:17:00Z'), status: 'completed', conclusion: 'success', url },
      ],
    });
    assert.deepEqual(
      service.seen.map(({ method, path }) => `${method} ${path}`),
      [`GET ${repository}`, `GET ${workflow}`, `GET ${workflow}/runs?event=schedule&per_page=30`],
    );
  });

  it('that GitHub does not know is none, and one that never ran has no runs', async t => {
    const { service, github } = await open(t);
    assert.equal(await readWorkflow(github, 'me/shop', 'other.yml'), undefined);
    service.content.set(`${workflow}/runs`, { total_count: 0, workflow_runs: [] });
    assert.deepEqual((await readWorkflow(github, 'me/shop', 'backup.yml'))?.runs, []);
  });

  it('of an empty and private repository is read too', async t => {
    const { service, github } = await open(t);
    service.content.set(repository, { private: true, archived: true, pushed_at: null });
    const { isPublic, isArchived, pushedAt } = await readRepository(github, 'me/shop');
    assert.deepEqual([isPublic, isArchived, pushedAt], [false, true, null]);
  });
});

describe('where GitHub does not tell', () => {
  it('a refusal is thrown: a bad token, no right, and runs that are not there', async t => {
    const { service, github } = await open(t, { token: 'ghs_wrong' });
    await assert.rejects(readRepository(github, 'me/shop'), GithubRefusal);
    await assert.rejects(readWorkflow(github, 'me/shop', 'backup.yml'), { status: 401 });
    const good = await open(t);
    good.service.faults.push({ status: 403, body: '{"message":"Resource not accessible by integration"}' });
    await assert.rejects(readWorkflow(good.github, 'me/shop', 'backup.yml'), {
      message: `GitHub refused GET ${workflow} with status 403: Resource not accessible by integration`,
    });
    // the workflow is known, so this is not a workflow that is missing
    good.service.content.delete(`${workflow}/runs`);
    await assert.rejects(readWorkflow(good.github, 'me/shop', 'backup.yml'), { status: 404 });
    assert.equal(service.seen.length, 2);
  });

  it('an outage, a limit and silence are thrown after three tries', async t => {
    const { service, github } = await open(t, { timeoutMilliseconds: 200 });
    service.faults.push({ status: 500 }, { status: 502 }, { breaks: 'reset' });
    await assert.rejects(readRepository(github, 'me/shop'), GithubUnavailable);
    service.faults.push({ status: 429 }, { status: 429 }, { status: 429 });
    await assert.rejects(readWorkflow(github, 'me/shop', 'backup.yml'), /its rate limit is used up$/);
    service.faults.push({ breaks: 'silence' }, { breaks: 'silence' }, { breaks: 'silence' });
    await assert.rejects(readWorkflow(github, 'me/shop', 'backup.yml'), /no answer in time$/);
    service.faults.push({ status: 503 });
    assert.equal((await readRepository(github, 'me/shop')).name, 'me/shop');
  });

  it('nothing is made of an answer that is something else', async t => {
    const { service, github } = await open(t);
    const said = (path: string) => ({ message: `GitHub answered GET ${path} with something else than its API says` });
    service.faults.push({ body: '<html>' });
    await assert.rejects(readRepository(github, 'me/shop'), /no JSON$/);
    for (const content of [[], 'text', {}, { private: false, archived: false }, { private: 'no', archived: false }]) {
      service.content.set(repository, content);
      await assert.rejects(readRepository(github, 'me/shop'), said(repository));
    }
    for (const runs of [{}, { workflow_runs: [null] }, { workflow_runs: [{}] }, { workflow_runs: [run('soon')] }]) {
      service.content.set(`${workflow}/runs`, runs);
      await assert.rejects(readWorkflow(github, 'me/shop', 'backup.yml'), said(`${workflow}/runs`));
    }
    service.content.set(workflow, { id: 1 });
    await assert.rejects(readWorkflow(github, 'me/shop', 'backup.yml'), said(workflow));
  });
});
