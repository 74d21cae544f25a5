import { type Place, layouts } from './layouts.ts';

/** A tool's migrations at one place of a repository. */
export interface FoundLayout {
  tool: string;
  /** The folder that its command is run in or pointed at, from the repository's top; empty for the top itself. */
  folder: string;
}

/** Which layout a path belongs to, in whichever tree it is; undefined where it is no migration. */
export type Recognition = (path: string) => FoundLayout | undefined;

/** Gives the beginnings of the files at some paths, one or several texts a path; none where this clone lacks them. */
export type ReadBeginnings = (paths: readonly string[]) => Promise<Map<string, string[]>>;

/** A place of the table with what it needs to be found quickly. Lower ranks are more telling. */
interface RankedPlace extends Place {
  tool: string;
  rank: number;
  /** How many segments the mark has. */
  depth: number;
  isOfFolder: boolean;
}

/** A place at a folder of the repository. */
interface Found {
  place: RankedPlace;
  folder: string;
}

const places: readonly RankedPlace[] = layouts
  .flatMap(({ tool, places }) => places.map(place => ({ ...place, tool })))
  .map((place, rank) => {
    const slashes = place.mark.source.split(String.raw`\/`).length - 1;
    const isOfFolder = place.mark.source.endsWith(String.raw`\/$`);
    return { ...place, rank, isOfFolder, depth: isOfFolder ? slashes : slashes + 1 };
  });

/**
 * Finds the layouts among paths: those before and after a change together, so that one that goes or comes counts. Of files whose name is
 * not enough, those that changed are read, and of the others the first and the last of each folder.
 */
export async function recognise(
  paths: readonly string[],
  changed: ReadonlySet<string>,
  read: ReadBeginnings,
): Promise<Recognition> {
  const looked = paths.filter(path => !isOfOthers(path));
  const found = new FoundPlaces();
  for (const path of looked) for (const place of placesMarkedBy(path, false)) if (!place.holds) found.add(place, path);
  for (const folder of foldersOf(looked)) for (const place of placesMarkedBy(folder, true)) found.add(place, folder);

  const unread = await addByContent(looked, changed, read, found);
  const made = new Set(looked.flatMap(path => found.placesOf(path)));
  return path => {
    if (isOfOthers(path)) return undefined;
    const one = found
      .placesOver(path)
      .find(one => isOf(one, path, 'files') || (made.has(one) && isOf(one, path, 'beside')));
    if (one) return { tool: one.place.tool, folder: one.folder };
    return unread.has(path) ? { tool: 'sql', folder: folderOf(path) } : undefined;
  };
}

/**
 * Adds the places that only content shows. Gives the changed files that could not be read, so that nobody knows: they count as
 * migrations then.
 */
async function addByContent(
  paths: readonly string[],
  changed: ReadonlySet<string>,
  read: ReadBeginnings,
  found: FoundPlaces,
): Promise<Set<string>> {
  const candidates = new Map<string, string[]>();
  for (const path of paths) {
    const claimed = found.placesOf(path)[0]?.place.rank ?? Infinity;
    if (!placesMarkedBy(path, false).some(place => place.holds && place.rank < claimed)) continue;
    const folder = folderOf(path);
    const beside = candidates.get(folder);
    if (beside) beside.push(path);
    else candidates.set(folder, [path]);
  }
  const samples = new Set(
    [...candidates.values()].flatMap(all =>
      all.filter((path, index) => changed.has(path) || index === 0 || index === all.length - 1),
    ),
  );
  const texts = await read([...samples]);
  const unread = new Set<string>();
  for (const path of samples) {
    const [...contents] = texts.get(path) ?? [];
    if (contents.length === 0 && changed.has(path)) unread.add(path);
    for (const place of placesMarkedBy(path, false))
      if (place.holds && contents.some(text => place.holds?.test(text))) found.add(place, path);
  }
  return unread;
}

/** The places that were found, by folder. */
class FoundPlaces {
  readonly #at = new Map<string, Found[]>();
  /** What holds for the files of a folder: its own places and those of the folders above. */
  readonly #over = new Map<string, readonly Found[]>();

  /** `path` is what the place's mark fits. */
  add(place: RankedPlace, path: string): void {
    const folder = withoutLast(path, place.depth);
    const here = this.#at.get(folder) ?? [];
    if (here.some(one => one.place === place)) return;
    this.#at.set(folder, [...here, { place, folder }]);
    this.#over.clear();
  }

  /** Those that a path is a migration of. */
  placesOf(path: string): Found[] {
    return this.placesOver(path).filter(one => isOf(one, path, 'files'));
  }

  /** Those that a path lies below. */
  placesOver(path: string): readonly Found[] {
    return this.#placesAt(folderOf(path));
  }

  /** The most telling first, of the same kind the nearest. */
  #placesAt(folder: string): readonly Found[] {
    const known = this.#over.get(folder);
    if (known) return known;
    const own = this.#at.get(folder) ?? [];
    const above = folder === '' ? [] : this.#placesAt(folderOf(folder));
    const all =
      own.length === 0
        ? above
        : [...own, ...above].sort((a, b) => a.place.rank - b.place.rank || b.folder.length - a.folder.length);
    this.#over.set(folder, all);
    return all;
  }
}

function isOf({ place, folder }: Found, path: string, part: 'files' | 'beside'): boolean {
  return place[part]?.test(folder === '' ? path : path.slice(folder.length + 1)) ?? false;
}

function placesMarkedBy(path: string, isFolder: boolean): RankedPlace[] {
  const ends = new Map<number, string>();
  return places.filter(place => {
    if (place.isOfFolder !== isFolder) return false;
    const end = ends.get(place.depth) ?? lastOf(path, place.depth);
    ends.set(place.depth, end);
    return place.mark.test(isFolder ? `${end}/` : end);
  });
}

/** Packages of others bring migrations of their own, which this repository does not apply. */
function isOfOthers(path: string): boolean {
  return /(?:^|\/)(?:node_modules|vendor)\//.test(path);
}

function foldersOf(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder);
  return folders;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last segments of a path; all of it where it has fewer. */
function lastOf(path: string, segments: number): string {
  const folder = withoutLast(path, segments);
  return folder === '' ? path : path.slice(folder.length + 1);
}

function withoutLast(path: string, segments: number): string {
  let end = path.length;
  for (let left = segments; left > 0 && end > 0; left -= 1) end = path.lastIndexOf('/', end - 1);
  return path.slice(0, Math.max(0, end));
}
