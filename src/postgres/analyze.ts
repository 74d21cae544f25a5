import type { Session } from './connection.ts';
import { qualified } from './quote.ts';

/**
 * Gathers statistics after a restore: without them the first queries would be planned blindly. A table that has parts on a server out of
 * reach cannot be analyzed; then each is tried by itself, and those that failed are left as they are.
 */
export async function analyze(session: Session): Promise<void> {
  if (await isAnalyzed(session, '')) return;
  const tables = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  );
  for (const table of tables) await isAnalyzed(session, qualified(table));
}

async function isAnalyzed(session: Session, table: string): Promise<boolean> {
  try {
    await session.query(`ANALYZE ${table}`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return false;
  }
}
