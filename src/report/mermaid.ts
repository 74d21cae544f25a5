import type { Stage } from '../commands/drill-result.ts';
import { formatSeconds } from './format.ts';

/** Text inside of a Mermaid diagram: letters, digits and what none of its grammars reads. */
export function mermaidText(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 .-]+/g, ' ').trim() || '-';
}

/** A gantt of stages, those of one time side by side; times from zero on. */
export function ganttDiagram(sections: readonly { title: string; stages: readonly Stage[] }[]): string {
  const lines = sections.flatMap(({ title, stages }) =>
    stages.length === 0 ? [] : [`  section ${mermaidText(title)}`, ...stages.map(ganttTask)],
  );
  // Mermaid reads and shows times in the reader's zone, so these are dates without one
  return fenced(['gantt', '  dateFormat YYYY-MM-DD HH:mm:ss.SSS', '  axisFormat %H:%M:%S', ...lines]);
}

/** Mermaid's own colour of lines can hardly be seen on white. */
const lineStyle = `%%{init: {"xyChart": {"height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#3d84c6"}}}}%%`;

/** A line over labels; labels must differ from one another, or Mermaid draws their values at one place. */
export function lineDiagram(axis: string, points: readonly { label: string; value: number }[]): string {
  const labels = points.map(({ label }) => mermaidText(label));
  const distinct = new Set(labels).size === labels.length ? labels : labels.map((_, index) => String(index + 1));
  const most = Math.max(...points.map(({ value }) => value));
  return fenced([
    lineStyle,
    'xychart-beta',
    `  x-axis [${distinct.map(label => `"${label}"`).join(', ')}]`,
    `  y-axis "${mermaidText(axis)}" 0 --> ${figure(most > 0 ? most * 1.1 : 1)}`,
    `  line [${points.map(({ value }) => figure(value)).join(', ')}]`,
  ]);
}

function ganttTask({ name, startSeconds, seconds }: Stage): string {
  const start = new Date(Date.UTC(2000, 0, 1) + milliseconds(startSeconds)).toISOString();
  const length = Math.max(1, milliseconds(seconds));
  return `  ${mermaidText(`${name} ${formatSeconds(seconds)}`)} :${start.slice(0, 10)} ${start.slice(11, 23)}, ${length}ms`;
}

const longestSeconds = 1e9;

function milliseconds(seconds: number): number {
  return Number.isFinite(seconds) ? Math.round(Math.min(Math.max(seconds, 0), longestSeconds) * 1000) : 0;
}

function figure(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0';
}

function fenced(lines: readonly string[]): string {
  return ['```mermaid', ...lines, '```'].join('\n');
}
