import type { BackupResult } from '../commands/backup.ts';
import {
  code,
  escapeMarkdown,
  formatBytes,
  formatCount,
  formatSeconds,
  formatTime,
  plainLine,
  plural,
} from './format.ts';
import { prunedCounts } from './present-prune.ts';
import type { Presentation } from './present.ts';
import { markdownTable } from './table.ts';

/** A backup in words: first whether it is in every store that was asked for, for one that is not is a failure. */
export function presentBackup(result: BackupResult): Presentation {
  const stored = `${formatBytes(result.sizeBytes)} stored, ${formatCount(result.tables)} tables, ${formatCount(result.rows)} rows${result.files === 0 ? '' : `, ${plural(result.files, 'file')}`}, ${formatSeconds(result.durationSeconds)}`;
  const pruned = result.pruned === null ? null : prunedCounts(result.pruned);
  const failed = result.stores.find(({ problem }) => problem !== null);
  const sealed = result.stores.filter(({ problem }) => problem === null);
  const facts = [
    ['Backup', code(result.backupId)],
    ...result.stores.map(({ role, location, problem }) => [
      role === 'store' ? 'Stored at' : 'Replica at',
      problem === null ? code(location) : `**failed**: ${escapeMarkdown(problem)}`,
    ]),
    ['Snapshot', formatTime(result.snapshotAt)],
    ['Kind', `${result.kind}${result.partial ? ', partial' : ''}`],
    ['Tables', formatCount(result.tables)],
    ['Rows', formatCount(result.rows)],
    ['Database', formatBytes(result.databaseBytes)],
    ['Stored', formatBytes(result.sizeBytes)],
    ...(result.files === 0 ? [] : [['Files', formatCount(result.files)]]),
    ['Took', formatSeconds(result.durationSeconds)],
    ...(pruned === null ? [] : [['Pruned', `${pruned.removed} removed, ${pruned.kept} kept`]]),
  ];
  const objects = result.objects.map(({ object, sizeBytes, proof, sha256 }) => [
    code(object),
    formatBytes(sizeBytes),
    proof === 'checksum' ? "store's checksum" : 'read back',
    code(sha256.slice(0, 16)),
  ]);
  return {
    text: [
      ...(failed ? [plainLine(`the backup is not in the ${failed.role}: ${failed.problem}`)] : []),
      `backup ${result.backupId} of ${result.name}${result.reused ? ' is young enough and is used again' : ''}: ${stored}`,
      ...sealed.map(({ location }) => `stored at ${plainLine(location)}`),
      ...(pruned === null ? [] : [`pruned: ${pruned.removed} removed, ${pruned.kept} kept`]),
    ].join('\n'),
    summary: [
      `### Backup of ${escapeMarkdown(result.name)}: ${result.reused ? 'a sealed one is used again' : 'sealed'}${failed ? ` in the ${failed.role === 'store' ? 'replica' : 'store'} alone` : ''}\n`,
      markdownTable(['', ''], facts),
      `\n<details><summary>Objects</summary>\n\n${markdownTable(['Object', 'Size', 'Proven by', 'SHA-256'], objects, [1])}\n\n</details>\n`,
    ].join('\n'),
    outputs: {
      'backup-id': result.backupId,
      name: result.name,
      manifest: result.manifestKey,
      'size-bytes': String(result.sizeBytes),
      tables: String(result.tables),
      rows: result.rows === null ? '' : String(result.rows),
      'duration-seconds': String(result.durationSeconds),
      image: result.image,
      reused: String(result.reused),
      ...(pruned === null ? {} : { kept: String(pruned.kept), removed: String(pruned.removed) }),
    },
    exitStatus: failed ? 1 : 0,
  };
}
