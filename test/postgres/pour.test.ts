import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { pour } from '../../src/postgres/pour.ts';
import { ProcessFailure } from '../../src/process.ts';

const signal = new AbortController().signal;
const node = (script: string) => ({ file: process.execPath, args: ['-e', script], title: 'reader' });
const slowDigest = node(`
  const hash = require('node:crypto').createHash('sha256');
  process.stdin.on('data', chunk => {
    hash.update(chunk);
    process.stdin.pause();
    setImmediate(() => process.stdin.resume());
  });
  process.stdin.on('end', () => process.stdout.write(hash.digest('hex')));
`);

/** Gives one piece of memory over and over, with other bytes each time. */
async function* reusing(contents: readonly Buffer[]): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(Math.max(...contents.map(({ length }) => length)));
  for (const content of contents) {
    content.copy(memory);
    yield memory.subarray(0, content.length);
    memory.fill(0);
    await Promise.resolve();
  }
}

describe('pouring a stream into a program', () => {
  for (const sizeBytes of [100, 1_000_000])
    it(`has written ${sizeBytes} bytes before the next are asked for`, async () => {
      const contents = Array.from({ length: 20 }, () => randomBytes(sizeBytes));
      let digest = '';
      await pour(slowDigest, reusing(contents), signal, chunk => (digest += chunk.toString()));
      assert.equal(digest, createHash('sha256').update(Buffer.concat(contents)).digest('hex'));
    });

  it('reads the stream to its end when the program stops early', async () => {
    let given = 0;
    const source = (async function* () {
      for (; given < 100; given += 1) yield await Promise.resolve(randomBytes(100_000));
    })();
    await pour(node('process.exit(0)'), source, signal);
    assert.equal(given, 100);
  });

  it('reads no further when the program failed', async () => {
    let isClosed = false;
    const endless = (async function* () {
      try {
        for (;;) {
          await new Promise(resolve => setImmediate(resolve));
          yield randomBytes(100);
        }
      } finally {
        isClosed = true;
      }
    })();
    await assert.rejects(pour(node('process.exit(3)'), endless, signal), ProcessFailure);
    assert.equal(isClosed, true);
  });

  it('ends the program when the stream fails', async () => {
    const source = (async function* () {
      yield await Promise.resolve(randomBytes(100));
      throw new Error('the hash differs');
    })();
    await assert.rejects(pour(node('setInterval(() => {}, 1000)'), source, signal), /the hash differs/);
  });
});
