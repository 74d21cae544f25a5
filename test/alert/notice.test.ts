import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf, moodOf, titleOf } from '../../src/alert/notice.ts';
import type { ConditionOutcome, Outcome } from '../../src/alert/outcome.ts';
import { remediesFor } from '../../src/alert/remedy.ts';
import { secretsOfAddress, without } from '../../src/alert/secrets.ts';
import { sampleNotice } from './receiver.ts';

const ended = (condition: string, outcome: Outcome, cause: string | null = null): ConditionOutcome => ({
  condition,
  outcome,
  cause,
});

describe('a notice', () => {
  const title = (outcomes: ConditionOutcome[], recovered: string[] = []) =>
    titleOf(sampleNotice({ outcomes, recovered }));

  it('has a title that says the worst', () => {
    assert.equal(title([ended('backup', 'failure')]), 'shop: backup failed');
    assert.equal(title([ended('backup', 'success'), ended('verify', 'failure')]), 'shop: verify failed');
    assert.equal(title([ended('backup', 'cancelled')]), 'shop: backup was cancelled');
    assert.equal(title([ended('backup', 'cancelled'), ended('prune', 'failure')]), 'shop: backup and prune failed');
    assert.equal(title(['a', 'b', 'c'].map(name => ended(name, 'failure'))), 'shop: a, b and c failed');
    assert.equal(title(['a', 'b', 'c', 'd'].map(name => ended(name, 'failure'))), 'shop: 4 conditions failed');
    assert.equal(
      title([ended('backup', 'success'), ended('verify', 'success')], ['backup']),
      'shop: backup went well again',
    );
    assert.equal(title([ended('drill', 'failure'), ended('backup', 'success')], ['backup']), 'shop: drill failed');
    assert.equal(title([ended('restore', 'success')]), 'shop: restore went well');
    assert.equal(title([ended('drill', 'started')]), 'shop: drill started');
  });

  it('says in lines what ended how, why, and what to do, numbered', () => {
    const outcomes = [ended('backup', 'failure', 'the disk is full'), ended('prune', 'success')];
    assert.deepEqual(linesOf(sampleNotice({ outcomes, recovered: ['prune'], details: 'a\r\nb\u2028c' })).slice(0, 9), [
      '2026-11-25 03:17 UTC',
      'backup: failed: the disk is full',
      'prune: went well again',
      '',
      'a',
      'b',
      'c',
      '',
      'What to do:',
    ]);
    assert.match(linesOf(sampleNotice()).join('\n'), /\n1\. Open the run.*\n2\. Put it right.*\n3\. Before the next/);
    const two = [ended('backup', 'failure'), ended('SOURCE_STALE', 'failure')];
    assert.match(
      linesOf(sampleNotice({ outcomes: two })).join('\n'),
      /\n4\. SOURCE_STALE: Open the run\. What it found: the backup was made from a replica that was behind\.\n5\. SOURCE_STALE: Look at the replication/,
    );
    assert.ok(!linesOf(sampleNotice({ outcomes: [ended('prune', 'success')] })).includes('What to do:'));
  });

  it('says what a cancelled run may have been, where nobody says', () => {
    const lines = (cause: string | null) => linesOf(sampleNotice({ outcomes: [ended('backup', 'cancelled', cause)] }));
    assert.equal(lines(null)[1], 'backup: was cancelled: somebody cancelled it, or it took longer than it may');
    assert.equal(lines('by me')[1], 'backup: was cancelled: by me');
  });

  it('makes foreign text harmless, and short', () => {
    const outcomes = [ended('backup', 'failure', `::error::x\n\u202e${'y'.repeat(1000)}`)];
    const [, line = ''] = linesOf(sampleNotice({ outcomes }));
    assert.match(line, /^backup: failed: : :error::x \| \?y+…$/);
    assert.ok(line.length < 330, String(line.length));
    assert.ok(linesOf(sampleNotice({ details: 'a\n::error::b\u0007\u202e' })).includes(': :error::b??'));
    assert.ok(linesOf(sampleNotice({ details: 'z\n'.repeat(50_000) })).length < 1100);
  });

  it('is bad, good or neutral', () => {
    const mood = (outcome: Outcome) => moodOf(sampleNotice({ outcomes: [ended('x', outcome)] }));
    assert.deepEqual((['failure', 'cancelled', 'success', 'started'] as const).map(mood), [
      'bad',
      'bad',
      'good',
      'neutral',
    ]);
  });
});

describe('what to do', () => {
  it('is known for each condition, for each finding, and for anything else', () => {
    for (const condition of ['backup', 'verify', 'prune', 'drill', 'restore', 'rehearsal'])
      assert.ok(remediesFor(condition).length >= 2, condition);
    assert.deepEqual(remediesFor('RPO_EXCEEDED'), [
      'Open the run. What it found: there was a longer time without a backup than max-rpo.',
      'Back up more often, look for runs that failed, or raise max-rpo.',
    ]);
    for (const condition of ['other', 'constructor', 'toString'])
      assert.deepEqual(remediesFor(condition), ['Open the run and read its first error.']);
  });
});

describe('secrets of an address', () => {
  it('are the whole, its path, its tokens, and its password in each form', () => {
    const clean = without(
      secretsOfAddress('https://us%40er:p%40ssw0rd@example.com/hooks/T0KEN12345?sig=S1GNATURE99&v=1'),
    );
    for (const secret of [
      'https://us%40er:p%40ssw0rd@example.com/hooks/T0KEN12345?sig=S1GNATURE99&v=1',
      '/hooks/T0KEN12345?sig=S1GNATURE99&v=1',
      'T0KEN12345',
      'S1GNATURE99',
      'p%40ssw0rd',
      'p@ssw0rd',
      Buffer.from('us@er:p@ssw0rd').toString('base64'),
      Buffer.from('\0us@er\0p@ssw0rd').toString('base64'),
      Buffer.from('p@ssw0rd').toString('base64'),
    ])
      assert.equal(clean(`a ${secret} b`), 'a *** b');
    assert.equal(clean('hooks of example.com, v=1'), 'hooks of example.com, v=1');
  });

  it('are never short words, which would mask everything', () => {
    assert.deepEqual(secretsOfAddress(''), []);
    assert.equal(without([''])('a b'), 'a b');
    assert.deepEqual(secretsOfAddress('https://example.com/'), ['https://example.com/']);
  });
});
