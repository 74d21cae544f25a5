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
import { messageOf } from '../failure.ts';
import type { PruneInputs } from '../inputs/inputs.ts';
import { runMilliseconds } from '../retention/files.ts';
import { type Decision, plan } from '../retention/plan.ts';
import { describe } from '../retention/policy.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { pruneFiles } from './prune-files.ts';
import { type RetentionFact, findDamaged, readRetentionFacts } from './retention-facts.ts';
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

export interface PruneResult {
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

/**
 * Removes the sealed backups of one database that the policy does not keep, and what failed runs left. Everything is listed and decided
 * before anything is removed; the manifest of a backup goes first, so that whatever is left half way is no backup any more. What the
 * store refuses is said, and not tried again.
 */
export async function prune(inputs: PruneInputs, context: Context): Promise<PruneResult> {
  const startedAt = context.now();
  const { log, signal } = context;
  const store = context.openStore(inputs.store);
  const name = await onlyName(store, inputs.name, signal);
  const listed = await backupsOf(store.list(`${name}/`, signal));
  const sealed = listed.filter(backup => backup.sealed);
  const source = { store, signal, manifestOf: manifestReader(store, signal) };
  const facts = await findDamaged(await readRetentionFacts(sealed, source), inputs.policy, startedAt, source);
  const decisions = plan(facts, inputs.policy, startedAt);
  for (const { id } of facts.filter(({ isDamaged }) => isDamaged))
    log.warn(`${id} is damaged: objects that its manifest lists are gone, or have another size; it counts for nothing`);
  const unread = facts.filter(({ isUnread }) => isUnread);
  if (unread.length > 0)
    log.warn(
      `nobody knows whether ${unread.length} of the backups are whole, for their manifests cannot be read: ${unread[0]?.id} is the newest; they count all the same`,
    );
  log.info(`policy: ${describe(inputs.policy)}`);
  if (sealed.length === 0) log.warn(`there is no sealed backup of ${name}, so none was judged: check store and name`);
  const removal = new Removal(store, context);
  const before = new Date(startedAt.getTime() - runMilliseconds);
  const rests = listed.filter(
    ({ sealed: isSealed, facts: { at }, modifiedAt }) => !isSealed && at < before && modifiedAt < before,
  );
  const backups: PrunedBackup[] = [];
  for (const decision of decisions) backups.push(await carryOut(decision, inputs.dryRun, removal));
  let clearedRests = 0;
  for (const rest of rests) if (inputs.dryRun || (await removal.remove(rest))) clearedRests += 1;
  const going = new Set(inputs.dryRun ? decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id) : []);
  const { manifestOf } = source;
  const { dryRun } = inputs;
  const remove = (key: string) => removal.removeObject(key);
  const toPrune = { store, name, manifestOf, now: startedAt, dryRun, going, remove };
  const files = await pruneFiles(toPrune, context).catch((error: unknown) => {
    signal.throwIfAborted();
    removal.refuse('stored files that no backup refers to', error);
    return { clearedFiles: 0, filesBytes: 0 };
  });
  const clearedUploads = inputs.dryRun ? 0 : await clearUploads(store, name, before, removal, signal);
  return {
    command: 'prune',
    name,
    location: store.location,
    policy: describe(inputs.policy),
    dryRun: inputs.dryRun,
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
  readonly refused: PruneResult['refused'] = [];
  keepsVersions = false;
  readonly #store: Store;
  readonly #context: Context;

  constructor(store: Store, context: Context) {
    this.#store = store;
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
    for (const key of keys.sort((a, b) => Number(b === manifest) - Number(a === manifest)))
      if (!(await this.removeObject(key))) return false;
    log.info(`removed ${name}/${id}`);
    return true;
  }

  refuse(what: string, error: unknown): void {
    this.refused.push({ what, reason: messageOf(error) });
    this.#context.log.warn(`the store refused to remove ${what}: ${messageOf(error)}`);
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
