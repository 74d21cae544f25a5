import { type ListedBackup, backupsOf } from '../catalog/backups.ts';
import type { ListInputs } from '../inputs/inputs.ts';
import { answerOf } from './answer.ts';
import type { Context } from './context.ts';

/** Where a backup is sealed; null where the replica gave no listing, so that nobody knows. */
export type StoredIn = ('store' | 'replica')[] | null;

/** The second store, as the log tells of it. */
export interface LogReplica {
  /** For people. */
  location: string;
  /** False where it gave no listing. */
  isListed: boolean;
  /** How many backups of each database are sealed there and not in the store; databases without any are left out. */
  alone: { name: string; backups: number }[];
}

/** What is known of the replica, and so of each backup of the store. */
export interface ReplicaReading {
  replica: LogReplica | null;
  storedIn: (backup: ListedBackup) => StoredIn;
}

/** Lists the replica, if one is named; one that gives no listing is a warning, for the log is of the store. */
export async function readReplica(
  inputs: ListInputs,
  listed: readonly ListedBackup[],
  context: Context,
): Promise<ReplicaReading> {
  if (inputs.replica === undefined) return { replica: null, storedIn: () => ['store'] };
  const { log, signal } = context;
  const store = context.openStore(inputs.replica);
  const { location } = store;
  const prefix = inputs.name === undefined ? '' : `${inputs.name}/`;
  const listing = await answerOf(() => backupsOf(store.list(prefix, signal)), signal);
  if (listing.outcome === 'not read') {
    log.warn(`the replica could not be listed, so nobody knows which backups are there: ${listing.problem}`);
    return { replica: { location, isListed: false, alone: [] }, storedIn: () => null };
  }
  const copies = sealedOf(listing.value);
  const stored = sealedOf(listed);
  const alone = [...copies].filter(([path]) => !stored.has(path)).map(([, { name }]) => name);
  const replica = { location, isListed: true, alone: countsOf(alone) };
  if (inputs.format === 'csv')
    for (const { name, backups } of replica.alone)
      log.warn(`${backups} of ${name} in the replica alone are not in the CSV`);
  return { replica, storedIn: backup => (copies.has(pathOf(backup)) ? ['store', 'replica'] : ['store']) };
}

function sealedOf(backups: readonly ListedBackup[]): Map<string, ListedBackup> {
  return new Map(backups.filter(({ sealed }) => sealed).map(backup => [pathOf(backup), backup]));
}

function pathOf({ name, id }: ListedBackup): string {
  return `${name}/${id}`;
}

function countsOf(names: readonly string[]): LogReplica['alone'] {
  return [...new Set(names)].sort().map(name => ({ name, backups: names.filter(one => one === name).length }));
}
