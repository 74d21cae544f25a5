import { chmod, glob, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { start } from '../../src/process.ts';
import { downloadPackages, unpackedFolder } from './debian-packages.ts';
import { executable, output, which } from './system.ts';

/**
 * A server of another system, unpacked in a folder of its own and run without a container: each program is a script
 * that starts the real one with the loader and the libraries that came with it. The folders keep their places below the
 * root, because Postgres finds its own files relative to the path by which it was called.
 */

const wantedFolders = ['usr/lib', 'usr/share/postgresql', 'lib', 'lib64'];
/** Just-in-time compilation would double the size; without its module Postgres goes on without. */
const unwanted = ['*/libLLVM*', '*/libz3*', '*/llvmjit*', '*/bitcode'];
const unwantedPackages = /^(libllvm|libz3|perl|libperl|locales|libc-l10n|tzdata)/;
const debianSuites: Readonly<Record<number, string>> = { 15: 'bookworm', 17: 'trixie', 18: 'sid' };
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const imagePullTimeoutMilliseconds = 600_000;

/** The `bin` folder of a server of this major that was unpacked earlier, or undefined. */
export async function unpacked(major: number): Promise<string | undefined> {
  const bin = binFolder(rootFolder(major), major);
  return (await executable(join(bin, 'postgres'))) ? bin : undefined;
}

/** Unpacks the server of the image `postgres:<major>`; undefined where there is no Docker or no Linux. */
export async function fromDocker(major: number): Promise<string | undefined> {
  if (process.platform !== 'linux' || (await which('docker')) === undefined) return undefined;
  const image = `postgres:${major}`;
  await output('docker', ['info']);
  await output('docker', ['image', 'inspect', image]).catch(() =>
    output('docker', ['pull', '--quiet', image], imagePullTimeoutMilliseconds),
  );
  const container = await output('docker', ['create', image]);
  try {
    return await unpack(major, root => copyFiles(container, root));
  } finally {
    await output('docker', ['rm', '--volumes', container]);
  }
}

/**
 * Unpacks the server from the packages of another Debian, by the mirror of this one and without installing anything;
 * undefined on other systems.
 */
export async function fromDebian(major: number): Promise<string | undefined> {
  const mirror = await debianMirror();
  if (mirror === undefined) return undefined;
  const suite = debianSuites[major];
  if (suite === undefined) throw new Error(`no Debian has a server ${major}`);
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-apt-'));
  try {
    const packages = await download(`postgresql-${major}`, `${mirror} ${suite} main`, folder);
    return await unpack(major, async root => {
      for (const file of packages) await output('dpkg-deb', ['--extract', file, root]);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function debianMirror(): Promise<string | undefined> {
  if (!(await executable('/usr/bin/apt-get'))) return undefined;
  const targets = ['--format', '$(REPO_URI)', 'Created-By: Packages', 'Label: Debian'];
  return (await output('apt-get', ['indextargets', ...targets])).split('\n').find(uri => uri !== '');
}

/** Downloads a package with all that it needs into `folder`, as if on an empty system. Needs no root. */
async function download(name: string, source: string, folder: string): Promise<string[]> {
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'sources.list'), `deb [signed-by=${debianKeyring}] ${source}\n`);
  const files = await downloadPackages([name], folder, [
    `Dir::Etc::SourceList=${folder}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    'Dir::Etc::PreferencesParts=/dev/null',
    `Dir::State::status=${folder}/status`,
  ]);
  return files.filter(file => !unwantedPackages.test(basename(file)));
}

async function copyFiles(container: string, root: string): Promise<void> {
  const source = start({ file: 'docker', args: ['export', container] });
  const excludes = unwanted.map(pattern => `--exclude=${pattern}`);
  const target = start({ file: 'tar', args: ['-x', '-C', root, '--no-same-owner', ...excludes, ...wantedFolders] });
  target.stdout.resume();
  source.stdin.end();
  await Promise.all([pipeline(source.stdout, target.stdin), source.done, target.done]);
}

async function unpack(major: number, fill: (root: string) => Promise<void>): Promise<string> {
  const root = rootFolder(major);
  await mkdir(dirname(root), { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(`${root}-`);
  try {
    // root runs the server as another user, who must be able to read it
    await chmod(unfinished, 0o755);
    await fill(unfinished);
    await wrapPrograms(unfinished, root, major);
    await rm(root, { recursive: true, force: true });
    await rename(unfinished, root);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await output(join(binFolder(root, major), 'postgres'), ['--version']);
  return binFolder(root, major);
}

/** Puts scripts in place of the programs below `unfinished`, which will have the path `root`. */
async function wrapPrograms(unfinished: string, root: string, major: number): Promise<void> {
  const bin = binFolder(unfinished, major);
  const real = join(dirname(bin), 'programs');
  await rename(bin, real);
  await mkdir(bin);
  const loader = await firstMatch(unfinished, '{usr/lib,lib}/*-linux-gnu*/ld-linux-*.so.*');
  const libraries = [`lib/${basename(dirname(loader))}`, `usr/lib/${basename(dirname(loader))}`]
    .map(folder => join(root, folder))
    .join(':');
  for (const program of await readdir(real)) {
    const script = join(bin, program);
    const called = join(binFolder(root, major), program);
    const command = [
      join(root, loader),
      ...['--library-path', libraries],
      ...['--argv0', called],
      join(binFolder(root, major), '../programs', program),
    ];
    await writeFile(script, `#!/bin/sh\nexec ${command.map(quoted).join(' ')} "$@"\n`, { mode: 0o755 });
  }
}

async function firstMatch(folder: string, pattern: string): Promise<string> {
  for await (const match of glob(pattern, { cwd: folder })) return match;
  throw new Error(`${pattern} is not in the image`);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function binFolder(root: string, major: number): string {
  return join(root, 'usr/lib/postgresql', String(major), 'bin');
}

function rootFolder(major: number): string {
  return unpackedFolder(`postgres-${major}`);
}
