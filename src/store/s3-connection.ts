import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Failure, messageOf } from '../failure.ts';
import { identityOf, secretsOf, type S3Credentials } from './s3-credentials.ts';
import { explain, type S3Call } from './s3-errors.ts';
import { faultOf, isNetworkFault, isUncertain, triesFor } from './s3-fault.ts';
import type { S3Place } from './s3-url.ts';

/** How long we wait for a store, in milliseconds. */
export interface S3Patience {
  connectMilliseconds: number;
  /** A connection on which no byte moves for so long is given up. */
  idleMilliseconds: number;
  /** The same while the store puts the parts of a large object together, which takes minutes in some. */
  completionMilliseconds: number;
  /** For ending what a failed upload left. */
  cleanupMilliseconds: number;
  /** Requests in all, the first included. */
  tries: number;
  /** The pause between two tries; rejects when the signal aborts. */
  wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export interface S3Request extends S3Call {
  signal?: AbortSignal | undefined;
  /** The store may take minutes to answer. */
  isSlow?: boolean;
  /** Told of each try that may have been carried out although no success was heard of. */
  onUncertain?: () => void;
}

/** What a request hands to `client.send` as its second argument. */
export interface SendOptions {
  abortSignal?: AbortSignal;
}

const firstPauseMilliseconds = 3_000;
const longestPauseMilliseconds = 40_000;

/** The longest pause after so many failed tries, in milliseconds; the pause itself is drawn evenly between 0 and this. */
export function pauseCeilingMilliseconds(failedTries: number): number {
  return Math.min(longestPauseMilliseconds, firstPauseMilliseconds * 2 ** (failedTries - 1));
}

/**
 * Sends requests to one bucket. The only place that tries again: the SDK's own retries are off. Throws an `S3Failure` that names
 * what could not be done, or the reason of the signal.
 */
export class S3Connection {
  readonly place: S3Place;
  readonly patience: S3Patience;
  /** False once the store has refused SHA-256 checksums as request headers. */
  acceptsChecksums = true;
  #hasAnswered = false;
  readonly #client: S3Client;
  readonly #slowClient: S3Client;
  readonly #secrets: readonly string[];

  constructor(place: S3Place, credentials: S3Credentials | undefined, patience: S3Patience) {
    this.place = place;
    this.patience = patience;
    this.#secrets = secretsOf(credentials);
    const config = clientConfig(place, credentials);
    const { connectMilliseconds, idleMilliseconds, completionMilliseconds } = patience;
    this.#client = client(config, connectMilliseconds, idleMilliseconds);
    this.#slowClient = client(config, connectMilliseconds, completionMilliseconds);
  }

  /** The same place, asked without credentials. */
  anonymous(): S3Connection {
    return new S3Connection(this.place, 'anonymous', this.patience);
  }

  /** The full key in the bucket of a key below the store's root. */
  bucketKey(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.place.bucket, Key: this.place.prefix + key };
  }

  /** `send` is called once per try and must build its command anew each time. */
  async run<T>(request: S3Request, send: (client: S3Client, options: SendOptions) => Promise<T>): Promise<T> {
    const { signal, isSlow = false, onUncertain } = request;
    let isAnyUncertain = false;
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      try {
        const answer = await send(isSlow ? this.#slowClient : this.#client, signal ? { abortSignal: signal } : {});
        this.#hasAnswered = true;
        return answer;
      } catch (error) {
        if (signal?.aborted) onUncertain?.();
        signal?.throwIfAborted();
        const fault = this.#faultOf(error);
        if (isUncertain(fault)) {
          isAnyUncertain = true;
          onUncertain?.();
        }
        if (tries >= triesFor(fault, this.patience.tries, this.#hasAnswered)) {
          throw explain(request, this.place, { fault, tries, isUncertain: isAnyUncertain });
        }
        if (fault.status !== undefined) this.#hasAnswered = true;
      }
      await this.patience.wait(Math.random() * pauseCeilingMilliseconds(tries), signal);
    }
  }

  #faultOf(error: unknown) {
    if (error instanceof Failure) throw error;
    const fault = faultOf(error);
    if (fault.code === 'CredentialsProviderError') throw noCredentials(this.place, error);
    if (fault.message === 'Region is missing') {
      throw new Failure(`no region is known for ${this.place.location}`, { hint: 'put region=… into the store URL' });
    }
    // not about the request at all: a defect of ours, or of the SDK
    if (fault.status === undefined && !isNetworkFault(fault)) throw error;
    return { ...fault, message: this.#scrub(fault.message) };
  }

  #scrub(text: string): string {
    return this.#secrets.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text);
  }
}

function clientConfig(place: S3Place, credentials: S3Credentials | undefined): S3ClientConfig {
  const identity = identityOf(credentials, place.region);
  return {
    ...(place.region === undefined ? {} : { region: place.region }),
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    ...(identity === undefined ? {} : { credentials: identity }),
    ...(credentials === 'anonymous' ? { signer: { sign: async request => request } } : {}),
    forcePathStyle: place.hasPathStyle,
    // R2, B2, Ceph and others refuse the CRC32 that the SDK adds of its own; we send and check SHA-256 ourselves
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // waiting for it costs a round trip per part, and the SDK opens a new connection for each such request
    expectContinueHeader: false,
    followRegionRedirects: false,
    // a wrong clock would also go into the names of backups, so it must be seen
    disableClockSkewCorrection: true,
    maxAttempts: 1,
    retryMode: 'standard',
  };
}

function client(config: S3ClientConfig, connectMilliseconds: number, idleMilliseconds: number): S3Client {
  const made = new S3Client({
    ...config,
    requestHandler: { connectionTimeout: connectMilliseconds, socketTimeout: idleMilliseconds },
  });
  // the SDK's own would warn on the console of bodies that are streams; the name must stay, because others stand behind it
  const once = { name: 'retryMiddleware', step: 'finalizeRequest', priority: 'high', override: true } as const;
  made.middlewareStack.add(next => next, once);
  return made;
}

function noCredentials({ location, inputPrefix: of = '' }: S3Place, error: unknown): Failure {
  return new Failure(`no credentials for ${location}: ${messageOf(error)}`, {
    hint: `give ${of}access-key-id and ${of}secret-access-key, or ${of}role-to-assume`,
  });
}
