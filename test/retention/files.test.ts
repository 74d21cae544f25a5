import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planFiles, runMilliseconds } from '../../src/retention/files.ts';

const now = new Date('2026-11-25T12:00:00Z');
const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const times = fc
  .oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -4 * runMilliseconds, max: runMilliseconds }))
  .map(since => new Date(now.getTime() - runMilliseconds + since));
const files = fc.uniqueArray(fc.record({ object: names, sizeBytes: fc.nat(9), modifiedAt: times }), {
  selector: ({ object }) => object,
});
const sealed = fc.array(fc.record({ id: fc.string(), refersTo: fc.option(fc.array(names), { freq: 6 }) }));
const unsealed = fc.array(fc.record({ id: fc.string(), modifiedAt: times }), { maxLength: 2 });
const isYoung = ({ modifiedAt }: { modifiedAt: Date }) => now.getTime() - modifiedAt.getTime() <= runMilliseconds;

describe('the plan of stored files', () => {
  it('removes exactly the old ones that nothing refers to, and none while something is not known', () => {
    fc.assert(
      fc.property(files, sealed, unsealed, (all, backups, runs) => {
        const { remove, waits } = planFiles(all, { sealed: backups, unsealed: runs }, now);
        for (const file of remove) {
          assert.ok(!backups.some(({ refersTo }) => refersTo?.includes(file.object)), 'one that is referred to');
          assert.ok(!isYoung(file), 'a young one');
        }
        const isBlind = backups.some(({ refersTo }) => refersTo === null);
        if (isBlind || runs.some(isYoung)) assert.deepEqual(remove, []);
        const loose = all.filter(
          file => !isYoung(file) && !backups.some(({ refersTo }) => refersTo?.includes(file.object)),
        );
        // it says that it waits where there is something to wait for, and then alone
        if (waits === null) assert.deepEqual(remove, loose);
        else assert.ok(loose.length > 0 && (waits.reason === 'unread' ? isBlind : runs.some(isYoung)));
      }),
      { numRuns: 2000 },
    );
  });
});
