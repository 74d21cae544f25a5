import type { Cluster } from './cluster.ts';

/** The exact number of rows of each table and filled materialized view, and of the large objects, by name. */
export type RowCounts = ReadonlyMap<string, number>;

const largeObjects = 'large objects';
const viewPrefix = 'materialized view ';
const relations = `
  SELECT format('%I.%I', nspname, relname) AS name, relkind = 'm' AS is_view
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'm') AND relispopulated AND nspname !~ '^pg_' AND nspname <> 'information_schema'
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
    const { rows } = await session.query<{ name: string; is_view: boolean }>(relations);
    for (const { name, is_view } of rows) await count(is_view ? `${viewPrefix}${name}` : name, `ONLY ${name}`);
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
  const names = [...counts.keys()];
  const views = names.filter(name => name.startsWith(viewPrefix));
  const tables = names.filter(name => name !== largeObjects && !views.includes(name));
  const rows = tables.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0).toLocaleString('en');
  const objects = counts.get(largeObjects) ?? 0;
  return `${rows} rows in ${tables.length} tables, ${views.length} materialized view, ${objects} large objects`;
}
