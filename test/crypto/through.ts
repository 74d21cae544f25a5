import { Readable, Writable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What came out of a stream, and the error that it ended with, if it did not end cleanly. */
export interface Outcome {
  output: Buffer;
  error: unknown;
}

/** Sends chunks through a stream and keeps what comes out, also of one that fails. */
export async function outcome(stream: Duplex, chunks: Iterable<Buffer>): Promise<Outcome> {
  const collected: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      collected.push(chunk);
      done();
    },
  });
  let error: unknown;
  try {
    await pipeline(Readable.from(chunks, { objectMode: false }), stream, sink);
  } catch (thrown) {
    error = thrown;
  }
  return { output: Buffer.concat(collected), error };
}

/** Sends chunks through a stream and gives what comes out of its clean end. */
export async function through(stream: Duplex, chunks: Buffer | Iterable<Buffer>): Promise<Buffer> {
  const { output, error } = await outcome(stream, Buffer.isBuffer(chunks) ? [chunks] : chunks);
  if (error !== undefined) throw error as Error;
  return output;
}

/** Cuts bytes into pieces of the given sizes, which are used again and again. */
export function split(content: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let offset = 0, turn = 0; offset < content.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(content.subarray(offset, offset + size));
    offset += size;
  }
  return pieces;
}
