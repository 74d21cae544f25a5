import { formatObjectKey } from '../catalog/key.ts';
import type { Manifest } from '../catalog/manifest.ts';
import {
  type KeyPair,
  ageDecryption,
  ageEncryption,
  newPassphraseKey,
  openPassphraseKey,
  parseIdentities,
  parseRecipients,
  recipientOf,
} from '../crypto/age.ts';
import type { Decryption, Encryption } from '../crypto/crypto.ts';
import { type FilesKey, identityFilesKey, openFilesKey } from '../crypto/files-key.ts';
import { gpgDecryption, gpgEncryption } from '../crypto/gpg.ts';
import { noDecryption, noEncryption } from '../crypto/plain.ts';
import { messageOf, wrongInput } from '../failure.ts';
import type { EncryptionInputs, KeyInputs } from '../inputs/inputs.ts';
import type { Store } from '../store/store.ts';
import { collect } from '../streams.ts';
import type { Context } from './context.ts';

/** What a backup is encrypted with. */
export interface BackupKeys {
  encryption: Encryption;
  /** The age identity that the passphrase opens, to be stored as `key.age`. */
  keyFile: Buffer | undefined;
  /** By which an unchanged file is known again; undefined where the encryption gives no secret for it. */
  filesKey: FilesKey | undefined;
  close: () => Promise<void>;
}

const keyFileObject = 'key.age';
const keyFileLimitBytes = 64 * 1024;
const nothingToClose = async () => {};

/** Opens the encryption that the inputs ask for. A passphrase uses the newest backup's `key.age` again while it fits. */
export async function openBackupKeys(
  inputs: EncryptionInputs,
  store: Store,
  previous: Manifest | undefined,
  { log, signal }: Context,
): Promise<BackupKeys> {
  switch (inputs.scheme) {
    case 'none':
      log.warn('the backup is not encrypted, as encryption: none says: who can read the store can read the data');
      return { encryption: noEncryption(), keyFile: undefined, filesKey: openFilesKey(), close: nothingToClose };
    case 'gpg': {
      const encryption = await gpgEncryption(inputs);
      return { encryption, keyFile: undefined, filesKey: undefined, close: () => encryption.close() };
    }
    case 'age': {
      if ('passphrase' in inputs) return openPassphrase(inputs.passphrase, store, previous, { log, signal });
      const recipients = parseRecipients(inputs.recipients);
      if (recipients.length === 1)
        log.warn(
          'there is one recipient only: when its identity is lost, so is every backup; add a second one that lies in a safe',
        );
      return {
        encryption: ageEncryption(recipients),
        keyFile: undefined,
        filesKey: undefined,
        close: nothingToClose,
      };
    }
  }
}

async function openPassphrase(
  passphrase: string,
  store: Store,
  previous: Manifest | undefined,
  { log, signal }: Pick<Context, 'log' | 'signal'>,
): Promise<BackupKeys> {
  if (previous?.objects.some(({ object }) => object === keyFileObject)) {
    const body = await store.get(
      formatObjectKey({ name: previous.name, id: previous.id, object: keyFileObject }),
      signal,
    );
    const keyFile = await collect(body, keyFileLimitBytes);
    try {
      return keysOf(await openPassphraseKey(keyFile, passphrase), keyFile);
    } catch (error) {
      log.warn(
        `the passphrase does not open the key of the newest backup (${messageOf(error)}): from now on there is a new key; keep the old passphrase for the older backups`,
      );
    }
  }
  const made = await newPassphraseKey(passphrase);
  return keysOf(made, made.keyFile);
}

function keysOf({ identity, recipient }: KeyPair, keyFile: Buffer): BackupKeys {
  return {
    encryption: ageEncryption([recipient]),
    keyFile,
    filesKey: identityFilesKey(identity),
    close: nothingToClose,
  };
}

/** A decryption and what it must be freed of. */
export interface OpenKeys {
  decryption: Decryption;
  /** Each key by itself, with the recipient in the manifest that it belongs to. */
  single: { recipient: string; decryption: Decryption }[];
  /** Encrypts to those who can read the backup, as far as their public keys are known. */
  encryption: Encryption;
  close: () => Promise<void>;
}

/** Whether the inputs give anything to decrypt with. */
export function hasKeys(keys: KeyInputs): boolean {
  return keys.identity !== undefined || keys.passphrase !== undefined || keys.gpgPrivateKey !== undefined;
}

/** Opens the key for one backup. Throws, naming the input, when the one that its encryption needs is missing. */
export async function openKeys(
  keys: KeyInputs,
  manifest: Manifest,
  store: Store,
  signal: AbortSignal,
): Promise<OpenKeys> {
  switch (manifest.encryption.scheme) {
    case 'none':
      return { decryption: noDecryption(), single: [], encryption: noEncryption(), close: nothingToClose };
    case 'gpg': {
      const decryption = await gpgDecryption({ privateKey: keys.gpgPrivateKey, passphrase: keys.passphrase });
      const single = decryption.fingerprints
        .filter(recipient => manifest.encryption.recipients.includes(recipient))
        .map(recipient => ({ recipient, decryption }));
      return { decryption, single, encryption: decryption.encryption, close: () => decryption.close() };
    }
    case 'age': {
      const identities = await ageIdentities(keys, manifest, store, signal);
      const single = await Promise.all(
        identities.map(async identity => ({
          recipient: await recipientOf(identity),
          decryption: ageDecryption([identity]),
        })),
      );
      const encryption = ageEncryption(manifest.encryption.recipients);
      return { decryption: ageDecryption(identities), single, encryption, close: nothingToClose };
    }
  }
}

async function ageIdentities(
  keys: KeyInputs,
  manifest: Manifest,
  store: Store,
  signal: AbortSignal,
): Promise<string[]> {
  if (keys.identity !== undefined) return parseIdentities(keys.identity);
  const hasKeyFile = manifest.objects.some(({ object }) => object === keyFileObject);
  if (keys.passphrase === undefined) {
    const input = hasKeyFile ? 'passphrase' : 'identity';
    throw wrongInput(input, 'is missing', `backup ${manifest.id} is encrypted; to read it, ${input} is needed`);
  }
  if (!hasKeyFile)
    throw wrongInput(
      'passphrase',
      `is of no use for backup ${manifest.id}, which is encrypted to recipients`,
      'give identity',
    );
  const body = await store.get(
    formatObjectKey({ name: manifest.name, id: manifest.id, object: keyFileObject }),
    signal,
  );
  return [(await openPassphraseKey(await collect(body, keyFileLimitBytes), keys.passphrase)).identity];
}
