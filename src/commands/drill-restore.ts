import type { Contents, Role } from '../catalog/contents.ts';
import { imageFor } from '../postgres/image.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../finding.ts';
import { type TocEntry, restingOn } from '../postgres/archive.ts';
import { type Session, type Target, connect } from '../postgres/connection.ts';
import { readRoles } from '../postgres/contents.ts';
import { splitDefinitions } from '../postgres/definitions.ts';
import { extensionOwner } from '../postgres/extensions.ts';
import { identifier } from '../postgres/quote.ts';
import {
  databaseStatements,
  membershipStatements,
  parameterStatements,
  roleStatements,
  runEach,
} from '../postgres/roles.ts';
import { withoutSetting } from '../postgres/settings.ts';
import { createScratch, newScratchName } from '../postgres/scratch.ts';
import { availableExtensions, existingTablespaces } from '../postgres/target.ts';
import type { Context } from './context.ts';
import { DrillEnded, withoutValues } from './drill-end.ts';
import { type Fetched, type Restoring, observerOf } from './drill-fetch.ts';
import { inScratch } from './drill-server.ts';
import type { Proof } from './drill-proof.ts';
import { type Loading, type Opened, loadData, loadPostData, loadPreData, openArchive } from './load.ts';
import type { StoredBackup } from './stored-backup.ts';

/** A scratch database with the backup in it. */
export interface Restored {
  target: Target;
  /** Roles that this drill made; the others were there. */
  rolesMade: Set<string>;
  /** Roles as they were to be made: without login, and superusers where a restored object asks for one. */
  roles: Role[];
  opened: Opened;
  /** Everything lies where the source had it. */
  withTablespaces: boolean;
}

/** Makes the roles and the scratch database, and restores everything into it, stage by stage. */
export async function restoreScratch(restoring: Restoring, fetched: Fetched, context: Context): Promise<Restored> {
  const { inputs, backup, keys, server, proof } = restoring;
  const { contents, client, definitions } = fetched;
  const { log, signal } = context;
  const { clock } = proof;
  const { admin } = server;
  const missing = await missingExtensions(admin, contents, inputs.optionalExtensions);
  const roles = drillRoles(contents.roles, definitions);
  const tablespaces = await existingTablespaces(admin);
  const lostTablespaces = contents.tablespaces.filter(name => !tablespaces.has(name));
  if (lostTablespaces.length > 0)
    proof.notices.push(
      `the server has no tablespace ${lostTablespaces.join(', ')}: everything lies in the default one`,
    );

  const rolesMade = await clock.time('roles', () => makeRoles(restoring, roles, contents));
  log.info(`roles: ${rolesMade.size} made, ${roles.length - rolesMade.size} were there`);
  const name = newScratchName();
  proof.scratch = name;
  await makeScratch(admin, name, backup, contents);
  const target = inScratch(admin.target, name);
  await fitScratch(target, contents, signal);

  const loading: Loading = {
    backup,
    decryption: keys.decryption,
    client,
    target,
    jobs: inputs.jobs,
    withTablespaces: lostTablespaces.length === 0,
    tables: contents.tables,
    extensionOwner: await extensionOwner(admin, contents.extensions),
    folder: context.folder,
  };
  const opened = await clock.time('pre-data', async () => {
    const archive = await openArchive(loading, entries => leftOut(entries, missing), signal);
    checkHasDefinitions(archive, contents);
    if (makesPublic(definitions)) await dropPublic(target, signal);
    if (backup.manifest.partial) await makeGround(target, archive, contents, proof, signal);
    await loadPreData(loading, archive, signal);
    return archive;
  });
  const archives = backup.manifest.objects.filter(({ purpose }) => purpose === 'main' || purpose === 'shard');
  const progress = log.progress(
    'restore',
    archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  try {
    const observer = observerOf(proof, bytes => progress.add(bytes));
    if (!inputs.schemaOnly) await clock.time('data', () => loadData(loading, opened, observer, signal));
  } finally {
    progress.end();
  }
  for (const stage of ['fetch', 'check bytes', 'decrypt'] as const) clock.end(stage);
  await clock.time('post-data', () => loadPostData(loading, opened, signal));
  proof.isRestored = true;
  sayLeftOut(proof, opened, missing);
  return { target, rolesMade, roles, opened, withTablespaces: loading.withTablespaces };
}

async function missingExtensions(
  admin: Session,
  contents: Contents,
  optional: readonly string[],
): Promise<Contents['extensions']> {
  const available = await availableExtensions(admin);
  const missing = contents.extensions.filter(({ name }) => !available.has(name));
  const needed = missing.filter(({ name }) => !optional.includes(name));
  if (needed.length === 0) return missing;
  throw new DrillEnded({
    code: 'EXTENSION_UNAVAILABLE',
    object: needed.map(({ name }) => `extension ${name}`).join(', '),
    expected: serverWith(needed, admin.major),
    found: 'a server without it',
  });
}

/** Images that are known to carry what the official one lacks. */
function serverWith(extensions: Contents['extensions'], major: number): string {
  const image = imageFor(major, extensions);
  if (image !== `postgres:${major}`) return `a server such as the image ${image}`;
  if (extensions.some(({ name }) => /^(?:pg_graphql|supabase_vault|pgsodium|pg_net|pgjwt|wrappers)$/.test(name)))
    return `a server such as an image of supabase/postgres for ${major}, with user supabase_admin`;
  return 'a server that has it';
}

/**
 * Roles as a drill makes them: nobody logs in. Owners of event triggers and foreign-data wrappers must be superusers on an ordinary
 * server, which some providers have bent.
 */
function drillRoles(roles: readonly Role[], definitions: string): Role[] {
  const owners = new Set(
    splitDefinitions(definitions)
      .filter(({ type }) => type === 'EVENT TRIGGER' || type === 'FOREIGN DATA WRAPPER')
      .map(({ owner }) => owner),
  );
  return roles.map(role => ({ ...role, login: false, superuser: role.superuser || owners.has(role.name) }));
}

async function makeRoles({ server, proof }: Restoring, roles: Role[], contents: Contents): Promise<Set<string>> {
  const { admin, isEmpty } = server;
  const existing = new Set((await readRoles(admin)).map(({ name }) => name));
  const toMake = roles.filter(({ name }) => !existing.has(name));
  const made = new Set(toMake.map(({ name }) => name));
  const { memberships } = contents;
  // on somebody's server, roles that were there get nothing from us
  const ours = memberships.filter(({ role, member }) => isEmpty || made.has(role) || made.has(member));
  const withGrantors = admin.major >= 16;
  const refused = await runEach(admin, [
    ...roleStatements(toMake, [], withGrantors),
    ...membershipStatements(ours, withGrantors),
    ...parameterStatements(contents.parameterRights.filter(({ grantee }) => made.has(grantee))),
  ]);
  for (const { statement, reason } of refused) proof.findings.push(refusedStatement(statement, reason));
  proof.rolesMade = made;
  return made;
}

async function makeScratch(admin: Session, name: string, { manifest }: StoredBackup, contents: Contents) {
  try {
    await createScratch(admin, name, manifest.database, admin.target.address.user);
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string };
    // invalid locale, encoding that does not go with it, provider that the server was not built with
    if (!/^(?:42|22|0A)/.test(code)) throw error;
    const { encoding, localeProvider, collate, locale } = manifest.database;
    throw new DrillEnded({
      code: 'LOCALE_UNAVAILABLE',
      object: 'database: locale',
      expected: `${encoding}, ${localeProvider} ${locale ?? collate}`,
      found: message,
    });
  }
  const refused = await runEach(admin, databaseStatements(contents.database, name).filter(isHarmless));
  if (refused.length > 0)
    throw new Failure(`the server refused "${refused[0]?.statement}": ${refused[0]?.reason}`, {
      hint: 'connect as a superuser',
    });
}

/** Settings of the database come last: they would be in force for the restore, too. */
function isHarmless(statement: string): boolean {
  return !isSetting(statement);
}

/** Whether a statement changes a setting of the database, for all or for one role. */
export function isSetting(statement: string): boolean {
  return /^ALTER DATABASE "(?:[^"]|"")*" (?:SET |IS_TEMPLATE)|^ALTER ROLE "(?:[^"]|"")*" IN DATABASE /.test(statement);
}

/** What every new database has, and the source had dropped. */
export async function fitScratch(target: Target, contents: Contents, signal: AbortSignal): Promise<void> {
  const hasLanguage = contents.extensions.some(({ name }) => name === 'plpgsql');
  if (contents.database.hasPublicSchema && hasLanguage) return;
  const session = await connect(target, signal);
  try {
    if (!hasLanguage) await session.query('DROP EXTENSION plpgsql');
    if (!contents.database.hasPublicSchema) await session.query('DROP SCHEMA public');
  } finally {
    await session.close();
  }
}

/** A dump of chosen schemas makes them all, `public` too; a whole one only gives it its owner. */
function makesPublic(definitions: string): boolean {
  return splitDefinitions(definitions).some(
    ({ type, name, text }) => type === 'SCHEMA' && name === 'public' && text.startsWith('CREATE SCHEMA '),
  );
}

async function dropPublic(target: Target, signal: AbortSignal): Promise<void> {
  const session = await connect(target, signal);
  try {
    await session.query(`DROP SCHEMA IF EXISTS ${identifier('public')}`);
  } finally {
    await session.close();
  }
}

/** A partial backup may rest on schemas and extensions that its filters left out. */
async function makeGround(
  target: Target,
  { head }: Opened,
  contents: Contents,
  proof: Proof,
  signal: AbortSignal,
): Promise<void> {
  const has = (entry: string) => head.entries.some(({ text }) => text.startsWith(`${entry} `));
  const named = [...contents.tables, ...contents.sequences, ...contents.materializedViews, ...contents.extensions];
  const schemas = new Set(
    named.map(({ schema }) => schema).filter(schema => !/^(?:pg_|information_schema$)/.test(schema)),
  );
  const session = await connect(target, signal);
  try {
    for (const schema of schemas) {
      if (has(`SCHEMA - ${schema}`)) continue;
      await session.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
      proof.ground.add(`SCHEMA ${schema}`);
    }
    for (const { name, schema } of contents.extensions) {
      if (has(`EXTENSION - ${name}`)) continue;
      const [refused] = await runEach(session, [
        `CREATE EXTENSION IF NOT EXISTS ${identifier(name)} SCHEMA ${identifier(schema)} CASCADE`,
      ]);
      if (!refused) proof.ground.add(`EXTENSION ${name}`);
    }
  } finally {
    await session.close();
  }
}

/** A statement that the server refused, without the value that it would have set. */
export function refusedStatement(statement: string, reason: string): Finding {
  const object = withoutSetting(statement);
  return { code: 'STATEMENT_REFUSED', object, expected: 'to be run', found: withoutValues(reason) };
}

/**
 * What rests on an extension that is not there; and the states of triggers by which the server itself checks foreign keys of partitions,
 * which pg_dump writes down under names that another server does not give.
 */
function leftOut(entries: readonly TocEntry[], missing: Contents['extensions']): Set<TocEntry> {
  const resting = restingOn(
    entries,
    missing.map(({ name }) => name),
  );
  return new Set([...resting, ...entries.filter(isOfForeignKey)]);
}

function isOfForeignKey({ text }: Pick<TocEntry, 'text'>): boolean {
  return /^TRIGGER .* RI_ConstraintTrigger_[ac]_\d+ /.test(text);
}

function checkHasDefinitions({ head }: Opened, contents: Contents): void {
  const hasTables = contents.tables.some(({ kind, condition }) => kind !== 'foreign' && condition === null);
  if (!hasTables || head.entries.some(({ text }) => text.startsWith('TABLE ') && !text.startsWith('TABLE DATA ')))
    return;
  throw new DrillEnded({
    code: 'NOT_VERIFIED',
    object: 'backup',
    expected: 'definitions to restore',
    found: 'rows alone: a backup made with data-only cannot be drilled by itself',
  });
}

function sayLeftOut(proof: Proof, { skipped }: Opened, missing: Contents['extensions']): void {
  if ([...skipped].some(text => isOfForeignKey({ text })))
    proof.notices.push('foreign keys of partitions whose triggers are disabled in the source are enabled in a restore');
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  const shown = [...skipped].filter(text => !/^(?:EXTENSION|COMMENT|ACL|TABLE DATA|SEQUENCE SET) /.test(text));
  proof.excluded.push(
    `the server lacks ${names}, named in optional-extensions: ${shown.length} objects that rest on it are not restored and not verified${shown.length > 0 ? `: ${shown.slice(0, 50).join('; ')}${shown.length > 50 ? '; …' : ''}` : ''}`,
  );
}
