import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type WatchedManifest, median } from '../../src/watch/look.ts';
import { judgeRequired, judgeSource, judgeTrend } from '../../src/watch/trend.ts';
import { answers, found, hour, manifest } from './facts.ts';

const usual = { tables: 10, rows: 1000, databaseBytes: 100_000, storedBytes: 50_000 };
const before = Array.from({ length: 10 }, () => manifest({ id: 'before', totals: usual }));
const newest = (totals: Partial<typeof usual> = {}, more = {}) =>
  manifest({ id: 'new', totals: { ...usual, ...totals }, ...more });
const limits = { maxShrink: 0.3 };
const trend = (one: ReturnType<typeof newest> | undefined, earlier = before) =>
  judgeTrend({ name: 'shop', newest: one, before: earlier }, limits);

describe('the newest backup among those before it', () => {
  it('is silent when it is as large, larger, or a little smaller', () => {
    for (const factor of [1, 10, 0.7]) {
      const scaled = Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, value * factor]));
      const look = trend(newest(scaled));
      assert.deepEqual([look.codes, look.findings, look.notes], [['SIZE_FELL', 'ROWS_FELL', 'TABLES_FELL'], [], []]);
    }
  });

  for (const [measure, code, object] of [
    ['databaseBytes', 'SIZE_FELL', 'size of the database of new'],
    ['storedBytes', 'SIZE_FELL', 'stored size of new'],
    ['rows', 'ROWS_FELL', 'rows of new'],
    ['tables', 'TABLES_FELL', 'tables of new'],
  ] as const)
    it(`that lost too much of ${measure} is named, and nothing else is`, () => {
      const lost = Math.ceil(usual[measure] * 0.7) - 1;
      assert.deepEqual(found(trend(newest({ [measure]: lost }))), [[code, object]]);
    });

  it('says how much is left', () => {
    assert.deepEqual(trend(newest({ rows: 690 })).findings[0], {
      code: 'ROWS_FELL',
      object: 'rows of new',
      expected: 'at least 70 % of 1000 rows',
      found: '69 %, 690 rows',
    });
    assert.equal(trend(newest({ rows: 0 })).findings[0]?.found, '0 %, 0 rows');
  });

  it('is held against the median: one odd backup before it changes nothing', () => {
    const odd = [manifest({ totals: { ...usual, rows: 1 } }), manifest({ totals: { ...usual, rows: 99_999 } })];
    assert.deepEqual(found(trend(newest(), [...odd, ...before])), []);
    assert.deepEqual(found(trend(newest({ rows: 500 }), [...odd, ...before])), [['ROWS_FELL', 'rows of new']]);
  });

  it('is held against the ten before it, so that a new size becomes usual', () => {
    const small = Array.from({ length: 10 }, () => manifest({ totals: { ...usual, rows: 10 } }));
    assert.deepEqual(found(trend(newest({ rows: 10 }), [...small, ...before])), []);
  });

  it('cannot be judged with fewer than three before it, which is said and is not red', () => {
    const look = trend(newest({ rows: 1 }), before.slice(0, 2));
    assert.deepEqual([look.codes, look.findings], [[], []]);
    assert.ok(look.notes.includes('rows of new: too few earlier backups to compare with (2, it takes 3)'));
    assert.deepEqual(found(trend(newest({ rows: 1 }), before.slice(0, 3))), [['ROWS_FELL', 'rows of new']]);
  });

  it('of rows that nobody counted says so, as of a manifest that cannot be read', () => {
    const look = trend(manifest({ id: 'new', totals: { ...usual, rows: null } }));
    assert.ok(!answers(look, 'ROWS_FELL') && answers(look, 'TABLES_FELL'));
    assert.deepEqual(look.notes, ['rows of new: nobody counted them']);
    const unread = trend(undefined);
    assert.deepEqual([unread.codes, unread.findings, unread.notes.length], [[], [], 1]);
  });

  it('compares stored sizes only of backups that were compressed and encrypted alike', () => {
    const look = trend(newest({ storedBytes: 10 }, { compression: 'zstd:19' }));
    assert.deepEqual(found(look), []);
    assert.match(look.notes.join(), /^stored size of new: too few earlier backups to compare with \(0, /);
  });

  it('is named exactly when it is below its share of the median', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 3, maxLength: 10 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 10_000 }), (earlier, rows) => {
        const look = trend(
          newest({ rows }),
          earlier.map(one => manifest({ totals: { ...usual, rows: one } })),
        );
        const middle = Math.round(median(earlier));
        assert.deepEqual(found(look), rows < middle * 0.7 ? [['ROWS_FELL', 'rows of new']] : []);
      }),
    );
  });
});

describe('the median', () => {
  it('is the middle one, or between the two in the middle', () => {
    assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7]);
    assert.ok(Number.isNaN(median([])));
  });
});

describe('required tables of the newest backup', () => {
  const asking = (asked: number, present = asked, kind = 'scheduled') =>
    manifest({ id: `${kind}-${asked}`, kind, requiredTables: { asked, present } });
  const required = (...[one, ...earlier]: ReturnType<typeof asking>[]) =>
    judgeRequired({ name: 'shop', newest: one, before: earlier });

  it('are silent when all were there, and none were asked for that are not any more', () => {
    assert.deepEqual(found(required(asking(3), asking(3), asking(2))), []);
    assert.deepEqual(found(required(asking(0))), []);
  });

  it('that vanished are counted', () => {
    assert.deepEqual(required(asking(3, 2)).findings, [
      {
        code: 'REQUIRED_TABLE_MISSING',
        object: 'required tables of scheduled-3',
        expected: '3',
        found: '2',
      },
    ]);
  });

  it('that nobody asks for any more are named, of backups of the same kind', () => {
    assert.deepEqual(found(required(asking(0), asking(3))), [
      ['REQUIRED_TABLES_FEWER', 'required tables of scheduled-0'],
    ]);
    assert.deepEqual(found(required(asking(0, 0, 'pre-migration'), asking(3))), []);
  });
});

describe('the source of the newest backup', () => {
  const judge = (source: WatchedManifest['source'], maxRpoSeconds?: number) =>
    judgeSource({ name: 'shop', newest: manifest({ id: 'new', source }), before: [] }, { maxRpoSeconds });
  const behind = (behindSeconds: number, maxRpoSeconds?: number) =>
    found(judge({ standby: true, behindSeconds }, maxRpoSeconds));

  it('is named when it was a replica that was behind', () => {
    assert.deepEqual(behind(hour + 1), [['SOURCE_STALE', 'source of new']]);
    assert.deepEqual(behind(61, 60), [['SOURCE_STALE', 'source of new']]);
  });

  it('is silent as a primary, or as a replica that kept up', () => {
    assert.deepEqual([behind(0), behind(hour), behind(2 * hour, 3 * hour)], [[], [], []]);
    const primary = judge({ standby: false, behindSeconds: null }, 1);
    assert.deepEqual([found(primary), primary.notes, answers(primary, 'SOURCE_STALE')], [[], [], true]);
  });

  it('is not judged where nobody can tell, which is said', () => {
    for (const source of [null, { standby: true, behindSeconds: null }]) {
      const look = judge(source, 1);
      assert.deepEqual([found(look), answers(look, 'SOURCE_STALE')], [[], false]);
      assert.deepEqual(look.notes, ['the source of new: nobody can tell whether it was a replica that was behind']);
    }
  });
});
