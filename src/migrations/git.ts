import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { ProcessFailure, run, start } from '../process.ts';

/** What a path of a tree leads to; a link's blob is its target, and a submodule's commit is in another repository. */
export type EntryKind = 'file' | 'link' | 'submodule';

export interface TreeEntry {
  kind: EntryKind;
  /** Hash of the blob, or of a submodule's commit. */
  oid: string;
}

/** One path that differs between two commits; `before` or `after` is null where the path is not there. */
export interface FileChange {
  /** From the repository's top. */
  path: string;
  before: TreeEntry | null;
  after: TreeEntry | null;
}

/** A repository as git tells of it: commits and trees, never the files of the working tree. */
export interface Repository {
  /** The hash of a commit by any name that git knows, branches first; undefined where this clone has none. */
  commit(name: string): Promise<string | undefined>;
  /** The hashes of a commit's parents. */
  parents(commit: string): Promise<string[]>;
  /** The best common ancestors of two commits; more than one where branches were merged crosswise. Throws where there is none. */
  mergeBases(base: string, head: string): Promise<string[]>;
  /** Every path of a commit. */
  entries(commit: string): Promise<Map<string, TreeEntry>>;
  /** Every path in which two commits differ; a path that moved is one that is gone and one that is new. */
  changes(from: string, to: string): Promise<FileChange[]>;
  /**
   * The first bytes of blobs by hash, at most 64 KiB of each, as text. The answer may lack those that this clone has not, and all that
   * come after one of them.
   */
  beginnings(oids: Iterable<string>): Promise<Map<string, string>>;
  /** Whether the clone lacks commits. */
  isShallow: boolean;
}

export const fullHistory = 'give actions/checkout the input fetch-depth: 0';
const beginningBytes = 64 * 1024;

/**
 * Opens the repository that a folder lies in; `workFolder` is one of our own. Nothing of the repository is run: these are commands
 * that read objects alone, no configuration of the user or the machine is read, and nothing is fetched.
 */
export async function openRepository(folder: string, workFolder: string, signal: AbortSignal): Promise<Repository> {
  // a checkout belongs to another user than the one inside of a container; only a file of the user's own may say that this is well,
  // the command line may not (git 2.35.2 to 2.37)
  await writeFile(join(workFolder, '.gitconfig'), '[safe]\n\tdirectory = *\n');
  const git = new Git(folder, workFolder, signal);
  const { stdout } = await git.text('rev-parse', '--is-shallow-repository', '--git-common-dir').catch(explainOpening);
  const [shallow, gitFolder = ''] = stdout.split('\n');
  const isShallow = shallow === 'true';
  return {
    isShallow,
    commit: name => git.commit(name),
    parents: async commit => words((await git.text('rev-parse', `${commit}^@`)).stdout),
    mergeBases: (base, head) => mergeBases(git, base, head, isShallow ? resolve(folder, gitFolder) : undefined),
    entries: async commit => parseEntries((await git.trees('ls-tree', '-r', '-z', '--full-tree', commit)).stdout),
    changes: async (from, to) => {
      // .gitmodules and the configuration could hide a submodule
      const shown = ['--no-renames', '--ignore-submodules=none', '--no-ext-diff', '--no-textconv'];
      return parseChanges(
        (await git.trees('diff-tree', '-r', '-z', '--raw', '--no-abbrev', ...shown, from, to)).stdout,
      );
    },
    beginnings: oids => git.beginnings([...new Set(oids)]),
  };
}

class Git {
  readonly #options: string[];
  readonly #env: Record<string, string>;
  readonly #signal: AbortSignal;

  constructor(folder: string, workFolder: string, signal: AbortSignal) {
    const settings = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'protocol.allow=never'];
    this.#options = ['-C', folder, '--no-pager', ...settings.flatMap(setting => ['-c', setting])];
    this.#env = {
      HOME: workFolder,
      XDG_CONFIG_HOME: workFolder,
      GIT_CONFIG_NOSYSTEM: '1',
      // another commit in the place of the one that is meant
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C',
    };
    this.#signal = signal;
  }

  text(...args: string[]): Promise<{ stdout: string }> {
    return run({ file: 'git', args: [...this.#options, ...args], env: this.#env }, this.#signal);
  }

  /** A branch goes before a tag of its name, and a checkout has most branches as those of origin. */
  async commit(name: string): Promise<string | undefined> {
    const isExact = /^(?:[0-9a-f]{40}|[0-9a-f]{64}|HEAD(?:[~^].*)?)$/.test(name);
    for (const prefix of isExact ? [''] : ['refs/heads/', 'refs/remotes/origin/', '']) {
      const found = await this.#hash(`${prefix}${name}^{commit}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Undefined for a name that leads to nothing. */
  async #hash(name: string): Promise<string | undefined> {
    try {
      return (await this.text('rev-parse', '--verify', '--quiet', name)).stdout.trim();
    } catch (error) {
      if (error instanceof ProcessFailure && error.status !== null) return undefined;
      throw error;
    }
  }

  /** For commands that need trees, which a clone with `filter: tree:0` lacks. */
  async trees(...args: string[]): Promise<{ stdout: string }> {
    try {
      return await this.text(...args);
    } catch (error) {
      if (!(error instanceof ProcessFailure) || error.status === null) throw error;
      const hint = `the clone may be partial; ${fullHistory} and no filter, or filter: blob:none`;
      throw new Failure(`could not verify: ${error.message}`, { hint, exitStatus: 2, cause: error });
    }
  }

  async beginnings(oids: readonly string[]): Promise<Map<string, string>> {
    if (oids.length === 0) return new Map();
    const child = start({ file: 'git', args: [...this.#options, 'cat-file', '--batch'], env: this.#env }, this.#signal);
    child.stdin.on('error', () => {}); // git is judged by its status
    child.stdin.end(`${oids.join('\n')}\n`);
    // a partial clone ends it at the first blob that is not there
    const done = child.done.catch((error: unknown) => {
      if (!(error instanceof ProcessFailure) || error.status !== 128) throw error;
    });
    const [found] = await Promise.all([readBatch(child.stdout), done]);
    return found;
  }
}

/**
 * A clone that is cut short may have a common ancestor and lack a better one. It surely has the best where nothing that is newer
 * than it is the end of what was fetched.
 */
async function mergeBases(git: Git, base: string, head: string, shallowIn: string | undefined): Promise<string[]> {
  const found = words(
    await git.text('merge-base', '--all', base, head).then(
      ({ stdout }) => stdout,
      (error: unknown) => {
        if (error instanceof ProcessFailure && error.status === 1) return '';
        throw error;
      },
    ),
  );
  if (shallowIn !== undefined) {
    const ends = new Set(words(await readFile(join(shallowIn, 'shallow'), 'utf8').catch(() => '')));
    const newer = found.length === 0 ? [] : words((await git.text('rev-list', base, head, '--not', ...found)).stdout);
    if (found.length === 0 || newer.some(commit => ends.has(commit)))
      throw new Failure(`could not verify: this clone is shallow and lacks the merge base of ${base} and ${head}`, {
        hint: fullHistory,
        exitStatus: 2,
      });
  }
  if (found.length === 0)
    throw new Failure(`could not verify: ${base} and ${head} have no common history`, {
      hint: 'give as base a commit that the head grew from',
      exitStatus: 2,
    });
  return found;
}

function explainOpening(error: unknown): never {
  if (!(error instanceof ProcessFailure)) throw error;
  const [problem, hint] = error.stderr.includes('not a git repository')
    ? [
        'the working directory is in no git repository',
        'check it out first: actions/checkout with fetch-depth: 0, in an image that has git',
      ]
    : error.status === null && error.killedBy === null
      ? [error.message, 'install git in the image that the job runs in']
      : [error.message, 'see what git says of this repository'];
  throw new Failure(`could not verify: ${problem}`, { hint, exitStatus: 2, cause: error });
}

/** `100644 blob <hash>\t<path>` */
function parseEntries(output: string): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (const record of records(output)) {
    const tab = record.indexOf('\t');
    const [mode = '', , oid = ''] = record.slice(0, tab).split(' ');
    entries.set(record.slice(tab + 1), { kind: kindOf(mode), oid });
  }
  return entries;
}

/** `:<mode before> <mode after> <hash before> <hash after> <status>`, and the path as the next record. */
function parseChanges(output: string): FileChange[] {
  const changes: FileChange[] = [];
  const all = records(output);
  for (let index = 0; index + 1 < all.length; index += 2) {
    const [modeBefore = '', modeAfter = '', before = '', after = ''] = (all[index] ?? '').slice(1).split(' ');
    const entry = (mode: string, oid: string) => (mode === '000000' ? null : { kind: kindOf(mode), oid });
    changes.push({ path: all[index + 1] ?? '', before: entry(modeBefore, before), after: entry(modeAfter, after) });
  }
  return changes;
}

function kindOf(mode: string): EntryKind {
  return mode === '160000' ? 'submodule' : mode === '120000' ? 'link' : 'file';
}

function records(output: string): string[] {
  return output.split('\0').slice(0, -1);
}

function words(output: string): string[] {
  return output.split(/\s+/).filter(word => word !== '');
}

/** `<hash> blob <size>\n<content>\n`, or `<hash> missing\n`; only the beginning of a long content is kept. */
async function readBatch(output: AsyncIterable<Buffer>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let rest: Buffer = Buffer.alloc(0);
  let blob: { oid: string; kept: Buffer[]; wantedBytes: number; leftBytes: number } | undefined;
  for await (const chunk of output) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (blob === undefined) {
        const end = rest.indexOf('\n');
        if (end === -1) break;
        const [oid = '', , size] = rest.subarray(0, end).toString('latin1').split(' ');
        rest = rest.subarray(end + 1);
        const wantedBytes = Math.min(Number(size), beginningBytes);
        // what is no blob has a content too, and a line end follows each
        if (size !== undefined) blob = { oid, kept: [], wantedBytes, leftBytes: Number(size) + 1 };
        continue;
      }
      const taken = rest.subarray(0, blob.leftBytes);
      blob.kept.push(taken.subarray(0, blob.wantedBytes));
      blob.wantedBytes = Math.max(0, blob.wantedBytes - taken.length);
      blob.leftBytes -= taken.length;
      rest = rest.subarray(taken.length);
      if (blob.leftBytes > 0) break;
      found.set(blob.oid, Buffer.concat(blob.kept).toString('utf8'));
      blob = undefined;
    }
  }
  return found;
}
