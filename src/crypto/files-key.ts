import { type Hmac, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { wrongInput } from '../failure.ts';

/** Names files by what is in them, in a way that only who has the key can repeat. Shows nothing of the key. */
export interface FilesKey {
  /** A new HMAC-SHA-256 of one file. */
  hmac(): Hmac;
}

const fewestCharacters = 16;
const keyBytes = 32;

/** The key that the input `files-key` gives. Throws a `Failure` for one that could be guessed. */
export function givenFilesKey(text: string): FilesKey {
  if ([...text].length < fewestCharacters)
    throw wrongInput(
      'files-key',
      `has fewer than ${fewestCharacters} characters`,
      'make one with `openssl rand -hex 32`, and keep it as a secret',
    );
  return derived(text, 'pg-lifeboat files-key');
}

/** The key that an age identity gives, for whoever has it while a backup is made. */
export function identityFilesKey(identity: string): FilesKey {
  return derived(identity, 'pg-lifeboat identity');
}

/** The key where nothing is encrypted, and so nothing is to be hidden. */
export function openFilesKey(): FilesKey {
  return derived('', 'pg-lifeboat open');
}

/** A key that nobody keeps: no file is ever known again by it. */
export function newFilesKey(): FilesKey {
  return derived(randomBytes(keyBytes), 'pg-lifeboat new');
}

function derived(secret: string | Buffer, use: string): FilesKey {
  const key = Buffer.from(hkdfSync('sha256', secret, '', use, keyBytes));
  return { hmac: () => createHmac('sha256', key) };
}
