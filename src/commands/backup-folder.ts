import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { formatObjectKey, manifestObject } from '../catalog/key.ts';
import type { ManifestObject, Purpose } from '../catalog/manifest.ts';
import type { Encryption } from '../crypto/crypto.ts';
import { messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { bytes } from '../streams.ts';

/** The folder of one backup while it is being made: writes objects, remembers them for the manifest, and can take them all back. */
export class BackupFolder {
  readonly name: string;
  readonly id: string;
  /** Proven objects, in the order in which they were finished. */
  readonly objects: ManifestObject[] = [];
  readonly #store: Store;
  readonly #encryption: Encryption;
  readonly #written = new Set<string>();
  #sealing = false;

  constructor(store: Store, name: string, id: string, encryption: Encryption) {
    this.#store = store;
    this.name = name;
    this.id = id;
    this.#encryption = encryption;
  }

  /** The folder for people. */
  get location(): string {
    return `${this.#store.location.replace(/\/$/, '')}/${this.name}/${this.id}`;
  }

  get manifestKey(): string {
    return this.#keyOf(manifestObject);
  }

  /** Encrypts a stream, through any streams between, and stores it as `<title><suffix>`. */
  async putEncrypted(
    purpose: Purpose,
    title: string,
    source: Readable,
    signal: AbortSignal,
    ...between: NodeJS.ReadWriteStream[]
  ): Promise<StoredObject> {
    const object = `${title}${this.#encryption.suffix}`;
    const encrypting = await this.#encryption.encrypt();
    const store = async (body: AsyncIterable<Uint8Array>) => this.#store.put(this.#keyOf(object), body, { signal });
    const streams = [source, ...between, encrypting] as [Readable, ...NodeJS.ReadWriteStream[]];
    let stored: StoredObject | undefined;
    await pipeline(
      [...streams, async (body: AsyncIterable<Uint8Array>) => void (stored = await store(body))] as never,
      { signal },
    );
    return this.#remember(purpose, object, stored as unknown as StoredObject);
  }

  /** Stores something that anyone may read. */
  async putPlain(purpose: Purpose, object: string, source: Readable, signal: AbortSignal): Promise<StoredObject> {
    return this.#remember(purpose, object, await this.#store.put(this.#keyOf(object), source, { signal }));
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
    const keys = [...this.#written].map(object => this.#keyOf(object));
    const results = await Promise.allSettled(keys.map(key => this.#store.remove(key)));
    const failed = results.filter(result => result.status === 'rejected');
    if (failed.length > 0) {
      log.warn(
        `${failed.length} objects of the failed backup ${this.id} stay in the store; without a manifest they are no backup (${messageOf(failed[0]?.reason)})`,
      );
    }
  }

  #remember(purpose: Purpose, object: string, stored: StoredObject): StoredObject {
    this.#written.add(object);
    this.objects.push({ object, purpose, sizeBytes: stored.sizeBytes, sha256: stored.sha256, proof: stored.proof });
    return stored;
  }

  #keyOf(object: string): string {
    return formatObjectKey({ name: this.name, id: this.id, object });
  }
}
