import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from '../../src/finding.ts';
import type { WatchedBackup } from '../../src/watch/look.ts';
import { judgeDrills, judgeRecipients, judgeVerifies } from '../../src/watch/proof.ts';
import { ago, answers, backup, daily, day, found, hour, manifest, now } from './facts.ts';

const limits = { maxDrillAgeSeconds: 35 * day };
const drill = (seconds: number, verdict: Verdict = 'passed') => ({ at: ago(seconds), verdict });
const check = (seconds: number, verdict: Verdict, depth: 'bytes' | 'archive' = 'bytes') => ({
  at: ago(seconds),
  verdict,
  depth,
});
const drills = (backups: readonly WatchedBackup[], most = limits) => judgeDrills({ name: 'shop', backups }, most, now);
const verifies = (...backups: WatchedBackup[]) => judgeVerifies({ name: 'shop', backups });

describe('drills', () => {
  it('are silent while one passed within the time', () => {
    const look = drills([backup(hour), backup(36 * day, { drills: [drill(35 * day)] })]);
    assert.deepEqual(found(look), []);
    assert.deepEqual(look.codes, ['DRILL_FAILED', 'DRILL_WITHOUT_ANSWER', 'DRILL_MISSING', 'DRILL_STALE']);
  });

  it('are missing where none ever passed', () => {
    assert.deepEqual(drills(daily(3)).findings, [
      {
        code: 'DRILL_MISSING',
        object: 'drills of shop',
        expected: 'one that passed at most 35 d ago',
        found: 'none at all',
      },
    ]);
    const failed = drills([backup(hour, { drills: [drill(60, 'failed')] })]);
    assert.deepEqual(found(failed), [
      ['DRILL_FAILED', 'drill of at-3600'],
      ['DRILL_MISSING', 'drills of shop'],
    ]);
    // only that it is missing is known: whoever was told of a stale one hears nothing new
    assert.ok(!answers(failed, 'DRILL_STALE'));
    assert.deepEqual(found(drills([backup(hour, { partial: true, drills: [drill(60)] })])), []);
  });

  it('are stale where the last that passed is long ago, though others ran since', () => {
    const look = drills([backup(40 * day, { drills: [drill(36 * day), drill(day, 'could-not-verify')] })]);
    assert.deepEqual(found(look), [
      ['DRILL_WITHOUT_ANSWER', 'drill of at-3456000'],
      ['DRILL_STALE', 'newest drill of shop'],
    ]);
    assert.equal(look.findings[1]?.found, '36 d ago, of at-3456000');
  });

  it('from the future prove nothing', () => {
    assert.deepEqual(found(drills([backup(hour, { drills: [drill(-day)] })])), [['DRILL_MISSING', 'drills of shop']]);
  });

  it('that failed are named for the newest backup that has one, and for the last that ran', () => {
    const old = backup(20 * day, { drills: [drill(2 * day), drill(hour, 'failed')] });
    assert.deepEqual(found(drills([backup(3 * day, { drills: [drill(2 * day)] }), old])), [
      ['DRILL_FAILED', 'drill of at-1728000'],
    ]);
    const newer = backup(3 * day, { drills: [drill(2 * day, 'failed')] });
    assert.deepEqual(found(drills([newer, backup(20 * day, { drills: [drill(hour)] })])), [
      ['DRILL_FAILED', 'drill of at-259200'],
    ]);
    const both = backup(3 * day, { drills: [drill(2 * day, 'failed'), drill(hour)] });
    assert.deepEqual(found(drills([both])), []);
  });

  it('that nobody makes are left out and said; those that failed are still named', () => {
    const look = judgeDrills({ name: 'shop', backups: daily(2) }, { maxDrillAgeSeconds: undefined }, now);
    assert.deepEqual(
      [look.codes, look.findings, look.leftOut],
      [[], [], ['how old the newest drill is (max-drill-age: off)']],
    );
    const failed = judgeDrills(
      { name: 'shop', backups: [backup(hour, { drills: [drill(60, 'failed')] })] },
      { maxDrillAgeSeconds: undefined },
      now,
    );
    assert.deepEqual(found(failed), [['DRILL_FAILED', 'drill of at-3600']]);
  });
});

describe('verifies', () => {
  it('that failed on a recent backup are named', () => {
    const look = verifies(backup(hour), backup(day, { checks: [check(hour, 'failed')] }));
    assert.deepEqual(look.findings, [
      {
        code: 'VERIFY_FAILED',
        object: 'verify of at-86400',
        expected: 'passed',
        found: 'failed (bytes), on 2026-11-25T11:00:00.000Z',
      },
    ]);
    const unsure = verifies(backup(hour, { checks: [check(60, 'could-not-verify', 'archive')] }));
    assert.deepEqual(found(unsure), [['VERIFY_WITHOUT_ANSWER', 'verify of at-3600']]);
  });

  it('that passed, or are of an old backup, are silent', () => {
    assert.deepEqual(found(verifies(backup(hour, { checks: [check(60, 'passed')] }))), []);
    assert.deepEqual(found(verifies(...daily(10), backup(11 * day, { checks: [check(60, 'failed')] }))), []);
  });

  it('that never ran are no success', () => {
    const look = verifies(...daily(3));
    assert.deepEqual([look.codes, look.findings], [[], []]);
    assert.deepEqual(look.notes, ['verifies of shop: no recent backup has one']);
  });

  for (const [earlier, later, isTakenBack] of [
    [check(60, 'failed'), check(30, 'passed'), true],
    [check(60, 'failed'), check(30, 'passed', 'archive'), true],
    [check(60, 'failed', 'archive'), check(30, 'passed'), false],
    [check(60, 'failed'), check(30, 'could-not-verify'), false],
  ] as const)
    it(`${earlier.depth} ${earlier.verdict}, then ${later.depth} ${later.verdict}: ${isTakenBack ? 'silent' : 'named'}`, () => {
      const codes = verifies(backup(hour, { checks: [earlier, later] })).findings.map(({ code }) => code);
      assert.deepEqual(codes, isTakenBack ? [] : ['VERIFY_FAILED']);
    });

  it('that failed are taken back by a drill that passed later', () => {
    const checks = [check(60, 'failed', 'archive')];
    assert.deepEqual(found(verifies(backup(hour, { checks, drills: [drill(30)] }))), []);
    assert.equal(verifies(backup(hour, { checks, drills: [drill(90)] })).findings.length, 1);
  });
});

describe('recipients', () => {
  const encrypted = (seconds: number, ...recipients: string[]) =>
    manifest({ snapshotAt: ago(seconds).toISOString(), encryption: { scheme: 'age', recipients } });
  const recipients = (manifests: ReturnType<typeof encrypted>[], proven: string[], most = limits) =>
    judgeRecipients({ name: 'shop', manifests, proven: new Set(proven), show: text => text }, most, now);

  it('that a drill has proven are silent, as are those of backups without encryption', () => {
    const look = recipients([encrypted(hour, 'a', 'b'), encrypted(90 * day, 'a', 'b')], ['a', 'b']);
    assert.deepEqual([look.codes, look.findings], [['RECIPIENT_NEVER_PROVEN'], []]);
    assert.deepEqual(found(recipients([encrypted(90 * day)], [])), []);
  });

  it('that none has proven are named when their time is over, which begins with their first backup', () => {
    const manifests = [encrypted(hour, 'a', 'b'), encrypted(34 * day, 'a', 'b'), encrypted(36 * day, 'a')];
    assert.deepEqual(found(recipients(manifests, ['a'])), []);
    assert.deepEqual(found(recipients([...manifests.slice(0, 2), encrypted(36 * day, 'b')], ['a'])), [
      ['RECIPIENT_NEVER_PROVEN', 'recipient b'],
    ]);
    // who was taken out and came back is new again
    const back = [encrypted(hour, 'b'), encrypted(2 * day, 'a'), encrypted(36 * day, 'b')];
    assert.deepEqual(found(recipients(back, ['a'])), []);
  });

  it('are named without any drill too, and only those of the newest backup', () => {
    const manifests = [encrypted(hour, 'a'), encrypted(36 * day, 'a', 'gone')];
    assert.deepEqual(recipients(manifests, []).findings, [
      {
        code: 'RECIPIENT_NEVER_PROVEN',
        object: 'recipient a',
        expected: 'a drill with its identity within 35 d',
        found: 'none since 2026-10-20T12:00:00.000Z, when it was first used or before',
      },
    ]);
  });

  it('cannot be judged without a manifest, and are left out where nobody drills', () => {
    assert.deepEqual(recipients([], []).notes, [
      'whether every recipient of shop was proven: the newest manifest cannot be read',
    ]);
    assert.deepEqual(
      judgeRecipients(
        { name: 'shop', manifests: [encrypted(90 * day, 'a')], proven: new Set(), show: text => text },
        { maxDrillAgeSeconds: undefined },
        now,
      ),
      {
        codes: [],
        unanswered: [],
        findings: [],
        notes: [],
        leftOut: ['who can open the backups (max-drill-age: off)'],
      },
    );
  });
});
