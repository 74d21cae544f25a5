import type { TableChange } from '../commands/rehearse-changes.ts';
import type { DefinitionChange, RehearseResult } from '../commands/rehearse-result.ts';
import { findingsSection, markedLines } from './drill-page-findings.ts';
import { groupsOf } from './drill-words.ts';
import { formatCount, formatSeconds } from './format.ts';
import { markup, nothing, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, folded, note, page, section, sentenceList, time, type Column } from './page.ts';
import { checksSection } from './page-checks.ts';
import { headlines, icon } from './page-verdict.ts';
import { headOf, limits, lockCells, rightOfTables, tableCells, tableHeader } from './rehearsal-words.ts';

const mostRows = 1000;
const mostDefinitions = 1000;
const openDefinitions = 20;

/** The report of a rehearsal: one HTML file that needs nothing else. `at` is when it ended. */
export function rehearsalPage(result: RehearseResult, at: Date): string {
  const { verdict, accepted, notices, files } = result;
  const parts = [
    head(result, at),
    accepted.length === 0 ? nothing : leftOut(accepted),
    findingsSection(groupsOf(result.findings)),
    notices.length === 0 ? nothing : section('Notices', sentenceList(notices)),
    ...(files.length === 0 ? [] : whatTheyDid(result)),
  ];
  return page(
    `Rehearsal of migrations: ${verdict}`,
    markup`<main>
${parts}
</main>
<footer>Made by pg-lifeboat when the rehearsal ended. This file loads nothing and runs nothing. It holds no values of rows.</footer>`,
  );
}

function head(result: RehearseResult, at: Date): Markup {
  const { verdict, namesHidden, findings, files, seconds, locks, tables, definitions } = result;
  const longest = Math.max(0, ...locks.map(({ writersSeconds }) => writersSeconds ?? 0));
  const tiles: [string, string, boolean][] = [
    ['Migrations', formatCount(files.length), false],
    ['To apply', formatSeconds(seconds), false],
    ['Longest lock', formatSeconds(longest), false],
    ['Tables changed', formatCount(tables.length), false],
    ['Definitions changed', formatCount(definitions.length), false],
    ['Findings', formatCount(findings.length), findings.length > 0],
  ];
  return markup`<p class="brand"><span><b>pg-lifeboat</b> rehearsal of migrations</span><span>${time(at.toISOString())}</span></p>
<header class="verdict ${verdict}">
<h1>${icon(verdict)}<span>${headlines[verdict]}</span></h1>
<p class="what">${capitalHead(result)}</p>
${note(namesHidden ? 'Names are hidden, since others can read this run; report: public shows them.' : null)}
<dl class="tiles">
${tiles.map(([name, value, isBad]) => markup`<div><dt>${name}</dt><dd class="${isBad ? (verdict === 'failed' ? 'bad' : 'unknown') : ''}">${value}</dd></div>`)}
</dl>
</header>`;
}

function capitalHead(result: RehearseResult): string {
  return `R${headOf(result).slice(1)}.`;
}

function leftOut(accepted: readonly string[]): Markup {
  return markup`<section class="left-out">
<h2>Accepted by name</h2>
${sentenceList(accepted)}
</section>`;
}

function whatTheyDid(result: RehearseResult): Markup[] {
  const { migrations, locks, tables, tablesUnchanged, checks } = result;
  return [
    tableSection(
      'Migrations',
      'Migrations and how long each took',
      [
        { title: 'Migration', kind: 'wide' },
        { title: 'Took', kind: 'number' },
      ],
      migrations.map(({ title, seconds }) => [markup`<code>${title}</code>`, formatSeconds(seconds)]),
      'They were applied by one command, and only the time of all is known.',
    ),
    tableSection(
      'Tables closed to others',
      'Tables and how long nobody could read or write them',
      [
        { title: 'Table', kind: 'wide' },
        { title: 'No reads', kind: 'number' },
        { title: 'No writes', kind: 'number' },
      ],
      locks.map(lockCells),
      'No table that was there before was seen closed to readers or writers.',
      limits(result),
    ),
    tableSection(
      'Rows',
      'Tables and what became of their rows',
      tableHeader.slice(0, -1).map((title, index) => ({ title, kind: columnKind(index) })),
      tables.map(rowOf),
      'No row was changed.',
      tables.length === 0 ? undefined : `${formatCount(tablesUnchanged)} other tables did not change.`,
    ),
    definitionsSection(result),
    checksSection(checks),
  ];
}

/** What else became of a table stands below its name, where there is room on narrow screens too. */
function rowOf(table: TableChange): MarkupPart[] {
  const cells = tableCells(table);
  const remark = cells.at(-1) ?? '';
  return [markup`${cells[0] ?? ''}${note(remark === '' ? null : remark)}`, ...cells.slice(1, -1)];
}

function columnKind(index: number): Column['kind'] {
  if (index === 0) return 'wide';
  if (index > 2 && rightOfTables.includes(index)) return 'number extra';
  return rightOfTables.includes(index) ? 'number' : undefined;
}

function tableSection(
  title: string,
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly MarkupPart[])[],
  none: string,
  remark?: string,
): Markup {
  const hidden = rows.length - mostRows;
  return section(
    title,
    rows.length === 0 ? note(none) : dataTable(caption, columns, rows.slice(0, mostRows)),
    note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null),
    note(remark ?? null),
  );
}

function definitionsSection({ definitions, namesHidden }: RehearseResult): Markup {
  if (definitions.length === 0) return section('Definitions', note('No definition was changed.'));
  if (namesHidden)
    return section('Definitions', note(`${formatCount(definitions.length)} were added, changed or removed.`));
  const shown = definitions.slice(0, mostDefinitions).map(definitionPart);
  const rest = shown.slice(openDefinitions);
  const hidden = definitions.length - shown.length;
  return section(
    'Definitions',
    ...shown.slice(0, openDefinitions),
    rest.length === 0 ? nothing : folded(`${formatCount(rest.length)} more`, markup`${rest}`, true),
    note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null),
  );
}

function definitionPart({ object, change, before, after }: DefinitionChange): Markup {
  const [left, right] = markedLines(before, after);
  return markup`<div class="finding">
<p class="object">${object} <span class="note">${change}</span></p>
<dl class="sides"><div><dt>Before</dt><dd>${left}</dd></div><div><dt>After</dt><dd>${right}</dd></div></dl>
</div>`;
}
