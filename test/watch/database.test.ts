import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DatabaseFacts, type DatabaseLimits, judgeDatabase, unreachable } from '../../src/watch/database.ts';
import { answers, found, manifest } from './facts.ts';

const newest = manifest({ id: 'new', totals: { tables: 10, databaseBytes: 1000 } });
const judge = (facts: Partial<DatabaseFacts> = {}, limits: Partial<DatabaseLimits> = {}) =>
  judgeDatabase(
    { name: 'shop', sizeBytes: 1000, tables: 10, missing: [], empty: [], unread: [], source: 'same', newest, ...facts },
    { maxSizeBytes: 2000, maxShrink: 0.3, requiredTables: ['a'], ...limits },
  );

describe('the database itself', () => {
  it('is silent when it is as it should be, and all of it was looked at', () => {
    const look = judge();
    assert.deepEqual([look.findings, look.notes, look.leftOut], [[], [], []]);
    assert.deepEqual(look.codes, [
      'DATABASE_UNREACHABLE',
      'SOURCE_DIFFERS',
      'DATABASE_TOO_LARGE',
      'SIZE_FELL',
      'TABLES_FELL',
      'DATABASE_TABLE_MISSING',
      'DATABASE_TABLE_EMPTY',
      'DATABASE_TABLE_NOT_READ',
    ]);
  });

  for (const [facts, expected] of [
    [{ source: 'another' }, [['SOURCE_DIFFERS', 'database of shop']]],
    [{ sizeBytes: 2001 }, [['DATABASE_TOO_LARGE', 'database of shop']]],
    [{ sizeBytes: 699 }, [['SIZE_FELL', 'database of shop']]],
    [{ tables: 6 }, [['TABLES_FELL', 'database of shop']]],
    [{ missing: ['public.a'] }, [['DATABASE_TABLE_MISSING', 'table public.a']]],
    [{ empty: ['public.a'] }, [['DATABASE_TABLE_EMPTY', 'table public.a']]],
    [{ unread: [{ table: 'public.a', reason: 'no right' }] }, [['DATABASE_TABLE_NOT_READ', 'table public.a']]],
  ] as const)
    it(`is named for ${JSON.stringify(facts)}`, () => assert.deepEqual(found(judge(facts)), expected));

  it('is not held against backups that are not there, and against no limit that nobody gave', () => {
    const look = judge({ newest: undefined, source: 'unknown' }, { maxSizeBytes: undefined, requiredTables: [] });
    assert.deepEqual(look.codes, ['DATABASE_UNREACHABLE']);
    assert.deepEqual(look.leftOut, [
      'how large the database is (max-size)',
      'tables that must be in the database (required-tables)',
    ]);
    assert.deepEqual(look.notes, ['the size of the database of shop: there is no backup to compare it with']);
    assert.match(judge({ source: 'unknown' }).notes.join(), /its provider hides that/);
    assert.ok(!answers(judge({ source: 'unknown' }), 'SOURCE_DIFFERS'));
  });

  it('that gives no answer is a finding, and nothing else of it was looked at', () => {
    const look = unreachable('shop', 'nothing accepts connections at host:1');
    assert.deepEqual(look.codes, ['DATABASE_UNREACHABLE']);
    assert.deepEqual(found(look), [['DATABASE_UNREACHABLE', 'database of shop']]);
  });
});
