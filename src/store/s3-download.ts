import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { ObjectMissing } from './missing.ts';
import { pauseCeilingMilliseconds, type S3Connection } from './s3-connection.ts';
import { S3Failure } from './s3-errors.ts';
import { faultOf } from './s3-fault.ts';

/** A download that moved on by so much before it broke again has not failed in vain. */
const worthwhileBytes = 1024 * 1024;
/** Other codes come with 404 too: `NoSuchBucket`, and refused credentials in some stores. */
const missingCodes = new Set(['NoSuchKey', 'NotFound']);

/** The bytes of one object, whole: a connection that breaks is taken up again where it broke, as long as the object is the same. */
export async function download(connection: S3Connection, key: string, signal?: AbortSignal): Promise<Readable> {
  const opened = new Download(connection, key, signal);
  try {
    await opened.open();
  } catch (error) {
    opened.destroy();
    throw error;
  }
  return opened;
}

class Download extends Readable {
  readonly #connection: S3Connection;
  readonly #key: string;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  #body: Readable | undefined;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #etag: string | undefined;
  /** Size of the whole object, undefined when the store does not say. */
  #sizeBytes: number | undefined;
  #offset = 0;
  #brokeAt = 0;
  #fruitlessTries = 0;

  constructor(connection: S3Connection, key: string, signal: AbortSignal | undefined) {
    super({ highWaterMark: worthwhileBytes });
    this.#connection = connection;
    this.#key = key;
    this.#signal = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
  }

  async open(): Promise<void> {
    const request = { operation: 'GetObject', key: this.#key, signal: this.#signal } as const;
    const answer = await this.#connection
      .run(request, (client, options) => client.send(new GetObjectCommand(this.#input()), options))
      .catch((error: unknown) => this.#explain(error));
    const body = answer.Body as Readable;
    body.on('error', () => {}); // the iterator tells it too, when it is asked
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    if (this.destroyed) body.destroy();
    if (this.#offset > 0 && !answer.ContentRange?.startsWith(`bytes ${this.#offset}-`)) {
      throw new Failure(`cannot read on in ${this.#object()}: the store ignores ranges`);
    }
    this.#etag = answer.ETag;
    this.#sizeBytes = sizeOf(answer);
  }

  override _read(): void {
    this.#next().then(
      chunk => this.push(chunk ?? null),
      (error: unknown) => this.destroy(this.#signal.aborted ? (this.#signal.reason as Error) : (error as Error)),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ended.abort();
    this.#body?.destroy();
    done(error);
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      try {
        const result = await this.#chunks?.next();
        if (result && !result.done) {
          this.#offset += result.value.length;
          return result.value;
        }
        if (this.#sizeBytes === undefined || this.#offset === this.#sizeBytes) return undefined;
        throw new Error(`${this.#offset} of ${this.#sizeBytes} bytes came`);
      } catch (error) {
        await this.#takeUp(error);
      }
    }
  }

  /** Opens the rest after the connection broke, unless it keeps breaking at once. */
  async #takeUp(error: unknown): Promise<void> {
    this.#signal.throwIfAborted();
    this.#fruitlessTries = this.#offset - this.#brokeAt >= worthwhileBytes ? 1 : this.#fruitlessTries + 1;
    this.#brokeAt = this.#offset;
    const { tries, wait } = this.#connection.patience;
    if (this.#fruitlessTries >= tries) throw this.#givenUp(error);
    await wait(Math.random() * pauseCeilingMilliseconds(this.#fruitlessTries), this.#signal);
    await this.open();
  }

  #input() {
    const place = this.#connection.bucketKey(this.#key);
    if (this.#offset === 0) return place;
    return { ...place, Range: `bytes=${this.#offset}-`, ...(this.#etag === undefined ? {} : { IfMatch: this.#etag }) };
  }

  #explain(error: unknown): never {
    if (!(error instanceof S3Failure)) throw error;
    const isMissing = error.fault.status === 404 && missingCodes.has(error.fault.code);
    if (isMissing) throw new ObjectMissing(this.#key, this.#connection.place.location);
    if (error.fault.status === 412) throw new Failure(`${this.#object()} changed while it was read`);
    throw error;
  }

  #givenUp(error: unknown): Failure {
    const { code, message } = faultOf(error);
    return new Failure(`cannot read ${this.#object()}: the connection keeps breaking (${code}: ${message})`, {
      hint: 'check the network between this machine and the store',
    });
  }

  #object(): string {
    return `object ${this.#key} in ${this.#connection.place.location}`;
  }
}

function sizeOf({ ContentLength, ContentRange }: GetObjectCommandOutput): number | undefined {
  const total = /\/([0-9]+)$/.exec(ContentRange ?? '')?.[1];
  return total === undefined ? ContentLength : Number(total);
}
