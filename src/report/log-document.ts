import type { ListResult } from '../commands/list.ts';
import {
  type CsvColumn,
  type Column,
  backupColumns,
  backupCsvColumns,
  drillColumns,
  drillCsvColumns,
} from './log-cells.ts';
import { csvTable } from './csv.ts';
import { escapeMarkdown, plainLine } from './format.ts';
import { markdownTable, textTable } from './table.ts';

const hiddenCell = 'hidden';

/** The log as CSV, all databases in one table; cells of hidden text say so. */
export function logCsv({ backups, drills, shows, textHidden, replica }: ListResult): string {
  const make = <Row>(all: readonly CsvColumn<Row>[], rows: readonly Row[]) => {
    const columns = all.filter(({ ofReplica }) => ofReplica !== true || replica !== null);
    return csvTable(
      columns.map(({ name }) => name),
      rows.map(row => columns.map(({ cell, isText }) => (textHidden && isText === true ? hiddenCell : cell(row)))),
    );
  };
  return shows === 'backups' ? make(backupCsvColumns, backups) : make(drillCsvColumns, drills);
}

/** The rows of one database, for a terminal or as Markdown; hidden text has no column. */
export function logTable(result: ListResult, name: string, as: 'text' | 'markdown'): string {
  const { backups, drills, shows, textHidden, replica } = result;
  const make = <Row extends { name: string }>(all: readonly Column<Row>[], rows: readonly Row[]) => {
    const own = rows.filter(row => row.name === name);
    const isShown = ({ isText, isRare, ofReplica, cell }: Column<Row>) =>
      !(textHidden && isText === true) &&
      !(ofReplica === true && replica === null) &&
      !(isRare === true && own.every(row => cell(row) === ''));
    const columns = all.filter(isShown);
    const clean = as === 'text' ? plainLine : escapeMarkdown;
    const table = as === 'text' ? textTable : markdownTable;
    return table(
      columns.map(({ title }) => title),
      own.map(row => columns.map(({ cell }) => clean(cell(row)))),
      columns.flatMap(({ isNumber }, index) => (isNumber === true ? [index] : [])),
    );
  };
  return shows === 'backups' ? make(backupColumns, backups) : make(drillColumns, drills);
}
