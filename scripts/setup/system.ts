import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { messageOf } from '../../src/failure.ts';
import { run } from '../../src/process.ts';

/** One way to get a part: gives undefined when it does not apply here, and throws when it was tried and failed. */
export interface Way<Part> {
  name: string;
  try: () => Promise<Part | undefined>;
}

const installTimeoutMilliseconds = 600_000;
const probeTimeoutSeconds = 5;

/** Goes the ways in their order and gives the first part found; throws with one line for each way that failed. */
export async function firstOf<Part>(what: string, ways: readonly Way<Part>[]): Promise<Part> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      const part = await way.try();
      if (part !== undefined) return part;
      reasons.push(`${way.name}: not here`);
    } catch (error) {
      reasons.push(`${way.name}: ${messageOf(error)}`);
    }
  }
  throw new Error(`no ${what}\n${reasons.map(reason => `  ${reason}`).join('\n')}`);
}

/** Runs a program with our whole environment (proxies, locale, Go's settings) and gives its stdout, trimmed. */
export async function output(file: string, args: readonly string[], timeoutMilliseconds = 60_000): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(entry => entry[1] !== undefined));
  const ended = await run({ file, args, env: env as Record<string, string> }, AbortSignal.timeout(timeoutMilliseconds));
  return ended.stdout.trim();
}

/** Whether the file is there and may be executed. */
export async function executable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The path of a program on PATH, in `folders` too, or undefined. */
export async function which(program: string, folders: readonly string[] = []): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...folders]) {
    if (folder !== '' && (await executable(join(folder, program)))) return join(folder, program);
  }
  return undefined;
}

/** Installs a Debian package where there is apt-get; undefined where there is none. Throws when it cannot. */
export async function aptInstall(name: string): Promise<true | undefined> {
  if ((await which('apt-get')) === undefined) return undefined;
  if (!(await aptKnows(name))) {
    await asRoot('apt-get', ['update', '-qq']);
    if (!(await aptKnows(name))) throw new Error(`this system has no package ${name}`);
  }
  await asRoot('env', [
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '--yes',
    '--quiet=2',
    '--no-install-recommends',
    '--option=DPkg::Lock::Timeout=300',
    name,
  ]);
  return true;
}

/** Whether apt could install the package from the sources that it knows now. */
export async function aptKnows(name: string): Promise<boolean> {
  return /^ +Candidate: (?!\(none\))/m.test(await output('apt-cache', ['policy', name]));
}

/** Whether apt gets an answer from this address within five seconds, by way of its own proxy settings. */
export async function aptReaches(url: string): Promise<boolean> {
  const limits = ['-o', `Acquire::http::Timeout=${probeTimeoutSeconds}`, '-o', 'Acquire::Retries=0'];
  return output('/usr/lib/apt/apt-helper', [...limits, 'download-file', url, '/dev/null'], 3_000 * probeTimeoutSeconds)
    .then(() => true)
    .catch(() => false);
}

/** Installs a Homebrew formula where there is Homebrew; undefined where there is none. */
export async function brewInstall(formula: string): Promise<true | undefined> {
  if ((await which('brew')) === undefined) return undefined;
  await output('brew', ['install', '--quiet', formula], installTimeoutMilliseconds);
  return true;
}

/** Runs a program as root: directly, or by a sudo that asks nothing. */
export async function asRoot(file: string, args: readonly string[]): Promise<string> {
  if (process.getuid?.() === 0) return output(file, args, installTimeoutMilliseconds);
  await output('sudo', ['-n', 'true']).catch(() => {
    throw new Error(`${file} needs root, and sudo would ask for a password`);
  });
  return output('sudo', ['-n', file, ...args], installTimeoutMilliseconds);
}
