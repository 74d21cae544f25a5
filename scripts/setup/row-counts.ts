import type { Cluster } from './cluster.ts';

/** The exact number of rows of each table and filled materialized view, and of the large objects, by name. */
export type RowCounts = ReadonlyMap<string, number>;

const largeObjects = 'large objects';
const relations = `
  SELECT format('%I.%I', nspname, relname) AS name
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'm') AND relispopulated AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  ORDER BY name`;

/** Counts everything in a database, each partition and child for itself. */
export async function rowCounts(postgres: Cluster, database: string): Promise<RowCounts> {
  const session = await postgres.connect(database);
  try {
    const counts = new Map<string, number>();
    const count = async (name: string, from: string) => {
      const { rows } = await session.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${from}`);
      counts.set(name, Number(rows[0]?.rows));
    };
    const { rows } = await session.query<{ name: string }>(relations);
    for (const { name } of rows) await count(name, `ONLY ${name}`);
    await count(largeObjects, 'pg_largeobject_metadata');
    return counts;
  } finally {
    await session.end();
  }
}

/** What is not the same in both, a clause each. */
export function differences(before: RowCounts, after: RowCounts): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter(name => before.get(name) !== after.get(name))
    .map(name => `${name}, before: ${rowsOf(before, name)}, after: ${rowsOf(after, name)}`);
}

function rowsOf(counts: RowCounts, name: string): string {
  const rows = counts.get(name);
  return rows === undefined ? 'not there' : `${rows} rows`;
}

/** All of it in a few words. */
export function total(counts: RowCounts): string {
  const tables = [...counts].filter(([name]) => name !== largeObjects);
  const rows = tables.reduce((sum, [, count]) => sum + count, 0);
  return `${rows.toLocaleString('en')} rows in ${tables.length} tables, ${counts.get(largeObjects) ?? 0} large objects`;
}
