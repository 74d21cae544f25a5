import { type ListedBackup, backupsOf } from '../catalog/backups.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Encryption } from '../crypto/crypto.ts';
import type { FilesKey } from '../crypto/files-key.ts';
import { Failure, wrongInput } from '../failure.ts';
import type { BackupInputs } from '../inputs/inputs.ts';
import { type Client, findClient } from '../postgres/client.ts';
import { type Session, type Target, connect } from '../postgres/connection.ts';
import { type Compression, compressionFor } from '../postgres/dump.ts';
import {
  type DatabaseLocale,
  type SourceIdentity,
  readIdentity,
  readLocale,
  readLockCapacity,
  readVersionAndSize,
} from '../postgres/facts.ts';
import {
  type LockPlan,
  checkAddress,
  exposedWarning,
  checkNoTransactionPooler,
  checkVersion,
  planLocks,
  refuseCompression,
  takeRunLock,
} from '../postgres/preflight.ts';
import { defaultName } from '../postgres/provider.ts';
import {
  type Selected,
  checkReadable,
  isPartial,
  missingTables,
  onStandby,
  readRelations,
  select,
} from '../postgres/relations.ts';
import type { Store } from '../store/store.ts';
import { hasZstd } from '../zstd.ts';
import { Places, type Reached } from './backup-places.ts';
import type { Context } from './context.ts';
import { openBackupKeys } from './keys.ts';
import { readManifest } from './stored-backup.ts';
import { openTarget } from './targets.ts';

/** Everything that a backup needs, checked. */
export interface Prepared {
  name: string;
  partial: boolean;
  places: Places;
  target: Target;
  /** Holds the run's lock; also looks after the other sessions. */
  control: Session;
  client: Client;
  encryption: Encryption;
  /** The passphrase's `key.age`. */
  keyFile: Buffer | undefined;
  filesKey: FilesKey | undefined;
  identity: SourceIdentity | undefined;
  server: { major: number; version: string };
  databaseBytes: number;
  locale: DatabaseLocale;
  lockPlan: LockPlan;
  compression: Compression;
  /** The newest sealed backup under this name. */
  previous: Manifest | undefined;
  /** When the newest sealed one of all began, to the second. */
  newestAt: Date | undefined;
  /** A whole one that `reuse-within` allows to take in place of a new one. */
  reusable: Manifest | undefined;
  close: () => Promise<void>;
}

/** Checks everything that can be checked before the first byte is dumped. Each refusal names the cause and the remedy. */
export async function prepare(inputs: BackupInputs, context: Context): Promise<Prepared> {
  const { log, signal } = context;
  const target = await openTarget('database-url', inputs.databaseUrl, inputs.sslRootCert, context);
  const name = inputs.name ?? defaultName(target.address);
  if (inputs.newSource !== undefined && inputs.newSource !== name)
    throw wrongInput('new-source', `is not ${name}`, 'type the name of the backup in full');
  const places = new Places(
    { store: context.openStore(inputs.store), replica: inputs.replica && context.openStore(inputs.replica) },
    log,
    signal,
  );
  checkAddress(target);
  await checkNoTransactionPooler({ target }, signal);

  const control = await connect(target, signal);
  const closing: (() => Promise<void>)[] = [() => control.close()];
  const cut = () => control.cut();
  signal.addEventListener('abort', cut, { once: true });
  const close = async () => {
    for (const end of closing) await end();
  };
  try {
    checkVersion(control);
    if (control.isExposed) log.warn(exposedWarning(target.input));
    await takeRunLock(control, { name, timeoutSeconds: inputs.queueTimeoutSeconds, log }, signal);
    const identity = await readIdentity(control);
    const { version, sizeBytes } = await readVersionAndSize(control);
    log.info(
      `server: PostgreSQL ${version} at ${target.address.host}, database ${target.address.database}, ${sizeBytes} bytes`,
    );
    const client = await findClient({ major: control.major, choice: inputs.client, log, signal });
    log.info(`client: pg_dump ${client.version} from ${client.source}`);

    const relations = await readRelations(control);
    const chosen = select(relations, inputs.filters);
    const selected = identity?.standby === true ? onStandby(chosen) : chosen;
    // a pooler's name for the user is not the server's
    const { user } = await control.one<{ user: string }>('SELECT current_user::text AS user');
    checkReadable(selected, user);
    checkRequired(selected, inputs.requiredTables);

    const earlier = await places.each(store => lookInto(store, name, context));
    for (const { value } of earlier) checkSource({ identity, previous: value.previous, inputs, name }, context);
    const previous = earlier[0]?.value.previous;
    const reusable = isReusableIn(earlier, inputs, context) ? previous : undefined;

    const keys = await openBackupKeys(inputs.encryption, places.first, previous, context);
    closing.push(keys.close);
    return {
      name,
      partial: isPartial(inputs.filters),
      places,
      target,
      control,
      client,
      encryption: keys.encryption,
      keyFile: keys.keyFile,
      filesKey: keys.filesKey,
      identity,
      server: { major: control.major, version },
      databaseBytes: sizeBytes,
      locale: await readLocale(control),
      lockPlan: planAndSay(selected, inputs.jobs, await readLockCapacity(control), context),
      compression: checkCompression(inputs.compression, control.major),
      previous,
      newestAt: newestOf(earlier),
      reusable,
      close,
    };
  } catch (error) {
    await close();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** What a place holds already. */
interface Earlier {
  newest: ListedBackup | undefined;
  /** When the newest of all began, partial ones included. */
  newestAt: Date | undefined;
  previous: Manifest | undefined;
}

/** Whether a place can be written, and the newest backup there, whole if there is a whole one. */
async function lookInto(store: Store, name: string, { log, signal }: Context): Promise<Earlier> {
  await store.checkWritable(`${name}/`, signal);
  const sealed = (await backupsOf(store.list(`${name}/`, signal))).filter(backup => backup.sealed);
  const newest = sealed.find(backup => !backup.facts.partial) ?? sealed[0];
  const previous = newest && (await readManifest(store, newest, signal));
  const cleared = await store.clearUnfinished(`${name}/`, signal);
  if (cleared > 0) log.info(`${cleared} unfinished uploads of earlier runs were ended`);
  return { newest, newestAt: sealed[0]?.facts.at, previous };
}

function newestOf(earlier: readonly Reached<Earlier>[]): Date | undefined {
  const all = earlier.flatMap(({ value }) => value.newestAt ?? []);
  return all.sort((a, b) => b.getTime() - a.getTime())[0];
}

function checkRequired(selected: readonly Selected[], required: readonly string[]): void {
  const missing = missingTables(
    selected.filter(({ data, relation }) => data || relation.kind === 'partitioned').map(({ relation }) => relation),
    required,
  );
  if (missing.length === 0) return;
  throw new Failure(
    `required ${missing.length === 1 ? 'table' : 'tables'} ${missing.join(', ')} would not be in the backup`,
    {
      hint: 'the table is gone, is written in another way (schema.table), or a filter leaves it out',
    },
  );
}

interface SourceCheck {
  identity: SourceIdentity | undefined;
  previous: Manifest | undefined;
  inputs: BackupInputs;
  name: string;
}

function checkSource({ identity, previous, inputs, name }: SourceCheck, { log }: Context): void {
  if (!previous) return;
  if (!identity || !previous.source) {
    log.warn(`the server hides its system identifier: nobody can tell whether ${name} is still the same database`);
    return;
  }
  const same =
    identity.systemIdentifier === previous.source.systemIdentifier &&
    identity.databaseOid === previous.source.databaseOid;
  if (same) return;
  if (inputs.newSource === name) {
    log.warn(`${name} has a new source from now on, as new-source says`);
    return;
  }
  throw new Failure(`the backups under ${name} come from another database`, {
    hint: `give this one another name; or, if it takes the other's place (a new server, an upgrade), say new-source: ${name}`,
  });
}

/** Only one that is in every place. */
function isReusableIn(earlier: readonly Reached<Earlier>[], inputs: BackupInputs, context: Context): boolean {
  const [first] = earlier;
  if (!first?.value.newest || !isReusable(first.value.newest, inputs, context)) return false;
  const { newest, previous } = first.value;
  if (inputs.files.length > 0 && (previous?.totals.files ?? 0) === 0) return false;
  return earlier.every(({ value }) => value.newest?.id === newest.id);
}

/** Only the newest whole backup, made of this very database within the time, that nothing has found wrong since. */
function isReusable({ facts, checks, drills }: ListedBackup, inputs: BackupInputs, { now }: Context): boolean {
  if (inputs.reuseWithinSeconds === undefined || inputs.newSource !== undefined) return false;
  if (facts.partial || isPartial(inputs.filters)) return false;
  if ([...checks, ...drills].some(({ verdict }) => verdict === 'failed')) return false;
  const ageSeconds = (now().getTime() - facts.at.getTime()) / 1000;
  return ageSeconds >= 0 && ageSeconds <= inputs.reuseWithinSeconds;
}

function planAndSay(selected: readonly Selected[], jobs: number, capacity: number, { log }: Context): LockPlan {
  const plan = planLocks(selected, jobs, capacity);
  if (!plan.locked) {
    log.info(
      `the server's lock table (${capacity} entries) is small for ${selected.length} tables: they are not locked in advance, but compared after the dump`,
    );
    if (jobs > 1) log.warn('jobs is lowered to 1: the server has no locks for more (max_locks_per_transaction)');
  }
  return plan;
}

function checkCompression(choice: string, major: number): Compression {
  const compression = compressionFor(choice, major, hasZstd());
  if (compression === undefined) throw refuseCompression(choice, major);
  return compression;
}
