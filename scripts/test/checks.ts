import { execFile } from 'node:child_process';
import { glob, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, projectFolder } from '../build.ts';

/** A check of the sources as a whole: throws with what is wrong. */
export interface Check {
  name: string;
  run: () => Promise<void>;
}

/** Types, lint, format, and that dist/ is what src/ gives. */
export const checks: readonly Check[] = [
  { name: 'types', run: () => runTool('typescript/bin/tsc', []) },
  { name: 'lint', run: () => runTool('eslint/bin/eslint.js', ['.']) },
  { name: 'format', run: () => runTool('prettier/bin/prettier.cjs', ['--check', '.']) },
  { name: 'dist', run: () => checkDist() },
];

async function runTool(file: string, args: readonly string[]): Promise<void> {
  const all = [join(projectFolder, 'node_modules', file), ...args];
  const options = { cwd: projectFolder, maxBuffer: 64 * 1024 * 1024 };
  await promisify(execFile)(process.execPath, all, options).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}${error.stderr}`.trim());
  });
}

async function checkDist(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dist-'));
  try {
    await build(folder);
    const different = await differences(folder, join(projectFolder, 'dist'));
    if (different.length > 0) {
      throw new Error(`dist/ is not what src/ gives: run npm run build and commit (${different.join(', ')})`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files, by their path in either folder, that are not in both with the same bytes and the same mode. */
export async function differences(one: string, other: string): Promise<string[]> {
  const [ones, others] = await Promise.all([fingerprints(one), fingerprints(other)]);
  const names = new Set([...ones.keys(), ...others.keys()]);
  return [...names].filter(name => ones.get(name) !== others.get(name)).sort();
}

async function fingerprints(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const name of glob('**/*', { cwd: folder })) {
    const status = await stat(join(folder, name));
    if (!status.isFile()) continue;
    const mode = (status.mode & 0o100) === 0 ? 'file' : 'program';
    found.set(name, `${mode} ${await readFile(join(folder, name), 'base64')}`);
  }
  return found;
}
