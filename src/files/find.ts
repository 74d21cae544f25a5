import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, wrongInput } from '../failure.ts';
import { type PathFilter, readGlobs } from '../glob.ts';

/** A regular file that the input `files` selects. */
export interface FoundFile {
  /** Where it lies, absolute. */
  location: string;
  /** What it is called in a backup: relative to the working folder, or its whole path without the leading slash. */
  path: string;
}

/** So many are stored in one backup. */
export const mostFiles = 10_000;

/** Relative lines begin with this segment, absolute ones with an empty one, so that neither is taken for the other. */
const here = '.';

/**
 * The files that the lines of the input `files` select, sorted by their paths. Looks only into folders that a line can reach. Refuses by
 * name a line that selects nothing, and what is selected and cannot be stored.
 */
export async function findFiles(lines: readonly string[], workFolder: string): Promise<FoundFile[]> {
  const filter = readGlobs(lines.map(anchored), { input: 'files', example: 'uploads/**' });
  const walk = new Walk(filter, workFolder);
  await walk.into(workFolder);
  await walk.into('/');
  const files = [...walk.found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  refuseUnmatched(filter, files, workFolder);
  refuseCollisions(files);
  return files;
}

/** Refuses the lines of the input `files` that cannot be understood; looks at no file. */
export function checkFileLines(lines: readonly string[]): void {
  readGlobs(lines.map(anchored), { input: 'files', example: 'uploads/**' });
}

function anchored(line: string): string {
  const bang = line.startsWith('!') ? '!' : '';
  const glob = line.slice(bang.length);
  const shown = JSON.stringify(line);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(glob))
    throw wrongInput(
      'files',
      `has the line ${shown}`,
      'only files of this machine are stored: prefixes such as s3:// are not supported yet',
    );
  const segments = glob.split('/');
  if (segments.includes('..'))
    throw wrongInput(
      'files',
      `has the line ${shown}`,
      'write the whole path of what lies outside of the working folder',
    );
  const isAbsolute = glob.startsWith('/');
  const plain = segments.filter(
    (segment, index) => segment !== here && (segment !== '' || index === segments.length - 1),
  );
  return `${bang}${isAbsolute ? '' : here}/${plain.join('/')}`;
}

/** The names of a place that lines may mean: as seen from the working folder, if it lies there, and from the root. */
function namesOf(location: string, workFolder: string): string[] {
  const inside = insideOf(location, workFolder);
  const absolute = location === '/' ? '' : location;
  return inside === undefined ? [absolute] : [inside === '' ? here : `${here}/${inside}`, absolute];
}

/** The way from the working folder; undefined for what does not lie in it. */
function insideOf(location: string, workFolder: string): string | undefined {
  if (location === workFolder) return '';
  const start = workFolder.endsWith('/') ? workFolder : `${workFolder}/`;
  return location.startsWith(start) ? location.slice(start.length) : undefined;
}

class Walk {
  /** By their locations. */
  readonly found = new Map<string, FoundFile>();
  readonly #filter: PathFilter;
  readonly #workFolder: string;
  readonly #seen = new Set<string>();

  constructor(filter: PathFilter, workFolder: string) {
    this.#filter = filter;
    this.#workFolder = workFolder;
  }

  async into(folder: string): Promise<void> {
    const names = this.#filter.namesIn(...namesOf(folder, this.#workFolder));
    if (this.#seen.has(folder) || (names !== 'any' && names.size === 0)) return;
    this.#seen.add(folder);
    for (const name of names === 'any' ? await namesIn(folder) : [...names].map(text => Buffer.from(text)))
      await this.#look(folder, name);
  }

  async #look(folder: string, name: Buffer): Promise<void> {
    const location = join(folder, name.toString('utf8'));
    const aliases = namesOf(location, this.#workFolder);
    const below = this.#filter.namesIn(...aliases);
    const isSelected = this.#filter.selects(...aliases);
    if (!isSelected && below !== 'any' && below.size === 0) return;
    if (!Buffer.from(name.toString('utf8')).equals(name))
      throw refused(location, 'whose name is not UTF-8', 'rename it');
    const own = await lstat(location).catch(unlessGone);
    if (own === undefined) return;
    const isLink = own.isSymbolicLink();
    const target = isLink ? await stat(location).catch(unlessGone) : own;
    if (target?.isDirectory()) return this.#intoFolder(location, aliases, isLink);
    if (isSelected) this.#take(location, target, isLink);
  }

  async #intoFolder(location: string, aliases: readonly string[], isLink: boolean): Promise<void> {
    // links that nobody has named may lead round in circles, or out of what was meant
    if (isLink && !aliases.some(name => this.#filter.spellsOut(name)))
      throw refused(location, 'a link to a folder', 'name the folder itself');
    await this.into(location);
  }

  #take(location: string, target: Stats | undefined, isLink: boolean): void {
    if (target === undefined) {
      if (isLink) throw refused(location, 'a link that leads nowhere');
      return;
    }
    if (!target.isFile()) throw refused(location, `${kindOf(target)}, not a file`);
    const path = insideOf(location, this.#workFolder) ?? location.slice(1);
    this.found.set(location, { location, path });
    if (this.found.size > mostFiles)
      throw wrongInput(
        'files',
        `selects more than ${mostFiles} files`,
        'narrow its lines, or pack the files into an archive first',
      );
  }
}

async function namesIn(folder: string): Promise<Buffer[]> {
  try {
    return await readdir(folder, { encoding: 'buffer' });
  } catch (error) {
    if (unlessGone(error as NodeJS.ErrnoException) === undefined) return [];
    throw error;
  }
}

/** What vanishes between its name and a look at it was not there; any other error is said. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) return undefined;
  throw new Failure(`input files leads to ${JSON.stringify(error.path ?? '')}, which cannot be read (${error.code})`, {
    hint: 'give the user that runs this the right to read it, or take it out with a line that begins with !',
    exitStatus: 64,
    cause: error,
  });
}

function refused(location: string, what: string, remedy?: string): Failure {
  const takeOut = 'take it out with a line that begins with !';
  return wrongInput(
    'files',
    `leads to ${JSON.stringify(location)}, ${what}`,
    remedy === undefined ? takeOut : `${remedy}, or ${takeOut}`,
  );
}

function kindOf(target: Stats): string {
  if (target.isSocket()) return 'a socket';
  return target.isFIFO() ? 'a named pipe' : 'a device';
}

function refuseUnmatched(filter: PathFilter, files: readonly FoundFile[], workFolder: string): void {
  const names = files.flatMap(({ location }) => namesOf(location, workFolder));
  const [first] = filter.unmatched(names, []);
  if (first === undefined) return;
  throw wrongInput(
    'files',
    `has the line ${JSON.stringify(first.replace(/^\.\//, ''))}, which selects no file`,
    'check the path; what lies in a folder is named by folder/**',
  );
}

function refuseCollisions(files: readonly FoundFile[]): void {
  for (const [index, { path, location }] of files.entries()) {
    const other = files[index + 1];
    if (other?.path !== path) continue;
    throw wrongInput(
      'files',
      `selects ${JSON.stringify(location)} and ${JSON.stringify(other.location)}, which would both be stored as ${JSON.stringify(path)}`,
      'take one of them out with a line that begins with !',
    );
  }
}
