import { failed, unknown } from './finding-meaning.ts';

/** Codes of what a watch finds where the store is held against its replica. */
export const ofReplica = {
  REPLICA_UNREACHABLE: unknown(
    'the replica could not be listed',
    'check replica, its credentials and their right to list; until then nobody knows whether the backups are there too',
  ),
  REPLICA_BEHIND: failed(
    'the newest backup of the store is not in the replica',
    'look at the run that made it, and mend the credentials of the replica; the next backup ends this, or copy the folder by hand, manifest.json last',
  ),
  STORE_BEHIND: failed(
    'the replica has a newer backup than the store',
    'look at the run that made it, and find out who removes from the store; the next backup ends this, or copy the folder by hand, manifest.json last',
  ),
} as const;
