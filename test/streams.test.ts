import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { bytes, collect, digest, meter } from '../src/streams.ts';

const content = randomBytes(300_000);

describe('a meter', () => {
  it('hands everything on and counts it', async () => {
    let seen = 0;
    const metered = bytes(content).pipe(meter(size => (seen += size)));
    assert.deepEqual(await collect(metered, content.length), content);
    assert.equal(seen, content.length);
  });

  it('ends only after what it waits for', async () => {
    const order: string[] = [];
    let finish = () => {};
    const waitedFor = new Promise<void>(resolve => (finish = resolve)).then(() => order.push('waited for'));
    const metered = meter(
      () => {},
      async () => {
        setImmediate(finish);
        await waitedFor;
      },
    );
    await pipeline(bytes('x'), metered, async source => {
      await collect(source, 1);
      order.push('ended');
    });
    assert.deepEqual(order, ['waited for', 'ended']);
  });

  it('fails the pipeline with the failure of what it waits for', async () => {
    const reason = new Error('the program failed');
    const sink = new PassThrough().resume();
    let ended = false;
    sink.on('end', () => (ended = true));
    const metered = meter(
      () => {},
      () => Promise.reject(reason),
    );
    await assert.rejects(pipeline(bytes(content), metered, sink), reason);
    assert.equal(ended, false);
  });
});

describe('a stream', () => {
  it('is collected up to a limit', async () => {
    assert.deepEqual(await collect(bytes(content), content.length), content);
    await assert.rejects(
      collect(bytes(content), content.length - 1),
      new RangeError(`more than ${content.length - 1} bytes`),
    );
  });

  it('is digested to its size and SHA-256', async () => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    assert.deepEqual(await digest(bytes(content)), { sizeBytes: content.length, sha256 });
    assert.deepEqual((await digest(bytes(''))).sizeBytes, 0);
  });
});
