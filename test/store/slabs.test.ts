import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { slabBytes, SlabPool, type SlabLease } from '../../src/store/slabs.ts';

/** A slab that was asked for, and whether it has come. */
function asked(lease: SlabLease) {
  const state = { hasCome: false, slab: lease.take() };
  void state.slab.then(() => (state.hasCome = true));
  return state;
}

test('a pool lends no more than its budget to an upload that has a part under way', async () => {
  const pool = new SlabPool(2 * slabBytes);
  const lease = pool.lease();
  const first = await lease.take();
  lease.partStarts();
  await lease.take();
  const third = asked(lease);
  await turn();
  assert.equal(third.hasCome, false);
  assert.equal(pool.outBytes, 2 * slabBytes);
  lease.partEnds([first]);
  assert.equal(await third.slab, first, 'the slab is used again');
  assert.equal(pool.outBytes, 2 * slabBytes);
});

test('an upload without a part under way gets its slabs though the budget is used up', async () => {
  const pool = new SlabPool(slabBytes);
  const one = pool.lease();
  await one.take();
  one.partStarts();
  const other = pool.lease();
  await Promise.all([other.take(), other.take()]);
  assert.equal(pool.outBytes, 3 * slabBytes);
});

test('an upload that waits goes on when its own last part has ended, whatever others hold', async () => {
  const pool = new SlabPool(2 * slabBytes);
  const other = pool.lease();
  await other.take();
  other.partStarts();
  const lease = pool.lease();
  const slab = await lease.take();
  lease.partStarts();
  const waiting = asked(lease);
  lease.partEnds([slab]);
  await waiting.slab;
});

test('a closed lease gives everything back, once, and waits no more', async () => {
  const pool = new SlabPool(slabBytes);
  const lease = pool.lease();
  const slab = await lease.take();
  lease.partStarts();
  const waiting = asked(lease);
  lease.close();
  assert.equal(pool.outBytes, 0);
  lease.partEnds([slab]);
  lease.close();
  await turn();
  assert.equal(pool.outBytes, 0);
  assert.equal(waiting.hasCome, false);
});
