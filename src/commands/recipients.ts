import type { ListedBackup } from '../catalog/backups.ts';
import type { DrillKey } from '../catalog/key.ts';
import { messageOf } from '../failure.ts';
import { eachAtOnce } from '../together.ts';

/** Whose identity opened a backup, as the newest drills that passed tell it. */
export interface ProvenRecipients {
  recipients: ReadonlySet<string>;
  /** What could not be read, for a word about it. */
  unread: string[];
}

/** So many of the newest drills are asked. */
const drillsAsked = 24;
const readersAtOnce = 8;

/** Reads which recipients one drill has proven. */
export type RecipientsReader = (backup: ListedBackup, drill: DrillKey) => Promise<readonly string[]>;

/** Recipients that the newest drills of one database have proven. One small read for each drill. */
export async function readProvenRecipients(
  recipientsOf: RecipientsReader,
  sealed: readonly ListedBackup[],
  signal: AbortSignal,
): Promise<ProvenRecipients> {
  const drills = sealed
    .flatMap(backup => backup.drills.map(drill => ({ backup, drill })))
    .filter(({ drill }) => drill.verdict === 'passed')
    .sort((a, b) => b.drill.at.getTime() - a.drill.at.getTime())
    .slice(0, drillsAsked);
  const unread: string[] = [];
  const read = async ({ backup, drill }: { backup: ListedBackup; drill: DrillKey }): Promise<readonly string[]> => {
    try {
      return await recipientsOf(backup, drill);
    } catch (error) {
      signal.throwIfAborted();
      unread.push(`the evidence of a drill of ${backup.id} cannot be read: ${messageOf(error)}`);
      return [];
    }
  };
  return { recipients: new Set((await eachAtOnce(readersAtOnce, drills, read)).flat()), unread };
}

/** A recipient for people: one that is post-quantum has two thousand characters. */
export function shortRecipient(recipient: string): string {
  return recipient.length <= 70 ? recipient : `${recipient.slice(0, 24)}…`;
}
