import type { AlertResult } from '../commands/alert.ts';
import type { BackupResult } from '../commands/backup.ts';
import type { CommentResult } from '../commands/comment.ts';
import type { DetectResult } from '../commands/detect.ts';
import type { ListResult } from '../commands/list.ts';
import type { PruneResult } from '../commands/prune.ts';
import type { RehearseResult } from '../commands/rehearse-result.ts';
import type { RestoreResult } from '../commands/restore.ts';
import type { RetainResult } from '../commands/retain.ts';
import type { VerifyResult } from '../commands/verify.ts';
import type { WatchResult } from '../commands/watch-result.ts';
import type { DrillResult } from '../commands/drill-result.ts';
import type { ExitStatus } from '../failure.ts';
import { exitStatusOf } from '../finding.ts';
import { code, escapeMarkdown, formatBytes, formatCount, formatSeconds, plainLine, plural } from './format.ts';
import { presentAlert } from './present-alert.ts';
import { presentBackup } from './present-backup.ts';
import { presentDetect } from './present-detect.ts';
import { presentDrill } from './present-drill.ts';
import { presentList } from './present-list.ts';
import { presentPrune } from './present-prune.ts';
import { presentRehearsal } from './present-rehearsal.ts';
import { presentWatch } from './present-watch.ts';
import { markdownTable } from './table.ts';

export type Result =
  | BackupResult
  | ListResult
  | VerifyResult
  | DrillResult
  | RestoreResult
  | WatchResult
  | PruneResult
  | RetainResult
  | DetectResult
  | RehearseResult
  | CommentResult
  | AlertResult;

/** A result as people and workflows see it. */
export interface Presentation {
  /** What a terminal shows; foreign text in it is harmless. */
  text: string;
  /** What a terminal shows in its place, where another format was asked for. */
  document?: string;
  /** The job summary, Markdown. */
  summary: string;
  /** The action's outputs, beside `json`. */
  outputs: Record<string, string>;
  exitStatus: ExitStatus;
}

/** Puts a result into words: verdict first, then what matters, then the details. */
export function present(result: Result, warnings: readonly string[]): Presentation {
  const presentation = presentResult(result);
  const said = warnings.map(warning => `- ${escapeMarkdown(warning)}`).join('\n');
  return {
    ...presentation,
    summary: said === '' ? presentation.summary : `${presentation.summary}\n**Warnings**\n\n${said}\n`,
  };
}

function presentResult(result: Result): Presentation {
  switch (result.command) {
    case 'backup':
      return presentBackup(result);
    case 'list':
      return presentList(result);
    case 'verify':
      return presentVerify(result);
    case 'drill':
      return presentDrill(result);
    case 'restore':
      return presentRestore(result);
    case 'watch':
      return presentWatch(result);
    case 'prune':
      return presentPrune(result);
    case 'retain':
      return presentRetain(result);
    case 'detect':
      return presentDetect(result);
    case 'rehearse':
      return presentRehearsal(result);
    case 'comment':
      return presentComment(result);
    case 'alert':
      return presentAlert(result);
  }
}

function presentVerify(result: VerifyResult): Presentation {
  const depth =
    result.depth === 'archive'
      ? 'all bytes, decrypted, table of contents read'
      : 'all bytes; without a key nothing was decrypted';
  const head = `verify of ${result.name}/${result.backupId}: ${result.verdict} (${result.objects} objects${result.files === 0 ? '' : `, ${plural(result.files, 'file')}`}, ${formatBytes(result.sizeBytes)}, ${depth}, ${formatSeconds(result.durationSeconds)})`;
  const findings = result.findings.map(({ code: name, object, message }) => [
    code(name),
    code(object),
    escapeMarkdown(message),
  ]);
  return {
    text: [
      head,
      ...result.findings.map(({ code: name, object, message }) => plainLine(`${name} ${object}: ${message}`)),
    ].join('\n'),
    summary: [
      `### Verify of ${escapeMarkdown(result.name)}: ${result.verdict}\n`,
      `Backup ${code(result.backupId)}, ${result.objects} objects${result.files === 0 ? '' : `, ${plural(result.files, 'file')}`}, ${formatBytes(result.sizeBytes)}: ${depth}.\n`,
      ...(findings.length > 0 ? [markdownTable(['Finding', 'Object', 'What'], findings), ''] : []),
    ].join('\n'),
    outputs: {
      'backup-id': result.backupId,
      verdict: result.verdict,
      'size-bytes': String(result.sizeBytes),
      'duration-seconds': String(result.durationSeconds),
    },
    exitStatus: exitStatusOf(result.verdict),
  };
}

function presentRestore(result: RestoreResult): Presentation {
  const failed = result.differences.length > 0;
  const compared = {
    content: 'every table compared by content',
    counts: 'every table compared by count',
    none: 'rows not compared',
  }[result.compared];
  const outcome = result.dryRun ? 'planned, nothing changed' : failed ? 'restored, but it differs' : 'restored';
  const into = result.target ?? result.filesTo ?? '';
  const head = `restore of ${result.name}/${result.backupId} into ${into}: ${outcome}`;
  const written = result.filesTo === null ? [] : [`${plural(result.files, 'file')} written to ${result.filesTo}`];
  const details = result.dryRun
    ? result.plan
    : [
        ...written,
        ...(result.target === null
          ? []
          : [
              `${formatCount(result.tables)} tables, ${formatCount(result.rows)} rows, ${result.rolesMade.length} roles made, ${compared}, ${formatSeconds(result.durationSeconds)}`,
            ]),
      ];
  const differences = result.differences.map(({ code: name, object, expected, found }) => [
    code(name),
    escapeMarkdown(object),
    escapeMarkdown(expected),
    escapeMarkdown(found),
  ]);
  return {
    text: [
      head,
      ...details,
      ...result.differences.map(
        ({ code: name, object, expected, found }) => `${name} ${object}: expected ${expected}, found ${found}`,
      ),
    ]
      .map(plainLine)
      .join('\n'),
    summary: [
      `### Restore of ${escapeMarkdown(result.name)}: ${outcome}\n`,
      `Backup ${code(result.backupId)} into ${code(into)}.\n`,
      ...details.map(line => `- ${escapeMarkdown(line)}`),
      '',
      ...(differences.length > 0 ? [markdownTable(['Finding', 'Object', 'Expected', 'Found'], differences), ''] : []),
    ].join('\n'),
    outputs: {
      'backup-id': result.backupId,
      verdict: result.dryRun ? '' : failed ? 'failed' : 'passed',
      tables: result.target === null ? '' : String(result.tables),
      rows: result.rows === null ? '' : String(result.rows),
      'duration-seconds': String(result.durationSeconds),
    },
    exitStatus: failed ? 1 : 0,
  };
}

function presentComment({ pullRequest, outcome, url }: CommentResult): Presentation {
  const where = pullRequest === null ? 'no pull request' : `pull request ${pullRequest}`;
  const text = `comment: ${outcome} (${where})`;
  return {
    text,
    summary: `${text}\n`,
    outputs: url === null ? {} : { 'comment-url': url },
    exitStatus: 0,
  };
}

function presentRetain({ name, backupId, retain }: RetainResult): Presentation {
  const text = `retain: ${name}/${backupId} is kept ${retain === 'forever' ? 'for ever' : `at least ${retain}`}`;
  return { text, summary: `${escapeMarkdown(text)}\n`, outputs: { 'backup-id': backupId }, exitStatus: 0 };
}
