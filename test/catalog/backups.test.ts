import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Listed, backupsOf, choose, longestGap, provenBy } from '../../src/catalog/backups.ts';
import { Failure } from '../../src/failure.ts';

const first = '20261118T031742Z-scheduled-aaaaaa';
const second = '20261119T031742Z-manual-bbbbbb';
const third = '20261120T031742Z-scheduled-partial-cccccc';

const backups = (...keys: string[]) =>
  backupsOf(listing(keys.map(key => ({ key, sizeBytes: 10, modifiedAt: new Date(0) }))));

async function* listing(objects: readonly Listed[]): AsyncGenerator<Listed> {
  yield* objects;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure);
    return `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

describe('a listing', () => {
  it('becomes backups, newest first', async () => {
    const found = await backups(`shop/${second}/main.dump`, `shop/${first}/manifest.json`, `shop/${third}/main.dump`);
    assert.deepEqual(
      found.map(({ id }) => id),
      [third, second, first],
    );
  });

  it('is in the same order whatever order it came in', async () => {
    const sameSecond = ['a', 'b', 'c', 'd'].map(letter => `shop/20261118T031742Z-manual-aaaaa${letter}/manifest.json`);
    const expected = (await backups(...sameSecond)).map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(sameSecond, { minLength: 4 }), async keys => {
        assert.deepEqual(
          (await backups(...keys)).map(({ id }) => id),
          expected,
        );
      }),
    );
  });

  it('holds a backup only where there is a manifest', async () => {
    const found = await backups(
      `shop/${first}/main.dump`,
      `shop/${first}/manifest.json`,
      `shop/${second}/main.dump`,
      `shop/${second}/checks/manifest.json`,
      `shop/${third}/manifest.json.minisig`,
    );
    assert.deepEqual(
      found.filter(({ sealed }) => sealed).map(({ id }) => id),
      [first],
    );
  });

  it('is grouped by name and id, with sizes and checks', async () => {
    const check = 'checks/20261121T000000Z-archive-passed.json';
    const found = await backups(`a/${first}/main.dump`, `b/${first}/main.dump`, `a/${first}/${check}`);
    assert.deepEqual(found.map(({ name, sizeBytes, checks }) => [name, sizeBytes, checks.length]).sort(), [
      ['a', 20, 1],
      ['b', 10, 0],
    ]);
    assert.equal(found.find(({ name }) => name === 'a')?.checks[0]?.verdict, 'passed');
  });

  it('may hold anything else, which is passed over', async () => {
    const foreign = fc.oneof(
      fc.string(),
      fc.constantFrom('shop/README.md', `${first}/manifest.json`, `shop/${first}`, 'shop//manifest.json'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(foreign), async keys => {
        const found = await backups(...keys, `shop/${first}/manifest.json`);
        assert.deepEqual(
          found.map(({ id, sizeBytes }) => [id, sizeBytes]),
          [[first, 10]],
        );
      }),
    );
  });
});

describe('choosing a backup', () => {
  const all = backups(`shop/${first}/manifest.json`, `shop/${second}/main.dump`, `shop/${third}/manifest.json`);

  it('takes the newest whole sealed one as latest', async () => {
    assert.equal(choose(await all, 'latest', 'shop').id, first);
  });

  it('takes any sealed one by its id', async () => {
    assert.equal(choose(await all, third, 'shop').id, third);
  });

  it('draws any whole sealed one but the newest as random', async () => {
    const fourth = second.replace('bbbbbb', 'dddddd');
    const more = await backups(...[first, second, third, fourth].map(id => `shop/${id}/manifest.json`));
    const drawn = new Set(Array.from({ length: 200 }, () => choose(more, 'random', 'shop').id));
    const older = more.filter(({ facts }) => !facts.partial).slice(1);
    assert.ok(older.length > 1);
    assert.deepEqual([...drawn].sort(), older.map(({ id }) => id).sort());
    assert.equal(choose(await all, 'random', 'shop').id, first);
    assert.match(
      refusal(() => choose([], 'random', 'shop')),
      /^the store holds no whole sealed backup of shop/,
    );
  });

  it('refuses one that was never sealed', async () => {
    const known = await all;
    assert.equal(
      refusal(() => choose(known, second, 'shop')),
      `backup ${second} of shop was never sealed (it is the rest of a run that failed; choose another one from the command list)`,
    );
  });

  it('refuses one that is not there', async () => {
    const known = await all;
    const id = first.replace('aaaaaa', 'zzzzzz');
    assert.equal(
      refusal(() => choose(known, id, 'shop')),
      `the store holds no backup ${id} of shop (see the ids with the command list)`,
    );
  });

  it('says of an empty store that there is none', () => {
    assert.equal(
      refusal(() => choose([], 'latest', 'shop')),
      'the store holds no whole sealed backup of shop (make one with the command backup, or check store and name)',
    );
  });

  it('never takes a partial one by itself, but names it', async () => {
    const known = await backups(`shop/${third}/manifest.json`);
    assert.equal(
      refusal(() => choose(known, 'latest', 'shop')),
      `the store holds no whole sealed backup of shop (name a partial one, for example backup: ${third})`,
    );
  });
});

describe('a backup that drills looked at', () => {
  const drill = (id: string, day: number, verdict: string) => `shop/${id}/drills/202612${day}T000000Z-${verdict}.json`;
  const sealed = [first, second, third].map(id => `shop/${id}/manifest.json`);
  const provenAt = async (...drills: string[]) => {
    const found = await backups(...drills, `shop/${first}/manifest.json`);
    return found[0] && provenBy(found[0])?.at.toISOString().slice(0, 10);
  };

  it('is proven by the newest that came to an answer, if that passed', async () => {
    assert.equal(await provenAt(), undefined);
    assert.equal(await provenAt(drill(first, 10, 'passed'), drill(first, 11, 'passed')), '2026-12-11');
    assert.equal(await provenAt(drill(first, 10, 'passed'), drill(first, 11, 'failed')), undefined);
    assert.equal(await provenAt(drill(first, 10, 'failed'), drill(first, 11, 'passed')), '2026-12-11');
    assert.equal(await provenAt(drill(first, 10, 'passed'), drill(first, 11, 'could-not-verify')), '2026-12-10');
    assert.equal(await provenAt(drill(first, 10, 'failed'), drill(first, 11, 'could-not-verify')), undefined);
    assert.equal(await provenAt(drill(first, 11, 'could-not-verify')), undefined);
  });

  it('is latest-proven when it is the newest whole one that is proven', async () => {
    const chosen = async (...drills: string[]) =>
      choose(await backups(...sealed, ...drills), 'latest-proven', 'shop').id;
    assert.equal(await chosen(drill(first, 10, 'passed')), first);
    assert.equal(await chosen(drill(first, 10, 'passed'), drill(second, 10, 'passed')), second);
    assert.equal(await chosen(drill(first, 10, 'passed'), drill(second, 11, 'could-not-verify')), first);
    assert.equal(await chosen(drill(first, 10, 'passed'), drill(third, 11, 'passed')), first);
    const failed = [drill(second, 10, 'passed'), drill(second, 11, 'failed')];
    assert.equal(await chosen(drill(first, 10, 'passed'), ...failed), first);
    const none = await backups(...sealed, ...failed, drill(third, 11, 'passed'));
    assert.equal(
      refusal(() => choose(none, 'latest-proven', 'shop')),
      'no drill has proven any whole backup of shop yet (run the command drill first, or say backup: latest)',
    );
  });

  it('that was never sealed proves nothing', async () => {
    const found = await backups(`shop/${second}/main.dump`, drill(second, 10, 'passed'));
    assert.throws(() => choose(found, 'latest-proven', 'shop'), Failure);
  });
});

describe('the longest time without a backup', () => {
  const day = 86_400_000;
  const now = new Date('2026-11-30T00:00:00Z');
  const idOf = (daysAgo: number, more = '') => {
    const time = new Date(now.getTime() - daysAgo * day).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return `${time}-scheduled${more}-aaaaaa`;
  };
  const gapOf = async (days: readonly number[], ...others: string[]) => {
    const keys = [...days.map(ago => `shop/${idOf(ago)}/manifest.json`), ...others];
    const gap = longestGap(await backups(...keys), now, 30);
    return gap && { days: gap.seconds / 86_400, from: gap.from.id, to: gap.to?.id };
  };

  it('is between two backups, or from the newest to now', async () => {
    assert.deepEqual(await gapOf([1, 2, 6, 7]), { days: 4, from: idOf(6), to: idOf(2) });
    assert.deepEqual(await gapOf([5, 6, 7]), { days: 5, from: idOf(5), to: undefined });
    assert.deepEqual(await gapOf([0]), { days: 0, from: idOf(0), to: undefined });
  });

  it('reaches into the last thirty days, with what of it was before', async () => {
    assert.deepEqual(await gapOf([1, 29, 40, 100]), { days: 28, from: idOf(29), to: idOf(1) });
    assert.deepEqual(await gapOf([1, 2, 60]), { days: 58, from: idOf(60), to: idOf(2) });
    assert.deepEqual(await gapOf([1, 2, 31, 90]), { days: 29, from: idOf(31), to: idOf(2) });
    assert.deepEqual(await gapOf([50]), { days: 50, from: idOf(50), to: undefined });
  });

  it('does not end with one that is partial or was never sealed', async () => {
    const partial = `shop/${idOf(3, '-partial')}/manifest.json`;
    const unsealed = `shop/${idOf(3)}/main.dump`;
    assert.deepEqual((await gapOf([1, 5], partial, unsealed))?.days, 4);
    assert.equal(await gapOf([], partial, unsealed), undefined);
  });

  it('is of a clock that went back not less than none', async () => {
    assert.deepEqual(await gapOf([-2]), { days: 0, from: idOf(-2), to: undefined });
  });

  it('is the widest of all that end in the last thirty days', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(90), { minLength: 1 }), async days => {
        const sorted = [0, ...days].sort((a, b) => a - b);
        const gaps = sorted
          .slice(1)
          .map((ago, index) => ({ ends: sorted[index] ?? 0, days: ago - (sorted[index] ?? 0) }));
        const widest = Math.max(...gaps.filter(({ ends }) => ends <= 30).map(gap => gap.days));
        assert.equal((await gapOf(days))?.days, widest);
      }),
    );
  });
});
