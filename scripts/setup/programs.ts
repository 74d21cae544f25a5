import { join } from 'node:path';
import { aptInstall, asRoot, brewInstall, executable, firstOf, output, which } from './system.ts';

/** A program that the tests run for real. */
export type ProgramName = 'age' | 'gpg' | 'pgbouncer' | 'versitygw' | 'zstd';

/** All of them, for the set-up of a test run. */
export const programNames: readonly ProgramName[] = ['age', 'gpg', 'pgbouncer', 'versitygw', 'zstd'];

/** A program's path, and how it came here: `found` or what installed it. */
export interface Program {
  file: string;
  source: string;
}

const packages = { age: 'age', gpg: 'gnupg', pgbouncer: 'pgbouncer', zstd: 'zstd' } as const;
const versityGateway = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const compileTimeoutMilliseconds = 900_000;
const policyFile = '/usr/sbin/policy-rc.d';

/** The path of a program that is here already, on PATH or in the usual folders beside it. */
export async function findProgram(name: ProgramName): Promise<string | undefined> {
  const found = await which(name, ['/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin']);
  return found ?? (name === 'versitygw' ? findGoProgram(name) : undefined);
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
