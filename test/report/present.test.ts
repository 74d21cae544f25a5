import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { ListResult } from '../../src/commands/list.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import { outputDefinitions } from '../../src/inputs/outputs.ts';
import { type Result, present } from '../../src/report/present.ts';
import { listOf, sampleEvidence } from './log-sample.ts';

const id = '20261120T031742Z-scheduled-k3f9q2';

const backup: BackupResult = {
  command: 'backup',
  name: 'shop',
  backupId: id,
  kind: 'scheduled',
  partial: false,
  location: `s3://bucket/shop/${id}`,
  manifestKey: `shop/${id}/manifest.json`,
  snapshotAt: '2026-11-20T03:17:44.123Z',
  sizeBytes: 4_200_000,
  databaseBytes: 9_000_000,
  tables: 12,
  rows: 1234,
  durationSeconds: 3.2,
  reused: false,
  image: 'postgres:17',
  objects: [
    { object: 'main.dump.age', purpose: 'main', layer: null, sizeBytes: 10, sha256: 'a'.repeat(64), proof: 'checksum' },
    {
      object: 'roles.sql.age',
      purpose: 'roles',
      layer: null,
      sizeBytes: 10,
      sha256: 'b'.repeat(64),
      proof: 'read-back',
    },
  ],
  warnings: [],
  stores: [{ role: 'store', location: `s3://bucket/shop/${id}`, problem: null }],
  files: 0,
  pruned: null,
};

const list: ListResult = await listOf([
  { at: new Date('2026-11-20T03:17:42Z'), partial: true, reason: 'before | the *move*', actor: 'me', retain: '90d' },
]);
const [entry] = list.backups;
assert.ok(entry);
const drill = { name: 'shop', backupId: id, at: entry.at, verdict: 'passed' as const, object: 'drills/x.json' };

const verify: VerifyResult = {
  command: 'verify',
  name: 'shop',
  backupId: id,
  location: backup.location,
  depth: 'archive',
  verdict: 'passed',
  objects: 6,
  sizeBytes: 4_200_000,
  files: 0,
  durationSeconds: 1,
  tables: 12,
  rows: 100,
  findings: [],
  evidence: null,
};
const finding = { code: 'HASH_DIFFERS', object: 'main.dump.age', message: 'it has other bytes' } as const;

const restore: RestoreResult = {
  command: 'restore',
  name: 'shop',
  backupId: id,
  snapshotAt: backup.snapshotAt,
  target: 'me@host:5432/db',
  dryRun: false,
  tables: 12,
  rows: 1234,
  files: 0,
  filesTo: null,
  rolesMade: ['a', 'b'],
  refused: [],
  compared: 'content',
  differences: [],
  durationSeconds: 5,
  plan: ['backup x', 'into y'],
};
const difference = { code: 'ROWS_DIFFER', object: 'public.orders', expected: '3 rows', found: '2 rows' } as const;

const shown = (result: Result) => present(result, []);

describe('a backup', () => {
  it('is shown with what matters first', () => {
    const { text, outputs, exitStatus } = shown(backup);
    assert.equal(
      text,
      `backup ${id} of shop: 4.2 MB stored, 12 tables, 1,234 rows, 3.2 s\nstored at s3://bucket/shop/${id}`,
    );
    assert.deepEqual(outputs, {
      'backup-id': id,
      name: 'shop',
      manifest: `shop/${id}/manifest.json`,
      'size-bytes': '4200000',
      tables: '12',
      rows: '1234',
      'duration-seconds': '3.2',
      image: 'postgres:17',
      reused: 'false',
    });
    assert.equal(exitStatus, 0);
  });

  it('whose rows were not counted has no number of them', () => {
    const { text, outputs } = shown({ ...backup, rows: null });
    assert.match(text, /\? rows/);
    assert.equal(outputs.rows, '');
  });

  it('that is partial says so', () => {
    assert.match(shown({ ...backup, partial: true }).summary, /scheduled, partial/);
  });

  it('has its objects in the summary, with their proof', () => {
    const { summary } = shown(backup);
    assert.match(summary, /^### Backup of shop: sealed\n/);
    assert.match(summary, /main.*store's checksum/);
    assert.match(summary, /roles.*read back/);
  });
});

describe('a verify', () => {
  it('ends as its verdict says', () => {
    for (const [verdict, exitStatus] of [
      ['passed', 0],
      ['failed', 1],
      ['could-not-verify', 2],
    ] as const) {
      const presentation = shown({ ...verify, verdict });
      assert.deepEqual([presentation.exitStatus, presentation.outputs.verdict], [exitStatus, verdict]);
    }
  });

  it('says how deep it looked', () => {
    assert.equal(
      shown(verify).text,
      `verify of shop/${id}: passed (6 objects, 4.2 MB, all bytes, decrypted, table of contents read, 1 s)`,
    );
    assert.match(shown({ ...verify, depth: 'bytes' }).text, /without a key nothing was decrypted/);
  });

  it('shows each finding', () => {
    const { text, summary } = shown({ ...verify, verdict: 'failed', findings: [finding] });
    assert.equal(text.split('\n')[1], 'HASH_DIFFERS main.dump.age: it has other bytes');
    assert.match(summary, /it has other bytes/);
  });
});

describe('a restore', () => {
  it('that is the same is good', () => {
    const { text, outputs, exitStatus } = shown(restore);
    assert.equal(
      text,
      `restore of shop/${id} into me@host:5432/db: restored\n12 tables, 1,234 rows, 2 roles made, every table compared by content, 5 s`,
    );
    assert.deepEqual([outputs.verdict, exitStatus], ['passed', 0]);
  });

  it('that differs fails, and shows how', () => {
    const { text, summary, outputs, exitStatus } = shown({ ...restore, differences: [difference] });
    assert.match(text, /: restored, but it differs\n/);
    assert.equal(text.split('\n')[2], 'ROWS_DIFFER public.orders: expected 3 rows, found 2 rows');
    assert.match(summary, /3 rows \| 2 rows/);
    assert.deepEqual([outputs.verdict, exitStatus], ['failed', 1]);
  });

  it('that compared no rows, as the user said, passes and says so', () => {
    const { outputs, text } = shown({ ...restore, compared: 'none' });
    assert.equal(outputs.verdict, 'passed');
    assert.match(text, /rows not compared/);
  });

  it('that compared no rows, but saw a difference, failed', () => {
    assert.equal(shown({ ...restore, compared: 'none', differences: [difference] }).outputs.verdict, 'failed');
  });

  it('as a dry run shows its plan and judges nothing', () => {
    const { text, outputs, exitStatus } = shown({ ...restore, dryRun: true, compared: 'none' });
    assert.deepEqual(text.split('\n'), [
      `restore of shop/${id} into me@host:5432/db: planned, nothing changed`,
      'backup x',
      'into y',
    ]);
    assert.deepEqual([outputs.verdict, exitStatus], ['', 0]);
  });
});

describe('every result', () => {
  it('gives only outputs that are documented', () => {
    const known = outputDefinitions.map(({ name }) => name);
    for (const result of [backup, list, verify, restore])
      for (const name of Object.keys(shown(result).outputs)) assert.ok(known.includes(name), name);
  });

  it('has its warnings in the summary', () => {
    assert.match(present(verify, ['a *warning*']).summary, /\*\*Warnings\*\*\n\n- a \\\*warning\\\*\n$/);
    assert.doesNotMatch(shown(verify).summary, /Warnings/);
  });

  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        ...[
          '::error::',
          '##[group]',
          '\n',
          '\r\n',
          '|',
          '`',
          '</code>',
          '<img src=x>',
          '[x](y)',
          '*b*',
          '\\',
          '&lt;',
          '![i](u)',
          ' ',
          '\u001b[2J',
        ],
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    maxLength: 8,
  });

  it('is harmless in text and summary, whatever the names in it', () => {
    fc.assert(
      fc.property(hostile, name => {
        const results: Result[] = [
          { ...backup, location: name },
          { ...list, backups: [{ ...entry, reason: name, actor: name, retain: name }] },
          { ...list, backups: [{ ...entry, problem: name }] },
          { ...list, backups: [{ ...entry, kept: { outcome: 'kept', reasons: [name], until: null } }] },
          { ...list, location: name, databases: [], backups: [] },
          { ...list, shows: 'drills', drills: [{ ...drill, evidence: { ...sampleEvidence, serverVersion: name } }] },
          {
            ...list,
            shows: 'drills',
            drills: [{ ...drill, evidence: { ...sampleEvidence, provenRecipients: [name] } }],
          },
          {
            ...list,
            shows: 'drills',
            drills: [{ ...drill, evidence: { ...sampleEvidence, run: { url: name, actor: name, commit: null } } }],
          },
          { ...verify, findings: [{ ...finding, object: name, message: name }] },
          { ...restore, target: name, differences: [{ ...difference, object: name, expected: name, found: name }] },
          { ...restore, dryRun: true, plan: [name] },
        ];
        for (const result of results) {
          const { text, summary } = present(result, [name]);
          for (const line of text.split('\n')) {
            assert.ok(!line.trimStart().startsWith('::'), JSON.stringify(line));
            assert.ok(!line.includes('##['), JSON.stringify(line));

            assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
          }
          const markup = summary.replaceAll(/\\[!-/:-@[-`{-~]/g, '');
          assert.doesNotMatch(markup.replaceAll(/<\/?(?:code|details|summary)>/g, ''), /[<>]/, JSON.stringify(summary));
          assert.doesNotMatch(markup, /\]\(|`|\*b/, JSON.stringify(summary));
          assert.equal(markup.split('<code>').length, markup.split('</code>').length);
        }
      }),
    );
  });

  it('has rows of one width in the tables of its summary, whatever the names in it', () => {
    fc.assert(
      fc.property(hostile, name => {
        const { summary } = shown({ ...verify, findings: [{ ...finding, object: name, message: name }] });
        const widths = summary
          .replaceAll(/\\[!-/:-@[-`{-~]/g, '')
          .split('\n')
          .filter(line => line.startsWith('|'))
          .map(line => line.split('|').length);
        assert.deepEqual(widths, [5, 5, 5]);
      }),
    );
  });
});
