import { backupsOf } from '../catalog/backups.ts';
import { type StoredFile, formatFiles } from '../catalog/files.ts';
import { formatFileKey, newFileObject, parseFileKey, parseFileObject, recipientsIdOf } from '../catalog/key.ts';
import type { ManifestFile } from '../catalog/manifest.ts';
import { type FilesKey, givenFilesKey, newFilesKey } from '../crypto/files-key.ts';
import { Failure, messageOf } from '../failure.ts';
import { type FoundFile, findFiles } from '../files/find.ts';
import { type FileFacts, readContent, readFacts } from '../files/read.ts';
import type { BackupInputs } from '../inputs/inputs.ts';
import type { Store } from '../store/store.ts';
import { bytes } from '../streams.ts';
import { inLanes } from '../together.ts';
import type { BackupFolder } from './backup-folder.ts';
import type { Prepared } from './backup-preflight.ts';
import type { Context } from './context.ts';

/** The files of one backup, all stored. */
export interface BackedUpFiles {
  count: number;
  /** As the manifest lists them. */
  objects: ManifestFile[];
  /** Throws where one that an earlier run stored is gone meanwhile; to be called right before the manifest is written. */
  confirm(): Promise<void>;
}

/** Those of a backup that has none. */
export const noFiles: BackedUpFiles = { count: 0, objects: [], confirm: async () => {} };

const filesAtOnce = 4;
/** A file that changes while it is read is read again; after so many times the backup fails. */
const attempts = 3;

/** Looks, before anything is dumped, whether the input `files` can be followed. */
export async function checkFiles({ files }: BackupInputs): Promise<void> {
  if (files.length > 0) await findFiles(files, process.cwd());
}

/**
 * Stores the files that the input `files` selects, and `files.json`. They are read once the database is dumped, so that each file that a
 * row speaks of is there. One that the newest backup has is not stored again.
 */
export async function storeFiles(
  inputs: BackupInputs,
  prepared: Prepared,
  folder: BackupFolder,
  context: Context,
): Promise<BackedUpFiles> {
  const { log, signal } = context;
  const found = await findFiles(inputs.files, process.cwd());
  const shelf = new Shelf(prepared, folder, filesKeyOf(inputs, prepared, context), context);
  await shelf.open();
  const progress = log.progress('files');
  const stored: StoredFile[] = [];
  try {
    await inLanes(signal, filesAtOnce, found, async (file, joint) => {
      const one = await storeFile(file, shelf, joint, context);
      if (one === undefined) return;
      stored.push(one);
      progress.add(one.sizeBytes);
    });
  } finally {
    progress.end();
  }
  const files = stored.sort((a, b) => (a.path < b.path ? -1 : 1));
  const source = bytes(formatFiles({ format: 1, backupId: folder.id, files }));
  await folder.putEncrypted({ purpose: 'files', title: 'files.json', source }, signal);
  log.info(`${files.length} files in ${shelf.objects.length} objects, ${shelf.reused.size} of them stored already`);
  return { count: files.length, objects: shelf.objects, confirm: () => shelf.confirm() };
}

async function storeFile(
  { location, path }: FoundFile,
  shelf: Shelf,
  signal: AbortSignal,
  { log }: Context,
): Promise<StoredFile | undefined> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const facts = await readFacts(location, shelf.hmac(), signal);
    if (facts === undefined) {
      log.warn(`file ${JSON.stringify(path)} was removed before it could be read: it is not in the backup`);
      return undefined;
    }
    const stored = await shelf.put(location, facts, signal);
    const { mode, sizeBytes, sha256 } = facts;
    if (stored !== undefined) return { path, mode, sizeBytes, sha256, object: stored.object };
  }
  throw new Failure(`file ${JSON.stringify(path)} changed while it was read, ${attempts} times in a row`, {
    hint: 'back up a copy that nobody writes to, or take it out of files with a line that begins with !',
  });
}

/** By what an unchanged file is known again; undefined where nothing can be. */
function filesKeyOf(inputs: BackupInputs, { encryption, filesKey }: Prepared, { log }: Context): FilesKey | undefined {
  // a gpg passphrase leaves no trace, so that nobody can tell whether it opens what is stored
  if (encryption.scheme === 'gpg' && encryption.recipients.length === 0) {
    log.info('with a passphrase of gpg each backup stores its files anew');
    return undefined;
  }
  if (inputs.filesKey !== undefined) return givenFilesKey(inputs.filesKey);
  if (filesKey === undefined)
    log.info('each backup stores its files anew; with files-key unchanged ones are stored once');
  return filesKey;
}

/** The place where the files of a database are stored, for one set of recipients. */
class Shelf {
  /** What earlier runs stored and this backup refers to, by its name. */
  readonly reused = new Map<string, ManifestFile>();
  readonly #prepared: Prepared;
  readonly #folder: BackupFolder;
  readonly #filesKey: FilesKey | undefined;
  readonly #context: Context;
  readonly #recipientsId: string;
  /** Objects of the newest backup that are still there, by their HMAC. */
  readonly #earlier = new Map<string, ManifestFile>();
  /** By the SHA-256 of the plaintext: what two files have in common is stored once. */
  readonly #stored = new Map<string, Promise<ManifestFile | undefined>>();
  readonly #objects: ManifestFile[] = [];

  constructor(prepared: Prepared, folder: BackupFolder, filesKey: FilesKey | undefined, context: Context) {
    this.#prepared = prepared;
    this.#folder = folder;
    this.#filesKey = filesKey;
    this.#context = context;
    this.#recipientsId = recipientsIdOf(prepared.encryption.scheme, prepared.encryption.recipients);
  }

  /** What this backup refers to, sorted. */
  get objects(): ManifestFile[] {
    return this.#objects.toSorted((a, b) => (a.object < b.object ? -1 : 1));
  }

  /** Reads what can be used again: of the newest backup alone, since a prune never removes that one. */
  async open(): Promise<void> {
    const { previous } = this.#prepared;
    if (this.#filesKey === undefined || previous === undefined || previous.files.length === 0) return;
    if (await this.#isWrong(previous.id)) {
      this.#context.log.info(`a drill or a verify found ${previous.id} wrong: its files are stored anew`);
      return;
    }
    const listings = await this.#prepared.places.each(store => this.#list(store));
    for (const file of previous.files) {
      const key = parseFileObject(file.object);
      const isEverywhere = listings.every(({ value }) => value.get(file.object) === file.sizeBytes);
      if (key && isEverywhere) this.#earlier.set(key.hmac, file);
    }
  }

  /** A new HMAC of one file; without a key each is another. */
  hmac() {
    return (this.#filesKey ?? newFilesKey()).hmac();
  }

  /** Stores a file, unless its content is there already. Undefined where it is not any more what it was when it was read. */
  async put(location: string, facts: FileFacts, signal: AbortSignal): Promise<ManifestFile | undefined> {
    const known = this.#stored.get(facts.sha256);
    if (known !== undefined) return known;
    const storing = this.#reuse(facts) ?? this.#store(location, facts, signal);
    this.#stored.set(facts.sha256, storing);
    const stored = await storing;
    if (stored === undefined) this.#stored.delete(facts.sha256);
    else this.#objects.push(stored);
    return stored;
  }

  async confirm(): Promise<void> {
    if (this.reused.size === 0) return;
    await this.#prepared.places.each(async store => {
      const sizes = await this.#list(store);
      const gone = [...this.reused.values()].find(({ object, sizeBytes }) => sizes.get(object) !== sizeBytes);
      if (gone === undefined) return;
      throw new Failure(`object ${gone.object}, which an earlier backup stored, went away while this one was made`, {
        hint: 'run it again',
      });
    });
  }

  #reuse({ hmac }: FileFacts): Promise<ManifestFile> | undefined {
    const earlier = this.#earlier.get(hmac);
    if (earlier === undefined) return undefined;
    this.reused.set(earlier.object, earlier);
    return Promise.resolve(earlier);
  }

  async #store(location: string, { hmac, ...read }: FileFacts, signal: AbortSignal): Promise<ManifestFile | undefined> {
    const weighed = await readContent(location, signal);
    if (weighed === undefined) return undefined;
    const { suffix } = this.#prepared.encryption;
    const object = newFileObject({ recipientsId: this.#recipientsId, hmac, suffix });
    const key = formatFileKey({ name: this.#folder.name, object });
    const { sizeBytes, sha256, proof } = await this.#folder.putFile(key, weighed.content, signal);
    const stored = weighed.facts();
    if (stored.sha256 === read.sha256 && stored.sizeBytes === read.sizeBytes)
      return { object, sizeBytes, sha256, proof };
    // whoever may write need not be allowed to delete: what nothing refers to goes with a prune
    await this.#folder.removeFile(key).catch((error: unknown) => this.#context.log.debug(messageOf(error)));
    return undefined;
  }

  /** Sizes of the objects for these recipients. */
  async #list(store: Store): Promise<Map<string, number>> {
    const prefix = formatFileKey({ name: this.#folder.name, object: `files/${this.#recipientsId}/` });
    const sizes = new Map<string, number>();
    for await (const { key, sizeBytes } of store.list(prefix, this.#context.signal)) {
      const parsed = parseFileKey(key);
      if (parsed) sizes.set(parsed.object, sizeBytes);
    }
    return sizes;
  }

  /** What was damaged must not go on from one backup to the next. */
  async #isWrong(id: string): Promise<boolean> {
    const { signal } = this.#context;
    const prefix = `${this.#folder.name}/${id}/`;
    const reached = await this.#prepared.places.each(async store => (await backupsOf(store.list(prefix, signal)))[0]);
    return reached.some(({ value }) =>
      [...(value?.checks ?? []), ...(value?.drills ?? [])].some(({ verdict }) => verdict === 'failed'),
    );
  }
}
