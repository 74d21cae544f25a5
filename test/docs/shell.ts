import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Cluster } from '../../scripts/setup/cluster.ts';
import { projectFolder } from '../../scripts/build.ts';
import { blocksOf, readDocument } from '../contract/documents.ts';

/** The shell of a document below one heading, its blocks joined; throws when there is none. */
export async function shellBelow(path: string, ...headings: string[]): Promise<string> {
  const blocks = blocksOf(await readDocument(path)).filter(({ language }) => language === 'sh');
  return headings
    .flatMap(heading => {
      const found = blocks.filter(block => block.heading === heading);
      if (found.length === 0) throw new Error(`${path} has no shell below "${heading}"`);
      return found.map(({ text }) => text);
    })
    .join('\n');
}

/** Shell with each text replaced; throws when one does not occur, so that a document cannot drift away from its test. */
export function withValues(shell: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`"${from}" is not in\n${text}`);
    return text.replaceAll(from, to);
  }, shell);
}

/** Makes the program's own commands run from the sources. */
export function fromSources(shell: string): string {
  const terminal = join(projectFolder, 'src/terminal.ts');
  return shell.replaceAll('node dist/cli/index.js', `'${process.execPath}' '${terminal}'`);
}

/**
 * Runs shell in a folder and gives its stdout; the first pipeline whose last command fails ends it and rejects with what it wrote. (No
 * pipefail: a pg_restore of one section stops reading early.)
 */
export async function runShell(
  shell: string,
  folder: string,
  { age, cluster, env = {} }: { age: string; cluster: Cluster; env?: Readonly<Record<string, string>> },
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const { host, port, user, password } = cluster.address;
  const all = {
    PATH: `${cluster.bin}:${dirname(age)}:${PATH}`,
    HOME,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    ...env,
  };
  return new Promise((resolve, reject) => {
    execFile('bash', ['--norc', '-eu', '-c', shell], { cwd: folder, env: all }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
