import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../setup/cluster.ts';

/** Makes a database and fills it; gives the bytes of its tables without indexes. */
export async function fillBench(cluster: Cluster, scale: number, database: string): Promise<number> {
  await cluster.createDatabase(database);
  const sql = await readFile(join(import.meta.dirname, 'data.sql'), 'utf8');
  await cluster.query(sql.replaceAll(':scale', String(scale)), undefined, database);
  const [row] = await cluster.query<{ size: string }>(
    "SELECT sum(pg_table_size(oid))::text AS size FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    undefined,
    database,
  );
  return Number(row?.size);
}
