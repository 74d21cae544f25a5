import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import {
  ageDecryption,
  ageEncryption,
  generateIdentity,
  parseIdentities,
  parseRecipients,
} from '../../src/crypto/age.ts';
import { writeHeader } from '../../src/crypto/age-header.ts';
import type { Failure } from '../../src/failure.ts';

const keys = await generateIdentity();
const other = await generateIdentity();
const hybridIdentity = await generateHybridIdentity();
const hybridRecipient = await identityToRecipient(hybridIdentity);
const tagRecipient = 'age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e';
const pluginRecipient = 'age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t';
const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@example.com';

/** What is thrown, after making sure that no part of a secret can be read anywhere in it. */
function refusal(work: () => unknown, secret = ''): Failure {
  try {
    work();
  } catch (error) {
    const everything = inspect(error, { depth: 10, showHidden: true });
    for (let start = 20; start + 12 <= secret.length; start += 1) {
      assert.ok(!everything.includes(secret.slice(start, start + 12)), 'a secret shows in the error');
    }
    return error as Failure;
  }
  return assert.fail('nothing was refused');
}

describe('recipients', () => {
  it('are read one a line, without comments, blank lines and repetitions', () => {
    const text = `# ops\r\n${keys.recipient}\r\n\r\n  ${other.recipient}  \n\t\n# again\n${keys.recipient}`;
    assert.deepEqual(parseRecipients(text), [keys.recipient, other.recipient]);
    assert.deepEqual(parseRecipients('\n# nobody\n'), []);
    assert.deepEqual(parseRecipients(hybridRecipient), [hybridRecipient]);
  });

  it('of every kind that the library knows are taken', () => {
    assert.deepEqual(ageEncryption([keys.recipient, tagRecipient]).recipients, [keys.recipient, tagRecipient]);
    assert.deepEqual(ageEncryption([hybridRecipient]).recipients, [hybridRecipient]);
  });

  it('are refused by line, with what to do', () => {
    const mistyped = keys.recipient.replace(/.$/, last => (last === 'q' ? 'p' : 'q'));
    for (const [line, problem, hint] of [
      [mistyped, 'has a recipient with a typing error, or not all of one, as line 3', 'copy the public key again'],
      [
        keys.recipient.slice(0, 40),
        'has a recipient with a typing error, or not all of one, as line 3',
        'copy the public key again',
      ],
      [
        hybridRecipient.slice(0, -1),
        'has a recipient with a typing error, or not all of one, as line 3',
        'copy the public key again',
      ],
      [pluginRecipient, "has a plugin's recipient as line 3", 'give a recipient that age itself reads: age1…'],
      [sshKey, 'has an SSH key as line 3', 'make an age key with `age-keygen`, and give its age1…'],
      ['ops@example.com', 'has something other than an age recipient as line 3', 'give one age1… a line'],
      [
        `${keys.recipient}, ${other.recipient}`,
        'has something other than an age recipient as line 3',
        'give one age1… a line',
      ],
      [
        keys.identity,
        'has a secret key as line 3',
        'give its public key (age1…), and make a new key if this one stood in a place that others can read',
      ],
      [
        `"${keys.identity.toLowerCase()}"`,
        'has a secret key as line 3',
        'give its public key (age1…), and make a new key if this one stood in a place that others can read',
      ],
    ] as const) {
      const failure = refusal(() => parseRecipients(`${other.recipient}\n\n${line}\n`), line);
      assert.equal(failure.message, `input recipients ${problem}`);
      assert.equal(failure.hint, hint);
      assert.equal(failure.exitStatus, 64);
      assert.equal(
        refusal(() => ageEncryption([other.recipient, line]), line).message,
        `input recipients ${problem.replace('line 3', 'recipient 2')}`,
      );
    }
  });

  it('are refused when there is none', () => {
    const failure = refusal(() => ageEncryption([]));
    assert.equal(failure.message, 'input recipients names no recipient');
    assert.equal(failure.hint, 'give the public key (age1…) that `age-keygen` prints');
  });

  it('are refused when one of them undoes what the post-quantum ones are for, as by the command age', () => {
    const failure = refusal(() => ageEncryption([keys.recipient, hybridRecipient]));
    assert.equal(failure.message, 'input recipients mixes post-quantum and classic recipients');
    assert.equal(failure.hint, 'give only age1pq1… or only age1…');
  });

  it('are refused when the header would be too large to read back', async () => {
    await assert.rejects(writeHeader(Array.from({ length: 3000 }, () => keys.recipient)), {
      message: 'input recipients lists more recipients than a header may hold',
    });
  });
});

describe('identities', () => {
  it('are read from a whole key file', () => {
    const text = `# created: 2026-01-01T00:00:00Z\n# public key: ${keys.recipient}\n${keys.identity}\n`;
    assert.deepEqual(parseIdentities(text), [keys.identity]);
    assert.deepEqual(parseIdentities(`${text}\r\n${hybridIdentity}\r\n${text}`), [keys.identity, hybridIdentity]);
    assert.deepEqual(parseIdentities('# none\n'), []);
  });

  it('are refused by line, with what to do, and never shown', () => {
    for (const [line, problem, hint] of [
      [
        keys.identity.slice(0, -1),
        'has a secret key with a typing error, or not all of one, as line 2',
        'copy the whole line of the key file again',
      ],
      [
        `${hybridIdentity}X`,
        'has a secret key with a typing error, or not all of one, as line 2',
        'copy the whole line of the key file again',
      ],
      [
        keys.identity.toLowerCase(),
        'has a secret key with a typing error, or not all of one, as line 2',
        'copy the whole line of the key file again',
      ],
      [keys.recipient, 'has a public recipient as line 2', 'give the secret key that goes with it: AGE-SECRET-KEY-1…'],
      [
        'AGE-PLUGIN-YUBIKEY-1QYQSZQGPQYQSZQGPQYQSZQGP',
        "has a plugin's identity as line 2",
        'decrypt with the command age and its plugin',
      ],
      ['-----BEGIN OPENSSH PRIVATE KEY-----', 'has a key of another program as line 2', 'give AGE-SECRET-KEY-1…'],
      [`key: ${keys.identity}`, 'has something other than a secret key as line 2', 'give AGE-SECRET-KEY-1…'],
    ] as const) {
      const failure = refusal(() => parseIdentities(`# key\n${line}\n`), line);
      assert.equal(failure.message, `input identity ${problem}`);
      assert.equal(failure.hint, hint);
      assert.equal(failure.exitStatus, 64);
      assert.equal(
        refusal(() => ageDecryption([line]), line).message,
        `input identity ${problem.replace('line 2', 'identity 1')}`,
      );
    }
  });

  it('are refused when there is none', () => {
    const failure = refusal(() => ageDecryption([]));
    assert.equal(failure.message, 'input identity holds no secret key');
    assert.equal(failure.hint, 'give the line of the key file that begins AGE-SECRET-KEY-1');
  });

  it('are refused when the key file is encrypted itself', () => {
    for (const text of ['age-encryption.org/v1\n-> scrypt', '\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl']) {
      const failure = refusal(() => parseIdentities(text));
      assert.equal(failure.message, 'input identity is an encrypted key file');
      assert.equal(failure.hint, 'decrypt it first: age --decrypt -o key.txt key.age');
    }
  });
});
