import { Decrypter, Encrypter, generateIdentity as newIdentity, identityToRecipient } from 'age-encryption';
import { wrongInput, type Failure } from '../failure.ts';

/** A secret key and the public key that goes with it, as text. */
export interface KeyPair {
  /** `AGE-SECRET-KEY-1…` */
  identity: string;
  /** `age1…` */
  recipient: string;
}

/** A new age key pair (X25519). */
export async function generateIdentity(): Promise<KeyPair> {
  const identity = await newIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The recipient that an identity belongs to. */
export function recipientOf(identity: string): Promise<string> {
  return identityToRecipient(identity);
}

/**
 * The recipients in a text of one recipient a line, in order and each once; blank lines and lines that begin with `#` are
 * skipped. Throws a `Failure` that names the line of one that is not an age recipient, and shows nothing of a secret key.
 */
export function parseRecipients(text: string): string[] {
  return unique(contentLines(text).map(({ line, number }) => checkedRecipient(line, `line ${number}`)));
}

/** Checks and merges recipients that are in a list already; a `Failure` names the place in the list, from 1. */
export function checkedRecipients(recipients: readonly string[]): string[] {
  const checked = unique(recipients.map((text, index) => checkedRecipient(text, `recipient ${index + 1}`)));
  if (checked.length === 0) {
    throw wrongInput('recipients', 'names no recipient', 'give the public key (age1…) that `age-keygen` prints');
  }
  // as the command age does: with one classic recipient in it, the whole file is only as strong as that one
  if (new Set(checked.map(isPostQuantum)).size > 1) {
    throw wrongInput('recipients', 'mixes post-quantum and classic recipients', 'give only age1pq1… or only age1…');
  }
  return checked;
}

/**
 * The identities in the text of an age key file, in order and each once; blank lines and lines that begin with `#` are
 * skipped. Throws a `Failure` that names the line of one that is not an identity, and shows nothing of the text.
 */
export function parseIdentities(text: string): string[] {
  if (/^\s*(age-encryption\.org\/|-----BEGIN AGE )/.test(text)) {
    throw wrongInput('identity', 'is an encrypted key file', 'decrypt it first: age --decrypt -o key.txt key.age');
  }
  return unique(contentLines(text).map(({ line, number }) => checkedIdentity(line, `line ${number}`)));
}

/** A decrypter that holds `identities`; a `Failure` names the place in the list, from 1, of one that is not an identity. */
export function decrypterOf(identities: readonly string[]): Decrypter {
  const decrypter = new Decrypter();
  const checked = unique(identities.map((text, index) => checkedIdentity(text, `identity ${index + 1}`)));
  if (checked.length === 0) {
    throw wrongInput('identity', 'holds no secret key', 'give the line of the key file that begins AGE-SECRET-KEY-1');
  }
  for (const identity of checked) decrypter.addIdentity(identity);
  return decrypter;
}

function checkedRecipient(text: string, place: string): string {
  try {
    new Encrypter().addRecipient(text);
    return text;
  } catch {
    // the library's own message repeats the text, which may be a secret
    throw recipientRefusal(text, place);
  }
}

function recipientRefusal(text: string, place: string): Failure {
  if (/AGE-(SECRET-KEY|PLUGIN)/i.test(text) || /PRIVATE KEY/.test(text)) {
    const hint = 'give its public key (age1…), and make a new key if this one stood in a place that others can read';
    return wrongInput('recipients', `has a secret key as ${place}`, hint);
  }
  if (/^ssh-|^ecdsa-/.test(text)) {
    return wrongInput(
      'recipients',
      `has an SSH key as ${place}`,
      'make an age key with `age-keygen`, and give its age1…',
    );
  }
  if (/^age1[a-z0-9]+1[a-z0-9]+$/.test(text) && !/^age1(pq|tag|tagpq)1/.test(text)) {
    return wrongInput(
      'recipients',
      `has a plugin's recipient as ${place}`,
      'give a recipient that age itself reads: age1…',
    );
  }
  if (/^age1[a-z0-9]*$/.test(text)) {
    const problem = `has a recipient with a typing error, or not all of one, as ${place}`;
    return wrongInput('recipients', problem, 'copy the public key again');
  }
  return wrongInput('recipients', `has something other than an age recipient as ${place}`, 'give one age1… a line');
}

function checkedIdentity(text: string, place: string): string {
  try {
    new Decrypter().addIdentity(text);
    return text;
  } catch {
    // the library's own message repeats the secret
    throw identityRefusal(text, place);
  }
}

function identityRefusal(text: string, place: string): Failure {
  if (/^age1/.test(text)) {
    const hint = 'give the secret key that goes with it: AGE-SECRET-KEY-1…';
    return wrongInput('identity', `has a public recipient as ${place}`, hint);
  }
  if (/^AGE-PLUGIN-/i.test(text)) {
    return wrongInput('identity', `has a plugin's identity as ${place}`, 'decrypt with the command age and its plugin');
  }
  if (/PRIVATE KEY/.test(text)) {
    return wrongInput('identity', `has a key of another program as ${place}`, 'give AGE-SECRET-KEY-1…');
  }
  if (/^AGE-SECRET-KEY-/i.test(text)) {
    const problem = `has a secret key with a typing error, or not all of one, as ${place}`;
    return wrongInput('identity', problem, 'copy the whole line of the key file again');
  }
  return wrongInput('identity', `has something other than a secret key as ${place}`, 'give AGE-SECRET-KEY-1…');
}

/** The kinds of recipients that the library encrypts to in a way that withstands a quantum computer. */
function isPostQuantum(recipient: string): boolean {
  return /^age1(pq|tagpq)1/.test(recipient);
}

function contentLines(text: string): { line: string; number: number }[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}
