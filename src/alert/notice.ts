import { formatTime, plainLine, shorten } from '../report/format.ts';
import { type ConditionOutcome, causeOf, isFailing, outcomeWords } from './outcome.ts';
import { remediesFor } from './remedy.ts';

/**
 * What all channels tell. `details` and causes come from the caller as they are: we put no name of a table and no content of one into
 * them, and neither may the caller.
 */
export interface Notice {
  /** Of the database. */
  name: string;
  at: Date;
  /** Without those that were skipped. */
  outcomes: readonly ConditionOutcome[];
  /** Conditions that failed before, and went well now. */
  recovered: readonly string[];
  /** Free text, several lines; null where there is none. */
  details: string | null;
  runUrl: string | null;
  issueUrl: string | null;
}

export type Mood = 'bad' | 'good' | 'neutral';

export interface Link {
  label: string;
  url: string;
}

const mostNamed = 3;
const longestCause = 300;
const longestDetails = 2000;

/** Whether it is bad news. */
export function moodOf({ outcomes }: Notice): Mood {
  if (outcomes.some(isFailing)) return 'bad';
  return outcomes.some(({ outcome }) => outcome === 'success') ? 'good' : 'neutral';
}

/** One line that holds nothing but names: `shop: backup failed`. */
export function titleOf({ name, outcomes, recovered }: Notice): string {
  const failing = outcomes.filter(isFailing);
  if (failing.length > 0) {
    const word = failing.every(({ outcome }) => outcome === 'cancelled') ? 'cancelled' : 'failure';
    return `${name}: ${namesOf(failing.map(one => one.condition))} ${outcomeWords[word]}`;
  }
  if (recovered.length > 0) return `${name}: ${namesOf(recovered)} ${outcomeWords.success} again`;
  const good = outcomes.filter(({ outcome }) => outcome === 'success');
  const told = good.length > 0 ? good : outcomes;
  return `${name}: ${namesOf(told.map(one => one.condition))} ${outcomeWords[good.length > 0 ? 'success' : 'started']}`;
}

/** What stands below the title, as lines of plain text: what ended how, the details, and what to do. */
export function linesOf(notice: Notice): string[] {
  const { outcomes, recovered, at } = notice;
  const states = outcomes.map(one => {
    const again = one.outcome === 'success' && recovered.includes(one.condition) ? ' again' : '';
    const cause = causeOf(one);
    const why = cause === null ? '' : `: ${shorten(plainLine(cause), longestCause)}`;
    return `${one.condition}: ${outcomeWords[one.outcome]}${again}${why}`;
  });
  const details = detailLines(notice.details);
  const actions = actionsFor(outcomes.filter(isFailing).map(one => one.condition));
  return [
    formatTime(at),
    ...states,
    ...(details.length > 0 ? ['', ...details] : []),
    ...(actions.length > 0 ? ['', 'What to do:', ...actions.map((action, index) => `${index + 1}. ${action}`)] : []),
  ];
}

/** Where there is more to read. */
export function linksOf({ runUrl, issueUrl }: Notice): Link[] {
  return [
    ...(runUrl === null ? [] : [{ label: 'Open the run', url: runUrl }]),
    ...(issueUrl === null ? [] : [{ label: 'Open the issue', url: issueUrl }]),
  ];
}

/** Foreign text of several lines, without characters that do something, and not too long. */
export function detailLines(details: string | null): string[] {
  if (details === null) return [];
  return shorten(details, longestDetails)
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map(plainLine);
}

/** With several conditions each action says which it is for. */
function actionsFor(conditions: readonly string[]): string[] {
  return conditions.flatMap(condition =>
    remediesFor(condition).map(remedy => (conditions.length > 1 ? `${condition}: ${remedy}` : remedy)),
  );
}

function namesOf(names: readonly string[]): string {
  if (names.length > mostNamed) return `${names.length} conditions`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
