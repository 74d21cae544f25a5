import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import * as published from 'cctv-age';
import { ageDecryption } from '../../src/crypto/age.ts';
import { HeaderReader, readFileKey, reportNoMatch } from '../../src/crypto/age-header.ts';
import { decrypterOf } from '../../src/crypto/age-keys.ts';
import { openWithPassphrase } from '../../src/crypto/age-passphrase.ts';
import { PayloadOpener } from '../../src/crypto/age-payload.ts';
import { Failure } from '../../src/failure.ts';
import { split, through } from './through.ts';

/** One file of https://github.com/C2SP/CCTV/tree/main/age: keys and values, a blank line, the age file. */
interface Vector {
  name: string;
  expect: string;
  payload: string | undefined;
  identities: string[];
  passphrases: string[];
  isArmored: boolean;
  file: Buffer;
}

/** How a refusal of ours begins, by what the vector expects. */
const refusals: Record<string, RegExp> = {
  'no match': /^the age file is encrypted to another key|^input passphrase does not open|encrypted to a key, not/,
  'HMAC failure': /^the age file has a damaged header: invalid header HMAC$/,
  'header failure':
    /^the age file has a damaged header|^the age file is (empty|cut off|of a version)|^the object is not an age file/,
  'payload failure': /^the age file is (damaged at|cut off)|^the age file goes on/,
};

const vectors = Object.entries(published).map(([name, content]) => readVector(name, Buffer.from(content)));
const armored = vectors.filter(({ isArmored }) => isArmored);
const binary = vectors.filter(({ isArmored }) => !isArmored);
const withPassphrase = binary.filter(({ passphrases }) => passphrases.length > 0);
const withIdentity = binary.filter(({ passphrases }) => passphrases.length === 0);

function readVector(name: string, content: Buffer): Vector {
  const end = content.indexOf('\n\n');
  const fields = content
    .toString('latin1', 0, end)
    .split('\n')
    .map(line => line.split(': '));
  const all = (key: string) => fields.filter(([name]) => name === key).map(([, value]) => value ?? '');
  const body = content.subarray(end + 2);
  return {
    name,
    expect: all('expect')[0] ?? '',
    payload: all('payload')[0],
    identities: all('identity'),
    passphrases: all('passphrase'),
    isArmored: all('armored').length > 0,
    file: all('compressed').length > 0 ? inflateSync(body) : body,
  };
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

async function refused(work: Promise<unknown>, expected: RegExp | undefined): Promise<void> {
  assert.ok(expected !== undefined);
  await assert.rejects(work, error => {
    assert.ok(error instanceof Failure, String(error));
    assert.match(error.message, expected);
    return true;
  });
}

describe('the published age vectors', () => {
  it('are all run', () => {
    assert.deepEqual([vectors.length, withIdentity.length, withPassphrase.length, armored.length], [143, 85, 25, 33]);
  });

  for (const { name, expect, payload, identities, file } of withIdentity) {
    it(`${name}: ${expect}`, async () => {
      const keys = identities.length > 0 ? identities : (withIdentity.at(-1)?.identities ?? []);
      for (const sizes of [[64 * 1024], [7, 4099]]) {
        const decrypted = through(ageDecryption(keys).decrypt(), split(file, sizes));
        if (expect === 'success') assert.equal(sha256(await decrypted), payload);
        else await refused(decrypted, refusals[expect]);
      }
      if (payload === undefined) return;
      assert.equal(sha256(await released(file, keys)), payload, 'what is released before an error');
    });
  }

  for (const { name, expect, payload, passphrases, identities, file } of withPassphrase) {
    it(`${name}: ${expect}`, async () => {
      const decrypted = openWithPassphrase(file, passphrases[0] ?? '');
      if (expect === 'success') assert.equal(sha256(await decrypted), payload);
      else await refused(decrypted, refusals[expect]);
      if (identities.length > 0) await refused(through(ageDecryption(identities).decrypt(), file), refusals[expect]);
    });
  }

  for (const { name, identities, file } of armored) {
    it(`${name}: refused, as we read no armor`, async () => {
      const keys = identities.length > 0 ? identities : (armored[0]?.identities ?? []);
      const decrypted = through(ageDecryption(keys).decrypt(), file);
      await refused(decrypted, /^the age file is armored|^the object is not an age file/);
    });
  }
});

/** Everything that is handed out of a file, also of one that is refused in the end. */
async function released(file: Buffer, identities: string[]): Promise<Buffer> {
  const found = new HeaderReader().push(file);
  assert.ok(found !== undefined);
  const fileKey = await readFileKey(found.header, reportNoMatch(decrypterOf(identities)));
  assert.ok(fileKey !== undefined);
  const plaintext: Buffer[] = [];
  const payload = new PayloadOpener(fileKey, bytes => plaintext.push(bytes));
  try {
    payload.write(found.rest);
    payload.end();
  } catch (error) {
    assert.ok(error instanceof Failure);
  }
  return Buffer.concat(plaintext);
}
