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

/** One reader of shared bytes. A chunk that it gives is good only until the next one is asked for. */
export interface SharedReader extends AsyncIterable<Buffer> {
  /** Wants no more, so that the others need not wait for it; to be called by whoever has it, whether it was read or not. */
  close(): void;
}

/**
 * The same bytes for several readers at once, each reading once. The source is read on while the slowest of them is less than
 * `aheadBytes` behind: that much memory is taken, and no more, because it is used over and over. An error of the source reaches every
 * reader that is still open.
 */
export function shared(source: AsyncIterable<Buffer>, readers: number, aheadBytes: number): SharedReader[] {
  return new Ring(source, readers, aheadBytes).readers;
}

const mostGivenBytes = 256 * 1024;

/** Positions are bytes from the source's beginning. */
class Ring {
  readonly readers: SharedReader[];
  readonly #memory: Buffer;
  readonly #positions: number[];
  #written = 0;
  #end: { error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(source: AsyncIterable<Buffer>, readers: number, aheadBytes: number) {
    this.#memory = Buffer.allocUnsafeSlow(aheadBytes);
    this.#positions = Array.from({ length: readers }, () => 0);
    this.readers = this.#positions.map((_, index) => ({
      [Symbol.asyncIterator]: () => this.#read(index),
      close: () => this.#moveTo(index, Infinity),
    }));
    this.#fill(source).then(
      () => this.#finish({}),
      (error: unknown) => this.#finish({ error }),
    );
  }

  async #fill(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of source) {
      for (let rest = chunk; rest.length > 0;) {
        const behind = Math.min(...this.#positions);
        if (behind === Infinity) return;
        const at = this.#written % this.#memory.length;
        const free = Math.min(this.#memory.length - (this.#written - behind), this.#memory.length - at);
        if (free === 0) {
          await this.#change();
          continue;
        }
        const part = rest.subarray(0, free);
        part.copy(this.#memory, at);
        rest = rest.subarray(part.length);
        this.#written += part.length;
        this.#tell();
      }
    }
  }

  async *#read(index: number): AsyncGenerator<Buffer, void, undefined> {
    for (let position = 0; this.#positions[index] !== Infinity; this.#moveTo(index, position)) {
      while (position === this.#written) {
        if (this.#end && 'error' in this.#end) throw this.#end.error;
        if (this.#end) return;
        await this.#change();
      }
      const at = position % this.#memory.length;
      const sizeBytes = Math.min(this.#written - position, this.#memory.length - at, mostGivenBytes);
      yield this.#memory.subarray(at, at + sizeBytes);
      position += sizeBytes;
    }
  }

  #moveTo(index: number, position: number): void {
    if (this.#positions[index] === Infinity) return;
    this.#positions[index] = position;
    this.#tell();
  }

  #finish(end: { error?: unknown }): void {
    this.#end = end;
    this.#tell();
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
