import type { CalendarDay, Database } from '../commands/log-database.ts';
import { verdicts } from '../finding.ts';
import { formatCount } from './format.ts';
import { markup, nothing, type Markup } from './markup.ts';
import { note, section } from './page.ts';

const dayMilliseconds = 86_400_000;
const weeks = 53;
/** Two halves of a year, side by side on a wide screen, one above the other on a narrow one. */
const weeksInHalf = 27;

// lengths across are percentages, so that letters keep their size on every screen
const rowHeight = 15;
const cellHeight = 12;
const top = 18;
const left = 9.5;
const column = (100 - left) / weeksInHalf;
const cellWidth = column * 0.82;

const beforeChange = ['pre-migration', 'pre-deployment', 'pre-restore'] as const;
const weekdays = [
  { name: 'Mon', row: 0 },
  { name: 'Wed', row: 2 },
  { name: 'Fri', row: 4 },
];

/** A year of days: on which backups were made, and drills. */
export function calendarSection(title: string, database: Database, at: string): Markup {
  const today = Date.parse(`${at.slice(0, 10)}T00:00:00Z`);
  // the first day of 1970 was a Thursday
  const weekday = (Math.floor(today / dayMilliseconds) + 3) % 7;
  const first = today - (weekday + 7 * (weeks - 1)) * dayMilliseconds;
  const calendar = database.calendar.filter(({ day }) => Date.parse(`${day}T00:00:00Z`) >= first);
  const days = new Map(calendar.map(day => [day.day, day]));
  if (days.size === 0) return section(title, note('In the last year no backup was made that is still here.'));
  const half = (from: number, count: number) =>
    weekGrid(
      Array.from({ length: count }, (_, week) => first + (from + week) * 7 * dayMilliseconds),
      days,
      today,
    );
  return section(
    title,
    markup`<div class="year" role="img" aria-label="${spoken(calendar, today)}">
${half(0, weeks - weeksInHalf)}
${half(weeks - weeksInHalf, weeksInHalf)}
</div>`,
    calendarLegend(),
    note('Days by UTC. A day without a square of colour has no backup.'),
  );
}

function weekGrid(mondays: readonly number[], days: ReadonlyMap<string, CalendarDay>, today: number): Markup {
  const months = mondays.map((monday, week) => {
    const month = new Date(monday + 6 * dayMilliseconds);
    const isFirst = month.getUTCDate() <= 7;
    return isFirst && week < mondays.length - 1
      ? markup`<text class="tick" x="${percent(left + week * column)}" y="11">${monthName(month)}</text>`
      : nothing;
  });
  const labels = weekdays.map(
    ({ name, row }) => markup`<text class="tick" x="0" y="${top + row * rowHeight + 10}">${name}</text>`,
  );
  const cells = mondays.flatMap((monday, week) =>
    Array.from({ length: 7 }, (_, row) => monday + row * dayMilliseconds)
      .filter(day => day <= today)
      .map((day, row) => {
        const text = new Date(day).toISOString().slice(0, 10);
        return cell(text, days.get(text), { x: left + week * column, y: top + row * rowHeight });
      }),
  );
  return markup`<svg width="100%" height="${top + 7 * rowHeight}" aria-hidden="true">
${[...months, ...labels].filter(part => part !== nothing)}
${cells}
</svg>`;
}

function cell(text: string, day: CalendarDay | undefined, { x, y }: { x: number; y: number }): Markup {
  const square = (style: string, from: number, height: number) =>
    markup`<rect class="${style}" x="${percent(x)}" y="${from}" width="${percent(cellWidth)}" height="${height}" rx="2"/>`;
  if (day === undefined) return square('day', y, cellHeight);
  const before = beforeChange.some(kind => (day.backups[kind] ?? 0) > 0);
  const mark = drillMark(day, { x: x + cellWidth / 2, y: y + cellHeight / 2 });
  return markup`<g><title>${describeDay(text, day)}</title>${square(`day ${levelOf(day)}`, y, cellHeight)}${before ? square('day before', y + cellHeight - 3, 3) : nothing}${mark}</g>`;
}

function levelOf({ backups, partial }: CalendarDay): string {
  const count = sum(backups);
  if (count === 0) return '';
  if (partial === count) return 'partial';
  return count === 1 ? 'one' : count <= 3 ? 'some' : 'many';
}

function drillMark({ drills }: CalendarDay, { x, y }: { x: number; y: number }): Markup {
  const [at, top] = [percent(x), y];
  if ((drills.failed ?? 0) > 0)
    return markup`<svg class="drill failed" x="${at}" y="${top}" overflow="visible"><circle r="4.5"/><path d="M-2-2 2 2M-2 2 2-2"/></svg>`;
  if ((drills.passed ?? 0) > 0)
    return markup`<svg class="drill passed" x="${at}" y="${top}" overflow="visible"><circle r="4.5"/><path d="M-2.2 0-.6 1.7 2.2-1.5"/></svg>`;
  if ((drills['could-not-verify'] ?? 0) > 0)
    return markup`<svg class="drill could-not-verify" x="${at}" y="${top}" overflow="visible"><circle r="4.5"/><path d="M-2 0H2"/></svg>`;
  return nothing;
}

function calendarLegend(): Markup {
  const entry = (style: string, name: string) =>
    markup`<span><svg width="13" height="12" aria-hidden="true"><rect class="day ${style}" width="13" height="12" rx="2"/></svg> ${name}</span>`;
  const drill = (verdict: string, path: string, name: string) =>
    markup`<span><svg width="11" height="12" aria-hidden="true"><svg class="drill ${verdict}" x="5.5" y="6" overflow="visible"><circle r="4.5"/><path d="${path}"/></svg></svg> ${name}</span>`;
  return markup`<p class="legend below">${[
    entry('one', 'one backup'),
    entry('some', 'two or three'),
    entry('many', 'more'),
    entry('partial', 'partial only'),
    markup`<span><svg width="13" height="12" aria-hidden="true"><rect class="day one" width="13" height="12" rx="2"/><rect class="day before" y="9" width="13" height="3" rx="2"/></svg> before a change</span>`,
    drill('passed', 'M-2.2 0-.6 1.7 2.2-1.5', 'drill passed'),
    drill('failed', 'M-2-2 2 2M-2 2 2-2', 'failed'),
    drill('could-not-verify', 'M-2 0H2', 'could not verify'),
  ]}</p>`;
}

function describeDay(text: string, { backups, partial, drills }: CalendarDay): string {
  const kinds = Object.entries(backups).map(([kind, count]) => `${count} ${kind}`);
  const made = kinds.length === 0 ? 'no backup' : kinds.join(', ');
  const parts = partial > 0 ? ` (${partial} partial)` : '';
  const drilled = verdicts
    .filter(verdict => (drills[verdict] ?? 0) > 0)
    .map(verdict => `, ${formatCount(drills[verdict] ?? 0)} drill ${verdict}`);
  return `${text}: ${made}${parts}${drilled.join('')}`;
}

/** The calendar in words, for those who do not see it. */
function spoken(calendar: readonly CalendarDay[], today: number): string {
  const withBackup = calendar.filter(({ backups }) => sum(backups) > 0);
  const [firstDay] = withBackup;
  const total = calendar.reduce((count, { backups }) => count + sum(backups), 0);
  const drills = calendar.reduce((count, day) => count + sum(day.drills), 0);
  const failed = calendar.reduce((count, day) => count + (day.drills.failed ?? 0), 0);
  if (firstDay === undefined) return `No backup in the last year; ${drills} drills, ${failed} of them failed.`;
  const days = Math.round((today - Date.parse(`${firstDay.day}T00:00:00Z`)) / dayMilliseconds) + 1;
  return `The last year: ${formatCount(total)} backups on ${withBackup.length} of the ${days} days since ${firstDay.day}; ${drills} drills, ${failed} of them failed.`;
}

function sum(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);
}

function monthName(date: Date): string {
  return date.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}
