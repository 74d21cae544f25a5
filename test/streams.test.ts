import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { bytes, collect, digest, meter, shared, type SharedReader } from '../src/streams.ts';

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
  const two = (source: AsyncIterable<Buffer>, aheadBytes: number) =>
    shared(source, 2, aheadBytes) as [SharedReader, SharedReader];
  const turn = () => new Promise(resolve => setImmediate(resolve));
  /** A chunk is good only until the next one is asked for. */
  const copyOf = async (reader: SharedReader, between: () => unknown = () => {}) => {
    const read: Buffer[] = [];
    for await (const chunk of reader) {
      await between();
      read.push(Buffer.from(chunk));
    }
    return Buffer.concat(read);
  };

  for (const aheadBytes of [1, 700, 1000, 5000, 1_000_000])
    it(`are the same for each, however fast it reads, over ${aheadBytes} bytes of memory`, async () => {
      const [fast, slow] = two(Readable.from(chunks), aheadBytes);
      const [one, other] = await Promise.all([copyOf(fast), copyOf(slow, turn)]);
      assert.ok(one.equals(whole));
      assert.ok(other.equals(whole));
    });

  it('stay what they are until the next chunk is asked for', async () => {
    const [fast, slow] = two(Readable.from(chunks), 5000);
    const reading = copyOf(fast);
    let position = 0;
    for await (const chunk of slow) {
      for (let turns = 0; turns < 50; turns += 1) await turn();
      assert.ok(whole.subarray(position, position + chunk.length).equals(chunk), `at ${position}`);
      position += chunk.length;
    }
    assert.ok((await reading).equals(whole));
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
      { highWaterMark: 1 },
    );
    const [fast, idle] = two(source, 5000);
    const reading = copyOf(fast);
    for (let turns = 0; turns < 2000; turns += 1) await turn();
    assert.ok(given <= 8000, `${given} bytes were read ahead`);
    idle.close();
    assert.ok((await reading).equals(whole));
  });

  it('do not wait for a reader that broke off', async () => {
    const [fast, broken] = two(Readable.from(chunks), 5000);
    const reading = copyOf(fast);
    await assert.rejects(
      copyOf(broken, () => {
        broken.close();
        throw new Error('the program failed');
      }),
      /the program failed/,
    );
    assert.ok((await reading).equals(whole));
  });

  it('end with the error of the source for each reader', async () => {
    const source = Readable.from(
      (function* () {
        yield chunks[0];
        throw new Error('the hash differs');
      })(),
    );
    for (const read of await Promise.allSettled(two(source, 5000).map(one => copyOf(one)))) {
      assert.equal(read.status, 'rejected');
      assert.match(String(read.reason), /the hash differs/);
    }
  });

  it('end with the error of the source for a reader that comes late', async () => {
    const source = Readable.from([chunks[0]]);
    source.destroy(new Error('the hash differs'));
    const readers = two(source, 5000);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    for (const reader of readers) await assert.rejects(copyOf(reader), /the hash differs/);
  });

  it('are read no further once nobody wants them', async () => {
    const source = Readable.from(chunks);
    const closed = new Promise(resolve => source.once('close', resolve));
    for (const reader of two(source, 5000)) reader.close();
    await closed;
  });
});
