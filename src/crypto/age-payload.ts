import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { Failure } from '../failure.ts';

/** Plaintext bytes of every chunk but the last, https://age-encryption.org/v1. */
export const chunkBytes = 64 * 1024;
/** Bytes that each chunk grows by: the tag of ChaCha20-Poly1305. */
export const tagBytes = 16;
/** Bytes between header and first chunk. */
export const nonceBytes = 16;

const cipherName = 'chacha20-poly1305';
/** Above this many pieces one copy is cheaper than a call of the cipher for each. */
const mostPieces = 8;

/** Takes the bytes that are ready to be handed on, in order. */
export type Emit = (bytes: Buffer) => void;

/**
 * Encrypts the payload of one age file: bytes in by `write`, then once `end`; everything after the header comes out of
 * `emit`, the nonce first. At most one chunk, and what `write` was given last, are held.
 */
export class PayloadSealer {
  readonly #pending = new Pieces();
  readonly #nonce = randomBytes(nonceBytes);
  readonly #key: KeyObject;
  readonly #counter = new ChunkCounter();
  readonly #emit: Emit;

  constructor(fileKey: Uint8Array, emit: Emit) {
    this.#key = payloadKey(fileKey, this.#nonce);
    this.#emit = emit;
    emit(this.#nonce);
  }

  write(plaintext: Buffer): void {
    this.#pending.push(plaintext);
    // a full chunk waits for the next byte, because the last chunk is marked and may be full
    while (this.#pending.sizeBytes > chunkBytes) this.#seal(chunkBytes, false);
  }

  end(): void {
    this.#seal(this.#pending.sizeBytes, true);
  }

  #seal(sizeBytes: number, isLast: boolean): void {
    const cipher = createCipheriv(cipherName, this.#key, this.#counter.nonce(isLast), { authTagLength: tagBytes });
    for (const piece of this.#pending.take(sizeBytes)) this.#emit(cipher.update(piece));
    cipher.final();
    this.#emit(cipher.getAuthTag());
    this.#counter.next();
  }
}

/**
 * Decrypts the payload of one age file: bytes after the header in by `write`, then once `end`; plaintext comes out of
 * `emit`, each chunk only after its tag was found right. Both throw a `Failure` for damage and truncation, which names
 * about where in the plaintext.
 */
export class PayloadOpener {
  readonly #pending = new Pieces();
  readonly #fileKey: Uint8Array;
  readonly #counter = new ChunkCounter();
  readonly #emit: Emit;
  #key: KeyObject | undefined;

  constructor(fileKey: Uint8Array, emit: Emit) {
    this.#fileKey = fileKey;
    this.#emit = emit;
  }

  write(ciphertext: Buffer): void {
    this.#pending.push(ciphertext);
    if (this.#key === undefined) {
      if (this.#pending.sizeBytes < nonceBytes) return;
      this.#key = payloadKey(this.#fileKey, Buffer.concat(this.#pending.take(nonceBytes)));
    }
    while (this.#pending.sizeBytes > chunkBytes + tagBytes) this.#open(this.#key, chunkBytes, false);
  }

  end(): void {
    const sizeBytes = this.#pending.sizeBytes - tagBytes;
    if (this.#key === undefined || sizeBytes < 0) throw truncated(this.#offsetBytes());
    this.#open(this.#key, sizeBytes, true);
  }

  #open(key: KeyObject, sizeBytes: number, isLast: boolean): void {
    const chunk = { pieces: this.#pending.take(sizeBytes), tag: Buffer.concat(this.#pending.take(tagBytes)) };
    const plaintext = decrypted(chunk, key, this.#counter.nonce(isLast));
    if (plaintext === undefined) throw this.#refusal(key, chunk, isLast);
    if (isLast && sizeBytes === 0 && this.#counter.index > 0) throw damaged(this.#offsetBytes());
    plaintext.forEach(this.#emit);
    this.#counter.next();
  }

  /** A full chunk that fits only with the other mark is a good one that was moved to or from the end. */
  #refusal(key: KeyObject, chunk: Chunk, isLast: boolean): Failure {
    const offsetBytes = this.#offsetBytes();
    const plaintext = decrypted(chunk, key, this.#counter.nonce(!isLast)) ?? [];
    const endBytes = offsetBytes + chunkBytes;
    if (plaintext.reduce((sum, piece) => sum + piece.length, 0) === chunkBytes) {
      plaintext.forEach(this.#emit);
      return isLast ? truncated(endBytes) : continued(endBytes);
    }
    return isLast ? truncatedOrDamaged(offsetBytes) : damaged(offsetBytes);
  }

  #offsetBytes(): number {
    return this.#counter.index * chunkBytes;
  }
}

interface Chunk {
  pieces: Buffer[];
  tag: Buffer;
}

/** The plaintext of a chunk in pieces; undefined if its tag is not right. */
function decrypted(chunk: Chunk, key: KeyObject, nonce: Buffer): Buffer[] | undefined {
  const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(chunk.tag);
  const plaintext = chunk.pieces.map(piece => decipher.update(piece));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

/** Counts chunks and writes their nonces: 11 bytes big-endian, then 1 for the last chunk and else 0. */
class ChunkCounter {
  readonly #nonce = Buffer.alloc(12);
  index = 0;

  next(): void {
    this.index += 1;
  }

  nonce(isLast: boolean): Buffer {
    this.#nonce.writeUIntBE(this.index, 5, 6);
    this.#nonce[11] = isLast ? 1 : 0;
    return this.#nonce;
  }
}

/** Buffers in a row, cut anew without copying them. */
class Pieces {
  #pieces: Buffer[] = [];
  sizeBytes = 0;

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.sizeBytes += piece.length;
  }

  /** The first `sizeBytes`, which must be there. */
  take(sizeBytes: number): Buffer[] {
    let count = 0;
    let missing = sizeBytes;
    while (missing > 0) {
      const piece = this.#pieces[count] as Buffer;
      if (piece.length > missing) break;
      missing -= piece.length;
      count += 1;
    }
    const taken = this.#pieces.splice(0, count);
    const cut = this.#pieces[0];
    if (missing > 0 && cut !== undefined) {
      taken.push(cut.subarray(0, missing));
      this.#pieces[0] = cut.subarray(missing);
    }
    this.sizeBytes -= sizeBytes;
    return taken.length > mostPieces ? [Buffer.concat(taken)] : taken;
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32)));
}

function truncated(offsetBytes: number): Failure {
  return new Failure(`the age file is cut off after about byte ${offsetBytes} of its content`, { hint: fetchAgain });
}

function truncatedOrDamaged(offsetBytes: number): Failure {
  const where = `in its last part, after byte ${offsetBytes} of its content`;
  return new Failure(`the age file is cut off or damaged ${where}`, { hint: fetchAgain });
}

function damaged(offsetBytes: number): Failure {
  return new Failure(`the age file is damaged at about byte ${offsetBytes} of its content`, { hint: fetchAgain });
}

function continued(offsetBytes: number): Failure {
  const message = `the age file goes on after its end, which is at about byte ${offsetBytes} of its content`;
  return new Failure(message, { hint: fetchAgain });
}

const fetchAgain =
  'fetch the object again, from another replica if there is one, and compare its SHA-256 with the manifest';
