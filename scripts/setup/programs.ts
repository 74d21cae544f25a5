import { join } from 'node:path';
import { aptInstall, asRoot, brewInstall, executable, firstOf, output, which } from './system.ts';
import { findExim, unpackExim } from './unpacked-exim.ts';

/** A program that the tests run for real. */
export type ProgramName = 'age' | 'chromium' | 'exim4' | 'gpg' | 'pgbouncer' | 'versitygw' | 'zstd';

/** All of them, for the set-up of a test run. */
export const programNames: readonly ProgramName[] = [
  'age',
  'chromium',
  'exim4',
  'gpg',
  'pgbouncer',
  'versitygw',
  'zstd',
];

/** A program's path, and how it came here: `found` or what installed it. */
export interface Program {
  file: string;
  source: string;
}

const packages = { age: 'age', chromium: 'chromium', gpg: 'gnupg', pgbouncer: 'pgbouncer', zstd: 'zstd' } as const;
/** The same program under other names: GitHub's machines have Google's build of Chromium. */
const otherNames: Partial<Record<ProgramName, readonly string[]>> = { chromium: ['google-chrome', 'Google Chrome'] };
const folders = [
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/Applications/Google Chrome.app/Contents/MacOS',
  '/Applications/Chromium.app/Contents/MacOS',
];
const versityGateway = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const compileTimeoutMilliseconds = 900_000;
const policyFile = '/usr/sbin/policy-rc.d';

/** The path of a program that is here already, on PATH or in the usual folders beside it. */
export async function findProgram(name: ProgramName): Promise<string | undefined> {
  if (name === 'exim4') return findExim();
  for (const one of [name, ...(otherNames[name] ?? [])]) {
    const found = await which(one, folders);
    if (found !== undefined) return found;
  }
  return name === 'versitygw' ? findGoProgram(name) : undefined;
}

/** Finds a program, or installs it by apt-get, Homebrew or Go; throws with the reasons where it cannot. */
export async function installedProgram(name: ProgramName): Promise<Program> {
  const found = await findProgram(name);
  if (found !== undefined) return { file: found, source: 'found' };
  const done = async (worked: true | undefined, source: string) => {
    if (worked === undefined) return undefined;
    const file = await findProgram(name);
    if (file === undefined) throw new Error('installed, but it is not on PATH');
    return { file, source };
  };
  if (name === 'versitygw') {
    return firstOf(name, [
      { name: 'go install', try: async () => done(await goInstall(versityGateway), 'installed by go') },
    ]);
  }
  if (name === 'exim4')
    return firstOf(name, [{ name: 'apt-get', try: async () => done(await unpackExim(), 'unpacked from packages') }]);
  const apt = () => withoutServices(() => aptInstall(packages[name]));
  return firstOf(name, [
    { name: 'apt-get', try: async () => done(await apt(), 'installed by apt-get') },
    { name: 'brew', try: async () => done(await brewInstall(packages[name]), 'installed by brew') },
  ]);
}

async function findGoProgram(name: string): Promise<string | undefined> {
  if ((await which('go')) === undefined) return undefined;
  const file = join(await output('go', ['env', 'GOPATH']), 'bin', name);
  return (await executable(file)) ? file : undefined;
}

async function goInstall(module: string): Promise<true> {
  if ((await which('go')) === undefined) await aptInstall('golang-go');
  if ((await which('go')) === undefined) throw new Error('there is no Go to compile it');
  await output('go', ['install', module], compileTimeoutMilliseconds);
  return true;
}

/** A Debian package starts its service when it is installed, and nobody asked for one. */
async function withoutServices(work: () => Promise<true | undefined>): Promise<true | undefined> {
  if ((await which('apt-get')) === undefined || (await executable(policyFile))) return work();
  await asRoot('sh', ['-c', `printf '#!/bin/sh\\nexit 101\\n' > ${policyFile} && chmod 755 ${policyFile}`]);
  try {
    return await work();
  } finally {
    await asRoot('rm', [policyFile]);
  }
}
