import type { Readable } from 'node:stream';
import type { BucketState } from '../bucket.ts';

/** One object as a listing shows it; `key` is relative to the store's root. */
export interface ListedObject {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** What is now stored under a key, after the store itself, or a read of every byte, has confirmed it. */
export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** SHA-256 of the stored bytes, lower-case hex. */
  sha256: string;
  /** How the stored bytes were proven: the store reported our SHA-256, or we read everything back. */
  proof: 'checksum' | 'read-back';
}

export interface PutOptions {
  signal?: AbortSignal;
  contentType?: string;
}

/**
 * A place for objects. Keys are slash-separated, relative to the root that the store's URL names. All methods throw a
 * `Failure` that names the place and the remedy. Nothing here knows what a backup is.
 */
export interface Store {
  /** The place for people: a URL without credentials. */
  readonly location: string;
  /** Throws unless objects under `prefix` can be written now; leaves nothing behind. */
  checkWritable(prefix: string, signal?: AbortSignal): Promise<void>;
  /**
   * Writes one object from a stream of unknown length and proves what was stored. Resolves only when it is durable; on
   * any error, and on abort, nothing remains under the key and no unfinished upload is left.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>;
  /** The bytes of one object. A missing key throws `ObjectMissing`. */
  get(key: string, signal?: AbortSignal): Promise<Readable>;
  /** Size and time of one object, undefined when there is none. */
  stat(key: string, signal?: AbortSignal): Promise<ListedObject | undefined>;
  /** All keys that start with `prefix`, in ascending order of their bytes; a failure half way throws, it never ends the listing early. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** The next path segments below `prefix` (which ends with `/` or is empty), without reading what lies under them. */
  listFolders(prefix: string, signal?: AbortSignal): AsyncIterable<string>;
  /**
   * Removes one object; a missing key is no error. Gives `old version` where the bucket keeps versions and so all of its bytes, and only
   * shows it no more; such a bucket refuses no removal of what is locked.
   */
  remove(key: string): Promise<'gone' | 'old version'>;
  /**
   * Ends unfinished uploads under `prefix` that earlier runs left, all or those that began before a moment; returns how many. The caller
   * knows that none of them belongs to a run that goes on.
   */
  clearUnfinished(prefix: string, signal?: AbortSignal, before?: Date): Promise<number>;
  /** How the bucket is set up around `prefix`, as far as the credentials may see it. Only where the store is a bucket. */
  inspect?(prefix: string, signal?: AbortSignal): Promise<BucketState>;
}
