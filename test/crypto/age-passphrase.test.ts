import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Decrypter, Encrypter } from 'age-encryption';
import {
  ageEncryption,
  generateIdentity,
  newPassphraseKey,
  openPassphraseKey,
  parseIdentities,
} from '../../src/crypto/age.ts';
import { Failure } from '../../src/failure.ts';
import { atTerminal, hasProgram, output, withFolder } from './programs.ts';
import { through } from './through.ts';

const odd = ' it\'s "5 €" \\n $HOME `x` ñ 船 🚢 ';

async function encryptedWith(passphrase: string, content: string): Promise<Buffer> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(4);
  return Buffer.from(await encrypter.encrypt(content));
}

describe('a passphrase key', () => {
  it('opens with its passphrase, whatever characters it has, and with no other', async () => {
    const made = await newPassphraseKey(odd);
    const { keyFile, ...pair } = made;
    assert.deepEqual(await openPassphraseKey(keyFile, odd), pair);
    await assert.rejects(openPassphraseKey(keyFile, odd.trim()), (error: Failure) => {
      assert.equal(error.message, 'input passphrase does not open the key file');
      assert.equal(error.hint, 'try again; letter case, spaces and the form of accented letters count');
      assert.equal(error.exitStatus, 64);
      return true;
    });
  });

  it('is an ordinary age key file inside an ordinary age file of full work factor', async () => {
    const { keyFile, identity, recipient } = await newPassphraseKey('five random words');
    assert.match(keyFile.toString('latin1'), /^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/);
    const decrypter = new Decrypter();
    decrypter.addPassphrase('five random words');
    const text = await decrypter.decrypt(keyFile, 'text');
    assert.equal(text, `# public key: ${recipient}\n${identity}\n`);
    assert.deepEqual(parseIdentities(text), [identity]);
  });

  it('serves the command age: key.age to key.txt, key.txt to the content', async t => {
    if (!hasProgram(t, 'age') || !hasProgram(t, 'python3')) return;
    const { keyFile, recipient } = await newPassphraseKey(odd);
    const file = await through(await ageEncryption([recipient]).encrypt(), Buffer.from('rows'));
    await withFolder(async folder => {
      const [locked, open] = [join(folder, 'key.age'), join(folder, 'key.txt')];
      await writeFile(locked, keyFile);
      assert.equal(await atTerminal(odd, 'age', ['--decrypt', '--output', open, locked]), 0);
      assert.equal((await output('age', ['--decrypt', '--identity', open], file)).toString(), 'rows');
      assert.notEqual(await atTerminal('another one', 'age', ['--decrypt', '--output', `${open}2`, locked]), 0);
    });
  });

  it('may come from the command age', async t => {
    if (!hasProgram(t, 'age') || !hasProgram(t, 'python3')) return;
    await withFolder(async folder => {
      const [plain, locked] = [join(folder, 'key.txt'), join(folder, 'key.age')];
      const pair = await generateIdentity();
      await writeFile(plain, `# created: 2026-01-01T00:00:00Z\n# public key: ${pair.recipient}\n${pair.identity}\n`);
      assert.equal(await atTerminal(odd, 'age', ['--passphrase', '--output', locked, plain]), 0);
      assert.deepEqual(await openPassphraseKey(await readFile(locked), odd), pair);
    });
  });

  it('is refused when it is damaged or something else', async () => {
    const pair = await generateIdentity();
    const good = await encryptedWith('short', `${pair.identity}\n`);
    assert.deepEqual(await openPassphraseKey(good, 'short'), pair);
    const damaged = Buffer.from(good);
    damaged[good.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const toKey = await through(await ageEncryption([pair.recipient]).encrypt(), Buffer.from(pair.identity));
    const costly = Buffer.from(good.toString('latin1').replace(/ 4\n/, ' 25\n'), 'latin1');
    for (const [file, message] of [
      [damaged, 'the age file is cut off or damaged in its last part, after byte 0 of its content'],
      [good.subarray(0, 50), 'the age file is cut off in its header'],
      [Buffer.from('AGE-SECRET-KEY-1'), 'the object is not an age file'],
      [toKey, 'the age file is encrypted to a key, not with a passphrase'],
      [costly, 'the age file has a damaged header: scrypt work factor is too high'],
      [Buffer.alloc(64 * 1024 + 1), 'the key file is larger than 65536 bytes'],
      [await encryptedWith('short', '# nothing\n'), 'the key file holds 0 identities where one is expected'],
      [
        await encryptedWith('short', `${pair.identity}\n${(await generateIdentity()).identity}`),
        'the key file holds 2 identities where one is expected',
      ],
    ] as const) {
      await assert.rejects(openPassphraseKey(file, 'short'), { name: 'Failure', message });
    }
  });

  it('is not made with a passphrase that is weak or that no prompt takes', async () => {
    for (const [passphrase, problem] of [
      ['', 'is empty'],
      ['1234567', 'has fewer than 8 characters'],
      ['🚢🚢🚢🚢', 'has fewer than 8 characters'],
      ['five random words\n', 'ends with a line break'],
      ['five random words\r\n', 'ends with a line break'],
      ['five\trandom words', 'holds a control character'],
      ['five\nrandom words', 'holds a control character'],
      ['five\0random words', 'holds a control character'],
      ['five random words\x7f', 'holds a control character'],
      ['five random words \ud800', 'is not valid Unicode'],
    ] as const) {
      await assert.rejects(newPassphraseKey(passphrase), (error: Failure) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.message, `input passphrase ${problem}`);
        return true;
      });
    }
    await assert.rejects(openPassphraseKey(Buffer.alloc(0), 'words\n'), {
      message: 'input passphrase ends with a line break',
    });
  });
});
