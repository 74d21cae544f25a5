import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

/** Whether a program is there; skips the test, with the reason, if not. */
export function hasProgram(t: TestContext, name: string): boolean {
  const found = spawnSync(name, ['--version']).error === undefined;
  if (!found) t.skip(`the command ${name} is not installed`);
  return found;
}

/** Runs a program to its end with `input` on its stdin; rejects with its stderr in the message. */
export async function output(file: string, args: string[], input: Buffer | string = '', env = {}): Promise<Buffer> {
  const running = promisify(execFile)(file, args, {
    encoding: 'buffer',
    maxBuffer: 2 ** 30,
    env: { ...process.env, ...env },
  });
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Runs `work` with a folder that is removed after it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-lifeboat-test-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts a program at a terminal of its own and types `answer` at each of its prompts for a passphrase. */
const typist = `
import os, pty, sys
answer = os.environ['ANSWER'].encode() + b'\\n'
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
try:
    while chunk := os.read(terminal, 1024):
        seen += chunk
        if b'passphrase' in seen and seen.rstrip(b' ').endswith(b':'):
            os.write(terminal, answer)
            seen = b''
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Runs a program that asks for a passphrase at its terminal; gives its exit status. */
export async function atTerminal(answer: string, file: string, args: string[]): Promise<number | null> {
  const child = spawn('python3', ['-c', typist, file, ...args], {
    env: { ...process.env, ANSWER: answer },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
