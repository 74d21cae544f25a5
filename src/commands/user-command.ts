import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Log } from '../log.ts';
import { parseAddress, secretsOf } from '../postgres/url.ts';
import { ProcessFailure, searchPath, start } from '../process.ts';

/** A shell command of the user's that works on a database, `url` its URL with the password. */
export interface UserCommand {
  command: string;
  /** How it is called in messages. */
  title: string;
  url: string;
  timeoutSeconds: number;
  /** Beside the database's address. */
  env?: Readonly<Record<string, string>>;
  /** Where its output goes; undefined where others can read the log. */
  log: Log | undefined;
  signal: AbortSignal;
}

/** Why a command did not end well. */
export interface UserCommandFailure {
  kind: 'failed' | 'not-run' | 'timed-out';
  found: string;
}

/** The longest time that a timer knows. */
const longestMilliseconds = 2 ** 31 - 1;

/**
 * Runs the command in the current directory, in a clean environment that holds the database's address. It ends at the first of its
 * commands that fails, as steps of a workflow do. What it prints goes to the log, without the password. Only an abort throws.
 */
export async function runUserCommand(
  run: UserCommand,
): Promise<{ failure: UserCommandFailure | undefined; seconds: number }> {
  const { command, title, url, timeoutSeconds, log, signal } = run;
  const startedAt = performance.now();
  const late = AbortSignal.timeout(Math.min(Math.ceil(timeoutSeconds * 1000), longestMilliseconds));
  const output = new Output(log, secretsOf(url));
  let failure: UserCommandFailure | undefined;
  try {
    const child = start(
      {
        file: 'sh',
        // both streams in one, in the order in which they were written
        args: ['-c', 'exec "$@" 2>&1', 'sh', ...(await shell()), '-c', '--', command],
        env: { ...environmentOf(url), ...run.env },
        title,
        ownGroup: true,
      },
      AbortSignal.any([signal, late]),
    );
    child.stdin.on('error', () => {}); // a command that does not read it is judged by its status
    child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    await child.done;
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) failure = { kind: 'timed-out', found: `did not end within ${timeoutSeconds} s` };
    else if (error instanceof ProcessFailure) failure = failureOf(error);
    else throw error;
  } finally {
    output.end();
  }
  return { failure, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
}

function failureOf({ status, killedBy }: ProcessFailure): UserCommandFailure {
  if (killedBy !== null) return { kind: 'failed', found: `was killed by ${killedBy}` };
  if (status === null) return { kind: 'not-run', found: 'could not be started' };
  const found = `ended with status ${status}`;
  if (status === 126) return { kind: 'not-run', found: `${found}: a program may not be run` };
  if (status === 127) return { kind: 'not-run', found: `${found}: a program was not found` };
  return { kind: 'failed', found };
}

/** As a workflow's `shell: bash` calls it, where there is a bash. */
async function shell(): Promise<string[]> {
  for (const folder of searchPath()) {
    const hasBash = await access(join(folder, 'bash'), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (hasBash) return ['bash', '--noprofile', '--norc', '-eo', 'pipefail'];
  }
  return ['sh', '-e'];
}

function environmentOf(url: string): Record<string, string> {
  const { host, port, user, password, database, sslMode } = parseAddress(url, 'target-url');
  return {
    DATABASE_URL: url,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    // not every client knows the default
    ...(sslMode === 'prefer' ? {} : { PGSSLMODE: sslMode }),
  };
}

const shownLines = 2_000;
const shownCharacters = 2_000;
const heldCharacters = 64 * 1024;

/** What a command prints, line by line into the log: not all of it, and no secret. */
class Output {
  readonly #log: Log | undefined;
  readonly #secrets: readonly string[];
  #rest = '';
  #lines = 0;

  constructor(log: Log | undefined, secrets: readonly string[]) {
    this.#log = log;
    // the log goes by lines, and a secret need not
    const pieces = secrets.flatMap(secret => [secret, ...secret.split(/[\r\n]+/).filter(piece => piece.length > 3)]);
    this.#secrets = pieces.sort((a, b) => b.length - a.length);
  }

  push(text: string): void {
    const complete = (this.#rest + text).split('\n');
    this.#rest = (complete.pop() ?? '').slice(0, heldCharacters);
    for (const line of complete) this.#show(line);
  }

  end(): void {
    if (this.#rest !== '') this.#show(this.#rest);
    this.#rest = '';
    if (this.#lines > shownLines) this.#log?.info(`… ${this.#lines - shownLines} more lines`);
  }

  #show(line: string): void {
    this.#lines += 1;
    if (this.#lines > shownLines) return;
    // half a secret at its cut end would not be known
    if (line.length >= heldCharacters) return this.#log?.info('… a line of more than 64 KB');
    // of a line that was written over and over, a terminal shows the last state
    const plain = stripVTControlCharacters(line.trimEnd()).split('\r').at(-1) ?? '';
    this.#log?.info(
      this.#secrets.reduce((text, secret) => text.replaceAll(secret, '***'), plain).slice(0, shownCharacters),
    );
  }
}
