import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { ageDecryption, ageEncryption, generateIdentity } from '../../src/crypto/age.ts';
import { mostHeaderBytes } from '../../src/crypto/age-header.ts';
import { Failure } from '../../src/failure.ts';
import { outcome, split, through } from './through.ts';

const chunk = 64 * 1024;
const sealed = chunk + 16;
const keys = await generateIdentity();
const small = randomBytes(5);
const smallFile = await encrypted(small);
const large = randomBytes(2 * chunk + 100);
const largeFile = await encrypted(large);
/** Where the first chunk of the large file begins. */
const payload = largeFile.length - (large.length + 3 * 16);

async function encrypted(plaintext: Buffer): Promise<Buffer> {
  return through(await ageEncryption([keys.recipient]).encrypt(), plaintext);
}

/** Asserts that a file is refused by a `Failure` and that only a part of the true content came out; gives the message. */
async function refusal(file: Buffer, plaintext: Buffer, sizes = [chunk]): Promise<string> {
  const { output, error } = await outcome(ageDecryption([keys.identity]).decrypt(), split(file, sizes));
  assert.ok(error instanceof Failure, `refused by ${String(error)}`);
  assert.ok(plaintext.subarray(0, output.length).equals(output), 'only authenticated content comes out');
  assert.match(error.message, /^the (age file|object) is|^the age file (has|goes)/);
  return error.message;
}

function flipped(file: Buffer, byte: number, bit: number): Buffer {
  const copy = Buffer.from(file);
  copy[byte] = (copy[byte] ?? 0) ^ (1 << bit);
  return copy;
}

describe('a damaged age file', () => {
  it('is refused at every truncation of a small file', async () => {
    for (let size = 0; size < smallFile.length; size += 1) {
      const message = await refusal(smallFile.subarray(0, size), small);
      assert.match(message, size === 0 ? /is empty$/ : /is cut off/, `${size} bytes`);
    }
  });

  it('is refused at truncations around every chunk of a large file', async () => {
    for (const end of [payload, payload + sealed, payload + 2 * sealed, largeFile.length]) {
      for (const distance of [-17, -16, -15, -1, 0, 1, 15, 16, 17]) {
        if (end + distance >= largeFile.length) continue;
        assert.match(await refusal(largeFile.subarray(0, end + distance), large), /is cut off/, `${end} ${distance}`);
      }
    }
  });

  it('is refused with any bit of a small file flipped', async () => {
    for (let byte = 0; byte < smallFile.length; byte += 1) {
      for (let bit = 0; bit < 8; bit += 1) await refusal(flipped(smallFile, byte, bit), small);
    }
  });

  it('is refused with any bit of a large file flipped, however it arrives', async () => {
    const byte = fc.integer({ min: 0, max: largeFile.length - 1 });
    const sizes = fc.array(fc.integer({ min: 500, max: 3 * chunk }), { minLength: 1, maxLength: 5 });
    const property = fc.asyncProperty(byte, fc.integer({ min: 0, max: 7 }), sizes, async (byte, bit, sizes) => {
      await refusal(flipped(largeFile, byte, bit), large, sizes);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it('is refused with bytes appended', async () => {
    for (const plaintext of [Buffer.alloc(0), small, randomBytes(chunk), randomBytes(2 * chunk)]) {
      const file = await encrypted(plaintext);
      for (const count of [1, 15, 16, 17, 100, sealed, 2 * sealed, file.length]) {
        await refusal(Buffer.concat([file, randomBytes(count)]), plaintext);
      }
      await refusal(Buffer.concat([file, file]), plaintext);
    }
  });

  it('is refused with chunks left out, swapped or repeated', async () => {
    const head = largeFile.subarray(0, payload);
    const [first, second, last] = split(largeFile.subarray(payload), [sealed]) as [Buffer, Buffer, Buffer];
    for (const parts of [
      [second, last],
      [first, last],
      [second, first, last],
      [first, first, second, last],
      [first, second, second, last],
      [first, second, last, last],
      [last],
    ]) {
      await refusal(Buffer.concat([head, ...parts]), large);
    }
  });
});

describe('the refusal of an age file', () => {
  const text = (content: string) => Buffer.from(content);
  const header = 'age-encryption.org/v1\n';

  it('says where it is damaged or cut off', async () => {
    for (const [file, message] of [
      [flipped(largeFile, payload + 9, 0), 'the age file is damaged at about byte 0 of its content'],
      [flipped(largeFile, payload + sealed, 0), 'the age file is damaged at about byte 65536 of its content'],
      [
        flipped(largeFile, largeFile.length - 1, 0),
        'the age file is cut off or damaged in its last part, after byte 131072 of its content',
      ],
      [largeFile.subarray(0, payload), 'the age file is cut off after about byte 0 of its content'],
      [largeFile.subarray(0, payload + sealed), 'the age file is cut off after about byte 65536 of its content'],
      [
        largeFile.subarray(0, payload + 2 * sealed + 1),
        'the age file is cut off after about byte 131072 of its content',
      ],
      [smallFile.subarray(0, 100), 'the age file is cut off in its header'],
      [smallFile.subarray(0, 10), 'the age file is cut off in its header'],
      [Buffer.alloc(0), 'the age file is empty'],
    ] as const) {
      assert.equal(await refusal(file, large), message);
    }
    const full = await encrypted(large.subarray(0, chunk));
    assert.equal(
      await refusal(Buffer.concat([full, small]), large),
      'the age file goes on after its end, which is at about byte 65536 of its content',
    );
  });

  it('says what a file is that is not a binary age file', async () => {
    for (const [file, message] of [
      [text('PGDMP, a dump that nobody encrypted'), 'the object is not an age file'],
      [text('age'.padEnd(40, 'x')), 'the object is not an age file'],
      [text('age-encryption.org/v2\n-> X25519'), 'the age file is of a version other than v1'],
      [
        text('-----BEGIN AGE ENCRYPTED FILE-----\nYWdl'),
        'the age file is armored, which is the form for pasting it as text',
      ],
    ] as const) {
      for (const sizes of [[chunk], [1]]) assert.equal(await refusal(file, small, sizes), message);
    }
  });

  it('says that the header is damaged', async () => {
    const message = await refusal(text(`${header}-> X25519\n\n--- AAAA\n`), small);
    assert.equal(message, 'the age file has a damaged header: invalid X25519 stanza');
    const withPassphraseBeside = `${header}-> scrypt AAAA 10\n\n-> X25519 AAAA\n\n--- AAAA\n`;
    assert.equal(
      await refusal(text(withPassphraseBeside), small),
      'the age file has a damaged header: a passphrase must be the only recipient',
    );
  });

  it('does not collect an endless header', async () => {
    let sent = 0;
    const endless = function* () {
      yield text(header);
      for (; sent < 4 * mostHeaderBytes; sent += chunk) yield Buffer.alloc(chunk, 'A\n');
    };
    const { error } = await outcome(ageDecryption([keys.identity]).decrypt(), endless());
    assert.equal((error as Failure).message, 'the age file has a header of more than 262144 bytes');
    assert.ok(sent < 2 * mostHeaderBytes, `${sent} bytes were taken`);
  });

  it('reads a large but honest header', async () => {
    const many = new Encrypter();
    for (let count = 0; count < 300; count += 1) many.addRecipient((await generateIdentity()).recipient);
    many.addRecipient(keys.recipient);
    const file = Buffer.from(await many.encrypt('rows'));
    assert.equal((await through(ageDecryption([keys.identity]).decrypt(), split(file, [999]))).toString(), 'rows');
  });

  it('says that the key is another, which one it would be for, and nothing of the key', async () => {
    const other = await generateIdentity();
    const hybrid = await generateHybridIdentity();
    const { error } = await outcome(ageDecryption([other.identity, hybrid]).decrypt(), [smallFile]);
    const { message, hint } = error as Failure;
    assert.equal(
      message,
      'the age file is encrypted to another key: none of the identities given fits (it names X25519)',
    );
    const hybridRecipient = await identityToRecipient(hybrid);
    assert.equal(
      hint,
      `the identities given belong to ${other.recipient}, ${hybridRecipient.slice(0, 24)}…; ` +
        'find the one for a recipient in the manifest',
    );
  });

  it('says that the file is encrypted with a passphrase', async () => {
    const encrypter = new Encrypter();
    encrypter.setPassphrase('five random words or so');
    encrypter.setScryptWorkFactor(4);
    const file = Buffer.from(await encrypter.encrypt('rows'));
    assert.equal(await refusal(file, small), 'the age file is encrypted with a passphrase, not to a key');
  });

  it('shows only some of what a stranger wrote into the header', async () => {
    const kinds = Array.from({ length: 40 }, (_, index) => `-> kind-${index}-${'x'.repeat(60)}\n\n`).join('');
    const message = await refusal(text(`${header}${kinds}--- AAAA\n`), small);
    assert.ok(message.length < 250, message);
  });
});
