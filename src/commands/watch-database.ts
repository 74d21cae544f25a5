import type { Manifest } from '../catalog/manifest.ts';
import { explanationOf, messageOf } from '../failure.ts';
import type { WatchInputs } from '../inputs/watch.ts';
import { type Session, connect } from '../postgres/connection.ts';
import { type SourceIdentity, readIdentity, readVersionAndSize } from '../postgres/facts.ts';
import { exposedWarning } from '../postgres/preflight.ts';
import { qualified } from '../postgres/quote.ts';
import { type Relation, missingTables, readRelations } from '../postgres/relations.ts';
import { type DatabaseFacts, judgeDatabase, unreachable } from '../watch/database.ts';
import { type Look, leftOut } from '../watch/look.ts';
import type { Context } from './context.ts';
import { openTarget } from './targets.ts';
import type { AskedDatabase } from './watch-result.ts';

/** The look at the database, and what it said of itself; null where it was not asked, or gave no answer. */
export interface DatabaseLook {
  look: Look;
  asked: AskedDatabase | null;
}

/** Nothing here may hold up the database, or be held up by it for long. */
const lockTimeout = '5s';
const statementTimeout = '2min';

/** Asks the database itself: whether it answers, which one it is, how large it is, and whether required tables have rows. */
export async function lookAtDatabase(
  name: string,
  newest: Manifest | undefined,
  inputs: WatchInputs,
  context: Context,
): Promise<DatabaseLook> {
  if (inputs.databaseUrl === undefined) return { look: leftOut('the database itself (database-url)'), asked: null };
  const target = await openTarget('database-url', inputs.databaseUrl, inputs.sslRootCert, context);
  const { signal, log } = context;
  let session: Session | undefined;
  const cut = () => session?.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    // bare, and all in one transaction: so it goes through a pooler too, and leaves no setting there
    session = await connect(target, signal, true);
    if (session.isExposed) log.warn(exposedWarning(target.input));
    const { version, ...facts } = await readFacts(session, inputs.requiredTables);
    const { sizeBytes, tables } = facts;
    const source = compareSource(facts.identity, newest);
    return {
      look: judgeDatabase({ ...facts, name, source, newest }, inputs),
      asked: { version, sizeBytes, tables },
    };
  } catch (error) {
    signal.throwIfAborted();
    return { look: unreachable(name, explanationOf(error)), asked: null };
  } finally {
    signal.removeEventListener('abort', cut);
    await session?.close();
  }
}

type ReadFacts = Omit<DatabaseFacts, 'name' | 'source' | 'newest'> & {
  version: string;
  identity: SourceIdentity | undefined;
};

async function readFacts(session: Session, required: readonly string[]): Promise<ReadFacts> {
  await session.query('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
  // row_security off makes rows that are hidden an error, where they would look like an empty table
  for (const setting of [
    `lock_timeout = '${lockTimeout}'`,
    `statement_timeout = '${statementTimeout}'`,
    "search_path = ''",
    'row_security = off',
  ])
    await session.query(`SET LOCAL ${setting}`);
  const { version, sizeBytes } = await readVersionAndSize(session);
  const relations = await readRelations(session);
  const missing = missingTables(relations, required).map(written);
  const present = new Set(required.map(written).filter(name => !missing.includes(name)));
  const tables = relations.filter(relation => present.has(nameOf(relation)));
  const looks = [];
  for (const relation of tables) looks.push({ table: nameOf(relation), ...(await lookInto(session, relation)) });
  // last, for a provider that hides it ends the transaction
  const identity = await readIdentity(session);
  return {
    version,
    sizeBytes,
    tables: relations.length,
    missing,
    empty: looks.filter(({ state }) => state === 'empty').map(({ table }) => table),
    unread: looks.flatMap(({ table, state }) =>
      state === 'filled' || state === 'empty' ? [] : [{ table, reason: state }],
    ),
    identity,
  };
}

const written = (name: string) => (name.includes('.') ? name : `public.${name}`);
const nameOf = ({ schema, name }: Relation) => `${schema}.${name}`;

/** Whether a table has a row, or why nobody can tell. */
async function lookInto(session: Session, relation: Relation): Promise<{ state: string }> {
  // its rows are another server's
  if (relation.kind === 'foreign') return { state: 'filled' };
  await session.query('SAVEPOINT look');
  try {
    const { filled } = await session.one<{ filled: boolean }>(
      `SELECT EXISTS (SELECT FROM ${qualified(relation)}) AS filled`,
    );
    return { state: filled ? 'filled' : 'empty' };
  } catch (error) {
    if (!('severity' in (error as object))) throw error;
    await session.query('ROLLBACK TO SAVEPOINT look');
    return { state: messageOf(error) };
  }
}

function compareSource(identity: SourceIdentity | undefined, newest: Manifest | undefined): DatabaseFacts['source'] {
  const source = newest?.source;
  if (!identity || !source) return 'unknown';
  const isSame = identity.systemIdentifier === source.systemIdentifier && identity.databaseOid === source.databaseOid;
  return isSame ? 'same' : 'another';
}
