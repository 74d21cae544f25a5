import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bar, describeProgress } from '../../src/report/progress.ts';

const megabytes = (count: number) => count * 1_000_000;

describe('progress', () => {
  it('against an expectation says share and time left', () => {
    const passed = { doneBytes: megabytes(123), totalBytes: megabytes(330), seconds: 3 };
    assert.equal(describeProgress(passed), '123 MB, 41 MB/s, 37 % of about 330 MB, about 5 s left');
  });

  it('without an expectation says what is done', () => {
    for (const totalBytes of [undefined, 0])
      assert.equal(describeProgress({ doneBytes: 2000, totalBytes, seconds: 2 }), '2 kB, 1 kB/s');
  });

  it('beyond the expectation says so, and guesses no end', () => {
    const text = describeProgress({ doneBytes: megabytes(4), totalBytes: megabytes(3), seconds: 1 });
    assert.equal(text, '4 MB, 4 MB/s, more than the 3 MB of last time');
  });

  it('that is just what was expected is not more than that', () => {
    const text = describeProgress({ doneBytes: megabytes(3), totalBytes: megabytes(3), seconds: 1 });
    assert.equal(text, '3 MB, 3 MB/s, 100 % of about 3 MB, about 0 s left');
  });

  it('at its beginning divides by nothing', () => {
    assert.equal(
      describeProgress({ doneBytes: 0, totalBytes: 1000, seconds: 0 }),
      '0 bytes, 0 bytes/s, 0 % of about 1 kB',
    );
  });
});

describe('the bar', () => {
  it('fills as bytes go by', () => {
    const at = (doneBytes: number) => bar({ doneBytes, totalBytes: 100, seconds: 1 }, 10);
    assert.deepEqual([at(0), at(49), at(100)], ['[          ] ', '[====      ] ', '[==========] ']);
  });

  it('is always as wide, and absent without an expectation', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (doneBytes, totalBytes) =>
        assert.equal(bar({ doneBytes, totalBytes, seconds: 1 }, 24).length, 27),
      ),
    );
    assert.equal(bar({ doneBytes: 1, totalBytes: undefined, seconds: 1 }, 24), '');
  });
});
