import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './postgres.ts';

const template = 'everything_template';
const everythingFile = join(import.meta.dirname, 'everything.sql');

/**
 * A fresh database with every kind of object that pg_dump can write down, owned by roles of the whole cluster (`every_…`), some of it
 * in the tablespace `every_space`; the database has settings, rights and a comment of its own.
 */
export async function createEverythingDatabase(postgres: Cluster, name?: string): Promise<string> {
  const session = await postgres.connect();
  try {
    // test files run side by side, and the first that wants it makes the template
    await session.query('SELECT pg_advisory_lock(2)');
    const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    if (rowCount === 0) await makeTemplate(postgres);
  } finally {
    await session.end();
  }
  const database = await postgres.createDatabase(name, { template });
  const quoted = `"${database.replaceAll('"', '""')}"`;
  // a template gives none of these to its copies
  await postgres.query(`
    COMMENT ON DATABASE ${quoted} IS 'has ''everything''';
    ALTER DATABASE ${quoted} OWNER TO every_owner;
    ALTER DATABASE ${quoted} CONNECTION LIMIT 77;
    ALTER DATABASE ${quoted} SET work_mem = '5MB';
    ALTER DATABASE ${quoted} SET search_path = "$user", public, every;
    ALTER ROLE every_reader IN DATABASE ${quoted} SET statement_timeout = '12s';
    GRANT CREATE, TEMPORARY ON DATABASE ${quoted} TO every_reader WITH GRANT OPTION`);
  return database;
}

async function makeTemplate(postgres: Cluster): Promise<void> {
  await makeTablespace(postgres);
  const unfinished = await postgres.createDatabase(undefined, { template: 'template0' });
  await postgres.query(await readFile(everythingFile, 'utf8'), undefined, unfinished);
  await postgres.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
}

/** Inside of the data folder, which servers allow only for tests; one that does not goes without. */
async function makeTablespace(postgres: Cluster): Promise<void> {
  const session = await postgres.connect();
  try {
    const { rowCount } = await session.query(`SELECT FROM pg_tablespace WHERE spcname = 'every_space'`);
    if (rowCount !== 0) return;
    await session.query('SET allow_in_place_tablespaces = on');
    await session.query(`CREATE TABLESPACE every_space LOCATION ''`);
  } catch (error) {
    if (!/allow_in_place_tablespaces/.test(String(error))) throw error;
  } finally {
    await session.end();
  }
}

/** Adds subscriptions that never connect, one with a password. A database that has any cannot be dropped. */
export async function addSubscriptions(postgres: Cluster, database: string): Promise<void> {
  await postgres.query(
    `CREATE SUBSCRIPTION every_idle CONNECTION 'host=nowhere.invalid dbname=x password=subscription-secret'
       PUBLICATION "one ""odd""", two WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false);
     COMMENT ON SUBSCRIPTION every_idle IS 'never connects';
     ALTER SUBSCRIPTION every_idle OWNER TO every_boss`,
    undefined,
    database,
  );
}

/** Takes them away again, without a word to the publisher. */
export async function dropSubscriptions(postgres: Cluster, database: string): Promise<void> {
  await postgres.query('ALTER SUBSCRIPTION every_idle DISABLE', undefined, database);
  await postgres.query('ALTER SUBSCRIPTION every_idle SET (slot_name = NONE)', undefined, database);
  await postgres.query('DROP SUBSCRIPTION every_idle', undefined, database);
}
