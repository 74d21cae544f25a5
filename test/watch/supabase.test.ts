import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingCodes } from '../../src/finding.ts';
import type { ProjectBackups } from '../../src/supabase/management.ts';
import { type SupabaseFacts, judgeSupabase } from '../../src/watch/supabase.ts';

const now = new Date('2026-11-25T12:00:00Z');
const before = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const project = 'abcdefghijklmnopqrst';
const daily = (...hours: number[]) => hours.map(hour => ({ status: 'COMPLETED', at: before(hour) }));

function facts(backups: Partial<ProjectBackups> = {}, status = 'ACTIVE_HEALTHY'): SupabaseFacts {
  return {
    project,
    status: { outcome: 'read', value: status },
    backups: {
      outcome: 'read',
      value: { backups: daily(10, 34), hasPitr: false, latestPointAt: null, ...backups },
    },
  };
}

const judge = (told: SupabaseFacts, expectPitr = false) =>
  judgeSupabase(told, { expectPitr }, now).findings.map(({ code, found }) => `${code}: ${found}`);

describe('what Supabase does for a project itself', () => {
  it('is silent where it is well', () => {
    assert.deepEqual(judge(facts()), []);
    assert.deepEqual(judge(facts({ backups: daily(29.9) })), []);
    assert.deepEqual(judge(facts({ backups: [], hasPitr: true, latestPointAt: before(0.1) }), true), []);
    assert.deepEqual(judge(facts({ backups: daily(200), hasPitr: true, latestPointAt: before(0.9) })), []);
  });

  it('is told to have stopped where the newest completed backup is old', () => {
    assert.deepEqual(judgeSupabase(facts({ backups: daily(54, 31) }), { expectPitr: false }, now).findings, [
      {
        code: 'PLATFORM_BACKUP_TOO_OLD',
        object: `backups of project ${project}`,
        expected: 'one of the last 30 h',
        found: 'the newest is of 2026-11-24 05:00 UTC, 31 h ago',
      },
    ]);
    const failed = { status: 'FAILED', at: before(2) };
    assert.equal(judge(facts({ backups: [failed, ...daily(50)] })).length, 1);
    // a point in time counts only where there is recovery to one
    assert.equal(judge(facts({ backups: daily(50), latestPointAt: before(0) })).length, 1);
  });

  it('is told to be none where there is no completed backup', () => {
    assert.deepEqual(judge(facts({ backups: [] })), [
      'PLATFORM_BACKUP_NONE: none at all; the free plan has none to restore',
    ]);
    const others = ['PENDING', 'FAILED', 'FAILED'].map(status => ({ status, at: before(2) }));
    assert.deepEqual(judge(facts({ backups: others })), ['PLATFORM_BACKUP_NONE: 3, all of them FAILED, PENDING']);
  });

  it('needs recovery to a point in time only where that is expected', () => {
    assert.deepEqual(judge(facts(), true), ['PITR_OFF: it is off']);
    assert.deepEqual(
      judge(facts({ backups: [] }), true).map(text => text.split(':')[0]),
      ['PITR_OFF', 'PLATFORM_BACKUP_NONE'],
    );
  });

  it('is told to be behind where its last point in time is older than an hour, or none is named', () => {
    assert.deepEqual(judge(facts({ hasPitr: true, latestPointAt: before(1.5) })), [
      'PITR_BEHIND: the newest is of 2026-11-25 10:30 UTC, 90 min ago',
    ]);
    assert.deepEqual(judge(facts({ hasPitr: true })), ['PITR_BEHIND: Supabase names none']);
    assert.deepEqual(judge(facts({ backups: [], hasPitr: true, latestPointAt: before(72) })), [
      'PLATFORM_BACKUP_TOO_OLD: the newest is of 2026-11-22 12:00 UTC, 3 d ago',
    ]);
    assert.match(judge(facts({ backups: [], hasPitr: true }))[0] ?? '', /^PLATFORM_BACKUP_NONE/);
  });
});

describe('the state of a project', () => {
  it('must be healthy, and a paused one is told as such', () => {
    assert.deepEqual(judge(facts({}, 'INACTIVE')), ['PROJECT_NOT_ACTIVE: INACTIVE: it is paused']);
    for (const status of ['ACTIVE_UNHEALTHY', 'COMING_UP', 'PAUSING', 'REMOVED', 'a new word'])
      assert.deepEqual(judge(facts({}, status)), [`PROJECT_NOT_ACTIVE: ${status}`]);
  });

  it('that could not be asked is never taken for good', () => {
    const problem = 'Supabase refused it';
    const unread = { outcome: 'not read', problem } as const;
    assert.deepEqual(judgeSupabase({ project, status: unread, backups: unread }, { expectPitr: true }, now).findings, [
      { code: 'SUPABASE_NOT_READ', object: `project ${project}`, expected: 'an answer', found: problem },
      { code: 'SUPABASE_NOT_READ', object: `backups of project ${project}`, expected: 'an answer', found: problem },
    ]);
    assert.equal(judge({ ...facts(), status: unread }).length, 1);
    assert.equal(findingCodes.SUPABASE_NOT_READ.verdict, 'could-not-verify');
  });

  it('answers only for what was really looked at', () => {
    const codes = (told: SupabaseFacts, expectPitr = false) => judgeSupabase(told, { expectPitr }, now).codes;
    const usual = ['SUPABASE_NOT_READ', 'PROJECT_NOT_ACTIVE', 'PLATFORM_BACKUP_NONE', 'PLATFORM_BACKUP_TOO_OLD'];
    assert.deepEqual(codes(facts()), usual);
    assert.deepEqual(codes(facts({ hasPitr: true }), true), [...usual, 'PITR_OFF', 'PITR_BEHIND']);
    const unread = { outcome: 'not read', problem: 'x' } as const;
    assert.deepEqual(codes({ project, status: unread, backups: unread }, true), usual.slice(0, 1));
  });
});
