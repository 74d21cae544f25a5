import type { PruneResult, PrunedBackup, PrunedPlace } from '../commands/prune.ts';
import { code, escapeMarkdown, formatBytes, formatTime, plainLine, plural } from './format.ts';
import type { Presentation } from './present.ts';
import { markdownTable, textTable } from './table.ts';

const versionsHint =
  'the bucket keeps versions: what was removed takes room there as old versions until a lifecycle rule for noncurrent versions ends them, locked ones not before their lock does';
const header = ['Backup', 'Made', 'Kind', 'Size', 'Outcome', 'Until', 'Why'];

/** What a policy kept and removed, with the reason for each; of the replica below, where that has a policy of its own. */
export function presentPrune(result: PruneResult): Presentation {
  const { kept, removed } = prunedCounts(result);
  const parts = [partOf(result, ''), ...(result.replica === null ? [] : [partOf(result.replica, ' in the replica')])];
  return {
    text: parts.map(({ text }) => text).join('\n\n'),
    summary: parts.map(({ summary }) => summary).join('\n'),
    outputs: {
      kept: String(kept),
      removed: String(removed),
      'duration-seconds': String(result.durationSeconds),
    },
    exitStatus: 0,
  };
}

function partOf(place: PrunedPlace, where: string): Pick<Presentation, 'text' | 'summary'> {
  const { backups, dryRun, name, policy, refused } = place;
  const { kept, removed: gone } = prunedCounts(place);
  const going = backups.filter(({ outcome }) => outcome === 'to be removed').length;
  const removed = dryRun ? `${going} to be removed, nothing is` : `${gone} removed`;
  const rests = [
    ...(place.clearedFiles > 0
      ? [
          `${dryRun ? 'to be removed' : 'removed'}: ${plural(place.clearedFiles, 'stored file')} that no backup refers to (${formatBytes(place.filesBytes)})`,
        ]
      : []),
    ...(place.clearedRests > 0
      ? [`rests of ${plural(place.clearedRests, 'run')} that never sealed ${dryRun ? 'are to be' : 'were'} removed`]
      : []),
    ...(place.clearedUploads > 0 ? [`${plural(place.clearedUploads, 'unfinished upload')} ended`] : []),
    ...(place.keepsVersions ? [versionsHint] : []),
  ];
  const head = `prune of ${name}${where}: ${kept} kept, ${removed} (${formatBytes(place.removedBytes)})`;
  const denied = refused.map(({ what, reason }) => `not removed: ${what}: ${reason}`);
  const hint = 'give the credentials the right to delete; objects under a lock go when it ends';
  return {
    text: [
      head,
      plainLine(`policy: ${policy}`),
      textTable(
        header,
        backups.map(cellsOf).map(row => row.map(plainLine)),
        [3],
      ),
      ...rests,
      ...denied.slice(0, 20).map(plainLine),
      ...(denied.length > 0 ? [`${plural(denied.length, 'object')} not removed: ${hint}`] : []),
    ].join('\n'),
    summary: [
      `### Prune of ${escapeMarkdown(name)}${where}: ${kept} kept, ${removed}\n`,
      `Policy: ${escapeMarkdown(policy)}.\n`,
      ...rests.map(rest => `${rest}\n`),
      ...(denied.length > 0 ? [`**${plural(denied.length, 'object')} not removed**: ${hint}.\n`] : []),
      ...denied.slice(0, 20).map(line => `- ${escapeMarkdown(line)}`),
      `\n<details><summary>Each backup</summary>\n\n${markdownTable(header, backups.map(markdownOf), [3])}\n\n</details>\n`,
    ].join('\n'),
  };
}

/** How many backups a prune kept and removed; one that the store did not let go is neither. */
export function prunedCounts({ backups }: PrunedPlace): { kept: number; removed: number } {
  const count = (outcome: PrunedBackup['outcome']) => backups.filter(one => one.outcome === outcome).length;
  return { kept: count('kept'), removed: count('removed') };
}

function cellsOf(backup: PrunedBackup): string[] {
  const { backupId, at, kind, partial, sizeBytes, outcome, keptUntil, reasons } = backup;
  return [
    backupId,
    formatTime(at),
    `${kind}${partial ? ' (partial)' : ''}`,
    formatBytes(sizeBytes),
    outcome,
    keptUntil === null ? '' : formatTime(keptUntil),
    reasons.join('; '),
  ];
}

function markdownOf(backup: PrunedBackup): string[] {
  const [id = '', ...rest] = cellsOf(backup);
  return [code(id), ...rest.map(escapeMarkdown)];
}
