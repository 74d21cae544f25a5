import { formatBudget, formatBytes, formatTime } from './format.ts';
import { Markup, markup, nothing } from './markup.ts';

/** One measured value at a time (ISO 8601); `label` is how it reads, `isBad` draws it as a cross. */
export interface ChartPoint {
  at: string;
  value: number;
  label: string;
  isBad?: boolean;
}

export interface ChartSeries {
  name: string;
  points: readonly ChartPoint[];
}

export interface LineChart {
  /** Says what the chart shows, for those who do not see it. */
  title: string;
  unit: 'bytes' | 'seconds' | 'count';
  series: readonly ChartSeries[];
  /** A line across, drawn where it is not far above the values. */
  limit?: { value: number; label: string } | undefined;
}

// lengths along the chart are percentages, so that its letters keep their size on every screen
const height = 220;
const top = 24;
const bottom = 190;
const left = 15;
const right = 97;
const mostTicks = 5;
const farLimit = 2.5;
const dotsUpTo = 60;

/** Values over time as SVG: axes with units and dates, and a title for each point. */
export function lineChart({ title, unit, series, limit }: LineChart): Markup {
  const points = series.flatMap(({ points: some }) => some).filter(isDrawable);
  if (points.length === 0) return nothing;
  const times = points.map(({ at }) => Date.parse(at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const highest = Math.max(...points.map(({ value }) => value));
  const isNear = limit !== undefined && limit.value <= highest * farLimit;
  const ticks = ticksUpTo(Math.max(highest, isNear ? limit.value : 0), unit);
  const most = ticks.at(-1) ?? 1;
  const x = (at: string) =>
    first === last ? (left + right) / 2 : left + ((right - left) * (Date.parse(at) - first)) / (last - first);
  const y = (value: number) => bottom - ((bottom - top) * value) / most;
  const days = first === last ? [first] : [first, (first + last) / 2, last];
  return markup`<svg class="chart" width="100%" height="${height}" role="img" aria-label="${title}">
${ticks.map(tick => markup`<line class="grid" x1="0" x2="100%" y1="${round(y(tick))}" y2="${round(y(tick))}"/><text class="tick" x="0" y="${round(y(tick) - 5)}">${tickLabel(tick, unit)}</text>`)}
${days.map((day, index) => markup`<text class="tick" x="${percent(x(new Date(day).toISOString()))}" y="${height - 10}" text-anchor="${anchor(index, days.length)}">${new Date(day).toISOString().slice(0, 10)}</text>`)}
${isNear ? markup`<line class="limit" x1="${percent(left)}" x2="100%" y1="${round(y(limit.value))}" y2="${round(y(limit.value))}"/><text class="limit" x="100%" y="${round(y(limit.value) - 5)}" text-anchor="end">${limit.label}</text>` : nothing}
${series.map(({ name, points: some }, index) => line(name, index, some.filter(isDrawable), { x, y }))}
</svg>`;
}

/** What the colours of a chart mean; each has the style that the chart draws it with. */
export function legend(entries: readonly { name: string; style: string }[]): Markup {
  return markup`<p class="legend">${entries.map(({ name, style }) => markup`<span><svg width="12" height="8" aria-hidden="true"><rect class="swatch ${style}" width="12" height="8" rx="2"/></svg> ${name}</span>`)}</p>`;
}

/** A bar from one share of the whole width to another (0 to 1), with lines across the whole height at `marks`. */
export function spanBar(
  from: number,
  to: number,
  {
    label,
    style,
    thick,
    tall,
    marks,
  }: { label: string; style: string; thick: number; tall: number; marks: readonly number[] },
): Markup {
  // what took no time is seen too
  const width = Math.max(share(to) - share(from), 0.004);
  const x = Math.min(share(from), 1 - width);
  const lines = marks.map(mark => percent(100 * share(mark)));
  return markup`<svg width="100%" height="${tall}" role="img" aria-label="${label}">${lines.map(at => markup`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="100%"/>`)}<rect class="${style}" x="${percent(100 * x)}" width="${percent(100 * width)}" y="${(tall - thick) / 2}" height="${thick}" rx="2"/></svg>`;
}

/** A value as a bar, and a mark at its limit. */
export function meter(value: number, limit: number, label: string): Markup {
  const most = Math.max(value, limit) * 1.08 || 1;
  const at = percent((100 * limit) / most);
  return markup`<svg class="meter" width="100%" height="16" role="img" aria-label="${label}"><rect class="track" width="100%" y="4" height="8" rx="2"/><rect class="${value > limit ? 'bad' : 'good'}" width="${percent((100 * value) / most)}" y="4" height="8" rx="2"/><line class="budget" x1="${at}" x2="${at}" y1="0" y2="100%"/></svg>`;
}

const roundSteps = {
  seconds: [
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
  ],
  bytes: [],
  count: [1],
};

/** Round values from zero to the first one that is not below `highest`. */
export function ticksUpTo(highest: number, unit: LineChart['unit']): number[] {
  const least = highest / (mostTicks - 1);
  const power = 10 ** Math.floor(Math.log10(least || 1));
  const decimal = [1, 2, 5, 10].map(factor => factor * power);
  const step = [...roundSteps[unit], ...decimal].find(one => one >= least) ?? least;
  return Array.from({ length: Math.max(2, Math.ceil(highest / step) + 1) }, (_, index) => index * step);
}

const compactCount = (count: number) => count.toLocaleString('en-US', { notation: 'compact' });

/** How a tick reads: `200 MB`, `15 min`, `5M`. */
export function tickLabel(tick: number, unit: LineChart['unit']): string {
  if (tick === 0) return '0';
  return { bytes: formatBytes, seconds: formatBudget, count: compactCount }[unit](tick);
}

function line(
  name: string,
  index: number,
  points: readonly ChartPoint[],
  { x, y }: { x: (at: string) => number; y: (value: number) => number },
): Markup {
  const place = ({ at, value }: ChartPoint) => [percent(x(at)), round(y(value))] as const;
  const segments = points.slice(1).map((point, before) => {
    const [x1, y1] = place(points[before] ?? point);
    const [x2, y2] = place(point);
    return markup`<line class="series s${index}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  });
  const shown = points.length <= dotsUpTo ? points : points.filter(({ isBad }) => isBad === true);
  const dots = shown.map(point => {
    const [cx, cy] = place(point);
    const title = markup`<title>${`${formatTime(point.at)}: ${name} ${point.label}`}</title>`;
    return point.isBad === true
      ? markup`<svg class="cross" x="${cx}" y="${cy}" overflow="visible"><path d="M-5-5 5 5M-5 5 5-5"/>${title}</svg>`
      : markup`<circle class="dot s${index}" cx="${cx}" cy="${cy}" r="3.5">${title}</circle>`;
  });
  return new Markup([...segments, ...dots].map(({ text }) => text).join('\n'));
}

function isDrawable({ at, value }: ChartPoint): boolean {
  return Number.isFinite(value) && value >= 0 && Number.isFinite(Date.parse(at));
}

function anchor(index: number, count: number): string {
  return count === 1 || index === 1 ? 'middle' : index === 0 ? 'start' : 'end';
}

function share(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) : 0;
}

function percent(value: number): string {
  return `${round(value)}%`;
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : 0;
}
