import { type ExplainedFinding, findingCodes } from '../finding.ts';
import type { FindingGroup } from './drill-words.ts';
import { formatCount, shorten } from './format.ts';
import { Markup, markup, nothing } from './markup.ts';
import { folded, note, section } from './page.ts';

// a page of everything that a broken restore can bring would open in no browser
const mostFindings = 1000;
const openInGroup = 10;
const longestDefinition = 20_000;
const longestShort = 60;
/** More lines are scrolled, which must be possible without a mouse. */
const mostLinesSeen = 20;

/** All findings by their code, with what is expected and found side by side. */
export function findingsSection(groups: readonly FindingGroup[]): Markup {
  const count = groups.reduce((sum, { findings }) => sum + findings.length, 0);
  if (count === 0) return section('Findings', note('None.'));
  let left = mostFindings;
  const parts = groups.map(group => {
    const shown = group.findings.slice(0, left);
    left -= shown.length;
    return groupPart(group, shown);
  });
  return section('Findings', ...parts);
}

function groupPart({ code, means, remedy, findings }: FindingGroup, shown: readonly ExplainedFinding[]): Markup {
  const open = shown.slice(0, openInGroup).map(findingPart);
  const rest = shown.slice(openInGroup).map(findingPart);
  const hidden = findings.length - shown.length;
  return markup`<div class="group ${findingCodes[code].verdict}">
<h3><code>${code}</code> <span class="count">${findings.length === 1 ? '' : `${formatCount(findings.length)} times`}</span></h3>
<p>${capital(means)}.</p>
<p class="remedy"><b>What to do:</b> ${remedy}.</p>
${open}
${rest.length === 0 ? nothing : folded(`${formatCount(rest.length)} more`, markup`${rest}`, true)}
${note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null)}
</div>`;
}

function findingPart({ object, expected, found }: ExplainedFinding): Markup {
  const isLong = [expected, found].some(text => text.includes('\n') || text.length > longestShort);
  const [left, right] = isLong ? markedLines(expected, found) : [side(expected), side(found)];
  return markup`<div class="finding">
<p class="object">${object}</p>
<dl class="sides"><div><dt>Expected</dt><dd>${left}</dd></div><div><dt>Found</dt><dd>${right}</dd></div></dl>
</div>`;
}

function side(text: string): Markup {
  return text.trim() === '' ? markup`<span class="note">nothing</span>` : markup`${text}`;
}

/** Both texts, as blocks, with those lines marked that lie between what they begin and end with alike. */
export function markedLines(expected: string, found: string): [Markup, Markup] {
  const one = linesOf(expected);
  const other = linesOf(found);
  if (expected.trim() === '' || found.trim() === '') return [block(expected, 0, 0), block(found, 0, 0)];
  const least = Math.min(one.length, other.length);
  let start = 0;
  while (start < least && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < least - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [block(expected, start, one.length - end), block(found, start, other.length - end)];
}

/** A text as it is, with a mark from one of its lines up to another one. */
function block(text: string, from: number, to: number): Markup {
  if (text.trim() === '') return side(text);
  const lines = linesOf(text);
  const parts = [lines.slice(0, from), lines.slice(from, to), lines.slice(to)].map((some, index) => {
    const joined = some.join('\n');
    return some.length === 0 ? [] : [index === 1 ? markup`<mark>${joined}</mark>` : markup`${joined}`];
  });
  const focus = lines.length > mostLinesSeen ? new Markup(' tabindex="0"') : nothing;
  // a browser drops the line feed that follows the tag
  return markup`<pre${focus}>
${parts.flat()}</pre>`;
}

function linesOf(text: string): string[] {
  return shorten(text, longestDefinition).split('\n');
}

/** With a capital letter. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
