import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Listed, backupsOf, choose } from '../../src/catalog/backups.ts';
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
