import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { eachAtOnce, guarded, together } from '../src/together.ts';

const { signal: never } = new AbortController();
const first = new Error('first');
const second = new Error('second');

/** Work that goes on until it is aborted, and then fails with `error`, or with the reason. */
async function untilAborted(signal: AbortSignal, error?: Error): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw error ?? signal.reason;
}

describe('tasks together', () => {
  it('give their results in order', async () => {
    assert.deepEqual(await together(never, [async () => 1, async () => 'two', async () => undefined]), [
      1,
      'two',
      undefined,
    ]);
    assert.deepEqual(await together(never, []), []);
  });

  it('fail with the first error, whatever the others say', async () => {
    const work = together(never, [
      signal => untilAborted(signal, second),
      () => Promise.reject(first),
      signal => untilAborted(signal, second),
    ]);
    await assert.rejects(work, first);
  });

  it('are all awaited before it is thrown', async () => {
    const ended: string[] = [];
    const slow = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => {});
      await new Promise(setImmediate);
      ended.push('slow');
    };
    await assert.rejects(together(never, [slow, () => Promise.reject(first)]), first);
    assert.deepEqual(ended, ['slow']);
  });

  it('that throw at once fail too', async () => {
    const work = together(never, [
      () => {
        throw first;
      },
      signal => untilAborted(signal),
    ]);
    await assert.rejects(work, first);
  });

  it('are aborted from outside, with that reason', async () => {
    const outer = new AbortController();
    const work = together(outer.signal, [signal => untilAborted(signal, second), signal => untilAborted(signal)]);
    outer.abort(first);
    await assert.rejects(work, first);
  });
});

describe('guarded work', () => {
  it('gives its result, and ends the guard', async () => {
    let guardEnded = false;
    const guard = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => {});
      guardEnded = true;
    };
    assert.equal(await guarded(never, async () => 1, guard), 1);
    assert.ok(guardEnded);
  });

  it('that fails fails with its error, and ends the guard', async () => {
    let guardEnded = false;
    const guard = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => {});
      guardEnded = true;
    };
    await assert.rejects(
      guarded(never, () => Promise.reject(first), guard),
      first,
    );
    assert.ok(guardEnded);
  });

  it("fails with the guard's failure, which aborts it", async () => {
    const work = guarded(
      never,
      signal => untilAborted(signal, second),
      () => Promise.reject(first),
    );
    await assert.rejects(work, first);
  });

  it('is aborted from outside, with that reason', async () => {
    const outer = new AbortController();
    const work = guarded(
      outer.signal,
      signal => untilAborted(signal, second),
      signal => untilAborted(signal),
    );
    outer.abort(first);
    await assert.rejects(work, first);
  });

  it('that is done is not undone by a guard that fails at its end', async () => {
    assert.equal(
      await guarded(
        never,
        async () => 1,
        signal => untilAborted(signal, second),
      ),
      1,
    );
  });
});

describe('each at once', () => {
  it('gives results in the order of the items, never more of them under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    const results = await eachAtOnce(3, [5, 1, 4, 2, 3, 0, 6], async item => {
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      underWay -= 1;
      return item * 2;
    });
    assert.deepEqual([results, most], [[10, 2, 8, 4, 6, 0, 12], 3]);
    assert.deepEqual(await eachAtOnce(3, [], async () => 1), []);
  });

  it('throws the first failure', async () => {
    const work = async (item: number) => {
      if (item === 2) throw new Error('two');
      return item;
    };
    await assert.rejects(eachAtOnce(2, [1, 2, 3], work), /two/);
  });
});
