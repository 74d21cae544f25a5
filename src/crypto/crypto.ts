import type { Duplex } from 'node:stream';

export type Scheme = 'age' | 'gpg' | 'none';

/** Encrypts objects to the recipients it was made with. Holds no private key. */
export interface Encryption {
  readonly scheme: Scheme;
  /** What an encrypted object's key ends with: `.age`, `.gpg`, or nothing. */
  readonly suffix: '.age' | '.gpg' | '';
  /** Public recipients, as the manifest lists them. */
  readonly recipients: readonly string[];
  /** A new stream for one object: plaintext in, ciphertext out. Destroying it frees everything. */
  encrypt(): Promise<Duplex>;
}

/** Decrypts objects. */
export interface Decryption {
  readonly scheme: Scheme;
  /**
   * A new stream for one object: ciphertext in, plaintext out. Damage, truncation and a wrong key end it with a `Failure` that says
   * which. Only a clean end counts: age gives out authenticated plaintext alone, gpg notices damage at the end.
   */
  decrypt(): Duplex;
}
