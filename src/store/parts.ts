import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { slabBytes, type SlabLease } from './slabs.ts';
import type { Source } from './source.ts';

/** A piece of an object, held in memory until the store has it. */
export interface Part {
  /** Counted from 1. */
  number: number;
  sizeBytes: number;
  /** SHA-256 of the part. */
  sha256: Buffer;
  slabs: readonly Buffer[];
  /** Nothing comes after it. */
  isLast: boolean;
}

/** A fresh request body with the bytes of a part; each try needs one. */
export function bodyOf({ slabs, sizeBytes }: Part): Buffer | Readable {
  const filled = slabs.map((slab, index) => slab.subarray(0, Math.min(slabBytes, sizeBytes - index * slabBytes)));
  return filled.length === 1 ? (filled[0] as Buffer) : Readable.from(filled);
}

/** Cuts a body into parts: each byte is copied once, into slabs, and hashed twice, for its part and for the whole. */
export class PartCutter {
  readonly #source: Source;
  readonly #lease: SlabLease;
  readonly #sizeOfPart: (number: number) => number;
  readonly #whole = createHash('sha256');
  /** Bytes that were read but belong to the next part. */
  #rest: Uint8Array | undefined;
  #number = 0;
  #sizeBytes = 0;

  constructor(source: Source, lease: SlabLease, sizeOfPart: (number: number) => number) {
    this.#source = source;
    this.#lease = lease;
    this.#sizeOfPart = sizeOfPart;
  }

  /** Bytes of all parts so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Ends the counting: SHA-256 of all parts, lower-case hex. */
  sha256(): string {
    return this.#whole.digest('hex');
  }

  /** The next part, full unless it is the last; an empty body is one empty part. Its slabs belong to the caller from then on. */
  async next(): Promise<Part> {
    const number = ++this.#number;
    const filling = { slabs: [] as Buffer[], sizeBytes: 0, hash: createHash('sha256') };
    const limitBytes = this.#sizeOfPart(number);
    this.#rest ??= await this.#source.next();
    while (this.#rest !== undefined && filling.sizeBytes < limitBytes) {
      this.#rest = await this.#fill(filling, this.#rest, limitBytes);
      // read on even when the part is full: only then is it known whether it is the last
      this.#rest ??= await this.#source.next();
    }
    this.#sizeBytes += filling.sizeBytes;
    const { slabs, sizeBytes, hash } = filling;
    return { number, slabs, sizeBytes, sha256: hash.digest(), isLast: this.#rest === undefined };
  }

  /** Takes what fits of a chunk; returns what is left of it. */
  async #fill(filling: Filling, chunk: Uint8Array, limitBytes: number): Promise<Uint8Array | undefined> {
    const taken = chunk.subarray(0, limitBytes - filling.sizeBytes);
    this.#whole.update(taken);
    filling.hash.update(taken);
    for (let done = 0; done < taken.length;) {
      const offset = filling.sizeBytes % slabBytes;
      if (offset === 0) filling.slabs.push(await this.#source.until(this.#lease.take()));
      const piece = taken.subarray(done, done + slabBytes - offset);
      filling.slabs.at(-1)?.set(piece, offset);
      filling.sizeBytes += piece.length;
      done += piece.length;
    }
    return taken.length < chunk.length ? chunk.subarray(taken.length) : undefined;
  }
}

interface Filling {
  slabs: Buffer[];
  sizeBytes: number;
  hash: Hash;
}
