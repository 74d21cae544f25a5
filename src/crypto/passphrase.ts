import { wrongInput } from '../failure.ts';

/**
 * Refuses, by a `Failure`, a passphrase that nobody could type at the prompt of age or gpg: one that is empty, holds a
 * control character (a line break at the end among them) or is not valid Unicode. Any other character stands for itself.
 */
export function checkPassphrase(passphrase: string): void {
  if (passphrase === '') throw wrongInput('passphrase', 'is empty');
  if (/[\r\n]$/.test(passphrase)) {
    throw wrongInput('passphrase', 'ends with a line break', 'store it without the line break at its end');
  }
  if (/\p{Cc}/u.test(passphrase)) {
    throw wrongInput('passphrase', 'holds a control character', 'a prompt could not take it: choose another');
  }
  if (!passphrase.isWellFormed()) throw wrongInput('passphrase', 'is not valid Unicode', 'choose another');
}
