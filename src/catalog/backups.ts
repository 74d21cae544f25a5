import { Failure } from '../failure.ts';
import {
  type BackupId,
  type CheckKey,
  manifestObject,
  parseBackupId,
  parseCheckObject,
  parseObjectKey,
} from './key.ts';

/** What a listing says of one object. */
export interface Listed {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** One backup as keys alone tell it. */
export interface ListedBackup {
  name: string;
  id: string;
  facts: BackupId;
  sealed: boolean;
  sizeBytes: number;
  /** Evidence of verifies, oldest first. */
  checks: CheckKey[];
}

/**
 * Groups a listing into backups, newest first, sealed or not. Foreign keys are passed over. Reads no object.
 */
export async function backupsOf(listing: AsyncIterable<Listed>): Promise<ListedBackup[]> {
  const backups = new Map<string, ListedBackup>();
  for await (const { key, sizeBytes } of listing) {
    const parsed = parseObjectKey(key);
    const facts = parsed && parseBackupId(parsed.id);
    if (!parsed || !facts) continue;
    const path = `${parsed.name}/${parsed.id}`;
    let backup = backups.get(path);
    if (!backup) {
      backup = { name: parsed.name, id: parsed.id, facts, sealed: false, sizeBytes: 0, checks: [] };
      backups.set(path, backup);
    }
    backup.sizeBytes += sizeBytes;
    if (parsed.object === manifestObject) backup.sealed = true;
    const check = parseCheckObject(parsed.object);
    if (check) backup.checks.push(check);
  }
  return [...backups.values()].sort(newestFirst);
}

/**
 * The sealed backup that `which` names: an id, or `latest`, the newest whole one. Throws when there is none, and says what
 * there is.
 */
export function choose(backups: readonly ListedBackup[], which: string, name: string): ListedBackup {
  const sealed = backups.filter(backup => backup.sealed);
  if (which === 'latest') {
    const latest = sealed.find(backup => !backup.facts.partial);
    if (latest) return latest;
    throw new Failure(`the store holds no whole sealed backup of ${name}`, {
      hint:
        sealed.length > 0
          ? `name a partial one, for example backup: ${sealed[0]?.id}`
          : 'make one with the command backup, or check store and name',
    });
  }
  const chosen = sealed.find(backup => backup.id === which);
  if (chosen) return chosen;
  const unsealed = backups.some(backup => backup.id === which);
  throw new Failure(
    unsealed ? `backup ${which} of ${name} was never sealed` : `the store holds no backup ${which} of ${name}`,
    {
      hint: unsealed
        ? 'it is the rest of a run that failed; choose another one from the command list'
        : 'see the ids with the command list',
    },
  );
}

function newestFirst(a: ListedBackup, b: ListedBackup): number {
  return b.facts.at.getTime() - a.facts.at.getTime() || (a.id < b.id ? 1 : -1);
}
