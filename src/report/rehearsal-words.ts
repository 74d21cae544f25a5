import type { RehearseResult } from '../commands/rehearse-result.ts';
import { formatCount, formatSeconds, plural } from './format.ts';

/** The verdict in one line. */
export function headOf({ verdict, files, seconds }: RehearseResult): string {
  if (files.length === 0) return `rehearsal: ${verdict}, the change brings no migration`;
  return `rehearsal of ${plural(files.length, 'migration')}: ${verdict} (${formatSeconds(seconds)} to apply)`;
}

/** The columns of what became of a table. */
export const tableHeader = ['Table', 'Rows before', 'Rows after', 'Inserted', 'Updated', 'Deleted', ''];
/** Those with numbers. */
export const rightOfTables = [1, 2, 3, 4, 5];

/** What became of one table. */
export function tableCells({
  table,
  was,
  rowsBefore,
  rowsAfter,
  inserted,
  updated,
  deleted,
  rewritten,
}: RehearseResult['tables'][number]): string[] {
  const notes = [
    ...(rowsBefore === null ? ['new'] : []),
    ...(rowsAfter === null ? ['dropped'] : []),
    ...(was === null ? [] : [`was ${was}`]),
    ...(rewritten ? ['written anew'] : []),
  ];
  const figure = (count: number | null) => (count === null ? '' : formatCount(count));
  return [
    table,
    figure(rowsBefore),
    figure(rowsAfter),
    figure(inserted),
    figure(updated),
    figure(deleted),
    notes.join(', '),
  ];
}

/** A table, and how long nobody could read it, and nobody write to it. */
export function lockCells({ table, readersSeconds, writersSeconds }: RehearseResult['locks'][number]): string[] {
  if (readersSeconds === null || writersSeconds === null) return [table, '< 0.05 s', '< 0.05 s'];
  const closed = (seconds: number) => (seconds === 0 ? '' : seconds < 0.1 ? '< 0.1 s' : formatSeconds(seconds));
  return [table, closed(readersSeconds), closed(Math.max(readersSeconds, writersSeconds))];
}

/** What a rehearsal cannot see. */
export function limits({ role }: RehearseResult): string {
  const rights = role === null ? ' They were applied by a superuser: name migrate-role to rehearse rights too.' : '';
  return `Locks shorter than about 20 ms may be missed. In production a lock waits for whoever uses the table, and everybody else waits behind it.${rights}`;
}
