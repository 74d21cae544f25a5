import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Rhythm, rhythmOf, steadyAges, upcoming } from '../../src/retention/forecast.ts';
import { type Kept, plan } from '../../src/retention/plan.ts';
import type { Policy } from '../../src/retention/policy.ts';
import { backupAt, day, kept, now, policyOf } from './samples.ts';

const daily: Rhythm = { everyMilliseconds: day, preMigrationPerDay: 0 };

const nightly = (nights: number) =>
  Array.from({ length: nights }, (_, night) => backupAt(now.getTime() - night * day - 3_600_000));

/** Makes a backup and prunes, each day for long. */
function afterDays(days: number, policy: Policy): Kept[] {
  let left: Kept[] = [];
  for (let passed = 0; passed <= days; passed += 1) {
    const at = new Date(now.getTime() + passed * day);
    left = kept([...left, backupAt(at)], policy, at);
  }
  return left;
}

describe('the rhythm of backups', () => {
  it('is the time between whole ones of the last 30 days', () => {
    assert.deepEqual(rhythmOf(nightly(90), now), daily);
    assert.equal(
      rhythmOf(
        nightly(15).filter((_, index) => index % 2 === 0),
        now,
      )?.everyMilliseconds,
      2 * day,
    );
  });

  it('is not known of fewer than two, and counts none that is partial or made before a restore', () => {
    const [first, second] = nightly(2);
    assert.ok(first && second);
    assert.equal(rhythmOf([], now), null);
    assert.equal(rhythmOf([first], now), null);
    assert.equal(rhythmOf([first, { ...second, partial: true }], now), null);
    assert.equal(rhythmOf([first, { ...second, kind: 'pre-restore' }], now), null);
    assert.equal(rhythmOf([first, { ...first }], now), null);
  });

  it('tells those before a migration apart', () => {
    const before = backupAt(now.getTime() - day, { kind: 'pre-migration' });
    assert.deepEqual(rhythmOf([...nightly(30), before, before, before], now), {
      everyMilliseconds: day,
      preMigrationPerDay: 0.1,
    });
  });
});

describe('what goes next', () => {
  it('is what newer backups push out, on the day when they do', () => {
    const backups = nightly(3);
    const removals = upcoming(backups, policyOf({ daily: 3 }), { now, days: 30, rhythm: daily });
    assert.deepEqual(
      removals.map(({ backup, at }) => [backup.id, (at.getTime() - now.getTime()) / day]),
      backups.toReversed().map(({ id }, index) => [id, index + 1]),
    );
    assert.deepEqual(removals[0]?.reasons, ['daily, 3 of 3 (2026-11-23)']);
  });

  it('is at once what nothing keeps now', () => {
    const backups = nightly(5);
    const removals = upcoming(backups, policyOf({ daily: 3 }), { now, days: 0, rhythm: daily });
    assert.deepEqual(
      removals.map(({ at, reasons }) => [at, reasons]),
      [
        [now, []],
        [now, []],
      ],
    );
  });

  it('without a rhythm is only what a time ends', () => {
    const policy = policyOf({ within: { amount: 10, unit: 'd' }, preMigration: { amount: 10, unit: 'd' } });
    const before = nightly(3).map(one => ({ ...one, kind: 'pre-migration' as const }));
    assert.deepEqual(upcoming(nightly(3), policy, { now, days: 30, rhythm: null }), []);
    const removals = upcoming(before, { ...policy, within: null }, { now, days: 30, rhythm: null });
    assert.deepEqual(
      removals.map(({ at }) => (at.getTime() - now.getTime()) / day),
      // the minimum keeps the newest
      [8, 9],
    );
  });

  it('is nothing of no backups', () => {
    assert.deepEqual(upcoming([], policyOf({ daily: 3 }), { now, days: 30, rhythm: null }), []);
  });

  it('begins with what a prune would remove now, whatever the policy', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(4), fc.nat(40), (days, weeks, nights) => {
        const [backups, policy] = [nightly(nights), policyOf({ daily: days, weekly: weeks, last: 1 })];
        const removed = plan(backups, policy, now).filter(({ keep }) => !keep);
        const removals = upcoming(backups, policy, { now, days: 3, rhythm: daily });
        assert.deepEqual(
          removals.slice(0, removed.length).map(({ backup }) => backup.id),
          removed.map(({ backup }) => backup.id),
        );
        assert.equal(new Set(removals.map(({ backup }) => backup.id)).size, removals.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the steady state', () => {
  it('has the last, the days, and what is young', () => {
    assert.equal(steadyAges(policyOf({ last: 5 }), daily, now)?.length, 5);
    assert.equal(steadyAges(policyOf({ daily: 7 }), daily, now)?.length, 7);
    assert.equal(steadyAges(policyOf({ within: { amount: 14, unit: 'd' } }), daily, now)?.length, 14);
    assert.equal(steadyAges(policyOf({ daily: 7 }), { ...daily, everyMilliseconds: day / 4 }, now)?.length, 9);
    assert.equal(steadyAges(policyOf({ monthly: 12 }), { ...daily, everyMilliseconds: 7 * day }, now)?.length, 12);
  });

  it('has those before migrations besides, as many as there were lately', () => {
    const rhythm = { everyMilliseconds: day, preMigrationPerDay: 0.1 };
    const policy = policyOf({ daily: 7, preMigration: { amount: 90, unit: 'd' } });
    const ages = steadyAges(policy, rhythm, now) ?? [];
    assert.equal(ages.length, 16);
    assert.ok(ages.every(age => age >= 0 && age <= 90));
  });

  it('is none where a rule keeps for ever', () => {
    assert.equal(steadyAges(policyOf({ within: 'forever' }), daily, now), null);
    assert.equal(steadyAges(policyOf({ preMigration: 'forever' }), { ...daily, preMigrationPerDay: 0.1 }, now), null);
    assert.equal(steadyAges(policyOf({ preMigration: 'forever', daily: 7 }), daily, now)?.length, 7);
  });

  it('is where daily prunes come to, whatever the policy', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 9 }), (days, weeks, months, minimum) => {
        const policy = policyOf({ daily: days, weekly: weeks, monthly: months, minimum });
        const reached = afterDays(220, policy).length;
        const foreseen = steadyAges(policy, daily, new Date(now.getTime() + 220 * day))?.length ?? 0;
        // what two rules keep at once depends on the weekday
        assert.ok(Math.abs(reached - foreseen) <= 1, `${reached} ${foreseen}`);
      }),
      { numRuns: 40 },
    );
  });
});
