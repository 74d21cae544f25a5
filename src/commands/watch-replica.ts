import { type ListedBackup, backupsOf } from '../catalog/backups.ts';
import { manifestObject } from '../catalog/key.ts';
import type { WatchInputs } from '../inputs/watch.ts';
import { type Look, joined, leftOut, looked, unjudged } from '../watch/look.ts';
import { judgeReplica, replicaUnreachable } from '../watch/replica.ts';
import { answerOf } from './answer.ts';
import type { Context } from './context.ts';
import type { ReadDatabase } from './watch-read.ts';

/** What was seen of the replica: of it as a whole, and of each database that is in one of the two. */
export interface ReplicaLook {
  look: Look;
  databases: { name: string; look: Look }[];
}

/**
 * Lists the replica, once the store was read, and holds it against that. No object of it is read: what a backup has must be as the manifest
 * in the store says. `databases` is null where the store gave no listing.
 */
export async function lookAtReplica(
  databases: readonly ReadDatabase[] | null,
  { replica, name }: WatchInputs,
  context: Context,
): Promise<ReplicaLook> {
  if (replica === undefined) return { look: leftOut('whether a replica has the backups too (replica)'), databases: [] };
  const { signal } = context;
  const store = context.openStore(replica);
  const listing = await answerOf(() => backupsOf(store.list(name === undefined ? '' : `${name}/`, signal)), signal);
  if (listing.outcome === 'not read') return { look: replicaUnreachable(listing.problem), databases: [] };
  const look = looked(['REPLICA_UNREACHABLE'], []);
  if (databases === null) {
    const note = 'whether the replica has the same as the store: the store gave no listing';
    return { look: joined(look, unjudged(note)), databases: [] };
  }
  const now = context.now();
  const names = new Set([...databases, ...listing.value].map(one => one.name));
  return {
    look,
    databases: [...names].sort().map(one => ({
      name: one,
      look: judgeReplica(factsOf(one, databases, listing.value), now),
    })),
  };
}

/** A database that is in the replica alone has nothing in the store. */
function factsOf(name: string, databases: readonly ReadDatabase[], listed: readonly ListedBackup[]) {
  const { backups, manifests } = databases.find(one => one.name === name) ?? { backups: [], manifests: [] };
  const sizes = new Map(backups.map(backup => [backup.id, backup.sizes.get(manifestObject) ?? 0]));
  return {
    name,
    backups,
    replica: listed.filter(backup => backup.name === name),
    manifests: manifests.map(({ id, objects, files }) => ({
      id,
      files,
      objects: [...objects, { object: manifestObject, sizeBytes: sizes.get(id) ?? 0 }],
    })),
  };
}
