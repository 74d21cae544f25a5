import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAge } from '../../src/watch/clock.ts';
import { judgeGaps } from '../../src/watch/gap.ts';
import type { WatchedBackup } from '../../src/watch/look.ts';
import { backup, daily, day, found, hour, now } from './facts.ts';

const gaps = (backups: readonly WatchedBackup[], maxRpoSeconds: number | undefined, rpoSeconds: number | null = day) =>
  judgeGaps({ name: 'shop', backups, rpoSeconds }, { maxRpoSeconds }, now);

describe('the times between backups', () => {
  it('are silent within max-rpo', () => {
    const look = gaps(daily(10), day);
    assert.deepEqual([look.codes, look.findings, look.notes], [['RPO_EXCEEDED', 'RPO_OUT_OF_REACH'], [], []]);
  });

  it('that were once too long are named', () => {
    assert.deepEqual(gaps(daily(10), 25 * hour, 2 * day).findings, [
      {
        code: 'RPO_EXCEEDED',
        object: 'backups of shop',
        expected: 'at most 25 h apart in the last 30 days',
        found: '2 d',
      },
    ]);
  });

  it('that the schedule can never keep are named apart', () => {
    const look = gaps(daily(10), hour, day);
    assert.deepEqual(found(look), [
      ['RPO_EXCEEDED', 'backups of shop'],
      ['RPO_OUT_OF_REACH', 'schedule of shop'],
    ]);
    assert.deepEqual(
      [look.findings[1]?.expected, look.findings[1]?.found],
      ['a backup every 60 min', 'one every 24 h'],
    );
  });

  it('of the schedule are told by scheduled whole backups of the last 30 days alone', () => {
    const others = [backup(hour, { kind: 'manual' }), backup(2 * hour, { partial: true }), backup(31 * day)];
    const look = gaps([...others, ...daily(2)], hour, 0);
    assert.deepEqual(look.codes, ['RPO_EXCEEDED']);
    assert.deepEqual(look.notes, [
      'whether the schedule of shop can keep max-rpo: too few scheduled backups in the last 30 days (2, it takes 3)',
    ]);
  });

  it('are left out without max-rpo, and silent where there is no backup', () => {
    assert.deepEqual(gaps(daily(10), undefined).leftOut, ['how far apart backups are (max-rpo)']);
    assert.deepEqual(gaps([], hour, null).findings, []);
  });
});

describe('an age', () => {
  it('has one or two units, of which the last is never zero', () => {
    assert.deepEqual([0, 119, 120, 5400, 26 * hour, 26 * hour + 61, 35 * day, 49 * hour].map(formatAge), [
      '0 s',
      '119 s',
      '2 min',
      '90 min',
      '26 h',
      '26 h 1 min',
      '35 d',
      '2 d 1 h',
    ]);
  });
});
