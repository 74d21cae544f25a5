import { type ListedBackup, provenBy } from '../catalog/backups.ts';
import type { Kind } from '../catalog/key.ts';
import type { Verdict } from '../finding.ts';
import type { Log } from '../log.ts';
import type { DrillReader } from './log-drill.ts';
import type { Outlook } from './log-outlook.ts';
import { type RecipientsReader, readProvenRecipients, shortRecipient } from './recipients.ts';
import type { ManifestReader } from './stored-backup.ts';

/** A day on which something was made or proven, by UTC. */
export interface CalendarDay {
  /** `2026-11-20`. */
  day: string;
  /** Sealed backups, partial ones among them. */
  backups: Partial<Record<Kind, number>>;
  partial: number;
  drills: Partial<Record<Verdict, number>>;
}

/** What the store holds of one database. */
export interface Database {
  name: string;
  sealed: number;
  /** The newest whole one, and how old it is. */
  newest: string | null;
  newestAgeSeconds: number | null;
  sizeBytes: number;
  unsealed: number;
  drills: number;
  /** When a drill last passed, of whichever backup. */
  lastProvenAt: string | null;
  /** The newest whole backup that is proven. */
  newestProven: { backupId: string; at: string; provenAt: string } | null;
  /** Recipients of the newest whole backup whose identity no drill has proven; none before the first drill has passed. */
  unprovenRecipients: string[];
  /** The last year, its days in order; days without anything are left out. */
  calendar: CalendarDay[];
  /** By the policy; null where none was given. */
  outlook: Outlook | null;
}

export interface DatabaseSource {
  manifestOf: ManifestReader;
  drillOf: DrillReader;
  log: Log;
  signal: AbortSignal;
  now: Date;
}

const dayMilliseconds = 86_400_000;
/** 53 weeks. */
const calendarDays = 371;

/** Sums up what was listed of one database; warns of a recipient whose identity no drill has proven. */
export async function summarizeDatabase(
  name: string,
  backups: readonly ListedBackup[],
  outlook: Outlook | null,
  source: DatabaseSource,
): Promise<Database> {
  const sealed = backups.filter(backup => backup.sealed);
  const newest = sealed.find(({ facts }) => !facts.partial);
  const newestProven = sealed.find(backup => !backup.facts.partial && provenBy(backup) !== undefined);
  const passed = sealed.flatMap(backup => backup.drills.filter(({ verdict }) => verdict === 'passed'));
  const lastProven = Math.max(...passed.map(({ at }) => at.getTime()));
  const unprovenRecipients =
    newest === undefined || passed.length === 0 ? [] : await findUnproven(newest, sealed, source);
  for (const recipient of unprovenRecipients)
    source.log.warn(
      `no drill of ${name} has ever proven recipient ${shortRecipient(recipient)}: nobody knows whether its identity opens a backup; drill once with it`,
    );
  return {
    name,
    sealed: sealed.length,
    newest: newest?.facts.at.toISOString() ?? null,
    newestAgeSeconds:
      newest === undefined ? null : Math.max(0, Math.round((source.now.getTime() - newest.facts.at.getTime()) / 1000)),
    sizeBytes: sealed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    unsealed: backups.length - sealed.length,
    drills: drillsOf(sealed).length,
    lastProvenAt: passed.length === 0 ? null : new Date(lastProven).toISOString(),
    newestProven: newestProven === undefined ? null : proofOf(newestProven),
    unprovenRecipients,
    calendar: calendarOf(sealed, source.now),
    outlook,
  };
}

function proofOf(backup: ListedBackup): Database['newestProven'] {
  const provenAt = provenBy(backup)?.at.toISOString() ?? '';
  return { backupId: backup.id, at: backup.facts.at.toISOString(), provenAt };
}

/** Recipients of the newest backup that none of the newest drills names; all of them where it cannot be read. */
async function findUnproven(
  newest: ListedBackup,
  sealed: readonly ListedBackup[],
  { manifestOf, drillOf, signal }: DatabaseSource,
): Promise<string[]> {
  const manifest = await manifestOf(newest).catch(() => undefined);
  signal.throwIfAborted();
  const recipientsOf: RecipientsReader = async (backup, drill) =>
    (await drillOf(backup, drill)).evidence?.provenRecipients ?? [];
  const { recipients: proven } = await readProvenRecipients(recipientsOf, sealed, signal);
  return (manifest?.encryption.recipients ?? []).filter(recipient => !proven.has(recipient));
}

/** The drills of backups, newest first. */
export function drillsOf(
  backups: readonly ListedBackup[],
): { backup: ListedBackup; drill: ListedBackup['drills'][number] }[] {
  return backups
    .flatMap(backup => backup.drills.map(drill => ({ backup, drill })))
    .sort((a, b) => b.drill.at.getTime() - a.drill.at.getTime());
}

function calendarOf(sealed: readonly ListedBackup[], now: Date): CalendarDay[] {
  const since = now.getTime() - calendarDays * dayMilliseconds;
  const days = new Map<string, CalendarDay>();
  const dayOf = (at: Date) => {
    const day = at.toISOString().slice(0, 10);
    const known = days.get(day) ?? { day, backups: {}, partial: 0, drills: {} };
    days.set(day, known);
    return known;
  };
  const isShown = (at: Date) => at.getTime() >= since && at <= now;
  for (const { facts, drills } of sealed) {
    if (isShown(facts.at)) {
      const day = dayOf(facts.at);
      day.backups[facts.kind] = (day.backups[facts.kind] ?? 0) + 1;
      if (facts.partial) day.partial += 1;
    }
    for (const { at, verdict } of drills)
      if (isShown(at)) {
        const day = dayOf(at);
        day.drills[verdict] = (day.drills[verdict] ?? 0) + 1;
      }
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}
