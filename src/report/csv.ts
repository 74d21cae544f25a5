/** A cell of CSV: text, or a number; null is an empty cell. */
export type CsvCell = string | number | boolean | null;

/** A table by RFC 4180: lines end with CR LF, the first has the names of the columns. */
export function csvTable(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map(row => `${row.map(cellText).join(',')}\r\n`).join('');
}

/**
 * Foreign text that no spreadsheet takes for a formula: those begin with `=`, `+`, `-`, `@`, a tab or a CR (OWASP, CSV injection). An
 * apostrophe before it is what spreadsheets take for "text".
 */
export function plainCell(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function cellText(cell: CsvCell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
