import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Evidence, formatEvidence, parseEvidence } from '../../src/catalog/evidence.ts';
import { Failure } from '../../src/failure.ts';

const evidence: Evidence = {
  format: 1,
  backupId: '20261120T031742Z-scheduled-k3f9q2',
  name: 'shop',
  at: '2026-11-21T00:00:00.000Z',
  verdict: 'failed',
  codes: [{ code: 'ROWS_DIFFER', count: 2 }],
  excluded: 1,
  stages: [{ name: 'fetch', startSeconds: 0, seconds: 1.5 }],
  durationSeconds: 2,
  rtoSeconds: 1.7,
  maxRtoSeconds: null,
  rtoEstimateSeconds: 3,
  rpoSeconds: 86_400,
  maxRpoSeconds: null,
  backupAgeSeconds: 70_000,
  tables: 3,
  comparedByContent: 2,
  comparedByCount: 0,
  rows: 12,
  databaseBytes: 8_000_000,
  storedBytes: 4000,
  files: 0,
  filesProven: 0,
  checks: { passed: 1, failed: 0, notVerified: 0 },
  sourceVersion: '17.5',
  serverVersion: '17.6',
  tuned: ['fsync=off'],
  provenRecipients: [],
  tool: { name: 'pg-lifeboat', version: '0.0.0' },
  machine: { system: 'Linux 6', cores: 2 },
  run: { url: null, actor: 'octocat', commit: null },
  details: { scheme: 'age', base64: 'YWdl' },
};

describe('the evidence of a drill', () => {
  it('comes back from its text', () => {
    assert.deepEqual(parseEvidence(formatEvidence(evidence), 'drills/x.json'), evidence);
    const least: Evidence = { ...evidence, rtoSeconds: null, rpoSeconds: null, rows: null, run: null, details: null };
    assert.deepEqual(parseEvidence(formatEvidence(least), 'drills/x.json'), least);
  });

  for (const [what, change] of [
    ['a verdict that is none', { verdict: 'perfect' }],
    ['a code that is none', { codes: [{ code: 'ALL_WELL', count: 1 }] }],
    ['a time that is none', { at: 'yesterday' }],
    ['a negative figure', { rtoSeconds: -1 }],
    ['a figure that is text', { tables: '3' }],
    ['a list that is none', { stages: {} }],
    ['an unknown encryption', { details: { scheme: 'rot13', base64: '' } }],
  ] as const)
    it(`with ${what} is refused by name`, () => {
      const text = JSON.stringify({ ...evidence, ...change });
      assert.throws(
        () => parseEvidence(text, 'drills/x.json'),
        (error: unknown) => error instanceof Failure && error.message.startsWith('the evidence drills/x.json is not '),
      );
    });

  it('of a newer format could not be verified', () => {
    assert.throws(
      () => parseEvidence(JSON.stringify({ ...evidence, format: 2 }), 'drills/x.json'),
      (error: unknown) => error instanceof Failure && error.exitStatus === 2,
    );
  });
});
