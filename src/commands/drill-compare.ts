import type { Contents } from '../catalog/contents.ts';
import type { FindingCode } from '../finding.ts';
import { type Level, compareCopy } from '../postgres/compare.ts';
import { compareConstraintTriggers, comparePartitionKeys } from '../postgres/compare-constraints.ts';
import { compareRoles, compareRolesScript } from '../postgres/compare-roles.ts';
import {
  compareCreation,
  compareDatabase,
  compareExtensions,
  compareIndexes,
  compareLocale,
  compareMatviewContents,
  compareViews,
  obstacle,
  sequencesBehindColumns,
} from '../postgres/compare-state.ts';
import { compareUnwritten } from '../postgres/compare-unwritten.ts';
import { ConnectionLost, type Session, connect } from '../postgres/connection.ts';
import { readFacts } from '../postgres/contents.ts';
import { type Definition, compareDefinitions, splitDefinitions } from '../postgres/definitions.ts';
import { readLocale } from '../postgres/facts.ts';
import { checkSelfTest } from '../postgres/fingerprint.ts';
import { withSettings } from '../postgres/spelling.ts';
import { databaseStatements, runEach } from '../postgres/roles.ts';
import { run } from '../process.ts';
import type { Context } from './context.ts';
import { withoutValues } from './drill-end.ts';
import type { Proof } from './drill-proof.ts';
import { respellDefinitions } from './drill-upgrade.ts';
import type { Fetched, Restoring } from './drill-fetch.ts';
import { type Restored, isSetting, refusedStatement } from './drill-restore.ts';

/** One thing that a comparison says, before it is a finding. */
interface Said {
  code: FindingCode;
  object: string;
  expected: string;
  found: string;
}

/** Runs one part of the comparison; one that fails is a finding. */
type Part = (code: FindingCode, object: string, work: () => Promise<readonly Said[]>) => Promise<void>;

/**
 * Holds the scratch database against the source: definitions first, in pg_dump's own words; then what those do not show; rows last. A
 * part that cannot be compared is a finding of its own, and the others go on.
 */
export async function compareScratch(
  restoring: Restoring,
  fetched: Fetched,
  restored: Restored,
  context: Context,
): Promise<void> {
  const { inputs, backup, server, proof } = restoring;
  const { contents } = fetched;
  const { log, signal } = context;
  const level = comparedLevel(restoring, contents);
  const part: Part = async (code, object, work) => {
    try {
      proof.findings.push(...(await work()));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConnectionLost || /^(?:53|58)/.test((error as { code?: string }).code ?? '')) throw error;
      proof.findings.push({ code, object, expected: 'a comparison', found: withoutValues(obstacle(error)) });
    }
  };

  await part('DEFINITIONS_NOT_COMPARED', 'definitions', () => definitions(restoring, fetched, restored, signal));
  log.info('definitions compared');
  // before the settings of the database are in force, one of which may keep sessions out
  const sessions = await openSessions(restored, inputs.jobs, signal);
  const cut = () => sessions.forEach(session => session.cut());
  signal.addEventListener('abort', cut, { once: true });
  try {
    const [session] = sessions;
    const settings = databaseStatements(contents.database, restored.target.address.database).filter(isSetting);
    for (const { statement, reason } of await runEach(server.admin, settings))
      proof.findings.push(refusedStatement(statement, reason));
    await part('NOT_VERIFIED', 'roles', async () => roles(fetched, restored, proof, session));
    await part('NOT_VERIFIED', 'database', async () => [
      ...compareLocale(backup.manifest.database, await readLocale(session)),
      ...(await compareDatabase(session, contents.database)),
    ]);
    await part('NOT_VERIFIED', 'extensions', () => extensions(restored, contents, restoring, session));
    await part('NOT_VERIFIED', 'indexes', () => compareIndexes(session, contents.invalidIndexes));
    await part('NOT_VERIFIED', 'constraints', async () => [
      ...(await compareConstraintTriggers(session)),
      ...(await comparePartitionKeys(session)),
    ]);
    await part('NOT_VERIFIED', 'what no dump mentions', () => compareUnwritten(session, fetched.definitions));
    await part('NOT_VERIFIED', 'views', async () => {
      const { differences, unplanned } = await compareViews(session);
      if (unplanned.length > 0)
        proof.notices.push(
          `views that need something which only the app or the source has were compared by their definitions alone: ${shortList(unplanned)}`,
        );
      return differences;
    });
    log.info('roles, database, extensions, indexes and views compared');
    // without rows there is nothing to hold them against
    if (!inputs.schemaOnly)
      await compareRows({ proof, expected: expectedOf(contents, restored), sessions, level }, part);
  } finally {
    signal.removeEventListener('abort', cut);
    await Promise.all(sessions.map(session => session.close()));
  }
  proof.tables = drilledTables(contents, restored, proof, inputs.schemaOnly ? 'none' : level);
}

interface RowsToCompare {
  proof: Proof;
  expected: Contents;
  sessions: readonly [Session, ...Session[]];
  level: Level;
}

async function compareRows({ proof, expected, sessions, level }: RowsToCompare, part: Part): Promise<void> {
  const [session] = sessions;
  await part('NOT_VERIFIED', 'rows', async () => {
    if (level === 'content') await checkSelfTest(session);
    return compareCopy(sessions, expected, level);
  });
  await part('NOT_VERIFIED', 'materialized views', async () => {
    const { differences, timeBound } = await compareMatviewContents(session);
    if (timeBound.length > 0)
      proof.notices.push(
        `materialized views that give something else at each refresh were compared by their definitions alone: ${shortList(timeBound)}`,
      );
    return differences;
  });
  await part('NOT_VERIFIED', 'sequences', () => sayBehindColumns(session, proof));
}

/** The definitions of the copy by the same program that wrote those of the source. */
async function definitions(
  { backup, server, proof }: Restoring,
  fetched: Fetched,
  restored: Restored,
  signal: AbortSignal,
): Promise<Said[]> {
  const { client, definitions: asWritten } = fetched;
  const { user } = restored.target.address;
  const implied = splitDefinitions(asWritten).filter(entry => isImplied(entry, user));
  if (implied.length > 0)
    proof.notices.push(
      `${user} is the first superuser of this server, whose rights on functions of the system need no grant here`,
    );
  const skip = (entry: Definition) =>
    isSkipped(restored, entry) || isImplied(entry, user) || isLanguageOfAll(entry) || isGround(proof, entry);
  const isUpgrade = server.admin.major !== backup.manifest.server.major;
  const expected = isUpgrade ? await respellDefinitions(fetched, backup.manifest, server, skip, signal) : asWritten;
  // some settings show in the text, and the copy is written down as the source was
  const target = await withSettings(server.admin, restored.target, fetched.contents.textSettings);
  const dump = client.command('pg_dump', ['--schema-only', '--create', '--no-password'], target);
  const { stdout } = await run(dump, signal);
  return [
    ...compareDefinitions(expected, stdout, { skip, ignoreTablespaces: isUpgrade || !restored.withTablespaces }),
    ...(isUpgrade ? [] : compareCreation(asWritten, stdout)),
  ];
}

/** What a partial backup rests on, and does not hold. */
function isGround({ ground }: Proof, { type, schema, name }: Definition): boolean {
  return schema === '-' && ground.has(type === 'COMMENT' ? name : `${type} ${name}`);
}

/** Every new database has plpgsql, and pg_dump mentions it only where somebody made it anew: `compareExtensions` looks at it. */
function isLanguageOfAll({ type, name, schema }: Definition): boolean {
  if (schema !== '-') return false;
  return (type === 'EXTENSION' && name === 'plpgsql') || (type === 'COMMENT' && name === 'EXTENSION plpgsql');
}

/** Whether an entry of the definitions was left out of the restore: pg_restore lists it by type, schema, name and owner. */
function isSkipped({ opened: { skipped } }: Restored, entry: Definition): boolean {
  return skipped.size > 0 && skipped.has(describeEntry(entry));
}

/** Rights on functions of the system for the first superuser of this server, who owns them here and needs no grant. */
function isImplied({ type, schema, text }: Definition, superuser: string): boolean {
  if (type !== 'ACL' || schema !== 'pg_catalog') return false;
  const spellings = [superuser, `"${superuser.replaceAll('"', '""')}"`];
  const grants = text.split('\n').filter(line => line !== '');
  return grants.every(line => spellings.some(name => line.startsWith('GRANT ') && line.endsWith(` TO ${name};`)));
}

function describeEntry({ type, schema, name, owner }: Definition): string {
  return `${type} ${schema} ${name} ${owner === '-' ? '' : owner}`;
}

async function roles(
  { contents, rolesScript }: Fetched,
  { roles: wanted, rolesMade }: Restored,
  proof: Proof,
  session: Session,
): Promise<Said[]> {
  const found = await readFacts(session);
  const others = contents.roles.filter(({ name }) => !rolesMade.has(name));
  if (others.length > 0)
    proof.notices.push(
      `roles that were on the server before were compared by roles.sql alone: ${shortList(others.map(({ name }) => name))}`,
    );
  return [
    ...compareRoles({ ...contents, roles: wanted }, found, rolesMade),
    ...compareRolesScript(contents, rolesScript),
  ];
}

async function extensions(
  { opened: { skipped, head } }: Restored,
  contents: Contents,
  { proof, backup }: Restoring,
  session: Session,
): Promise<Said[]> {
  const isPartial = backup.manifest.partial;
  const isRestored = (name: string) =>
    name === 'plpgsql' ||
    proof.ground.has(`EXTENSION ${name}`) ||
    head.entries.some(({ text }) => text.trim() === `EXTENSION - ${name}`);
  // a partial backup holds none that its filters left out
  const wanted = contents.extensions.filter(
    ({ name }) => !skipped.has(`EXTENSION - ${name} `) && (!isPartial || isRestored(name)),
  );
  const { differences, versions } = await compareExtensions(session, { ...contents, extensions: wanted });
  for (const version of versions) proof.notices.push(`extension ${version}`);
  return differences;
}

/** Contents without what was left out of the restore. */
function expectedOf(contents: Contents, restored: Restored): Contents {
  const { skipped } = restored.opened;
  if (skipped.size === 0) return contents;
  const left = (type: string) => prefixesOf(type, skipped);
  const without = <T extends { schema: string; name: string }>(items: readonly T[], names: ReadonlySet<string>) =>
    items.filter(item => !names.has(`${item.schema} ${item.name}`.replaceAll(/[\r\n]/g, ' ')));
  return {
    ...contents,
    tables: without(contents.tables, left('(?:FOREIGN )?TABLE')),
    sequences: without(contents.sequences, left('SEQUENCE')),
    materializedViews: without(contents.materializedViews, left('MATERIALIZED VIEW')),
  };
}

/** Schema and name of the skipped entries of a type; owners have no blank in all but the oddest cases. */
function prefixesOf(type: string, skipped: ReadonlySet<string>): Set<string> {
  const pattern = new RegExp(`^${type} (?!DATA |ATTACH )`);
  return new Set(
    [...skipped].filter(text => pattern.test(text)).map(text => text.replace(pattern, '').replace(/ \S*$/, '')),
  );
}

async function openSessions({ target }: Restored, jobs: number, signal: AbortSignal): Promise<[Session, ...Session[]]> {
  const sessions: [Session, ...Session[]] = [await connect(target, signal)];
  while (sessions.length < jobs) sessions.push(await connect(target, signal));
  return sessions;
}

/** A sequence that is behind its own column was so in the source, or would have been found already: worth a word. */
async function sayBehindColumns(session: Session, proof: Proof): Promise<Said[]> {
  const behind = await sequencesBehindColumns(session);
  if (behind.length > 0)
    proof.notices.push(
      `sequences behind the values of their own column, as they were in the source: ${shortList(behind)}`,
    );
  return [];
}

function comparedLevel({ inputs, proof, backup }: Restoring, contents: Contents): Level {
  const order: readonly Level[] = ['none', 'counts', 'content'];
  const words = { none: 'not at all', counts: 'by their number alone', content: 'by content' };
  const { level } = contents.fingerprint;
  const lesser = order[Math.min(order.indexOf(level), order.indexOf(inputs.fingerprint))] ?? 'none';
  if (lesser === level && level !== 'content')
    proof.excluded.push(`the backup was made with fingerprint: ${level}, so rows were compared ${words[lesser]}`);
  else if (lesser !== 'content')
    proof.excluded.push(`fingerprint: ${inputs.fingerprint} was asked for, so rows were compared ${words[lesser]}`);
  if (backup.manifest.partial)
    proof.excluded.push('the backup is partial: what its filters left out was neither restored nor compared');
  return lesser;
}

function drilledTables(contents: Contents, restored: Restored, { findings }: Proof, level: Level) {
  const wrong = new Set(findings.map(({ object }) => object));
  const kept = new Set(expectedOf(contents, restored).tables);
  return contents.tables.map(table => {
    const { schema, name, rows, sizeBytes, dataCaptured } = table;
    const wasCompared = level !== 'none' && dataCaptured && rows !== null && kept.has(table);
    const byContent = level === 'content' && table.fingerprintBy !== null;
    return {
      schema,
      name,
      rows,
      sizeBytes,
      compared: wasCompared ? (byContent ? ('content' as const) : ('counts' as const)) : ('not' as const),
      same: !wrong.has(`table ${schema}.${name}`),
    };
  });
}

function shortList(names: readonly string[]): string {
  return `${names.slice(0, 20).join(', ')}${names.length > 20 ? `, and ${names.length - 20} more` : ''}`;
}
