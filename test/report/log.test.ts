import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cleaner, terminalLog } from '../../src/report/log.ts';

/** A stream that keeps what is written to it. */
function stream(isTTY = false): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const fake = { isTTY, columns: 40, write: (text: string) => written.push(text) > 0 };
  return { written, stream: fake as unknown as NodeJS.WriteStream };
}

describe('what is said', () => {
  it('has no secret in it', () => {
    const clean = cleaner(['secret', 'secret and more', 'a\nb']);
    assert.equal(clean('x secret and more y secret z'), 'x *** y *** z');
    assert.equal(clean('1 a\nb 2'), '1 *** 2');
  });

  it('has no secret of any shape in it', () => {
    const secrets = fc.array(
      fc.string({ minLength: 4 }).filter(text => !text.includes('*')),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (all, before, after) => {
        const line = cleaner(all)(`${before}${all[0]}${after}`);
        assert.ok(line.includes('***'));
      }),
    );
    assert.equal(cleaner(['$&$1'])('x $&$1 y'), 'x *** y');
  });

  it('is harmless, whatever it holds', () => {
    assert.equal(cleaner([])('::error::\u001b[31m\nx'), ': :error::?[31m | x');
  });
});

describe('the log of a terminal', () => {
  it('says everything cleanly, and remembers warnings', async () => {
    const { written, stream: to } = stream();
    const log = terminalLog(['secret'], to, false);
    log.info('a secret');
    log.warn('::error:: secret');
    log.debug('not shown');
    await log.group('Group secret', async () => log.info('in it'));
    assert.deepEqual(written, ['  a ***\n', 'warning: : :error:: ***\n', 'Group ***\n', '  in it\n']);
    assert.deepEqual(log.warnings, [': :error:: ***']);
  });

  it('says more when it is asked to', () => {
    const { written, stream: to } = stream();
    terminalLog(['secret'], to, true).debug('a secret');
    assert.deepEqual(written, ['debug: a ***\n']);
  });

  it('gives back what a group gives, and its failure', async () => {
    const log = terminalLog([], stream().stream, false);
    assert.equal(await log.group('g', async () => 7), 7);
    await assert.rejects(
      log.group('g', () => Promise.reject(new Error('no'))),
      /no/,
    );
  });

  it('ends progress with what was done', () => {
    const { written, stream: to } = stream();
    const progress = terminalLog([], to, false).progress('dump', 10);
    progress.add(2000);
    progress.end();
    assert.equal(written.length, 1);
    assert.match(written[0] ?? '', /^ {2}dump: 2 kB, [^%]*\/s\n$/);
  });

  it('says nothing at the end of nothing', () => {
    const { written, stream: to } = stream();
    terminalLog([], to, false).progress('dump').end();
    assert.deepEqual(written, []);
  });

  it('draws a bar that fits, where it is a terminal', () => {
    const { written, stream: to } = stream(true);
    const log = terminalLog([], to, false);
    const progress = log.progress('a label that is far longer than the terminal is wide', 10);
    progress.end();
    const [line = ''] = written;
    assert.ok(line.startsWith('\r\u001b[K') && line.endsWith('\n'));
    assert.ok(line.length <= '\r\u001b[K\n'.length + 39);
  });
});
