import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../src/catalog/key.ts';
import { type Kept, plan } from '../../src/retention/plan.ts';
import {
  type Policy,
  describe as describePolicy,
  endOf,
  parseKeepTime,
  parsePlan,
} from '../../src/retention/policy.ts';
import { backupAt, day, kept, now, policyOf } from './samples.ts';

const nightly = (nights: number, from = now): Kept[] =>
  Array.from({ length: nights }, (_, index) => backupAt(from.getTime() - day * (index + 1) - 3_600_000));

describe('a policy', () => {
  it('keeps the newest of each day, week, month and year, with the reasons', () => {
    const backups = nightly(800);
    const decisions = plan(backups, policyOf({ ...parsePlan('7d 4w 12m 2y') }), now);
    const by = (name: string) => decisions.filter(({ reasons }) => reasons.some(reason => reason.startsWith(name)));
    assert.deepEqual(
      ['daily', 'weekly', 'monthly', 'yearly'].map(name => by(name).length),
      [7, 4, 12, 2],
    );
    const [newest] = decisions;
    assert.deepEqual(newest?.reasons, [
      'minimum, 1 of 1',
      'daily, 1 of 7 (2026-11-24)',
      'weekly, 1 of 4 (2026-11-23)',
      'monthly, 1 of 12 (2026-11)',
      'yearly, 1 of 2 (2026)',
    ]);
    assert.deepEqual(
      by('yearly').map(({ backup }) => backup.at.toISOString().slice(0, 10)),
      ['2026-11-24', '2025-12-31'],
    );
    for (const { keep, reasons } of decisions) assert.ok(reasons.length > 0 && (keep || reasons.length === 1));
  });

  it('knows where a day begins', () => {
    const backups = [backupAt('2026-11-20T22:30:00Z'), backupAt('2026-11-20T23:30:00Z')];
    assert.equal(kept(backups, policyOf({ daily: 9 })).length, 1);
    assert.equal(kept(backups, policyOf({ daily: 9, timeZone: 'Europe/Berlin' })).length, 2);
  });

  it('counts days that have a backup, not those of the calendar', () => {
    const old = nightly(10, new Date(now.getTime() - 300 * day));
    assert.equal(kept(old, policyOf({ daily: 7 })).length, 7);
  });

  it('lets nothing that is wrong fill a bucket', () => {
    const [first, second] = [backupAt('2026-11-20T02:00:00Z'), backupAt('2026-11-20T03:00:00Z', { isWrong: true })];
    assert.deepEqual(kept([first, second], policyOf({ daily: 7 })), [first]);
    assert.deepEqual(kept([second], policyOf({ daily: 7 })), [second], 'there is no good one');
    assert.deepEqual(kept([first, second], policyOf({ daily: 7, minimum: 3 })).length, 2);
  });

  it('lets nothing that is damaged fill a bucket or count as the minimum, and lets it stay', () => {
    const [good, damaged] = [backupAt('2026-11-20T02:00:00Z'), backupAt('2026-11-20T03:00:00Z', { isDamaged: true })];
    const old = backupAt('2026-11-10T02:00:00Z');
    assert.deepEqual(kept([good, damaged, old], policyOf({ daily: 1 })), [damaged, good]);
    const proven = backupAt('2026-11-21T03:00:00Z', { isDamaged: true, isProven: true });
    const before = backupAt('2026-11-01T03:00:00Z', { isProven: true });
    assert.deepEqual(kept([good, proven, before], policyOf({ daily: 1 })), [proven, good, before]);
  });

  it('lets nothing that is doubted fill a bucket or count as the minimum, and lets it stay', () => {
    const [good, old] = [backupAt('2026-11-20T02:00:00Z'), backupAt('2026-11-10T02:00:00Z')];
    const doubted = [20, 21, 22].map(date => backupAt(`2026-11-${date}T03:00:00Z`, { isDoubted: true }));
    const policy = policyOf({ daily: 1, minimum: 1 });
    assert.deepEqual(new Set(kept([good, old, ...doubted], policy)), new Set([good, ...doubted]));
  });

  it('gives partial backups buckets of their own', () => {
    const [whole, partial] = [backupAt('2026-11-20T02:00:00Z'), backupAt('2026-11-20T03:00:00Z', { partial: true })];
    assert.equal(kept([whole, partial], policyOf({ daily: 1 })).length, 2);
    assert.deepEqual(kept([whole, backupAt('2026-11-01', { partial: true })], policyOf({ minimum: 2 })), [whole]);
  });

  it('keeps the newest proven one, what is young, and what was retained by hand', () => {
    const proven = backupAt('2020-01-01', { isProven: true });
    const older = backupAt('2019-01-01', { isProven: true });
    const wrong = backupAt('2021-01-01', { isProven: true, isWrong: true });
    const byHand = backupAt('2018-01-01', { retain: 'forever' });
    const over = backupAt('2018-01-01', { retain: parseKeepTime('1y') });
    const young = Array.from({ length: 5 }, (_, hours) => backupAt(now.getTime() - hours * 3_600_000));
    const all = [...young, proven, older, wrong, byHand, over];
    assert.deepEqual(new Set(kept(all, policyOf({ last: 1 }))), new Set([...young, proven, byHand]));
  });

  it('keeps those before a migration for their time, but of one pull request only the newest', () => {
    const made = (days: number, pullRequest: number | null) =>
      backupAt(now.getTime() - days * day, { kind: 'pre-migration', pullRequest });
    const [a, b, c, d] = [made(10, 7), made(11, 7), made(12, 8), made(40, 9)];
    assert.deepEqual(kept([a, b, c, d], policyOf()), [a, c]);
    assert.deepEqual(kept([a, b, c, d], policyOf({ preMigration: 'forever' })), [a, c, d]);
    assert.deepEqual(kept([made(10, null), made(11, null)], policyOf()).length, 2);
    const gone = plan([a, b, c, d, backupAt(now.getTime() - 31 * day, { kind: 'pre-restore' })], policyOf(), now);
    assert.deepEqual(
      gone.filter(({ keep }) => !keep).map(({ reasons }) => reasons),
      [
        ['a newer one is of the same pull request'],
        ['its time after a restore is over'],
        ['its time after a migration is over'],
      ],
    );
    const partial = { ...made(9, 7), partial: true };
    assert.deepEqual(kept([partial, a, b], policyOf()), [partial, a]);
  });

  it('keeps one from before a restore for 30 days, and in no bucket', () => {
    const before = (days: number) => backupAt(now.getTime() - days * day, { kind: 'pre-restore' });
    const [young, old, whole] = [before(29), before(31), backupAt(now.getTime() - 90 * day)];
    assert.deepEqual(kept([young, old, whole], policyOf({ daily: 7, yearly: 7 })), [young, whole]);
    const [decision] = plan([young], policyOf(), now);
    assert.equal(decision?.keptUntil?.toISOString(), '2026-11-26T12:00:00.000Z');
  });

  it('is not fooled by a clock that is wrong', () => {
    const ahead = backupAt('2030-01-01');
    const real = nightly(5);
    const result = kept([ahead, ...real], policyOf({ last: 1 }));
    assert.deepEqual(result, [ahead, real[0]]);
    assert.equal(kept(real, policyOf({ daily: 2, minimum: 3 }), new Date('2040-01-01')).length, 3);
  });

  it('counts the time for all from the newest good one: a month of failures, or a clock that runs ahead, ends nothing', () => {
    const policy = policyOf({ within: { amount: 7, unit: 'd' } });
    const nights = nightly(20);
    assert.deepEqual(kept(nights, policy), nights.slice(0, 7));
    const failed = Array.from({ length: 30 }, (_, night) =>
      backupAt(now.getTime() + (night + 1) * day, { isWrong: true }),
    );
    const later = new Date(now.getTime() + 31.5 * day);
    assert.deepEqual(kept([...failed, ...nights], policy, later), nights.slice(0, 7));
    assert.deepEqual(kept(nights, policy, new Date('2040-01-01')), nights.slice(0, 7));
  });

  it('keeps the newest proven one of each sort, and beside one from before a restore the newest other one', () => {
    const proven = (days: number, more: Partial<Kept> = {}) =>
      backupAt(now.getTime() - days * day, { isProven: true, ...more });
    const newest = [backupAt(now.getTime() - 2 * day), backupAt(now.getTime() - 2 * day, { partial: true })];
    const [before, whole, partial] = [proven(40, { kind: 'pre-restore' }), proven(50), proven(60, { partial: true })];
    const older = [proven(70), proven(70, { partial: true }), proven(45, { kind: 'pre-restore' })];
    assert.deepEqual(kept([...newest, before, whole, partial, ...older], policyOf({ daily: 1 })), [
      ...newest.toReversed(),
      before,
      whole,
      partial,
    ]);
  });

  it('says until when a young one is kept, where nothing else keeps it', () => {
    const young = backupAt('2026-11-25T09:00:00Z', { kind: 'pre-restore', partial: true });
    const wrong = backupAt('2026-11-25T10:00:00Z', { isWrong: true });
    const decisions = plan([young, wrong, ...nightly(3)], policyOf(), now);
    assert.deepEqual(
      decisions.slice(0, 2).map(({ keptUntil }) => keptUntil?.toISOString()),
      ['2026-11-26T10:00:00.000Z', '2026-12-25T09:00:00.000Z'],
    );
  });

  it('is put into words', () => {
    const policy = policyOf({ ...parsePlan('30d 12m'), within: { amount: 2, unit: 'w' }, minimum: 3 });
    assert.equal(describePolicy(policy), '30 daily, 12 monthly, all of 2w, before migrations 30d, never fewer than 3');
  });

  for (const wrong of ['', '7', '7d 4d', '0d', '7x', 'd7', '7d,4w'])
    it(`is refused as "${wrong}"`, () => {
      assert.throws(() => parsePlan(wrong), /input keep has the word/);
    });

  it('has times by the calendar', () => {
    const end = (text: string) => endOf(new Date('2024-02-29T10:00:00Z'), parseKeepTime(text))?.toISOString();
    assert.deepEqual(['1d', '1w', '1mo', '1y', 'forever'].map(end), [
      '2024-03-01T10:00:00.000Z',
      '2024-03-07T10:00:00.000Z',
      '2024-03-29T10:00:00.000Z',
      '2025-03-01T10:00:00.000Z',
      undefined,
    ]);
    assert.throws(() => parseKeepTime('soon'), RangeError);
  });
});

const anyBackup = fc
  .record({
    days: fc.double({ min: -2, max: 900, noNaN: true }),
    kind: fc.constantFrom(...kinds),
    partial: fc.boolean(),
    pullRequest: fc.option(fc.integer({ min: 1, max: 3 })),
    retain: fc.option(fc.constantFrom('forever' as const, parseKeepTime('90d'))),
    isProven: fc.boolean(),
    isWrong: fc.boolean(),
    isDoubted: fc.boolean(),
    isDamaged: fc.boolean(),
  })
  .map(({ days, ...more }) => backupAt(now.getTime() - days * day, more));
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  last: fc.nat(5),
  daily: fc.nat(10),
  weekly: fc.nat(5),
  monthly: fc.nat(5),
  yearly: fc.nat(3),
  within: fc.option(fc.constantFrom(parseKeepTime('3d'), parseKeepTime('6mo'))),
  preMigration: fc.constantFrom(parseKeepTime('30d'), parseKeepTime('forever')),
  minimum: fc.integer({ min: 1, max: 5 }),
  timeZone: fc.constantFrom('UTC', 'America/Los_Angeles', 'Asia/Kathmandu'),
});

describe('whatever the policy and the backups', () => {
  const check = (holds: (backups: Kept[], policy: Policy, left: Set<Kept>) => boolean) =>
    fc.assert(
      fc.property(fc.array(anyBackup, { maxLength: 40 }), anyPolicy, (backups, policy) =>
        holds(backups, policy, new Set(kept(backups, policy))),
      ),
      { numRuns: 500 },
    );
  const isGood = (one: Kept) =>
    !one.isWrong &&
    !one.isDoubted &&
    !one.isDamaged &&
    !one.partial &&
    one.kind !== 'pre-restore' &&
    one.at.getTime() <= now.getTime() + day;

  it('the minimum of good whole ones is kept, and the newest proven one', () => {
    check((backups, { minimum }, left) => {
      const good = backups.filter(isGood);
      const proven = good.filter(({ isProven }) => isProven).sort((a, b) => b.at.getTime() - a.at.getTime())[0];
      const isProvenKept =
        proven === undefined || [...left].some(one => isGood(one) && one.isProven && one.at >= proven.at);
      return good.filter(one => left.has(one)).length >= Math.min(minimum, good.length) && isProvenKept;
    });
  });

  it('the young, the retained and those of the future are kept', () => {
    check((backups, _, left) =>
      backups.every(one => left.has(one) || (one.retain !== 'forever' && now.getTime() - one.at.getTime() >= day)),
    );
  });

  it('a larger policy keeps no less, and the order of the listing says nothing', () => {
    check((backups, policy, left) => {
      const larger = { ...policy, daily: policy.daily + 2, monthly: policy.monthly + 1, minimum: policy.minimum + 1 };
      const more = new Set(kept(backups, larger));
      const reversed = new Set(kept(backups.toReversed(), policy));
      return [...left].every(one => more.has(one) && reversed.has(one)) && reversed.size === left.size;
    });
  });

  it('what is removed is not missed: the same decisions come again without it', () => {
    check((backups, policy, left) => kept([...left], policy).length === left.size);
  });
});
