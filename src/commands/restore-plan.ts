import type { Contents, Role } from '../catalog/contents.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../failure.ts';
import type { RestoreInputs } from '../inputs/inputs.ts';
import type { Log } from '../log.ts';
import type { Session } from '../postgres/connection.ts';
import { readRoles } from '../postgres/contents.ts';
import { readIdentity, readLocale } from '../postgres/facts.ts';
import { checkVersion, exposedWarning } from '../postgres/preflight.ts';
import { availableExtensions, existingTablespaces, findOccupants } from '../postgres/target.ts';
import { describeAddress } from '../postgres/url.ts';
import { checkFileObjects, filesLines } from './restore-files.ts';
import type { StoredBackup } from './stored-backup.ts';

/** What a restore will do, all checked, nothing done yet. */
export interface RestorePlan {
  target: string;
  /** To be made. */
  roles: Role[];
  existingRoles: Set<string>;
  hasTablespaces: boolean;
  lines: string[];
  warnings: string[];
}

export interface Planning {
  backup: StoredBackup;
  contents: Contents;
  session: Session;
  inputs: RestoreInputs;
  now: Date;
}

/** The guards: refuses a wrong server, the source without a typed confirmation, and a database that is not empty. */
export async function checkTarget(session: Session, manifest: Manifest, confirm: string | undefined): Promise<void> {
  checkVersion(session);
  if (session.major < manifest.server.major) {
    throw new Failure(`the target is PostgreSQL ${session.major}, older than the backup's ${manifest.server.major}`, {
      hint: `restore into PostgreSQL ${manifest.server.major}`,
    });
  }
  await checkNotSource(session, manifest, confirm);
  const occupants = await findOccupants(session);
  if (occupants.length === 0) return;
  const names = occupants.slice(0, 5).map(({ kind, name }) => `${kind} ${name}`);
  throw new Failure(
    `the target ${describeAddress(session.target.address)} is not empty: it holds ${names.join(', ')}${occupants.length > 5 ? ' and more' : ''}`,
    {
      hint: 'make an empty database (createdb -T template0 …) and restore into it',
    },
  );
}

async function checkNotSource(session: Session, manifest: Manifest, confirm: string | undefined): Promise<void> {
  const identity = await readIdentity(session);
  const known = identity !== undefined && manifest.source !== null;
  const isSource =
    !known ||
    (identity.systemIdentifier === manifest.source?.systemIdentifier &&
      identity.databaseOid === manifest.source.databaseOid);
  if (!isSource || confirm === manifest.name) return;
  const why = known
    ? 'is the very database that the backup was made from'
    : 'may be the database that the backup was made from: the server hides its identifier';
  throw new Failure(`the target ${describeAddress(session.target.address)} ${why}`, {
    hint: `if you mean it, say confirm: ${manifest.name}`,
    exitStatus: confirm === undefined ? 1 : 64,
  });
}

/** Checks that the objects are there and the server has what they need, and puts the plan into words. */
export async function planRestore(
  { backup, contents, session, inputs, now }: Planning,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const { manifest } = backup;
  await checkObjects(backup, signal);
  if (inputs.filesTo !== undefined) checkFileObjects(backup);
  const available = await availableExtensions(session);
  const missing = contents.extensions.filter(({ name }) => !available.has(name));
  if (missing.length > 0) {
    throw new Failure(
      `the target server lacks ${missing.length === 1 ? 'the extension' : 'the extensions'} ${missing.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
      {
        hint: 'use a server that has them, for example the image pgvector/pgvector or postgis/postgis of the same major',
      },
    );
  }
  const existingRoles = new Set((await readRoles(session)).map(({ name }) => name));
  const roles = contents.roles.filter(({ name }) => !existingRoles.has(name));
  const tablespaces = await existingTablespaces(session);
  const lostTablespaces = contents.tablespaces.filter(name => !tablespaces.has(name));
  const warnings = [
    ...(session.isExposed ? [exposedWarning(session.target.input)] : []),
    ...(await localeWarnings(session, manifest)),
    ...(lostTablespaces.length > 0
      ? [`the target has no tablespace ${lostTablespaces.join(', ')}: everything goes to the default one`]
      : []),
    ...(manifest.partial ? ['the backup is partial: filters left something out'] : []),
    ...contents.notCaptured.map(({ what, reason }) => `not in the backup: ${what} (${reason})`),
  ];
  const ageMinutes = Math.round((now.getTime() - new Date(manifest.snapshotAt).getTime()) / 60_000);
  const shards = manifest.objects.filter(({ purpose }) => purpose === 'shard').length;
  const lines = [
    `backup ${manifest.id} of ${manifest.name}, as the database was at ${manifest.snapshotAt}`,
    `into ${describeAddress(session.target.address)}, PostgreSQL ${session.major}, empty now: 0 rows there, ${manifest.totals.rows ?? 'an unknown number of'} rows in the backup`,
    `what was written after ${manifest.snapshotAt} (${ageMinutes} minutes ago) is not in it`,
    `${manifest.totals.tables} tables; ${roles.length} roles to make${roles.length > 0 ? `: ${roles.map(({ name }) => name).join(', ')}` : ''}; ${contents.roles.length - roles.length} exist already and stay as they are`,
    `extensions: ${contents.extensions.map(({ name }) => name).join(', ') || 'none'}`,
    `${manifest.totals.storedBytes} stored bytes in ${manifest.objects.length} objects, all present${shards > 0 ? `; ${shards + 1} archives, ${Math.min(inputs.jobs, shards + 1)} at a time` : ''}`,
    ...filesLines(backup, inputs.filesTo),
    ...(inputs.dryRun ? ['dry-run: nothing is changed'] : []),
  ];
  return {
    target: describeAddress(session.target.address),
    roles,
    existingRoles,
    hasTablespaces: lostTablespaces.length === 0,
    lines,
    warnings,
  };
}

/** Prints the plan, warnings last. */
export function sayPlan(plan: RestorePlan, log: Log): void {
  for (const line of plan.lines) log.info(line);
  for (const warning of plan.warnings) log.warn(warning);
}

async function checkObjects(backup: StoredBackup, signal: AbortSignal): Promise<void> {
  for (const { object, sizeBytes } of backup.manifest.objects) {
    const found = await backup.store.stat(backup.keyOf(object), signal);
    const hint = 'use another backup; verify says what else is wrong with this one';
    if (!found) throw new Failure(`object ${object} of ${backup.manifest.id} is missing in the store`, { hint });
    if (found.sizeBytes !== sizeBytes) {
      throw new Failure(
        `object ${object} of ${backup.manifest.id} has ${found.sizeBytes} bytes where the manifest says ${sizeBytes}`,
        { hint },
      );
    }
  }
}

async function localeWarnings(session: Session, { database }: Manifest): Promise<string[]> {
  const found = await readLocale(session);
  const differing = (['encoding', 'localeProvider', 'collate', 'ctype', 'locale', 'icuRules'] as const).filter(
    key => found[key] !== database[key],
  );
  return differing.map(
    key =>
      `the target's ${key} is ${found[key]}, the source's was ${database[key]}: texts may sort or compare in another way`,
  );
}
