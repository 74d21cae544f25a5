import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verdict } from '../../scripts/test/verdict.ts';

const skipped = [{ title: 'a.test.ts › needs gpg', text: 'there is no program gpg' }];
const failed = [{ title: 'a.test.ts › adds', text: 'Error: 1 + 1' }];

describe('the verdict of a test run', () => {
  it('is good when everything passed, and ends with the counts', () => {
    const { lines, status } = verdict({ passed: 3, failed: [], skipped: [] }, false);
    assert.equal(status, 0);
    assert.deepEqual(lines.slice(-2), ['Every test passed.', '3 passed, 0 failed, 0 skipped']);
  });

  it('names what was skipped with its reason, and fails by it only when nothing may be skipped', () => {
    const { lines, status } = verdict({ passed: 3, failed: [], skipped }, true);
    assert.equal(status, 0);
    assert.ok(lines.includes('  a.test.ts › needs gpg: there is no program gpg'));
    assert.equal(lines.at(-1), '3 passed, 0 failed, 1 skipped');

    const strict = verdict({ passed: 3, failed: [], skipped }, false);
    assert.equal(strict.status, 1);
    assert.match(strict.lines.at(-2) ?? '', /1 skipped, which LIFEBOAT_TEST_ALL=1 does not allow/);
  });

  it('fails with a failure, and names it', () => {
    const { lines, status } = verdict({ passed: 3, failed, skipped: [] }, true);
    assert.equal(status, 1);
    assert.ok(lines.includes('  a.test.ts › adds'));
    assert.equal(lines.at(-1), '3 passed, 1 failed, 0 skipped');
  });

  it('fails when no test was run', () => {
    assert.equal(verdict({ passed: 0, failed: [], skipped }, true).status, 1);
    assert.equal(verdict({ passed: 0, failed: [], skipped: [] }, true).status, 1);
  });
});
