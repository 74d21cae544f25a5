import { type Hmac, createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { Failure } from '../failure.ts';

/** What a file held when it was read to its end. */
export interface FileFacts {
  /** The permission bits. */
  mode: number;
  sizeBytes: number;
  /** Lower-case hex, as is `hmac`. */
  sha256: string;
  hmac: string;
}

/** Content on its way: `facts` is what went by, once it has ended. */
export interface Weighed {
  content: Readable;
  facts: () => { sizeBytes: number; sha256: string };
}

const readBytes = 256 * 1024;
const leastReadBytes = 4096;

/** Reads a file to its end; undefined where it is gone. */
export async function readFacts(location: string, hmac: Hmac, signal: AbortSignal): Promise<FileFacts | undefined> {
  const file = await openFile(location, signal);
  if (file === undefined) return undefined;
  return explaining(location, async () => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const content: AsyncIterable<Buffer> = file.content;
    for await (const chunk of content) {
      hash.update(chunk);
      hmac.update(chunk);
      sizeBytes += chunk.length;
    }
    return { mode: file.mode & 0o777, sizeBytes, sha256: hash.digest('hex'), hmac: hmac.digest('hex') };
  });
}

/** The content of a file, weighed while it streams; undefined where it is gone. */
export async function readContent(location: string, signal: AbortSignal): Promise<Weighed | undefined> {
  const file = await openFile(location, signal);
  if (file === undefined) return undefined;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const scale = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = file.content;
  source.once('error', error => scale.destroy(explained(location, error)));
  scale.once('close', () => source.destroy());
  return { content: source.pipe(scale), facts: () => ({ sizeBytes, sha256: hash.digest('hex') }) };
}

/** Without NONBLOCK, opening what has become a named pipe would wait for ever. */
async function openFile(
  location: string,
  signal: AbortSignal,
): Promise<{ mode: number; content: Readable } | undefined> {
  const handle = await open(location, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explained(location, error);
  });
  if (handle === undefined) return undefined;
  const found = await handle.stat().catch(closing(handle));
  // a buffer of this size is taken for each file, most of which are small
  const highWaterMark = Math.min(readBytes, Math.max(leastReadBytes, found.size));
  if (found.isFile()) return { mode: found.mode, content: handle.createReadStream({ highWaterMark, signal }) };
  await handle.close();
  throw new Failure(`${JSON.stringify(location)} is no file any more`, { hint: 'run it again' });
}

function closing(handle: FileHandle): (error: unknown) => Promise<never> {
  return async error => {
    await handle.close();
    throw error;
  };
}

async function explaining<T>(location: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(location, error);
  }
}

function explained(location: string, error: unknown): Error {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || code === undefined || error instanceof Failure) return error as Error;
  return new Failure(`cannot read ${JSON.stringify(location)} (${code})`, {
    hint: 'give the user that runs this the right to read it, or take it out of files with a line that begins with !',
    cause: error,
  });
}
