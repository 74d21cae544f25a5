import type { RehearseResult } from '../commands/rehearse-result.ts';
import { exitStatusOf } from '../finding.ts';
import { code, escapeMarkdown, formatSeconds, plainLine, shorten } from './format.ts';
import type { Presentation } from './present.ts';
import { headOf, limits, lockCells, rightOfTables, tableCells, tableHeader } from './rehearsal-words.ts';
import { markdownTable, textTable } from './table.ts';

/** GitHub takes 65,536 characters of a comment, and Linux 128 KiB of a variable, by which the next step gets it. */
const commentBytes = 60_000;
const mostRows = 50;

/** What a rehearsal came to: verdict first, then findings, then what the migrations did. */
export function presentRehearsal(result: RehearseResult): Presentation {
  const summary = markdownOf(result);
  return {
    text: textOf(result),
    summary,
    outputs: {
      verdict: result.verdict,
      migrations: String(result.files.length),
      'duration-seconds': String(result.durationSeconds),
      report: result.report ?? '',
      comment: commentOf(result, summary),
    },
    exitStatus: exitStatusOf(result.verdict),
  };
}

/** The summary; where it is too long, without the text of definitions, and then as many whole lines as may be. */
function commentOf(result: RehearseResult, summary: string): string {
  if (Buffer.byteLength(summary) <= commentBytes) return summary;
  const lines: string[] = [];
  let left = commentBytes;
  for (const line of markdownOf(result, 'counts').split('\n')) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) break;
    lines.push(line);
  }
  return `${lines.join('\n')}\n\n(cut: the job summary has it all)\n`;
}

function textOf(result: RehearseResult): string {
  const { findings, accepted, notices, migrations, locks, tables } = result;
  return [
    headOf(result),
    ...accepted.map(text => plainLine(`accepted: ${text}`)),
    ...findings.flatMap(({ code: name, object, expected, found, remedy }) =>
      [`${name} ${object}`, `  expected  ${expected}`, `  found     ${found}`, `  what to do: ${remedy}`].map(
        plainLine,
      ),
    ),
    ...notices.map(plainLine),
    ...migrations.slice(0, mostRows).map(({ title, seconds }) => plainLine(`${title}: ${formatSeconds(seconds)}`)),
    ...(locks.length > 0
      ? [
          textTable(
            ['Table', 'No reads', 'No writes'],
            locks.map(lockCells).map(row => row.map(plainLine)),
            [1, 2],
          ),
        ]
      : []),
    ...(tables.length > 0
      ? [
          textTable(
            tableHeader,
            tables
              .slice(0, mostRows)
              .map(tableCells)
              .map(row => row.map(plainLine)),
            rightOfTables,
          ),
        ]
      : []),
    ...definitionsText(result),
  ].join('\n');
}

function definitionsText({ definitions }: RehearseResult): string[] {
  return definitions.slice(0, mostRows).map(({ object, change }) => plainLine(`${change}: ${object}`));
}

function markdownOf(result: RehearseResult, definitions: 'text' | 'counts' = 'text'): string {
  const { accepted, findings, notices, migrations, locks, tables, tablesUnchanged, checks, files, namesHidden } =
    result;
  const head = headOf(result);
  const parts: string[] = [`### ${escapeMarkdown(`R${head.slice(1)}`)}\n`];
  if (accepted.length > 0) parts.push(`**Accepted by name**\n\n${list(accepted)}\n`);
  if (findings.length > 0)
    parts.push(
      `**Findings**\n\n${markdownTable(
        ['Finding', 'Object', 'Expected', 'Found', 'What to do'],
        findings.map(one => [
          code(one.code),
          ...[one.object, one.expected, one.found, one.remedy].map(short).map(escapeMarkdown),
        ]),
      )}\n`,
    );
  if (files.length === 0) return parts.join('\n');
  if (notices.length > 0) parts.push(`${list(notices)}\n`);
  if (namesHidden) parts.push('Names are hidden, since others can read this run; `report: public` shows them.\n');
  if (migrations.length > 0)
    parts.push(
      markdownTable(
        ['Migration', 'Took'],
        migrations.slice(0, mostRows).map(({ title, seconds }) => [code(short(title)), formatSeconds(seconds)]),
        [1],
      ) +
        more(migrations.length) +
        '\n',
    );
  parts.push(
    locks.length === 0
      ? 'No table that was there before was seen closed to readers or writers.\n'
      : `**Tables closed to others**, at the longest stretch\n\n${markdownTable(
          ['Table', 'No reads', 'No writes'],
          locks
            .slice(0, mostRows)
            .map(lockCells)
            .map(row => row.map(escapeMarkdown)),
          [1, 2],
        )}${more(locks.length)}\n`,
  );
  parts.push(
    tables.length === 0
      ? 'No row was changed.\n'
      : `**Rows**: ${tables.length} ${tables.length === 1 ? 'table' : 'tables'} changed, ${tablesUnchanged} did not\n\n${markdownTable(
          tableHeader,
          tables
            .slice(0, mostRows)
            .map(tableCells)
            .map(row => row.map(escapeMarkdown)),
          rightOfTables,
        )}${more(tables.length)}\n`,
  );
  parts.push(definitionsMarkdown(result, definitions));
  if (checks.length > 0)
    parts.push(
      markdownTable(
        ['Check', 'Outcome', 'Took', 'Why'],
        checks.map(one => [
          escapeMarkdown(one.title),
          one.outcome,
          `${one.seconds} s`,
          escapeMarkdown(one.reason ?? ''),
        ]),
        [2],
      ) + '\n',
    );
  parts.push(`<sub>${escapeMarkdown(limits(result))}</sub>\n`);
  return parts.join('\n');
}

function definitionsMarkdown({ definitions, namesHidden }: RehearseResult, as: 'text' | 'counts'): string {
  if (definitions.length === 0) return 'No definition was changed.\n';
  const shown = definitions.slice(0, 4 * mostRows);
  const counts = (['added', 'changed', 'removed'] as const)
    .map(change => [definitions.filter(one => one.change === change).length, change] as const)
    .filter(([count]) => count > 0)
    .map(([count, change]) => `${count} ${change}`)
    .join(', ');
  if (namesHidden || as === 'counts') return `**Definitions**: ${counts}\n`;
  const lines = shown.flatMap(({ object, change, before, after }) => [
    `@@ ${change}: ${object.replaceAll(/\s/g, ' ')} @@`,
    ...(before === '' ? [] : before.split('\n').map(line => `-${line}`)),
    ...(after === '' ? [] : after.split('\n').map(line => `+${line}`)),
  ]);
  const fence = '`'.repeat(Math.max(3, ...lines.map(line => (/`+/.exec(line)?.[0].length ?? 0) + 1)));
  const rest = definitions.length > shown.length ? `\n… and ${definitions.length - shown.length} more` : '';
  const text = lines.map(line => plainLine(line)).join('\n');
  return `<details><summary>Definitions: ${counts}</summary>\n\n${fence}diff\n${text}${rest}\n${fence}\n\n</details>\n`;
}

const short = (text: string) => shorten(text, 300);

function list(lines: readonly string[]): string {
  return lines.map(line => `- ${escapeMarkdown(short(line))}`).join('\n');
}

function more(count: number): string {
  return count > mostRows ? `\n\n… and ${count - mostRows} more\n` : '';
}
