import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Kept, plan } from '../../src/retention/plan.ts';
import { parsePlan } from '../../src/retention/policy.ts';
import { backupAt, day, kept, now, policyOf } from './samples.ts';

/** Day, week, month and year of a moment, in another way than the plan has them. */
function calendar(timeZone: string): (at: Date) => string[] {
  const parts = { timeZone, year: 'numeric', month: 'numeric', day: 'numeric', weekday: 'short' } as const;
  const format = new Intl.DateTimeFormat('en-US', parts);
  const known = new Map<number, string[]>();
  return at => {
    const found = known.get(at.getTime());
    if (found !== undefined) return found;
    const of = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const sinceMonday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(of.weekday ?? '');
    const monday = Date.UTC(Number(of.year), Number(of.month) - 1, Number(of.day) - sinceMonday);
    const buckets = [`${of.year} ${of.month} ${of.day}`, `week ${monday}`, `${of.year} ${of.month}`, `${of.year}`];
    known.set(at.getTime(), buckets);
    return buckets;
  };
}

/** The same odds in each run. */
function oddsOf(seed: number): (share: number) => boolean {
  let state = seed;
  return share => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 < share;
}

describe('ten years of nights', () => {
  it('are kept as promised at every one of them, with nights that failed and drills each month', () => {
    const policy = policyOf({ ...parsePlan('7d 4w 12m'), minimum: 3 });
    let stored: Kept[] = [];
    let made = 0;
    for (let night = 0; night < 3650; night += 1) {
      const at = new Date(Date.UTC(2026, 0, 1 + night, 3));
      // for two months nothing works
      const works = night % 17 !== 5 && !(night > 1000 && night < 1060);
      if (works) stored.push(backupAt(at, { isWrong: night % 50 === 7 }));
      made += works ? 1 : 0;
      const newest = stored.at(-1);
      if (night % 30 === 0 && newest && !newest.isWrong) newest.isProven = true;
      const left = kept(stored, policy, new Date(at.getTime() + 3_600_000));
      const good = (all: readonly Kept[]) => all.filter(({ isWrong }) => !isWrong);
      assert.ok(good(left).length >= Math.min(3, made - 2), `night ${night}`);
      const proven = stored.filter(one => one.isProven && !one.isWrong).at(-1);
      assert.ok(proven === undefined || left.includes(proven), `night ${night}`);
      assert.ok(left.length <= 7 + 4 + 12 + 3, `night ${night}: ${left.length}`);
      stored = left.toReversed();
    }
    assert.ok(stored.length >= 18);
    const oldest = stored[0]?.at.getTime() ?? 0;
    assert.ok(Date.UTC(2026, 0, 3650) - oldest > 330 * day, 'about a year back');
  });

  for (const [timeZone, year, text] of [
    ['America/New_York', 2024, '7d 4w 12m'],
    // its calendar has no 30 December 2011
    ['Pacific/Apia', 2007, '30d 12m'],
    ['Asia/Kathmandu', 2024, '7d 4w 12m 5y'],
  ] as const)
    it(`two a day with gaps, clocks that jump and all kinds: every bucket of ${timeZone} has its newest good one`, () => {
      const bucketsOf = calendar(timeZone);
      const policy = policyOf({ ...parsePlan(text), minimum: 3, timeZone });
      const counts = [policy.daily, policy.weekly, policy.monthly, policy.yearly];
      const chance = oddsOf(7);
      let stored: Kept[] = [];
      for (let index = 0; index < 3653; index += 1) {
        const midnight = Date.UTC(year, 0, 1 + index);
        for (const hour of index % 200 > 170 ? [] : [4, 16]) {
          if (chance(0.05)) continue;
          const jump = chance(0.002) ? 400 * day : chance(0.002) ? -30 * day : 0;
          const kind = chance(0.05) ? 'pre-migration' : chance(0.03) ? 'pre-restore' : 'scheduled';
          const isWrong = index > 1200 && index < 1231;
          // no two of the same second
          const at = midnight + hour * 3_600_000 + index * 1000 + jump;
          stored.push(backupAt(at, { kind, isWrong, partial: chance(0.1) }));
        }
        const newest = stored.at(-1);
        if (index % 31 === 0 && newest && !newest.isWrong) newest.isProven = chance(0.8);
        const at = new Date(midnight + 20 * 3_600_000);
        const left = new Set(kept(stored, policy, at));
        const good = stored
          .filter(one => !one.isWrong && one.at.getTime() <= at.getTime() + day)
          .sort((one, other) => other.at.getTime() - one.at.getTime());
        const whole = good.filter(one => !one.partial && one.kind !== 'pre-restore');
        assert.ok(whole.filter(one => left.has(one)).length >= Math.min(3, whole.length), `minimum on day ${index}`);
        const proven = good.find(({ isProven }) => isProven);
        assert.ok(proven === undefined || left.has(proven), `the newest proven one on day ${index}`);
        for (const partial of [false, true])
          for (const [rule, count] of counts.entries()) {
            const seen = new Set<string>();
            for (const one of good.filter(other => other.partial === partial && other.kind !== 'pre-restore')) {
              const bucket = bucketsOf(one.at)[rule] ?? '';
              if (seen.size >= count || seen.has(bucket)) continue;
              seen.add(bucket);
              assert.ok(left.has(one), `bucket ${bucket} on day ${index}`);
            }
          }
        stored = stored.filter(one => left.has(one));
      }
      assert.ok(stored.length < 100);
    });

  it('of 100,000 backups is planned without reading any twice', () => {
    const backups = Array.from({ length: 100_000 }, (_, index) => backupAt(now.getTime() - index * 3_600_000));
    const decisions = plan(backups, policyOf({ ...parsePlan('30d 12m 7y'), minimum: 3 }), now);
    assert.equal(decisions.length, 100_000);
    assert.ok(decisions.filter(({ keep }) => keep).length < 80);
  });
});
