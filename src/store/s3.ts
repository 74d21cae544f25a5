import type { Readable } from 'node:stream';
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { BucketState } from '../bucket.ts';
import { graceAfter } from './grace.ts';
import { checkKey, checkPrefix } from './key.ts';
import { inspectBucket } from './s3-bucket.ts';
import { S3Connection, type S3Patience } from './s3-connection.ts';
import type { S3Credentials } from './s3-credentials.ts';
import { download } from './s3-download.ts';
import { S3Failure } from './s3-errors.ts';
import { listObjects, listSegments } from './s3-list.ts';
import { clearUploads } from './s3-unfinished.ts';
import { Upload, type Cutting } from './s3-upload.ts';
import type { S3Place } from './s3-url.ts';
import { abortUpload, createUpload, deleteObject } from './s3-writes.ts';
import type { SlabPool } from './slabs.ts';
import type { ListedObject, PutOptions, Store, StoredObject } from './store.ts';

export interface S3Options {
  credentials: S3Credentials | undefined;
  patience: S3Patience;
  pool: SlabPool;
  cutting?: Cutting | undefined;
}

const probeName = '.lifeboat-probe';

/** A store in an S3 bucket. Whoever opens it loads the AWS SDK. */
export function openS3(place: S3Place, options: S3Options): Store {
  return new S3Store(place, options);
}

class S3Store implements Store {
  readonly location: string;
  readonly #connection: S3Connection;
  readonly #options: S3Options;
  #hasBucket = false;

  constructor(place: S3Place, options: S3Options) {
    this.location = place.location;
    this.#options = options;
    this.#connection = new S3Connection(place, options.credentials, options.patience);
  }

  async checkWritable(prefix: string, signal?: AbortSignal): Promise<void> {
    const key = checkPrefix(prefix) + probeName;
    let isUncertain = false;
    const onUncertain = () => void (isUncertain = true);
    const grace = graceAfter(signal, this.#options.patience.cleanupMilliseconds);
    try {
      signal?.throwIfAborted();
      const uploadId = await createUpload(this.#connection, key, { signal: grace.signal, onUncertain });
      await abortUpload(this.#connection, { key, uploadId }, grace.signal);
      if (isUncertain) await clearUploads(this.#connection, { prefix: key, signal: grace.signal });
    } finally {
      grace.end();
    }
    signal?.throwIfAborted();
    this.#hasBucket = true;
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    const { pool, cutting } = this.#options;
    return new Upload(this.#connection, { key: checkKey(key), body, options }, { pool, cutting }).run();
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    return download(this.#connection, checkKey(key), signal);
  }

  async stat(key: string, signal?: AbortSignal): Promise<ListedObject | undefined> {
    const input = this.#connection.bucketKey(checkKey(key));
    try {
      const answer = await this.#connection.run({ operation: 'HeadObject', key, signal }, (client, options) =>
        client.send(new HeadObjectCommand(input), options),
      );
      return { key, sizeBytes: answer.ContentLength ?? 0, modifiedAt: answer.LastModified ?? new Date(0) };
    } catch (error) {
      if (!(error instanceof S3Failure) || error.fault.status !== 404) throw error;
      await this.#checkBucket(signal);
      return undefined;
    }
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject> {
    yield* listObjects(this.#connection, checkPrefix(prefix), signal);
  }

  async *listFolders(prefix: string, signal?: AbortSignal): AsyncIterable<string> {
    yield* listSegments(this.#connection, checkPrefix(prefix), signal);
  }

  async remove(key: string): Promise<'gone' | 'old version'> {
    return (await deleteObject(this.#connection, checkKey(key))) ? 'old version' : 'gone';
  }

  async clearUnfinished(prefix: string, signal?: AbortSignal, before?: Date): Promise<number> {
    return clearUploads(this.#connection, { prefix: checkPrefix(prefix), before, signal });
  }

  async inspect(prefix: string, signal?: AbortSignal): Promise<BucketState> {
    return inspectBucket(this.#connection, checkPrefix(prefix), signal);
  }

  /** The answer to HEAD has no body, so it cannot tell a missing object from a missing bucket, or from much else. */
  async #checkBucket(signal: AbortSignal | undefined): Promise<void> {
    if (this.#hasBucket) return;
    const { bucket, prefix } = this.#connection.place;
    const input = { Bucket: bucket, Prefix: prefix, MaxKeys: 1 };
    try {
      await this.#connection.run({ operation: 'ListObjectsV2', signal }, (client, options) =>
        client.send(new ListObjectsV2Command(input), options),
      );
      this.#hasBucket = true;
    } catch (error) {
      // who may not list is told 403 for a missing object, so this 404 can be believed
      if (!(error instanceof S3Failure) || error.fault.status !== 403) throw error;
    }
  }
}
