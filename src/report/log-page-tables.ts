import type { ListResult } from '../commands/list.ts';
import type { Database } from '../commands/log-database.ts';
import type { DrillEntry } from '../commands/log-drill.ts';
import type { LogEntry } from '../commands/log-entry.ts';
import type { Removal, RemovalGroup } from '../commands/log-outlook.ts';
import type { Verdict } from '../finding.ts';
import { formatBudget, formatBytes, formatCount, formatSeconds, plural } from './format.ts';
import { describeKept, encryptionOf, findingsOf } from './log-cells.ts';
import { describePlaces } from './log-replica-words.ts';
import { rtoChart } from './log-page-trend.ts';
import { markup, nothing, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, folded, note, section, time, type Column } from './page.ts';
import { verdictWord } from './page-verdict.ts';

const mostDrills = 200;
const openRows = 12;
const mostRows = 1000;

/** Drills, newest first, and their RTO over time. */
export function drillsSection(title: string, result: ListResult, { name, drills: total }: Database): Markup {
  const drills = result.drills.filter(one => one.name === name);
  if (drills.length === 0) return section(title, note('No drill is recorded: no backup is proven.'));
  const rest = drills.slice(openRows, mostDrills);
  const hidden = total - Math.min(drills.length, mostDrills);
  return section(
    title,
    rtoChart(drills),
    drillTable(drills.slice(0, openRows)),
    rest.length === 0 ? nothing : folded(`${formatCount(rest.length)} more`, drillTable(rest), true),
    note(hidden > 0 ? `${formatCount(hidden)} older ones are not shown here.` : null),
  );
}

function drillTable(drills: readonly DrillEntry[]): Markup {
  const columns: Column[] = [
    { title: 'Drill' },
    { title: 'Verdict and findings', kind: 'wide' },
    { title: 'RTO', kind: 'number' },
    { title: 'RPO', kind: 'number extra' },
    { title: 'Server', kind: 'extra' },
    { title: 'Run', kind: 'extra' },
  ];
  const seconds = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : formatSeconds(value);
  const rows = drills.map((drill): MarkupPart[] => [
    time(drill.at),
    markup`<span class="tone ${drill.verdict}">${verdictWord(drill.verdict)}</span>, ${findingsOf(drill, 'no findings')}${note(`of ${drill.backupId}`)}`,
    seconds(drill.evidence?.rtoSeconds),
    seconds(drill.evidence?.rpoSeconds),
    drill.evidence?.serverVersion ?? '',
    runOf(drill),
  ]);
  return dataTable('Drills, the newest first', columns, rows);
}

/** Only an https address is a link: whoever can write to the store can write another one. */
function runOf({ evidence }: DrillEntry): MarkupPart {
  const url = evidence?.run?.url ?? '';
  const actor = evidence?.run?.actor ?? '';
  if (!url.startsWith('https://')) return actor;
  return markup`<a href="${url}">${actor === '' ? 'run' : actor}</a>`;
}

/** What the policy removes next, and when. */
export function removalsSection(title: string, { policy }: ListResult, { outlook }: Database): Markup {
  if (outlook === null || policy === null)
    return section(title, note('No policy was given: nothing here says what a prune would remove. Give it with keep.'));
  const { atOnce, later, days, everySeconds } = outlook;
  const rhythm =
    everySeconds === null
      ? 'Fewer than two whole backups in 30 days tell no rhythm, so only times that end are looked at.'
      : `Foreseen for daily prunes, if a whole backup goes on to be made every ${formatBudget(everySeconds)}.`;
  const now = atOnce.count === 0 ? 'Nothing waits for the next prune.' : `The next prune takes ${sumOf(atOnce)}.`;
  const then =
    later.count === 0
      ? `Nothing goes after that in the next ${days} days.`
      : `In the next ${days} days ${sumOf(later)} ${later.count === 1 ? 'goes' : 'go'} after that.`;
  return section(
    title,
    markup`<p>${now} ${then}</p>`,
    note(`Policy: ${policy}. ${rhythm}`),
    later.count === 0 ? nothing : removalTables('Backups that go next', later),
    atOnce.count === 0
      ? nothing
      : folded('What the next prune takes', removalTables('What the next prune takes', atOnce), true),
  );
}

function sumOf({ count, sizeBytes }: RemovalGroup): string {
  return `${plural(count, 'backup')} (${formatBytes(sizeBytes)})`;
}

function removalTables(caption: string, { first, count }: RemovalGroup): Markup {
  const columns: Column[] = [
    { title: 'Goes on' },
    { title: 'Backup', kind: 'wide' },
    { title: 'Size', kind: 'number' },
  ];
  const rowsOf = (some: readonly Removal[]) =>
    some.map(({ at, backupId, sizeBytes, reasons }): MarkupPart[] => [
      markup`<time datetime="${at}"><span>${at.slice(0, 10)}</span></time>`,
      markup`<code>${backupId}</code>${note(reasons.length === 0 ? null : `until then: ${reasons.join('; ')}`)}`,
      formatBytes(sizeBytes),
    ]);
  const rest = first.slice(openRows);
  const hidden = count - first.length;
  return markup`${dataTable(caption, columns, rowsOf(first.slice(0, openRows)))}
${rest.length === 0 ? nothing : folded(`${formatCount(rest.length)} more`, dataTable(`${caption}, more`, columns, rowsOf(rest)), true)}
${note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null)}`;
}

/** The log itself, month by month, the newest one open. */
export function logSection(title: string, { backups, replica }: ListResult, { name, sealed }: Database): Markup {
  const all = backups.filter(entry => entry.name === name);
  const entries = all.slice(0, mostRows);
  const months = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    const month = entry.at.slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), entry]);
  }
  const tableOf = (caption: string, some: readonly LogEntry[]) => logTableOf(caption, some, replica !== null);
  const tables = [...months].map(([month, some], index) => {
    const bytes = some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const heading = `${monthName(month)}: ${plural(some.length, 'backup')}, ${formatBytes(bytes)}`;
    return index === 0
      ? markup`<h3 class="month">${heading}</h3>
${tableOf(heading, some)}`
      : folded(heading, tableOf(heading, some), true);
  });
  const hidden = sealed - entries.length;
  return section(
    title,
    tables.length === 0 ? note('There are no sealed backups.') : markup`${tables}`,
    note(
      hidden > 0
        ? `${formatCount(hidden)} older ones are not shown here: raise limit${entries.length === mostRows ? ', or take the CSV' : ''}.`
        : null,
    ),
  );
}

function logTableOf(caption: string, entries: readonly LogEntry[], hasReplica: boolean): Markup {
  const columns: Column[] = [
    { title: 'Made' },
    { title: hasReplica ? 'Backup, stored where' : 'Backup', kind: 'wide' },
    { title: 'Size', kind: 'number' },
    { title: 'Rows', kind: 'number extra' },
    { title: 'Verified', kind: 'extra' },
    { title: 'Proven', kind: 'extra' },
  ];
  return dataTable(
    caption,
    columns,
    entries.map(entry => rowOf(entry, hasReplica)),
  );
}

function rowOf(entry: LogEntry, hasReplica: boolean): MarkupPart[] {
  const { at, sizeBytes, tables, rows, files, lastCheck } = entry;
  return [
    time(at),
    nameOf(entry, hasReplica),
    formatBytes(sizeBytes),
    markup`${formatCount(rows)}${note(tables === null ? null : `${formatCount(tables)} tables${files ? `, ${plural(files, 'file')}` : ''}`)}`,
    lastCheck === null ? 'never' : verdictOf(lastCheck.verdict, lastCheck.at, lastCheck.depth),
    proofOf(entry),
  ];
}

function nameOf(entry: LogEntry, hasReplica: boolean): Markup {
  const { backupId, kind, partial, reason, actor, kept, problem } = entry;
  const said = [...(reason === null ? [] : [reason]), ...(actor === null ? [] : [`by ${actor}`])].join(', ');
  const flag = partial ? markup` <span class="flag could-not-verify">partial</span>` : nothing;
  const trouble = problem === null ? nothing : markup`<p class="flag failed">${problem}</p>`;
  const encrypted = encryptionOf(entry);
  const places = note(hasReplica ? `stored in: ${describePlaces(entry.storedIn)}` : null);
  const keptNote =
    kept.outcome === 'to be removed'
      ? markup`<p class="flag could-not-verify">${describeKept(kept)}</p>`
      : note(kept.outcome === 'kept' ? `kept: ${describeKept(kept)}` : describeKept(kept));
  return markup`${kind}${flag}, ${encrypted === 'no' ? 'not encrypted' : encrypted}${said === '' ? nothing : markup`<br><bdi>${said}</bdi>`}${note(backupId)}${places}${keptNote}${entry.drills.length === 0 ? nothing : markup`<p class="narrow">${[proofOf(entry)]}</p>`}${trouble}`;
}

/** What the newest drill came to; on a narrow screen it stands beside the name. */
function proofOf({ provenAt, rtoSeconds, drills }: LogEntry): Markup {
  const newest = drills.at(-1);
  if (provenAt !== null)
    return verdictOf('passed', provenAt, rtoSeconds === null ? null : `RTO ${formatSeconds(rtoSeconds)}`);
  return newest === undefined ? markup`never` : verdictOf(newest.verdict, newest.at, null);
}

function verdictOf(verdict: Verdict, at: string, more: string | null): Markup {
  return markup`<span class="tone ${verdict}">${verdictWord(verdict)}</span> <time datetime="${at}"><span>${at.slice(0, 10)}</span></time>${more === null ? nothing : markup`<br><small>${more}</small>`}`;
}

function monthName(month: string): string {
  return new Date(`${month}-01T00:00:00Z`).toLocaleString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
}
