import type { DrillResult } from '../commands/drill-result.ts';
import { shortenBoth, stagePhases, timedDrills, type DrillWords, type Measure } from './drill-words.ts';
import {
  code,
  escapeMarkdown,
  formatBudget,
  formatBytes,
  formatCount,
  formatSeconds,
  formatTime,
  plural,
  shorten,
} from './format.ts';
import { ganttDiagram, lineDiagram } from './mermaid.ts';
import { markdownTable } from './table.ts';

// the runner takes 1 MiB of summary a step, and a name may be five times as long when it is escaped
const most = { findings: 100, sentences: 30, checks: 50, tables: 200, drills: 12, facts: 20 };
const longest = { object: 160, definition: 200, sentence: 240, name: 130 };

/** The job summary of a drill, Markdown: verdict first. */
export function drillSummary(result: DrillResult, words: DrillWords): string {
  const parts = [
    `### Drill of ${text(result.name, longest.name)}: ${result.verdict}`,
    `${escapeMarkdown(words.verdict)} Backup ${code(result.backupId)}, ${escapeMarkdown(words.counts)}, ${formatSeconds(result.durationSeconds)}.`,
    ...(words.hidden === null ? [] : [escapeMarkdown(words.hidden)]),
    ...sentences('Left out by name', result.excluded),
    ...findings(result, words),
    ...sentences('Notices', result.notices),
    ...measures(result, words),
    ...checks(result),
    ...stages(result),
    ...trend(result),
    ...tables(words),
    folded('About this drill', markdownTable(['', ''], facts(result))),
  ];
  return `${parts.join('\n\n')}\n`;
}

function text(foreign: string, length = longest.sentence): string {
  return escapeMarkdown(shorten(foreign, length));
}

function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** What follows a list that was cut. */
function andMore(count: number, shown: number, noun: string): string[] {
  return count > shown ? [`${plural(count - shown, `more ${noun}`)} not shown here.`] : [];
}

function sentences(title: string, all: readonly string[]): string[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, most.sentences).map(sentence => `- ${text(sentence)}`);
  return [`**${title}**`, shown.join('\n'), ...andMore(all.length, most.sentences, 'sentence')];
}

function findings(result: DrillResult, { groups }: DrillWords): string[] {
  if (result.findings.length === 0) return ['**Findings**: none.'];
  const all = groups.flatMap(group => group.findings);
  const rows = all.slice(0, most.findings).map(finding => {
    const [expected, found] = shortenBoth(finding.expected, finding.found, longest.definition);
    return [code(finding.code), text(finding.object, longest.object), escapeMarkdown(expected), escapeMarkdown(found)];
  });
  const advice = groups.map(({ code: name, means, remedy, findings: { length } }) => {
    const times = length === 1 ? '' : `, ${formatCount(length)} times`;
    return `- ${code(name)}${times}: ${text(means)}. What to do: ${text(remedy)}.`;
  });
  return [
    `**Findings** (${formatCount(all.length)})`,
    markdownTable(['Finding', 'Object', 'Expected', 'Found'], rows),
    ...andMore(all.length, most.findings, 'finding'),
    advice.join('\n'),
  ];
}

function measures(result: DrillResult, { rto, rpo, tuned }: DrillWords): string[] {
  const row = ({ name, means, seconds, budgetSeconds, state }: Measure) => [
    name,
    seconds === null ? 'not known' : formatSeconds(seconds),
    budgetSeconds === null ? 'none' : formatBudget(budgetSeconds),
    state === 'no budget' ? '' : state,
    escapeMarkdown(means),
  ];
  const age = [
    'Age',
    formatSeconds(result.backupAgeSeconds),
    '',
    '',
    "age of this backup's snapshot when the drill began",
  ];
  const table = markdownTable(['Time', 'Measured', 'Budget', '', 'What it is'], [row(rto), row(rpo), age], [1, 2]);
  return [table, ...(tuned === null ? [] : [escapeMarkdown(tuned)])];
}

function checks({ checks: all }: DrillResult): string[] {
  if (all.length === 0) return [];
  const rows = all
    .slice(0, most.checks)
    .map(({ title, outcome, seconds, reason }) => [
      text(title, longest.object),
      outcome,
      formatSeconds(seconds),
      text(reason ?? '', longest.definition),
    ]);
  return [
    `**Checks** (${formatCount(all.length)})`,
    markdownTable(['Check', 'Outcome', 'Took', 'Why'], rows, [2]),
    ...andMore(all.length, most.checks, 'check'),
  ];
}

function stages(result: DrillResult): string[] {
  if (result.stages.length === 0) return [];
  const sections = stagePhases.map(({ title, stages: names }) => ({
    title,
    stages: result.stages.filter(({ name }) => names.includes(name)),
  }));
  return ['**Stages**', ganttDiagram(sections)];
}

function trend(result: DrillResult): string[] {
  if (result.earlierDrills.length === 0) return [];
  const byTime = [...result.earlierDrills].sort((a, b) => (a.at < b.at ? 1 : -1));
  const rows = byTime
    .slice(0, most.drills)
    .map(({ at, backupId, verdict, rtoSeconds, tuned }) => [
      escapeMarkdown(formatTime(at)),
      code(shorten(backupId, longest.name)),
      verdict,
      rtoSeconds === null ? '' : formatSeconds(rtoSeconds),
      tuned ? 'yes' : 'no',
    ]);
  const timed = timedDrills(result).slice(-most.drills);
  return [
    '**RTO of the earlier drills and of this one**',
    ...(timed.length < 2 ? [] : [trendDiagram(timed, result)]),
    folded(
      'Earlier drills',
      [
        markdownTable(['Drill', 'Backup', 'Verdict', 'RTO', 'Tuned'], rows, [3]),
        ...andMore(byTime.length, most.drills, 'drill'),
      ].join('\n\n'),
    ),
  ];
}

function trendDiagram(timed: ReturnType<typeof timedDrills>, { at, rtoSeconds }: DrillResult): string {
  const points = [...timed, ...(rtoSeconds === null ? [] : [{ at, rtoSeconds }])];
  const isLong = Math.max(...points.map(point => point.rtoSeconds)) > 180;
  return lineDiagram(
    isLong ? 'minutes' : 'seconds',
    points.map(point => ({ label: point.at.slice(5, 10), value: point.rtoSeconds / (isLong ? 60 : 1) })),
  );
}

function tables({ tables: all, compared }: DrillWords): string[] {
  if (all.length === 0) return [escapeMarkdown(compared)];
  const rows = all
    .slice(0, most.tables)
    .map(({ schema, name, sizeBytes, rows: count, compared: how, same }) => [
      code(shorten(`${schema}.${name}`, longest.name)),
      formatBytes(sizeBytes),
      formatCount(count),
      how,
      same ? '' : 'not as in the source',
    ]);
  const table = markdownTable(['Table', 'Size', 'Rows', 'Compared', ''], rows, [1, 2]);
  return [
    escapeMarkdown(compared),
    folded(
      `Tables, the biggest first (${formatCount(all.length)})`,
      [table, ...andMore(all.length, most.tables, 'table')].join('\n\n'),
    ),
  ];
}

function facts(result: DrillResult): string[][] {
  const listed = (all: readonly string[]) => [
    ...all.slice(0, most.facts).map(one => code(shorten(one, longest.object))),
    ...andMore(all.length, most.facts, 'one'),
  ];
  const optional = (title: string, value: string | null) =>
    value === null || value === '' ? [] : [[title, code(shorten(value, longest.sentence))]];
  return [
    ['Backup', code(result.backupId)],
    ['Stored at', code(shorten(result.location, longest.sentence))],
    ...(result.snapshotAt ? [['Snapshot', escapeMarkdown(formatTime(result.snapshotAt))]] : []),
    ['Drill began', escapeMarkdown(formatTime(result.at))],
    ['Source', text(`Postgres ${result.sourceVersion}`)],
    ['Restored into', result.serverVersion === null ? 'no server' : text(`Postgres ${result.serverVersion}`)],
    ...(result.tuned.length === 0 ? [] : [['Tuned', listed(result.tuned).join(' ')]]),
    ...(result.provenRecipients.length === 0 ? [] : [['Opened by', listed(result.provenRecipients).join(' ')]]),
    ...optional('Scratch database, kept', result.scratch),
    ['Evidence', result.evidence === null ? 'could not be written' : code(shorten(result.evidence, longest.sentence))],
    ['Report', result.report === null ? 'could not be written' : code(shorten(result.report, longest.sentence))],
  ];
}
