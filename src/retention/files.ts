/** A stored file of one database, which several backups may refer to. */
export interface KeptFile {
  object: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** What is known of the backups of a database, once those that a policy does not keep are gone. */
export interface Referring {
  /** Objects that the manifest of each sealed one lists; null for one that could not be read. */
  sealed: readonly { id: string; refersTo: readonly string[] | null }[];
  /** Those that are not sealed, and when they were last written to. */
  unsealed: readonly { id: string; modifiedAt: Date }[];
}

/** What is to be removed, or why nothing is. */
export type FilesPlan<F extends KeptFile> =
  { remove: F[]; waits: null } | { remove: []; waits: { reason: 'unread' | 'running'; id: string } };

/** Nothing that a run which still goes on may have written, or rely on, is touched. */
export const runMilliseconds = 2 * 86_400_000;

/**
 * Decides which stored files go: those that no backup refers to any more, and that are older than two days. Pure: `now` is an argument, and
 * nothing is read or removed. None goes while one manifest could not be read, since nobody knows what it refers to, nor while a run may go
 * on, since it may just have decided to use one again.
 */
export function planFiles<F extends KeptFile>(files: readonly F[], backups: Referring, now: Date): FilesPlan<F> {
  const isYoung = ({ modifiedAt }: { modifiedAt: Date }) => modifiedAt.getTime() >= now.getTime() - runMilliseconds;
  const referred = new Set(backups.sealed.flatMap(({ refersTo }) => refersTo ?? []));
  const remove = files.filter(file => !referred.has(file.object) && !isYoung(file));
  if (remove.length === 0) return { remove, waits: null };
  const unread = backups.sealed.find(({ refersTo }) => refersTo === null);
  if (unread !== undefined) return { remove: [], waits: { reason: 'unread', id: unread.id } };
  const running = backups.unsealed.find(isYoung);
  if (running !== undefined) return { remove: [], waits: { reason: 'running', id: running.id } };
  return { remove, waits: null };
}
