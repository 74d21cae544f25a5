import type { DrillResult } from '../commands/drill-result.ts';
import { exitStatusOf } from '../finding.ts';
import { drillSummary } from './drill-summary.ts';
import { drillWords, shortenBoth, type DrillWords } from './drill-words.ts';
import { formatSeconds, formatTime, plainLine, plural, shorten } from './format.ts';
import type { Presentation } from './present.ts';
import { textTable } from './table.ts';

const mostFindings = 200;
const longestDefinition = 600;
const mostChecks = 200;
const longestCell = 160;

/** Puts the result of a drill into words: verdict first, then what was left out, then what is wrong, then the details. */
export function presentDrill(result: DrillResult): Presentation {
  const words = drillWords(result);
  const figure = (value: number | null) => (value === null ? '' : String(value));
  return {
    text: drillText(result, words),
    summary: drillSummary(result, words),
    outputs: {
      'backup-id': result.backupId,
      verdict: result.verdict,
      tables: String(result.totals.tables),
      rows: figure(result.totals.rows),
      'duration-seconds': String(result.durationSeconds),
      'rto-seconds': figure(result.rtoSeconds),
      'rpo-seconds': figure(result.rpoSeconds),
      report: result.report ?? '',
      scratch: result.scratch ?? '',
    },
    exitStatus: exitStatusOf(result.verdict),
  };
}

function drillText(result: DrillResult, words: DrillWords): string {
  const { rto, rpo, tuned, hidden } = words;
  const findings = result.findings.length === 0 ? 'no findings' : plural(result.findings.length, 'finding');
  const snapshot = result.snapshotAt ? `, snapshot of ${formatTime(result.snapshotAt)}` : '';
  return [
    plainLine(
      `drill of ${result.name}/${result.backupId}: ${result.verdict} (${words.counts}, ${findings}, ${formatSeconds(result.durationSeconds)})`,
    ),
    ...(hidden === null ? [] : [hidden]),
    ...listed('left out by name:', result.excluded),
    ...findingLines(words),
    ...listed('notices:', result.notices),
    ...stageLines(result),
    `RTO: ${rto.words} (${rto.means})`,
    ...(tuned === null ? [] : [`  ${tuned}`]),
    `RPO: ${rpo.words} (${rpo.means})`,
    plainLine(`age of this backup: ${formatSeconds(result.backupAgeSeconds)}${snapshot}`),
    words.compared,
    ...checkLines(result),
    ...(result.scratch === null ? [] : [plainLine(`scratch database, kept: ${result.scratch}`)]),
    plainLine(`evidence: ${result.evidence ?? 'could not be written'}`),
    plainLine(`report: ${result.report ?? 'could not be written'}`),
  ].join('\n');
}

function listed(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : [title, ...sentences.map(sentence => plainLine(`  ${sentence}`))];
}

function findingLines({ groups }: DrillWords): string[] {
  const all = groups.flatMap(({ findings }) => findings);
  if (all.length === 0) return [];
  const shown = all.slice(0, mostFindings).flatMap(({ code, object, remedy, ...both }) => {
    const [expected, found] = shortenBoth(both.expected, both.found, longestDefinition);
    return [`  ${code} ${object}`, `    expected  ${expected}`, `    found     ${found}`, `    remedy    ${remedy}`];
  });
  const rest = all.length - mostFindings;
  return [
    'findings:',
    ...shown.map(plainLine),
    ...(rest > 0 ? [`  (${plural(rest, 'more finding')} not shown here)`] : []),
  ];
}

function stageLines({ stages }: DrillResult): string[] {
  if (stages.length === 0) return ['stages: none was reached'];
  const rows = stages.map(({ name, startSeconds, seconds }) => [
    plainLine(name),
    formatSeconds(startSeconds),
    formatSeconds(seconds),
  ]);
  return indented(textTable(['Stage', 'From', 'Took'], rows, [1, 2]));
}

function checkLines({ checks }: DrillResult): string[] {
  if (checks.length === 0) return [];
  const rows = checks
    .slice(0, mostChecks)
    .map(({ title, outcome, seconds, reason }) =>
      [title, outcome, formatSeconds(seconds), reason ?? ''].map(cell => plainLine(shorten(cell, longestCell))),
    );
  const rest = checks.length - mostChecks;
  return [
    ...indented(textTable(['Check', 'Outcome', 'Took', 'Why'], rows, [2])),
    ...(rest > 0 ? [`  (${plural(rest, 'more check')} not shown here)`] : []),
  ];
}

function indented(table: string): string[] {
  return table.split('\n').map(line => `  ${line}`);
}
