/** Reads CSV by RFC 4180, strictly: throws where a quote stands in the wrong place, or a line does not end with CR LF. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"/y;
    const bare = /[^",\r\n]*/y;
    const pattern = text[at] === '"' ? quoted : bare;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new Error(`an open quote at ${at}`);
    row.push(pattern === quoted ? (match[1] ?? '').replaceAll('""', '"') : match[0]);
    at = pattern.lastIndex;
    if (text[at] === ',') at += 1;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
      continue;
    } else throw new Error(`neither a comma nor a line's end at ${at}`);
    if (text.startsWith('\r\n', at)) {
      rows.push([...row, '']);
      row = [];
      at += 2;
    }
  }
  if (row.length > 0) throw new Error('the last line does not end');
  return rows;
}
