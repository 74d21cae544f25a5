/** One piece of what `pg_dump --schema-only` prints: what stands under one heading. */
export interface Definition {
  name: string;
  /** pg_dump's own word, for example `MATERIALIZED VIEW`. */
  type: string;
  /** `-` for what is in no schema. */
  schema: string;
  owner: string;
  /** Where it is not the database's own, else ''. */
  tablespace: string;
  /** Of a table or materialized view with rows of its own, else ''. */
  accessMethod: string;
  /** The statements, without what pg_dump sets in front of the heading. */
  text: string;
}

// what begins a quote, what begins a line that is not SQL, and the only SQL that does not stand under its own heading
const marks =
  /['"]|\$(?:[A-Za-z_]\w*)?\$|(?<![^\n])(?:--|\\|PARTITION BY |SET default_(?:tablespace|table_access_method) = )/g;
// names may hold what the heading is made of, so the last is taken; a line break in a name is printed as a space
const headings =
  /--\n-- (?:TOC entry [^\n]*\n(?:-- Dependencies: [^\n]*\n)?-- )?Name: ([^\n]*); Type: ([A-Z][A-Z ]*); Schema: ([^\n]*); Owner: ([^\n]*)\n--\n/y;
const preambleCharacters = 2000;
const quotesAndBrackets = /['"()]|\$(?:[A-Za-z_]\w*)?\$/;
const end = '--\n-- PostgreSQL database dump complete\n--';

interface Piece extends Definition {
  partitioned: boolean;
  parts: string[];
}

/**
 * Splits what `pg_dump --schema-only` printed, with or without `--create`, at its headings. What only looks like a heading, inside of a
 * function's body or a comment, is not one.
 */
export function splitDefinitions(text: string): Definition[] {
  const definitions: Definition[] = [];
  let piece: Piece | undefined;
  let from = 0;
  let accessMethod = '';
  const doubled = /^SET standard_conforming_strings = off;$/m.test(text.slice(0, preambleCharacters));
  const close = (to: number) => {
    if (piece === undefined) return;
    const { partitioned, parts, ...definition } = piece;
    const whole = [...parts, text.slice(from, to)].join('').trim();
    definition.text = doubled ? withPlainBackslashes(whole) : whole;
    if (partitioned) definition.accessMethod = '';
    definitions.push(definition);
    piece = undefined;
  };

  marks.lastIndex = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const [token] = mark;
    const at = mark.index;
    if (token === '--') {
      headings.lastIndex = at;
      const heading = headings.exec(text);
      if (heading !== null || text.startsWith(end, at)) close(at);
      if (heading !== null) {
        piece = { ...announced(heading, accessMethod), partitioned: false, parts: [] };
        from = headings.lastIndex;
      }
      marks.lastIndex = heading === null ? lineEnd(text, at) : from;
    } else if (token === '\\') {
      // the restricted mode of psql, or the change to the new database, after which pg_dump sets everything anew
      close(at);
      marks.lastIndex = lineEnd(text, at);
    } else if (token.startsWith('SET ')) {
      const lineEndsAt = lineEnd(text, at);
      if (token.includes('access_method')) accessMethod = text.slice(at + token.length, lineEndsAt - 1);
      piece?.parts.push(text.slice(from, at));
      from = lineEndsAt;
      marks.lastIndex = lineEndsAt;
    } else if (token.startsWith('PARTITION')) {
      if (piece !== undefined) piece.partitioned = true;
    } else marks.lastIndex = quoteEnd(text, token, at);
  }
  close(text.length);
  return definitions;
}

function announced(heading: RegExpExecArray, accessMethod: string): Definition {
  const [, name = '', type = '', schema = '', lastPart = ''] = heading;
  const space = lastPart.lastIndexOf('; Tablespace: ');
  return {
    name,
    type,
    schema,
    owner: space === -1 ? lastPart : lastPart.slice(0, space),
    tablespace: space === -1 ? '' : lastPart.slice(space + '; Tablespace: '.length),
    accessMethod: type === 'TABLE' || type === 'MATERIALIZED VIEW' ? accessMethod : '',
    text: '',
  };
}

function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found === -1 ? text.length : found;
}

/** pg_dump and the server double every quote inside of quotes, so that a string with one reads as two side by side. */
function quoteEnd(text: string, quote: string, at: number): number {
  const found = text.indexOf(quote, at + quote.length);
  return found === -1 ? text.length : found + quote.length;
}

/** A source may have standard_conforming_strings off, as a setting that a copy has not: pg_dump then doubles each backslash. */
function withPlainBackslashes(text: string): string {
  const tokens = new RegExp(quotesAndBrackets, 'g');
  const parts: string[] = [];
  let from = 0;
  let escaped = false;
  for (let mark = tokens.exec(text); mark !== null; mark = tokens.exec(text)) {
    const [token] = mark;
    if (token === '(' || token === ')') continue;
    const to = quoteEnd(text, token, mark.index);
    // the second half of a string with a quote in it is as the first
    if (mark.index !== from || from === 0) escaped = /[Ee]/.test(text[mark.index - 1] ?? '');
    const quoted = text.slice(mark.index, to);
    parts.push(text.slice(from, mark.index), token === "'" && !escaped ? quoted.replaceAll('\\\\', '\\') : quoted);
    from = to;
    tokens.lastIndex = to;
  }
  return [...parts, text.slice(from)].join('');
}

type Separator = ',' | ';' | ' ON ' | ' FROM ' | ' WHERE ' | ' TO ' | ' USING ' | ' WITH CHECK ';

/**
 * Splits at a separator where it stands outside of quotes and brackets, for example a column list at its commas. The parts are
 * trimmed, and none is empty.
 */
export function splitOutside(text: string, separator: Separator): string[] {
  const tokens = new RegExp(`${quotesAndBrackets.source}|${separator}`, 'g');
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let mark = tokens.exec(text); mark !== null; mark = tokens.exec(text)) {
    const [token] = mark;
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (token !== separator) tokens.lastIndex = quoteEnd(text, token, mark.index);
    else if (depth === 0) {
      parts.push(text.slice(from, mark.index).trim());
      from = tokens.lastIndex;
    }
  }
  return [...parts, text.slice(from).trim()].filter(part => part !== '');
}

/** Splits `before (inside) after` at its first pair of brackets outside of quotes; undefined where there is none. */
export function atBrackets(text: string): { before: string; inside: string; after: string } | undefined {
  const tokens = new RegExp(quotesAndBrackets, 'g');
  let opened: number | undefined;
  let depth = 0;
  for (let mark = tokens.exec(text); mark !== null; mark = tokens.exec(text)) {
    const [token] = mark;
    if (token === '(') {
      depth += 1;
      opened ??= mark.index;
    } else if (token === ')') {
      depth -= 1;
      if (depth === 0 && opened !== undefined) {
        const inside = text.slice(opened + 1, mark.index);
        return { before: text.slice(0, opened), inside, after: text.slice(mark.index + 1) };
      }
    } else tokens.lastIndex = quoteEnd(text, token, mark.index);
  }
  return undefined;
}
