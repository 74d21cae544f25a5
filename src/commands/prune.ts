import { type ListedBackup, backupsOf } from '../catalog/backups.ts';
import {
  type Kind,
  formatDrillObject,
  formatObjectKey,
  manifestObject,
  parseDrillObject,
  parseObjectKey,
  retainObject,
} from '../catalog/key.ts';
import { Failure, messageOf } from '../failure.ts';
import type { PruneInputs, StoreInputs } from '../inputs/inputs.ts';
import type { Log } from '../log.ts';
import { runMilliseconds } from '../retention/files.ts';
import { type Decision, plan } from '../retention/plan.ts';
import { describe } from '../retention/policy.ts';
import type { Store } from '../store/store.ts';
import { eachAtOnce } from '../together.ts';
import type { Context } from './context.ts';
import { pruneFiles } from './prune-files.ts';
import { type FactSource, type RetentionFact, findDamaged, readRetentionFacts, withKnown } from './retention-facts.ts';
import { manifestReader } from './stored-backup.ts';
import { onlyName } from './stores.ts';

/** What became of one backup. */
export interface PrunedBackup {
  backupId: string;
  at: string;
  kind: Kind;
  partial: boolean;
  sizeBytes: number;
  outcome: 'kept' | 'removed' | 'to be removed' | 'not removed';
  reasons: string[];
  keptUntil: string | null;
}

/** What became of the backups of one place. */
export interface PrunedPlace {
  command: 'prune';
  name: string;
  location: string;
  policy: string;
  dryRun: boolean;
  /** Sealed ones, newest first. */
  backups: PrunedBackup[];
  /** Removed, or to be removed. */
  removedBytes: number;
  /** The bucket keeps what was removed as old versions, which take room until a rule of its own ends them. */
  keepsVersions: boolean;
  /** Files that no backup refers to any more, removed or to be removed, and their size. */
  clearedFiles: number;
  filesBytes: number;
  /** Rests of runs that never sealed, older than two days, removed or to be removed. */
  clearedRests: number;
  clearedUploads: number;
  /** What the store refused to remove. */
  refused: { what: string; reason: string }[];
  durationSeconds: number;
}

/** The store, and the replica where that has a policy of its own. */
export interface PruneResult extends PrunedPlace {
  replica: PrunedPlace | null;
}

const removalsAtOnce = 8;

/** Prunes the store, and then the replica by a policy of its own; without one everything there stays. */
export async function prune(inputs: PruneInputs, context: Context): Promise<PruneResult> {
  const { replica: place, replicaPolicy, policy, dryRun } = inputs;
  // one that cannot be opened is refused before anything is removed
  if (place !== undefined) context.openStore(place);
  const surveyed = await survey(inputs.store, inputs.name, context);
  const pruned = await prunePlace(surveyed, { policy, dryRun }, context);
  if (place === undefined) return { ...pruned, replica: null };
  if (replicaPolicy === null) {
    context.log.info('nothing in the replica is removed: it has no policy (replica-keep)');
    return { ...pruned, replica: null };
  }
  try {
    const replica = await context.log.group('Replica', async () => {
      const second = await survey(place, pruned.name, context);
      const facts = withKnown(second.facts, surveyed.facts);
      return prunePlace({ ...second, facts }, { policy: replicaPolicy, dryRun }, context);
    });
    return { ...pruned, replica };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const { message, hint, exitStatus } = error;
    throw new Failure(`the store is pruned, the replica is not: ${message}`, { hint, exitStatus, cause: error });
  }
}

/** What a place holds of one database before anything is removed. */
interface Survey {
  startedAt: Date;
  name: string;
  /** Sealed or not. */
  listed: ListedBackup[];
  facts: RetentionFact[];
  source: FactSource;
  role: StoreInputs['input'];
}

async function survey(place: StoreInputs, given: string | undefined, context: Context): Promise<Survey> {
  const startedAt = context.now();
  const { signal } = context;
  const store = context.openStore(place);
  const name = await onlyName(store, given, signal);
  const listed = await backupsOf(store.list(`${name}/`, signal));
  const source = { store, signal, manifestOf: manifestReader(store, signal) };
  const facts = await readRetentionFacts(
    listed.filter(({ sealed }) => sealed),
    source,
  );
  return { startedAt, name, listed, facts, source, role: place.input };
}

/**
 * Removes the sealed backups of one database that the policy does not keep, and what failed runs left. Everything is listed and decided
 * before anything is removed; the manifest of a backup goes first, so that whatever is left half way is no backup any more. What the
 * store refuses is said, and not tried again.
 */
async function prunePlace(
  { startedAt, name, listed, facts: surveyed, source, role }: Survey,
  { policy, dryRun }: Pick<PruneInputs, 'policy' | 'dryRun'>,
  context: Context,
): Promise<PrunedPlace> {
  const { log, signal } = context;
  const { store } = source;
  const facts = await findDamaged(surveyed, policy, startedAt, source);
  const decisions = plan(facts, policy, startedAt);
  warnOf(facts, log);
  log.info(`policy: ${describe(policy)}`);
  if (facts.length === 0) log.warn(`there is no sealed backup of ${name}, so none was judged: check ${role} and name`);
  const removal = new Removal(store, role, context);
  const before = new Date(startedAt.getTime() - runMilliseconds);
  const rests = listed.filter(
    ({ sealed: isSealed, facts: { at }, modifiedAt }) => !isSealed && at < before && modifiedAt < before,
  );
  const backups: PrunedBackup[] = [];
  for (const decision of decisions) backups.push(await carryOut(decision, dryRun, removal));
  let clearedRests = 0;
  for (const rest of rests) if (dryRun || (await removal.remove(rest))) clearedRests += 1;
  const going = new Set(dryRun ? decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id) : []);
  const remove = (key: string) => removal.removeObject(key);
  const toPrune = { store, name, manifestOf: source.manifestOf, now: startedAt, dryRun, going, remove };
  const files = await pruneFiles(toPrune, context).catch((error: unknown) => {
    signal.throwIfAborted();
    removal.refuse('stored files that no backup refers to', error);
    return { clearedFiles: 0, filesBytes: 0 };
  });
  const clearedUploads = dryRun ? 0 : await clearUploads(store, name, before, removal, signal);
  return {
    command: 'prune',
    name,
    location: store.location,
    policy: describe(policy),
    dryRun,
    backups,
    removedBytes: backups
      .filter(({ outcome }) => outcome === 'removed' || outcome === 'to be removed')
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    keepsVersions: removal.keepsVersions,
    ...files,
    clearedRests,
    clearedUploads,
    refused: removal.refused,
    durationSeconds: Math.round((context.now().getTime() - startedAt.getTime()) / 100) / 10,
  };
}

function warnOf(facts: readonly RetentionFact[], log: Log): void {
  for (const { id } of facts.filter(({ isDamaged }) => isDamaged))
    log.warn(`${id} is damaged: objects that its manifest lists are gone, or have another size; it counts for nothing`);
  const unread = facts.filter(({ isUnread }) => isUnread);
  if (unread.length > 0)
    log.warn(
      `nobody knows whether ${unread.length} of the backups are whole, for their manifests cannot be read: ${unread[0]?.id} is the newest; they count all the same`,
    );
}

async function carryOut(
  { backup, keep, reasons, keptUntil }: Decision<RetentionFact>,
  dryRun: boolean,
  removal: Removal,
): Promise<PrunedBackup> {
  const { id, at, kind, partial, listed } = backup;
  const outcome = keep ? 'kept' : dryRun ? 'to be removed' : (await removal.remove(listed)) ? 'removed' : 'not removed';
  return {
    backupId: id,
    at: at.toISOString(),
    kind,
    partial,
    sizeBytes: listed.sizeBytes,
    outcome,
    reasons,
    keptUntil: keptUntil?.toISOString() ?? null,
  };
}

async function clearUploads(
  store: Store,
  name: string,
  before: Date,
  removal: Removal,
  signal: AbortSignal,
): Promise<number> {
  try {
    return await store.clearUnfinished(`${name}/`, signal, before);
  } catch (error) {
    signal.throwIfAborted();
    removal.refuse('unfinished uploads', error);
    return 0;
  }
}

/** Removes backups, and remembers what the store refused. */
class Removal {
  readonly refused: PrunedPlace['refused'] = [];
  keepsVersions = false;
  readonly #store: Store;
  readonly #role: StoreInputs['input'];
  readonly #context: Context;

  constructor(store: Store, role: StoreInputs['input'], context: Context) {
    this.#store = store;
    this.#role = role;
    this.#context = context;
  }

  /** Whether all of a backup is gone. One that was retained, or proven by a drill, since the listing stays. */
  async remove({ name, id, isRetained, sealed, drills }: ListedBackup): Promise<boolean> {
    const { signal, log } = this.#context;
    const keys: string[] = [];
    for await (const { key } of this.#store.list(`${name}/${id}/`, signal))
      if (parseObjectKey(key) !== undefined) keys.push(key);
    const objects = new Set(keys.flatMap(key => parseObjectKey(key)?.object ?? []));
    if (objects.has(retainObject) && !isRetained) {
      log.warn(`${id} was retained by hand meanwhile: it is kept`);
      return false;
    }
    const known = new Set(drills.map(formatDrillObject));
    const isNewProof = (object: string) => parseDrillObject(object)?.verdict === 'passed' && !known.has(object);
    if ([...objects].some(isNewProof)) {
      log.warn(`${id} was proven by a drill meanwhile: it is kept`);
      return false;
    }
    if (objects.has(manifestObject) && !sealed) return false;
    const manifest = formatObjectKey({ name, id, object: manifestObject });
    const [first, ...rest] = keys.sort((a, b) => Number(b === manifest) - Number(a === manifest));
    if (first !== undefined && !(await this.removeObject(first))) return false;
    const gone = await eachAtOnce(removalsAtOnce, rest, key => this.removeObject(key));
    if (gone.includes(false)) return false;
    log.info(`removed ${name}/${id}`);
    return true;
  }

  refuse(what: string, error: unknown): void {
    this.refused.push({ what, reason: messageOf(error) });
    this.#context.log.warn(`the ${this.#role} refused to remove ${what}: ${messageOf(error)}`);
  }

  /** Whether an object is gone. */
  async removeObject(key: string): Promise<boolean> {
    this.#context.signal.throwIfAborted();
    try {
      if ((await this.#store.remove(key)) === 'old version') this.keepsVersions = true;
      return true;
    } catch (error) {
      this.refuse(key, error);
      return false;
    }
  }
}
