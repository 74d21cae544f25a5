import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { eachAtOnce, guarded, inLanes, together } from '../src/together.ts';

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

describe('the same work with each of many items', () => {
  it('is done by at most so many at a time, and gives results in order', async () => {
    let running = 0;
    let most = 0;
    const results = await eachAtOnce(3, [5, 1, 4, 2, 3], async turns => {
      most = Math.max(most, (running += 1));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      running -= 1;
      return turns * 2;
    });
    assert.deepEqual([results, most], [[10, 2, 8, 4, 6], 3]);
    assert.deepEqual(await eachAtOnce(3, [], async () => assert.fail()), []);
  });

  it('fails with the first failure', async () => {
    const work = eachAtOnce(2, [1, 2, 3], item => (item === 2 ? Promise.reject(first) : Promise.resolve(item)));
    await assert.rejects(work, error => error === first);
  });
});

describe('lanes', () => {
  it('do each item once, never more than so many at a time, and none is no work', async () => {
    let under = 0;
    let most = 0;
    const done: number[] = [];
    await inLanes(new AbortController().signal, 2, [1, 2, 3, 4, 5], async item => {
      most = Math.max(most, (under += 1));
      await Promise.resolve();
      under -= 1;
      done.push(item);
    });
    assert.deepEqual([done.sort(), most], [[1, 2, 3, 4, 5], 2]);
    await inLanes(new AbortController().signal, 2, [], async () => assert.fail());
  });

  it('abort one another at the first failure, and begin nothing more', async () => {
    const begun: number[] = [];
    const first = new Error('the first');
    const work = inLanes(new AbortController().signal, 2, [1, 2, 3], async (item, signal) => {
      begun.push(item);
      if (item === 1) throw first;
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    await assert.rejects(work, error => error === first);
    assert.deepEqual(begun, [1, 2]);
  });
});
