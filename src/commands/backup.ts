import { setTimeout as pause } from 'node:timers/promises';
import { formatObjectKey, locationOf, manifestObject, newBackupId, retainObject } from '../catalog/key.ts';
import { formatContents } from '../catalog/contents.ts';
import { type Manifest, type ManifestObject, formatManifest, isRepeated } from '../catalog/manifest.ts';
import { recoverText } from '../catalog/recover.ts';
import { formatRetain } from '../catalog/retain.ts';
import { Failure, explanationOf, messageOf } from '../failure.ts';
import type { BackupInputs } from '../inputs/inputs.ts';
import { describeCompression } from '../postgres/dump.ts';
import { Standstill, Yielded } from '../postgres/watch.ts';
import { imageFor } from '../postgres/image.ts';
import { bytes } from '../streams.ts';
import { type Dumped, LocksRanOut, dump } from './backup-dump.ts';
import { type Prepared, prepare } from './backup-preflight.ts';
import { type BackedUpFiles, checkFiles, noFiles, storeFiles } from './backup-files.ts';
import { BackupFolder } from './backup-folder.ts';
import type { Places } from './backup-places.ts';
import type { Context } from './context.ts';
import { type PruneResult, prune } from './prune.ts';

/** One of the places that a backup goes into. */
export interface BackupPlace {
  role: 'store' | 'replica';
  location: string;
  /** Null where it is sealed. */
  problem: string | null;
}

/** What a finished backup gives back. */
export interface BackupResult {
  command: 'backup';
  name: string;
  backupId: string;
  kind: string;
  partial: boolean;
  location: string;
  manifestKey: string;
  snapshotAt: string;
  sizeBytes: number;
  databaseBytes: number;
  tables: number;
  rows: number | null;
  durationSeconds: number;
  /** It was there already, and young enough for `reuse-within`. */
  reused: boolean;
  /** Of a server that can hold it. */
  image: string;
  objects: ManifestObject[];
  /** Files that are in it. */
  files: number;
  warnings: string[];
  /** The store, and the replica if there is one: where it is sealed, and why it is not. */
  stores: BackupPlace[];
  /** What the policy removed after the seal; null where none was given, or that could not be done. */
  pruned: PruneResult | null;
}

/** After so many attempts that had to give way to others, the backup fails and says to whom. */
const attempts = 3;
/** A standstill is noticed within a second or two, and the next attempt may well be luckier. */
const standstillsAtMost = 10;

/**
 * Dumps, encrypts and stores a database. Nothing is a backup before the manifest is written, and the manifest is written last, after
 * every process has ended well and every stored byte is proven.
 */
export async function backup(inputs: BackupInputs, context: Context): Promise<BackupResult> {
  const made = await makeBackup(inputs, context);
  const isEverywhere = made.stores.every(({ problem }) => problem === null);
  if (!isEverywhere && inputs.policy !== null)
    context.log.warn('nothing is pruned after a backup that is not in every store');
  const prunes = isEverywhere && !made.reused;
  return { ...made, pruned: prunes ? await pruneAfter(inputs, made.name, context) : null };
}

/** The backup is sealed: whatever goes wrong from here on is a warning. */
async function pruneAfter(
  { policy, replicaPolicy, store, replica, run }: BackupInputs,
  name: string,
  context: Context,
): Promise<PruneResult | null> {
  if (policy === null) return null;
  const { log } = context;
  try {
    const pruned = await log.group('Prune', () =>
      prune({ command: 'prune', name, store, replica, run, policy, replicaPolicy, dryRun: false }, context),
    );
    const refused = [...pruned.refused, ...(pruned.replica?.refused ?? [])];
    if (refused.length > 0)
      log.warn(
        `the policy could not be carried out: ${refused.length} objects were not removed, the first for this reason: ${refused[0]?.reason}; give the credentials the right to delete, or prune in a job of its own`,
      );
    return pruned;
  } catch (error) {
    log.warn(`the backup is sealed, and the prune after it did not come to its end: ${messageOf(error)}`);
    return null;
  }
}

async function makeBackup(inputs: BackupInputs, context: Context): Promise<Omit<BackupResult, 'pruned'>> {
  const startedAt = context.now();
  await checkFiles(inputs);
  const prepared = await context.log.group('Preflight', () => prepare(inputs, context));
  const { reusable } = prepared;
  if (reusable) {
    await prepared.close();
    context.log.info(`backup ${reusable.id} is young enough for reuse-within: no new one is made`);
    return resultOf(reusable, { places: prepared.places, startedAt, warnings: [], reused: true }, context);
  }
  try {
    const id = await newId(inputs, prepared, context);
    const folder = new BackupFolder(prepared.places, prepared.name, id, prepared.encryption);
    const { manifest, warnings } = await fill({ inputs, prepared, folder, startedAt }, context);
    return resultOf(manifest, { places: prepared.places, startedAt, warnings, reused: false }, context);
  } finally {
    await prepared.close();
  }
}

interface Filling {
  inputs: BackupInputs;
  prepared: Prepared;
  folder: BackupFolder;
  startedAt: Date;
}

/** Dumps and seals; what does not become a backup is taken back. */
async function fill(filling: Filling, context: Context): Promise<{ manifest: Manifest; warnings: string[] }> {
  const { inputs, prepared, folder } = filling;
  const { log } = context;
  try {
    const dumped = await log.group('Dump', () => dumpPatiently(inputs, prepared, folder, context));
    checkRows(inputs, dumped, context);
    const files =
      inputs.files.length === 0
        ? noFiles
        : await log.group('Files', () => storeFiles(inputs, prepared, folder, context));
    const manifest = await log.group('Seal', () => seal({ ...filling, dumped, files }, context));
    return { manifest, warnings: dumped.contents.warnings };
  } finally {
    await folder.discard(log);
  }
}

/** While the run's lock is held no other id is made; a second that the newest backup has is waited out, so that ids tell which is newer. */
async function newId(
  { kind }: BackupInputs,
  { newestAt, partial }: Prepared,
  { now, signal }: Context,
): Promise<string> {
  const sinceMilliseconds = newestAt === undefined ? Infinity : now().getTime() - newestAt.getTime();
  if (sinceMilliseconds >= 0 && sinceMilliseconds < 1000)
    await pause(1000 - sinceMilliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  return newBackupId(now(), kind, partial);
}

async function dumpPatiently(
  inputs: BackupInputs,
  prepared: Prepared,
  folder: BackupFolder,
  context: Context,
): Promise<Dumped> {
  let plan = prepared.lockPlan;
  let standstills = 0;
  for (let attempt = 1; ;) {
    try {
      return await dump(inputs, { ...prepared, lockPlan: plan }, folder, context);
    } catch (error) {
      const stands = error instanceof Standstill && ++standstills < standstillsAtMost;
      const yields = (error instanceof Yielded || error instanceof LocksRanOut) && ++attempt <= attempts;
      if (!(stands || yields) || context.signal.aborted) throw error;
      if (error instanceof LocksRanOut) plan = { locked: false, jobs: 1, beside: false };
      context.log.warn(`${error.message}; the dump begins anew${yields ? ` (attempt ${attempt} of ${attempts})` : ''}`);
    }
  }
}

/** What preflight could not know: whether there is anything in the tables. */
function checkRows(inputs: BackupInputs, { contents, archiveBytes }: Dumped, { log }: Context): void {
  const rowsOf = new Map(contents.tables.map(table => [`${table.schema}.${table.name}`, table]));
  for (const required of inputs.requiredTables) {
    const name = required.includes('.') ? required : `public.${required}`;
    const table = rowsOf.get(name);
    const isEmpty = table?.kind === 'partitioned' ? false : table?.rows === 0;
    if (isEmpty)
      throw new Failure(`required table ${name} has no rows`, {
        hint: 'look at the database; or take the table out of required-tables',
      });
    if (table?.kind === 'table' && table.rows === null)
      log.warn(`required table ${name} is there, but its rows were not counted`);
  }
  if (contents.tables.length === 0) log.warn('the database has no tables: this is a valid backup of nothing');
  if (inputs.minimumSizeBytes !== undefined && archiveBytes < inputs.minimumSizeBytes) {
    throw new Failure(
      `the backup weighs ${archiveBytes} bytes, less than the minimum-size of ${inputs.minimumSizeBytes}`,
      {
        hint: 'look at the database, or lower minimum-size',
      },
    );
  }
}

interface Sealing extends Filling {
  dumped: Dumped;
  files: BackedUpFiles;
}

async function seal(
  { inputs, prepared, folder, dumped, files, startedAt }: Sealing,
  context: Context,
): Promise<Manifest> {
  const { signal, log, now } = context;
  const archives = folder.objects.filter(({ purpose }) => isRepeated(purpose));
  const contents = { ...dumped.contents, archives: archives.map(({ object, sha256 }) => ({ object, sha256 })) };
  await folder.putEncrypted(
    { purpose: 'contents', title: 'contents.json', source: bytes(formatContents(contents)) },
    signal,
  );
  if (prepared.keyFile) await folder.putPlain('key', 'key.age', bytes(prepared.keyFile), signal);

  const partsOfManifest = {
    format: 1 as const,
    id: folder.id,
    name: folder.name,
    kind: inputs.kind,
    partial: prepared.partial,
    reason: inputs.reason ?? null,
    pullRequest: inputs.pullRequest ?? null,
    startedAt: startedAt.toISOString(),
    snapshotAt: contents.snapshotAt,
    tool: { name: 'pg-lifeboat', version: context.version },
    source: prepared.identity ?? null,
    newSource: inputs.newSource !== undefined,
    server: prepared.server,
    client: { version: prepared.client.version },
    database: prepared.locale,
    extensions: contents.extensions.map(({ name, version }) => ({ name, version })),
    encryption: { scheme: prepared.encryption.scheme, recipients: [...prepared.encryption.recipients] },
    compression: describeCompression(prepared.compression, prepared.server.major),
    fingerprint: inputs.fingerprint,
    totals: {
      tables: contents.tables.length,
      rows: inputs.fingerprint === 'none' ? null : contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      databaseBytes: prepared.databaseBytes,
      storedBytes: 0,
      files: files.count,
    },
    requiredTables: { asked: inputs.requiredTables.length, present: inputs.requiredTables.length },
    warnings: contents.warnings.length,
    retain: inputs.retain ?? null,
    run: inputs.run,
  };
  const recover = recoverText({
    ...partsOfManifest,
    objects: folder.objects,
    location: prepared.places.first.location,
    replica: prepared.places.left[1]?.store.location,
    hasKeyFile: prepared.keyFile !== undefined,
  });
  await folder.putPlain('recover', 'RECOVER.md', bytes(recover), signal);
  const storedBytes = folder.objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const manifest: Manifest = {
    ...partsOfManifest,
    sealedAt: now().toISOString(),
    totals: { ...partsOfManifest.totals, storedBytes },
    objects: folder.objects,
    files: files.objects,
  };
  if (inputs.retain !== undefined) await folder.putBeside(retainObject, formatRetain(inputs.retain, now()), signal);
  await files.confirm();
  await folder.seal(formatManifest(manifest), signal);
  log.info(`sealed ${folder.name}/${folder.id}`);
  return manifest;
}

interface Made {
  places: Places;
  startedAt: Date;
  warnings: string[];
  reused: boolean;
}

function resultOf(
  manifest: Manifest,
  { places, startedAt, warnings, reused }: Made,
  { now }: Context,
): Omit<BackupResult, 'pruned'> {
  const { name, id } = manifest;
  return {
    command: 'backup',
    name: manifest.name,
    backupId: manifest.id,
    kind: manifest.kind,
    partial: manifest.partial,
    location: locationOf(places.first.location, name, id),
    manifestKey: formatObjectKey({ name, id, object: manifestObject }),
    snapshotAt: manifest.snapshotAt,
    sizeBytes: manifest.totals.storedBytes,
    databaseBytes: manifest.totals.databaseBytes,
    tables: manifest.totals.tables,
    rows: manifest.totals.rows,
    durationSeconds: Math.round((now().getTime() - startedAt.getTime()) / 100) / 10,
    reused,
    image: imageFor(manifest.server.major, manifest.extensions),
    objects: manifest.objects,
    files: manifest.totals.files,
    warnings,
    stores: places.all.map(({ role, store, loss }) => ({
      role,
      location: locationOf(store.location, name, id),
      problem: loss === undefined ? null : explanationOf(loss),
    })),
  };
}
