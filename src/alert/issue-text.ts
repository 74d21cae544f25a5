import { calmMarkdown, cutMarkdown, longestComment } from '../github/text.ts';
import { escapeMarkdown, formatTime } from '../report/format.ts';
import { type Line, type Lines, hiddenLine } from './issue-lines.ts';
import { detailLines } from './notice.ts';
import { remediesFor } from './remedy.ts';

/** They are only a second copy of what the comments keep. */
const mostHidden = 50;
/** Less room is not worth a beginning. */
const leastSections = 1000;

/** The first line of an issue's text, by which it is known again. */
export function markerOf(name: string): string {
  return `<!-- pg-lifeboat:alert:${name} -->`;
}

/** The title stays, so that nothing but its state changes in a list. */
export function issueTitle(name: string): string {
  return `Backups of ${name} need attention`;
}

/** The whole text of the issue: one task for each condition, ticked when that one went well; then what to do about the others. */
export function issueBody(name: string, lines: Lines): string {
  const all = [...lines].sort(([one], [other]) => (one < other ? -1 : 1));
  const hidden = [
    markerOf(name),
    ...all.slice(0, mostHidden).map(([condition, line]) => hiddenLine(condition, { ...line, cause: null })),
  ].join('\n');
  // nothing foreign is in these, and names have no @ and no #
  const tasks = [
    `What goes wrong with the backups of **${escapeMarkdown(name)}**, one line for each thing. A line is ticked when that same thing went well, and this issue closes when all are. pg-lifeboat writes this text anew each time: write comments.`,
    '',
    ...all.map(([condition, line]) => taskOf(condition, line)),
  ].join('\n');
  const sections = all.filter(([, line]) => !line.isGood).map(([condition, line]) => sectionOf(condition, line));
  const head = `${hidden}\n\n${tasks}\n`;
  const left = longestComment - head.length - 1;
  const more = left < leastSections ? '' : cutMarkdown(calmMarkdown(sections.join('\n')), left);
  return `${head}\n${more}`.trimEnd();
}

/** The comment that keeps one condition. */
export function commentBody(condition: string, line: Line): string {
  const { isGood, since, at, failures, cause } = line;
  const state = isGood
    ? `went well ${whenOf(at)}, after it had failed ${timesOf(failures)} since ${momentOf(since)}`
    : `failed ${whenOf(at)}${failures > 1 ? `, ${timesOf(failures)} since ${momentOf(since)}` : ''}`;
  const text = [`**${escapeMarkdown(condition)}** ${state}${runOf(line)}.`, ...quoted(isGood ? null : cause)].join(
    '\n\n',
  );
  const hidden = hiddenLine(condition, line);
  return `${hidden}\n${cutMarkdown(calmMarkdown(text), longestComment - hidden.length - 1)}`;
}

function taskOf(condition: string, line: Line): string {
  const { isGood, since, at, failures } = line;
  const often = failures > 1 ? `, ${timesOf(failures)}, last ${whenOf(at)}` : '';
  const state = isGood
    ? `failed since ${momentOf(since)}, good since ${momentOf(at)}`
    : `failed since ${momentOf(since)}${often}`;
  return `- [${isGood ? 'x' : ' '}] ${escapeMarkdown(condition)}: ${state}${runOf(line)}`;
}

function sectionOf(condition: string, { cause }: Line): string {
  const actions = remediesFor(condition).map((remedy, index) => `${index + 1}. ${escapeMarkdown(remedy)}`);
  return [`### ${escapeMarkdown(condition)}`, ...quoted(cause), actions.join('\n'), ''].join('\n\n');
}

function quoted(cause: string | null): string[] {
  const lines = detailLines(cause);
  return lines.length === 0 ? [] : [lines.map(line => `> ${escapeMarkdown(line)}`).join('<br>\n')];
}

function runOf({ runUrl }: Line): string {
  return runUrl === null ? '' : `, [run](${runUrl.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}

function momentOf(time: string | null): string {
  return time === null ? 'a time that this release cannot read' : formatTime(time);
}

function whenOf(time: string | null): string {
  return `on ${momentOf(time)}`;
}

function timesOf(failures: number): string {
  return failures === 1 ? 'once' : `${failures} times`;
}
