import type { Newest, Trend, WatchResult, WatchedDatabase } from '../commands/watch-result.ts';
import { exitStatusOf } from '../finding.ts';
import {
  code,
  escapeMarkdown,
  formatBytes,
  formatCount,
  formatBudget,
  formatTime,
  plainLine,
  plural,
  shorten,
} from './format.ts';
import type { Presentation } from './present.ts';
import { markdownTable, textTable } from './table.ts';
import { watchOutcomes } from './watch-outcomes.ts';

const mostFindings = 200;
const longestCell = 600;

/** Puts what a watch found into words: verdict first, then what is wrong, then each database, then what was not looked at. */
export function presentWatch(result: WatchResult): Presentation {
  const { verdict, name, databases } = result;
  const [only] = databases.length === 1 ? databases : [];
  const rpo = only?.rpoSeconds ?? null;
  return {
    text: watchText(result),
    summary: watchSummary(result),
    outputs: {
      'backup-id': only?.newest?.backupId ?? '',
      name: name ?? '',
      verdict,
      'duration-seconds': String(result.durationSeconds),
      'rpo-seconds': rpo === null ? '' : String(rpo),
      outcomes: name === null ? '' : watchOutcomes(result),
    },
    exitStatus: exitStatusOf(verdict),
  };
}

function watchText(result: WatchResult): string {
  const { accepted, findings, notices, databases } = result;
  const shown = findings.slice(0, mostFindings).flatMap(one => {
    const [object, expected, found] = [one.object, one.expected, one.found].map(cell => shorten(cell, longestCell));
    return [
      `  ${one.code} ${object}`,
      `    expected  ${expected}`,
      `    found     ${found}`,
      `    remedy    ${one.remedy}`,
    ];
  });
  const rest = findings.length - mostFindings;
  return [
    plainLine(headOf(result)),
    ...accepted.map(plainLine),
    ...(findings.length > 0 ? ['findings:', ...shown.map(plainLine)] : []),
    ...(rest > 0 ? [`  (${plural(rest, 'more finding')} not shown here)`] : []),
    ...databases.flatMap(database => [
      plainLine(`${database.name}: ${countsOf(database)}`),
      ...textTable(
        ['', ''],
        factsOf(database).map(row => row.map(plainLine)),
      )
        .split('\n')
        .slice(2)
        .map(line => `  ${line}`),
    ]),
    ...askedOf(result).map(plainLine),
    ...notices.map(plainLine),
    ...lastLines(result).map(plainLine),
  ].join('\n');
}

function watchSummary(result: WatchResult): string {
  const { accepted, findings, notices, databases } = result;
  const rows = findings.slice(0, mostFindings).map(one => {
    const [object, expected, found] = [one.object, one.expected, one.found].map(cell =>
      escapeMarkdown(shorten(cell, longestCell)),
    );
    return [code(one.code), object ?? '', expected ?? '', found ?? '', escapeMarkdown(one.remedy)];
  });
  const rest = findings.length - mostFindings;
  const parts = [
    `### ${escapeMarkdown(headOf(result))}`,
    ...(accepted.length > 0 ? [accepted.map(line => `- ${escapeMarkdown(line)}`).join('\n')] : []),
    ...(rows.length > 0 ? [markdownTable(['Finding', 'Object', 'Expected', 'Found', 'What to do'], rows)] : []),
    ...(rest > 0 ? [`${plural(rest, 'more finding')} not shown here.`] : []),
    ...databases.flatMap(database => [
      `**${escapeMarkdown(database.name)}**: ${escapeMarkdown(countsOf(database))}`,
      markdownTable(
        ['', ''],
        factsOf(database).map(row => row.map(escapeMarkdown)),
      ),
    ]),
    ...askedOf(result).map(escapeMarkdown),
    ...(notices.length > 0 ? [notices.map(line => `- ${escapeMarkdown(line)}`).join('\n')] : []),
    ...lastLines(result).map(escapeMarkdown),
  ];
  return `${parts.join('\n\n')}\n`;
}

function headOf({ name, verdict, findings, looked, databases }: WatchResult): string {
  const what = name ?? plural(databases.length, 'database');
  const found = findings.length === 0 ? 'no findings' : plural(findings.length, 'finding');
  return `watch of ${what}: ${verdict} (${found}, ${plural(looked.length, 'code')} looked for)`;
}

function countsOf({ sealed, manifestsRead }: WatchedDatabase): string {
  return `${plural(sealed, 'backup')}, ${formatCount(manifestsRead)} held against what is stored`;
}

function factsOf(database: WatchedDatabase): string[][] {
  const { newest, newestProven, newestDrill, rpoSeconds } = database;
  const backup = (one: Newest | null, none: string) =>
    one === null ? none : `${one.backupId}, ${formatBudget(one.ageSeconds)} ago`;
  return [
    ['newest whole backup', backup(newest, 'none')],
    ['newest proven', backup(newestProven, 'none')],
    ['newest drill', newestDrill === null ? 'never' : `${newestDrill.verdict}, of ${backup(newestDrill, '')}`],
    ['size of the database', trendOf(database.databaseBytes, formatBytes)],
    ['stored size', trendOf(database.storedBytes, formatBytes)],
    ['rows', trendOf(database.rows, formatCount)],
    ['tables', trendOf(database.tables, formatCount)],
    ['RPO, of the last 30 days', rpoSeconds === null ? 'not known' : formatBudget(rpoSeconds)],
  ];
}

function trendOf({ newest, usual }: Trend, format: (value: number) => string): string {
  const now = newest === null ? 'not known' : format(newest);
  return usual === null ? now : `${now}, usually ${format(usual)}`;
}

function askedOf({ database }: WatchResult): string[] {
  if (database === null) return [];
  const { version, sizeBytes, tables } = database;
  return [`the database itself: PostgreSQL ${version}, ${formatBytes(sizeBytes)}, ${plural(tables, 'table')}`];
}

function lastLines({ leftOut, name, databases, namesHidden, at, replica }: WatchResult): string[] {
  return [
    ...(name === null && databases.length > 0
      ? ['outcomes for alert: none, since they are of one database; give name']
      : []),
    ...(namesHidden
      ? ['names of tables are hidden, since others can read the log of this run; report: public shows them']
      : []),
    ...(replica === null ? [] : [`the replica: ${replica}`]),
    ...(leftOut.length > 0 ? [`not looked at: ${leftOut.join('; ')}`] : []),
    `looked at ${formatTime(at)}`,
  ];
}
