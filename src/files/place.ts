import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure, wrongInput } from '../failure.ts';

/** A file that is to be written, and what it must be. */
export interface FileToPlace {
  /** Below the folder. */
  path: string;
  mode: number;
  sizeBytes: number;
  sha256: string;
}

/** Refuses a folder that holds something already: nothing is ever overwritten, and no link leads elsewhere. */
export async function checkEmptyFolder(input: string, folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw wrongInput(input, `is ${JSON.stringify(folder)}, which cannot be used (${code})`, 'name a new folder');
  }
  throw wrongInput(input, `is ${JSON.stringify(folder)}, which is not empty`, 'name a new folder, or an empty one');
}

/** Refuses, before anything is written, paths that lead out of the folder or stand in each other's way. */
export function checkPaths(paths: readonly string[]): void {
  const all = new Set(paths);
  for (const path of paths) {
    const segments = path.split('/');
    if (segments.some(segment => ['', '.', '..'].includes(segment)) || path.includes('\0') || !path.isWellFormed())
      throw forged(path, 'leads out of the folder that it belongs into');
    const folders = segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
    if (folders.some(folder => all.has(folder))) throw forged(path, 'lies in what is a file itself');
  }
}

function forged(path: string, problem: string): Failure {
  return new Failure(`file ${JSON.stringify(path.slice(0, 200))} of the backup ${problem}`, {
    hint: 'no backup is made like that: somebody edited this one; use another',
  });
}

/**
 * Writes one file whose path `checkPaths` has seen: under another name first, so that what bears its name is whole and what it was. Throws
 * where the content is another.
 */
export async function placeFile(
  folder: string,
  file: FileToPlace,
  content: Readable,
  signal: AbortSignal,
): Promise<void> {
  const place = join(folder, file.path);
  const partial = join(dirname(place), `.lifeboat-${randomBytes(8).toString('hex')}.partial`);
  try {
    await mkdir(dirname(place), { recursive: true });
    await writeChecked(partial, file, content, signal);
    await chmod(partial, file.mode & 0o777);
    // where capitals do not count, two files may have one name
    if (await lstat(place).catch(() => undefined)) throw new Failure(`${JSON.stringify(place)} is there already`);
    await rename(partial, place);
  } catch (error) {
    content.destroy();
    await rm(partial, { force: true }).catch(() => {});
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Failure || code === undefined || signal.aborted || !('syscall' in (error as Error)))
      throw error;
    throw new Failure(`cannot write ${JSON.stringify(place)} (${code})`, {
      hint: 'is there room, and the right to write?',
      cause: error,
    });
  }
}

async function writeChecked(
  partial: string,
  { path, sizeBytes, sha256 }: FileToPlace,
  content: Readable,
  signal: AbortSignal,
): Promise<void> {
  const handle = await open(partial, 'wx', 0o600);
  const hash = createHash('sha256');
  let seenBytes = 0;
  const scale = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      seenBytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(content, scale, handle.createWriteStream(), { signal });
  if (seenBytes === sizeBytes && hash.digest('hex') === sha256) return;
  throw new Failure(`file ${JSON.stringify(path)} is not what it was when it was backed up`, {
    hint: 'its object was damaged or replaced; use another backup',
  });
}
