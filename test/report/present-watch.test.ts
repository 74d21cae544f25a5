import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { type Finding, type FindingCode, explained, findingCodes } from '../../src/finding.ts';
import { outputDefinitions } from '../../src/inputs/outputs.ts';
import { present } from '../../src/report/present.ts';
import { read } from '../alert/read.ts';

const nothing = { newest: null, usual: null };
const result: WatchResult = {
  command: 'watch',
  location: 's3://bucket',
  replica: null,
  at: '2026-11-25T12:00:00.000Z',
  verdict: 'failed',
  accepted: ['accepted: ROWS_FELL rows of x'],
  findings: [explained({ code: 'BACKUP_STALE', object: 'newest backup of shop', expected: 'fresh', found: 'old' })],
  notices: ['not judged: stored size of x: too few'],
  leftOut: ['the database itself (database-url)', 'how far apart backups are (max-rpo)'],
  looked: ['STORE_UNREACHABLE', 'BACKUP_STALE', 'ROWS_FELL'],
  name: 'shop',
  databases: [
    {
      name: 'shop',
      sealed: 3,
      manifestsRead: 3,
      newest: { backupId: '20261120T031742Z-scheduled-k3f9q2', at: '2026-11-20T03:17:42.000Z', ageSeconds: 463_338 },
      newestProven: null,
      newestDrill: null,
      databaseBytes: { newest: 9_000_000, usual: 12_000_000 },
      storedBytes: { newest: 4_200_000, usual: null },
      rows: nothing,
      tables: { newest: 12, usual: 12 },
      rpoSeconds: 463_338,
    },
  ],
  database: { version: '17.5', sizeBytes: 9_100_000, tables: 12 },
  namesHidden: false,
  durationSeconds: 0.3,
};
const shown = (more: Partial<WatchResult> = {}) => present({ ...result, ...more }, []);

describe('a watch', () => {
  it('is shown with its verdict first, then what was accepted, then what is wrong and what to do', () => {
    const { text, outputs } = shown();
    assert.deepEqual(text.split('\n'), [
      'watch of shop: failed (1 finding, 3 codes looked for)',
      'accepted: ROWS_FELL rows of x',
      'findings:',
      '  BACKUP_STALE newest backup of shop',
      '    expected  fresh',
      '    found     old',
      `    remedy    ${findingCodes.BACKUP_STALE.remedy}`,
      'shop: 3 backups, 3 held against what is stored',
      '  newest whole backup       20261120T031742Z-scheduled-k3f9q2, 5 d 9 h ago',
      '  newest proven             none',
      '  newest drill              never',
      '  size of the database      9 MB, usually 12 MB',
      '  stored size               4.2 MB',
      '  rows                      not known',
      '  tables                    12, usually 12',
      '  RPO, of the last 30 days  5 d 9 h',
      'the database itself: PostgreSQL 17.5, 9.1 MB, 12 tables',
      'not judged: stored size of x: too few',
      'not looked at: the database itself (database-url); how far apart backups are (max-rpo)',
      'looked at 2026-11-25 12:00 UTC',
    ]);
    assert.equal(
      outputs.outcomes,
      'STORE_UNREACHABLE: success\nBACKUP_STALE: failure newest backup of shop: old, expected fresh\nROWS_FELL: success',
    );
  });

  it('ends as its verdict says, and gives only outputs that are documented', () => {
    const known = outputDefinitions.map(({ name }) => name);
    for (const [verdict, status] of [
      ['passed', 0],
      ['failed', 1],
      ['could-not-verify', 2],
    ] as const) {
      const { exitStatus, outputs } = shown({ verdict });
      assert.deepEqual([exitStatus, outputs.verdict], [status, verdict]);
      assert.deepEqual(
        Object.keys(outputs).filter(name => !known.includes(name)),
        [],
      );
    }
  });

  it('cuts what is too long, and says so', () => {
    const findings = Array.from({ length: 300 }, (_, index) =>
      explained({ code: 'OBJECT_MISSING', object: `backup ${index}`, expected: 'x', found: 'y'.repeat(9999) }),
    );
    const { text, summary, outputs } = shown({ findings, looked: ['OBJECT_MISSING'] });
    assert.match(text, /\n {2}\(100 more findings not shown here\)\n/);
    assert.match(summary, /\n100 more findings not shown here\.\n/);
    assert.ok(summary.length < 400_000);
    assert.equal(outputs.outcomes, 'OBJECT_MISSING: failure backup 0 (and 299 more)');
  });

  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '::error::',
        '##[group]',
        '\n',
        '\r\n',
        '\u2028',
        '|',
        '`',
        '</code>',
        '<img src=x>',
        '[x](y)',
        ' ',
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    maxLength: 8,
  });
  const codes = Object.keys(findingCodes) as FindingCode[];
  const finding = (name: string, code: FindingCode): Finding => ({ code, object: name, expected: name, found: name });

  it('is harmless in text, summary and outcomes, whatever the names in it', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...codes), (name, code) => {
        const findings = [explained(finding(name, code))];
        const { text, summary, outputs } = shown({
          findings,
          looked: [code],
          accepted: [name],
          notices: [name],
          leftOut: [name],
        });
        for (const line of text.split('\n')) {
          assert.ok(!line.trimStart().startsWith('::'), JSON.stringify(line));
          assert.ok(!line.includes('##['), JSON.stringify(line));
        }
        assert.doesNotMatch(summary, /<img|<\/code><\/code>|[^\\]\[x\]/);
        const told = read({ outcomes: outputs.outcomes ?? '' }).outcomes;
        assert.deepEqual(
          told.map(({ condition, outcome }) => [condition, outcome]),
          [[code, 'failure']],
        );
      }),
    );
  });
});
