import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingCodes } from '../../src/finding.ts';
import type { RepositoryState, WorkflowState } from '../../src/github/workflow.ts';
import { type ScheduleFacts, type ScheduledRun, judgeSchedule } from '../../src/watch/schedule.ts';

const now = new Date('2026-11-25T12:00:00Z');
const limits = { maxAgeSeconds: 26 * 3600 };
const before = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const url = 'https://github.com/me/shop/actions/runs/7';

const run = (hours: number, more: Partial<ScheduledRun> = {}): ScheduledRun => ({
  createdAt: before(hours),
  status: 'completed',
  conclusion: 'success',
  url,
  ...more,
});

interface Told {
  repository?: Partial<RepositoryState>;
  workflow?: Partial<WorkflowState>;
}

function facts({ repository, workflow }: Told = {}): ScheduleFacts {
  return {
    repository: {
      outcome: 'read',
      name: 'me/shop',
      isPublic: true,
      isArchived: false,
      pushedAt: before(24),
      ...repository,
    },
    workflows: [{ outcome: 'read', file: 'backup.yml', state: 'active', runs: [run(9), run(33)], ...workflow }],
  };
}

const judge = (told: Told = {}) => judgeSchedule(facts(told), limits, now).findings;
const found = (told: Told) => judge(told).map(finding => `${finding.code}: ${finding.found}`);
const withRuns = (...runs: ScheduledRun[]) => found({ workflow: { runs } });
const object = 'workflow backup.yml of me/shop';

describe('the schedule of a workflow', () => {
  it('that runs is silent', () => {
    assert.deepEqual(judge(), []);
    assert.deepEqual(withRuns(run(25.9)), []);
    assert.deepEqual(withRuns(run(0, { status: 'in_progress', conclusion: null }), run(24)), []);
    assert.deepEqual(withRuns(run(1, { status: 'queued', conclusion: null }), run(25)), []);
  });

  it('is missed where the workflow is disabled, in whatever way, and then nothing else is said', () => {
    for (const state of ['disabled_manually', 'disabled_inactivity', 'disabled_fork', 'deleted', 'a new word'])
      assert.deepEqual(judge({ workflow: { state, runs: [run(900)] }, repository: { pushedAt: before(24 * 61) } }), [
        { code: 'WORKFLOW_DISABLED', object, expected: 'active', found: state },
      ]);
    assert.deepEqual(judge({ repository: { isArchived: true } }), [
      {
        code: 'WORKFLOW_DISABLED',
        object: 'repository me/shop',
        expected: 'a repository in use',
        found: 'it is archived',
      },
    ]);
  });

  it('is missed where no run is young enough, or there never was one', () => {
    assert.deepEqual(judge({ workflow: { runs: [run(26.1), run(50)] } }), [
      {
        code: 'SCHEDULE_NOT_RUNNING',
        object,
        expected: 'a scheduled run in the last 26 h',
        found: 'the last one was at 2026-11-24 09:54 UTC, 26 h 6 min ago',
      },
    ]);
    assert.deepEqual(withRuns(), ['SCHEDULE_NOT_RUNNING: its schedule has never started it']);
    assert.deepEqual(withRuns(run(30, { conclusion: 'failure' })), [
      'SCHEDULE_NOT_RUNNING: the last one was at 2026-11-24 06:00 UTC, 30 h ago',
    ]);
  });

  it('is told to fail by its last run that has ended, whatever came out but success', () => {
    for (const conclusion of [
      'failure',
      'cancelled',
      'timed_out',
      'startup_failure',
      'skipped',
      'neutral',
      'stale',
      'new',
    ])
      assert.deepEqual(judge({ workflow: { runs: [run(9, { conclusion }), run(33)] } }), [
        {
          code: 'SCHEDULE_RUN_FAILED',
          object,
          expected: 'success',
          found: `${conclusion}, the run of 2026-11-25 03:00 UTC (${url})`,
        },
      ]);
    const goesOn = run(0, { status: 'in_progress', conclusion: null });
    assert.equal(withRuns(goesOn, run(24, { conclusion: 'failure' })).length, 1);
    assert.deepEqual(withRuns(run(9), run(33, { conclusion: 'failure' })), []);
    assert.equal(withRuns(run(9, { conclusion: null })).length, 1);
  });

  it('is told to hang where a run waits for more than three hours', () => {
    for (const status of ['queued', 'requested', 'waiting', 'pending', 'action_required'])
      assert.deepEqual(withRuns(run(3.5, { status, conclusion: null }), run(24)), [
        `SCHEDULE_RUN_STUCK: ${status} since 2026-11-25 08:30 UTC, 3 h 30 min ago (${url})`,
      ]);
    assert.deepEqual(withRuns(run(2.9, { status: 'queued', conclusion: null }), run(24)), []);
    assert.deepEqual(withRuns(run(5, { status: 'in_progress', conclusion: null }), run(25)), []);
    assert.equal(withRuns(run(30, { status: 'queued', conclusion: null })).length, 2);
  });
});

describe('the end of a schedule', () => {
  const quiet = (days: number, repository: Partial<RepositoryState> = {}) =>
    found({ repository: { pushedAt: before(days * 24), ...repository } });

  it('is told from the 45th day without a push, with its day', () => {
    assert.deepEqual(quiet(45), []);
    assert.deepEqual(quiet(46), [
      'SCHEDULE_ENDS_SOON: the last push was on 2026-10-10, 46 d ago: GitHub disables the schedule on 2026-12-09',
    ]);
    assert.match(quiet(61)[0] ?? '', /GitHub may disable the schedule any day$/);
    assert.deepEqual(quiet(0, { pushedAt: null }), ['SCHEDULE_ENDS_SOON: GitHub shows no push at all']);
  });

  it('is never near in a private repository', () => {
    assert.deepEqual(quiet(200, { isPublic: false }), []);
  });
});

describe('a schedule that could not be looked at', () => {
  it('is told, and never taken for a good one', () => {
    const { repository } = facts();
    const workflows = [
      { outcome: 'missing', file: 'backup.yml' },
      { outcome: 'not read', file: 'other.yml', problem: 'GitHub refused it' },
    ] as const;
    const { findings } = judgeSchedule({ repository, workflows }, limits, now);
    assert.deepEqual(findings, [
      {
        code: 'WORKFLOW_MISSING',
        object,
        expected: 'a workflow',
        found: 'GitHub knows none of this name, or the token may not see it',
      },
      {
        code: 'GITHUB_NOT_READ',
        object: 'workflow other.yml of me/shop',
        expected: 'an answer',
        found: 'GitHub refused it',
      },
    ]);
    const unread = { outcome: 'not read', name: 'me/shop', problem: 'no answer in time' } as const;
    const [first, ...others] = judgeSchedule({ ...facts(), repository: unread }, limits, now).findings;
    assert.deepEqual(
      [first?.code, first?.object, first?.found, others],
      ['GITHUB_NOT_READ', 'repository me/shop', 'no answer in time', []],
    );
    for (const code of ['WORKFLOW_MISSING', 'GITHUB_NOT_READ'] as const)
      assert.equal(findingCodes[code].verdict, 'could-not-verify');
  });

  it('answers only for what was really looked at', () => {
    const codes = (told: ScheduleFacts) => judgeSchedule(told, limits, now).codes;
    const all = [
      'GITHUB_NOT_READ',
      'WORKFLOW_MISSING',
      'WORKFLOW_DISABLED',
      'SCHEDULE_NOT_RUNNING',
      'SCHEDULE_RUN_FAILED',
      'SCHEDULE_RUN_STUCK',
      'SCHEDULE_ENDS_SOON',
    ];
    assert.deepEqual(codes(facts()), all);
    assert.deepEqual(codes(facts({ workflow: { state: 'disabled_manually' } })), all.slice(0, 3));
    assert.deepEqual(codes(facts({ repository: { isArchived: true } })), all.slice(0, 3));
    const goesOn = run(0, { status: 'in_progress', conclusion: null });
    assert.deepEqual(
      codes(facts({ workflow: { runs: [goesOn] } })),
      all.filter(code => code !== 'SCHEDULE_RUN_FAILED'),
      'no run has ended',
    );
    const { repository, workflows } = facts();
    const missing = { outcome: 'missing', file: 'other.yml' } as const;
    const unread = { outcome: 'not read', file: 'other.yml', problem: 'x' } as const;
    assert.deepEqual(codes({ repository, workflows: [...workflows, missing] }), all.slice(0, 2));
    assert.deepEqual(codes({ repository, workflows: [...workflows, unread] }), all.slice(0, 1));
    const hidden = { outcome: 'not read', name: 'me/shop', problem: 'x' } as const;
    assert.deepEqual(
      codes({ repository: hidden, workflows }),
      all.filter(code => code !== 'WORKFLOW_DISABLED' && code !== 'SCHEDULE_ENDS_SOON'),
    );
  });

  it('answers for what it found, though it could not look at all of it', () => {
    const { repository } = facts();
    const workflows = [
      { outcome: 'missing', file: 'other.yml' },
      { outcome: 'read', file: 'backup.yml', state: 'active', runs: [run(9, { conclusion: 'failure' })] },
    ] as const;
    const { codes, findings } = judgeSchedule({ repository, workflows }, limits, now);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['WORKFLOW_MISSING', 'SCHEDULE_RUN_FAILED'],
    );
    assert.ok(codes.includes('SCHEDULE_RUN_FAILED') && !codes.includes('SCHEDULE_NOT_RUNNING'));
  });
});
