import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './connection.ts';
import { type CountedTable, type TableToCount, countTables } from './fingerprint.ts';
import { literal, qualified } from './quote.ts';

/** Small tables are counted many at a time, for the sake of slow links; each stays one lock only for a moment. */
const smallBytes = 4 * 1024 * 1024;
const smallAtOnce = 50;
/** A table that is locked against us right now is asked again; the watch ends it when that takes too long. */
const lockedPauseMilliseconds = 300;

export interface CountOptions {
  snapshotId: string;
  level: 'content' | 'counts';
  sizeOf: (table: TableToCount) => number;
  signal: AbortSignal;
}

/** Begins a transaction in an exported snapshot. */
export async function importSnapshot(session: Session, snapshotId: string): Promise<void> {
  await session.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(snapshotId)}`,
  );
}

/**
 * Counts tables in an exported snapshot. Locks come with NOWAIT and before the snapshot is imported: a session of ours never stands in
 * the queue behind a waiting ALTER, where it would make others wait.
 */
export async function countInSnapshot(
  session: Session,
  tables: readonly TableToCount[],
  options: CountOptions,
): Promise<CountedTable[]> {
  const counted: CountedTable[] = [];
  for (const batch of batches(tables, options.sizeOf)) {
    await beginLocked(session, batch, options);
    counted.push(...(await countTables(session, batch, options.level)));
    await session.query('COMMIT');
  }
  return counted;
}

/** Counts tables in a transaction that has locked them all and stays open. */
export async function countLocked(
  session: Session,
  tables: readonly TableToCount[],
  { level, sizeOf, signal }: Omit<CountOptions, 'snapshotId'>,
): Promise<CountedTable[]> {
  const counted: CountedTable[] = [];
  for (const batch of batches(tables, sizeOf)) {
    signal.throwIfAborted();
    counted.push(...(await countTables(session, batch, level)));
  }
  return counted;
}

async function beginLocked(
  session: Session,
  batch: readonly TableToCount[],
  { snapshotId, signal }: CountOptions,
): Promise<void> {
  const names = batch.map(table => `ONLY ${qualified(table)}`).join(', ');
  const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ${names} IN ACCESS SHARE MODE NOWAIT; SET TRANSACTION SNAPSHOT ${literal(snapshotId)}`;
  for (;;) {
    signal.throwIfAborted();
    try {
      await session.query(begin);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03') throw error;
      await session.query('ROLLBACK');
      await sleep(lockedPauseMilliseconds, undefined, { signal });
    }
  }
}

/** Tables in portions for one statement each: large ones alone, small ones many together. */
export function* batches<Table extends TableToCount>(
  tables: readonly Table[],
  sizeOf: (table: Table) => number,
): Generator<Table[]> {
  let batch: Table[] = [];
  for (const table of tables) {
    const small = sizeOf(table) < smallBytes;
    if (batch.length > 0 && (!small || batch.length === smallAtOnce)) {
      yield batch;
      batch = [];
    }
    if (small) batch.push(table);
    else yield [table];
  }
  if (batch.length > 0) yield batch;
}
