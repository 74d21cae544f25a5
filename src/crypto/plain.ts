import { PassThrough } from 'node:stream';
import type { Decryption, Encryption } from './crypto.ts';

/** No encryption: objects are stored as they are. */
export function noEncryption(): Encryption {
  return { scheme: 'none', suffix: '', recipients: [], encrypt: async () => new PassThrough() };
}

/** The way back of `noEncryption`; nothing is authenticated. */
export function noDecryption(): Decryption {
  return { scheme: 'none', decrypt: () => new PassThrough() };
}
