import { pipeline } from 'node:stream/promises';
import type { Readable, Transform } from 'node:stream';
import { formatObjectKey, locationOf, manifestObject } from '../catalog/key.ts';
import type { ManifestObject, Purpose } from '../catalog/manifest.ts';
import type { Encryption } from '../crypto/crypto.ts';
import { messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import type { StoredObject } from '../store/store.ts';
import { bytes } from '../streams.ts';
import { eachAtOnce } from '../together.ts';
import { zstdCompress } from '../zstd.ts';
import type { Place, Places } from './backup-places.ts';

/** A stream on its way into the store. */
export interface Encryptable {
  purpose: Purpose;
  title: string;
  source: Readable;
  /** The level of the zstd layer. */
  layerLevel?: number | undefined;
}

const removalsAtOnce = 16;

/**
 * The folder of one backup while it is being made, the same in every place: writes objects, remembers them for the manifest, and can take
 * them all back.
 */
export class BackupFolder {
  readonly name: string;
  readonly id: string;
  /** Proven objects, in the order in which they were finished. */
  readonly objects: ManifestObject[] = [];
  readonly #places: Places;
  readonly #encryption: Encryption;
  readonly #written = new Set<string>();
  /** Keys of file objects, which lie beside the folder. */
  readonly #files = new Set<string>();
  /** A place that was lost before holds nothing of it. */
  readonly #begun: readonly Place[];
  /** Where the manifest may have been written. */
  readonly #sealing = new Set<Place>();
  #isSealed = false;

  constructor(places: Places, name: string, id: string, encryption: Encryption) {
    this.#places = places;
    this.#begun = places.left;
    this.name = name;
    this.id = id;
    this.#encryption = encryption;
  }

  /** The folder for people. */
  get location(): string {
    return locationOf(this.#places.first.location, this.name, this.id);
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
    await Promise.all(this.#places.left.map(({ store }) => store.remove(key)));
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
      const stored = await this.#places.put(key, encrypting, { signal });
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
    return this.#remember(purpose, object, null, await this.#places.put(this.#keyOf(object), source, { signal }));
  }

  /** Stores something that belongs to the backup but is not listed in its manifest. */
  async putBeside(object: string, text: string, signal: AbortSignal): Promise<void> {
    this.#written.add(object);
    await this.#places.put(this.#keyOf(object), bytes(text), { signal });
  }

  /**
   * Writes the manifest, into the replica first: so whatever the store shows as sealed is sealed there too. From now on it is a backup, and
   * `discard` does nothing any more, but for a place that is lost.
   */
  async seal(manifest: string, signal: AbortSignal): Promise<void> {
    await this.#places.eachInTurn(async place => {
      this.#sealing.add(place);
      await place.store.put(this.manifestKey, bytes(manifest), { signal, contentType: 'application/json' });
      this.#sealing.delete(place);
    });
    this.#isSealed = true;
  }

  /** Forgets the objects of an attempt that begins anew; the next one overwrites them. */
  restart(): void {
    this.objects.length = 0;
  }

  /** Removes what was stored where it is no backup. Where that is not allowed it says so: without a manifest it is none. */
  async discard(log: Log): Promise<void> {
    const places = this.#isSealed ? this.#places.lost : this.#places.all;
    for (const place of places.filter(one => this.#begun.includes(one))) await this.#discardIn(place, log);
  }

  async #discardIn(place: Place, log: Log): Promise<void> {
    const { store } = place;
    try {
      // the write may have arrived although we were told that it failed, and a manifest without its objects must never be
      if (this.#sealing.has(place)) await store.remove(this.manifestKey);
    } catch (error) {
      log.warn(
        `the manifest of ${this.id} may have been written although the ${place.role} reported an error; nothing of it is removed (${messageOf(error)})`,
      );
      return;
    }
    const keys = [...[...this.#written].map(object => this.#keyOf(object)), ...this.#files];
    const errors: unknown[] = [];
    await eachAtOnce(removalsAtOnce, keys, key => store.remove(key).catch((error: unknown) => errors.push(error)));
    if (errors.length > 0) {
      log.warn(
        `${errors.length} objects of the failed backup ${this.id} stay in the ${place.role}; without a manifest they are no backup (${messageOf(errors[0])})`,
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
