import { wrongInput } from './failure.ts';

/** A pattern of paths, one part a segment; `**` stands for any number of segments, none included. */
interface Glob {
  text: string;
  takesOut: boolean;
  segments: readonly string[];
}

/** States are bits of a 32-bit number, and a `**` at the end takes two. */
const mostSegments = 28;

/** The input that the lines stand in, for what is said of them. */
export interface GlobInput {
  input: string;
  /** A line that is right. */
  example: string;
}

/** Which paths the lines of an input name. */
export interface PathFilter {
  /** The last line that matches a path, by any of its names, decides. */
  selects(...names: readonly string[]): boolean;
  /**
   * Which names in a folder, itself called by any of these, may be selected or lead to something that is: `any`, or only these. What a
   * later line takes out whole leads nowhere.
   */
  namesIn(...folders: readonly string[]): 'any' | ReadonlySet<string>;
  /** Whether a line names the path, or a folder on its way, in so many words. */
  spellsOut(path: string): boolean;
  /** The same of a folder that cannot be looked into: whether something in it might be meant. */
  mayReachInto(folder: string): boolean;
  /** The lines, those that take out aside, that match none of the paths and reach into none of the folders. */
  unmatched(paths: Iterable<string>, folders: readonly string[]): string[];
}

/**
 * Understands the lines of an input: `*` and `?` stay in a segment, `**` is a segment of its own, and a line that begins with
 * `!` takes out again. Everything else stands for itself, and case matters. Matching takes no more than the product of both lengths.
 */
export function readGlobs(lines: readonly string[], { input, example }: GlobInput): PathFilter {
  const globs = lines.map(line => readGlob(line, input));
  if (globs.every(({ takesOut }) => takesOut))
    throw wrongInput(input, 'has only lines that take out', `name what counts first, such as ${example}`);
  const decide = (fits: (glob: Glob) => boolean) => globs.findLast(fits)?.takesOut === false;
  return {
    selects: (...names) => {
      const paths = names.map(name => name.split('/'));
      return decide(glob => paths.some(segments => matches(glob.segments, segments)));
    },
    namesIn: (...folders) =>
      namesBelow(
        globs,
        folders.map(folder => folder.split('/')),
      ),
    spellsOut: path => {
      const segments = path.split('/');
      return globs.some(
        glob =>
          !glob.takesOut && segments.every((segment, index) => glob.segments[index] === segment && isPlain(segment)),
      );
    },
    mayReachInto: folder => {
      const segments = folder.split('/');
      return globs.some(glob => !glob.takesOut && reachesInto(glob.segments, segments));
    },
    unmatched: (paths, folders) => {
      const closed = folders.map(folder => folder.split('/'));
      const open = new Set(
        globs.filter(glob => !glob.takesOut && !closed.some(folder => reachesInto(glob.segments, folder))),
      );
      for (const path of paths) {
        if (open.size === 0) break;
        const segments = path.split('/');
        for (const glob of open) if (matches(glob.segments, segments)) open.delete(glob);
      }
      return [...open].map(({ text }) => text);
    },
  };
}

function readGlob(line: string, input: string): Glob {
  const takesOut = line.startsWith('!');
  const segments = line.slice(takesOut ? 1 : 0).split('/');
  if (segments.some(segment => segment.includes('**') && segment !== '**'))
    throw wrongInput(input, `has the line "${line}"`, '** must stand alone between slashes, such as db/**/*.sql');
  if (segments.length > mostSegments)
    throw wrongInput(input, `has a line of ${segments.length} segments`, `${mostSegments} are the most`);
  // what lies in a folder, not the folder itself
  return { text: line, takesOut, segments: segments.at(-1) === '**' ? [...segments, '*'] : segments };
}

function matches(glob: readonly string[], path: readonly string[]): boolean {
  return (statesAfter(glob, path) & (1 << glob.length)) !== 0;
}

/** Whether the glob goes on below a folder, after a segment of its own has named a part of the folder. */
function reachesInto(glob: readonly string[], folder: readonly string[]): boolean {
  const firstNamed = glob.findIndex(segment => segment !== '**');
  return statesAfter(glob, folder) >> (firstNamed + 1) !== 0;
}

function namesBelow(globs: readonly Glob[], folders: readonly (readonly string[])[]): 'any' | ReadonlySet<string> {
  const names = new Set<string>();
  for (const { segments, takesOut } of globs.toReversed()) {
    const states = folders.reduce((all, folder) => all | statesAfter(segments, folder), 0);
    // what is below is all taken out, whatever an earlier line says
    if (takesOut && segments.at(-2) === '**' && segments.at(-1) === '*' && states & (1 << (segments.length - 2))) break;
    if (takesOut) continue;
    for (const [index, segment] of segments.entries()) {
      if ((states & (1 << index)) === 0) continue;
      if (!isPlain(segment)) return 'any';
      names.add(segment);
    }
  }
  return names;
}

function isPlain(segment: string): boolean {
  return !/[*?]/.test(segment);
}

/** How many of a glob's segments may be used up by a whole path: bit n for n of them, all possibilities at once. */
function statesAfter(glob: readonly string[], path: readonly string[]): number {
  let states = withSkipped(glob, 1);
  for (const segment of path) {
    let next = 0;
    for (let used = 0; used < glob.length; used += 1) {
      if ((states & (1 << used)) === 0) continue;
      const wanted = glob[used] ?? '';
      if (wanted === '**') next |= 1 << used;
      else if (matchesSegment(wanted, segment)) next |= 1 << (used + 1);
    }
    if (next === 0) return 0;
    states = withSkipped(glob, next);
  }
  return states;
}

/** `**` may stand for nothing. */
function withSkipped(glob: readonly string[], states: number): number {
  let all = states;
  for (let used = 0; used < glob.length; used += 1)
    if (glob[used] === '**' && (all & (1 << used)) !== 0) all |= 1 << (used + 1);
  return all;
}

/** The greedy way: only the last star has to be tried anew. */
function matchesSegment(wanted: string, segment: string): boolean {
  if (wanted === segment) return true;
  if (isPlain(wanted)) return false;
  const pattern = [...wanted];
  const text = [...segment];
  let at = 0;
  let star = -1;
  let starTook = 0;
  let index = 0;
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      starTook = index;
    } else if (pattern[at] === '?' || (pattern[at] !== undefined && pattern[at] === text[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      index = ++starTook;
    } else return false;
  }
  return pattern.slice(at).every(character => character === '*');
}
