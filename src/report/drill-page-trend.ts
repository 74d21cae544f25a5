import type { DrillResult } from '../commands/drill-result.ts';
import { legend, lineChart, type ChartSeries } from './chart.ts';
import { timedDrills } from './drill-words.ts';
import { formatBudget, formatBytes, formatCount, formatSeconds, formatTime } from './format.ts';
import { markup, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, folded, note, section, time, type Column } from './page.ts';

const mostPoints = 400;
const mostRows = 100;

/** How RTO and size went over time. */
export function trendSection(result: DrillResult): Markup {
  return section(
    'Trend',
    markup`<figure>
<h3>RTO of the drills</h3>
${rtoTrend(result)}
</figure>
<figure>
<h3>Size of the backups</h3>
${sizeTrend(result)}
</figure>`,
  );
}

function rtoTrend(result: DrillResult): Markup {
  const { earlierDrills, at, backupId, verdict, rtoSeconds, maxRtoSeconds, tuned } = result;
  if (earlierDrills.length === 0) return note('No earlier drill of this database is known.');
  const own = { at, backupId, verdict, rtoSeconds, tuned: tuned.length > 0 };
  const timed = [...timedDrills(result), ...(rtoSeconds === null ? [] : [{ ...own, rtoSeconds }])];
  const points = timed.slice(-mostPoints).map(drill => ({
    at: drill.at,
    value: drill.rtoSeconds,
    label: `${formatSeconds(drill.rtoSeconds)}, ${drill.verdict}`,
    isBad: drill.verdict !== 'passed',
  }));
  const rows = [...earlierDrills, own]
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .map((drill): MarkupPart[] => [
      time(drill.at),
      drill.rtoSeconds === null ? 'did not end' : formatSeconds(drill.rtoSeconds),
      drill.verdict,
      drill.tuned ? 'yes' : 'no',
      markup`<code>${drill.backupId}</code>`,
    ]);
  const columns: Column[] = [
    { title: 'Drill' },
    { title: 'RTO', kind: 'number' },
    { title: 'Verdict' },
    { title: 'Tuned' },
    { title: 'Backup', kind: 'extra' },
  ];
  const limit =
    maxRtoSeconds === null ? undefined : { value: maxRtoSeconds, label: `budget ${formatBudget(maxRtoSeconds)}` };
  const isAnyBad = points.some(({ isBad }) => isBad);
  return markup`${points.length < 2 ? note('Fewer than two drills came to the end of a restore.') : lineChart({ title: spoken('RTO', points), unit: 'seconds', series: [{ name: 'RTO', points }], limit })}
${note(isAnyBad ? 'A cross is a drill that did not pass.' : null)}
${figures('Drills, the newest first', columns, rows)}`;
}

function sizeTrend({ earlierBackups }: DrillResult): Markup {
  if (earlierBackups.length === 0) return note('No earlier backup of this database is known.');
  const byTime = [...earlierBackups].sort((a, b) => (a.at < b.at ? -1 : 1));
  const points = (size: 'databaseBytes' | 'storedBytes') =>
    byTime.slice(-mostPoints).map(({ at, [size]: value }) => ({ at, value, label: formatBytes(value) }));
  const series: ChartSeries[] = [
    { name: 'database', points: points('databaseBytes') },
    { name: 'stored', points: points('storedBytes') },
  ];
  const title = series.map(({ name, points: some }) => spoken(`Size, ${name}`, some)).join(' ');
  const rows = byTime
    .reverse()
    .map(({ at, databaseBytes, storedBytes, rows: count }) => [
      time(at),
      formatBytes(databaseBytes),
      formatBytes(storedBytes),
      formatCount(count),
    ]);
  const columns: Column[] = [
    { title: 'Backup' },
    { title: 'Database', kind: 'number' },
    { title: 'Stored', kind: 'number' },
    { title: 'Rows', kind: 'number' },
  ];
  const chart = markup`${legend(series.map(({ name }, index) => ({ name, style: `s${index}` })))}
${lineChart({ title, unit: 'bytes', series })}`;
  return markup`${byTime.length < 2 ? note('One earlier backup is known, which is no trend yet.') : chart}
${figures('Backups, the newest first', columns, rows)}`;
}

/** A chart in words, for those who do not see it. */
function spoken(name: string, points: ChartSeries['points']): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return `${name}: nothing known.`;
  return `${name} from ${formatTime(first.at)} (${first.label}) to ${formatTime(last.at)} (${last.label}).`;
}

function figures(caption: string, columns: readonly Column[], rows: readonly MarkupPart[][]): Markup {
  const hidden = rows.length - mostRows;
  return folded(
    'Figures',
    markup`${dataTable(caption, columns, rows.slice(0, mostRows))}
${note(hidden > 0 ? `${formatCount(hidden)} older ones are not shown here.` : null)}`,
  );
}
