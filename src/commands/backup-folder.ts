import { pipeline } from 'node:stream/promises';
import type { Readable, Transform } from 'node:stream';
import { formatObjectKey, locationOf, manifestObject } from '../catalog/key.ts';
import type { ManifestObject, Purpose } from '../catalog/manifest.ts';
import type { Encryption } from '../crypto/crypto.ts';
import { messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { bytes } from '../streams.ts';
import { eachAtOnce } from '../together.ts';
import { zstdCompress } from '../zstd.ts';

/** A stream on its way into the store. */
export interface Encryptable {
  purpose: Purpose;
  title: string;
  source: Readable;
  /** The level of the zstd layer. */
  layerLevel?: number | undefined;
}

const removalsAtOnce = 16;

/** The folder of one backup while it is being made: writes objects, remembers them for the manifest, and can take them all back. */
export class BackupFolder {
  readonly name: string;
  readonly id: string;
  /** Proven objects, in the order in which they were finished. */
  readonly objects: ManifestObject[] = [];
  readonly #store: Store;
  readonly #encryption: Encryption;
  readonly #written = new Set<string>();
  /** Keys of file objects, which lie beside the folder. */
  readonly #files = new Set<string>();
  #sealing = false;

  constructor(store: Store, name: string, id: string, encryption: Encryption) {
    this.#store = store;
    this.name = name;
    this.id = id;
    this.#encryption = encryption;
  }

  /** The folder for people. */
  get location(): string {
    return locationOf(this.#store.location, this.name, this.id);
  }

  get manifestKey(): string {
    return this.#keyOf(manifestObject);
  }

  /** Encrypts a stream, after the zstd layer if there is one, and stores it as `<title>[.zst]<suffix>`. */
  async putEncrypted({ purpose, title, source, layerLevel }: Encryptable, signal: AbortSignal): Promise<StoredObject> {
    const layers = layerLevel === undefined ? [] : [zstdCompress(layerLevel)];
    const object = `${title}${layers.length > 0 ? '.zst' : ''}${this.#encryption.suffix}`;
    const compressed = layers.length > 0 ? 'zstd' : null;
    return this.#encrypt(this.#keyOf(object), [source, ...layers], signal, stored =>
      this.#remember(purpose, object, compressed, stored),
    );
  }

  /** Encrypts a file and stores it under a key of its own, beside the folders of the backups. */
  async putFile(key: string, source: Readable, signal: AbortSignal): Promise<StoredObject> {
    return this.#encrypt(key, [source], signal, () => this.#files.add(key));
  }

  /** Takes back a file object that `putFile` has just stored. */
  async removeFile(key: string): Promise<void> {
    await this.#store.remove(key);
    this.#files.delete(key);
  }

  async #encrypt(
    key: string,
    steps: readonly [Readable, ...Transform[]],
    signal: AbortSignal,
    onStored: (stored: StoredObject) => unknown,
  ): Promise<StoredObject> {
    const encrypting = await this.#encryption.encrypt();
    const flowing = pipeline([...steps, encrypting], { signal });
    // the store meets the same failure when it reads, or has one of its own: its word is the cause, the streams' a consequence
    flowing.catch(() => {});
    try {
      const stored = await this.#store.put(key, encrypting, { signal });
      onStored(stored);
      await flowing;
      return stored;
    } catch (error) {
      encrypting.destroy();
      await flowing.catch(() => {});
      throw error;
    }
  }

  /** Stores something that anyone may read. */
  async putPlain(purpose: Purpose, object: string, source: Readable, signal: AbortSignal): Promise<StoredObject> {
    return this.#remember(purpose, object, null, await this.#store.put(this.#keyOf(object), source, { signal }));
  }

  /** Stores something that belongs to the backup but is not listed in its manifest. */
  async putBeside(object: string, text: string, signal: AbortSignal): Promise<void> {
    this.#written.add(object);
    await this.#store.put(this.#keyOf(object), bytes(text), { signal });
  }

  /** Writes the manifest. From now on it is a backup, and `discard` does nothing any more. */
  async seal(manifest: string, signal: AbortSignal): Promise<void> {
    this.#sealing = true;
    await this.#store.put(this.manifestKey, bytes(manifest), { signal, contentType: 'application/json' });
    this.#written.clear();
    this.#files.clear();
    this.#sealing = false;
  }

  /** Forgets the objects of an attempt that begins anew; the next one overwrites them. */
  restart(): void {
    this.objects.length = 0;
  }

  /** Removes what was stored. Where that is not allowed it says so: without a manifest it is no backup. */
  async discard(log: Log): Promise<void> {
    try {
      // the write may have arrived although we were told that it failed, and a manifest without its objects must never be
      if (this.#sealing) await this.#store.remove(this.manifestKey);
    } catch (error) {
      log.warn(
        `the manifest of ${this.id} may have been written although the store reported an error; nothing of it is removed (${messageOf(error)})`,
      );
      return;
    }
    const keys = [...[...this.#written].map(object => this.#keyOf(object)), ...this.#files];
    const errors: unknown[] = [];
    await eachAtOnce(removalsAtOnce, keys, key =>
      this.#store.remove(key).catch((error: unknown) => errors.push(error)),
    );
    if (errors.length > 0) {
      log.warn(
        `${errors.length} objects of the failed backup ${this.id} stay in the store; without a manifest they are no backup (${messageOf(errors[0])})`,
      );
    }
  }

  #remember(purpose: Purpose, object: string, layer: 'zstd' | null, stored: StoredObject): StoredObject {
    this.#written.add(object);
    this.objects.push({
      object,
      purpose,
      layer,
      sizeBytes: stored.sizeBytes,
      sha256: stored.sha256,
      proof: stored.proof,
    });
    return stored;
  }

  #keyOf(object: string): string {
    return formatObjectKey({ name: this.name, id: this.id, object });
  }
}
