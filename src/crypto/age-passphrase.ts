import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { Failure, wrongInput } from '../failure.ts';
import { HeaderReader, readFileKey, recipientKinds, reportNoMatch } from './age-header.ts';
import { generateIdentity, parseIdentities, type KeyPair } from './age-keys.ts';
import { PayloadOpener } from './age-payload.ts';
import { checkPassphrase } from './passphrase.ts';

/** A key pair, and its key file encrypted with a passphrase. */
export interface PassphraseKey extends KeyPair {
  /** A binary age file; decrypted (`age --decrypt -o key.txt key.age`), it is an age key file for `age --identity`. */
  keyFile: Buffer;
}

const fewestCharacters = 8;
/** A key file is some 300 bytes, 500 for a post-quantum key. */
const mostKeyFileBytes = 64 * 1024;

/**
 * Makes a key pair and encrypts its key file with `passphrase` by scrypt (work factor 18: about a second and 256 MB).
 * The command age asks for a passphrase at the terminal, so control characters, a line break at the end among them, are
 * refused, and so are fewer than 8 characters; any other character stands for itself, in UTF-8 as it was given.
 */
export async function newPassphraseKey(passphrase: string): Promise<PassphraseKey> {
  checkPassphrase(passphrase);
  if ([...passphrase].length < fewestCharacters) {
    const hint = 'whoever holds the key file can try passphrases for ever: take five random words or more';
    throw wrongInput('passphrase', `has fewer than ${fewestCharacters} characters`, hint);
  }
  const { identity, recipient } = await generateIdentity();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  const keyFile = Buffer.from(await encrypter.encrypt(`# public key: ${recipient}\n${identity}\n`));
  return { identity, recipient, keyFile };
}

/**
 * The key pair in a key file that `newPassphraseKey` made, or anyone else's of one identity. Throws a `Failure` for a
 * wrong passphrase and for a file that is damaged or something else.
 */
export async function openPassphraseKey(keyFile: Uint8Array, passphrase: string): Promise<KeyPair> {
  if (keyFile.length > mostKeyFileBytes) throw new Failure(`the key file is larger than ${mostKeyFileBytes} bytes`);
  const text = (await openWithPassphrase(keyFile, passphrase)).toString('utf8');
  const identities = parseIdentities(text);
  const [identity] = identities;
  if (identity === undefined || identities.length > 1) {
    throw new Failure(`the key file holds ${identities.length} identities where one is expected`);
  }
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The content of a small age file that was encrypted with a passphrase; throws as `openPassphraseKey` does. */
export async function openWithPassphrase(file: Uint8Array, passphrase: string): Promise<Buffer> {
  checkPassphrase(passphrase);
  const reader = new HeaderReader();
  const found = reader.push(Buffer.from(file));
  if (found === undefined) throw reader.end();
  if (!recipientKinds(found.header).includes('scrypt')) {
    throw new Failure('the age file is encrypted to a key, not with a passphrase', {
      hint: 'give the identity instead',
    });
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const fileKey = await readFileKey(found.header, reportNoMatch(decrypter));
  if (fileKey === undefined) throw wrongInput('passphrase', 'does not open the key file', wrongPassphraseHint);
  const plaintext: Buffer[] = [];
  const payload = new PayloadOpener(fileKey, bytes => plaintext.push(bytes));
  payload.write(found.rest);
  payload.end();
  return Buffer.concat(plaintext);
}

const wrongPassphraseHint = 'try again; letter case, spaces and the form of accented letters count';
