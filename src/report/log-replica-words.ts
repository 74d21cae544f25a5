import type { ListResult } from '../commands/list.ts';
import type { StoredIn } from '../commands/log-replica.ts';
import { plural } from './format.ts';

/** The places of a backup, for a cell. */
export function describePlaces(storedIn: StoredIn): string {
  return storedIn === null ? 'unknown' : storedIn.join(', ');
}

/** What is to be said of the replica beside the log: none of its own backups is in that. */
export function replicaNotes({ replica }: ListResult): string[] {
  if (replica === null) return [];
  const { location, isListed, alone } = replica;
  if (!isListed) return [`the replica ${location} could not be listed: nobody knows which backups are there`];
  return alone.map(
    ({ name, backups }) =>
      `${name}: ${plural(backups, 'backup')} ${backups === 1 ? 'is' : 'are'} in the replica alone: list it with store: ${location}`,
  );
}
