import { randomInt } from 'node:crypto';
import { Failure } from '../failure.ts';
import {
  type BackupId,
  type CheckKey,
  type DrillKey,
  manifestObject,
  retainObject,
  parseBackupId,
  parseCheckObject,
  parseDrillObject,
  parseFileKey,
  parseObjectKey,
} from './key.ts';

/** A file object as a listing shows it. */
export interface ListedFile {
  sizeBytes: number;
  modifiedAt: Date;
}

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
  /** Size of each of its objects, by its name. */
  sizes: ReadonlyMap<string, number>;
  /** The file objects of its database, by their names: it may refer to some of them, as others do. */
  files: ReadonlyMap<string, ListedFile>;
  /** When its newest object was written, by the store's clock. */
  modifiedAt: Date;
  /** How long to keep it was said by hand. */
  isRetained: boolean;
  /** Evidence of verifies, oldest first. */
  checks: CheckKey[];
  /** Evidence of drills, oldest first. */
  drills: DrillKey[];
}

/** What a listing shows. */
export interface Listing {
  /** Newest first, sealed or not. */
  backups: ListedBackup[];
  /** The file objects of a database, by their names. */
  filesOf: (name: string) => ReadonlyMap<string, ListedFile>;
}

/** Groups a listing into backups, newest first, sealed or not. Foreign keys are passed over. Reads no object. */
export async function backupsOf(listing: AsyncIterable<Listed>): Promise<ListedBackup[]> {
  return (await readListing(listing)).backups;
}

/** The same, and the stored files too, where no backup may be left to refer to them. */
export async function readListing(listing: AsyncIterable<Listed>): Promise<Listing> {
  const backups = new Map<string, ListedBackup & { sizes: Map<string, number> }>();
  const files = new FilesByName();
  for await (const { key, sizeBytes, modifiedAt } of listing) {
    files.take({ key, sizeBytes, modifiedAt });
    const parsed = parseObjectKey(key);
    const facts = parsed && parseBackupId(parsed.id);
    if (!parsed || !facts) continue;
    const path = `${parsed.name}/${parsed.id}`;
    let backup = backups.get(path);
    if (!backup) {
      const { name, id } = parsed;
      backup = {
        name,
        id,
        facts,
        sealed: false,
        sizeBytes: 0,
        sizes: new Map(),
        files: files.of(name),
        modifiedAt,
        isRetained: false,
        checks: [],
        drills: [],
      };
      backups.set(path, backup);
    }
    backup.sizeBytes += sizeBytes;
    backup.sizes.set(parsed.object, sizeBytes);
    if (modifiedAt > backup.modifiedAt) backup.modifiedAt = modifiedAt;
    if (parsed.object === manifestObject) backup.sealed = true;
    if (parsed.object === retainObject) backup.isRetained = true;
    const check = parseCheckObject(parsed.object);
    if (check) backup.checks.push(check);
    const drill = parseDrillObject(parsed.object);
    if (drill) backup.drills.push(drill);
  }
  return { backups: [...backups.values()].sort(newestFirst), filesOf: name => files.of(name) };
}

/** The file objects in a listing, by the database that they are of. */
class FilesByName {
  readonly #all = new Map<string, Map<string, ListedFile>>();

  of(name: string): Map<string, ListedFile> {
    const found = this.#all.get(name) ?? new Map<string, ListedFile>();
    this.#all.set(name, found);
    return found;
  }

  take({ key, sizeBytes, modifiedAt }: Listed): void {
    const parsed = parseFileKey(key);
    if (parsed) this.of(parsed.name).set(parsed.object, { sizeBytes, modifiedAt });
  }
}

/** The drill that proves a backup: its newest one, among those that came to an answer, if that passed. */
export function provenBy({ drills }: ListedBackup): DrillKey | undefined {
  const newest = drills.findLast(({ verdict }) => verdict !== 'could-not-verify');
  return newest?.verdict === 'passed' ? newest : undefined;
}

/**
 * The sealed backup that `which` names: an id; `latest`, the newest whole one; `latest-proven`, the newest whole one that a drill has
 * proven; or `random`, any whole one but the newest, as far as there are others. Throws when there is none, and says what there is.
 */
export function choose(backups: readonly ListedBackup[], which: string, name: string): ListedBackup {
  const sealed = backups.filter(backup => backup.sealed);
  if (which === 'random') {
    const [newest, ...older] = sealed.filter(backup => !backup.facts.partial);
    return older[randomInt(Math.max(older.length, 1))] ?? newest ?? choose(backups, 'latest', name);
  }
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
  if (which === 'latest-proven') {
    const proven = sealed.find(backup => !backup.facts.partial && provenBy(backup) !== undefined);
    if (proven) return proven;
    throw new Failure(`no drill has proven any whole backup of ${name} yet`, {
      hint: 'run the command drill first, or say backup: latest',
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

/**
 * The longest time without a backup: the widest gap between consecutive whole sealed backups that reaches into the last `days` days, now
 * included. By the time in the ids, when each began. Undefined when there is no such backup.
 */
export function longestGap(
  backups: readonly ListedBackup[],
  now: Date,
  days: number,
): { seconds: number; from: ListedBackup; to: ListedBackup | undefined } | undefined {
  const since = now.getTime() - days * 86_400_000;
  const whole = backups.filter(backup => backup.sealed && !backup.facts.partial).sort(newestFirst);
  let longest: ReturnType<typeof longestGap>;
  for (const [index, from] of whole.entries()) {
    const to = whole[index - 1];
    const end = to?.facts.at ?? now;
    if (end.getTime() < since) break;
    const seconds = Math.max(0, (end.getTime() - from.facts.at.getTime()) / 1000);
    if (longest === undefined || seconds > longest.seconds) longest = { seconds, from, to };
  }
  return longest;
}

function newestFirst(a: ListedBackup, b: ListedBackup): number {
  return b.facts.at.getTime() - a.facts.at.getTime() || (a.id < b.id ? 1 : -1);
}
