import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { graceAfter } from './grace.ts';
import { PartCutter, type Part } from './parts.ts';
import { evenPartSizeBytes, mostParts, partSizeBytes } from './part-size.ts';
import type { S3Connection } from './s3-connection.ts';
import { prove } from './s3-proof.ts';
import { clearUploads } from './s3-unfinished.ts';
import { abortUpload, completeUpload, createUpload, deleteObject, putObject, uploadPart } from './s3-writes.ts';
import type { SlabLease, SlabPool } from './slabs.ts';
import { Source } from './source.ts';
import type { PutOptions, StoredObject } from './store.ts';

/** How bodies are cut: `partSizeBytes` as in part-size.ts, and how many parts an object may have. */
export interface Cutting {
  partSizeBytes: (partNumber: number) => number;
  mostParts: number;
}

const usualCutting: Cutting = { partSizeBytes, mostParts };
const evenCutting: Cutting = { partSizeBytes: () => evenPartSizeBytes, mostParts };
const wantsEvenParts = /^https:\/\/[^/]+\.r2\.cloudflarestorage\.com(?=[:/]|$)/i;

/** How a store wants its objects cut. */
export function cuttingFor(endpoint: string | undefined): Cutting {
  return wantsEvenParts.test(endpoint ?? '') ? evenCutting : usualCutting;
}
const partsAtOnce = 3;
/** How long a store may go on with a request whose connection is gone. */
const settleMilliseconds = 200;

/**
 * Puts one body under one key and proves it. Small bodies go in one request, others in parts, some at once. After any failure no
 * unfinished upload is left, nor an object, as far as the store still answers.
 */
export class Upload {
  readonly #connection: S3Connection;
  readonly #key: string;
  readonly #contentType: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #lease: SlabLease;
  readonly #source: Source;
  readonly #cutter: PartCutter;
  readonly #mostParts: number;
  readonly #flights = new Set<Promise<void>>();
  readonly #failed = new AbortController();
  readonly #partSignal: AbortSignal;
  readonly #completed: CompletedPart[] = [];
  readonly #digests: Buffer[] = [];
  #uploadId: string | undefined;
  #mayExist = false;
  #isWritten = false;
  #mayHaveStrayUploads = false;
  #hasCutPart = false;

  constructor(
    connection: S3Connection,
    object: { key: string; body: AsyncIterable<Uint8Array>; options: PutOptions },
    { pool, cutting = cuttingFor(connection.place.endpoint) }: { pool: SlabPool; cutting?: Cutting | undefined },
  ) {
    const { key, body, options } = object;
    this.#connection = connection;
    this.#key = key;
    this.#contentType = options.contentType;
    this.#signal = options.signal;
    this.#partSignal = options.signal ? AbortSignal.any([options.signal, this.#failed.signal]) : this.#failed.signal;
    this.#lease = pool.lease();
    this.#source = new Source(body, options.signal);
    this.#cutter = new PartCutter(this.#source, this.#lease, cutting.partSizeBytes);
    this.#mostParts = cutting.mostParts;
  }

  async run(): Promise<StoredObject> {
    try {
      const stored = await this.#putAndProve();
      if (this.#mayHaveStrayUploads) await this.#clearStrayUploads();
      return stored;
    } catch (error) {
      this.#failed.abort(error);
      // a part that was cut off may still be written by the store, which brings an ended upload back
      this.#mayHaveStrayUploads ||= this.#flights.size > 0 || this.#hasCutPart;
      await Promise.all(this.#flights);
      await this.#undo();
      throw error;
    } finally {
      await this.#source.close();
      this.#lease.close();
    }
  }

  async #putAndProve(): Promise<StoredObject> {
    const first = await this.#cutter.next();
    const { checksum, reported } = first.isLast ? await this.#putWhole(first) : await this.#putParts(first);
    const claim = {
      key: this.#key,
      sizeBytes: this.#cutter.sizeBytes,
      sha256: this.#cutter.sha256(),
      checksum,
      reported,
    };
    return prove(this.#connection, claim, this.#signal);
  }

  async #putWhole(part: Part) {
    const reported = await putObject(this.#connection, this.#key, part, {
      contentType: this.#contentType,
      signal: this.#signal,
      onUncertain: () => (this.#mayExist = true),
    });
    this.#mayExist = this.#isWritten = true;
    return { checksum: part.sha256.toString('base64'), reported };
  }

  async #putParts(first: Part) {
    const uploadId = await this.#create();
    for (let part = first; ; part = await this.#cutter.next()) {
      while (this.#flights.size >= partsAtOnce) await this.#source.until(Promise.race(this.#flights));
      this.#launch(part, uploadId);
      if (part.isLast) break;
      if (part.number === this.#mostParts) throw this.#tooLarge();
    }
    await this.#source.until(Promise.all(this.#flights));
    const reported = await completeUpload(
      this.#connection,
      { key: this.#key, uploadId, parts: this.#completed },
      { signal: this.#signal, onUncertain: () => (this.#mayExist = this.#mayHaveStrayUploads = true) },
    );
    this.#uploadId = undefined;
    this.#mayExist = this.#isWritten = true;
    return { checksum: compositeOf(this.#digests), reported };
  }

  async #create(): Promise<string> {
    // its answer is what lets us end the upload, so an abort waits for it a little
    const grace = graceAfter(this.#signal, this.#connection.patience.cleanupMilliseconds);
    try {
      this.#uploadId = await createUpload(this.#connection, this.#key, {
        contentType: this.#contentType,
        signal: grace.signal,
        onUncertain: () => (this.#mayHaveStrayUploads = true),
      });
    } finally {
      grace.end();
    }
    this.#signal?.throwIfAborted();
    return this.#uploadId;
  }

  /** Sends a part beside the reading; its failure ends the reading. */
  #launch(part: Part, uploadId: string): void {
    const signal = this.#partSignal;
    this.#lease.partStarts();
    this.#digests[part.number - 1] = part.sha256;
    const flight = uploadPart(this.#connection, { key: this.#key, uploadId, part, signal })
      .then(
        completed => void (this.#completed[part.number - 1] = completed),
        (error: unknown) => {
          this.#hasCutPart = true;
          this.#source.interrupt(error);
          this.#failed.abort(error);
        },
      )
      .finally(() => {
        this.#lease.partEnds(part.slabs);
        this.#flights.delete(flight);
      });
    this.#flights.add(flight);
  }

  /** Takes back what was written; the failure that led here is what people must see, so nothing is thrown. */
  async #undo(): Promise<void> {
    const signal = AbortSignal.timeout(this.#connection.patience.cleanupMilliseconds);
    const upload = { key: this.#key, uploadId: this.#uploadId ?? '' };
    if (this.#uploadId !== undefined) await abortUpload(this.#connection, upload, signal).catch(() => {});
    if (this.#mayHaveStrayUploads) await this.#clearStrayUploads();
    if (!this.#mayExist) return;
    if (!this.#isWritten) await pause(settleMilliseconds);
    await deleteObject(this.#connection, this.#key, signal).catch(() => {});
  }

  /** Ends uploads of this key whose start we did not hear of, or that came back; looks again as long as there are any. */
  async #clearStrayUploads(): Promise<void> {
    const signal = AbortSignal.timeout(this.#connection.patience.cleanupMilliseconds);
    const isOurs = (key: string) => key === this.#key;
    try {
      let cleared: number;
      do {
        await pause(settleMilliseconds);
        cleared = await clearUploads(this.#connection, { prefix: this.#key, accepts: isOurs, signal });
      } while (cleared > 0);
    } catch {
      // the next run of clearUnfinished sees to it
    }
  }

  #tooLarge(): Failure {
    const gigabytes = Math.floor(this.#cutter.sizeBytes / 1e9);
    const { location } = this.#connection.place;
    return new Failure(
      `object ${this.#key} is larger than ${gigabytes} GB, the most that ${location} takes in one object`,
      {
        hint: 'split it, for example by a higher number of jobs or by tables',
      },
    );
  }
}

/** S3's checksum of an object made of parts: the digest of the parts' digests, and their number. */
function compositeOf(digests: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest);
  return `${hash.digest('base64')}-${digests.length}`;
}
