import { Failure, wrongInput } from '../failure.ts';
import type { ProcessFailure } from '../process.ts';
import type { Decryption, Encryption } from './crypto.ts';
import { GpgHome } from './gpg-home.ts';
import type { Judge } from './gpg-stream.ts';
import { checkPassphrase } from './passphrase.ts';
import { WrongKey } from './wrong-key.ts';

/** Something that holds a temporary folder and a key agent until it is closed. Closing again does nothing. */
export interface Closable {
  close(): Promise<void>;
}

export interface GpgEncryptionKeys {
  /** Public keys in ASCII armor, one block or several. */
  publicKeys?: string;
  /** Used only without `publicKeys`; beside them it belongs to a secret key, and encrypting to both would weaken them. */
  passphrase?: string;
}

export interface GpgDecryptionKeys {
  /** Secret keys in ASCII armor. */
  privateKey?: string;
  /** What opens `privateKey`, or a file that was encrypted with a passphrase. */
  passphrase?: string;
}

/** No compression, which pg_dump has done already. */
const encryptionArgs = ['--cipher-algo', 'AES256', '--compress-algo', 'none'];
/** The count is the most that gpg can do: a tenth of a second or so for each guess at the passphrase. */
const passphraseArgs = ['--symmetric', '--s2k-mode', '3', '--s2k-digest-algo', 'SHA512', '--s2k-count', '65011712'];
const fetchAgain =
  'fetch the object again, from another replica if there is one, and compare its SHA-256 with the manifest';

/**
 * Encryption by the system's gpg (OpenPGP, AES-256) to every one of the public keys, whose primary fingerprints are its
 * `recipients`, or else with a passphrase. Throws a `Failure` if gpg is missing or a key cannot be encrypted to.
 */
export async function gpgEncryption(keys: GpgEncryptionKeys): Promise<Encryption & Closable> {
  const { publicKeys, passphrase } = keys;
  if (publicKeys !== undefined) checkPublicKeys(publicKeys);
  else if (passphrase !== undefined) checkPassphrase(passphrase);
  else throw wrongInput('gpg-recipients', 'is missing', 'give public keys, or a passphrase');
  const home = await GpgHome.open();
  try {
    const recipients = publicKeys === undefined ? [] : await importPublicKeys(home, publicKeys);
    const to =
      publicKeys === undefined ? passphraseArgs : ['--encrypt', ...recipients.flatMap(key => ['--recipient', key])];
    const secret = publicKeys === undefined ? passphrase : undefined;
    return {
      scheme: 'gpg',
      suffix: '.gpg',
      recipients,
      encrypt: async () => home.stream([...encryptionArgs, ...to], secret, judgeEncryption),
      close: () => home.close(),
    };
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** What a private key or passphrase can do beside decrypting: encrypt to itself again. */
export interface GpgKeyring {
  /** Primary fingerprints of the secret keys; none with a passphrase alone. */
  readonly fingerprints: readonly string[];
  /** Encrypts to these keys, or with the passphrase. */
  readonly encryption: Encryption;
}

/**
 * Decryption by the system's gpg with a secret key or a passphrase. Unlike age, gpg gives out plaintext before it has
 * authenticated it: its stream ends with an error if anything was wrong, and only a clean end makes what came true.
 */
export async function gpgDecryption(keys: GpgDecryptionKeys): Promise<Decryption & Closable & GpgKeyring> {
  const { privateKey, passphrase } = keys;
  if (privateKey === undefined && passphrase === undefined) {
    throw wrongInput('gpg-private-key', 'is missing', 'give the secret key, or the passphrase');
  }
  if (passphrase !== undefined) checkPassphrase(passphrase);
  if (privateKey !== undefined) checkPrivateKey(privateKey);
  const home = await GpgHome.open();
  try {
    if (privateKey !== undefined) await importKeys(home, privateKey, 'gpg-private-key');
    const judge = judgeDecryption(passphrase !== undefined);
    const list = privateKey === undefined ? '' : await home.run(['--with-colons', '--list-keys']);
    const fingerprints = listedKeys(list).map(({ fingerprint }) => fingerprint);
    const to = privateKey === undefined ? passphraseArgs : ['--encrypt', ...fingerprints.flatMap(key => ['-r', key])];
    const secret = privateKey === undefined ? passphrase : undefined;
    return {
      scheme: 'gpg',
      fingerprints,
      encryption: {
        scheme: 'gpg',
        suffix: '.gpg',
        recipients: fingerprints,
        encrypt: async () => home.stream([...encryptionArgs, ...to], secret, judgeEncryption),
      },
      decrypt: () => home.stream(['--decrypt'], passphrase, judge),
      close: () => home.close(),
    };
  } catch (error) {
    await home.close();
    throw error;
  }
}

function checkPublicKeys(text: string): void {
  if (/PRIVATE KEY BLOCK/.test(text)) {
    const hint = 'give the public key (gpg --armor --export), and make a new one if others could read this one';
    throw wrongInput('gpg-recipients', 'holds a secret key', hint);
  }
  if (!/BEGIN PGP PUBLIC KEY BLOCK/.test(text)) {
    const hint = 'give what `gpg --armor --export you@example.com` prints';
    throw wrongInput('gpg-recipients', 'holds no armored public key', hint);
  }
}

function checkPrivateKey(text: string): void {
  if (/BEGIN PGP PRIVATE KEY BLOCK/.test(text)) return;
  const problem = /PUBLIC KEY BLOCK/.test(text) ? 'holds a public key' : 'holds no armored secret key';
  throw wrongInput('gpg-private-key', problem, 'give what `gpg --armor --export-secret-keys you@example.com` prints');
}

async function importPublicKeys(home: GpgHome, armored: string): Promise<string[]> {
  await importKeys(home, armored, 'gpg-recipients');
  const keys = listedKeys(await home.run(['--with-colons', '--list-keys']));
  for (const { fingerprint, validity, canEncrypt } of keys) {
    if (canEncrypt) continue;
    const reason = { e: 'has expired', r: 'is revoked' }[validity] ?? 'cannot encrypt';
    throw wrongInput('gpg-recipients', `holds the key ${fingerprint}, which ${reason}`, 'give a valid encryption key');
  }
  if (keys.length === 0) throw wrongInput('gpg-recipients', 'holds no usable key', 'export the whole key again');
  return keys.map(({ fingerprint }) => fingerprint);
}

async function importKeys(home: GpgHome, armored: string, input: string): Promise<void> {
  try {
    await home.run(['--import'], armored);
  } catch (error) {
    if ((error as ProcessFailure).status === null) throw error;
    throw wrongInput(input, 'holds a key that gpg cannot read', 'export the whole key again');
  }
}

/** Reads `--with-colons`, https://github.com/gpg/gnupg/blob/master/doc/DETAILS; a capital E is the key as a whole. */
function listedKeys(colons: string): { fingerprint: string; validity: string; canEncrypt: boolean }[] {
  const records = colons.split('\n').map(line => line.split(':'));
  return records.flatMap((record, index) => {
    if (record[0] !== 'pub') return [];
    const fingerprint = records.slice(index).find(([type]) => type === 'fpr')?.[9] ?? '';
    return [{ fingerprint, validity: record[1] ?? '', canEncrypt: record[11]?.includes('E') ?? false }];
  });
}

const judgeEncryption: Judge = (succeeded, stderr) => {
  if (succeeded) return undefined;
  const reason = stderr.split('\n').findLast(line => line.startsWith('gpg: ')) ?? 'gpg: no reason given';
  return new Failure(`gpg could not encrypt: ${reason.slice('gpg: '.length)}`);
};

/** gpg ends with status 0 for a message that was never encrypted, so its status lines decide. */
function judgeDecryption(hasPassphrase: boolean): Judge {
  return (succeeded, stderr) => {
    const status = (keyword: string) => stderr.match(new RegExp(`^\\[GNUPG:\\] ${keyword}\\b.*`, 'gm')) ?? [];
    const saw = (keyword: string) => status(keyword).length > 0;
    if (succeeded && saw('DECRYPTION_OKAY') && status('PLAINTEXT').length === 1) return undefined;
    if (saw('DECRYPTION_OKAY') || (saw('PLAINTEXT') && saw('BEGIN_DECRYPTION')) || saw('BADMDC')) {
      return new Failure('the gpg file is damaged or cut off', { hint: fetchAgain });
    }
    if (saw('PLAINTEXT')) return new Failure('the object is a gpg file, but not an encrypted one');
    if (isBadPassphrase(stderr) || (saw('NEED_PASSPHRASE_SYM') && hasPassphrase)) {
      return wrongInput('passphrase', 'opens neither the gpg file nor its key', 'letter case and spaces count');
    }
    if (saw('NEED_PASSPHRASE') || saw('NEED_PASSPHRASE_SYM')) {
      return wrongInput('passphrase', 'is missing: the gpg file or its key needs it');
    }
    if (saw('NO_SECKEY')) {
      const ids = status('NO_SECKEY').map(line => line.split(' ')[2]);
      const hint = 'give the secret key of one of the fingerprints in the manifest';
      return new WrongKey(`the gpg file is encrypted to another key: ${ids.join(', ')}`, hint);
    }
    if (saw('BEGIN_DECRYPTION') || saw('ENC_TO'))
      return new Failure('the gpg file is damaged or cut off', { hint: fetchAgain });
    return new Failure('the object is not a gpg file', { hint: 'check that it is the object you mean' });
  };
}

/** The low 16 bits of gpg's error number are the code, 11 is a wrong passphrase. */
function isBadPassphrase(stderr: string): boolean {
  const codes = [...stderr.matchAll(/^\[GNUPG:\] ERROR (?:pkdecrypt_failed|symkey_decrypt\.maybe_error) (\d+)/gm)];
  return codes.some(([, code]) => (Number(code) & 0xffff) === 11);
}
