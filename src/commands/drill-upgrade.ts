import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../failure.ts';
import { connect } from '../postgres/connection.ts';
import { type Definition, isOfDatabase, splitDefinitions } from '../postgres/definitions.ts';
import { createScratch, dropScratch, newScratchName } from '../postgres/scratch.ts';
import { withSettings } from '../postgres/spelling.ts';
import { run } from '../process.ts';
import type { Fetched } from './drill-fetch.ts';
import { fitScratch } from './drill-restore.ts';
import { type DrillServer, inDatabase } from './drill-server.ts';

/**
 * The source's definitions in the words of a newer server: they are run there, in a database of their own, and dumped again. So what two
 * majors spell differently is the same on both sides, and any other difference is one of the restored copy.
 */
export async function respellDefinitions(
  { contents, definitions, client }: Fetched,
  manifest: Manifest,
  { admin }: DrillServer,
  isSkipped: (definition: Definition) => boolean,
  signal: AbortSignal,
): Promise<string> {
  const name = newScratchName();
  const target = inDatabase(admin.target, name);
  await createScratch(admin, name, manifest.database, admin.target.address.user);
  try {
    await fitScratch(target, contents, signal);
    const wanted = splitDefinitions(definitions).filter(one => !isOfDatabase(one) && !isSkipped(one));
    const session = await connect(target, signal);
    const cut = () => session.cut();
    signal.addEventListener('abort', cut, { once: true });
    try {
      await session.query('SET check_function_bodies = false; SET session_replication_role = replica');
      for (const one of wanted) await define(one, text => session.query(text));
    } finally {
      signal.removeEventListener('abort', cut);
      await session.close();
    }
    const spelled = await withSettings(admin, target, contents.textSettings);
    return (await run(client.command('pg_dump', ['--schema-only', '--no-password'], spelled), signal)).stdout;
  } finally {
    await dropScratch(admin, name, () => connect(target));
  }
}

async function define(one: Definition, query: (text: string) => Promise<unknown>): Promise<void> {
  const { type, schema, name, accessMethod, text } = one;
  if (text === '') return;
  try {
    if (accessMethod !== '') await query(`SET default_table_access_method = ${accessMethod}`);
    await query(text);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    throw new Failure(`the newer server refuses the definition of ${type} ${schema}.${name}: SQLSTATE ${code}`);
  }
}
