import type { CensusTable } from '../postgres/census.ts';
import { type Target, connect } from '../postgres/connection.ts';
import { HistoryObserver, readHistories } from '../postgres/history.ts';
import { LockObserver, type Observed } from '../postgres/lock-observer.ts';
import type { Applied } from './rehearse-apply.ts';
import type { LockedTable, RehearseResult } from './rehearse-result.ts';

export interface Seen {
  applied: Applied;
  observed: Observed;
  /** How many migrations appeared in the tool's own history. */
  known: number;
}

/** Applies while the locks and the histories are looked at by sessions of their own. */
export async function observe(target: Target, work: () => Promise<Applied>, signal: AbortSignal): Promise<Seen> {
  const [watching, reading] = [await connect(target, signal), await connect(target, signal)];
  const cut = () => [watching, reading].forEach(session => session.cut());
  signal.addEventListener('abort', cut, { once: true });
  try {
    // whoever applies migrations may lock the history, and must not be held up by us
    await reading.query(`SET lock_timeout = '50ms'`);
    const histories = new HistoryObserver(reading, await readHistories(reading));
    const locks = new LockObserver(watching, [target.application]);
    const applied = await work();
    const observed = await locks.stop();
    const seen = await histories.stop();
    const migrations = applied.migrations.length > 0 ? applied.migrations : seen;
    return { applied: { ...applied, migrations }, observed, known: seen.length };
  } finally {
    signal.removeEventListener('abort', cut);
    await Promise.all([watching.close(), reading.close()]);
  }
}

/** The tables that were closed to others, the longest first. */
export function lockedTables(
  before: readonly CensusTable[],
  { locks }: Observed,
  { tables, definitions }: Pick<RehearseResult, 'tables' | 'definitions'>,
): LockedTable[] {
  const names = new Map(before.map(({ oid, schema, name }) => [oid, `${schema}.${name}`]));
  const seen = locks.flatMap(({ oid, readersSeconds, writersSeconds }) => {
    const table = names.get(oid);
    return table === undefined ? [] : [{ table, readersSeconds, writersSeconds }];
  });
  const isSeen = new Set(seen.map(({ table }) => table));
  // whose definition is another one was locked, though nobody saw it
  const changed = definitions
    .filter(({ change }) => change === 'changed')
    .map(({ object }) => object.replace(/^table /, ''));
  const touched = new Set([...changed, ...tables.filter(({ rewritten }) => rewritten).map(({ table }) => table)]);
  const brief = [...names.values()].filter(table => touched.has(table) && !isSeen.has(table));
  return [...seen, ...brief.map(table => ({ table, readersSeconds: null, writersSeconds: null }))].sort(
    (a, b) =>
      Math.max(b.readersSeconds ?? 0, b.writersSeconds ?? 0) - Math.max(a.readersSeconds ?? 0, a.writersSeconds ?? 0),
  );
}
