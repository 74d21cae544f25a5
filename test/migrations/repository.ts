import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type Change, type ChangeToRead, readChange } from '../../src/migrations/change.ts';

const runFile = promisify(execFile);

/** A real repository in a throw-away folder. */
export interface TestRepository {
  folder: string;
  git: (...args: string[]) => Promise<string>;
  /** Writes files, removes those that are null, and commits; gives the commit's hash. */
  commit(files: Record<string, string | Buffer | null>): Promise<string>;
  link(path: string, target: string): Promise<void>;
  /** A clone by git's own protocol, so that its options count. */
  clone(...options: string[]): Promise<TestRepository>;
  /** The change from `base` to `head`. */
  read(options?: Partial<ChangeToRead>): Promise<Change>;
  /** Of each migration, a letter of what became of it, and its path. */
  changes(options?: Partial<ChangeToRead>): Promise<string[]>;
}

export async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-git-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function makeRepository(t: TestContext): Promise<TestRepository> {
  const repository = await openTestRepository(t, await makeFolder(t));
  await repository.git('init', '--quiet', '--initial-branch=main');
  return repository;
}

async function openTestRepository(t: TestContext, folder: string): Promise<TestRepository> {
  const home = await makeFolder(t);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap(who => [
        [`GIT_${who}_NAME`, 'somebody'],
        [`GIT_${who}_EMAIL`, 'somebody@example.org'],
      ]),
    ),
  };
  const git = async (...args: string[]) => {
    const settings = ['-c', 'protocol.file.allow=always', '-c', 'gc.auto=0', '-c', 'core.fsync=none'];
    const { stdout } = await runFile('git', ['-C', folder, ...settings, ...args], { env, maxBuffer: 2 ** 28 });
    return stdout.trim();
  };
  const read: TestRepository['read'] = async options =>
    readChange(
      {
        folder,
        workFolder: await makeFolder(t),
        paths: [],
        base: 'main',
        head: undefined,
        event: { base: undefined, head: undefined },
        ...options,
      },
      new AbortController().signal,
    );
  return {
    folder,
    git,
    commit: async files => {
      for (const [path, content] of Object.entries(files)) {
        const file = join(folder, path);
        if (content === null) await rm(file, { recursive: true });
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, content);
        }
      }
      await git('add', '--all', '--force');
      await git('commit', '--quiet', '--allow-empty', '--message=change');
      return git('rev-parse', 'HEAD');
    },
    link: async (path, target) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await rm(join(folder, path), { force: true });
      await symlink(target, join(folder, path));
    },
    clone: async (...options) => {
      const to = await makeFolder(t);
      await git('clone', '--quiet', ...options, `file://${folder}`, to);
      return openTestRepository(t, to);
    },
    read,
    changes: async options =>
      (await read(options)).migrations.map(({ change, path }) => `${change[0]?.toUpperCase()} ${path}`),
  };
}
