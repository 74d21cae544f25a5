import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ageDecryption, ageEncryption, generateIdentity } from '../../src/crypto/age.ts';

const mebibyte = 1024 * 1024;
const totalBytes = 300 * mebibyte;

describe('age streams in memory', () => {
  it('hold the same little for 300 MB as for none, and wait for a slow reader', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { identity, recipient } = await generateIdentity();
    const [encrypt, decrypt] = [await ageEncryption([recipient]).encrypt(), ageDecryption([identity]).decrypt()];

    let [produced, consumed, nextSample] = [0, 0, 0];
    let [mostArrayBytes, mostWaiting] = [0, 0];
    const sizes = [64 * 1024, 65_000, 4096, 100_000];
    const source = new Readable({
      read() {
        const size = Math.min(sizes[produced % sizes.length] ?? 1, totalBytes - produced);
        produced += size;
        this.push(size === 0 ? null : Buffer.alloc(size));
      },
    });
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        consumed += chunk.length;
        mostWaiting = Math.max(mostWaiting, produced - consumed);
        if (consumed < nextSample) return done();
        nextSample += 20 * mebibyte;
        setImmediate(() => {
          collectGarbage();
          collectGarbage(); // the first one's buffers are freed beside it, until the second
          mostArrayBytes = Math.max(mostArrayBytes, process.memoryUsage().arrayBuffers);
          done();
        });
      },
    });
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    await pipeline(source, encrypt, decrypt, sink);
    assert.equal(consumed, totalBytes);
    const grown = mostArrayBytes - before;
    assert.ok(grown < 16 * mebibyte, `${grown} bytes more are held`);
    assert.ok(mostWaiting < 4 * mebibyte, `${mostWaiting} bytes wait in the streams`);
  });
});
