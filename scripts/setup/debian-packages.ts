import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { output } from './system.ts';

const downloadTimeoutMilliseconds = 300_000;

/**
 * Downloads Debian packages, with those they need that apt thinks are missing, into `folder`, which apt uses as its own; gives their
 * files. Installs nothing and needs no root. `settings` are apt's, `Name=value`.
 */
export async function downloadPackages(
  names: readonly string[],
  folder: string,
  settings: readonly string[] = [],
): Promise<string[]> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'archives/partial'), { recursive: true });
  const options = [
    `Dir::State=${folder}`,
    `Dir::Cache=${folder}`,
    'Debug::NoLocking=1',
    ...settings,
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ].flatMap(option => ['--option', option]);
  await output('apt-get', [...options, 'update', '-qq'], downloadTimeoutMilliseconds);
  const install = ['install', '--yes', '--quiet=2', '--download-only', '--reinstall', '--no-install-recommends'];
  await output('apt-get', [...options, ...install, ...names], downloadTimeoutMilliseconds);
  const files = await readdir(join(folder, 'archives'));
  return files.filter(file => /\.deb$/.test(file)).map(file => join(folder, 'archives', file));
}

/** Where programs are unpacked beside the system: a folder for all users where we are root, and else the user's own. */
export function unpackedFolder(name: string): string {
  const ofUser = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(process.getuid?.() === 0 ? '/var/cache' : ofUser, 'pg-lifeboat', name);
}
