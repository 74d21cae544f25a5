import type { Session } from './connection.ts';
import { type LargeObjects, type SequenceValue, readFacts, readLargeObjects, readSequences } from './contents.ts';
import { batches } from './count.ts';
import { type CountedTable, countBy } from './fingerprint.ts';
import { qualified } from './quote.ts';
import { readRelations } from './relations.ts';

export type Level = 'content' | 'counts' | 'none';

/** One difference between what the snapshot held and what a copy holds. */
export interface Difference {
  code:
    | 'TABLE_MISSING'
    | 'TABLE_NOT_COMPARED'
    | 'ROWS_DIFFER'
    | 'CONTENT_DIFFERS'
    | 'SEQUENCE_MISSING'
    | 'SEQUENCE_BEHIND'
    | 'SEQUENCE_AHEAD'
    | 'SEQUENCE_NOT_COMPARED'
    | 'MATVIEW_MISSING'
    | 'MATVIEW_NOT_POPULATED'
    | 'MATVIEW_POPULATED'
    | 'LARGE_OBJECTS_DIFFER'
    | 'NOT_VERIFIED';
  object: string;
  expected: string;
  found: string;
}

/** A table as contents say what it must hold. */
export interface ExpectedTable {
  schema: string;
  name: string;
  kind: 'table' | 'partitioned' | 'foreign';
  dataCaptured: boolean;
  rows: number | null;
  fingerprint: string | null;
  fingerprintBy: CountedTable['fingerprintBy'];
  condition: string | null;
  sizeBytes: number;
}

/** What a copy must hold, as contents say it. */
export interface Expected {
  tables: readonly ExpectedTable[];
  sequences: readonly (Omit<SequenceValue, 'ascending'> & { later: { lastValue: string; isCalled: boolean } | null })[];
  materializedViews: readonly { schema: string; name: string; populated: boolean }[];
  largeObjects: LargeObjects;
}

/**
 * Holds a restored copy against what the dump's snapshot held: every table by count, and by fingerprint where the level allows it and
 * the backup has one; sequences, materialized views, large objects. Tables are counted side by side by all `sessions`.
 */
export async function compareCopy(
  sessions: readonly [Session, ...Session[]],
  expected: Expected,
  level: Level,
): Promise<Difference[]> {
  const [session] = sessions;
  return [
    ...(await compareTables(sessions, expected.tables, level)),
    ...(await compareSequences(session, expected.sequences)),
    ...(await compareMatviews(session, expected.materializedViews)),
    ...(await compareLargeObjects(session, expected.largeObjects, level)),
  ];
}

/** The tables of a copy by what they hold; results come in the order of `tables`. */
export async function compareTables(
  sessions: readonly [Session, ...Session[]],
  tables: readonly ExpectedTable[],
  level: Level,
): Promise<Difference[]> {
  const relations = new Map((await readRelations(sessions[0])).map(relation => [qualified(relation), relation]));
  const differences = new Map<ExpectedTable, Difference>();
  const toCount: CountingTable[] = [];
  for (const table of tables) {
    const relation = relations.get(qualified(table));
    if (!relation)
      differences.set(table, { code: 'TABLE_MISSING', object: tableName(table), expected: 'a table', found: 'none' });
    else if (
      level !== 'none' &&
      table.dataCaptured &&
      (table.rows === null || (level === 'content' && table.fingerprintBy === null))
    )
      // only contents that contradict themselves
      differences.set(table, {
        code: 'TABLE_NOT_COMPARED',
        object: tableName(table),
        expected: 'rows that the contents describe',
        found: 'nothing to hold them against',
      });
    else if (level !== 'none' && table.dataCaptured) {
      const { schema, name, condition } = table;
      const by = level === 'content' ? table.fingerprintBy : null;
      toCount.push({ oid: relation.oid, schema, name, condition, by, table });
    }
  }
  // the largest first, so that no session is left alone with it at the end
  toCount.sort((a, b) => b.table.sizeBytes - a.table.sizeBytes);
  const waiting = [...batches(toCount, ({ table }) => table.sizeBytes)];
  const lane = async (session: Session) => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift())
      for (const [table, difference] of await countAndCompare(session, batch)) differences.set(table, difference);
  };
  const settled = await Promise.allSettled(sessions.map(lane));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return tables.flatMap(table => differences.get(table) ?? []);
}

interface CountingTable {
  oid: number;
  schema: string;
  name: string;
  condition: string | null;
  by: CountedTable['fingerprintBy'];
  table: ExpectedTable;
}

async function countAndCompare(
  session: Session,
  batch: readonly CountingTable[],
): Promise<[ExpectedTable, Difference][]> {
  try {
    const counted = await countBy(session, batch);
    return batch.flatMap(({ table }, index) => {
      const found = counted[index];
      const difference = found && compareTable(table, found);
      return difference ? [[table, difference] as [ExpectedTable, Difference]] : [];
    });
  } catch (error) {
    const { code } = error as { code?: string };
    // of a lost session, or one without disk or memory, the caller knows more
    if (code === undefined || /^(?:53|57|58)/.test(code)) throw error;
    const [only, ...others] = batch;
    if (only && others.length === 0) return [[only.table, notCounted(only.table, code)]];
    const differences: [ExpectedTable, Difference][] = [];
    for (const one of batch) differences.push(...(await countAndCompare(session, [one])));
    return differences;
  }
}

function notCounted(table: ExpectedTable, code: string): Difference {
  const found = `the server could not read it (SQLSTATE ${code})`;
  return { code: 'TABLE_NOT_COMPARED', object: tableName(table), expected: 'rows that can be read', found };
}

function compareTable(table: ExpectedTable, found: CountedTable): Difference | undefined {
  const object = tableName(table);
  if (found.rows !== table.rows)
    return { code: 'ROWS_DIFFER', object, expected: `${table.rows} rows`, found: `${found.rows} rows` };
  if (found.fingerprint === null || found.fingerprint === table.fingerprint) return undefined;
  return {
    code: 'CONTENT_DIFFERS',
    object,
    expected: `fingerprint ${table.fingerprint}`,
    found: `fingerprint ${found.fingerprint}`,
  };
}

/** Sequences do not follow the snapshot: a restored one must lie between its values before and after the dump. */
export async function compareSequences(session: Session, expected: Expected['sequences']): Promise<Difference[]> {
  const sequences = new Map((await readSequences(session)).map(sequence => [qualified(sequence), sequence]));
  return expected.flatMap((wanted): Difference[] => {
    const object = `sequence ${wanted.schema}.${wanted.name}`;
    const found = sequences.get(qualified(wanted));
    if (!found) return [{ code: 'SEQUENCE_MISSING', object, expected: 'a sequence', found: 'none' }];
    const { later } = wanted;
    if (later && isBehind({ ...later, ascending: found.ascending }, wanted)) {
      // somebody set it back, or it began anew, while the dump ran: it may have been anything
      return [{ code: 'SEQUENCE_NOT_COMPARED', object, expected: 'a value that only grows', found: 'it was set back' }];
    }
    const word = (least: string, most: string) => (found.ascending ? least : most);
    if (isBehind(found, wanted)) {
      const expectedValue = `${word('at least', 'at most')} ${describeValue(wanted)}`;
      return [{ code: 'SEQUENCE_BEHIND', object, expected: expectedValue, found: describeValue(found) }];
    }
    if (later && isBehind({ ...later, ascending: found.ascending }, found)) {
      const expectedValue = `${word('at most', 'at least')} ${describeValue(later)}`;
      return [{ code: 'SEQUENCE_AHEAD', object, expected: expectedValue, found: describeValue(found) }];
    }
    return [];
  });
}

/** A sequence that counts down is behind when it is above. */
function isBehind(found: Omit<SequenceValue, 'schema' | 'name'>, wanted: { lastValue: string; isCalled: boolean }) {
  const ahead = (BigInt(found.lastValue) - BigInt(wanted.lastValue)) * (found.ascending ? 1n : -1n);
  return ahead < 0n || (ahead === 0n && wanted.isCalled && !found.isCalled);
}

function describeValue({ lastValue, isCalled }: { lastValue: string; isCalled: boolean }): string {
  return isCalled ? lastValue : `${lastValue}, not yet given`;
}

/** Whether materialized views are populated as in the source; what they hold is for `compareMatviewContents`. */
export async function compareMatviews(
  session: Session,
  expected: Expected['materializedViews'],
): Promise<Difference[]> {
  const { materializedViews } = await readFacts(session);
  const populated = new Map(materializedViews.map(view => [qualified(view), view.populated]));
  return expected.flatMap((view): Difference[] => {
    const object = `materialized view ${view.schema}.${view.name}`;
    const found = populated.get(qualified(view));
    if (found === undefined)
      return [{ code: 'MATVIEW_MISSING', object, expected: 'a materialized view', found: 'none' }];
    if (found === view.populated) return [];
    return view.populated
      ? [{ code: 'MATVIEW_NOT_POPULATED', object, expected: 'populated', found: 'not populated' }]
      : [{ code: 'MATVIEW_POPULATED', object, expected: 'not populated', found: 'populated' }];
  });
}

async function compareLargeObjects(session: Session, expected: LargeObjects, level: Level): Promise<Difference[]> {
  const found = await inTransaction(session, () => readLargeObjects(session, level === 'content'));
  const object = 'large objects';
  if (found.count !== expected.count)
    return [{ code: 'LARGE_OBJECTS_DIFFER', object, expected: `${expected.count}`, found: `${found.count}` }];
  const differs = (what: string): Difference => ({
    code: 'LARGE_OBJECTS_DIFFER',
    object,
    expected: `${expected.count}`,
    found: `${found.count} with other ${what}`,
  });
  const isUnread = expected.count > 0 && level === 'content' && expected.fingerprint === null;
  return [
    ...(isOther(expected.fingerprint, found.fingerprint) ? [differs('bytes')] : []),
    ...(isOther(expected.rights, found.rights) ? [differs('owners, rights or comments')] : []),
    ...(isUnread
      ? [
          {
            code: 'NOT_VERIFIED' as const,
            object,
            expected: 'their bytes',
            found: 'the source could not read them whole',
          },
        ]
      : []),
  ];
}

function isOther(expected: string | null, found: string | null): boolean {
  return expected !== null && found !== null && expected !== found;
}

async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN READ ONLY');
  try {
    return await work();
  } finally {
    await session.query('ROLLBACK');
  }
}

function tableName({ schema, name }: { schema: string; name: string }): string {
  return `table ${schema}.${name}`;
}
