import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The project's folder. */
export const projectFolder = dirname(import.meta.dirname);

/** The bundles: which source file becomes which folder of dist/. */
export const bundles: readonly Bundle[] = [
  { entry: 'src/index.ts', folder: '.' },
  { entry: 'src/terminal.ts', folder: 'cli', terminal: true },
];

export interface Bundle {
  entry: string;
  folder: string;
  /** Whether it is started by its name from a shell. */
  terminal?: boolean;
}

/** Bundles the sources of `project` into the folder `out`, in place of all that is there; the same bytes every time. */
export async function build(out: string, project = projectFolder): Promise<void> {
  const workshop = await mkdtemp(join(tmpdir(), 'build-'));
  try {
    const fresh = join(workshop, 'dist');
    // one failure must not pull the folder away from under the other
    const made = await Promise.allSettled(bundles.map(bundle => buildOne(bundle, join(fresh, bundle.folder), project)));
    for (const one of made) if (one.status === 'rejected') throw one.reason;
    await rm(out, { recursive: true, force: true });
    await cp(fresh, out, { recursive: true });
  } finally {
    await rm(workshop, { recursive: true });
  }
}

async function buildOne(bundle: Bundle, out: string, project: string): Promise<void> {
  const ncc = createRequire(import.meta.url).resolve('@vercel/ncc/dist/ncc/cli.js');
  // without a source map, which would be larger than the bundle: the bundle is not minified, its stacks can be read
  const options = ['--no-cache', '--license', 'licenses.txt', '--target', 'es2022', '--quiet'];
  const args = [ncc, 'build', bundle.entry, '--out', out, ...options];
  await promisify(execFile)(process.execPath, args, { cwd: project }).catch((error: { stderr: string }) => {
    throw new Error(`${bundle.entry} cannot be bundled\n${error.stderr.replaceAll(/^ +at .*\n/gm, '').trim()}`);
  });
  const chunks = (await readdir(out)).filter(file => /^\d+\.index\.js$/.test(file));
  // ncc would write the licenses of the last chunk only
  if (chunks.length > 0) throw new Error(`${bundle.entry} falls apart into chunks: import() must be a static import`);
  if (bundle.terminal) await makeExecutable(join(out, 'index.js'));
}

async function makeExecutable(file: string): Promise<void> {
  await writeFile(file, `#!/usr/bin/env node\n${await readFile(file, 'utf8')}`);
  await chmod(file, 0o755);
}

if (process.argv[1] === import.meta.filename) {
  await build(join(projectFolder, 'dist')).then(
    () => console.log('build: done: dist/ is what src/ gives'),
    (error: unknown) => {
      console.error(`build: failed: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    },
  );
}
