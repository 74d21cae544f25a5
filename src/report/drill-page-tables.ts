import type { DrilledTable, DrillResult, Stage } from '../commands/drill-result.ts';
import { legend, spanBar, tickLabel, ticksUpTo } from './chart.ts';
import { stagePhases, type DrillWords } from './drill-words.ts';
import { formatBytes, formatCount, formatSeconds } from './format.ts';
import { markup, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, folded, note, section, type Column } from './page.ts';

/** As high as a line of the table, so that the lines of the grid meet. */
const stageHeight = 38;
const phaseStyles = ['store', 'restore', 'proof'] as const;

/** The stages on the drill's clock, those of one time side by side. */
export function stagesSection(result: DrillResult): Markup {
  const { stages, rtoSeconds } = result;
  if (stages.length === 0) return section('Stages', note('The drill ended before its first stage.'));
  const end = Math.max(...stages.map(({ startSeconds, seconds }) => startSeconds + seconds));
  const whole = end > 0 ? end : 1;
  const ticks = ticksUpTo(whole, 'seconds').filter(tick => tick <= whole);
  const marks = ticks.map(tick => tick / whole);
  const row = (title: string, startSeconds: number, seconds: number, style: string): MarkupPart[] => [
    title,
    formatSeconds(startSeconds),
    formatSeconds(seconds),
    spanBar(startSeconds / whole, (startSeconds + seconds) / whole, {
      label: `${title}: from ${formatSeconds(startSeconds)} on, for ${formatSeconds(seconds)}`,
      style,
      thick: 12,
      tall: stageHeight,
      marks,
    }),
  ];
  const rows = stages.map(({ name, startSeconds, seconds }) => row(name, startSeconds, seconds, styleOf(name)));
  const first = Math.min(...stages.map(({ startSeconds }) => startSeconds));
  const columns: Column[] = [
    { title: 'Stage', kind: 'name' },
    { title: 'From', kind: 'number extra' },
    { title: 'Took', kind: 'number' },
    { title: axis(ticks, whole), kind: 'chart' },
  ];
  return section(
    'Stages',
    legend(stagePhases.map(({ title }, index) => ({ name: title, style: phaseStyles[index] ?? 'bar' }))),
    dataTable('Stages of the drill and how long they took', columns, [
      ...rows,
      ...(rtoSeconds === null ? [] : [row('RTO', first, rtoSeconds, 'total')]),
    ]),
    note('While bytes stream, fetching, checking and decrypting go on beside the restore of the data.'),
  );
}

function axis(ticks: readonly number[], whole: number): Markup {
  const labels = ticks.map((tick, index) => {
    const at = (100 * tick) / whole;
    const anchor = index === 0 ? 'start' : at > 90 ? 'end' : 'middle';
    return markup`<text class="tick${index % 2 === 0 ? '' : ' between'}" x="${at}%" y="14" text-anchor="${anchor}">${tickLabel(tick, 'seconds')}</text>`;
  });
  return markup`<svg width="100%" height="18" role="img" aria-label="Time since the drill began">${labels}</svg>`;
}

function styleOf(name: Stage['name']): string {
  return phaseStyles[stagePhases.findIndex(({ stages }) => stages.includes(name))] ?? 'bar';
}

const mostBars = 50;
const mostRows = 5000;

/** The biggest tables with a bar each, and all of them folded. */
export function tablesSection({ tables, compared }: DrillWords): Markup {
  if (tables.length === 0) return section('Tables', note(compared));
  const biggest = tables[0]?.sizeBytes ?? 0;
  const bars = tables.slice(0, mostBars).map(table => tableRow(table, biggest));
  const all = tables.slice(0, mostRows).map(table => tableRow(table, null));
  const hidden = tables.length - all.length;
  return section(
    'Tables',
    note(compared),
    dataTable(tables.length > mostBars ? `The ${mostBars} biggest tables` : 'Tables by size', tableColumns, bars),
    ...(tables.length > mostBars
      ? [
          folded(
            hidden > 0 ? `The ${formatCount(mostRows)} biggest tables` : `All ${formatCount(tables.length)} tables`,
            dataTable('Tables by size', tableColumns, all),
          ),
        ]
      : []),
    note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null),
  );
}

const tableColumns: readonly Column[] = [
  { title: 'Table', kind: 'wide' },
  { title: 'Size', kind: 'number' },
  { title: 'Rows', kind: 'number' },
  { title: 'Compared', kind: 'extra' },
];

const comparedWords: Record<DrilledTable['compared'], string> = { content: 'content', counts: 'rows only', not: 'not' };

function tableRow(
  { schema, name, sizeBytes, rows, compared, same }: DrilledTable,
  biggest: number | null,
): MarkupPart[] {
  const title = same
    ? markup`<bdi>${schema}.${name}</bdi>`
    : markup`<bdi>${schema}.${name}</bdi> <span class="flag failed">not as in the source</span>`;
  const share = biggest === null || biggest === 0 ? 0 : sizeBytes / biggest;
  const bar = { label: formatBytes(sizeBytes), style: 'bar', thick: 5, tall: 7, marks: [] };
  return [
    biggest === null ? title : markup`${title}<span class="size">${spanBar(0, share, bar)}</span>`,
    formatBytes(sizeBytes),
    formatCount(rows),
    comparedWords[compared],
  ];
}
