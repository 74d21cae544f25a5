import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RehearseResult } from '../../src/commands/rehearse-result.ts';
import { rehearsalPage } from '../../src/report/rehearsal-page.ts';
import { needsProgram } from '../support/programs.ts';
import { assertReadable, assertShown, wordsOf } from './page-measures.ts';
import { hostileRehearsal } from './rehearsal-sample.ts';

const at = new Date('2026-11-20T03:17:00Z');
const good: RehearseResult = {
  ...hostileRehearsal,
  verdict: 'passed',
  findings: [],
  accepted: [],
  locks: [],
  tables: [],
  definitions: [
    {
      object: 'column public.users.mail',
      change: 'added',
      before: '',
      after: 'ALTER TABLE users ADD COLUMN mail text;',
    },
    {
      object: 'index public.users_name',
      change: 'changed',
      before: 'CREATE INDEX a\non x',
      after: 'CREATE INDEX a\non y',
    },
  ],
  checks: [],
  migrations: [{ title: 'migrations/0002_mail.sql', seconds: 0.2 }],
};

describe('the page of a rehearsal', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-page-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('says the verdict first, and all that the migrations did', () => {
    const words = wordsOf(rehearsalPage(good, at).replace(/^.*<h1>/s, ''));
    assert.match(words, /^Passed Rehearsal of 1 migration: passed/);
    assert.match(words, /Findings None\./);
    assert.match(
      words,
      /column public\.users\.mail added Before nothing After ALTER TABLE users ADD COLUMN mail text;/,
    );
    assert.match(words, /No row was changed\./);
    assert.doesNotMatch(words, /fail|What to do|[A-Z]+_[A-Z]+/);
    const bad = wordsOf(rehearsalPage(hostileRehearsal, at));
    assert.match(bad, /ROWS_REMOVED/);
    assert.ok(bad.indexOf('Accepted by name') < bad.indexOf('ROWS_REMOVED'));
    assert.match(wordsOf(rehearsalPage({ ...good, files: [], migrations: [] }, at)), /brings no migration/);
  });

  it('says how much there is, and no name, where names are hidden', () => {
    const words = wordsOf(rehearsalPage({ ...good, namesHidden: true }, at));
    assert.match(words, /2 were added, changed or removed\./);
    assert.match(words, /Names are hidden/);
    assert.doesNotMatch(words, /users/);
  });

  it('lets no name out of its place', () => {
    assert.doesNotMatch(rehearsalPage(hostileRehearsal, at), /<script/);
  });

  it('is shown as it is, and nothing of it is blocked', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    for (const rehearsal of [good, hostileRehearsal]) await assertShown(chromium, folder, rehearsalPage(rehearsal, at));
  });

  it('fits a narrow and a wide screen, light and dark, and can be read by all', async t => {
    const chromium = await needsProgram(t, 'chromium');
    if (chromium === undefined) return;
    const many = {
      ...hostileRehearsal,
      locks: Array.from({ length: 50 }, () => hostileRehearsal.locks[0] ?? assert.fail()),
    };
    for (const [rehearsal, width, scheme] of [
      [good, 360, 'light'],
      [many, 360, 'dark'],
      [hostileRehearsal, 1280, 'light'],
    ] as const) {
      await assertReadable(chromium, folder, rehearsalPage(rehearsal, at), { width, scheme });
    }
  });
});
