import { isName, parseBackupId } from '../catalog/key.ts';
import { wrongInput } from '../failure.ts';
import type { RawInputs } from './raw.ts';
import { shown, wholeNumber } from './values.ts';

/** What a backup may be decrypted with. Nothing given is allowed: a verify of the bytes needs no key. */
export interface KeyInputs {
  identity: string | undefined;
  passphrase: string | undefined;
  gpgPrivateKey: string | undefined;
}

export type FingerprintLevel = 'content' | 'counts' | 'none';

/** The most jobs that anything runs side by side. */
export const mostJobs = 16;

/** Reads inputs by their names. */
export interface Reader {
  text(name: string): string;
  optional(name: string): string | undefined;
}

/** Reads the inputs of one command; `text` throws where there is none. */
export function reader({ values, command }: RawInputs): Reader {
  return {
    text(name) {
      const value = values.get(name);
      if (value === undefined) throw wrongInput(name, 'is missing', `the command ${command} needs it`);
      return value;
    },
    optional: name => values.get(name),
  };
}

/** What a backup may be decrypted with, as given. */
export function readKeys(read: Reader): KeyInputs {
  return {
    identity: read.optional('identity'),
    passphrase: read.optional('passphrase'),
    gpgPrivateKey: read.optional('gpg-private-key'),
  };
}

/** Words for a backup where nothing is overwritten with it. */
export const wordsToRead = ['latest', 'latest-proven', 'random'];

/** The input `backup`: an id, or a word for one. */
export function readBackupChoice(read: Reader, words: readonly string[] = ['latest', 'latest-proven']): string {
  const backup = read.text('backup');
  if (words.includes(backup) || parseBackupId(backup)) return backup;
  throw wrongInput(
    'backup',
    `is "${shown(backup)}"`,
    `it may be ${words.join(', ')}, or an id such as 20261120T031742Z-scheduled-k3f9q2`,
  );
}

/** The input `jobs`, or `fallback`. */
export function readJobs(read: Reader, fallback: number): number {
  const jobs = read.optional('jobs');
  return jobs === undefined ? fallback : wholeNumber('jobs', jobs, 1, mostJobs);
}

/** The input `name`: a folder in the store. */
export function readName(read: Reader): string | undefined {
  const name = read.optional('name');
  if (name !== undefined && !isName(name)) {
    throw wrongInput(
      'name',
      'is not a plain name',
      'use letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit',
    );
  }
  return name;
}
