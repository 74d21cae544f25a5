import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import {
  choice,
  compression,
  flag,
  keepTime,
  lines,
  seconds,
  sizeBytes,
  wholeNumber,
} from '../../src/inputs/values.ts';

/** The words of a refusal, which is one of an input. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.exitStatus, 64);
    return `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

const table = <Value>(
  read: (value: string) => Value,
  good: readonly (readonly [text: string, value: Value])[],
  bad: readonly string[],
  hint: string,
) => {
  for (const [text, value] of good) assert.deepEqual(read(text), value, text);
  for (const text of bad) assert.ok(refusal(() => read(text)).endsWith(`(${hint})`), JSON.stringify(text));
};

describe('the value of an input', () => {
  it('may be one of several words', () => {
    table(
      value => choice('kind', value, ['a', 'b']),
      [
        ['a', 'a'],
        ['b', 'b'],
      ],
      ['', 'A', ' a', 'c', 'toString', '__proto__'],
      'it may be a, b',
    );
  });

  it('may be true or false', () => {
    table(
      value => flag('dry-run', value),
      [
        ['true', true],
        ['false', false],
      ],
      ['', 'yes', '1', 'True', 'TRUE', 'on'],
      'it may be true, false',
    );
  });

  it('may be a whole number between bounds', () => {
    table(
      value => wholeNumber('jobs', value, 1, 16),
      [
        ['1', 1],
        ['16', 16],
        ['08', 8],
      ],
      ['', '0', '17', '-1', '1.5', '1e1', '0x2', ' 2', '٣', '9'.repeat(16), 'NaN', 'Infinity'],
      'it may be a whole number from 1 to 16',
    );
  });

  it('may be a time', () => {
    table(
      value => seconds('lock-timeout', value),
      [
        ['30s', 30],
        ['5m', 300],
        ['5 min', 300],
        ['2h', 7200],
        ['1d', 86_400],
      ],
      ['', '30', '0s', '-1s', '1.5h', '30S', '1w', '1 y', 's', '1constructor', '1234567s'],
      'it may be a time such as 30s, 5m, 2h or 1d',
    );
  });

  it('may be a size', () => {
    table(
      value => sizeBytes('minimum-size', value),
      [
        ['0', 0],
        ['512', 512],
        ['10MB', 10_000_000],
        ['10 mb', 10_000_000],
        ['1.5GB', 1_500_000_000],
        ['2GiB', 2 * 1024 ** 3],
        ['1KiB', 1024],
        ['1tb', 10 ** 12],
        ['7b', 7],
      ],
      ['', '-1', 'MB', '1,5GB', '1XB', '1e3', '.5MB', '1 constructor'],
      'it may be a size such as 500KB, 10MB or 2GB',
    );
  });

  it('may be how long to keep something', () => {
    table(
      value => keepTime('retain', value),
      [
        ['90d', '90d'],
        ['8w', '8w'],
        ['6mo', '6mo'],
        ['2y', '2y'],
        ['forever', 'forever'],
      ],
      ['', '0d', '90', '90 d', '-1d', '1h', '6m', 'Forever', '099d', '123456d'],
      'it may be 90d, 8w, 6mo, 2y or forever',
    );
  });

  it('may be a compression', () => {
    table(
      value => compression('compression', value),
      ['auto', 'none', 'lz4', 'gzip:1', 'gzip:9', 'zstd:1', 'zstd:19'].map(value => [value, value] as const),
      ['', 'gzip', 'gzip:0', 'gzip:10', 'zstd:0', 'zstd:20', 'zstd:-1', 'lz4:1', 'bzip2:9', 'zstd:1,long', 'gzip:1 '],
      'it may be auto, none, gzip:1 to gzip:9, zstd:1 to zstd:19, or lz4',
    );
  });

  it('may have several lines, of which blank ones and comments do not count', () => {
    assert.deepEqual(lines('a\r\n\n  b  \n# c\n   #d\ne # f'), ['a', 'b', 'e # f']);
    assert.deepEqual(lines(' \n\t\n'), []);
  });
});

describe('a refusal of a value', () => {
  it('names the input and the value', () => {
    assert.equal(
      refusal(() => wholeNumber('jobs', 'many', 1, 16)),
      'input jobs is "many" (it may be a whole number from 1 to 16)',
    );
  });

  it('does not spread out a long value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 25, maxLength: 60 }), value => {
        assert.ok(!refusal(() => flag('dry-run', value)).includes(value));
      }),
    );
  });

  it('shows nothing but words, for it may be a secret in the wrong input', () => {
    assert.match(
      refusal(() => choice('command', 'postgres://a:pass@h', ['backup'])),
      /^input command is "po… \(19 characters\)" /,
    );
  });
});
