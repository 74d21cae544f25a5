import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { joined, looked, type WatchedBackup } from '../../src/watch/look.ts';
import { type ReplicaFacts, judgeReplica, ofReplica, replicaUnreachable } from '../../src/watch/replica.ts';
import { ago, answers, backup, daily, day, found, hour, now } from './facts.ts';

const judge = (facts: Partial<ReplicaFacts>) =>
  judgeReplica({ name: 'shop', backups: [], replica: [], manifests: [], ...facts }, now);
const objects = [
  { object: 'main.dump.age', sizeBytes: 4 },
  { object: 'manifest.json', sizeBytes: 9 },
];
const files = [{ object: 'files/0123456789abcdef/a.age', sizeBytes: 7 }];
const whole = new Map(objects.map(({ object, sizeBytes }) => [object, sizeBytes]));
const stored = new Map(files.map(({ object, sizeBytes }) => [object, { sizeBytes, modifiedAt: now }]));
const withSizes = (backups: readonly WatchedBackup[], sizes = whole) =>
  backups.map(one => ({ ...one, sizes, files: stored }));
const manifestsOf = (backups: readonly WatchedBackup[]) => backups.map(({ id }) => ({ id, objects, files }));

describe('a replica', () => {
  it('with the same backups is silent, and all four codes are answered for', () => {
    const backups = withSizes(daily(4));
    const look = judge({ backups, replica: backups, manifests: manifestsOf(backups) });
    assert.deepEqual(
      [look.findings, look.notes, look.unanswered, look.codes],
      [[], [], [], ['REPLICA_BEHIND', 'STORE_BEHIND', 'OBJECT_MISSING', 'SIZE_DIFFERS']],
    );
  });

  it('that keeps fewer, older or younger, or more of the old ones, is silent', () => {
    const backups = daily(9);
    assert.deepEqual(judge({ backups, replica: backups.slice(0, 2) }).findings, []);
    assert.deepEqual(judge({ backups: backups.slice(0, 2), replica: backups }).findings, []);
  });

  it('without the newest is behind, and it is said by how many, however young that is', () => {
    const backups = [backup(1), ...daily(4)];
    assert.deepEqual(judge({ backups, replica: backups.slice(2) }).findings, [
      {
        code: 'REPLICA_BEHIND',
        object: 'replica of shop',
        expected: 'at-1',
        found: `the newest there is at-${1.5 * day}; it lacks the 2 newest of the store`,
      },
    ]);
    assert.equal(
      judge({ backups, replica: [] }).findings[0]?.found,
      'no whole sealed backup; it lacks all 5 of the store',
    );
  });

  it('where the newest was never sealed, or only partial ones are, is behind', () => {
    const backups = daily(2);
    const unsealed = backups.map(one => ({ ...one, sealed: false }));
    assert.deepEqual(found(judge({ backups, replica: unsealed })), [['REPLICA_BEHIND', 'replica of shop']]);
    const partial = backup(hour, { partial: true });
    assert.deepEqual(found(judge({ backups, replica: [partial] })), [['REPLICA_BEHIND', 'replica of shop']]);
    assert.deepEqual(judge({ backups: [partial, ...backups], replica: backups }).findings, []);
  });

  it('is not held against what is dated in the future', () => {
    const backups = daily(2);
    const future = backup(-2 * day);
    assert.deepEqual(judge({ backups: [future, ...backups], replica: backups }).findings, []);
    assert.deepEqual(judge({ backups, replica: [future, ...backups] }).findings, []);
  });

  it('of a store without a whole backup answers for nothing that cannot be compared', () => {
    const look = judge({ backups: [backup(hour, { partial: true })] });
    assert.deepEqual([look.findings, answers(look, 'REPLICA_BEHIND')], [[], false]);
  });
});

describe('a store', () => {
  const newest = backup(2 * hour);

  it('without the newest of the replica is behind', () => {
    const backups = daily(3);
    assert.deepEqual(judge({ backups, replica: [newest, backup(3 * hour), ...backups] }).findings, [
      {
        code: 'STORE_BEHIND',
        object: 'store of shop',
        expected: newest.id,
        found: `the newest there is at-${day / 2}; the replica has 2 newer ones`,
      },
    ]);
    assert.deepEqual(judge({ replica: [newest] }).findings, [
      {
        code: 'STORE_BEHIND',
        object: 'store of shop',
        expected: newest.id,
        found: 'no whole sealed backup; the replica has one newer',
      },
    ]);
  });

  it('that still holds the rest of that run is behind too', () => {
    const rest = { ...newest, sealed: false };
    assert.deepEqual(found(judge({ backups: [rest, ...daily(2)], replica: [newest, ...daily(2)] })), [
      ['STORE_BEHIND', 'store of shop'],
    ]);
  });

  it('is given the time between two seals, and that is no success', () => {
    const backups = daily(3);
    const sealed = (secondsAgo: number) => [{ ...newest, modifiedAt: ago(secondsAgo) }, ...backups];
    const look = judge({ backups, replica: sealed(60) });
    assert.deepEqual(
      [look.findings, answers(look, 'STORE_BEHIND'), look.notes],
      [[], false, [`whether the store of shop has ${newest.id}: the replica got it only just now`]],
    );
    assert.deepEqual(found(judge({ backups, replica: sealed(15 * 60) })), [['STORE_BEHIND', 'store of shop']]);
    assert.deepEqual(found(judge({ backups, replica: sealed(-hour) })), [['STORE_BEHIND', 'store of shop']]);
    const older = backup(3 * hour);
    assert.equal(judge({ backups, replica: [...sealed(60), older] }).findings[0]?.expected, older.id);
  });
});

describe('copies of backups', () => {
  const backups = withSizes(daily(3));
  const [first, second, third] = backups;
  assert.ok(first && second && third);

  it('that lack objects, or have other sizes or another manifest, are named', () => {
    const replica = [
      { ...first, sizes: new Map([['manifest.json', 9]]) },
      { ...second, sizes: new Map([...whole, ['main.dump.age', 3]]) },
      { ...third, sizes: new Map([...whole, ['manifest.json', 8]]) },
    ];
    assert.deepEqual(judge({ backups, replica, manifests: manifestsOf(backups) }).findings, [
      {
        code: 'OBJECT_MISSING',
        object: `replica of backup ${first.id}`,
        expected: '3 objects as listed',
        found: '1 missing: main.dump.age',
      },
      {
        code: 'SIZE_DIFFERS',
        object: `replica of backup ${second.id}`,
        expected: '3 objects as listed',
        found: '1 of another size: main.dump.age (3 bytes instead of 4)',
      },
      {
        code: 'SIZE_DIFFERS',
        object: `replica of backup ${third.id}`,
        expected: '3 objects as listed',
        found: '1 of another size: manifest.json (8 bytes instead of 9)',
      },
    ]);
  });

  it('that lack a stored file are named', () => {
    const replica = [{ ...first, files: new Map() }, second, third];
    assert.deepEqual(judge({ backups, replica, manifests: manifestsOf(backups) }).findings, [
      {
        code: 'OBJECT_MISSING',
        object: `replica of backup ${first.id}`,
        expected: '3 objects as listed',
        found: '1 missing: files/0123456789abcdef/a.age',
      },
    ]);
  });

  it('that are in one of the two alone, or were never sealed, are not held against anything', () => {
    const replica = [first, { ...second, sealed: false, sizes: new Map() }];
    assert.deepEqual(judge({ backups, replica, manifests: manifestsOf(backups) }).findings, []);
  });

  it('that nobody could look at are not called well, though those in the store are', () => {
    const ofStore = looked(['OBJECT_MISSING', 'SIZE_DIFFERS'], []);
    for (const replica of [judge({ backups, manifests: manifestsOf(backups) }), replicaUnreachable('refused')]) {
      const look = joined(ofStore, replica);
      assert.ok(!answers(look, 'OBJECT_MISSING') && !answers(look, 'SIZE_DIFFERS'));
    }
    const wrong = looked([], [{ code: 'OBJECT_MISSING', object: 'backup one', expected: '', found: '' }]);
    assert.ok(answers(joined(wrong, replicaUnreachable('refused')), 'OBJECT_MISSING'));
  });
});

describe('a replica that gives no listing', () => {
  it('is one finding, which says why', () => {
    assert.deepEqual(replicaUnreachable('access was refused').findings, [
      { code: 'REPLICA_UNREACHABLE', object: 'replica', expected: 'a listing', found: 'access was refused' },
    ]);
  });
});

describe('findings of its bucket', () => {
  it('name the replica', () => {
    const look = looked([], [{ code: 'BUCKET_PUBLIC', object: 'bucket copies', expected: '', found: '' }]);
    assert.deepEqual(found(ofReplica(look)), [['BUCKET_PUBLIC', 'bucket copies of the replica']]);
  });
});

describe('whatever both hold', () => {
  const some = fc
    .uniqueArray(
      fc.record({
        hours: fc.integer({ min: -2, max: 200 }),
        partial: fc.boolean(),
        sealed: fc.boolean(),
      }),
      { selector: ({ hours }) => hours, maxLength: 12 },
    )
    .map(all => all.map(({ hours, ...more }) => backup(hours * hour, { ...more, sizes: whole, files: stored })));
  const past = (backups: readonly WatchedBackup[]) =>
    backups.filter(({ sealed, facts }) => sealed && !facts.partial && facts.at <= now);
  const newestOf = (backups: readonly WatchedBackup[]) =>
    past(backups).sort((a, b) => b.facts.at.getTime() - a.facts.at.getTime())[0];

  it('nothing is said where both are the same', () => {
    fc.assert(
      fc.property(some, backups => {
        const manifests = manifestsOf(backups.filter(({ sealed }) => sealed));
        assert.deepEqual(judge({ backups, replica: backups, manifests }).findings, []);
      }),
    );
  });

  it('it is said whenever the newest of one is not in the other, and never else', () => {
    fc.assert(
      fc.property(some, some, fc.infiniteStream(fc.boolean()), (backups, others, picks) => {
        const shared = backups.filter(() => picks.next().value);
        const taken = new Set(backups.map(({ id }) => id));
        const replica = [...shared, ...others.filter(({ id }) => !taken.has(id))];
        const isIn = (list: readonly WatchedBackup[], one: WatchedBackup) =>
          list.some(({ id, sealed }) => sealed && id === one.id);
        const codes = judge({ backups, replica }).findings.map(({ code }) => code);
        const newest = newestOf(backups);
        assert.equal(codes.includes('REPLICA_BEHIND'), newest !== undefined && !isIn(replica, newest));
        const there = newestOf(replica);
        const isOlder = there !== undefined && (newest === undefined || newest.facts.at < there.facts.at);
        // one of this very hour may still be sealed
        const isSettled = past(replica).every(({ modifiedAt }) => modifiedAt < now);
        if (isSettled) assert.equal(codes.includes('STORE_BEHIND'), isOlder);
      }),
    );
  });
});
