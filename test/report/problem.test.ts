import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemOf } from '../../src/report/problem.ts';

describe('why a run failed, in one line', () => {
  it('is the first line of what was said', () => {
    assert.equal(
      problemOf('drill of shop/20261120T031700Z-scheduled-aaaaaa: failed (3 tables, 2 findings)\nRTO: 4 s'),
      'drill of shop/20261120T031700Z-scheduled-aaaaaa: failed (3 tables, 2 findings)',
    );
  });

  it('holds nothing that stands in quotes, or as the value of a key, and is no command', () => {
    assert.equal(
      problemOf('psql ended with status 3: invalid input syntax for type integer: "geheim" | Key (email)=(a@b.c) | "x'),
      'psql ended with status 3: invalid input syntax for type integer: "…" | Key (email)=(…) | "…',
    );
    assert.equal(problemOf('::error::x ##[y'), ': :error::x ## [y');
    assert.ok(problemOf('x'.repeat(1000)).length <= 300);
    assert.equal(problemOf(''), '');
  });
});
