import type { Session } from './connection.ts';
import { type SequenceValue, readFacts, readLargeObjects, readSequences } from './contents.ts';
import { type CountedTable, countBy } from './fingerprint.ts';
import { qualified } from './quote.ts';
import { readRelations } from './relations.ts';

export type Level = 'content' | 'counts' | 'none';

/** One difference between what the snapshot held and what a copy holds. */
export interface Difference {
  code:
    | 'TABLE_MISSING'
    | 'ROWS_DIFFER'
    | 'CONTENT_DIFFERS'
    | 'SEQUENCE_MISSING'
    | 'SEQUENCE_BEHIND'
    | 'MATVIEW_NOT_POPULATED'
    | 'LARGE_OBJECTS_DIFFER';
  object: string;
  expected: string;
  found: string;
}

/** What a copy must hold, as contents say it. */
export interface Expected {
  tables: readonly {
    schema: string;
    name: string;
    dataCaptured: boolean;
    rows: number | null;
    fingerprint: string | null;
    fingerprintBy: CountedTable['fingerprintBy'];
    condition: string | null;
  }[];
  sequences: readonly { schema: string; name: string; lastValue: string; isCalled: boolean }[];
  materializedViews: readonly { schema: string; name: string; populated: boolean }[];
  largeObjects: { count: number; fingerprint: string | null };
}

/** Tables are asked so many at a time. */
const tablesAtOnce = 50;

/**
 * Holds a restored copy against what the dump's snapshot held: every table by count, and by fingerprint where the level allows it and
 * the backup has one; sequences (not behind), materialized views, large objects.
 */
export async function compareCopy(session: Session, expected: Expected, level: Level): Promise<Difference[]> {
  const differences = await compareTables(session, expected, level);
  const sequences = new Map((await readSequences(session)).map(sequence => [qualified(sequence), sequence]));
  for (const wanted of expected.sequences) {
    const found = sequences.get(qualified(wanted));
    if (!found)
      differences.push({ code: 'SEQUENCE_MISSING', object: nameOf(wanted), expected: 'a sequence', found: 'none' });
    else if (isBehind(found, wanted))
      differences.push({
        code: 'SEQUENCE_BEHIND',
        object: nameOf(wanted),
        expected: `${found.ascending ? 'at least' : 'at most'} ${wanted.lastValue}`,
        found: found.lastValue,
      });
  }
  const { materializedViews } = await readFacts(session);
  const populated = new Set(materializedViews.filter(view => view.populated).map(qualified));
  for (const view of expected.materializedViews) {
    if (view.populated && !populated.has(qualified(view))) {
      differences.push({
        code: 'MATVIEW_NOT_POPULATED',
        object: nameOf(view),
        expected: 'populated',
        found: 'not populated',
      });
    }
  }
  const found = await inTransaction(session, () =>
    readLargeObjects(session, expected.largeObjects.fingerprint !== null && level === 'content'),
  );
  const sameContent = found.fingerprint === null || found.fingerprint === expected.largeObjects.fingerprint;
  if (found.count !== expected.largeObjects.count || !sameContent) {
    differences.push({
      code: 'LARGE_OBJECTS_DIFFER',
      object: 'large objects',
      expected: `${expected.largeObjects.count}`,
      found: `${found.count}${found.count === expected.largeObjects.count ? ' with other bytes' : ''}`,
    });
  }
  return differences;
}

async function compareTables(session: Session, expected: Expected, level: Level): Promise<Difference[]> {
  const relations = new Map((await readRelations(session)).map(relation => [qualified(relation), relation]));
  const differences: Difference[] = [];
  const toCount: {
    oid: number;
    schema: string;
    name: string;
    condition: string | null;
    by: CountedTable['fingerprintBy'];
  }[] = [];
  const wanted: Expected['tables'][number][] = [];
  for (const table of expected.tables) {
    const relation = relations.get(qualified(table));
    if (!relation)
      differences.push({ code: 'TABLE_MISSING', object: nameOf(table), expected: 'a table', found: 'none' });
    else if (level !== 'none' && table.dataCaptured && table.rows !== null) {
      const { schema, name, condition } = table;
      toCount.push({
        oid: relation.oid,
        schema,
        name,
        condition,
        by: level === 'content' ? table.fingerprintBy : null,
      });
      wanted.push(table);
    }
  }
  for (let from = 0; from < toCount.length; from += tablesAtOnce) {
    const counted = await countBy(session, toCount.slice(from, from + tablesAtOnce));
    counted.forEach((found, index) => {
      const table = wanted[from + index];
      if (table) differences.push(...compareTable(table, found));
    });
  }
  return differences;
}

function compareTable(table: Expected['tables'][number], found: CountedTable): Difference[] {
  const object = nameOf(table);
  if (found.rows !== table.rows)
    return [{ code: 'ROWS_DIFFER', object, expected: `${table.rows} rows`, found: `${found.rows} rows` }];
  if (found.fingerprint === null || found.fingerprint === table.fingerprint) return [];
  return [
    {
      code: 'CONTENT_DIFFERS',
      object,
      expected: `fingerprint ${table.fingerprint}`,
      found: `fingerprint ${found.fingerprint}`,
    },
  ];
}

/** A sequence that counts down is behind when it is above. */
function isBehind(found: SequenceValue, wanted: { lastValue: string; isCalled: boolean }): boolean {
  const ahead = (BigInt(found.lastValue) - BigInt(wanted.lastValue)) * (found.ascending ? 1n : -1n);
  return ahead < 0n || (ahead === 0n && wanted.isCalled && !found.isCalled);
}

async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN READ ONLY');
  try {
    return await work();
  } finally {
    await session.query('ROLLBACK');
  }
}

function nameOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}
