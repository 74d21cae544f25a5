import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ListedBackup, backupsOf, choose } from '../catalog/backups.ts';
import { type Contents, contentsLimitBytes, parseContents } from '../catalog/contents.ts';
import { type Evidence, evidenceLimitBytes, parseEvidence } from '../catalog/evidence.ts';
import { type Files, filesLimitBytes, parseFiles } from '../catalog/files.ts';
import {
  type DrillKey,
  formatDrillObject,
  formatFileKey,
  formatObjectKey,
  manifestObject,
  parseFileObject,
} from '../catalog/key.ts';
import {
  type Manifest,
  type ManifestFile,
  type ManifestObject,
  manifestLimitBytes,
  parseManifest,
} from '../catalog/manifest.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';
import { collect } from '../streams.ts';
import { zstdDecompress } from '../zstd.ts';

/** The stored bytes are not what the manifest says. */
export class BytesDiffer extends Failure {
  readonly code: 'SIZE_DIFFERS' | 'HASH_DIFFERS';
  readonly expected: string;
  readonly found: string;

  constructor(code: BytesDiffer['code'], object: string, expected: string, found: string) {
    const what = code === 'SIZE_DIFFERS' ? 'has another size' : 'has other bytes';
    super(`object ${object} ${what} than the manifest says: ${found} instead of ${expected}`, {
      hint: 'it was damaged or replaced; use another backup',
    });
    this.code = code;
    this.expected = expected;
    this.found = found;
  }
}

/** What the manifest says of an object, so that it can be read and held against that. */
export type ReadableObject = Pick<ManifestObject, 'object' | 'sizeBytes' | 'sha256'> &
  Partial<Pick<ManifestObject, 'layer'>>;

/** Told of an object while it streams: bytes that came from the store, their size and hash found right, and the last plaintext. */
export interface ReadObserver {
  onStoredBytes?(bytes: number): void;
  onChecked?(): void;
  onDecrypted?(): void;
}

/** A sealed backup in a store, for reading. */
export class StoredBackup {
  readonly store: Store;
  readonly listed: ListedBackup;
  readonly manifest: Manifest;

  constructor(store: Store, listed: ListedBackup, manifest: Manifest) {
    this.store = store;
    this.listed = listed;
    this.manifest = manifest;
  }

  /** The key of one of its objects, or of a file object that it refers to. */
  keyOf(object: string): string {
    if (parseFileObject(object)) return formatFileKey({ name: this.listed.name, object });
    return formatObjectKey({ name: this.listed.name, id: this.listed.id, object });
  }

  /** The stored bytes of an object; the stream fails at its end unless size and SHA-256 are those of the manifest. */
  async read(object: ReadableObject, signal: AbortSignal, observer: ReadObserver = {}): Promise<Readable> {
    const source = await this.store.get(this.keyOf(object.object), signal);
    const checked = checking(object, observer);
    pipeline(source, checked, { signal }).catch(() => {}); // whoever reads `checked` gets the error
    return checked;
  }

  /** The plaintext of an object, authenticated, out of its zstd layer if it has one, and held against the manifest as `read` does. */
  async decrypt(
    object: ReadableObject,
    decryption: Decryption,
    signal: AbortSignal,
    observer: ReadObserver = {},
  ): Promise<Readable> {
    const source = await this.read(object, signal, observer);
    const last = object.layer === 'zstd' ? zstdDecompress() : decryption.decrypt();
    const steps = object.layer === 'zstd' ? [decryption.decrypt(), last] : [last];
    pipeline([source, ...steps], { signal }).catch(() => {});
    last.once('end', () => observer.onDecrypted?.());
    return last;
  }

  /** What the dump's snapshot held. */
  async contents(decryption: Decryption, signal: AbortSignal): Promise<Contents> {
    const object = this.manifest.objects.find(({ purpose }) => purpose === 'contents');
    if (!object)
      throw new Failure(`the manifest of ${this.manifest.id} lists no contents`, {
        hint: 'it was edited; use another backup',
      });
    const text = await collect(await this.decrypt(object, decryption, signal), contentsLimitBytes);
    return parseContents(text.toString('utf8'), this.manifest.id);
  }

  /** The files that belong to it. */
  async files(decryption: Decryption, signal: AbortSignal): Promise<Files> {
    const object = this.manifest.objects.find(({ purpose }) => purpose === 'files');
    if (!object) return { format: 1, backupId: this.manifest.id, files: [] };
    const text = await collect(await this.decrypt(object, decryption, signal), filesLimitBytes);
    return parseFiles(text.toString('utf8'), this.manifest.id);
  }
}

/** Finds a backup by its id or `latest`, and reads its manifest. */
export async function openBackup(
  store: Store,
  name: string,
  which: string,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const listed = choose(await backupsOf(store.list(`${name}/`, signal)), which, name);
  return new StoredBackup(store, listed, await readManifest(store, listed, signal));
}

/** The manifest of a listed backup. */
export async function readManifest(
  store: Store,
  backup: Pick<ListedBackup, 'name' | 'id'>,
  signal: AbortSignal,
): Promise<Manifest> {
  return parseManifest(await readManifestText(store, backup, signal), backup.name, backup.id);
}

/** The manifest of a listed backup as the store gives it. */
export async function readManifestText(
  store: Store,
  { name, id }: Pick<ListedBackup, 'name' | 'id'>,
  signal: AbortSignal,
): Promise<string> {
  const body = await store.get(formatObjectKey({ name, id, object: manifestObject }), signal);
  const text = await collect(body, manifestLimitBytes).catch((error: unknown) => {
    if (error instanceof RangeError)
      throw new Failure(`the manifest of ${id} is too large: ${error.message}`, {
        hint: 'it was edited; use another backup',
      });
    throw error;
  });
  return text.toString('utf8');
}

/** Reads the manifest of a listed backup. */
export type ManifestReader = (backup: Pick<ListedBackup, 'name' | 'id'>) => Promise<Manifest>;

/** Reads each manifest of a store once, however often it is asked for. */
export function manifestReader(store: Store, signal: AbortSignal): ManifestReader {
  const asked = new Map<string, Promise<Manifest>>();
  const share = fileSharer();
  return backup => {
    const key = `${backup.name}/${backup.id}`;
    const read = asked.get(key) ?? readManifest(store, backup, signal).then(share);
    asked.set(key, read);
    return read;
  };
}

/**
 * Lets manifests share what they say of the same file object, so that the memory for many of them does not grow with the number of backups.
 */
export function fileSharer(): (manifest: Manifest) => Manifest {
  const known = new Map<string, ManifestFile>();
  const shared = (file: ManifestFile): ManifestFile => {
    const same = known.get(file.object) ?? file;
    if (same.sizeBytes !== file.sizeBytes || same.sha256 !== file.sha256 || same.proof !== file.proof) return file;
    known.set(file.object, same);
    return same;
  };
  return manifest => ({ ...manifest, files: manifest.files.map(shared) });
}

/** The evidence of one drill. */
export async function readEvidence(
  store: Store,
  { name, id }: ListedBackup,
  drill: DrillKey,
  signal: AbortSignal,
): Promise<Evidence> {
  const object = formatDrillObject(drill);
  const body = await store.get(formatObjectKey({ name, id, object }), signal);
  return parseEvidence((await collect(body, evidenceLimitBytes)).toString('utf8'), object);
}

function checking({ object, sizeBytes, sha256 }: ReadableObject, observer: ReadObserver): Transform {
  const hash = createHash('sha256');
  let seenBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      seenBytes += chunk.length;
      observer.onStoredBytes?.(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      const found = hash.digest('hex');
      if (seenBytes !== sizeBytes)
        done(new BytesDiffer('SIZE_DIFFERS', object, `${sizeBytes} bytes`, `${seenBytes} bytes`));
      else if (found !== sha256) done(new BytesDiffer('HASH_DIFFERS', object, sha256, found));
      else {
        observer.onChecked?.();
        done();
      }
    },
  });
}
