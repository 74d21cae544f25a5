import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import type { TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { openStore, type OpenOptions } from '../../src/store/open.ts';
import type { S3Patience } from '../../src/store/s3-connection.ts';
import type { Store } from '../../src/store/store.ts';
import { digest } from '../../src/streams.ts';
import { startS3Proxy, type S3Proxy } from '../support/s3-proxy.ts';
import { needsS3, type S3Server } from '../support/s3-server.ts';

export const mebibyte = 1024 * 1024;

/** A store on a real server, behind a proxy that can do harm. */
export interface Trial {
  server: S3Server;
  proxy: S3Proxy;
  store: Store;
  /** The pauses between tries that were asked for, in milliseconds; none is waited for. */
  pauses: number[];
  /** Another store over the same server. */
  open: (url: string, options?: OpenOptions) => Store;
  /** Nothing is under the key, and no upload is unfinished. */
  assertNothingLeft(): Promise<void>;
}

const bucket = 'lifeboat';

/** Opens a trial, or undefined after the test was marked as skipped. */
export async function openTrial(t: TestContext, patience: Partial<S3Patience> = {}): Promise<Trial | undefined> {
  const server = await needsS3(t, { buckets: [bucket] });
  if (!server) return undefined;
  const proxy = await startS3Proxy(server);
  t.after(() => proxy.stop());
  const pauses: number[] = [];
  const wait: S3Patience['wait'] = async (milliseconds, signal) => {
    pauses.push(milliseconds);
    signal?.throwIfAborted();
  };
  const open: Trial['open'] = (url, options = {}) =>
    openStore(url, {
      credentials: server.credentials,
      ...options,
      patience: { wait, ...patience, ...options.patience },
    });
  return {
    server,
    proxy,
    pauses,
    open,
    store: open(server.url(bucket, 'backups', proxy.endpoint)),
    assertNothingLeft: async () => {
      assert.deepEqual(await server.keys(bucket), []);
      assert.deepEqual(await server.uploads(bucket), []);
    },
  };
}

/** Bytes that never repeat within 4 MiB, always the same for a size, in chunks of at most 12 MiB. */
export class Body implements AsyncIterable<Uint8Array> {
  /** How often the reader told that it reads no more, or read to the end. */
  closed = 0;
  readBytes = 0;
  readonly sizeBytes: number;
  readonly #chunkBytes: number;

  constructor(sizeBytes: number, chunkBytes = 65_536) {
    this.sizeBytes = sizeBytes;
    this.#chunkBytes = chunkBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (this.readBytes < this.sizeBytes) {
        const offset = this.readBytes % periodBytes;
        const size = Math.min(this.#chunkBytes, this.sizeBytes - this.readBytes);
        this.readBytes += size;
        yield blocks.subarray(offset, offset + size);
      }
    } finally {
      this.closed++;
    }
  }

  /** What the whole body hashes to, lower-case hex. */
  async sha256(): Promise<string> {
    return (await digest(new Body(this.sizeBytes))).sha256;
  }
}

const periodBytes = 4 * mebibyte;
/** One block four times, so that chunks of up to 12 MiB may start anywhere in the first. */
const blocks = Buffer.alloc(
  4 * periodBytes,
  createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16)).update(Buffer.alloc(periodBytes)),
);

/** Awaits work that must fail with a `Failure` whose message, and hint, match. Returns the failure. */
export async function assertFails(work: Promise<unknown>, message: RegExp, hint?: RegExp): Promise<Failure> {
  const error = await failureOf(work);
  assert.ok(error instanceof Failure, `not a Failure: ${String(error.stack)}`);
  assert.match(error.message, message);
  assert.doesNotMatch(`${error.message} ${error.hint ?? ''}`, /undefined|AKIDLIFEBOATTEST|secret-of-the-test-server/);
  if (hint) assert.match(error.hint ?? '', hint);
  return error;
}

/** The error that work ends with, which must not go well. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, 'it went well');
  return error;
}

/** All that an iteration yields. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** All keys of a listing. */
export async function keysOf(store: Store, prefix = ''): Promise<string[]> {
  return (await all(store.list(prefix))).map(({ key }) => key);
}
