import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeFreshness } from '../../src/watch/freshness.ts';
import type { WatchedBackup } from '../../src/watch/look.ts';
import { answers, ago, backup, daily, day, found, hour, now } from './facts.ts';

const judge = (backups: readonly WatchedBackup[]) =>
  judgeFreshness({ name: 'shop', backups }, { maxAgeSeconds: 26 * hour }, now);
const all = ['NO_BACKUP', 'BACKUP_FROM_FUTURE', 'BACKUP_UNFINISHED', 'BACKUP_STALE'];

describe('how fresh the newest backup is', () => {
  it('is silent while it is young enough, and says all that it looked for', () => {
    const look = judge([backup(26 * hour), backup(3 * day)]);
    assert.deepEqual([look.codes, look.findings, look.notes, look.leftOut], [all, [], [], []]);
  });

  it('names a newest one that is too old, how old it is and may be', () => {
    assert.deepEqual(judge([backup(26 * hour + 60), backup(3 * day)]).findings, [
      {
        code: 'BACKUP_STALE',
        object: 'newest backup of shop',
        expected: 'at most 26 h old',
        found: '26 h 1 min old (at-93660)',
      },
    ]);
  });

  it('counts neither a partial one nor one that was never sealed', () => {
    const look = judge([backup(hour, { partial: true }), backup(hour, { sealed: false }), backup(2 * day)]);
    assert.deepEqual(found(look), [['BACKUP_STALE', 'newest backup of shop']]);
  });

  it('fires exactly when the newest of all is older than allowed, whatever their order', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 90 * hour }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ages, seconds => {
        const look = judge(seconds.map(one => backup(one)));
        const codes = look.findings.map(({ code }) => code);
        assert.deepEqual(codes, Math.min(...seconds) > 26 * hour ? ['BACKUP_STALE'] : []);
      }),
    );
  });

  it('finds that there is none at all, and says what there is instead', () => {
    const none = judge([]);
    assert.deepEqual(found(none), [['NO_BACKUP', 'backups of shop']]);
    assert.equal(none.findings[0]?.found, 'none');
    // that it is stale is not known, so an alert of it stays open
    assert.ok(!answers(none, 'BACKUP_STALE'));
    const others = judge([backup(hour, { partial: true }), backup(2 * hour, { sealed: false })]);
    assert.equal(others.findings[0]?.found, 'none but partial ones (1) and what failed runs left (1)');
  });
});

describe('a backup dated in the future', () => {
  it('is never fresh, and is named', () => {
    const look = judge([backup(-3 * day), backup(2 * day)]);
    assert.deepEqual(found(look), [
      ['BACKUP_STALE', 'newest backup of shop'],
      ['BACKUP_FROM_FUTURE', 'backups of shop'],
    ]);
    assert.equal(look.findings[1]?.found, '1 dated up to 2026-11-28T12:00:00.000Z');
    const alone = judge([backup(-3 * day)]);
    assert.equal(alone.findings[0]?.found, 'none but those that are dated in the future');
  });

  it('does not hide a fresh one, and clocks may differ by minutes', () => {
    assert.deepEqual(found(judge([backup(-3 * day), backup(hour)])), [['BACKUP_FROM_FUTURE', 'backups of shop']]);
    assert.deepEqual(found(judge([backup(-5 * 60)])), []);
  });
});

describe('what a run left that never sealed', () => {
  const rest = (seconds: number, more = {}) => backup(seconds, { sealed: false, ...more });

  it('is found when nothing newer was sealed', () => {
    const look = judge([rest(8 * hour), rest(9 * hour), backup(20 * hour)]);
    assert.deepEqual(found(look), [['BACKUP_UNFINISHED', 'last run of shop']]);
    assert.match(look.findings[0]?.found ?? '', /^at-28800, begun 8 h ago and never sealed, the last of 2 such$/);
  });

  it('is silent while the run may go on, by the id or by what it wrote last', () => {
    assert.deepEqual(found(judge([rest(6 * hour), backup(20 * hour)])), []);
    assert.deepEqual(found(judge([rest(12 * hour, { modifiedAt: ago(hour) }), backup(20 * hour)])), []);
  });

  it('is silent once something as whole was sealed', () => {
    assert.deepEqual(found(judge([backup(hour), rest(8 * hour)])), []);
    assert.deepEqual(found(judge([backup(20 * hour), backup(hour, { partial: true }), rest(8 * hour)])), [
      ['BACKUP_UNFINISHED', 'last run of shop'],
    ]);
    assert.deepEqual(
      found(judge([backup(20 * hour), backup(hour, { partial: true }), rest(8 * hour, { partial: true })])),
      [],
    );
  });

  it('is silent in any healthy history', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 * day })), seconds => {
        const backups = [backup(0), ...seconds.map((one, index) => (index % 2 ? rest(one) : backup(one)))];
        assert.deepEqual(found(judge(backups)), []);
      }),
    );
    assert.deepEqual(found(judge(daily(400))), []);
  });
});
