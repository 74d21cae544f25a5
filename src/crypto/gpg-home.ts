import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { ProcessFailure, run, start } from '../process.ts';
import { GpgStream, type Judge } from './gpg-stream.ts';

/**
 * In every call. gpg never asks, and writes its machine-readable status among its messages, which `--quiet` would thin;
 * with a seed file, several at once would wait for each other, seconds at a time.
 */
const everyCall = ['--batch', '--no-tty', '--no-options', '--no-random-seed-file', '--status-fd', '2'];
const trustAndPrompt = ['--trust-model', 'always', '--pinentry-mode', 'loopback'];
const installHint = 'install GnuPG (Debian and Ubuntu: apt-get install gnupg, macOS: brew install gnupg), or use age';

/** The system's gpg with a throw-away home: no key, setting or agent of the user's is read or changed. */
export class GpgHome {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #streams = new Set<GpgStream>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#environment = { GNUPGHOME: folder, LC_ALL: 'C' };
  }

  /** Makes a home that only this user can read; a `Failure` if gpg is not installed or older than 2.1. */
  static async open(): Promise<GpgHome> {
    const version = await installedVersion();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < 2 || (major === 2 && minor < 1)) {
      throw new Failure(`the program gpg is of version ${version}, older than 2.1`, { hint: installHint });
    }
    return new GpgHome(await mkdtemp(join(tmpdir(), 'pg-lifeboat-gpg-')));
  }

  /** Runs gpg with `input` on its stdin, to its end, and gives its stdout; rejects with a `ProcessFailure`. */
  async run(args: readonly string[], input = ''): Promise<string> {
    const all = [...everyCall, ...trustAndPrompt, ...args];
    const { stdout } = await run({ file: 'gpg', args: all, env: this.#environment }, undefined, input);
    return stdout;
  }

  /** Starts gpg as a stream; `passphrase` goes to it through a pipe of its own. */
  stream(args: readonly string[], passphrase: string | undefined, judge: Judge): GpgStream {
    const fromPipe = passphrase === undefined ? [] : ['--passphrase-fd', '3'];
    const all = [...everyCall, ...trustAndPrompt, ...fromPipe, ...args];
    const command = { file: 'gpg', args: all, env: this.#environment, secretInput: passphrase };
    const stream = new GpgStream(signal => start(command, signal), judge);
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }

  /** Ends what is still running, the key agent too, and removes the home. */
  async close(): Promise<void> {
    const closed = [...this.#streams].map(stream => once(stream.destroy(), 'close'));
    await Promise.all(closed);
    for (const args of [['--kill', 'all'], ['--remove-socketdir']]) {
      // an agent whose home is gone ends by itself within a minute
      await run({ file: 'gpgconf', args, env: this.#environment }).catch(() => {});
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function installedVersion(): Promise<string> {
  try {
    const { stdout } = await run({ file: 'gpg', args: ['--version'] });
    return /^gpg .* (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '0.0.0';
  } catch (error) {
    if (!(error instanceof ProcessFailure) || error.status !== null || error.killedBy !== null) throw error;
    throw new Failure('the program gpg is not installed', { hint: installHint, cause: error });
  }
}
