import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { bytes, collect, digest, meter, shared } from '../src/streams.ts';

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

describe('bytes that several readers share', () => {
  const chunks = Array.from({ length: 200 }, (_, index) => Buffer.alloc(1000, index));
  const whole = Buffer.concat(chunks);

  it('are the same for each, however fast it reads', async () => {
    const [fast, slow] = shared(Readable.from(chunks), 2, 5000) as [Readable, Readable];
    const slowly = async () => {
      const read: Buffer[] = [];
      for await (const chunk of slow as AsyncIterable<Buffer>) {
        read.push(chunk);
        await new Promise(resolve => setImmediate(resolve));
      }
      return Buffer.concat(read);
    };
    const [one, other] = await Promise.all([collect(fast, whole.length), slowly()]);
    assert.ok(one.equals(whole));
    assert.ok(other.equals(whole));
  });

  it('are not read further than the slowest reader allows', async () => {
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (const chunk of chunks) {
          given += chunk.length;
          yield chunk;
        }
      })(),
    );
    const [fast, idle] = shared(source, 2, 5000) as [Readable, Readable];
    const reading = collect(fast, whole.length);
    for (let turns = 0; turns < 2000; turns += 1) await new Promise(resolve => setImmediate(resolve));
    assert.ok(given < 60_000, `${given} bytes were read ahead`);
    idle.destroy();
    assert.ok((await reading).equals(whole));
  });

  it('end with the error of the source for each reader', async () => {
    const source = Readable.from(
      (function* () {
        yield chunks[0];
        throw new Error('the hash differs');
      })(),
    );
    for (const read of await Promise.allSettled(shared(source, 2, 5000).map(one => collect(one, 5000)))) {
      assert.equal(read.status, 'rejected');
      assert.match(String(read.reason), /the hash differs/);
    }
  });

  it('end with the error of the source for a reader that comes late', async () => {
    const source = Readable.from([chunks[0]]);
    source.destroy(new Error('the hash differs'));
    const outputs = shared(source, 2, 5000);
    for (let turns = 0; turns < 20; turns += 1) await new Promise(resolve => setImmediate(resolve));
    for (const output of outputs) await assert.rejects(collect(output, 5000), /the hash differs/);
  });

  it('are read no further once nobody wants them', async () => {
    const source = Readable.from(chunks);
    const closed = new Promise(resolve => source.once('close', resolve));
    for (const one of shared(source, 2, 5000)) one.destroy();
    await closed;
  });
});
