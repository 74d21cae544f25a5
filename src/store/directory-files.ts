import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import { compareKeys } from './key.ts';
import type { ListedObject } from './store.ts';

/** Names may have 255 bytes: four a character at most, and the random part. */
const longestPartialStem = 50;

/** A file as a walk finds it; `key` is relative to the root of the walk. */
export interface FoundFile {
  key: string;
  name: string;
  /** Of the folder: empty, or ends with a slash. */
  folder: string;
}

/** The code of an error of the file system, for example `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** An error of the file system as a failure that names the place; anything else comes back unchanged. */
export function explainFile(error: unknown, does: string, location: string): unknown {
  if (error instanceof Failure || (error as NodeJS.ErrnoException).syscall === undefined) return error;
  const code = codeOf(error);
  const words: Record<string, [problem: string, hint: string]> = {
    ENOSPC: ['the disk is full', 'free space there, or name another store'],
    EDQUOT: ['the disk quota is used up', 'free space there, or name another store'],
    EACCES: ['access is denied', 'give this user the right to read and write there'],
    EPERM: ['access is denied', 'give this user the right to read and write there'],
    EROFS: ['it is mounted read-only', 'mount it writable, or name another store'],
    ENAMETOOLONG: ['the name is too long for this file system', 'choose a shorter name'],
    ELOOP: ['a symbolic link stands in the way', 'links inside of a store are never followed'],
  };
  const [problem, hint] = words[code ?? ''] ?? [messageOf(error), undefined];
  return new Failure(`cannot ${does} in ${location}: ${problem}${words[code ?? ''] ? ` (${code})` : ''}`, {
    hint,
    cause: error,
  });
}

/** Makes all folders from `root` (which exists) down to `folder`, mode 0700. Throws when one of them is anything but a folder. */
export async function makeFolders(root: string, segments: readonly string[]): Promise<string> {
  let folder = root;
  for (const segment of segments) {
    const parent = folder;
    folder = join(folder, segment);
    const isMade = await mkdir(folder, { mode: 0o700 }).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error;
        return false;
      },
    );
    if (isMade) await syncFolder(parent);
    else if (!(await lstat(folder)).isDirectory())
      throw new Failure(`${folder} is no folder`, { hint: 'links are not followed' });
  }
  return folder;
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // some network file systems have no such call for folders
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

/** True when no symbolic link lies between the root (a real path) and this folder; a folder that is missing leads nowhere. */
export async function isInside(root: string, segments: readonly string[]): Promise<boolean> {
  const folder = join(root, ...segments);
  return (await realpath(folder).catch(ignoreMissing)) === folder;
}

/** Removes folders that are empty, from this one upwards, never the root itself. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}

/** Removes one file; false when it was not there. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** All files whose key starts with `prefix`, in ascending order of the keys' bytes. Links are left out, and not followed. */
export async function* walk(root: string, prefix: string, folder = ''): AsyncGenerator<FoundFile> {
  for (const entry of await entriesOf(join(root, folder))) {
    const key = folder + entry.name;
    if (entry.isDirectory) {
      const isOnTheWay = key.startsWith(prefix) || prefix.startsWith(`${key}/`);
      if (isOnTheWay) yield* walk(root, prefix, `${key}/`);
    } else if (key.startsWith(prefix)) {
      yield { key, name: entry.name, folder };
    }
  }
}

/** What a folder holds, folders among files as their slash orders them; nothing when it is missing. */
export async function entriesOf(folder: string): Promise<{ name: string; isDirectory: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  });
  return entries
    .filter(entry => entry.isDirectory() || entry.isFile())
    .map(entry => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    .sort((left, right) => compareKeys(orderOf(left), orderOf(right)));
}

function orderOf({ name, isDirectory }: { name: string; isDirectory: boolean }): string {
  return isDirectory ? `${name}/` : name;
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
}

/** A name for a file that is being written; `isPartialName` knows it again. */
export function partialNameFor(name: string): string {
  return `.${name.slice(0, longestPartialStem)}.${randomBytes(8).toString('hex')}.partial`;
}

/** Size and time of one file; undefined when it is missing, or no file. */
export async function statFile(path: string, key: string): Promise<ListedObject | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? { key, sizeBytes: stats.size, modifiedAt: stats.mtime } : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Tells one folder from another that later stands at the same path. */
export async function identityOf(folder: string): Promise<string> {
  const stats = await lstat(folder);
  return `${stats.dev}:${stats.ino}:${stats.isDirectory()}`;
}

/** The next items of an iteration, at most so many. */
export async function take<T>(source: AsyncGenerator<T>, most: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < most) {
    const result = await source.next();
    if (result.done) break;
    taken.push(result.value);
  }
  return taken;
}
