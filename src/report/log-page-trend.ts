import type { DrillEntry } from '../commands/log-drill.ts';
import type { LogEntry } from '../commands/log-entry.ts';
import { legend, lineChart, type ChartPoint, type ChartSeries } from './chart.ts';
import { formatBytes, formatCount, formatSeconds, formatTime } from './format.ts';
import { markup, nothing, type Markup } from './markup.ts';
import { note, section } from './page.ts';

/** A line of more points is no clearer. */
const mostPoints = 300;

/** How bytes and rows of whole backups went over time. */
export function growthSection(title: string, entries: readonly LogEntry[]): Markup {
  const whole = entries.filter(({ partial, problem }) => !partial && problem === null).reverse();
  if (whole.length < 2) return section(title, note('Fewer than two whole backups are shown, which is no trend yet.'));
  const bytes: ChartSeries[] = [
    { name: 'database', points: pointsOf(whole, ({ databaseBytes }) => databaseBytes, formatBytes) },
    { name: 'stored', points: pointsOf(whole, ({ sizeBytes }) => sizeBytes, formatBytes) },
  ];
  const rows: ChartSeries[] = [{ name: 'rows', points: pointsOf(whole, entry => entry.rows, formatCount) }];
  return section(
    title,
    markup`<div class="charts">
<figure>
<h3>Size of a backup</h3>
${legend(bytes.map(({ name }, index) => ({ name, style: `s${index}` })))}
${lineChart({ title: spoken('Size', bytes), unit: 'bytes', series: bytes })}
</figure>
<figure>
<h3>Rows of a backup</h3>
${legend([{ name: 'rows', style: 's0' }])}
${rows[0]?.points.length === 0 ? note('Rows were not counted.') : lineChart({ title: spoken('Rows', rows), unit: 'count', series: rows })}
</figure>
</div>`,
  );
}

/** How long restores took; nothing where fewer than two are known. */
export function rtoChart(drills: readonly DrillEntry[]): Markup {
  const points = drills
    .flatMap(({ at, verdict, evidence }): ChartPoint[] => {
      const seconds = evidence?.rtoSeconds ?? null;
      if (seconds === null) return [];
      return [{ at, value: seconds, label: `${formatSeconds(seconds)}, ${verdict}`, isBad: verdict !== 'passed' }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(-mostPoints);
  if (points.length < 2) return nothing;
  const series = [{ name: 'RTO', points }];
  return markup`<figure>
<h3>RTO</h3>
${lineChart({ title: spoken('RTO', series), unit: 'seconds', series })}
${note(points.some(({ isBad }) => isBad) ? 'A cross is a drill that did not pass.' : null)}
</figure>`;
}

/** Evenly thinned, the newest among them. */
function pointsOf(
  entries: readonly LogEntry[],
  valueOf: (entry: LogEntry) => number | null,
  format: (value: number) => string,
): ChartPoint[] {
  const every = Math.ceil(entries.length / mostPoints);
  return entries
    .filter((_, index) => (entries.length - 1 - index) % every === 0)
    .flatMap(entry => {
      const value = valueOf(entry);
      return value === null ? [] : [{ at: entry.at, value, label: format(value) }];
    });
}

/** A chart in words, for those who do not see it. */
function spoken(what: string, series: readonly ChartSeries[]): string {
  const parts = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: nothing known`;
    return `${name} from ${formatTime(first.at)} (${first.label}) to ${formatTime(last.at)} (${last.label})`;
  });
  return `${what}: ${parts.join('; ')}.`;
}
