import type { ChangedMigration, DetectResult } from '../commands/detect.ts';
import { code, formatCount, plainLine, shorten } from './format.ts';
import type { Presentation } from './present.ts';
import { markdownTable, textTable } from './table.ts';

const mostRows = 50;
const mostFolders = 10;
const longestPath = 200;
const header = ['Migration', 'Tool', 'Change'];

/** The migrations of a change, for people and for the jobs that follow. */
export function presentDetect(result: DetectResult): Presentation {
  const { migrations, layouts, head, mergeBase, untrusted, pullRequest } = result;
  const count = migrations.length;
  const counted = count === 0 ? 'no migrations' : `${formatCount(count)} ${count === 1 ? 'migration' : 'migrations'}`;
  const title = `${counted}${pullRequest === null ? '' : ` in pull request ${pullRequest}`}`;
  const shown = migrations.slice(0, mostRows);
  const more = count > mostRows ? [`and ${formatCount(count - mostRows)} more`] : [];
  const compared = (name: (commit: string) => string) =>
    `compared ${name(head.slice(0, 12))} with the merge base ${name(mergeBase.slice(0, 12))}`;
  const warning = untrusted
    ? [
        'the pull request comes from a fork or from Dependabot: this run has no secrets, so nothing can be rehearsed in it',
      ]
    : [];
  const folders = layouts.slice(0, mostFolders).map(({ tool, folder }) => ({ tool, folder: folder || '.' }));
  const moreFolders = layouts.length > mostFolders ? [`${layouts.length - mostFolders} more`] : [];
  const looked = (show: (folder: string) => string) =>
    `looked at: ${[...folders.map(({ tool, folder }) => `${tool} in ${show(folder)}`), ...moreFolders].join(', ')}`;
  return {
    text: [
      title,
      ...(count === 0
        ? []
        : [
            textTable(
              header,
              shown.map(row => cellsOf(row, plainPath)),
            ),
          ]),
      ...more,
      compared(plainLine),
      looked(plainPath),
      ...warning,
    ].join('\n'),
    summary: [
      `### ${title[0]?.toUpperCase()}${title.slice(1)}\n`,
      ...(count === 0
        ? []
        : [
            `${markdownTable(
              header,
              shown.map(row => cellsOf(row, codePath)),
            )}\n`,
          ]),
      ...more.map(line => `${line}\n`),
      ...[compared(code), looked(codePath), ...warning].map(line => `- ${line}`),
      '',
    ].join('\n'),
    outputs: {
      migrations: String(count),
      untrusted: String(untrusted),
      'pull-request': pullRequest === null ? '' : String(pullRequest),
    },
    exitStatus: 0,
  };
}

function cellsOf({ path, from, tool, change }: ChangedMigration, show: (path: string) => string): string[] {
  return [show(path), tool, from === null ? change : `${change} from ${show(from)}`];
}

function plainPath(path: string): string {
  return plainLine(shorten(path, longestPath));
}

function codePath(path: string): string {
  return code(shorten(path, longestPath));
}
