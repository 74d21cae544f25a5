import { turningCharacters } from './format.ts';

/** Markup that is ready to stand in a page. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupPart = Markup | readonly Markup[] | string | number;

/** A piece of HTML or SVG: every value that is no markup itself is shown as the text that it is, in attributes too. */
export function markup(pieces: TemplateStringsArray, ...values: readonly MarkupPart[]): Markup {
  return new Markup(pieces.map((piece, index) => piece + textOf(values[index] ?? '')).join(''));
}

/** No markup at all, for what a page has only sometimes. */
export const nothing = new Markup('');

/** Foreign text in HTML, its lines kept. Characters that cannot be seen are named: `[U+202E]`. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, named)
    .replaceAll(turningCharacters, named)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function textOf(value: MarkupPart): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('\n');
  return escapeHtml(String(value));
}

function named(character: string): string {
  return `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
