import * as v from 'valibot';
import { shorten } from '../report/format.ts';
import { type ConditionOutcome, causeOf, isFailing } from './outcome.ts';

const time = v.nullable(v.pipe(v.string(), v.isoTimestamp()));

/** One condition of an issue, as it stands hidden in a comment of ours, and in short in the issue's own text. */
const lineSchema = v.object({
  isGood: v.boolean(),
  /** When it first failed; null where that cannot be read. */
  since: time,
  /** When it was last told of. */
  at: time,
  /** How often it was told to have failed. */
  failures: v.pipe(v.number(), v.integer(), v.minValue(1)),
  runUrl: v.nullable(v.string()),
  cause: v.nullable(v.string()),
});

export type Line = v.InferOutput<typeof lineSchema>;
export type Lines = ReadonlyMap<string, Line>;

/** What a run came to. */
export interface Told {
  outcomes: readonly ConditionOutcome[];
  details: string | null;
  at: Date;
  runUrl: string | null;
}

const longestCause = 2000;
const marked = /^<!-- pg-lifeboat:alert-line:([A-Za-z0-9_-]+) ([A-Za-z0-9+/=]*) -->\r?$/;
/** What a later release wrote may not be readable here; it is not good, whatever it is. */
const unreadable: Line = { isGood: false, since: null, at: null, failures: 1, runUrl: null, cause: null };

/** A hidden line of Markdown; base64, so that nothing in it can end the comment, call anybody or be changed on the way. */
export function hiddenLine(condition: string, line: Line): string {
  return `<!-- pg-lifeboat:alert-line:${condition} ${Buffer.from(JSON.stringify(line)).toString('base64')} -->`;
}

/** The hidden lines that a text begins with, after `skip` others; what stands further down may be somebody's words. */
export function linesIn(text: string, skip = 0): Lines {
  const lines = new Map<string, Line>();
  for (const one of text.split('\n').slice(skip)) {
    const [, condition, data] = marked.exec(one) ?? [];
    if (condition === undefined || data === undefined) break;
    lines.set(condition, parse(data));
  }
  return lines;
}

/** The lines that an outcome changes: failures, and what was failing and went well. Anything else is no news. */
export function changesBy(lines: Lines, { outcomes, details, at, runUrl }: Told): Map<string, Line> {
  const changes = new Map<string, Line>();
  const told = { at: at.toISOString(), runUrl };
  for (const one of outcomes) {
    const old = lines.get(one.condition);
    if (isFailing(one)) {
      const { since, failures } = old === undefined || old.isGood ? { since: told.at, failures: 0 } : old;
      const cause = [causeOf(one), details].filter(text => text !== null).join('\n');
      changes.set(one.condition, {
        ...told,
        isGood: false,
        since,
        failures: failures + 1,
        cause: cause === '' ? null : shorten(cause, longestCause),
      });
    } else if (one.outcome === 'success' && old?.isGood === false)
      changes.set(one.condition, { ...old, ...told, isGood: true });
  }
  return changes;
}

/** The newer of two tellings of the same condition. */
export function newer(one: Line, other: Line | undefined): Line {
  return other === undefined || (one.at ?? '') >= (other.at ?? '') ? one : other;
}

function parse(data: string): Line {
  try {
    const parsed = v.safeParse(lineSchema, JSON.parse(Buffer.from(data, 'base64').toString('utf8')));
    return parsed.success ? parsed.output : unreadable;
  } catch {
    return unreadable;
  }
}
