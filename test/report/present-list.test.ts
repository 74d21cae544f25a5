import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ListResult } from '../../src/commands/list.ts';
import { formatDollars } from '../../src/report/cost-words.ts';
import { logDocument, presentList } from '../../src/report/present-list.ts';
import { parseCsv } from './csv-reader.ts';
import { day, listOf, now, type Shelved } from './log-sample.ts';

const id = '20261120T031742Z-scheduled-partial-aaaaaa';
const one: Shelved = {
  at: new Date('2026-11-20T03:17:42Z'),
  partial: true,
  reason: 'before | the *move*',
  actor: 'me',
  storedBytes: 4_200_000,
  retain: '90d',
  checks: [{ at: new Date('2026-11-21T00:00:00Z'), depth: 'archive', verdict: 'passed' }],
};
const drilled: Shelved = {
  at: new Date(now.getTime() - day),
  drills: [
    { at: '2026-11-24T20:00:00.000Z', verdict: 'failed', codes: [{ code: 'ROWS_DIFFER', count: 3 }], rtoSeconds: null },
    { at: '2026-11-25T04:00:00.000Z', verdict: 'passed' },
  ],
};

/** Rows of the CSV, each by the names of its columns. */
function csvOf(result: ListResult): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(logDocument({ ...result, format: 'csv' }).text);
  return rows.map(row => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])));
}

describe('the backup log', () => {
  it('is a table, with what is not shown', async () => {
    const older = Array.from({ length: 2 }, (_, index) => ({ at: new Date(Date.UTC(2026, 9, index + 1)) }));
    const result = await listOf([one, ...older, { at: new Date(Date.UTC(2026, 9, 5)), manifest: null }], {
      limit: '1',
    });
    const { text, outputs, document } = presentList(result);
    const [head, titles, , row, ...notes] = text.split('\n');
    assert.equal(head, 'shop: 3 backups, 804 MB');
    assert.match(
      titles ?? '',
      /^Backup +Made +Kind +Size +Tables +Rows +Encrypted +Verified +Proven +Kept +By +Reason$/,
    );
    assert.match(
      row ?? '',
      new RegExp(
        `^${id} +2026-11-20 03:17 UTC +scheduled \\(partial\\) +4.2 MB +42 +800,000 +age, 1 recipient +archive passed 2026-11-21 00:00 UTC +never +until 2027-02-18 03:17 UTC: retained by hand +me +before \\| the \\*move\\*$`,
      ),
    );
    assert.deepEqual(notes, [
      '(2 older ones are not shown: raise limit)',
      '(1 that were never sealed are no backups)',
      '(no drill has proven any of them yet)',
      '',
      'about 1.2 GB stored: $0.03 a month on S3 Standard; one restore $0.04',
    ]);
    assert.match(outputs['backup-id'] ?? '', /^20261002T000000Z-scheduled-/);
    assert.deepEqual([document, 'log' in outputs, 'report' in outputs], [undefined, false, false]);
  });

  it('says of a backup that cannot be read what is wrong, first of all', async () => {
    const result = await listOf([{ at: now, manifest: 'rubbish' }]);
    const note = presentList(result).text.split('\n')[4] ?? '';
    assert.match(note, /^\(PROBLEM: 20261125T163000Z-scheduled-aaaaaa: the manifest of .* is not JSON/);
    assert.match(csvOf(result)[0]?.problem ?? '', /is not JSON/);
    assert.match(presentList(result).summary, /PROBLEM\\:/);
  });

  it('that is empty says so, and is no failure', async () => {
    const result = await listOf([]);
    const { text, outputs, exitStatus } = presentList(result);
    assert.equal(text, 'the store s3://backups/acme?region=eu-central-1 holds no backup');
    assert.deepEqual([outputs['backup-id'], exitStatus], ['', 0]);
    assert.deepEqual(csvOf(result), []);
  });

  it('of several databases has a part for each', async () => {
    const { text } = presentList(await listOf([one, { ...one, name: 'blog' }]));
    assert.match(text, /^blog: 1 backup, 4\.\d+ MB\n(?:.*\n){4}\nshop: 1 backup/);
  });

  it('says when a drill proved a backup and how long that took, and when the newest failed', async () => {
    assert.match(presentList(await listOf([drilled])).text, / proven 2026-11-25 04:00 UTC, RTO 3 min 15 s /);
    const failed = { ...drilled, drills: drilled.drills?.slice(0, 1) ?? [] };
    assert.match(presentList(await listOf([failed])).text, / failed 2026-11-24 20:00 UTC /);
  });

  it('says what goes next', async () => {
    const nightly = Array.from({ length: 6 }, (_, night) => ({
      at: new Date(now.getTime() - night * day - 3_600_000),
    }));
    const { text, summary } = presentList(await listOf(nightly, { keep: '4d' }));
    assert.match(
      text,
      /\(the next prune removes 2 of them \(800 MB\), and in 30 days 4 more \(1\.6 GB\): 20261122T\S+ on 2026-11-26, 20261123T\S+ on 2026-11-27, 20261124T\S+ on 2026-11-28, …\)/,
    );
    assert.match(summary, /^Policy: 4 daily, before migrations 90d, never fewer than 3\.$/m);
    const kept = presentList(await listOf(nightly, { 'keep-within': '1y' })).text;
    assert.match(kept, /\(the next prune removes 0 of them \(0 bytes\), and in 30 days 0 more \(0 bytes\)\)/);
  });

  it('hides reasons and people where others can read it, and says so', async () => {
    const secret = { ...drilled, reason: 'Acme buys us', actor: 'somebody' };
    const open = await listOf([secret]);
    const hidden = await listOf([secret], {}, { hideText: true });
    for (const format of ['table', 'csv', 'markdown', 'html'] as const)
      for (const drills of ['backups', 'drills'] as const) {
        const shown = logDocument({ ...hidden, format, shows: drills }).text;
        assert.doesNotMatch(shown, /Acme buys|somebody|octocat/, format);
        const said = format === 'csv' ? /,hidden,/ : /[Rr]easons and people are hidden/;
        assert.match(shown, said, format);
        const all = logDocument({ ...open, format, shows: drills }).text;
        assert.match(all, drills === 'backups' ? /Acme buys us/ : /octocat/, format);
        assert.doesNotMatch(all, said, format);
      }
    const { text, summary } = presentList(hidden);
    assert.doesNotMatch(text + summary + JSON.stringify(hidden), /Acme buys|somebody|octocat/);
    assert.match(text, /\(reasons and people are hidden, since others can read this run; report: public shows them\)$/);
  });
});

describe('the log of backups with files', () => {
  it('counts them by backup where there are any, and what they cost once', async () => {
    const at = (day: number) => new Date(`2026-11-${day}T03:00:00Z`);
    const without = await listOf([{ at: at(24) }, { at: at(23) }]);
    assert.doesNotMatch(presentList(without).text, /Files/);
    const listed = await listOf([{ at: at(24), files: 'ab' }, { at: at(23), files: 'bc' }, { at: at(22) }]);
    assert.deepEqual(
      listed.backups.map(({ files }) => files),
      [2, 2, 0],
    );
    assert.match(presentList(listed).text, /Rows +Files/);
    const own = listed.backups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    assert.equal(listed.cost.storedBytes, own + 3e9);
    assert.equal(listed.cost.restoreBytes, (listed.backups[0]?.sizeBytes ?? 0) + 2e9);
    // its own folder alone, as everywhere
    assert.ok(listed.backups.every(({ sizeBytes }) => sizeBytes < 1e9));
  });
});

describe('the log as CSV', () => {
  it('has a column for every fact, times as ISO 8601 and bytes as integers', async () => {
    const [row] = csvOf(await listOf([{ ...drilled, reason: 'a, "b"', databaseBytes: 9_000_000, storedBytes: 1234 }]));
    assert.deepEqual(row, {
      name: 'shop',
      backup: '20261124T163000Z-scheduled-aaaaaa',
      made_at: '2026-11-24T16:30:00.000Z',
      kind: 'scheduled',
      partial: 'false',
      reason: 'a, "b"',
      started_by: 'octocat',
      run_url: 'https://github.com/acme/shop/actions/runs/1',
      stored_bytes: row?.stored_bytes,
      database_bytes: '9000000',
      tables: '42',
      rows: '800000',
      files: '0',
      server_version: '17.5',
      encryption: 'age',
      recipients: '1',
      verified_at: '',
      verified_depth: '',
      verified_verdict: '',
      archive_verified_at: '',
      proven_at: '2026-11-25T04:00:00.000Z',
      proven_by: 'drills/20261125T040000Z-passed.json',
      proven_rto_seconds: '195',
      newest_drill_verdict: 'passed',
      kept: 'no policy',
      kept_until: '',
      kept_by: '',
      retained: '',
      location: 's3://backups/acme/shop/20261124T163000Z-scheduled-aaaaaa?region=eu-central-1',
      problem: '',
    });
    assert.match(row?.stored_bytes ?? '', /^\d+$/);
  });

  it('has foreign text that is no formula, no command of a runner, and comes back in one cell', async () => {
    const [row] = csvOf(await listOf([{ ...one, reason: '=HYPERLINK("http://x")', actor: '::error::x' }]));
    assert.deepEqual([row?.reason, row?.started_by], [`'=HYPERLINK("http://x")`, ': :error::x']);
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', ',', '\r\n', '\n', '=', '@', '::add-mask::', '\t'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 8,
    });
    const result = await listOf([one]);
    const [entry] = result.backups;
    assert.ok(entry);
    fc.assert(
      fc.property(hostile, reason => {
        const changed = { ...result, backups: [{ ...entry, reason }, entry] };
        const rows = csvOf(changed);
        assert.equal(rows.length, 2);
        assert.equal(rows[0]?.location, entry.location);
        assert.doesNotMatch(rows[0]?.reason ?? '', /^[=+\-@\t\r]/);
        for (const line of logDocument({ ...changed, format: 'csv' }).text.split(/\r?\n/))
          assert.ok(!line.startsWith('::'), line);
      }),
    );
  });
});

describe('the history of drills', () => {
  it('has one line for each, newest first, in every format', async () => {
    const result = await listOf([drilled], { drills: 'true' });
    assert.deepEqual(
      csvOf(result).map(({ drilled_at: at, verdict, findings, codes }) => [at, verdict, findings, codes]),
      [
        ['2026-11-25T04:00:00.000Z', 'passed', '0', ''],
        ['2026-11-24T20:00:00.000Z', 'failed', '3', 'ROWS_DIFFER 3'],
      ],
    );
    const [passed] = csvOf(result);
    assert.deepEqual(passed, {
      name: 'shop',
      drilled_at: '2026-11-25T04:00:00.000Z',
      backup: '20261124T163000Z-scheduled-aaaaaa',
      verdict: 'passed',
      findings: '0',
      codes: '',
      left_out: '0',
      rto_seconds: '195',
      max_rto_seconds: '600',
      rpo_seconds: '86700',
      max_rpo_seconds: '93600',
      duration_seconds: '260',
      tables: '42',
      rows: '804110',
      source_version: '17.5',
      server_version: '17.6',
      tuned: 'false',
      recipients_proven: 'age1example',
      started_by: 'octocat',
      run_url: 'https://github.com/acme/shop/actions/runs/7',
      evidence: 'drills/20261125T040000Z-passed.json',
      problem: '',
    });
    const { text, summary } = presentList(result);
    assert.match(
      text,
      /2026-11-24 20:00 UTC +20261124T163000Z-scheduled-aaaaaa +failed +ROWS_DIFFER 3 +24 h 5 min +17\.6 +age1example +https:\/\/github\.com\/acme\/shop\/actions\/runs\/7 +octocat\n/,
    );
    assert.match(summary, /^### Drills of shop\\: 1 backup/);
    assert.match(summary, /\| ROWS\\_DIFFER 3 \|/);
  });

  it('says of evidence that cannot be read that it cannot', async () => {
    const result = await listOf([drilled], { drills: 'true' });
    const unread = { ...result, drills: result.drills.map(drill => ({ ...drill, evidence: null })) };
    assert.match(presentList(unread).text, / passed +\? \(its evidence could not be read\)/);
    assert.equal(csvOf(unread)[0]?.problem, 'its evidence could not be read');
    assert.equal(csvOf(unread)[0]?.findings, '');
  });

  it('says when there are more', async () => {
    const { text } = presentList(await listOf([drilled], { drills: 'true', limit: '1' }));
    assert.match(text, /\(1 older ones are not shown: raise limit\)/);
  });
});

describe('the cost', () => {
  it('of a folder is not told in a line, but in the table of the summary', async () => {
    const { cost, ...rest } = await listOf([one]);
    const { text, summary } = presentList({ ...rest, cost: { ...cost, here: null } });
    assert.doesNotMatch(text, /\$/);
    assert.match(summary, /<details><summary>What it costs elsewhere<\/summary>\n\n\| Place \|/);
    assert.match(summary, /Cloudflare R2 \|/);
    assert.match(summary, /no policy was given/);
  });

  it('is read with ease', () => {
    assert.deepEqual([0, 0.0002, 0.276, 7.99, 999.5, 1234.5].map(formatDollars), [
      '$0',
      '<$0.01',
      '$0.28',
      '$7.99',
      '$999.50',
      '$1,235',
    ]);
  });
});
