import { Transform, type Duplex, type TransformCallback } from 'node:stream';
import { identityToRecipient, type Decrypter } from 'age-encryption';
import { Failure } from '../failure.ts';
import { HeaderReader, readFileKey, recipientKinds, reportNoMatch, writeHeader } from './age-header.ts';
import { checkedRecipients, decrypterOf } from './age-keys.ts';
import { chunkBytes, PayloadOpener, PayloadSealer } from './age-payload.ts';
import type { Decryption, Encryption } from './crypto.ts';
import { WrongKey } from './wrong-key.ts';

export { generateIdentity, parseIdentities, parseRecipients, recipientOf, type KeyPair } from './age-keys.ts';
export { newPassphraseKey, openPassphraseKey } from './age-passphrase.ts';

/** Enough for the neighbours to work while a chunk is in the cipher. */
const bufferBytes = 4 * chunkBytes;

/**
 * Encryption in the format https://age-encryption.org/v1 to recipients `age1…`, `age1pq1…`, `age1tag1…` or
 * `age1tagpq1…`; equal ones are merged. Throws a `Failure` for an empty list and for what is not a recipient.
 */
export function ageEncryption(recipients: readonly string[]): Encryption {
  const checked = checkedRecipients(recipients);
  return {
    scheme: 'age',
    suffix: '.age',
    recipients: checked,
    async encrypt(): Promise<Duplex> {
      const { header, fileKey } = await writeHeader(checked);
      return new AgeEncrypt(header, fileKey);
    },
  };
}

/**
 * Decryption of binary age files by identities `AGE-SECRET-KEY-1…` and `AGE-SECRET-KEY-PQ-1…`. Throws a `Failure` for an
 * empty list and for what is not an identity, without showing any of it. Only authenticated plaintext comes out of the
 * stream, and nothing is complete before the stream has ended without an error: a file can be cut off between chunks.
 */
export function ageDecryption(identities: readonly string[]): Decryption {
  const decrypter = reportNoMatch(decrypterOf(identities));
  return { scheme: 'age', decrypt: () => new AgeDecrypt(header => fileKeyOf(header, decrypter, identities)) };
}

class AgeEncrypt extends Transform {
  readonly #sealer: PayloadSealer;

  constructor(header: Buffer, fileKey: Uint8Array) {
    super({ highWaterMark: bufferBytes });
    this.push(header);
    this.#sealer = new PayloadSealer(fileKey, ciphertext => this.push(ciphertext));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#sealer.write(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#sealer.end();
    done();
  }
}

class AgeDecrypt extends Transform {
  readonly #header = new HeaderReader();
  readonly #fileKeyOf: (header: Buffer) => Promise<Uint8Array>;
  #payload: PayloadOpener | undefined;

  constructor(fileKeyOf: (header: Buffer) => Promise<Uint8Array>) {
    super({ highWaterMark: bufferBytes });
    this.#fileKeyOf = fileKeyOf;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const payload = this.#payload;
    if (payload === undefined) this.#readHeader(chunk).then(() => done(), done);
    else settle(() => payload.write(chunk), done);
  }

  override _flush(done: TransformCallback): void {
    settle(() => {
      if (this.#payload === undefined) throw this.#header.end();
      this.#payload.end();
    }, done);
  }

  async #readHeader(chunk: Buffer): Promise<void> {
    const found = this.#header.push(chunk);
    if (found === undefined) return;
    const fileKey = await this.#fileKeyOf(found.header);
    this.#payload = new PayloadOpener(fileKey, plaintext => this.push(plaintext));
    this.#payload.write(found.rest);
  }
}

/** What `work` throws must reach the stream through its callback. */
function settle(work: () => void, done: TransformCallback): void {
  try {
    work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

async function fileKeyOf(header: Buffer, decrypter: Decrypter, identities: readonly string[]): Promise<Uint8Array> {
  const fileKey = await readFileKey(header, decrypter);
  if (fileKey !== undefined) return fileKey;
  const kinds = [...new Set(recipientKinds(header))];
  if (kinds.join() === 'scrypt') {
    throw new Failure('the age file is encrypted with a passphrase, not to a key', {
      hint: 'decrypt it with the command age, which asks for the passphrase',
    });
  }
  const own = await Promise.all(identities.map(identity => identityToRecipient(identity)));
  const to = kinds.slice(0, mostKindsShown).join(', ').slice(0, mostKindsCharacters);
  throw new WrongKey(
    `the age file is encrypted to another key: none of the identities given fits (it names ${to})`,
    `the identities given belong to ${own.map(shortened).join(', ')}; find the one for a recipient in the manifest`,
  );
}

/** A file of somebody else's may name anything as its recipients. */
const mostKindsShown = 5;
const mostKindsCharacters = 100;

/** A post-quantum recipient has two thousand characters. */
function shortened(recipient: string): string {
  return recipient.length <= 70 ? recipient : `${recipient.slice(0, 24)}…`;
}
