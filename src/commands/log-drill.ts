import type { ListedBackup } from '../catalog/backups.ts';
import type { Evidence } from '../catalog/evidence.ts';
import { type DrillKey, formatDrillObject } from '../catalog/key.ts';
import type { Verdict } from '../finding.ts';
import type { Store } from '../store/store.ts';
import { readEvidence } from './stored-backup.ts';

/** A drill as its evidence tells it, without the encrypted details; null where that could not be read. */
export interface Drill {
  at: string;
  verdict: Verdict;
  /** The object that holds its evidence, below the backup's folder. */
  object: string;
  evidence: Evidence | null;
}

/** One line of the history of drills. */
export interface DrillEntry extends Drill {
  name: string;
  backupId: string;
}

/** Reads the evidence of a drill. */
export type DrillReader = (backup: ListedBackup, drill: DrillKey) => Promise<Drill>;

/** Reads each drill once, however often it is asked for; `hideText` takes out who started it. */
export function drillReader(
  store: Store,
  { signal, hideText }: { signal: AbortSignal; hideText: boolean },
): DrillReader {
  const asked = new Map<string, Promise<Drill>>();
  const read: DrillReader = async (backup, drill) => {
    const object = formatDrillObject(drill);
    const fromKey = { at: drill.at.toISOString(), verdict: drill.verdict, object };
    try {
      const evidence = { ...(await readEvidence(store, backup, drill, signal)), details: null };
      if (hideText && evidence.run !== null) evidence.run = { ...evidence.run, actor: null };
      return { ...fromKey, evidence };
    } catch {
      signal.throwIfAborted();
      return { ...fromKey, evidence: null };
    }
  };
  return (backup, drill) => {
    const key = `${backup.name}/${backup.id}/${formatDrillObject(drill)}`;
    const answer = asked.get(key) ?? read(backup, drill);
    asked.set(key, answer);
    return answer;
  };
}
