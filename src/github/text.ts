/** GitHub's limit of a comment; a character beyond the basic plane is one for GitHub, and two here. */
export const longestComment = 65_536;

/** Without a width: a reader sees nothing, and GitHub no name and no number. */
const breaker = '\u200b';
const longestFence = 10;
const fence = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/;

/**
 * Markdown that calls nobody and links no issue by accident, since a name in it may be a stranger's. GitHub looks for both in the page
 * that it made of the Markdown, so that a backslash, or a character written as `&#64;`, is no help against it. People are guarded in code too, for
 * who may say where code ends is the writer; numbers not in fenced blocks, where a colour of a diagram is one.
 */
export function calmMarkdown(markdown: string): string {
  return fencedLines(markdown)
    .map(({ line, isFenced }) => (isFenced ? calmNames(line) : calmNumbers(calmNames(line))))
    .join('\n');
}

/** Markdown of at most so many characters, whole lines of it; what was left out is said at the beginning, where it is seen. */
export function cutMarkdown(markdown: string, most: number): string {
  if (markdown.length <= most) return markdown;
  const note = '_This is cut, as GitHub takes no longer comments: the summary of the run has all of it._\n\n';
  const whole = markdown.slice(0, most - note.length - longestFence - 1);
  const lastLine = whole.lastIndexOf('\n');
  const kept = lastLine > 0 ? whole.slice(0, lastLine) : whole.replace(/[\ud800-\udbff]$/, '');
  const open = fencedLines(kept).at(-1)?.open;
  return `${note}${kept}${open === undefined ? '' : `\n${open.slice(0, longestFence)}`}`;
}

interface Line {
  line: string;
  /** It is inside of a fenced block, or its first or last line. */
  isFenced: boolean;
  /** What the block began with that goes on after it. */
  open: string | undefined;
}

function fencedLines(markdown: string): Line[] {
  let open: string | undefined;
  return markdown.split('\n').map(line => {
    const [, mark, rest = ''] = fence.exec(line) ?? [];
    const wasOpen = open !== undefined;
    if (mark !== undefined) {
      if (open === undefined) open = mark.startsWith('`') && rest.includes('`') ? undefined : mark;
      else if (mark.startsWith(open) && rest.trim() === '') open = undefined;
    }
    return { line, isFenced: wasOpen || open !== undefined, open };
  });
}

function calmNames(line: string): string {
  return line.replaceAll(/@|&#0*64;|&#x0*40;|&commat;/gi, at => `${at}${breaker}`);
}

/** `#12`, `owner/name#12` and `GH-12`, but not the `#` of a character that is written as a number. */
function calmNumbers(line: string): string {
  return line
    .replaceAll(/&#x?[0-9a-f]{1,7};|&num;|#(?=[\d&])/gi, found =>
      /^(?:#|&#0*35;|&#x0*23;|&num;)$/i.test(found) ? `${found}${breaker}` : found,
    )
    .replaceAll(/\bGH-(?=\d)/gi, found => `${found}${breaker}`);
}
