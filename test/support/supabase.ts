import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { As, Cluster } from './postgres.ts';

const sqlFile = join(import.meta.dirname, 'supabase.sql');

/**
 * Fills the database `postgres` of a cluster of its own, whose bootstrap superuser is `supabase_admin`, as Supabase lays it out. `as` is
 * the user that a project's owner gets: `postgres`, who is no superuser there.
 */
export async function createSupabaseDatabase(cluster: Cluster): Promise<{ database: string; as: As }> {
  if (cluster.address.user !== 'supabase_admin')
    throw new Error(`the superuser of this cluster is ${cluster.address.user}, not supabase_admin`);
  const password = `${randomBytes(6).toString('hex')}:/@%`;
  await cluster.query(await readFile(sqlFile, 'utf8'));
  await cluster.query(`ALTER ROLE postgres PASSWORD '${password}'`);
  return { database: 'postgres', as: { user: 'postgres', password } };
}
