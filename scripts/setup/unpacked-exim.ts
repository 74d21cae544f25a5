import { chmod, glob, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { downloadPackages, unpackedFolder } from './debian-packages.ts';
import { executable, output } from './system.ts';

/**
 * The mail server Exim, unpacked in a folder of its own: installed it would take the place of the machine's mail server and start with
 * it. Debian's Exim looks its user up by name at each start; a library hands it the user that the tests run it as.
 */

const packages = ['exim4-daemon-light', 'libnss-wrapper'];
const nobody = 65534;

/** Who runs Exim: nobody where we are root, and else ourselves. */
export function eximUser(): { uid: number; gid: number } {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? { uid: nobody, gid: nobody } : { uid, gid: process.getgid?.() ?? nobody };
}

/** The script that runs the Exim that was unpacked earlier, or undefined. */
export async function findExim(): Promise<string | undefined> {
  const script = scriptIn(unpackedFolder('exim4'));
  return (await executable(script)) ? script : undefined;
}

/** Unpacks Exim from the packages of this Debian or Ubuntu; undefined on other systems. Needs no root. */
export async function unpackExim(): Promise<true | undefined> {
  if (!(await executable('/usr/bin/apt-get'))) return undefined;
  const root = unpackedFolder('exim4');
  await mkdir(dirname(root), { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(`${root}-`);
  const downloads = await mkdtemp(join(tmpdir(), 'lifeboat-apt-'));
  try {
    // root runs it as another user, who must be able to read it
    await chmod(unfinished, 0o755);
    for (const file of await downloadPackages(packages, downloads))
      await output('dpkg-deb', ['--extract', file, unfinished]);
    await writeScript(unfinished);
    await output(scriptIn(unfinished), ['-C', '/dev/null', '-bV']);
    await rm(root, { recursive: true, force: true });
    await rename(unfinished, root);
  } finally {
    await rm(downloads, { recursive: true });
    await rm(unfinished, { recursive: true, force: true });
  }
  return true;
}

/** Writes the script, and the users that Exim is to know; it finds its folder itself. */
async function writeScript(root: string): Promise<void> {
  const { uid, gid } = eximUser();
  await writeFile(join(root, 'passwd'), `root:x:0:0::/root:/bin/sh\nDebian-exim:x:${uid}:${gid}::/:/bin/false\n`);
  await writeFile(join(root, 'group'), `root:x:0:\nDebian-exim:x:${gid}:\n`);
  // it comes with the right to become root, and a loader ignores our libraries for such a program
  await chmod(join(root, 'usr/sbin/exim4'), 0o755);
  const wrapper = await firstMatch(root, 'usr/lib/*-linux-gnu*/libnss_wrapper.so');
  const script = `#!/bin/sh
root=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$root/${dirname(wrapper)}" LD_PRELOAD="$root/${wrapper}"
export NSS_WRAPPER_PASSWD="$root/passwd" NSS_WRAPPER_GROUP="$root/group"
exec "$root/usr/sbin/exim4" "$@"
`;
  await writeFile(scriptIn(root), script, { mode: 0o755 });
}

async function firstMatch(folder: string, pattern: string): Promise<string> {
  for await (const match of glob(pattern, { cwd: folder })) return match;
  throw new Error(`${pattern} is not in the packages`);
}

function scriptIn(root: string): string {
  return join(root, 'exim4');
}
