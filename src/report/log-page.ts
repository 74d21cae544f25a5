import type { ListResult } from '../commands/list.ts';
import type { Database } from '../commands/log-database.ts';
import { costCells, costColumns, costNotes } from './cost-words.ts';
import { formatBytes, formatCount, formatSeconds, formatTime } from './format.ts';
import { calendarSection } from './log-page-calendar.ts';
import { replicaNotes } from './log-replica-words.ts';
import { drillsSection, logSection, removalsSection } from './log-page-tables.ts';
import { growthSection } from './log-page-trend.ts';
import { markup, nothing, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, facts, note, page, section, sentenceList, time, type Column } from './page.ts';

/** Without a word of the user's: a weekly backup may be late by a day. */
const staleAfterSeconds = 8 * 86_400;

/** The backup log: one HTML file that needs nothing else, for people who were not there. */
export function logPage(result: ListResult): string {
  const { databases } = result;
  const [only, ...others] = databases;
  const title = only !== undefined && others.length === 0 ? `Backups of ${only.name}` : 'Backups';
  const parts = databases.flatMap(database => partsOf(result, database, others.length > 0));
  return page(
    title,
    markup`<main>
${head(result)}
${others.length > 0 ? overviewSection(databases) : nothing}
${parts}
${databases.length === 0 ? nothing : costSection(result)}
${aboutSection(result)}
</main>
<footer>Made by pg-lifeboat when the store was listed. This file loads nothing and runs nothing. It holds no values of rows.</footer>`,
  );
}

function partsOf(result: ListResult, database: Database, isOneOfMany: boolean): Markup[] {
  const entries = result.backups.filter(({ name }) => name === database.name);
  const titleOf = (title: string) => (isOneOfMany ? `${database.name}: ${title}` : title);
  return [
    calendarSection(titleOf('Calendar'), database, result.at),
    growthSection(titleOf('Growth'), entries),
    drillsSection(titleOf('Drills'), result, database),
    removalsSection(titleOf('What goes next'), result, database),
    logSection(titleOf('Log'), result, database),
  ];
}

function head(result: ListResult): Markup {
  const { databases, at, location, textHidden } = result;
  const [only, ...others] = databases;
  const isOne = only !== undefined && others.length === 0;
  const title = isOne ? markup`Backups of <bdi>${only.name}</bdi>` : markup`${titleOfMany(databases.length)}`;
  const sentences = databases.map(database => freshness(database, !isOne));
  const hidden = textHidden
    ? 'Reasons and people are hidden, since others can read this run; report: public shows them.'
    : null;
  return markup`<p class="brand"><span><b>pg-lifeboat</b> backup log</span><span>${time(at)}</span></p>
<header class="verdict ${toneOf(databases)}">
<h1><span>${title}</span></h1>
${sentences.length > 1 ? sentenceList(sentences) : markup`<p class="what">${sentences[0] ?? `The store ${location} holds no backup.`}</p>`}
${replicaNotes(result).map(one => note(`${one}.`))}
${note(hidden)}
${isOne ? tiles(result, only) : nothing}
</header>`;
}

function titleOfMany(count: number): string {
  return count === 0 ? 'No backups' : `Backups of ${formatCount(count)} databases`;
}

/** No colour says that all is well: only a drill can. */
function toneOf(databases: readonly Database[]): string {
  if (databases.length === 0 || databases.some(({ newest }) => newest === null)) return 'failed';
  const isDoubtful = databases.some(
    ({ newestProven, newestAgeSeconds }) => newestProven === null || (newestAgeSeconds ?? 0) > staleAfterSeconds,
  );
  return isDoubtful ? 'could-not-verify' : 'plain';
}

function freshness({ name, newest, newestAgeSeconds, newestProven }: Database, isNamed: boolean): string {
  const of = isNamed ? `${name}: ` : '';
  if (newest === null || newestAgeSeconds === null) return `${of}There is no whole sealed backup.`;
  const age = `${of}The newest whole backup was ${formatSeconds(newestAgeSeconds)} old when this page was made.`;
  return newestProven === null
    ? `${age} No drill has proven any of them.`
    : `${age} The newest that a drill has proven is of ${formatTime(newestProven.at)}.`;
}

function tiles(result: ListResult, database: Database): Markup {
  const newest = result.backups.find(({ name, partial }) => name === database.name && !partial);
  const rto = result.drills.flatMap(({ evidence }) => evidence?.rtoSeconds ?? [])[0] ?? null;
  const { newestAgeSeconds, newestProven } = database;
  const isStale = newestAgeSeconds === null || newestAgeSeconds > staleAfterSeconds;
  const shown: [string, string, string][] = [
    [
      'Age of the newest',
      newestAgeSeconds === null ? 'none' : formatSeconds(newestAgeSeconds),
      isStale ? 'unknown' : '',
    ],
    [
      'Newest proven',
      newestProven === null ? 'none' : formatTime(newestProven.at).slice(0, 10),
      newestProven === null ? 'unknown' : '',
    ],
    ['Backups', formatCount(database.sealed), ''],
    ['Stored', formatBytes(database.sizeBytes), ''],
    ['Rows', newest === undefined ? '?' : formatCount(newest.rows), ''],
    ['Last RTO', rto === null ? 'not known' : formatSeconds(rto), ''],
  ];
  return markup`<dl class="tiles">
${shown.map(([name, value, style]) => markup`<div><dt>${name}</dt><dd class="${style}">${value}</dd></div>`)}
</dl>`;
}

function overviewSection(databases: readonly Database[]): Markup {
  const columns: Column[] = [
    { title: 'Database' },
    { title: 'Newest' },
    { title: 'Newest proven' },
    { title: 'Backups', kind: 'number extra' },
    { title: 'Stored', kind: 'number extra' },
  ];
  const rows = databases.map(({ name, newest, newestProven, sealed, sizeBytes }): MarkupPart[] => [
    markup`<bdi>${name}</bdi>`,
    newest === null ? markup`<span class="flag failed">none</span>` : time(newest),
    newestProven === null ? markup`<span class="flag could-not-verify">none</span>` : time(newestProven.at),
    formatCount(sealed),
    formatBytes(sizeBytes),
  ]);
  return section('Databases', dataTable('Databases and their newest backups', columns, rows));
}

function costSection({ cost }: ListResult): Markup {
  const sorted = [...cost.all].sort((a, b) => Number(b.priceId === cost.here) - Number(a.priceId === cost.here));
  const columns = costColumns.map((title, index): Column => {
    if (index === 0) return { title };
    return { title, kind: title === 'Reads' ? 'number extra' : 'number' };
  });
  const rows = sorted.map((one): MarkupPart[] => {
    const [name = '', ...figures] = costCells(one);
    const here = one.priceId === cost.here ? markup` <span class="flag plain">this store</span>` : nothing;
    return [
      markup`<a href="${one.page}">${name}</a>${here}${note(one.note === null ? null : `${one.note}.`)}`,
      ...figures,
    ];
  });
  return section(
    'Cost',
    dataTable('What the backups cost a month, by place', columns, rows),
    ...costNotes(cost).map(note),
  );
}

function aboutSection({ location, replica, at, policy, databases, backups }: ListResult): Markup {
  const sealed = databases.reduce((sum, database) => sum + database.sealed, 0);
  const unsealed = databases.reduce((sum, database) => sum + database.unsealed, 0);
  const pairs: (readonly [string, MarkupPart])[] = [
    ['Stored at', markup`<code>${location}</code>`],
    ...(replica === null ? [] : [['Replica', markup`<code>${replica.location}</code>`] as const]),
    ['Listed', time(at)],
    ['Policy', policy ?? 'none was given'],
    ['Backups', `${formatCount(backups.length)} of ${formatCount(sealed)} are shown`],
    ['Never sealed, so no backups', formatCount(unsealed)],
    ...databases
      .filter(({ unprovenRecipients }) => unprovenRecipients.length > 0)
      .map(
        ({ name, unprovenRecipients }) =>
          [
            `Recipients of ${name} that no drill has proven`,
            markup`${unprovenRecipients.map(one => markup`<code>${one}</code><br>`)}`,
          ] as const,
      ),
  ];
  return section('About this log', facts(pairs));
}
