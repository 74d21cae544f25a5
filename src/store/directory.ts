import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rmdir, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Failure, wrongInput } from '../failure.ts';
import {
  codeOf,
  entriesOf,
  explainFile,
  identityOf,
  isInside,
  makeFolders,
  partialNameFor,
  removeEmptyFolders,
  removeFile,
  statFile,
  syncFolder,
  take,
  walk,
  type FoundFile,
} from './directory-files.ts';
import { checkKey, checkPrefix, isPartialName } from './key.ts';
import { ObjectMissing } from './missing.ts';
import { Source } from './source.ts';
import type { ListedObject, PutOptions, Store, StoredObject } from './store.ts';
import { hashFile, writeFile } from './file-content.ts';

const readBytes = 256 * 1024;
const statsAtOnce = 64;

/** A store in a folder: `file:///folder`. The folder is made by the first write if its parent exists. */
export function openDirectory(url: string): Store {
  return new DirectoryStore(readFileUrl(url));
}

function readFileUrl(text: string): string {
  if (!/^file:\/\/\//i.test(text))
    throw wrongInput('store', 'is no absolute file URL', 'write file:///folder with three slashes');
  const url = new URL(text);
  if (url.search !== '' || url.hash !== '') throw wrongInput('store', 'has options, which a folder does not know');
  try {
    return fileURLToPath(url).replace(/(.)\/+$/, '$1');
  } catch (cause) {
    throw wrongInput('store', `names no folder (${(cause as Error).message})`);
  }
}

class DirectoryStore implements Store {
  readonly location: string;
  readonly #folder: string;
  /** The real path, once the folder is known to exist. */
  #root: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.location = pathToFileURL(folder).href;
  }

  async checkWritable(prefix: string, signal?: AbortSignal): Promise<void> {
    checkPrefix(prefix);
    signal?.throwIfAborted();
    await this.#explaining('write', async () => {
      const hadRoot = (await this.#existingRoot()) !== undefined;
      const root = await this.#makeRoot();
      const probe = join(root, partialNameFor('lifeboat-probe'));
      try {
        const handle = await open(probe, 'wx', 0o600);
        await handle.writeFile('probe').finally(() => handle.close());
      } finally {
        await removeFile(probe);
        if (!hadRoot) await this.#forgetRoot(root);
      }
    });
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, { signal }: PutOptions = {}): Promise<StoredObject> {
    checkKey(key);
    const source = new Source(body, signal);
    try {
      return await this.#write(key, source);
    } catch (error) {
      throw source.threw(error) ? error : explainFile(error, `write object ${key}`, this.location);
    } finally {
      await source.close();
    }
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    checkKey(key);
    signal?.throwIfAborted();
    return this.#explaining(`read object ${key}`, async () => {
      const path = await this.#pathOf(key);
      if (path === undefined) throw new ObjectMissing(key, this.location);
      const handle = await this.#open(path, key);
      return handle.createReadStream({ highWaterMark: readBytes, signal });
    });
  }

  async stat(key: string, signal?: AbortSignal): Promise<ListedObject | undefined> {
    checkKey(key);
    signal?.throwIfAborted();
    return this.#explaining(`look at object ${key}`, async () => {
      const path = await this.#pathOf(key);
      return path === undefined ? undefined : statFile(path, key);
    });
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject> {
    const root = await this.#rootToRead(checkPrefix(prefix));
    if (root === undefined) return;
    const identity = await this.#explaining('list', () => identityOf(root));
    const files = walk(root, prefix);
    let batch: FoundFile[];
    do {
      signal?.throwIfAborted();
      batch = await this.#explaining('list', () => take(files, statsAtOnce));
      const wanted = batch.filter(({ name }) => !isPartialName(name));
      const found = await this.#explaining('list', () =>
        Promise.all(wanted.map(({ key }) => statFile(join(root, key), key))),
      );
      // a file may vanish between its name and its size
      for (const object of found) if (object) yield object;
    } while (batch.length === statsAtOnce);
    if ((await identityOf(root).catch(() => undefined)) !== identity) throw this.#vanished();
  }

  async *listFolders(prefix: string, signal?: AbortSignal): AsyncIterable<string> {
    const root = await this.#rootToRead(checkPrefix(prefix));
    if (root === undefined) return;
    const cut = prefix.lastIndexOf('/') + 1;
    const folder = join(root, prefix.slice(0, cut));
    for (const { name, isDirectory } of await this.#explaining('list', () => entriesOf(folder))) {
      signal?.throwIfAborted();
      if (isDirectory && name.startsWith(prefix.slice(cut))) yield name;
    }
  }

  async remove(key: string): Promise<'gone'> {
    checkKey(key);
    await this.#explaining(`remove object ${key}`, async () => {
      const path = await this.#pathOf(key);
      if (path === undefined || !(await statFile(path, key)) || !(await removeFile(path))) return;
      // another prune may have taken the folder away meanwhile
      await syncFolder(dirname(path)).catch(unlessGone);
      await removeEmptyFolders(this.#root as string, dirname(path));
    });
    return 'gone';
  }

  async clearUnfinished(prefix: string, signal?: AbortSignal, before?: Date): Promise<number> {
    const root = await this.#rootToRead(checkPrefix(prefix));
    if (root === undefined) return 0;
    let cleared = 0;
    await this.#explaining('remove unfinished files', async () => {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      for await (const file of walk(root, folder)) {
        signal?.throwIfAborted();
        if (!isPartialName(file.name) || !(file.folder + file.name.slice(1)).startsWith(prefix)) continue;
        const path = join(root, file.key);
        if (before && !(await isOlder(path, before))) continue;
        if (await removeFile(path)) cleared++;
        await removeEmptyFolders(root, join(root, file.folder));
      }
    });
    return cleared;
  }

  async #write(key: string, source: Source): Promise<StoredObject> {
    const root = await this.#makeRoot();
    const path = join(root, key);
    const { partial, handle } = await this.#createPartial(root, key);
    let isPlaced = false;
    try {
      const written = await writeFile(handle, source);
      await source.until(Promise.resolve()); // an abort after the last byte
      await rename(partial, path);
      isPlaced = true;
      await syncFolder(dirname(path));
      return await this.#readBack(path, { key, ...written });
    } catch (error) {
      await removeFile(isPlaced ? path : partial).catch(() => {});
      await removeEmptyFolders(root, dirname(path));
      throw error;
    }
  }

  async #createPartial(root: string, key: string) {
    const segments = key.split('/');
    const name = segments.pop() as string;
    for (let tries = 1; ; tries++) {
      const folder = await makeFolders(root, segments);
      const partial = join(folder, partialNameFor(name));
      try {
        return { partial, handle: await open(partial, 'wx', 0o600) };
      } catch (error) {
        // a removal beside us may just have taken the empty folder away
        if (codeOf(error) !== 'ENOENT' || tries === 5) throw error;
      }
    }
  }

  async #readBack(path: string, claim: { key: string; sizeBytes: number; sha256: string }): Promise<StoredObject> {
    const handle = await this.#open(path, claim.key);
    const stored = await hashFile(handle).finally(() => handle.close());
    if (stored.sha256 !== claim.sha256 || stored.sizeBytes !== claim.sizeBytes) {
      throw new Failure(`object ${claim.key} in ${this.location} reads back differently from what was written`, {
        hint: 'the disk, or the network share, loses data',
      });
    }
    return { ...claim, proof: 'read-back' };
  }

  async #open(path: string, key: string): Promise<FileHandle> {
    // without NONBLOCK, opening a named pipe would wait for ever
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(path, flags).catch((error: unknown) => {
      // ELOOP: it is a symbolic link
      const isMissing = ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '');
      throw isMissing ? new ObjectMissing(key, this.location) : error;
    });
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw new ObjectMissing(key, this.location);
  }

  /** Where an object would be; undefined when the root is missing, or a link or a file lies on the way. */
  async #pathOf(key: string): Promise<string | undefined> {
    const root = await this.#rootToRead('');
    if (root === undefined || !(await isInside(root, key.split('/').slice(0, -1)))) return undefined;
    return join(root, key);
  }

  async #existingRoot(): Promise<string | undefined> {
    if (this.#root !== undefined) return this.#root;
    try {
      const root = await realpath(this.#folder);
      if (!(await lstat(root)).isDirectory()) throw new Failure(`${this.location} is no folder`);
      this.#root = root;
      return root;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return undefined;
    }
  }

  /** The root for reading; undefined when nothing was ever written. */
  async #rootToRead(prefix: string): Promise<string | undefined> {
    return this.#explaining('read', async () => {
      const root = await this.#existingRoot();
      if (root === undefined) await this.#checkParent();
      const segments = prefix.split('/').slice(0, -1);
      return root === undefined || !(await isInside(root, segments)) ? undefined : root;
    });
  }

  async #makeRoot(): Promise<string> {
    const existing = await this.#existingRoot();
    if (existing !== undefined) return existing;
    await this.#checkParent();
    await mkdir(this.#folder, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await syncFolder(dirname(this.#folder));
    return (await this.#existingRoot()) as string;
  }

  /** Files may vanish one by one; when the disk went away, what was listed is not all there is. */
  #vanished(): Failure {
    return new Failure(`cannot list in ${this.location}: the folder went away meanwhile`, {
      hint: 'is the disk mounted?',
    });
  }

  async #forgetRoot(root: string): Promise<void> {
    this.#root = undefined;
    await rmdir(root).catch(() => {}); // another run may have begun to use it
  }

  /** A mistyped mount must not silently become a backup on the local disk. */
  async #checkParent(): Promise<void> {
    const parent = dirname(this.#folder);
    const isThere = await realpath(parent).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    throw new Failure(`cannot use ${this.location}: there is no folder ${parent}`, {
      hint: `is the disk mounted? if the place is right, create ${basename(parent)} first`,
      exitStatus: 64,
    });
  }

  async #explaining<T>(does: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainFile(error, does, this.location);
    }
  }
}

/** One that is gone meanwhile is none. */
async function isOlder(path: string, before: Date): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.mtime < before;
}

function unlessGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
