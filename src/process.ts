import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Failure } from './failure.ts';

/** One external program to run. `args` are visible to every user of the machine: nothing secret stands in them. */
export interface Command {
  file: string;
  args: readonly string[];
  /** The whole environment of the child, beside `PATH`, `HOME` and `TMPDIR`; nothing else of ours is handed on. */
  env?: Readonly<Record<string, string>>;
  /** Bytes for the child to read from descriptor 3, for secrets (`gpg --passphrase-fd 3`). */
  secretInput?: string;
  /** How the program is called in messages; default: the file's last segment. */
  title?: string;
  /**
   * Gives it a process group of its own, for a program that starts others: an abort reaches them all, and none outlives it. One that
   * leaves the group, as a daemon does, goes on.
   */
  ownGroup?: boolean;
}

/** A child that ended well. */
export interface Ended {
  /** What it wrote to stderr, at most the last 64 KiB. */
  stderr: string;
}

/** A running child. `done` settles once it has ended and its pipes are closed; it rejects with a `ProcessFailure`. */
export interface Running {
  stdin: Writable;
  stdout: Readable;
  done: Promise<Ended>;
}

/** A program that could not be started, ended with another status than 0, or was killed. */
export class ProcessFailure extends Failure {
  readonly status: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(title: string, status: number | null, killedBy: NodeJS.Signals | null, stderr: string, cause?: unknown) {
    super(`${title} ${ending(status, killedBy, cause)}${lastWords(stderr)}`, { cause });
    this.name = 'ProcessFailure';
    this.status = status;
    this.killedBy = killedBy;
    this.stderr = stderr;
  }
}

const stderrTailBytes = 64 * 1024;
const killAfterMilliseconds = 4_000;
/** A finished child must not be waited for because a grandchild of its holds a pipe open. */
const closeAfterExitMilliseconds = 5_000;

/**
 * Starts a program with pipes on stdin, stdout and stderr. An abort sends SIGTERM, and SIGKILL four seconds later. Read
 * `stdout` to its end (or call `resume()`), and await `done`: only both together mean success. Begin to read at once: Node throws
 * away what nobody reads when the program ends, which is a failure here.
 */
export function start(command: Command, signal?: AbortSignal): Running {
  signal?.throwIfAborted();
  const title = command.title ?? command.file.split('/').at(-1) ?? command.file;
  const child = spawnPiped(command, title);
  const { stdin, stdout } = child as { stdin: Writable; stdout: Readable };
  const tail = new Tail(stderrTailBytes);
  child.stderr?.on('data', (chunk: Buffer) => tail.push(chunk));
  if (command.secretInput !== undefined) {
    const secret = child.stdio[3] as Writable;
    secret.on('error', () => {}); // a child that died says so by its status
    secret.end(command.secretInput);
  }

  const done = new Promise<Ended>((resolve, reject) => {
    let killTimer: NodeJS.Timeout | undefined;
    let isUnread = false;
    const send = (name: NodeJS.Signals) => (command.ownGroup ? signalGroup(child, name) : child.kill(name));
    const kill = () => {
      send('SIGTERM');
      killTimer = setTimeout(() => send('SIGKILL'), killAfterMilliseconds);
    };
    const settle = (status: number | null, killedBy: NodeJS.Signals | null, cause?: unknown) => {
      clearTimeout(killTimer);
      if (command.ownGroup) signalGroup(child, 'SIGKILL');
      signal?.removeEventListener('abort', kill);
      const stderr = tail.text();
      if (status === 0 && isUnread) reject(new Failure(`${title} ended before anybody read what it wrote`));
      else if (status === 0) resolve({ stderr });
      else reject(new ProcessFailure(title, status, killedBy, stderr, cause));
    };
    signal?.addEventListener('abort', kill, { once: true });
    child.once('error', error => {
      stdout.destroy();
      settle(null, null, error);
    });
    child.once('exit', () => {
      isUnread = stdout.readableFlowing === null && stdout.listenerCount('readable') === 0;
      // after an abort the others have the time that it gave them
      if (command.ownGroup && killTimer === undefined) signalGroup(child, 'SIGKILL');
      setTimeout(() => {
        child.stderr?.destroy();
        if (command.ownGroup) stdout.destroy();
      }, closeAfterExitMilliseconds).unref();
    });
    child.once('close', (status, killedBy) => settle(status, killedBy));
  });
  // its reader may come later, after a pipe has failed first
  done.catch(() => {});
  return { stdin, stdout, done };
}

function spawnPiped(command: Command, title: string): ChildProcess {
  try {
    return spawn(command.file, command.args, {
      env: { ...inheritedEnvironment(), ...command.env },
      detached: command.ownGroup ?? false,
      stdio: command.secretInput === undefined ? ['pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // thrown at once for a command line that is too long
    throw new ProcessFailure(title, null, null, '', error);
  }
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // nobody is left in it
  }
}

/** Runs a short program to its end and gives its stdout as text. `input` goes to its stdin. */
export async function run(command: Command, signal?: AbortSignal, input = ''): Promise<Ended & { stdout: string }> {
  const child = start(command, signal);
  child.stdin.on('error', () => {}); // a program that does not read its stdin is judged by its status
  child.stdin.end(input);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await child.done;
  return { ...ended, stdout: Buffer.concat(chunks).toString('utf8') };
}

/** The folders in which programs are looked for, in their order. */
export function searchPath(): string[] {
  return (process.env.PATH ?? '').split(':').filter(folder => folder !== '');
}

function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'DOCKER_HOST', 'DOCKER_CONFIG'];
  return Object.fromEntries(
    names.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function ending(status: number | null, killedBy: NodeJS.Signals | null, cause: unknown): string {
  if (killedBy !== null) return `was killed by ${killedBy}`;
  if (status !== null) return `ended with status ${status}`;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT'
    ? 'could not be started: there is no such program'
    : `could not be started: ${code ?? 'unknown reason'}`;
}

function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map(line => line.trim())
    // these lines of a server's message hold values of rows
    .filter(line => line !== '' && !/^(?:DETAIL|CONTEXT):|: error: a worker process died/.test(line));
  // what comes after an error, such as the whole statement, can be long
  const error = lines.findLastIndex(line => /\berror: /i.test(line));
  const telling = error === -1 ? lines.slice(-3) : lines.slice(error, error + 3);
  return telling.length === 0 ? '' : `: ${telling.map(line => line.slice(0, 200)).join(' | ')}`;
}

/** Keeps the last bytes of a stream. */
class Tail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    while (this.#sizeBytes - (this.#chunks[0]?.length ?? 0) > this.#limitBytes)
      this.#sizeBytes -= this.#chunks.shift()?.length ?? 0;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8').slice(-this.#limitBytes);
  }
}
