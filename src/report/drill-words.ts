import type { DrilledTable, DrillResult, StageName } from '../commands/drill-result.ts';
import { type ExplainedFinding, type FindingCode, findingCodes } from '../finding.ts';
import { formatBudget, formatCount, formatSeconds, plural, shorten } from './format.ts';

/** A time that was measured against a budget. */
export interface Measure {
  name: 'RTO' | 'RPO';
  means: string;
  seconds: number | null;
  budgetSeconds: number | null;
  /** The input that sets the budget. */
  input: 'max-rto' | 'max-rpo';
  state: 'within' | 'over' | 'unknown' | 'no budget';
  /** `4 min 2 s, within max-rto of 30 min`. */
  words: string;
}

/** All findings of one code. */
export interface FindingGroup {
  code: FindingCode;
  means: string;
  remedy: string;
  findings: ExplainedFinding[];
}

/** What text, summary and page say in the same words. */
export interface DrillWords {
  /** One sentence on what the verdict means. */
  verdict: string;
  /** `42 tables, 1,234 rows`, and how many files were proven. */
  counts: string;
  /** How many tables were compared, and how. */
  compared: string;
  rto: Measure;
  rpo: Measure;
  /** What speed was bought with, and what a restore would take without; null where nothing was tuned. */
  tuned: string | null;
  /** Those that say that something is wrong before those that could not look. */
  groups: FindingGroup[];
  /** Biggest first. */
  tables: DrilledTable[];
  /** That names are hidden and why; null where they are not. */
  hidden: string | null;
}

/** The stages by what they work on. */
export const stagePhases: readonly { title: string; stages: readonly StageName[] }[] = [
  { title: 'Store', stages: ['fetch', 'check bytes', 'decrypt'] },
  { title: 'Restore', stages: ['roles', 'pre-data', 'data', 'post-data'] },
  { title: 'Proof', stages: ['compare', 'files', 'checks'] },
];

/** Puts what a drill found into words, without any markup: what is foreign in it must still be made harmless. */
export function drillWords(result: DrillResult): DrillWords {
  return {
    verdict: verdictSentence(result),
    counts: `${plural(result.totals.tables, 'table')}, ${formatCount(result.totals.rows)} rows${filesWords(result)}`,
    compared: comparedSentence(result),
    rto: measure('RTO', 'from the first byte fetched to the last index built', result.rtoSeconds, result.maxRtoSeconds),
    rpo: measure(
      'RPO',
      'the longest gap between whole backups of the last 30 days, now included',
      result.rpoSeconds,
      result.maxRpoSeconds,
    ),
    tuned: tunedSentence(result),
    groups: groupsOf(result.findings),
    tables: [...result.tables].sort((a, b) => b.sizeBytes - a.sizeBytes),
    hidden: result.namesHidden
      ? 'Names are hidden, since others can read the log of this run; report: public shows them.'
      : null,
  };
}

const leadOfDifference = 40;

/** Two texts cut to `most` characters, so that the place where they differ is in both; `nothing` for an empty one. */
export function shortenBoth(one: string, other: string, most: number): [string, string] {
  if (one === '' || other === '') return [shorten(one, most) || 'nothing', shorten(other, most) || 'nothing'];
  if (one.length <= most && other.length <= most) return [one, other];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  const start = same > most / 2 ? same - leadOfDifference : 0;
  const cut = (text: string) => shorten(start === 0 ? text : `…${text.slice(start)}`, most);
  return [cut(one), cut(other)];
}

/** Earlier drills whose restore ended, oldest first. */
export function timedDrills({ earlierDrills }: DrillResult): (DrillResult['earlierDrills'][number] & {
  rtoSeconds: number;
})[] {
  return earlierDrills
    .flatMap(drill => (drill.rtoSeconds === null ? [] : [{ ...drill, rtoSeconds: drill.rtoSeconds }]))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

function verdictSentence({ verdict, findings, excluded }: DrillResult): string {
  switch (verdict) {
    case 'passed':
      return excluded.length === 0
        ? 'The backup was restored, and the copy is what its snapshot held. Nothing was left out by name.'
        : 'The backup was restored, and the copy is what its snapshot held, but for what was left out by name.';
    case 'failed':
      return `Something is wrong: ${plural(findings.length, 'finding')}.`;
    case 'could-not-verify':
      return `Not everything could be looked at, and that is no pass: ${plural(findings.length, 'finding')}.`;
  }
}

/** Files are told of where there are any. */
function filesWords({ totals: { files, filesProven } }: DrillResult): string {
  if (files === 0) return '';
  return `, ${plural(files, 'file')}${filesProven === files ? ', all proven' : ` (${formatCount(filesProven)} proven)`}`;
}

function comparedSentence({ totals, stages }: DrillResult): string {
  const { tables, byContent, byCount, different } = totals;
  if (tables === 0) return 'The backup has no table.';
  if (!stages.some(({ name }) => name === 'compare')) return 'No table was compared.';
  const parts = [
    [byContent, 'compared by content'],
    [byCount, 'by number of rows only'],
    [tables - byContent - byCount, 'without a comparison of rows'],
  ] as const;
  const said = parts.flatMap(([count, how]) => (count === 0 ? [] : [`${formatCount(count)} ${how}`]));
  return `Tables: ${said.join(', ')}${different === 0 ? '' : `; ${formatCount(different)} of them not as in the source`}.`;
}

function measure(name: Measure['name'], means: string, seconds: number | null, budgetSeconds: number | null): Measure {
  const input = name === 'RTO' ? 'max-rto' : 'max-rpo';
  const known = seconds === null ? 'not known' : formatSeconds(seconds);
  if (budgetSeconds === null) {
    const words = `${known}, no budget (${input})`;
    return { name, means, seconds, budgetSeconds, input, state: 'no budget', words };
  }
  const state = seconds === null ? 'unknown' : seconds > budgetSeconds ? 'over' : 'within';
  const words = `${known}, ${state === 'unknown' ? '' : `${state} `}${input} of ${formatBudget(budgetSeconds)}`;
  return { name, means, seconds, budgetSeconds, input, state, words };
}

function tunedSentence({ tuned, rtoEstimateSeconds }: DrillResult): string | null {
  if (tuned.length === 0 && rtoEstimateSeconds === null) return null;
  const so = 'The server of this drill was tuned for speed at the cost of safety in a crash';
  return rtoEstimateSeconds === null
    ? `${so}.`
    : `${so}; a restore of the database at its size of today, on a server that is not, might take about ${formatSeconds(rtoEstimateSeconds)}.`;
}

/** Findings by their code; what is wrong before what could not be looked at. */
export function groupsOf(findings: readonly ExplainedFinding[]): FindingGroup[] {
  const groups = new Map<FindingCode, FindingGroup>();
  for (const finding of findings) {
    const { code, remedy } = finding;
    const group = groups.get(code) ?? { code, means: findingCodes[code].means, remedy, findings: [] };
    groups.set(code, group);
    group.findings.push(finding);
  }
  const isWrong = ({ code }: FindingGroup) => (findingCodes[code].verdict === 'failed' ? 0 : 1);
  return [...groups.values()].sort((a, b) => isWrong(a) - isWrong(b));
}
