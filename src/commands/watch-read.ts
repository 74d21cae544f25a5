import { type ListedBackup, backupsOf, provenBy } from '../catalog/backups.ts';
import { type Manifest, parseManifest } from '../catalog/manifest.ts';
import { messageOf } from '../failure.ts';
import { ObjectMissing } from '../store/missing.ts';
import type { Store } from '../store/store.ts';
import { eachAtOnce } from '../together.ts';
import { type ProvenRecipients, readProvenRecipients } from './recipients.ts';
import { fileSharer, readEvidence, readManifestText } from './stored-backup.ts';

/** What the store holds of one database. */
export interface ReadDatabase {
  name: string;
  /** Newest first, sealed or not. */
  backups: ListedBackup[];
  /** Newest first. */
  manifests: Manifest[];
  /** Whose manifest is not what a backup wrote, and whose the store did not give. */
  unreadable: { id: string; problem: string }[];
  notGiven: { id: string; problem: string }[];
  /** Sealed backups whose manifest was not read, since there are too many. */
  notRead: number;
  proven: ProvenRecipients;
}

/** So many of the newest sealed backups of a database are held against their manifests, and the newest proven one. */
const mostManifests = 100;
const readersAtOnce = 16;

/**
 * Lists the store once, and reads a bounded number of manifests and evidence of each database. With a name there is always that one
 * database, even if the store holds nothing of it.
 */
export async function readDatabases(
  store: Store,
  name: string | undefined,
  signal: AbortSignal,
): Promise<ReadDatabase[]> {
  const all = await backupsOf(store.list(name === undefined ? '' : `${name}/`, signal));
  const names = name === undefined ? [...new Set(all.map(backup => backup.name))].sort() : [name];
  const databases: ReadDatabase[] = [];
  for (const one of names)
    databases.push(
      await readDatabase(
        store,
        one,
        all.filter(backup => backup.name === one),
        signal,
      ),
    );
  return databases;
}

async function readDatabase(
  store: Store,
  name: string,
  backups: readonly ListedBackup[],
  signal: AbortSignal,
): Promise<ReadDatabase> {
  const sealed = backups.filter(backup => backup.sealed);
  const proven = sealed.find(backup => !backup.facts.partial && provenBy(backup) !== undefined);
  const wanted = [...new Set([...sealed.slice(0, mostManifests), ...(proven ? [proven] : [])])];
  const unreadable: ReadDatabase['unreadable'] = [];
  const notGiven: ReadDatabase['notGiven'] = [];
  const gone = new Set<string>();
  const share = fileSharer();
  const read = async (backup: ListedBackup): Promise<Manifest[]> => {
    const { id } = backup;
    let text: string;
    try {
      text = await readManifestText(store, backup, signal);
    } catch (error) {
      signal.throwIfAborted();
      // a prune took it away since the listing
      if (error instanceof ObjectMissing) gone.add(id);
      else notGiven.push({ id, problem: messageOf(error) });
      return [];
    }
    try {
      return [share(parseManifest(text, name, id))];
    } catch (error) {
      unreadable.push({ id, problem: messageOf(error) });
      return [];
    }
  };
  const manifests = (await eachAtOnce(readersAtOnce, wanted, read)).flat();
  const left = backups.filter(({ id }) => !gone.has(id));
  return {
    name,
    backups: left,
    manifests,
    unreadable,
    notGiven,
    notRead: sealed.length - wanted.length,
    proven: await readProvenRecipients(
      async (backup, drill) => (await readEvidence(store, backup, drill, signal)).provenRecipients,
      left.filter(backup => backup.sealed),
      signal,
    ),
  };
}
