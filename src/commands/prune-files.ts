import { type ListedBackup, type ListedFile, readListing } from '../catalog/backups.ts';
import { formatFileKey } from '../catalog/key.ts';
import { messageOf } from '../failure.ts';
import { type FilesPlan, planFiles } from '../retention/files.ts';
import type { Store } from '../store/store.ts';
import { eachAtOnce } from '../together.ts';
import type { Context } from './context.ts';
import type { ManifestReader } from './stored-backup.ts';

/** What a prune of files works on. */
export interface FilesToPrune {
  store: Store;
  name: string;
  manifestOf: ManifestReader;
  /** When the prune began. */
  now: Date;
  dryRun: boolean;
  /** Ids of backups that are sealed, and would go if this were no dry run. */
  going: ReadonlySet<string>;
  /** Removes one object; false where the store refused. */
  remove: (key: string) => Promise<boolean>;
}

/** Files that were removed, or are to be. */
export interface PrunedFiles {
  clearedFiles: number;
  filesBytes: number;
}

const readersAtOnce = 16;
const removalsAtOnce = 8;

/**
 * Removes stored files that no backup refers to any more. The store is listed anew, so that what the prune removed is gone; manifests are read
 * only where there are files.
 */
export async function pruneFiles(pruning: FilesToPrune, context: Context): Promise<PrunedFiles> {
  const { store, name, dryRun, remove } = pruning;
  const { log, signal } = context;
  const { backups: listed, filesOf } = await readListing(store.list(`${name}/`, signal));
  const files = [...filesOf(name)].map(([object, file]) => ({ object, ...file }));
  if (files.length === 0) return { clearedFiles: 0, filesBytes: 0 };
  const plan = await decide(files, listed, pruning, context);
  const cleared: typeof files = [];
  await eachAtOnce(removalsAtOnce, plan.remove, async file => {
    if (dryRun || (await remove(formatFileKey({ name, object: file.object })))) cleared.push(file);
  });
  if (cleared.length > 0 && !dryRun) log.info(`stored files removed that no backup refers to: ${cleared.length}`);
  return { clearedFiles: cleared.length, filesBytes: cleared.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

async function decide<F extends ListedFile & { object: string }>(
  files: readonly F[],
  listed: readonly ListedBackup[],
  { manifestOf, now, going }: FilesToPrune,
  { log, signal }: Context,
): Promise<FilesPlan<F>> {
  const staying = listed.filter(({ sealed, id }) => sealed && !going.has(id));
  const problems = new Map<string, string>();
  const sealed = await eachAtOnce(readersAtOnce, staying, async backup => {
    try {
      return { id: backup.id, refersTo: (await manifestOf(backup)).files.map(({ object }) => object) };
    } catch (error) {
      signal.throwIfAborted();
      problems.set(backup.id, messageOf(error));
      return { id: backup.id, refersTo: null };
    }
  });
  const unsealed = listed.filter(backup => !backup.sealed);
  const plan = planFiles(files, { sealed, unsealed }, now);
  if (plan.waits?.reason === 'unread')
    log.warn(
      `no stored file is removed, since nobody knows which ones ${plan.waits.id} refers to: ${problems.get(plan.waits.id)}`,
    );
  if (plan.waits?.reason === 'running')
    log.info(
      `no stored file is removed, since ${plan.waits.id} is not sealed and may still be made: the next prune does it`,
    );
  return plan;
}
