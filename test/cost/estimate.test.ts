import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Use, estimate, estimateAll, steadyBytes, supabaseEgress } from '../../src/cost/estimate.ts';
import { type Price, prices } from '../../src/cost/prices.ts';
import { priceOf } from '../../src/cost/provider.ts';

const gb = 1e9;

const use = (more: Partial<Use> = {}): Use => ({
  storedBytes: 12 * gb,
  steady: null,
  readBytes: 0,
  restoreBytes: 0,
  dumpedBytes: 0,
  ...more,
});

function priceNamed(id: string): Price {
  const price = prices.find(one => one.id === id);
  assert.ok(price, id);
  return price;
}

const dollars = (value: number | null) => (value === null ? null : Math.round(value * 10_000) / 10_000);

describe('the estimate', () => {
  it('of what is stored is its GB times the price of a month', () => {
    assert.equal(dollars(estimate(use(), priceNamed('s3-standard')).today), 0.276);
    assert.equal(dollars(estimate(use(), priceNamed('r2-standard')).today), 0.18);
    assert.equal(dollars(estimate(use({ storedBytes: 0 }), priceNamed('s3-standard')).today), 0);
  });

  it('has the least that is billed: 1 TB with Wasabi', () => {
    assert.equal(dollars(estimate(use(), priceNamed('wasabi')).today), 7.99);
    assert.equal(dollars(estimate(use({ storedBytes: 2000 * gb }), priceNamed('wasabi')).today), 15.98);
  });

  it('without a policy knows of no steady state', () => {
    assert.equal(estimate(use(), priceNamed('s3-standard')).steady, null);
  });

  it('bills what is removed too early until its days are over', () => {
    // seven daily backups of 10 GB and one of 200 days
    const one = {
      keptAgesDays: [0, 1, 2, 3, 4, 5, 6, 200],
      backupsPerDay: 1,
      backupBytes: 10 * gb,
      retainedBytes: 5 * gb,
    };
    const steady = [one];
    assert.equal(steadyBytes(steady), 85 * gb);
    assert.equal(steadyBytes([one, one]), 170 * gb);
    const of = (id: string) => dollars(estimate(use({ steady }), priceNamed(id)).steady);
    assert.equal(of('s3-standard'), dollars(85 * 0.023));
    // 30 days of one backup each, the old one, and what is retained
    assert.equal(of('s3-standard-ia'), dollars((300 + 10 + 5) * 0.0125));
    assert.equal(of('s3-glacier-instant'), dollars((900 + 10 + 5) * 0.004));
    assert.equal(of('s3-glacier-deep'), dollars((1800 + 10 + 5) * 0.00099));
    // 915 GB are less than the least
    assert.equal(of('wasabi'), 7.99);
  });

  it('of reading is egress and retrieval', () => {
    const read = use({ readBytes: 20 * gb, restoreBytes: 10 * gb });
    const of = (id: string) => [
      dollars(estimate(read, priceNamed(id)).reads),
      dollars(estimate(read, priceNamed(id)).restore),
    ];
    assert.deepEqual(of('s3-standard'), [1.8, 0.9]);
    assert.deepEqual(of('s3-standard-ia'), [2, 1]);
    assert.deepEqual(of('s3-glacier-instant'), [2.4, 1.2]);
    assert.deepEqual(of('r2-standard'), [0, 0]);
    assert.deepEqual(of('r2-infrequent'), [0.2, 0.1]);
    assert.deepEqual(of('wasabi'), [0, 0]);
    assert.deepEqual(of('supabase'), [1.8, 0.9]);
    // three times 12 GB are free with B2
    assert.deepEqual(of('b2'), [0, 0]);
    assert.equal(dollars(estimate(use({ readBytes: 40 * gb }), priceNamed('b2')).reads), 0.04);
  });

  it('of a database on Supabase is what its backups read', () => {
    assert.equal(dollars(supabaseEgress(use({ dumpedBytes: 300 * gb }))), 27);
  });

  it('is made for each place on the list', () => {
    assert.deepEqual(
      estimateAll(use()).map(({ priceId }) => priceId),
      prices.map(({ id }) => id),
    );
  });
});

describe('the list of prices', () => {
  it('says of each where and when it was seen', () => {
    assert.ok(prices.length >= 10);
    assert.equal(new Set(prices.map(({ id }) => id)).size, prices.length);
    for (const { id, page, readFrom, seenOn, perGbMonth } of prices) {
      assert.match(page, /^https:\/\//, id);
      assert.match(readFrom, /^https:\/\/\S+$/, id);
      assert.match(seenOn, /^\d{4}-\d\d-\d\d$/, id);
      assert.ok(perGbMonth > 0 && perGbMonth < 0.1, id);
    }
  });
});

describe('the place that a URL names', () => {
  for (const [url, id] of [
    ['s3://backups/shop?region=eu-central-1', 's3-standard'],
    ['s3://backups?region=eu-central-1&storage-class=STANDARD_IA', 's3-standard-ia'],
    ['s3://backups?storage-class=GLACIER_IR', 's3-glacier-instant'],
    ['s3://backups?storage-class=GLACIER', 's3-glacier-flexible'],
    ['s3://backups?storage-class=DEEP_ARCHIVE', 's3-glacier-deep'],
    ['s3://backups?endpoint=https://s3.eu-central-1.amazonaws.com', 's3-standard'],
    ['s3://backups?endpoint=https://abc.r2.cloudflarestorage.com', 'r2-standard'],
    ['s3://backups?endpoint=https://abc.eu.r2.cloudflarestorage.com&storage-class=STANDARD_IA', 'r2-infrequent'],
    ['s3://backups?endpoint=https://s3.us-west-004.backblazeb2.com', 'b2'],
    ['s3://backups?endpoint=https://s3.eu-central-1.wasabisys.com', 'wasabi'],
    ['s3://backups?endpoint=https://abc.storage.supabase.co/storage/v1/s3', 'supabase'],
    // of these nothing is known
    ['s3://backups?storage-class=ONEZONE_IA', undefined],
    ['s3://backups?endpoint=http://localhost:9000', undefined],
    ['s3://backups?endpoint=https://backblazeb2.com.example.org', undefined],
    ['s3://backups?endpoint=https://amazonaws.com.example.org', undefined],
    ['file:///srv/backups', undefined],
    ['no URL', undefined],
  ] as const)
    it(`${url} is ${id ?? 'not known'}`, () => {
      assert.equal(priceOf(url)?.id, id);
    });
});
