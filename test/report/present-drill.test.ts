import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import { explained } from '../../src/finding.ts';
import { shortenBoth } from '../../src/report/drill-words.ts';
import { ganttDiagram, lineDiagram, mermaidText } from '../../src/report/mermaid.ts';
import { presentDrill } from '../../src/report/present-drill.ts';
import { failedDrill, healthyDrill, hostileName, hugeDrill, namedDrill, unreachedDrill } from './drill-sample.ts';

const id = '20261120T031742Z-scheduled-k3f9q2';

/** The Mermaid diagrams of a summary, and what is left without them. */
function partsOf(summary: string): { diagrams: string[]; rest: string } {
  const fence = /^```mermaid\n(.*?)\n```$/gms;
  return { diagrams: [...summary.matchAll(fence)].map(([, text = '']) => text), rest: summary.replaceAll(fence, '') };
}

describe('a drill', () => {
  it('ends as its verdict says, with all outputs', () => {
    assert.deepEqual(
      [healthyDrill(), failedDrill(), unreachedDrill()].map(drill => presentDrill(drill).exitStatus),
      [0, 1, 2],
    );
    assert.deepEqual(presentDrill(healthyDrill()).outputs, {
      'backup-id': id,
      verdict: 'passed',
      tables: '10',
      rows: '5366942',
      'duration-seconds': '246.1',
      'rto-seconds': '195.2',
      'rpo-seconds': '86590',
      report: '/reports/drill-shop.html',
      scratch: '',
    });
    const { outputs } = presentDrill(unreachedDrill());
    assert.deepEqual(
      ['tables', 'rows', 'rto-seconds', 'rpo-seconds', 'report'].map(name => outputs[name]),
      ['10', '5366942', '', '', ''],
    );
  });

  it('in which all is well says so first, and has no word of anything wrong', () => {
    const drill = healthyDrill({ earlierDrills: [] });
    const { text, summary } = presentDrill(drill);
    assert.equal(
      text.split('\n')[0],
      `drill of shop/${id}: passed (10 tables, 5,366,942 rows, no findings, 4 min 6 s)`,
    );
    assert.match(
      summary,
      /^### Drill of shop: passed\n\nThe backup was restored, and the copy is what its snapshot held/,
    );
    assert.match(summary, /\*\*Findings\*\*: none\./);
    for (const said of [text, summary])
      assert.doesNotMatch(
        said.replaceAll('\\', ''),
        /\b[A-Z]+_[A-Z_]+\b|fail|wrong|could[ -]not|\bover\b|not as|remedy|What to do/,
      );
  });

  it('has everything in the text, what was left out before what was found', () => {
    const { text } = presentDrill(failedDrill());
    const lines = text.split('\n');
    assert.deepEqual(lines.slice(0, 8), [
      `drill of shop/${id}: failed (10 tables, 5,366,942 rows, 6 findings, 4 min 6 s)`,
      'left out by name:',
      '  The extension pg_cron was left out, since the server lacks it (optional-extensions).',
      '  CONTENT_DIFFERS of table audit.events was accepted (accept).',
      'findings:',
      '  ROWS_DIFFER table public.orders',
      '    expected  804,110 rows',
      '    found     804,109 rows',
    ]);
    for (const line of [
      '    remedy    do not rely on this backup; after a restore set it with setval',
      '    found     nothing',
      '  post-data     2 min 1 s  1 min 15 s',
      'RTO: 3 min 15 s, within max-rto of 10 min (from the first byte fetched to the last index built)',
      'RPO: 2 d 1 h, over max-rpo of 26 h (the longest gap between whole backups of the last 30 days, now included)',
      'age of this backup: 54 min 25 s, snapshot of 2026-11-20 03:17 UTC',
      'Tables: 10 compared by content; 1 of them not as in the source.',
      '  SELECT bool_and(total >= 0) FROM invoices  failed            0.6 s  it gave false',
      'scratch database, kept: lifeboat_20261120t031742z',
      'report: /reports/drill-shop.html',
    ])
      assert.ok(lines.includes(line), `${line}\n\n${text}`);
    assert.ok(text.indexOf('RPO_EXCEEDED') < text.indexOf('CHECK_NOT_RUN'), 'what is wrong comes first');
  });

  it('that could not look says what is not known', () => {
    const { text, summary } = presentDrill(unreachedDrill());
    for (const line of [
      `drill of shop/${id}: could-not-verify (10 tables, 5,366,942 rows, 1 finding, 0.4 s)`,
      'stages: none was reached',
      'RTO: not known, max-rto of 10 min (from the first byte fetched to the last index built)',
      'RPO: not known, no budget (max-rpo) (the longest gap between whole backups of the last 30 days, now included)',
      'evidence: could not be written',
      'report: could not be written',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\n\n${text}`);
    assert.match(summary, /^### Drill of shop: could-not-verify\n/);
    assert.match(summary, /\| RTO \| not known \| 10 min \| unknown \|/);
    assert.match(summary, /\| Restored into \| no server \|/);
    assert.deepEqual(partsOf(summary).diagrams, []);
  });

  it('explains what its RTO was bought with', () => {
    const sentence =
      'The server of this drill was tuned for speed at the cost of safety in a crash; a restore of the database at its size of today, on a server that is not, might take about 6 min 52 s.';
    assert.ok(presentDrill(healthyDrill()).text.includes(sentence));
    assert.ok(presentDrill(healthyDrill()).summary.replaceAll('\\', '').includes(sentence));
    assert.doesNotMatch(presentDrill(healthyDrill({ tuned: [], rtoEstimateSeconds: null })).text, /tuned/);
  });

  it('says once that names are hidden, and how to see them', () => {
    const { text, summary } = presentDrill(healthyDrill({ namesHidden: true }));
    assert.equal(
      text.split('\n')[1],
      'Names are hidden, since others can read the log of this run; report: public shows them.',
    );
    assert.match(summary, /Names are hidden/);
    assert.doesNotMatch(presentDrill(healthyDrill()).text, /hidden/);
  });

  it('has findings, advice, checks and tables in its summary', () => {
    const { rest } = partsOf(presentDrill(failedDrill()).summary.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1'));
    for (const line of [
      '| <code>ROWS_DIFFER</code> | table public.orders | 804,110 rows | 804,109 rows |',
      '- <code>SEQUENCE_BEHIND</code>: a sequence would give values that were given before. What to do: do not rely on this backup; after a restore set it with setval.',
      '| RPO | 2 d 1 h | 26 h | over | the longest gap between whole backups of the last 30 days, now included |',
      '| SELECT bool_and(total &gt;= 0) FROM invoices | failed | 0.6 s | it gave false |',
      '| <code>public.orders</code> | 233 MB | 804,110 | content | not as in the source |',
    ])
      assert.ok(rest.split('\n').includes(line), `${line}\n\n${rest}`);
    const order = ['Left out by name', 'Findings', 'Notices', 'Checks', 'Stages', 'RTO of the earlier', 'Tables'];
    assert.deepEqual(
      order.toSorted((a, b) => rest.indexOf(`**${a}`) - rest.indexOf(`**${b}`)).filter(title => title !== 'Tables'),
      order.slice(0, -1),
    );
  });

  it('counts findings of one code', () => {
    const finding = explained({ code: 'ROWS_DIFFER', object: 'x', expected: '1', found: '2' });
    const { summary } = presentDrill(failedDrill({ findings: [finding, finding, finding] }));
    assert.match(summary, /- <code>ROWS\\_DIFFER<\/code>, 3 times: /);
  });

  it('has a trend from two earlier drills on', () => {
    const { earlierDrills } = healthyDrill();
    const diagrams = (count: number, changes: Partial<DrillResult> = {}) =>
      partsOf(presentDrill(healthyDrill({ earlierDrills: earlierDrills.slice(0, count), ...changes })).summary)
        .diagrams;
    assert.equal(diagrams(0).length, 1);
    assert.equal(diagrams(1).length, 1);
    assert.equal(diagrams(2).length, 2);
    assert.match(
      diagrams(2)[1] ?? '',
      / x-axis \["06-23", "07-22", "11-20"\]\n {2}y-axis "minutes" 0 --> 3.6\n {2}line \[2, 2.3, 3.3\]$/,
    );
    assert.match(diagrams(2, { rtoSeconds: null })[1] ?? '', / x-axis \["06-23", "07-22"\]\n {2}y-axis "seconds" /);
  });

  it('is cut far below what the runner takes, and says so', () => {
    for (const name of ['a_name', '&'.repeat(63), '\\|`*'.repeat(15), '€'.repeat(63)]) {
      const { text, summary } = presentDrill(hugeDrill(name));
      assert.ok(Buffer.byteLength(summary) < 600 * 1024, `${name}: ${Buffer.byteLength(summary)}`);
      for (const sentence of [
        '9,900 more findings',
        '5,800 more tables',
        '1,950 more checks',
        '170 more sentences',
        '488 more drills',
      ])
        assert.ok(summary.includes(`${sentence} not shown here.`), sentence);
      assert.match(text, /\(9,800 more findings not shown here\)/);
      assert.match(text, /\(1,800 more checks not shown here\)/);
    }
  });
});

describe('two long texts', () => {
  it('are cut so that the difference is seen', () => {
    const same = 'x'.repeat(1000);
    const [one, other] = shortenBoth(`${same}a${same}`, `${same}b${same}`, 200);
    assert.ok(one.includes('xa') && other.includes('xb'));
    assert.deepEqual([one.length, other.length], [200, 200]);
    assert.deepEqual(shortenBoth('', 'x', 10), ['nothing', 'x']);
  });

  it('are never longer than asked', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (one, other) => {
        for (const text of shortenBoth(one, other, 100)) assert.ok(text.length <= 100);
      }),
    );
  });
});

describe('a diagram', () => {
  it('is made of nothing but what it must be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double(), fc.double(), (text, one, other) => {
        assert.match(mermaidText(text), /^[A-Za-z0-9 .-]+$/);
        const stage = { name: text as 'data', startSeconds: one, seconds: Math.abs(other) };
        const lines = ganttDiagram([{ title: text, stages: [stage] }]).split('\n');
        assert.deepEqual(lines.slice(0, 2), ['```mermaid', 'gantt']);
        assert.match(lines[5] ?? '', /^ {2}[\w .-]+ :\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}, \d+ms$/);
        assert.equal(lines.length, 7);
        const points = [text, text].map(label => ({ label, value: one }));
        assert.match(
          lineDiagram(text, points),
          /\n {2}x-axis \["1", "2"\]\n {2}y-axis "[\w .-]+" 0 --> [\d.]+(?:e\+\d+)?\n/,
        );
      }),
    );
  });
});

describe('names in what people see of a drill', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '::',
        '##[',
        '\n',
        '\r',
        '|',
        '`',
        '<b>',
        '<!--',
        '](',
        '@',
        '\u202e',
        '\u001b[31m',
        '$(',
        '```',
        'א',
      ),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
    minLength: 1,
  });
  const names = fc.oneof(fc.constant(hostileName), hostile).filter(name => name !== '');

  it('are one line of a log each, and no command for the runner', () => {
    const count = presentDrill(namedDrill('name')).text.split('\n').length;
    fc.assert(
      fc.property(names, name => {
        const lines = presentDrill(namedDrill(name)).text.split('\n');
        assert.equal(lines.length, count);
        for (const line of lines) {
          assert.ok(!line.trimStart().startsWith('::'), JSON.stringify(line));
          assert.ok(!line.includes('##['), JSON.stringify(line));
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        }
      }),
    );
  });

  it('are no markup in the summary, and break no table', () => {
    const shapeOf = (summary: string) =>
      partsOf(summary)
        .rest.replaceAll(/\\[!-/:-@[-`{-~]/g, '')
        .split('\n')
        .map(line => (line.startsWith('|') ? line.split('|').length : 0));
    const shape = shapeOf(presentDrill(namedDrill('name')).summary);
    fc.assert(
      fc.property(names, name => {
        const { summary } = presentDrill(namedDrill(name));
        assert.deepEqual(shapeOf(summary), shape);
        const markup = partsOf(summary).rest.replaceAll(/\\[!-/:-@[-`{-~]/g, '');
        assert.doesNotMatch(markup.replaceAll(/<\/?(?:code|details|summary)>/g, ''), /[<>]/);
        assert.doesNotMatch(markup, /\]\(|`|[\u202a-\u202e\u2066-\u2069]/);
        assert.equal(markup.split('<code>').length, markup.split('</code>').length);
      }),
    );
  });

  it('never come into a diagram', () => {
    const { diagrams } = partsOf(presentDrill(namedDrill('name')).summary);
    fc.assert(
      fc.property(names, name => assert.deepEqual(partsOf(presentDrill(namedDrill(name)).summary).diagrams, diagrams)),
    );
  });
});
