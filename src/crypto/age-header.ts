import { Encrypter, type Decrypter } from 'age-encryption';
import { Failure, wrongInput } from '../failure.ts';
import { nonceBytes, tagBytes } from './age-payload.ts';

/** Far above any real header: about 2,600 recipients, or 160 post-quantum ones. */
export const mostHeaderBytes = 256 * 1024;

/** Where every age file begins, https://age-encryption.org/v1. */
const firstLine = Buffer.from('age-encryption.org/v1\n');
const anyVersion = Buffer.from('age-encryption.org/');
const armor = Buffer.from('-----BEGIN AGE ENCRYPTED FILE-----');

/** The header of a new age file, and the 16-byte secret that its payload is encrypted with. */
export interface WrittenHeader {
  header: Buffer;
  fileKey: Uint8Array;
}

/** Writes the header of a new age file to `recipients`; a `Failure` if it would be larger than `mostHeaderBytes`. */
export async function writeHeader(recipients: readonly string[]): Promise<WrittenHeader> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // the library makes whole files only: of an empty one we keep the header, and overhear its file key
  let fileKey = new Uint8Array();
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const emptyFile = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  const header = emptyFile.subarray(0, -(nonceBytes + tagBytes));
  if (header.length > mostHeaderBytes) throw wrongInput('recipients', 'lists more recipients than a header may hold');
  return { header, fileKey };
}

/** Collects the header of an age file from the chunks that the file arrives in. */
export class HeaderReader {
  #bytes: Buffer = Buffer.alloc(0);

  /**
   * Takes the next bytes of the file. Once the header is whole: it, and the bytes that came after it. Throws a `Failure`
   * as soon as it cannot become one, or is longer than `mostHeaderBytes`.
   */
  push(chunk: Buffer): { header: Buffer; rest: Buffer } | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    refuseOtherFormats(this.#bytes);
    const lastLine = this.#bytes.indexOf('\n---');
    const end = lastLine < 0 ? -1 : this.#bytes.indexOf('\n', lastLine + 1);
    const sizeBytes = end < 0 ? this.#bytes.length : end + 1;
    if (sizeBytes > mostHeaderBytes)
      throw new Failure(`the age file has a header of more than ${mostHeaderBytes} bytes`);
    return end < 0 ? undefined : { header: this.#bytes.subarray(0, sizeBytes), rest: this.#bytes.subarray(sizeBytes) };
  }

  /** Why the file that ended here is refused. */
  end(): Failure {
    if (this.#bytes.length === 0) return new Failure('the age file is empty');
    return new Failure('the age file is cut off in its header');
  }
}

/** The kinds of the recipients that a header names, in order (`X25519`, `mlkem768x25519`, `scrypt`, …). */
export function recipientKinds(header: Buffer): string[] {
  return [...header.toString('latin1').matchAll(/^-> (\S+)/gm)].map(match => match[1] ?? '');
}

/**
 * The file key of a header, by the identities or the passphrase that `decrypter` holds; undefined if none of them fits.
 * `decrypter` must have been through `reportNoMatch`. Throws a `Failure` if the header is damaged.
 */
export async function readFileKey(header: Buffer, decrypter: Decrypter): Promise<Uint8Array | undefined> {
  const kinds = recipientKinds(header);
  try {
    if (kinds.includes('scrypt') && kinds.length > 1) throw new Error('a passphrase must be the only recipient');
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (error instanceof NoMatch) return undefined;
    throw new Failure(`the age file has a damaged header: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes `decrypter` tell a header that none of its identities fits from a damaged one; call it after they were added. */
export function reportNoMatch(decrypter: Decrypter): Decrypter {
  decrypter.addIdentity({
    unwrapFileKey() {
      throw new NoMatch();
    },
  });
  return decrypter;
}

class NoMatch extends Error {}

function refuseOtherFormats(start: Buffer): void {
  if (beginsLike(start, firstLine)) return;
  if (beginsLike(start, armor)) {
    if (start.length < armor.length) return;
    throw new Failure('the age file is armored, which is the form for pasting it as text', {
      hint: 'decrypt it with the command age, which reads both forms: age --decrypt -i key.txt',
    });
  }
  if (beginsLike(start, anyVersion)) {
    throw new Failure('the age file is of a version other than v1', { hint: 'decrypt it with a current age command' });
  }
  throw new Failure('the object is not an age file', { hint: 'check that it is the object you mean' });
}

/** Whether one begins with the other, as far as both go. */
function beginsLike(start: Buffer, other: Buffer): boolean {
  const sizeBytes = Math.min(start.length, other.length);
  return start.subarray(0, sizeBytes).equals(other.subarray(0, sizeBytes));
}
