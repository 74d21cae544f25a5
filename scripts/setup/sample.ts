import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The sample database as SQL: for a superuser, in an empty database; its roles may be there already. */
export const sampleFile = join(import.meta.dirname, 'sample-database.sql');

/** Fills an empty database with the sample, by a function that runs several statements at once, as one transaction. */
export async function fillSample(query: (sql: string) => Promise<unknown>): Promise<void> {
  await query(await readFile(sampleFile, 'utf8'));
}
