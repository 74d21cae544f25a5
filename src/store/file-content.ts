import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Source } from './source.ts';

const bufferBytes = 2 * 1024 * 1024;

/**
 * Writes what a source holds into a file that is open for writing, makes it durable and closes it, also on failure. One buffer
 * is filled while the other one is written.
 */
export async function writeFile(handle: FileHandle, source: Source): Promise<{ sizeBytes: number; sha256: string }> {
  const writer = new Writer(handle);
  try {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) await writer.add(chunk);
    return await writer.finish();
  } finally {
    await writer.settle();
    await handle.close();
  }
}

/** Size in bytes and SHA-256 (lower-case hex) of an open file, read in one buffer. */
export async function hashFile(handle: FileHandle): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, bufferBytes, sizeBytes);
    if (bytesRead === 0) return { sizeBytes, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}

class Writer {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #filling = Buffer.allocUnsafeSlow(bufferBytes);
  #spare = Buffer.allocUnsafeSlow(bufferBytes);
  #filledBytes = 0;
  #sizeBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
    for (let done = 0; done < chunk.length;) {
      const piece = chunk.subarray(done, done + bufferBytes - this.#filledBytes);
      this.#filling.set(piece, this.#filledBytes);
      this.#filledBytes += piece.length;
      done += piece.length;
      if (this.#filledBytes === bufferBytes) await this.#flush();
    }
  }

  async finish(): Promise<{ sizeBytes: number; sha256: string }> {
    await this.#flush();
    await this.#writing;
    await this.#handle.sync();
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
  }

  /** Waits for a write that is under way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const full = this.#filling.subarray(0, this.#filledBytes);
    this.#writing = this.#writeAll(full);
    this.#writing.catch(() => {}); // thrown by whoever awaits it next
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done);
      done += bytesWritten;
    }
  }
}
