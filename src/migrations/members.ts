import { Failure } from '../failure.ts';
import { type EntryKind, type FileChange, type Repository, type TreeEntry, fullHistory } from './git.ts';
import type { PathFilter } from '../glob.ts';
import { type Seen, throughLinks } from './links.ts';
import { type FoundLayout, recognise } from './recognise.ts';

/** What a submodule with migrations in it is called. */
const tellingSubmodule =
  /(?:^|[/_-])(?:db|databases?|sql|schemas?|versions|changelogs?|prisma|supabase|drizzle|[^/]*migrat[^/]*)(?:$|[/_-])/i;

/** What of a repository counts as a migration. */
export interface Members {
  /** The layout that a change is a migration of. */
  memberOf: (change: FileChange) => FoundLayout | undefined;
  layouts: FoundLayout[];
}

/** Looks at all paths of both trees, for a change may take the last migration away, or move all of them. */
export async function findMembers(
  repository: Repository,
  head: string,
  changes: readonly FileChange[],
  filter: PathFilter | undefined,
): Promise<Members> {
  const entries = await repository.entries(head);
  const versions = new Map<string, TreeEntry[]>([...entries].map(([path, entry]) => [path, [entry]]));
  for (const { path, before } of changes) if (before) versions.set(path, [...(versions.get(path) ?? []), before]);

  const pathsOf = (kind: EntryKind) =>
    [...versions].filter(([, all]) => all.some(entry => entry.kind === kind)).map(([path]) => path);
  const submodules = pathsOf('submodule');
  const links = pathsOf('link');
  const oidsOf = (path: string, kind: EntryKind) =>
    (versions.get(path) ?? []).filter(entry => entry.kind === kind).map(({ oid }) => oid);
  const read = async (paths: readonly string[], kind: EntryKind, fileOf = (path: string) => path) => {
    const all = paths.map(path => [path, oidsOf(fileOf(path), kind)] as const);
    // the first version of each before the second ones: a partial clone may have those of the head alone
    const firstOnes = all.flatMap(([, oids]) => oids.slice(0, 1));
    const texts = await repository.beginnings([...firstOnes, ...all.flatMap(([, oids]) => oids)]);
    return new Map(all.map(([path, oids]) => [path, oids.flatMap(oid => texts.get(oid) ?? [])]));
  };
  const targets = await read(links, 'link');
  const unread = links.find(link => (targets.get(link)?.length ?? 0) < oidsOf(link, 'link').length);
  if (unread !== undefined) throw unreadLink(unread);
  const seen = throughLinks([...versions.keys()], targets);
  const fileOfSeen = new Map(seen.map(({ path, file }) => [path, file]));
  const namesOf = groupNames(seen);

  const paths = [...versions.keys(), ...fileOfSeen.keys()];
  const changed = new Set(changes.flatMap(({ path }) => [path, ...(namesOf.get(path) ?? [])]));
  const recognition = await recognise(paths, changed, sampled =>
    read(sampled, 'file', path => fileOfSeen.get(path) ?? path),
  );
  const layoutOf = (path: string) => {
    if (!filter) return recognition(path);
    if (!filter.selects(path)) return undefined;
    return recognition(path) ?? { tool: path.endsWith('.sql') ? 'sql' : 'paths', folder: '' };
  };
  const layoutOfSubmodule = (path: string) =>
    (filter ? filter.selects(path) || filter.mayReachInto(path) : tellingSubmodule.test(path))
      ? { tool: 'submodule', folder: path }
      : undefined;

  const layouts = [...paths.map(layoutOf), ...submodules.map(layoutOfSubmodule)].filter(one => one !== undefined);
  refuseNone(layouts, filter, paths, submodules);
  const throughLink = new Map(
    seen.flatMap(({ path, links }) => {
      const layout = layoutOf(path);
      return layout ? links.map(link => [link, layout] as const) : [];
    }),
  );
  return {
    layouts: distinct(layouts),
    memberOf: ({ path, before, after }) =>
      [path, ...(namesOf.get(path) ?? [])].map(layoutOf).find(one => one !== undefined) ??
      throughLink.get(path) ??
      (before?.kind === 'submodule' || after?.kind === 'submodule' ? layoutOfSubmodule(path) : undefined),
  };
}

/** Where a link leads that cannot be read, there may be migrations that nobody would see. */
function unreadLink(link: string): Failure {
  return new Failure(`could not verify: this clone lacks what the symbolic link "${link}" holds`, {
    hint: `${fullHistory} and no filter`,
    exitStatus: 2,
  });
}

/** A gate that looks at nothing would be green for ever. */
function refuseNone(
  layouts: readonly FoundLayout[],
  filter: PathFilter | undefined,
  paths: readonly string[],
  submodules: readonly string[],
): void {
  const [unmatched] = filter?.unmatched(paths, submodules) ?? [];
  if (unmatched !== undefined)
    throw new Failure(
      `could not verify: "${unmatched}" of the input paths matches no file, before or after the change`,
      {
        hint: 'write it from the top of the repository, a folder as folder/**, or leave it out',
        exitStatus: 2,
      },
    );
  if (layouts.length > 0) return;
  if (filter)
    throw new Failure('could not verify: the lines of the input paths take out again every file that they name', {
      hint: 'leave out a line that begins with !',
      exitStatus: 2,
    });
  throw new Failure('could not verify: no known migration layout is anywhere in the repository', {
    hint: 'say in the input paths where the migrations are',
    exitStatus: 2,
  });
}

/** The other names of a file, by its path. */
function groupNames(seen: readonly Seen[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { path, file } of seen) {
    const others = names.get(file);
    if (others) others.push(path);
    else names.set(file, [path]);
  }
  return names;
}

function distinct(layouts: readonly FoundLayout[]): FoundLayout[] {
  const byKey = new Map(layouts.map(layout => [`${layout.tool} ${layout.folder}`, layout]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, layout]) => layout);
}
