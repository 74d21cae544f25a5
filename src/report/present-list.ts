import type { ListResult } from '../commands/list.ts';
import type { Database } from '../commands/log-database.ts';
import { costCells, costColumns, costLine, costNotes } from './cost-words.ts';
import { escapeMarkdown, formatBytes, formatCount, plainLine, plural } from './format.ts';
import { logCsv, logTable } from './log-document.ts';
import { logPage } from './log-page.ts';
import { replicaNotes } from './log-replica-words.ts';
import type { Presentation } from './present.ts';
import { markdownTable } from './table.ts';

/** The log for people; what its format says is for files and terminals. */
export function presentList(result: ListResult): Presentation {
  const { backups, chosen, log, report } = result;
  return {
    text: textOf(result),
    ...(result.format === 'table' ? {} : { document: logDocument(result).text }),
    summary: markdownOf(result),
    outputs: {
      'backup-id': chosen?.backupId ?? backups[0]?.backupId ?? '',
      image: chosen?.image ?? '',
      ...(report === null ? {} : { report }),
      ...(log === null ? {} : { log }),
    },
    exitStatus: 0,
  };
}

/** The log in its format, as a file. */
export function logDocument(result: ListResult): { text: string; extension: string } {
  switch (result.format) {
    case 'table':
      return { text: `${textOf(result)}\n`, extension: 'txt' };
    case 'csv':
      return { text: logCsv(result), extension: 'csv' };
    case 'markdown':
      return { text: markdownOf(result), extension: 'md' };
    case 'html':
      return { text: logPage(result), extension: 'html' };
  }
}

const removalsNamed = 3;
const hiddenText = 'reasons and people are hidden, since others can read this run; report: public shows them';

function textOf(result: ListResult): string {
  const { databases } = result;
  const ofReplica = replicaNotes(result).map(note => `(${note})`);
  if (databases.length === 0) return [emptyLine(result), ...ofReplica].map(plainLine).join('\n');
  const parts = databases.map(database =>
    [
      plainLine(headOf(database)),
      logTable(result, database.name, 'text'),
      ...notesOf(result, database).map(note => plainLine(`(${note})`)),
    ].join('\n'),
  );
  const line = costLine(result.cost);
  const ends = [...ofReplica, ...(line === null ? [] : [line]), ...(result.textHidden ? [`(${hiddenText})`] : [])];
  return [...parts, ...(ends.length === 0 ? [] : [ends.map(plainLine).join('\n')])].join('\n\n');
}

function markdownOf(result: ListResult): string {
  const { databases, cost, policy } = result;
  const ofReplica = replicaNotes(result).map(note => `${escapeMarkdown(note)}\n`);
  if (databases.length === 0) return [`${escapeMarkdown(emptyLine(result))}\n`, ...ofReplica].join('\n');
  const parts = databases.flatMap(database => [
    `### ${result.shows === 'backups' ? 'Backups' : 'Drills'} of ${escapeMarkdown(headOf(database))}\n`,
    logTable(result, database.name, 'markdown'),
    '',
    ...notesOf(result, database).map(note => `${escapeMarkdown(note)}\n`),
  ]);
  const line = costLine(cost);
  const prices = markdownTable(
    costColumns,
    cost.all.map(one => costCells(one).map(escapeMarkdown)),
    [1, 2, 3, 4],
  );
  const notes = costNotes(cost).map(note => `${escapeMarkdown(note)}\n`);
  return [
    ...parts,
    ...ofReplica,
    ...(policy === null ? [] : [`Policy: ${escapeMarkdown(policy)}.\n`]),
    ...(line === null ? [] : [`${escapeMarkdown(line)}\n`]),
    ...(result.textHidden ? [`${escapeMarkdown(hiddenText)}\n`] : []),
    `<details><summary>What it costs elsewhere</summary>\n\n${prices}\n\n${notes.join('\n')}\n</details>\n`,
  ].join('\n');
}

function emptyLine({ location }: ListResult): string {
  return `the store ${location} holds no backup`;
}

function headOf({ name, sealed, sizeBytes }: Database): string {
  return `${name}: ${plural(sealed, 'backup')}, ${formatBytes(sizeBytes)}`;
}

function notesOf(result: ListResult, database: Database): string[] {
  const { name, sealed, unsealed, drills, lastProvenAt } = database;
  const shown = result.backups.filter(backup => backup.name === name);
  const hidden = result.shows === 'backups' ? sealed - shown.length : drills - countOf(result.drills, name);
  const problems = shown.flatMap(({ backupId, problem }) =>
    problem === null ? [] : [`PROBLEM: ${backupId}: ${problem}`],
  );
  return [
    ...problems,
    ...(hidden > 0 ? [`${hidden} older ones are not shown: raise limit`] : []),
    ...(unsealed > 0 ? [`${unsealed} that were never sealed are no backups`] : []),
    ...(lastProvenAt === null ? ['no drill has proven any of them yet'] : []),
    ...removalNotes(database),
  ];
}

function countOf(entries: readonly { name: string }[], name: string): number {
  return entries.filter(entry => entry.name === name).length;
}

function removalNotes({ outlook }: Database): string[] {
  if (outlook === null) return [];
  const { atOnce, later, days } = outlook;
  const named = later.first.slice(0, removalsNamed).map(({ backupId, at }) => `${backupId} on ${at.slice(0, 10)}`);
  const dates = later.count === 0 ? '' : `: ${named.join(', ')}${later.count > removalsNamed ? ', …' : ''}`;
  return [
    `the next prune removes ${formatCount(atOnce.count)} of them (${formatBytes(atOnce.sizeBytes)}), and in ${days} days ${formatCount(later.count)} more (${formatBytes(later.sizeBytes)})${dates}`,
  ];
}
