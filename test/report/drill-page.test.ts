import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ticksUpTo } from '../../src/report/chart.ts';
import { drillPage } from '../../src/report/drill-page.ts';
import { openInBrowser } from '../support/browser.ts';
import { needsProgram } from '../support/programs.ts';
import { failedDrill, healthyDrill, hostileName, hugeDrill, namedDrill, unreachedDrill } from './drill-sample.ts';
import { assertReadable, assertShown, measurePage, tagsOf, wordsOf } from './page-measures.ts';

describe('the page of a drill', () => {
  it('says the verdict first', () => {
    for (const [drill, verdict] of [
      [healthyDrill(), 'Passed'],
      [failedDrill(), 'Failed'],
      [unreachedDrill(), 'Could not verify'],
    ] as const)
      assert.match(wordsOf(drillPage(drill).replace(/^.*<h1>/s, '')), new RegExp(`^${verdict} `));
  });

  it('in which all is well has no word of anything wrong', () => {
    const words = wordsOf(drillPage(healthyDrill({ earlierDrills: [] })));
    assert.match(words, /the copy is what its snapshot held\. Nothing was left out by name\./);
    assert.match(words, / Findings None\. /);
    assert.doesNotMatch(words, /\b[A-Z]+_[A-Z_]+\b|fail|wrong|could not|over budget|not as|What to do/);
    assert.match(words, /3 min 15 s within budget budget 10 min/);
    assert.match(words, /24 h 3 min within budget budget 26 h/);
  });

  it('shows each finding with what was expected, what was found and what to do', () => {
    const page = drillPage(failedDrill());
    const words = wordsOf(page);
    assert.match(words, /Expected 804,110 rows Found 804,109 rows/);
    assert.match(words, /INDEX_MISSING .*? Found nothing /);
    assert.match(
      words,
      /SEQUENCE_BEHIND .*? What to do: do not rely on this backup; after a restore set it with setval\./,
    );
    assert.ok(words.indexOf('Left out by name') < words.indexOf('ROWS_DIFFER'));
    assert.ok(words.indexOf('RPO_EXCEEDED') < words.indexOf('CHECK_NOT_RUN'), 'what is wrong comes first');
    assert.match(words, /2 d 1 h over budget budget 26 h/);
  });

  it('keeps the lines of a definition, and marks those that differ', () => {
    const page = drillPage(failedDrill());
    const marked = [...page.matchAll(/<mark>(.*?)<\/mark>/gs)].map(([, text]) => text);
    assert.deepEqual(marked, ['  SELECT coalesce(sum(quantity * price), 0)', '  SELECT coalesce(sum(price), 0)']);
    const [, definition = ''] = /<pre>\n(CREATE FUNCTION.*?)<\/pre>/s.exec(page) ?? [];
    assert.equal(definition.replaceAll(/<\/?mark>/g, '').split('\n').length, 7);
  });

  it('keeps every line of any two definitions', () => {
    const lines = fc
      .array(fc.constantFrom('a', 'b', ''), { minLength: 2, maxLength: 6 })
      .map(all => `x\n${all.join('\n')}`);
    fc.assert(
      fc.property(lines, lines, (expected, found) => {
        const [finding] = failedDrill().findings;
        assert.ok(finding !== undefined);
        const page = drillPage(failedDrill({ findings: [{ ...finding, expected, found }] }));
        const shown = [...page.matchAll(/<pre>\n(.*?)<\/pre>/gs)].map(([, text = '']) =>
          text.replaceAll(/<\/?mark>/g, ''),
        );
        assert.deepEqual(shown, [expected, found]);
      }),
    );
  });

  it('says what is not known, and draws no chart of it', () => {
    const page = drillPage(unreachedDrill());
    const words = wordsOf(page);
    for (const sentence of [
      'Not everything could be looked at, and that is no pass: 1 finding.',
      'No earlier drill of this database is known.',
      'No earlier backup of this database is known.',
      'The drill ended before its first stage.',
      'No table was compared.',
      'no budget, set one with max-rpo',
      'Evidence could not be written',
    ])
      assert.ok(words.includes(sentence), sentence);
    assert.doesNotMatch(page, /class="chart"/);
  });

  it('draws a trend of two points or more', () => {
    const { earlierDrills, earlierBackups } = healthyDrill();
    const one = { earlierDrills: earlierDrills.slice(0, 1), earlierBackups: earlierBackups.slice(0, 1) };
    const charts = (page: string) => page.match(/<svg class="chart"/g)?.length ?? 0;
    assert.equal(charts(drillPage(healthyDrill())), 2);
    assert.equal(charts(drillPage(healthyDrill(one))), 1, 'an earlier drill and this one; one earlier backup');
    assert.match(wordsOf(drillPage(healthyDrill(one))), /One earlier backup is known, which is no trend yet\./);
    assert.equal(charts(drillPage(healthyDrill({ ...one, rtoSeconds: null }))), 0);
  });

  it('crosses the drills that did not pass', () => {
    assert.equal(drillPage(healthyDrill()).match(/class="cross"/g)?.length, 1);
    assert.match(wordsOf(drillPage(healthyDrill())), /A cross is a drill that did not pass\./);
  });

  it('says that names are hidden, and why', () => {
    const sentence = 'Names are hidden, since others can read the log of this run; report: public shows them.';
    assert.ok(drillPage(healthyDrill({ namesHidden: true })).includes(sentence));
    assert.ok(!drillPage(healthyDrill()).includes(sentence));
  });

  it('is cut where there is too much, and says so', () => {
    const page = drillPage(hugeDrill());
    const words = wordsOf(page);
    assert.equal(page.match(/<div class="finding">/g)?.length, 1000);
    const hidden = [...words.matchAll(/([\d,]+) more are not shown here/g)].map(([, count = '']) =>
      Number(count.replaceAll(',', '')),
    );
    assert.equal(
      hidden.reduce((sum, count) => sum + count, 0),
      9000 + 1000 + 1000,
      'findings, checks and tables',
    );
    assert.ok(page.length < 8e6, String(page.length));
  });

  it('has no number that is none, however odd what it was given', () => {
    const odd = {
      rtoSeconds: Number.NaN,
      stages: [{ name: 'data' as const, startSeconds: Number.NaN, seconds: Number.POSITIVE_INFINITY }],
      earlierDrills: [{ at: 'never', backupId: 'x', verdict: 'passed' as const, rtoSeconds: 1, tuned: false }],
      earlierBackups: [{ at: '', databaseBytes: 0, storedBytes: 0, rows: null }],
      tables: healthyDrill().tables.map(table => ({ ...table, sizeBytes: 0 })),
    };
    const attributes = drillPage(healthyDrill(odd)).match(/ (?:x|y|x1|x2|y1|y2|cx|cy|width|height)="[^"]*"/g) ?? [];
    assert.deepEqual(
      attributes.filter(attribute => !/"[\d.]+%?"$/.test(attribute)),
      [],
    );
  });

  it('has the same markup, whatever the names in it', () => {
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'<>&"\'`=/!-[]{}', '</pre>', '<!--', ']]>', '\u202e', 'א'),
        fc.string({ unit: 'binary', maxLength: 2 }),
      ),
      minLength: 1,
    });
    const plain = tagsOf(drillPage(namedDrill('name')));
    fc.assert(
      fc.property(hostile, name => {
        const oneLine = `n${name.replaceAll(/[\r\n]/g, ' ')}`;
        assert.deepEqual(tagsOf(drillPage(namedDrill(oneLine))), plain);
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(tagsOf(drillPage(namedDrill(hostileName))), plain);
  });
});

describe('the axis of a chart', () => {
  it('has few round values, the last not below the highest', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        fc.constantFrom('bytes' as const, 'seconds' as const),
        (highest, unit) => {
          const ticks = ticksUpTo(highest, unit);
          assert.equal(ticks[0], 0);
          assert.ok(ticks.length >= 2 && ticks.length <= 6, String(ticks.length));
          assert.ok((ticks.at(-1) ?? 0) >= highest * 0.999999);
        },
      ),
    );
    assert.deepEqual(ticksUpTo(195, 'seconds'), [0, 60, 120, 180, 240]);
    assert.deepEqual(ticksUpTo(1.1e9, 'bytes'), [0, 5e8, 1e9, 1.5e9]);
  });
});

describe('the page of a drill in a browser', () => {
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-page-'));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is shown as it is, and nothing of it is blocked', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    for (const drill of [healthyDrill(), failedDrill(), unreachedDrill()])
      await assertShown(chromium, folder, drillPage(drill));
  });

  it('has a policy that would block a style, a script and a picture that are not ours', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const file = join(folder, 'blocked.html');
    const foreign = `<p style="color: red"></p><script>document.body.append('ran')</script><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`;
    await writeFile(file, drillPage(healthyDrill()).replace('</main>', `</main>${foreign}`));
    const { dom, console } = await openInBrowser(chromium, file, 'light');
    for (const directive of ['style-src', 'script-src', 'img-src'])
      assert.ok(
        console.some(line => line.includes(directive)),
        `${directive}: ${console.join('\n')}`,
      );
    assert.doesNotMatch(dom, />ran</);
  });

  it('fits a narrow and a wide screen, light and dark, and can be read by all', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const grounds = new Set<string>();
    for (const [drill, width, scheme] of [
      [healthyDrill(), 360, 'light'],
      [healthyDrill(), 1280, 'dark'],
      [failedDrill(), 360, 'dark'],
      [failedDrill(), 1280, 'light'],
      [unreachedDrill(), 360, 'light'],
      [namedDrill('n'.repeat(63)), 360, 'light'],
      [namedDrill(hostileName), 360, 'dark'],
    ] as const) {
      const ground = await assertReadable(chromium, folder, drillPage(drill), { width, scheme });
      grounds.add(`${scheme} ${ground}`);
    }
    assert.equal(grounds.size, 2, [...grounds].join());
  });

  it('has headings that tell what is in it', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const { headings } = await measurePage(chromium, folder, drillPage(failedDrill()), { width: 800, scheme: 'light' });
    assert.deepEqual(headings, [
      'H1 Failed',
      'H2 Left out by name',
      'H2 Findings',
      'H2 Notices',
      'H2 Time to recover, and what would be lost',
      'H2 Checks',
      'H2 Stages',
      'H2 Trend',
      'H2 Tables',
      'H2 About this drill',
    ]);
  });

  it('makes nothing of hostile names but the text that they are', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const look = (name: string) =>
      measurePage(chromium, folder, drillPage(namedDrill(name)), { width: 800, scheme: 'light' });
    const [plain, hostile] = [await look('name'), await look(hostileName)];
    assert.deepEqual([hostile.tags, hostile.attributes], [plain.tags, plain.attributes]);
    const shown = hostileName.replaceAll('\u202e', '[U+202E]').replaceAll('\u0007', '[U+0007]');
    assert.ok(hostile.text.split(shown).length > 10, hostile.text);
    assert.doesNotMatch(hostile.text, /[\u202e\u0007]/);
  });

  it('opens with thousands of tables and findings', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const { contentWidth, headings, console } = await measurePage(chromium, folder, drillPage(hugeDrill()), {
      width: 360,
      scheme: 'light',
    });
    assert.deepEqual([contentWidth, headings.length, console], [360, 10, []]);
  });
});
