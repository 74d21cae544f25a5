import { posix } from 'node:path';
import { Failure } from '../failure.ts';

/** A file as one who follows symbolic links comes to it. */
export interface Seen {
  path: string;
  /** The path in the tree that it is. */
  file: string;
  /** The links on the way, outermost first. */
  links: readonly string[];
}

/** Links in links are followed so far. */
const mostLinks = 5;
const mostSeen = 200_000;

/**
 * The paths that symbolic links add to those of the trees, for a migration may lie outside of the folder that a tool looks into.
 * `links` has the targets of each link, before and after a change. One that leads out of the repository, or to a folder that it
 * lies in, adds nothing.
 */
export function throughLinks(paths: readonly string[], links: ReadonlyMap<string, readonly string[]>): Seen[] {
  if (links.size === 0) return [];
  const all = new Set(paths);
  const sorted = [...all].sort();
  const seen: Seen[] = [];
  const follow = (path: string, link: string, chain: readonly string[]) => {
    const on = [...chain, link];
    for (const target of targetsOf(link, links)) {
      const files = all.has(target) ? [target] : below(sorted, target);
      for (const file of files) {
        const here = `${path}${file.slice(target.length)}`;
        seen.push({ path: here, file, links: on });
        if (seen.length > mostSeen)
          throw new Failure('could not verify: symbolic links lead to too many files', {
            hint: 'name the migrations themselves in paths',
            exitStatus: 2,
          });
        if (links.has(file) && on.length < mostLinks) follow(here, file, on);
      }
    }
  };
  for (const link of links.keys()) follow(link, link, []);
  return seen;
}

/** Where a link leads, as paths of the tree that have no link in them. */
function targetsOf(link: string, links: ReadonlyMap<string, readonly string[]>): string[] {
  const real = (path: string, left: number): string[] => {
    if (left === 0) return [];
    const segments = path.split('/');
    for (let count = 1; count < segments.length; count += 1) {
      const folder = segments.slice(0, count).join('/');
      const targets = links.get(folder);
      if (targets)
        return targets.flatMap(target =>
          real(posix.join(posix.dirname(folder), target, ...segments.slice(count)), left - 1),
        );
    }
    return [path];
  };
  return (links.get(link) ?? [])
    .filter(target => target !== '' && !target.startsWith('/'))
    .flatMap(target => real(posix.join(posix.dirname(link), target).replace(/\/$/, ''), mostLinks))
    .filter(target => target !== '.' && !`${link}/`.startsWith(`${target}/`));
}

/** The paths in a folder, out of sorted ones. */
function below(sorted: readonly string[], folder: string): string[] {
  const prefix = `${folder}/`;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (sorted[end]?.startsWith(prefix)) end += 1;
  return sorted.slice(low, end);
}
