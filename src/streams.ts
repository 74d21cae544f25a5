import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';

/**
 * A stream that hands every chunk on untouched and tells `onBytes` how many bytes went by. It ends only after `atEnd` has resolved,
 * and fails with it: so a program's output counts as whole only when the program itself ended well.
 */
export function meter(onBytes: (bytes: number) => void, atEnd?: () => Promise<unknown>): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      if (!atEnd) done();
      else atEnd().then(() => done(), done);
    },
  });
}

/** Everything a stream holds, in memory; throws a `RangeError` above `limitBytes`. */
export async function collect(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new RangeError(`more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A readable stream of bytes that are in memory already. */
export function bytes(content: Uint8Array | string): Readable {
  return Readable.from([Buffer.from(content)], { objectMode: false });
}

/** Size in bytes and SHA-256 (lower-case hex) of a whole stream. */
export async function digest(source: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/**
 * The same bytes for several readers at once. The source is read on while the slowest of them is at most `aheadBytes` behind, and no chunk
 * is copied. An error of the source reaches every reader; a reader that is destroyed holds up nobody.
 */
export function shared(source: Readable, readers: number, aheadBytes: number): Readable[] {
  let wake = () => {};
  const outputs = Array.from(
    { length: readers },
    () =>
      new Readable({
        highWaterMark: aheadBytes,
        read: () => wake(),
        destroy(error, done) {
          wake();
          done(error);
        },
      }),
  );
  // a reader that comes late, or has gone, is told when it reads
  for (const output of outputs) output.on('error', () => {});
  const open = () => outputs.filter(output => !output.destroyed);
  const pump = async () => {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      for (const output of open()) output.push(chunk);
      while (open().some(output => output.readableLength > aheadBytes))
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      if (open().length === 0) return;
    }
    for (const output of open()) output.push(null);
  };
  pump().catch((error: unknown) => {
    for (const output of outputs) output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return outputs;
}
