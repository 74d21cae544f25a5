import { Failure, wrongInput } from '../failure.ts';
import { readGlobs } from '../glob.ts';
import { type FileChange, type Repository, fullHistory, openRepository } from './git.ts';
import { findMembers } from './members.ts';
import type { FoundLayout } from './recognise.ts';

export type { FoundLayout } from './recognise.ts';

/** One file of a change that counts as a migration. */
export interface ChangedMigration {
  /** From the repository's top, with slashes; bytes that are no UTF-8 are U+FFFD. */
  path: string;
  /** Where a renamed one, with its content unchanged, lay before; else null. */
  from: string | null;
  /** The tool that it is of; `sql` or `paths` for one that only `paths` names, `submodule` for what cannot be looked into. */
  tool: string;
  change: 'added' | 'modified' | 'deleted' | 'renamed';
}

/** What a change of a repository brings. */
export interface Change {
  /** Full hashes of commits. */
  base: string;
  head: string;
  mergeBase: string;
  /** The tools whose layout the repository has, before or after the change, by name; with `paths` those of what it names. */
  tools: string[];
  /** Where those layouts are. */
  layouts: FoundLayout[];
  /** By path. */
  migrations: ChangedMigration[];
}

/** Which change is meant. */
export interface ChangeToRead {
  /** A folder of the repository's working tree. */
  folder: string;
  /** A folder for files of this run. */
  workFolder: string;
  /** Globs of migrations; none: the known tools' folders. */
  paths: readonly string[];
  /** What the inputs say goes before what the event says. */
  base: string | undefined;
  head: string | undefined;
  event: { base: string | undefined; head: string | undefined };
}

/**
 * Finds the migrations that a change brings: what differs between the merge base and the head, by git's own trees, so that there is no
 * limit of files and nothing of the working tree matters. A file whose mode alone changed counts: it may be a script.
 *
 * Where branches were merged crosswise there are several merge bases. Then everything counts that differs from any of them, except what
 * is the same in base and head: merging cannot change that.
 *
 * Fails with exit status 2 where the migrations cannot be told for sure (no repository, shallow clone, no layout, a glob that matches
 * nothing), and with 64 where nothing says what to compare with.
 */
export async function readChange(options: ChangeToRead, signal: AbortSignal): Promise<Change> {
  const filter =
    options.paths.length === 0 ? undefined : readGlobs(options.paths, { input: 'paths', example: 'db/migrations/**' });
  const repository = await openRepository(options.folder, options.workFolder, signal);
  const { base, head } = await chooseCommits(options, repository);
  const mergeBases = await repository.mergeBases(base, head);
  const changes = await changesSince(repository, mergeBases, base, head);
  const { memberOf, layouts } = await findMembers(repository, head, changes, filter);
  return {
    base,
    head,
    mergeBase: mergeBases[0] ?? base,
    tools: [...new Set(layouts.map(({ tool }) => tool))].sort(),
    layouts,
    migrations: pairRenamed(
      changes.flatMap(change => {
        const member = memberOf(change);
        return member ? [{ ...change, tool: member.tool }] : [];
      }),
    ),
  };
}

async function chooseCommits(options: ChangeToRead, repository: Repository): Promise<{ base: string; head: string }> {
  const baseName = options.base ?? options.event.base;
  if (baseName === undefined)
    throw wrongInput(
      'base',
      'is missing: this event names no commit to compare with',
      'give the branch or commit that the change is to be compared with, such as main',
    );
  const head = await commitOf(repository, 'head', options.head, options.event.head ?? 'HEAD');
  const base = await commitOf(repository, 'base', options.base, baseName);
  if (options.base !== undefined || options.head !== undefined) return { base, head };
  // the event may name a base that has moved on since; what GitHub merged the head into, to test it, is the newer one
  const [mergedInto, merged] = await repository.parents('HEAD').catch(() => []);
  return { base: mergedInto !== undefined && merged === head ? mergedInto : base, head };
}

async function commitOf(
  repository: Repository,
  input: 'base' | 'head',
  given: string | undefined,
  fallback: string,
): Promise<string> {
  const name = given ?? fallback;
  const commit = await repository.commit(name);
  if (commit !== undefined) return commit;
  if (repository.isShallow)
    throw new Failure(`could not verify: this clone is shallow and lacks the ${input} ${name}`, {
      hint: fullHistory,
      exitStatus: 2,
    });
  if (given !== undefined)
    throw wrongInput(
      input,
      `is "${given}", which this clone does not have`,
      'name a commit, branch or tag that was fetched',
    );
  throw new Failure(`could not verify: this clone lacks ${name}, the ${input} that the event names`, {
    hint: `it may be gone since a forced push; ${fullHistory}, or name another commit in the input ${input}`,
    exitStatus: 2,
  });
}

async function changesSince(
  repository: Repository,
  mergeBases: readonly string[],
  base: string,
  head: string,
): Promise<FileChange[]> {
  const [first = base, ...others] = mergeBases;
  const changes = await repository.changes(first, head);
  if (others.length === 0) return changes;
  const touched = new Set(changes.map(({ path }) => path));
  for (const other of others) for (const { path } of await repository.changes(other, head)) touched.add(path);
  return (await repository.changes(base, head)).filter(({ path }) => touched.has(path));
}

/** One that is gone and one that is new with the same content, and no third, are one that was renamed. */
function pairRenamed(changes: readonly (FileChange & { tool: string })[]): ChangedMigration[] {
  const gone = grouped(changes.filter(({ after }) => after === null).map(change => [change.before?.oid, change]));
  const come = grouped(changes.filter(({ before }) => before === null).map(change => [change.after?.oid, change]));
  const migrations = changes.flatMap(({ path, tool, before, after }): ChangedMigration[] => {
    const oid = (before ?? after)?.oid;
    const [from, ...others] = gone.get(oid) ?? [];
    const isRenamed = from !== undefined && others.length === 0 && come.get(oid)?.length === 1;
    if (before && after) return [{ path, from: null, tool, change: 'modified' }];
    if (isRenamed) return after ? [{ path, from: from.path, tool, change: 'renamed' }] : [];
    return [{ path, from: null, tool, change: after ? 'added' : 'deleted' }];
  });
  return migrations.sort((a, b) => compare(a.path, b.path));
}

function grouped<K, V>(pairs: readonly (readonly [K, V])[]): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
