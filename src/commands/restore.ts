import type { Contents } from '../catalog/contents.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { Failure } from '../failure.ts';
import { checkEmptyFolder } from '../files/place.ts';
import type { RestoreInputs } from '../inputs/inputs.ts';
import type { Progress } from '../log.ts';
import { analyze } from '../postgres/analyze.ts';
import { type Client, findClient } from '../postgres/client.ts';
import { extensionOwner } from '../postgres/extensions.ts';
import { type Difference, type Level, compareCopy } from '../postgres/compare.ts';
import { type Session, connect } from '../postgres/connection.ts';
import { readLocale } from '../postgres/facts.ts';
import { checkAddress, checkNoTransactionPooler } from '../postgres/preflight.ts';
import { databaseStatements, parameterStatements, roleStatements, runEach } from '../postgres/roles.ts';
import { withoutSetting } from '../postgres/settings.ts';
import type { Context } from './context.ts';
import { openKeys } from './keys.ts';
import { type Loading, loadData, loadPostData, loadPreData, openArchive } from './load.ts';
import { checkFileObjects, filesLines, restoreFiles } from './restore-files.ts';
import { type RestorePlan, checkTarget, planRestore, sayPlan } from './restore-plan.ts';
import { type StoredBackup, openBackup } from './stored-backup.ts';
import { onlyName } from './stores.ts';
import { openTarget } from './targets.ts';

export interface RestoreResult {
  command: 'restore';
  name: string;
  backupId: string;
  snapshotAt: string;
  /** Null where only files were restored. */
  target: string | null;
  dryRun: boolean;
  tables: number;
  rows: number | null;
  /** Files in the backup, and the folder that they were written to; null where nobody asked for them. */
  files: number;
  filesTo: string | null;
  rolesMade: string[];
  /** Statements of roles and of the database that the target refused. */
  refused: { statement: string; reason: string }[];
  compared: Level;
  differences: Difference[];
  durationSeconds: number;
  plan: string[];
}

/**
 * Restores a whole backup into an empty database: roles first, then the archives with owners and grants, then the database's own
 * settings. The copy is held against what the snapshot held before anything is called good.
 */
export async function restore(inputs: RestoreInputs, context: Context): Promise<RestoreResult> {
  const startedAt = context.now();
  const { signal } = context;
  if (inputs.filesTo !== undefined) await checkEmptyFolder('files-to', inputs.filesTo);
  const store = context.openStore(inputs.store);
  const name = await onlyName(store, inputs.name, signal);
  const backup = await openBackup(store, name, inputs.backup, signal);
  const tookSeconds = () => Math.round((context.now().getTime() - startedAt.getTime()) / 100) / 10;
  if (inputs.targetUrl === undefined)
    return { ...(await restoreFilesAlone(inputs, backup, context)), durationSeconds: tookSeconds() };
  const target = await openTarget('target-url', inputs.targetUrl, inputs.sslRootCert, context);
  checkAddress(target);
  // before our settings reach a session that others may be given after us
  await checkNoTransactionPooler({ target }, signal);
  const session = await connect(target, signal);
  const cut = () => session.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await checkTarget(session, backup.manifest, inputs.confirm);
    const keys = await openKeys(inputs.keys, backup.manifest, store, signal);
    try {
      const done = await restoreInto(session, { inputs, backup, decryption: keys.decryption }, context);
      return { ...done, durationSeconds: tookSeconds() };
    } finally {
      await keys.close();
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cut);
    await session.close();
  }
}

async function restoreFilesAlone(
  { keys: given, filesTo = '', dryRun }: RestoreInputs,
  backup: StoredBackup,
  context: Context,
): Promise<Omit<RestoreResult, 'durationSeconds'>> {
  const { log, signal } = context;
  const { manifest, store } = backup;
  const plan = [
    `backup ${manifest.id} of ${manifest.name}, as it was at ${manifest.snapshotAt}`,
    ...filesLines(backup, filesTo),
    ...(dryRun ? ['dry-run: nothing is written'] : []),
  ];
  checkFileObjects(backup);
  await log.group('Plan', async () => plan.forEach(line => log.info(line)));
  const keys = await openKeys(given, manifest, store, signal);
  try {
    if (!dryRun) await log.group('Files', () => restoreFiles(backup, keys.decryption, filesTo, context));
  } finally {
    await keys.close();
  }
  const { id, name, snapshotAt, totals } = manifest;
  const none = { rows: null, rolesMade: [], refused: [], compared: 'none' as const, differences: [] };
  return {
    command: 'restore',
    name,
    backupId: id,
    snapshotAt,
    target: null,
    dryRun,
    tables: 0,
    ...none,
    files: totals.files,
    filesTo,
    plan,
  };
}

interface Opened {
  inputs: RestoreInputs;
  backup: StoredBackup;
  decryption: Decryption;
}

async function restoreInto(
  session: Session,
  { inputs, backup, decryption }: Opened,
  context: Context,
): Promise<Omit<RestoreResult, 'durationSeconds'>> {
  const { log, signal } = context;
  const { id, name, snapshotAt, totals } = backup.manifest;
  const contents = await backup.contents(decryption, signal);
  const plan = await planRestore({ backup, contents, session, inputs, now: context.now() }, signal);
  await log.group('Plan', async () => sayPlan(plan, log));
  const planned = {
    command: 'restore' as const,
    name,
    backupId: id,
    snapshotAt,
    target: plan.target,
    dryRun: inputs.dryRun,
    tables: totals.tables,
    rows: totals.rows,
    files: totals.files,
    filesTo: inputs.filesTo ?? null,
    plan: plan.lines,
  };
  if (inputs.dryRun) return { ...planned, rolesMade: [], refused: [], compared: 'none', differences: [] };
  const { filesTo } = inputs;
  // before the rows that speak of them
  if (filesTo !== undefined) await log.group('Files', () => restoreFiles(backup, decryption, filesTo, context));
  const client = await findClient({ major: session.major, choice: inputs.client, log, signal });
  const restoring = { backup, contents, decryption, session, client, plan, jobs: inputs.jobs };
  const refused = await log.group('Restore', () => load(restoring, context));
  const asked = lesser(contents.fingerprint.level, inputs.fingerprint);
  const { encoding } = await readLocale(session);
  const isRecoded = encoding !== backup.manifest.database.encoding;
  if (isRecoded && asked === 'content')
    log.warn(`the target's encoding is ${encoding}, so rows are compared by their number alone`);
  const compared = isRecoded ? lesser(asked, 'counts') : asked;
  const differences = await log.group('Compare', () => compare(session, contents, compared, context));
  return { ...planned, rolesMade: plan.roles.map(role => role.name), refused, compared, differences };
}

interface Restoring {
  backup: StoredBackup;
  contents: Contents;
  decryption: Decryption;
  session: Session;
  client: Client;
  plan: RestorePlan;
  jobs: number;
}

async function load(restoring: Restoring, context: Context): Promise<RestoreResult['refused']> {
  const { session, contents, plan, backup } = restoring;
  const { log } = context;
  const memberships = contents.memberships.filter(
    ({ role, member }) => !plan.existingRoles.has(role) || !plan.existingRoles.has(member),
  );
  const made = new Set(plan.roles.map(({ name }) => name));
  const refusedRoles = await runEach(session, [
    ...roleStatements(plan.roles, memberships, session.major >= 16),
    ...parameterStatements(contents.parameterRights.filter(({ grantee }) => made.has(grantee))),
  ]);
  const missing = refusedRoles.filter(({ statement }) => statement.startsWith('CREATE ROLE'));
  if (missing.length > 0) {
    throw new Failure(`the target refused to make a role: ${missing[0]?.reason}`, {
      hint: 'connect as a superuser, or make the roles of roles.sql by hand first',
    });
  }
  log.info(`roles made: ${plan.roles.length}`);
  const archives = backup.manifest.objects.filter(({ purpose }) => purpose === 'main' || purpose === 'shard');
  const progress = log.progress(
    'restore',
    archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  try {
    await loadArchives(restoring, context, progress);
  } finally {
    progress.end();
  }
  const refusedSettings = await runEach(
    session,
    databaseStatements(contents.database, session.target.address.database),
  );
  await analyze(session);
  const refused = [...refusedRoles, ...refusedSettings];
  for (const { statement, reason } of refused) log.warn(`the target refused "${withoutSetting(statement)}": ${reason}`);
  return refused;
}

async function loadArchives(
  { backup, contents, decryption, session, client, plan, jobs }: Restoring,
  { signal, folder }: Context,
  progress: Progress,
): Promise<void> {
  const loading: Loading = {
    backup,
    decryption,
    client,
    target: session.target,
    jobs,
    withTablespaces: plan.hasTablespaces,
    tables: contents.tables,
    extensionOwner: await extensionOwner(session, contents.extensions),
    folder,
  };
  const opened = await openArchive(loading, () => new Set(), signal);
  await loadPreData(loading, opened, signal);
  await loadData(loading, opened, { onStoredBytes: bytes => progress.add(bytes) }, signal);
  await loadPostData(loading, opened, signal);
}

async function compare(session: Session, contents: Contents, level: Level, { log }: Context): Promise<Difference[]> {
  const differences = await compareCopy([session], contents, level);
  for (const { code, object, expected, found } of differences)
    log.warn(`${code} ${object}: expected ${expected}, found ${found}`);
  if (level === 'none') log.warn('rows were not compared: the backup or the input fingerprint says none');
  else if (differences.length === 0)
    log.info(`every table holds what the snapshot held (compared by ${level === 'content' ? 'content' : 'count'})`);
  return differences;
}

function lesser(a: Level, b: Level): Level {
  const order: readonly Level[] = ['none', 'counts', 'content'];
  return order[Math.min(order.indexOf(a), order.indexOf(b))] ?? 'none';
}
