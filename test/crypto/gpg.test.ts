import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gpgDecryption, gpgEncryption, type Closable } from '../../src/crypto/gpg.ts';
import { Failure } from '../../src/failure.ts';
import { hasProgram, output, withFolder } from './programs.ts';
import { outcome, split, through } from './through.ts';

const odd = ' it\'s "5 €" \\n $HOME `x` ñ 船 🚢 ';
const sizes = [0, 1, 64 * 1024, 1_000_000];

/** A user's own gpg, beside ours. */
let home = '';
let publicKey = '';
let privateKey = '';
let lockedKey = '';
let fingerprint = '';

async function gpg(args: string[], input: Buffer | string = '', folder = home): Promise<Buffer> {
  const fixed = ['--batch', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback'];
  return output('gpg', [...fixed, ...args], input, { GNUPGHOME: folder });
}

async function makeKey(user: string, passphrase = '', usage = 'default', expires = 'never'): Promise<void> {
  await gpg(['--passphrase', passphrase, '--quick-generate-key', user, 'default', usage, expires]);
}

async function exported(user: string, kind = '--export'): Promise<string> {
  return (await gpg(['--passphrase', odd, '--armor', kind, user])).toString();
}

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'gpg-test-'));
  await makeKey('open@example.com').catch(() => {}); // without gpg each test skips by itself
  await makeKey('locked@example.com', odd).catch(() => {});
  publicKey = await exported('open@example.com').catch(() => '');
  privateKey = await exported('open@example.com', '--export-secret-keys').catch(() => '');
  lockedKey = await exported('locked@example.com', '--export-secret-keys').catch(() => '');
  const listed = await gpg(['--with-colons', '--list-keys', 'open@example.com']).catch(() => '');
  fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed.toString())?.[1] ?? '';
});

after(async () => {
  await output('gpgconf', ['--kill', 'all'], '', { GNUPGHOME: home }).catch(() => {});
  await rm(home, { recursive: true, force: true });
});

/** Takes note of something to close when the test ends. */
type Opened = <T extends Closable>(making: Promise<T>) => Promise<T>;

/** Runs `work` with a folder for temporary files, which must be empty again after it and what it opened is closed. */
async function leavingNothing(t: TestContext, work: (opened: Opened) => Promise<void>): Promise<void> {
  if (!hasProgram(t, 'gpg')) return;
  await withFolder(async folder => {
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    const toClose: Closable[] = [];
    try {
      await work(async making => {
        const made = await making;
        toClose.push(made);
        return made;
      });
    } finally {
      for (const made of toClose) await made.close();
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
    }
    assert.deepEqual(await readdir(folder), [], 'no temporary file is left');
  });
}

async function encrypted(keys: Parameters<typeof gpgEncryption>[0], content: Buffer): Promise<Buffer> {
  const encryption = await gpgEncryption(keys);
  try {
    return await through(await encryption.encrypt(), split(content, [64 * 1024]));
  } finally {
    await encryption.close();
  }
}

async function decrypted(keys: Parameters<typeof gpgDecryption>[0], file: Buffer): Promise<Buffer> {
  const decryption = await gpgDecryption(keys);
  try {
    return await through(decryption.decrypt(), split(file, [64 * 1024]));
  } finally {
    await decryption.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

function flipped(file: Buffer, byte: number): Buffer {
  const copy = Buffer.from(file);
  copy[byte] = (copy[byte] ?? 0) ^ 0x10;
  return copy;
}

describe('gpg with keys', () => {
  it('encrypts what the command decrypts', async t => {
    await leavingNothing(t, async opened => {
      const encryption = await opened(gpgEncryption({ publicKeys: publicKey }));
      assert.deepEqual([encryption.scheme, encryption.suffix, encryption.recipients], ['gpg', '.gpg', [fingerprint]]);
      for (const size of sizes) {
        const content = randomBytes(size);
        const file = await through(await encryption.encrypt(), split(content, [1000, 70_000]));
        assert.ok((await gpg(['--decrypt'], file)).equals(content), `${size} bytes`);
      }
    });
  });

  it('decrypts what the command encrypts, compressed or not', async t => {
    await leavingNothing(t, async opened => {
      const decryption = await opened(gpgDecryption({ privateKey }));
      for (const size of sizes) {
        const content = randomBytes(size);
        const file = await gpg(['--encrypt', '--recipient', fingerprint], content);
        assert.ok((await through(decryption.decrypt(), split(file, [999, 70_000]))).equals(content), `${size} bytes`);
      }
    });
  });

  it('uses AES-256 and does not compress', async t => {
    await leavingNothing(t, async () => {
      const zeros = Buffer.alloc(100_000);
      const file = await encrypted({ publicKeys: publicKey }, zeros);
      assert.ok(file.length > zeros.length);
      assert.match((await gpg(['--status-fd', '1', '--decrypt'], file)).toString(), /DECRYPTION_INFO 2 9 /);
    });
  });

  it('encrypts to all of several keys, and to no passphrase beside them', async t => {
    await leavingNothing(t, async () => {
      const both = `${publicKey}\n${await exported('locked@example.com')}`;
      const file = await encrypted({ publicKeys: both, passphrase: odd }, Buffer.from('rows'));
      assert.equal((await decrypted({ privateKey }, file)).toString(), 'rows');
      assert.equal((await decrypted({ privateKey: lockedKey, passphrase: odd }, file)).toString(), 'rows');
      await refusal(decrypted({ passphrase: odd }, file));
    });
  });

  it('opens a locked secret key with its passphrase only', async t => {
    await leavingNothing(t, async () => {
      const file = await gpg(['--encrypt', '--recipient', 'locked@example.com'], 'rows');
      assert.equal((await decrypted({ privateKey: lockedKey, passphrase: odd }, file)).toString(), 'rows');
      const wrong = await refusal(decrypted({ privateKey: lockedKey, passphrase: odd.trim() }, file));
      assert.equal(wrong.message, 'input passphrase opens neither the gpg file nor its key');
      assert.equal(wrong.exitStatus, 64);
      const missing = await refusal(decrypted({ privateKey: lockedKey }, file));
      assert.equal(missing.message, 'input passphrase is missing: the gpg file or its key needs it');
    });
  });

  it('names the key that a file is encrypted to, if it is another', async t => {
    await leavingNothing(t, async () => {
      const file = await gpg(['--encrypt', '--recipient', 'locked@example.com'], 'rows');
      const failure = await refusal(decrypted({ privateKey }, file));
      assert.match(failure.message, /^the gpg file is encrypted to another key: [0-9A-F]{16}$/);
      assert.equal(failure.hint, 'give the secret key of one of the fingerprints in the manifest');
    });
  });

  it('works on several objects at once', async t => {
    await leavingNothing(t, async opened => {
      const encryption = await opened(gpgEncryption({ publicKeys: publicKey }));
      const decryption = await opened(gpgDecryption({ privateKey }));
      const contents = Array.from({ length: 6 }, () => randomBytes(200_000));
      await Promise.all(
        contents.map(async content => {
          const file = await through(await encryption.encrypt(), content);
          assert.ok((await through(decryption.decrypt(), file)).equals(content));
        }),
      );
    });
  });
});

describe('gpg with a passphrase', () => {
  it('encrypts what the command decrypts, whatever characters it has', async t => {
    await leavingNothing(t, async () => {
      await withFolder(async folder => {
        const typed = join(folder, 'passphrase');
        await writeFile(typed, `${odd}\n`);
        const content = randomBytes(300_000);
        const file = await encrypted({ passphrase: odd }, content);
        assert.ok((await gpg(['--passphrase-file', typed, '--decrypt'], file)).equals(content));
        const theirs = await gpg(['--passphrase-file', typed, '--symmetric'], content);
        assert.ok((await decrypted({ passphrase: odd }, theirs)).equals(content));
      });
    });
  });

  it('is refused when it is wrong or missing', async t => {
    await leavingNothing(t, async () => {
      const file = await encrypted({ passphrase: odd }, randomBytes(300_000));
      const wrong = await refusal(decrypted({ passphrase: odd.trim() }, file));
      assert.equal(wrong.message, 'input passphrase opens neither the gpg file nor its key');
      const missing = await refusal(decrypted({ privateKey }, file));
      assert.equal(missing.message, 'input passphrase is missing: the gpg file or its key needs it');
    });
  });

  it('stands in no argument of the program', async t => {
    await leavingNothing(t, async opened => {
      const encryption = await opened(gpgEncryption({ passphrase: 'seen by nobody' }));
      const stream = await encryption.encrypt();
      const running = (await output('ps', ['-e', '-o', 'args'])).toString();
      assert.match(running, /gpg .*--symmetric/);
      assert.ok(!running.includes('seen by nobody'));
      stream.destroy();
    });
  });

  it('is refused when no prompt takes it', async () => {
    for (const make of [gpgEncryption, gpgDecryption]) {
      const failure = await refusal(make({ passphrase: 'five random words\n' }));
      assert.equal(failure.message, 'input passphrase ends with a line break');
    }
  });
});

describe('a damaged gpg file', () => {
  const content = randomBytes(300_000);

  it('ends with an error wherever a byte is changed, though content came out', async t => {
    await leavingNothing(t, async opened => {
      const file = await encrypted({ publicKeys: publicKey }, content);
      const decryption = await opened(gpgDecryption({ privateKey }));
      for (const byte of [file.length - 1, file.length - 30, 200_000, 1000]) {
        const { output, error } = await outcome(decryption.decrypt(), split(flipped(file, byte), [64 * 1024]));
        assert.ok(error instanceof Failure, `byte ${byte}: ${String(error)}, ${output.length} bytes`);
        assert.equal(error.message, 'the gpg file is damaged or cut off');
      }
      for (let byte = 0; byte < 700; byte += 23) {
        const { error } = await outcome(decryption.decrypt(), [flipped(file, byte)]);
        assert.ok(error instanceof Failure, `byte ${byte}: ${String(error)}`);
      }
    });
  });

  it('ends with an error wherever it is cut off or something is appended', async t => {
    await leavingNothing(t, async opened => {
      const file = await encrypted({ publicKeys: publicKey }, content);
      const unencrypted = await gpg(['--store'], 'not from us');
      const decryption = await opened(gpgDecryption({ privateKey }));
      for (const bad of [
        file.subarray(0, -1),
        file.subarray(0, -22),
        file.subarray(0, 200_000),
        Buffer.concat([file, unencrypted]),
        Buffer.concat([file, file]),
      ]) {
        const { error } = await outcome(decryption.decrypt(), split(bad, [64 * 1024]));
        assert.ok(error instanceof Failure, String(error));
        assert.equal(error.message, 'the gpg file is damaged or cut off');
      }
      const behind = await refusal(through(decryption.decrypt(), Buffer.concat([unencrypted, file])));
      assert.match(behind.message, /is damaged or cut off$|, but not an encrypted one$/);
    });
  });

  it('is told from what is none, or was never encrypted', async t => {
    await leavingNothing(t, async opened => {
      const decryption = await opened(gpgDecryption({ privateKey }));
      const unencrypted = await gpg(['--store', '--compress-algo', 'none'], content);
      for (const [file, message] of [
        [Buffer.alloc(0), 'the object is not a gpg file'],
        [Buffer.from('PGDMP, a dump that nobody encrypted'), 'the object is not a gpg file'],
        [unencrypted, 'the object is a gpg file, but not an encrypted one'],
      ] as const) {
        assert.equal((await refusal(through(decryption.decrypt(), file))).message, message);
      }
    });
  });
});

describe('gpg keys', () => {
  it('are refused with what to do', async t => {
    await leavingNothing(t, async () => {
      await makeKey('sign@example.com', '', 'sign');
      await makeKey('old@example.com', '', 'default', 'seconds=1');
      await sleep(1500);
      const damagedKey = publicKey.replace(/\n[^\n]{64}\n/, '\n');
      for (const [publicKeys, message] of [
        [undefined, /^input gpg-recipients is missing$/],
        ['ops@example.com', /^input gpg-recipients holds no armored public key$/],
        [privateKey, /^input gpg-recipients holds a secret key$/],
        [`${publicKey}\n${privateKey}`, /^input gpg-recipients holds a secret key$/],
        [damagedKey, /^input gpg-recipients holds (a key that gpg cannot read|no usable key)$/],
        [`${publicKey}\n${damagedKey}`, /^input gpg-recipients holds a key that gpg cannot read$/],
        [await exported('sign@example.com'), /^input gpg-recipients holds the key [0-9A-F]{40}, which cannot encrypt$/],
        [
          `${publicKey}\n${await exported('old@example.com')}`,
          /^input gpg-recipients holds the key [0-9A-F]{40}, which has expired$/,
        ],
      ] as const) {
        const failure = await refusal(gpgEncryption({ publicKeys }));
        assert.match(failure.message, message);
        assert.equal(failure.exitStatus, 64);
        assert.ok(failure.hint !== undefined);
      }
      for (const [secret, message] of [
        [undefined, 'input gpg-private-key is missing'],
        [publicKey, 'input gpg-private-key holds a public key'],
        ['AGE-SECRET-KEY-1', 'input gpg-private-key holds no armored secret key'],
        [privateKey.replace(/\n[^\n]{64}\n/, '\n'), 'input gpg-private-key holds a key that gpg cannot read'],
      ] as const) {
        assert.equal((await refusal(gpgDecryption({ privateKey: secret }))).message, message);
      }
    });
  });

  it('need the program, and say how to get it', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      const failure = await refusal(gpgEncryption({ passphrase: odd }));
      assert.equal(failure.message, 'the program gpg is not installed');
      assert.equal(
        failure.hint,
        'install GnuPG (Debian and Ubuntu: apt-get install gnupg, macOS: brew install gnupg), or use age',
      );
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('a gpg home', () => {
  it('is closed to others, and goes with all that still runs in it', async t => {
    await leavingNothing(t, async opened => {
      const decryption = await opened(gpgDecryption({ privateKey }));
      const encryption = await opened(gpgEncryption({ publicKeys: publicKey }));
      const folder = process.env.TMPDIR ?? '';
      for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o700);
      const streams = [decryption.decrypt(), await encryption.encrypt()];
      for (const stream of streams) stream.write(Buffer.alloc(1000));
      await Promise.all([decryption.close(), encryption.close()]);
      await Promise.all([decryption.close(), encryption.close()]);
      for (const stream of streams) assert.ok(stream.destroyed);
      const running = (await output('ps', ['-e', '-o', 'args'])).toString();
      assert.ok(!running.includes(folder), 'no agent is left');
    });
  });

  it('ends gpg when its stream is destroyed while nobody reads', async t => {
    await leavingNothing(t, async opened => {
      const encryption = await opened(gpgEncryption({ publicKeys: publicKey }));
      const stream = await encryption.encrypt();
      while (stream.write(randomBytes(64 * 1024)));
      await sleep(100);
      while (stream.write(randomBytes(64 * 1024)));
      stream.destroy();
      await new Promise(resolve => stream.once('close', resolve));
    });
  });

  it('takes no more input than the reader of its output asks for', async t => {
    await leavingNothing(t, async opened => {
      const encryption = await opened(gpgEncryption({ publicKeys: publicKey }));
      const stream = await encryption.encrypt();
      let accepted = 0;
      for (let round = 0; round < 20; round += 1) {
        while (stream.write(Buffer.alloc(64 * 1024))) accepted += 1;
        await sleep(20);
      }
      assert.ok(accepted < 60, `${accepted} chunks accepted`);
      stream.destroy();
    });
  });
});
