import { existsSync } from 'node:fs';
import { Failure, messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import { type Command, run } from '../process.ts';

const pgdgUrl = 'https://apt.postgresql.org/pub/repos/apt/';
const reachableWithinMilliseconds = 10_000;
const pgdgScript = '/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh';

/**
 * Installs postgresql-client-N by apt: from what is configured, else from PostgreSQL's own repository, set up by the script that
 * Debian ships for it. Returns the folder of the binaries. Needs root, or sudo without a password.
 */
export async function installClient(major: number, log: Log, signal: AbortSignal): Promise<string> {
  const asRoot = rootRunner(signal);
  const name = `postgresql-client-${major}`;
  const folder = `/usr/lib/postgresql/${major}/bin`;
  if (!existsSync('/usr/bin/apt-get')) throw new Failure('this system has no apt-get');
  await asRoot(['true']).catch(error => {
    throw new Failure('neither root nor sudo without a password', { cause: error });
  });
  log.info(`installing ${name}`);
  const install = () => asRoot(['apt-get', 'install', '-y', '-q', '--no-install-recommends', name]);
  if (!(await isOffered(name, signal))) {
    await checkReachable(signal);
    await asRoot(['apt-get', 'update', '-q']);
    if (!(await isOffered(name, signal))) await addPgdg(asRoot);
  }
  await install();
  return folder;
}

/** First of all, since the script would leave a source behind that every later `apt-get update` stumbles over. */
async function checkReachable(signal: AbortSignal): Promise<void> {
  try {
    await fetch(pgdgUrl, {
      method: 'HEAD',
      signal: AbortSignal.any([signal, AbortSignal.timeout(reachableWithinMilliseconds)]),
    });
  } catch (error) {
    throw new Failure('apt.postgresql.org cannot be reached', { cause: error });
  }
}

async function addPgdg(asRoot: (args: string[]) => Promise<unknown>): Promise<void> {
  if (!existsSync(pgdgScript))
    await asRoot(['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'postgresql-common']);
  try {
    await asRoot([pgdgScript, '-y']);
  } catch (error) {
    throw new Failure(`apt.postgresql.org cannot be set up: ${messageOf(error).slice(0, 200)}`, { cause: error });
  }
}

async function isOffered(name: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await run({ file: 'apt-cache', args: ['policy', name], env: { LC_ALL: 'C' } }, signal);
  return /Candidate: (?!\(none\))/.test(stdout);
}

function rootRunner(signal: AbortSignal): (args: string[]) => Promise<unknown> {
  const isRoot = process.getuid?.() === 0;
  return args => {
    const [file = '', ...rest] = isRoot ? args : ['sudo', '-n', ...args];
    const command: Command = { file, args: rest, env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } };
    return run(command, signal);
  };
}
