import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  escapeMarkdown,
  formatBudget,
  formatBytes,
  formatCount,
  formatSeconds,
  formatTime,
  plainLine,
  shorten,
} from '../../src/report/format.ts';

/** Text as a database may hold it: any characters, rich in those that mean something to the runner or to Markdown. */
const foreign = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '::',
      '##[',
      ':',
      '#',
      '[',
      ' ',
      '\n',
      '\r',
      '\t',
      '\u2028',
      '\u0085',
      '\u00a0',
      '\ufeff',
      '\u001b[31m',
      '\0',
      '|',
      '`',
      '<',
      '>',
      '&',
      '*',
      '_',
      '\\',
      '$',
      '(',
      ')',
      '!',
      'a',
      '%0A',
    ),
    fc.string({ unit: 'binary', maxLength: 2 }),
  ),
});

describe('a size', () => {
  it('has three figures and a unit', () => {
    for (const [size, text] of [
      [0, '0 bytes'],
      [17, '17 bytes'],
      [999, '999 bytes'],
      [1000, '1 kB'],
      [1234, '1.23 kB'],
      [4_200_000, '4.2 MB'],
      [12_340_000, '12.3 MB'],
      [99_960_000, '100 MB'],
      [123_456_789, '123 MB'],
      [999_499_999, '999 MB'],
      [999_999_999, '1 GB'],
      [2.5e12, '2.5 TB'],
      [7e18, '7000 PB'],
    ] as const)
      assert.equal(formatBytes(size), text);
  });

  it('is never far from the truth', () => {
    const powers: Record<string, number> = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };
    fc.assert(
      fc.property(fc.maxSafeNat(), size => {
        const [, figures = '', unit = ''] =
          /^(\d{1,3}|\d\.\d{1,2}|\d\d\.\d|\d{4,}) (\w+)$/.exec(formatBytes(size)) ?? [];
        const shown = Number(figures) * (powers[unit] ?? Number.NaN);
        assert.ok(Math.abs(shown - size) <= size * 0.006, `${size}: ${formatBytes(size)}`);
      }),
    );
  });
});

describe('a duration', () => {
  it('has the units that matter', () => {
    for (const [seconds, text] of [
      [0, '0 s'],
      [0.44, '0.4 s'],
      [9.96, '10 s'],
      [12.4, '12 s'],
      [59.6, '1 min 0 s'],
      [200, '3 min 20 s'],
      [3599.6, '1 h 0 min'],
      [7500, '2 h 5 min'],
      [7199, '2 h 0 min'],
      [172_769, '47 h 59 min'],
      [172_800, '2 d 0 h'],
      [1_000_000, '11 d 14 h'],
    ] as const)
      assert.equal(formatSeconds(seconds), text);
  });

  it('never has 60 of a unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), tenths => {
        for (const [, count] of formatSeconds(tenths / 10).matchAll(/(\d+) (?:s|min)/g))
          assert.ok(Number(count) < 60 || tenths < 600, formatSeconds(tenths / 10));
      }),
    );
  });
});

describe('a budget', () => {
  it('has no last part that is zero', () => {
    for (const [seconds, text] of [
      [0, '0 s'],
      [20, '20 s'],
      [90, '1 min 30 s'],
      [600, '10 min'],
      [7200, '2 h'],
      [93_600, '26 h'],
      [604_800, '7 d'],
    ] as const)
      assert.equal(formatBudget(seconds), text);
  });
});

describe('a long text', () => {
  it('is cut with a mark, never within a character', () => {
    assert.deepEqual([shorten('abc', 3), shorten('abcd', 3), shorten('a😀b', 3)], ['abc', 'ab…', 'a…']);
  });
});

describe('a count', () => {
  it('is grouped, and a question mark where it is not known', () => {
    assert.deepEqual([formatCount(1_234_567), formatCount(0), formatCount(null)], ['1,234,567', '0', '?']);
  });
});

describe('a time', () => {
  it('is in UTC, to the minute', () => {
    assert.equal(formatTime(new Date('2026-11-20T03:17:42Z')), '2026-11-20 03:17 UTC');
    assert.equal(formatTime('2026-11-20T03:17:42.123Z'), '2026-11-20 03:17 UTC');
  });
});

describe('foreign text in a log', () => {
  it('is one line without control characters', () => {
    fc.assert(
      fc.property(foreign, text => {
        assert.doesNotMatch(plainLine(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
    );
  });

  it('is never a command for the runner', () => {
    fc.assert(
      fc.property(foreign, text => {
        const line = plainLine(text);
        assert.ok(!line.trimStart().startsWith('::'), JSON.stringify(line));
        assert.ok(!line.includes('##['), JSON.stringify(line));
      }),
      { numRuns: 2000 },
    );
    assert.equal(plainLine('::set-output name=x::y'), ': :set-output name=x::y');
    assert.equal(plainLine('x\n::error::y'), 'x | ::error::y');
    assert.equal(plainLine('##[group]x'), '## [group]x');
  });

  it('does not turn the order of what is around it', () => {
    assert.equal(plainLine('a\u202egnp.exe\u2069 שלום'), 'a?gnp.exe? שלום');
  });

  it('that is ordinary stays as it is', () => {
    for (const text of ['public.orders', 'a::int', '3 × ä €', 'C:\\x', '#1 [x]']) assert.equal(plainLine(text), text);
  });
});

describe('foreign text in Markdown', () => {
  it('has no HTML, no break of a table, and nothing that Markdown reads', () => {
    fc.assert(
      fc.property(foreign, text => {
        const shown = escapeMarkdown(text).replaceAll(/\\[!-/:-@[-`{-~]|&(?:amp|lt|gt);/g, '');
        assert.doesNotMatch(shown, /[<>&|`*_[\]()\\#~@$\n\r]/, JSON.stringify(shown));
      }),
      { numRuns: 2000 },
    );
  });

  it('comes back when a reader takes the escapes off', () => {
    fc.assert(
      fc.property(foreign, text => {
        const read = escapeMarkdown(text)
          .replaceAll(/\\([!-/:-@[-`{-~])/g, '$1')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&amp;', '&');
        assert.equal(read, plainLine(text));
      }),
    );
  });

  it('links nowhere by itself', () => {
    assert.equal(escapeMarkdown('https://evil.example @me'), String.raw`https\:\/\/evil\.example \@me`);
  });
});
