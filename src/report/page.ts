import { createHash } from 'node:crypto';
import { formatCount, formatTime } from './format.ts';
import { Markup, markup, type MarkupPart, nothing } from './markup.ts';
import { pageStyle } from './page-style.ts';

/** One self-contained HTML file: no script, nothing loaded, and a policy that allows neither. */
export function page(title: string, body: Markup): string {
  const hash = createHash('sha256').update(pageStyle).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** A part of a page under a heading of its own. */
export function section(title: string, ...content: readonly Markup[]): Markup {
  return markup`<section>
<h2>${title}</h2>
${content}
</section>`;
}

/** What is shown only when asked for; `isPrinted` unfolds it on paper. */
export function folded(title: string, content: Markup, isPrinted = false): Markup {
  return markup`<details${isPrinted ? new Markup(' class="printed"') : nothing}>
<summary>${title}</summary>
${content}
</details>`;
}

export interface Column {
  title: MarkupPart;
  /** A `name` is never broken; numbers stand to the right; `wide` and `chart` take what the others leave; `extra` is not shown on narrow screens. */
  kind?: 'name' | 'number' | 'wide' | 'chart' | 'extra' | 'number extra';
}

/** A table; the first cell of each row is its header. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly MarkupPart[])[],
): Markup {
  const kinds = columns.map(({ kind }) => (kind === undefined ? nothing : markup` class="${kind}"`));
  const head = columns.map(({ title }, index) => markup`<th scope="col"${kinds[index] ?? nothing}>${title}</th>`);
  const cell = (part: MarkupPart, index: number) =>
    index === 0
      ? markup`<th scope="row"${kinds[index] ?? nothing}>${part}</th>`
      : markup`<td${kinds[index] ?? nothing}>${part}</td>`;
  return markup`<div class="scroll"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map(row => markup`<tr>${row.map(cell)}</tr>`)}
</tbody>
</table></div>`;
}

/** Names and their values, one pair a line. */
export function facts(pairs: readonly (readonly [string, MarkupPart])[]): Markup {
  return markup`<dl class="facts">
${pairs.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`;
}

/** A time to the minute, its day never broken at the end of a line. */
export function time(at: string): Markup {
  const [day = '', ...rest] = formatTime(at).split(' ');
  return markup`<time datetime="${at}"><span>${day}</span> ${rest.join(' ')}</time>`;
}

const openSentences = 20;

/** Sentences as a list, those after the first twenty folded. */
export function sentenceList(sentences: readonly string[]): Markup {
  const list = (some: readonly string[]) => markup`<ul>
${some.map(sentence => markup`<li>${sentence}</li>`)}
</ul>`;
  const rest = sentences.slice(openSentences);
  const more = rest.length === 0 ? nothing : folded(`${formatCount(rest.length)} more`, list(rest), true);
  return markup`${list(sentences.slice(0, openSentences))}
${more}`;
}

/** A text in small letters below what it belongs to; nothing where there is none. */
export function note(text: string | null): Markup {
  return text === null ? nothing : markup`<p class="note">${text}</p>`;
}
