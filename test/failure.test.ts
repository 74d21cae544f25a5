import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure, explanationOf, messageOf, wrongInput } from '../src/failure.ts';

describe('a failure', () => {
  it('ends a run with status 1, unless it says another', () => {
    assert.equal(new Failure('it failed').exitStatus, 1);
    assert.equal(new Failure('it failed', { exitStatus: 2 }).exitStatus, 2);
    assert.equal(wrongInput('jobs', 'is missing').exitStatus, 64);
  });

  it('has a cause only where one is given', () => {
    assert.ok(!('cause' in new Failure('it failed', { hint: 'do something' })));
    assert.equal(new Failure('it failed', { cause: 7 }).cause, 7);
  });

  it('of an input names it', () => {
    const { message, hint } = wrongInput('jobs', 'is missing', 'give it');
    assert.deepEqual([message, hint], ['input jobs is missing', 'give it']);
  });
});

describe('the text of what was thrown', () => {
  it('has what to do about it, where that is known', () => {
    assert.equal(explanationOf(new Failure('it\nfailed', { hint: 'do something' })), 'it | failed (do something)');
    assert.equal(explanationOf(new Failure('it failed')), 'it failed');
    assert.equal(explanationOf(new Error('unexpected')), 'unexpected');
  });

  it('is one line', () => {
    assert.equal(messageOf(new Error(' a\n  b \r\n\n c ')), 'a | b | c');
    assert.equal(messageOf('text'), 'text');
    assert.equal(messageOf(undefined), 'undefined');
  });

  it('of several errors at once is that of each', () => {
    assert.equal(messageOf(new AggregateError([new Error('a'), new AggregateError([new Error('b')])])), 'a; b');
    assert.equal(messageOf(new AggregateError([new Error('a')], 'together')), 'together');
  });
});
