import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { ageDecryption, ageEncryption, generateIdentity } from '../../src/crypto/age.ts';
import { hasProgram, output, withFolder } from './programs.ts';
import { split, through } from './through.ts';

const chunk = 64 * 1024;
const boundarySizes = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1];
const inputSizes = [[chunk], [1000], [chunk - 1, 1], [chunk + 1], [3 * chunk], [17, 65_000, 3]];
const keys = await generateIdentity();
const hybridIdentity = await generateHybridIdentity();
const hybrid = { identity: hybridIdentity, recipient: await identityToRecipient(hybridIdentity) };

describe('age against the command age', () => {
  it('encrypts what the command decrypts', async t => {
    if (!hasProgram(t, 'age')) return;
    await withFolder(async folder => {
      const keyFile = join(folder, 'key.txt');
      await writeFile(keyFile, `${keys.identity}\n`);
      for (const size of boundarySizes) {
        const plaintext = randomBytes(size);
        const file = await through(await ageEncryption([keys.recipient]).encrypt(), plaintext);
        const decrypted = await output('age', ['--decrypt', '--identity', keyFile], file);
        assert.ok(decrypted.equals(plaintext), `${size} bytes`);
      }
    });
  });

  it('decrypts what the command encrypts', async t => {
    if (!hasProgram(t, 'age')) return;
    for (const size of boundarySizes) {
      const plaintext = randomBytes(size);
      const file = await output('age', ['--recipient', keys.recipient], plaintext);
      const decrypted = await through(ageDecryption([keys.identity]).decrypt(), file);
      assert.ok(decrypted.equals(plaintext), `${size} bytes`);
    }
  });

  it('makes keys that the command knows', async t => {
    if (!hasProgram(t, 'age-keygen')) return;
    assert.equal((await output('age-keygen', ['-y'], keys.identity)).toString().trim(), keys.recipient);
  });
});

describe('age against the library', () => {
  for (const { identity, recipient } of [keys, hybrid]) {
    const kind = recipient.slice(0, 6);
    it(`encrypts to ${kind} what the library decrypts, at the boundary sizes`, async () => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      for (const size of boundarySizes) {
        const plaintext = randomBytes(size);
        const file = await through(await ageEncryption([recipient]).encrypt(), split(plaintext, [chunk]));
        assert.ok(Buffer.from(await decrypter.decrypt(file)).equals(plaintext), `${size} bytes`);
      }
    });

    it(`decrypts what the library encrypts to ${kind}, at the boundary sizes`, async () => {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      for (const size of boundarySizes) {
        const plaintext = randomBytes(size);
        const file = Buffer.from(await encrypter.encrypt(plaintext));
        const decrypted = await through(ageDecryption([identity]).decrypt(), split(file, [chunk]));
        assert.ok(decrypted.equals(plaintext), `${size} bytes`);
      }
    });
  }

  it('encrypts to several recipients, each of whom can decrypt alone', async () => {
    const other = await generateIdentity();
    const encryption = ageEncryption([keys.recipient, other.recipient, keys.recipient]);
    assert.deepEqual(encryption.recipients, [keys.recipient, other.recipient]);
    const file = await through(await encryption.encrypt(), Buffer.from('rows'));
    assert.equal(file.toString('latin1').match(/^-> X25519 /gm)?.length, 2);
    for (const { identity } of [keys, other]) {
      assert.equal((await through(ageDecryption([identity]).decrypt(), file)).toString(), 'rows');
    }
    const both = ageDecryption([hybrid.identity, other.identity]);
    assert.equal((await through(both.decrypt(), file)).toString(), 'rows');
  });

  it('gives every object a file key and nonce of its own', async () => {
    const encryption = ageEncryption([keys.recipient]);
    const files = await Promise.all([1, 2].map(async () => through(await encryption.encrypt(), Buffer.from('rows'))));
    assert.notDeepEqual(files[0]?.subarray(0, -36), files[1]?.subarray(0, -36));
    assert.notDeepEqual(files[0]?.subarray(-36), files[1]?.subarray(-36));
  });
});

describe('age streams', () => {
  const longest = 3 * chunk;
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1000, max: longest })), {
    minLength: 1,
    maxLength: 12,
  });
  const size = fc.oneof(fc.constantFrom(...boundarySizes), fc.integer({ min: 0, max: longest }));

  it('encrypts to the same content however the input is cut', async () => {
    const encryption = ageEncryption([keys.recipient]);
    const decrypter = new Decrypter();
    decrypter.addIdentity(keys.identity);
    const property = fc.asyncProperty(size, sizes, async (size, sizes) => {
      const plaintext = randomBytes(size);
      const file = await through(await encryption.encrypt(), split(plaintext, sizes));
      assert.ok(Buffer.from(await decrypter.decrypt(file)).equals(plaintext));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('decrypts to the same content however the file is cut', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(keys.recipient);
    const decryption = ageDecryption([keys.identity]);
    const property = fc.asyncProperty(size, sizes, async (size, sizes) => {
      const plaintext = randomBytes(size);
      const file = Buffer.from(await encrypter.encrypt(plaintext));
      assert.ok((await through(decryption.decrypt(), split(file, sizes))).equals(plaintext));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('takes single bytes, odd cuts and chunks larger than its own', async () => {
    for (const sizes of [[1], ...inputSizes]) {
      const plaintext = randomBytes(sizes[0] === 1 ? chunk + 5 : 4 * chunk + 5);
      const file = await through(await ageEncryption([keys.recipient]).encrypt(), split(plaintext, sizes));
      const decrypted = await through(ageDecryption([keys.identity]).decrypt(), split(file, sizes));
      assert.ok(decrypted.equals(plaintext), sizes.join());
    }
  });

  it('takes no more input than the reader of its output asks for', async () => {
    const encrypt = await ageEncryption([keys.recipient]).encrypt();
    let accepted = 0;
    while (encrypt.write(Buffer.alloc(chunk))) accepted += 1;
    await turn();
    assert.ok(accepted < 20, `${accepted} chunks accepted`);
    assert.ok(encrypt.readableLength + encrypt.writableLength < 20 * chunk);
    encrypt.destroy();
  });

  it('can be given up before, in and after the header', async () => {
    const file = await through(await ageEncryption([keys.recipient]).encrypt(), randomBytes(3 * chunk));
    for (const size of [0, 10, 1000, file.length - 1]) {
      const decrypt = ageDecryption([keys.identity]).decrypt();
      decrypt.write(file.subarray(0, size));
      decrypt.destroy();
      await turn();
      assert.ok(decrypt.destroyed);
    }
  });
});
