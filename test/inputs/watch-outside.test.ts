import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { type Environment, readTerminal } from '../../src/inputs/raw.ts';
import type { WatchInputs } from '../../src/inputs/watch.ts';

type Given = Readonly<Record<string, string>>;

const project = 'abcdefghijklmnopqrst';
const inWorkflow = { GITHUB_REPOSITORY: 'me/shop', GITHUB_API_URL: 'https://github.example.com/api/v3' };

function outside(more: Given, environment: Environment = {}) {
  const given = { store: 'file:///backups', ...more };
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  return (readInputs(readTerminal(['watch', ...args], {}).inputs, environment) as WatchInputs).outside;
}

function refusal(more: Given, environment: Environment = {}): string {
  try {
    outside(more, environment);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exitStatus, 64);
    return `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

describe('what a watch looks at outside', () => {
  it('is the bucket alone where nothing is said', () => {
    assert.deepEqual(outside({}, inWorkflow), {
      schedule: undefined,
      supabase: undefined,
      checkBucket: true,
      secrets: [],
    });
    assert.equal(outside({ 'check-bucket': 'false' }).checkBucket, false);
    // a workflow may hand on its token whether or not it is needed
    assert.equal(outside({ 'github-token': 'ghs_1' }).schedule, undefined);
  });

  it('has workflows of this repository, or of another one', () => {
    const given = { 'backup-workflow': '.github/workflows/backup.yml\nother.yaml', 'github-token': 'ghs_1' };
    assert.deepEqual(outside(given, inWorkflow).schedule, {
      repository: 'me/shop',
      workflows: ['backup.yml', 'other.yaml'],
      token: 'ghs_1',
      apiUrl: inWorkflow.GITHUB_API_URL,
    });
    const { schedule, secrets } = outside({ ...given, 'watch-repository': 'you/other' });
    assert.deepEqual([schedule?.repository, schedule?.apiUrl], ['you/other', 'https://api.github.com']);
    assert.deepEqual(secrets, ['ghs_1']);
  });

  it('has a project at Supabase', () => {
    const given = { 'supabase-project': project, 'supabase-access-token': 'sbp_1' };
    const { supabase, secrets } = outside({ ...given, 'expect-pitr': 'true' });
    assert.deepEqual(supabase, { project, token: 'sbp_1', expectPitr: true });
    assert.deepEqual(secrets, ['sbp_1']);
    assert.equal(outside(given).supabase?.expectPitr, false);
  });

  const token = { 'github-token': 'ghs_1' };
  const workflow = { 'backup-workflow': 'backup.yml', ...token };
  const refused: [more: Given, words: string][] = [
    [
      { 'watch-repository': 'me/shop' },
      'input backup-workflow is missing (watch-repository is given; say which of its workflows backs up)',
    ],
    [
      { 'backup-workflow': 'backup.yml' },
      'input github-token is missing (backup-workflow needs it, with permissions: actions: read)',
    ],
    [workflow, 'input watch-repository is missing (outside of a workflow backup-workflow needs it, owner/name)'],
    [
      { ...workflow, 'backup-workflow': 'Nightly backup' },
      'input backup-workflow has the line "Nightly backup" (it may be the name of a file in .github/workflows, such as backup.yml, one a line)',
    ],
    [
      { ...workflow, 'backup-workflow': '../../../user.yml' },
      'input backup-workflow has the line ".. (17 characters)" (it may be the name of a file in .github/workflows, such as backup.yml, one a line)',
    ],
    [
      { ...workflow, 'backup-workflow': Array.from({ length: 21 }, (_, index) => `${index}.yml`).join('\n') },
      'input backup-workflow has 21 lines (it may have 20)',
    ],
    [{ ...workflow, 'watch-repository': 'shop' }, 'input watch-repository is "shop" (it may be owner/name)'],
    [
      { ...workflow, 'watch-repository': '../shop' },
      'input watch-repository is ".. (7 characters)" (it may be owner/name)',
    ],
    [{ 'supabase-project': project }, 'input supabase-access-token is missing (supabase-project is given)'],
    [{ 'supabase-access-token': 'sbp_1' }, 'input supabase-project is missing (supabase-access-token is given)'],
    [{ 'expect-pitr': 'true' }, 'input supabase-project is missing (expect-pitr asks Supabase about a project)'],
    [{ 'expect-pitr': 'yes' }, 'input expect-pitr is "yes" (it may be true, false)'],
    [{ 'check-bucket': 'no' }, 'input check-bucket is "no" (it may be true, false)'],
    [
      { 'supabase-project': 'shop', 'supabase-access-token': 'sbp_1' },
      'input supabase-project is "shop" (it may be a project\'s reference, 20 letters, as in https://<reference>.supabase.co)',
    ],
  ];
  for (const [more, words] of refused)
    it(`is refused: ${words.replace(/ \(.*/, '')}`, () => {
      assert.equal(refusal(more).replaceAll('…', ''), words);
    });
});
