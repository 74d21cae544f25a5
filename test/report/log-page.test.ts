import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { logPage } from '../../src/report/log-page.ts';
import { needsProgram } from '../support/programs.ts';
import { hostileName } from './drill-sample.ts';
import { Shelf, day, listOf, now, sampleEvidence, seasoned, type Shelved } from './log-sample.ts';
import { assertReadable, assertShown, measurePage, tagsOf, wordsOf } from './page-measures.ts';

const year = await listOf(seasoned(400), { keep: '30d 12m', limit: '120' });
const none = await listOf([]);
const one = await listOf([{ at: new Date(now.getTime() - day) }]);
const thousand = await listOf(seasoned(880), { keep: '7d 4w 12m', limit: '1000' });
const several = await listOf([...seasoned(20), ...seasoned(12, { name: 'blog' })]);

/** A log with a text wherever people write one. */
const named = (text: string) =>
  listOf([
    {
      at: now,
      reason: text,
      actor: text,
      drills: [
        {
          at: now.toISOString(),
          verdict: 'passed',
          run: { ...sampleEvidence.run, url: text, actor: text, commit: null },
        },
      ],
    },
  ]);

describe('the page of the backup log', () => {
  it('says how fresh the newest and the newest proven one are, first of all', () => {
    assert.match(
      wordsOf(logPage(year).replace(/^.*<h1>/s, '')),
      /^Backups of shop The newest whole backup was 13 h 20 min old when this page was made\. The newest that a drill has proven is of 2026-11-15 03:10 UTC\. Age of the newest 13 h 20 min Newest proven 2026-11-15 Backups 456 /,
    );
    assert.match(wordsOf(logPage(one)), /No drill has proven any of them\./);
    assert.match(
      wordsOf(logPage(none)),
      /No backups The store s3:\/\/backups\/acme\?region=eu-central-1 holds no backup\./,
    );
  });

  it('is not calm where nothing is proven, where the newest is old, and where there is none', async () => {
    const tone = (page: string) => /<header class="verdict ([a-z-]+)">/.exec(page)?.[1];
    const old = await listOf([
      { at: new Date(now.getTime() - 9 * day), drills: [{ at: now.toISOString(), verdict: 'passed' }] },
    ]);
    const partial = await listOf([{ at: now, partial: true }]);
    assert.deepEqual(
      [year, one, old, none, partial].map(result => tone(logPage(result))),
      ['plain', 'could-not-verify', 'could-not-verify', 'failed', 'failed'],
    );
    assert.match(wordsOf(logPage(partial)), /There is no whole sealed backup\./);
  });

  it('has a calendar of a year: days with backups, those before a change, and drills', () => {
    const page = logPage(year);
    const [, spoken] = /class="year" role="img" aria-label="([^"]*)"/.exec(page) ?? [];
    assert.equal(
      spoken,
      'The last year: 419 backups on 365 of the 367 days since 2025-11-24; 13 drills, 1 of them failed.',
    );
    assert.equal(page.match(/<g><title>20/g)?.length, 365);
    assert.ok(page.includes('<title>2026-11-15: 1 scheduled, 1 drill passed</title>'));
    assert.ok(page.includes('<title>2026-11-21: 1 pre-migration, 1 scheduled</title>'));
    assert.match(page, /<title>2026-11-13: 2 scheduled \(1 partial\)<\/title>/);
    assert.equal(page.match(/class="drill failed"/g)?.length, 2, 'one day, and the legend');
  });

  it('shows how bytes and rows grew, and how long restores took', () => {
    assert.equal(logPage(year).match(/<svg class="chart"/g)?.length, 3);
    assert.equal(logPage(one).match(/<svg class="chart"/g), null);
    assert.match(wordsOf(logPage(one)), /Fewer than two whole backups are shown, which is no trend yet\./);
  });

  it('says what the policy removes next, and when, or that none was given', () => {
    const words = wordsOf(logPage(year));
    assert.match(
      words,
      /The next prune takes \d+ backups \([\d.]+ GB\)\. In the next 30 days \d+ backups \([\d.]+ GB\) go after that\./,
    );
    assert.match(words, /2026-11-26 20261027T\S+ until then: daily, 30 of 30 \(2026-10-27\)/);
    assert.match(wordsOf(logPage(one)), /No policy was given: nothing here says what a prune would remove\./);
  });

  it('has the log by month, with why each is kept', () => {
    const page = logPage(year);
    const words = wordsOf(page);
    assert.match(words, /Log November 2026: 29 backups, [\d.]+ GB /);
    assert.match(page, /<summary>October 2026: 3\d backups, /);
    assert.match(
      words,
      /pre-migration, age, 1 recipient before #896: split the orders, by octocat 20261121T113000Z-pre-migration-\S+ kept: daily, 5 of 30 \(2026-11-21\); made before a migration/,
    );
    assert.match(words, /kept: until forever|to be removed: no rule keeps it/);
    assert.match(words, /336 older ones are not shown here: raise limit\./);
  });

  it('has the cost of each place, the own one first', () => {
    const words = wordsOf(logPage(year));
    assert.match(words, /Cost .* Place Today In the end Reads One restore S3 Standard this store \$/);
    assert.match(words, /Wasabi .*? \$7\.99 \$7\.99 /);
    assert.match(words, /List prices as seen on 2026-11-25, without taxes, requests and free allowances\./);
  });

  it('links to a run only where it is a web address', async () => {
    const linked = logPage(await named('https://github.com/acme/shop/actions/runs/7'));
    assert.ok(linked.includes('<a href="https://github.com/acme/shop/actions/runs/7">'));
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'http://example.com', ' https://x'])
      assert.ok(!/<a href="(?:javascript|data|http:| )/.test(logPage(await named(url))), url);
  });

  it('has the same markup, whatever people wrote', async () => {
    const result = await named('text');
    const [entry] = result.backups;
    assert.ok(entry);
    const pageWith = (text: string) => logPage({ ...result, backups: [{ ...entry, reason: text, actor: text }] });
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'<>&"\'`=/!-[]{}', '</bdi>', '<!--', ']]>', '\u202e', 'א', '🚢'),
        fc.string({ unit: 'binary', maxLength: 2 }),
      ),
      minLength: 1,
    });
    const plain = tagsOf(pageWith('text'));
    fc.assert(
      fc.property(hostile, text => assert.deepEqual(tagsOf(pageWith(`n${text}`)), plain)),
      { numRuns: 60 },
    );
    assert.deepEqual(tagsOf(pageWith(hostileName)), plain);
  });

  it('of a thousand backups is below 1 MB, and was read with few reads at once', async () => {
    assert.equal(thousand.backups.length, 1000);
    const page = logPage(thousand);
    assert.ok(page.length < 1_000_000, String(page.length));
    const shelf = new Shelf(seasoned(880));
    await listOf(shelf, { keep: '7d 4w 12m', limit: '1000' });
    assert.ok(shelf.mostAtOnce <= 32, String(shelf.mostAtOnce));
    assert.equal(new Set(shelf.reads).size, shelf.reads.length, 'nothing is read twice');
  });

  it('is cut where there is too much, and says so', async () => {
    const many = await listOf(seasoned(1000), { limit: '5000' });
    const words = wordsOf(logPage(many));
    const hidden = many.backups.length - 1000;
    assert.ok(hidden > 100);
    assert.match(words, new RegExp(`${hidden} older ones are not shown here: raise limit, or take the CSV\\.`));
  });
});

describe('the page of the backup log in a browser', () => {
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
    for (const result of [year, none, several]) await assertShown(chromium, folder, logPage(result));
  });

  it('fits a narrow and a wide screen, light and dark, and can be read by all', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const wide: Shelved = { at: now, reason: 'r'.repeat(200), actor: 'a'.repeat(39), name: 'n'.repeat(100) };
    const grounds = new Set<string>();
    for (const [result, width, scheme] of [
      [year, 360, 'light'],
      [year, 768, 'dark'],
      [year, 1280, 'dark'],
      [none, 360, 'dark'],
      [one, 360, 'light'],
      [several, 360, 'light'],
      [several, 1280, 'light'],
      [thousand, 360, 'dark'],
      [thousand, 360, 'light'],
      [thousand, 1280, 'dark'],
      [thousand, 1280, 'light'],
      [await listOf([wide]), 360, 'light'],
      [await named(hostileName), 360, 'dark'],
    ] as const) {
      // folded parts are measured too
      const page = logPage(result).replaceAll('<details', '<details open');
      const ground = await assertReadable(chromium, folder, page, { width, scheme });
      grounds.add(`${scheme} ${ground}`);
    }
    assert.equal(grounds.size, 2, [...grounds].join());
  });

  it('has headings that tell what is in it', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const headings = async (result: typeof year) =>
      (await measurePage(chromium, folder, logPage(result), { width: 800, scheme: 'light' })).headings;
    assert.deepEqual(await headings(year), [
      'H1 Backups of shop',
      'H2 Calendar',
      'H2 Growth',
      'H2 Drills',
      'H2 What goes next',
      'H2 Log',
      'H2 Cost',
      'H2 About this log',
    ]);
    assert.deepEqual((await headings(several)).slice(0, 3), [
      'H1 Backups of 2 databases',
      'H2 Databases',
      'H2 blog: Calendar',
    ]);
    assert.deepEqual(await headings(none), ['H1 No backups', 'H2 About this log']);
  });

  it('makes nothing of what people wrote but the text that it is', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const look = async (text: string) =>
      measurePage(chromium, folder, logPage(await named(text)), { width: 800, scheme: 'light' });
    const [plain, hostile] = [await look('text'), await look(hostileName)];
    assert.deepEqual([hostile.tags, hostile.attributes], [plain.tags, plain.attributes]);
    const shown = hostileName.replaceAll('\u202e', '[U+202E]').replaceAll('\u0007', '[U+0007]');
    assert.ok(hostile.text.includes(shown), hostile.text);
    assert.doesNotMatch(hostile.text, /[\u202e\u0007]/);
  });
});
