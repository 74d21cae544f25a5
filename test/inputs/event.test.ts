import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readEvent } from '../../src/inputs/event.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-event-'));
after(() => rmSync(folder, { recursive: true }));

function read(name: string | undefined, payload: unknown, actor?: string) {
  const path = join(folder, 'event.json');
  writeFileSync(path, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return readEvent({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, GITHUB_ACTOR: actor });
}

const [a, b, zeros] = ['a'.repeat(40), 'b'.repeat(40), '0'.repeat(40)];
const none = { base: undefined, head: undefined, pullRequest: undefined, isFork: false, isOfDependabot: false };
const repo = (name: string) => ({ full_name: name });
const pullRequest = (more: object = {}) => ({
  pull_request: {
    number: 12,
    user: { login: 'me' },
    base: { sha: a, repo: repo('me/shop') },
    head: { sha: b, repo: repo('me/shop') },
    ...more,
  },
});

describe('the event of a workflow run', () => {
  it('that is a pull request has both commits and the number', () => {
    assert.deepEqual(read('pull_request', pullRequest()), {
      ...none,
      name: 'pull_request',
      base: a,
      head: b,
      pullRequest: 12,
    });
  });

  it("is a fork's when the head lies in another repository, or in one that is gone", () => {
    const isFork = (base: unknown, head: unknown) =>
      read('pull_request', pullRequest({ base: { sha: a, repo: base }, head: { sha: b, repo: head } })).isFork;
    assert.deepEqual(
      [
        isFork(repo('me/shop'), repo('you/shop')),
        isFork(repo('me/shop'), null),
        isFork(repo('me/shop'), {}),
        isFork(null, null),
        isFork({ full_name: 1 }, { full_name: 1 }),
        isFork(repo('me/shop'), repo('me/shop')),
      ],
      [true, true, true, true, true, false],
    );
  });

  it('is of Dependabot when it acted, whoever opened the pull request', () => {
    const byDependabot = pullRequest({ user: { login: 'dependabot[bot]' } });
    const push = { before: a, after: b };
    assert.deepEqual(
      [
        read('pull_request', byDependabot).isOfDependabot,
        read('pull_request', byDependabot, 'dependabot[bot]').isOfDependabot,
        read('pull_request', byDependabot, 'me').isOfDependabot,
        read('pull_request', pullRequest(), 'dependabot[bot]').isOfDependabot,
        read('push', push, 'dependabot[bot]').isOfDependabot,
        read('push', push, 'me').isOfDependabot,
        read('schedule', {}, 'dependabot[bot]').isOfDependabot,
        read('pull_request', pullRequest({ user: null })).isOfDependabot,
      ],
      [true, true, false, true, true, false, false, false],
    );
  });

  it('that is a merge queue has the number in the name of its branch', () => {
    const queue = (ref: unknown) => read('merge_group', { merge_group: { base_sha: a, head_sha: b, head_ref: ref } });
    assert.deepEqual(queue(`refs/heads/gh-readonly-queue/release/1.x/pr-34-${a}`), {
      ...none,
      name: 'merge_group',
      base: a,
      head: b,
      pullRequest: 34,
    });
    for (const ref of [undefined, 3, 'refs/heads/main', `refs/heads/gh-readonly-queue/main/pr-x-${a}`])
      assert.equal(queue(ref).pullRequest, undefined);
  });

  it('that is a push has both commits, unless it made or removed a branch', () => {
    assert.deepEqual(read('push', { before: a, after: b }), { ...none, name: 'push', base: a, head: b });
    assert.deepEqual(read('push', { before: zeros, after: b }), { ...none, name: 'push', head: b });
    assert.deepEqual(read('push', { before: a, after: zeros }), { ...none, name: 'push', base: a });
  });

  it('says nothing where there is none, or what is there is no event', () => {
    assert.deepEqual(readEvent({}), { ...none, name: undefined });
    assert.deepEqual(readEvent({ GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: join(folder, 'gone') }), {
      ...none,
      name: 'push',
    });
    for (const payload of ['', 'no json', '3', 'null', '[]', '{"pull_request":null,"merge_group":null}'])
      assert.deepEqual(read('push', payload), { ...none, name: 'push' });
  });

  it('has only whole hashes of commits, whatever a stranger wrote', () => {
    for (const sha of ['--output=x', 'main', 'a'.repeat(39), `${a}\n`, 'A'.repeat(40), 7, null, undefined]) {
      const event = read(
        'pull_request',
        pullRequest({ base: { sha, repo: repo('x/y') }, head: { sha, repo: repo('x/y') } }),
      );
      assert.deepEqual([event.base, event.head], [undefined, undefined], String(sha));
    }
    const sha256 = 'c'.repeat(64);
    assert.equal(read('push', { before: sha256 }).base, sha256);
    assert.equal(read('pull_request', pullRequest({ number: '12' })).pullRequest, undefined);
  });
});
