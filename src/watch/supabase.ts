import type { Finding, FindingCode } from '../finding.ts';
import { formatAge, secondsSince } from './clock.ts';
import { type Look, looked } from './look.ts';
import { timeOf } from './words.ts';

/** One part of what was asked: its value, or why there is none. */
export type Asked<T> = { outcome: 'read'; value: T } | { outcome: 'not read'; problem: string };

/** A backup that Supabase made. `status` is its word, such as `COMPLETED`. */
export interface PlatformBackup {
  status: string;
  at: Date;
}

export interface PlatformBackups {
  backups: readonly PlatformBackup[];
  hasPitr: boolean;
  /** How far recovery to a point in time reaches; null where Supabase names no point. */
  latestPointAt: Date | null;
}

export interface SupabaseFacts {
  /** The project's reference. */
  project: string;
  /** Supabase's word, such as `ACTIVE_HEALTHY` or `INACTIVE`. */
  status: Asked<string>;
  backups: Asked<PlatformBackups>;
}

export interface SupabaseLimits {
  expectPitr: boolean;
}

/** Supabase makes one a day, not always at the same hour. */
const oldestBackupSeconds = 30 * 3600;
/** Supabase stores the write-ahead log every two minutes (supabase.com/docs/guides/platform/backups); Postgres gives none while nothing is written. */
const oldestPointSeconds = 3600;

/** Whether the project is up, and Supabase's own backups of it are made. */
export function judgeSupabase({ project, status, backups }: SupabaseFacts, limits: SupabaseLimits, now: Date): Look {
  const ofBackups = `backups of project ${project}`;
  const codes: FindingCode[] = [
    'SUPABASE_NOT_READ',
    ...(status.outcome === 'read' ? (['PROJECT_NOT_ACTIVE'] as const) : []),
    ...(backups.outcome === 'read' ? codesOf(backups.value, limits) : []),
  ];
  return looked(codes, [
    ...(status.outcome === 'read'
      ? judgeStatus(status.value, `project ${project}`)
      : [unread(`project ${project}`, status.problem)]),
    ...(backups.outcome === 'read'
      ? judgeBackups(backups.value, ofBackups, limits, now)
      : [unread(ofBackups, backups.problem)]),
  ]);
}

function codesOf({ hasPitr }: PlatformBackups, { expectPitr }: SupabaseLimits): FindingCode[] {
  return [
    'PLATFORM_BACKUP_NONE',
    'PLATFORM_BACKUP_TOO_OLD',
    ...(expectPitr ? (['PITR_OFF'] as const) : []),
    ...(hasPitr ? (['PITR_BEHIND'] as const) : []),
  ];
}

function unread(object: string, problem: string): Finding {
  return { code: 'SUPABASE_NOT_READ', object, expected: 'an answer', found: problem };
}

function judgeStatus(status: string, object: string): Finding[] {
  if (status === 'ACTIVE_HEALTHY') return [];
  const found = status === 'INACTIVE' ? 'INACTIVE: it is paused' : status;
  return [{ code: 'PROJECT_NOT_ACTIVE', object, expected: 'ACTIVE_HEALTHY', found }];
}

function judgeBackups(facts: PlatformBackups, object: string, { expectPitr }: SupabaseLimits, now: Date): Finding[] {
  const { hasPitr, latestPointAt } = facts;
  const off: Finding = { code: 'PITR_OFF', object, expected: 'point-in-time recovery', found: 'it is off' };
  const findings = expectPitr && !hasPitr ? [off] : [];
  const newest = newestOf(facts);
  if (newest === undefined) return [...findings, noBackup(facts, object)];
  if (secondsSince(newest, now) > oldestBackupSeconds)
    return [...findings, tooOld('PLATFORM_BACKUP_TOO_OLD', object, { limitSeconds: oldestBackupSeconds, newest, now })];
  if (!hasPitr) return findings;
  if (latestPointAt === null)
    return [{ code: 'PITR_BEHIND', object, expected: 'a latest point in time', found: 'Supabase names none' }];
  if (secondsSince(latestPointAt, now) <= oldestPointSeconds) return findings;
  return [tooOld('PITR_BEHIND', object, { limitSeconds: oldestPointSeconds, newest: latestPointAt, now })];
}

/** The newest state that Supabase can bring back. */
function newestOf({ backups, hasPitr, latestPointAt }: PlatformBackups): Date | undefined {
  const times = backups.filter(({ status }) => status === 'COMPLETED').map(({ at }) => at);
  if (hasPitr && latestPointAt !== null) times.push(latestPointAt);
  return times.sort((one, other) => other.getTime() - one.getTime())[0];
}

function noBackup({ backups }: PlatformBackups, object: string): Finding {
  const states = [...new Set(backups.map(({ status }) => status))].sort().join(', ');
  const found =
    backups.length === 0
      ? 'none at all; the free plan has none to restore'
      : `${backups.length}, all of them ${states}`;
  return { code: 'PLATFORM_BACKUP_NONE', object, expected: 'a completed backup', found };
}

function tooOld(
  code: FindingCode,
  object: string,
  { limitSeconds, newest, now }: { limitSeconds: number; newest: Date; now: Date },
): Finding {
  const found = `the newest is of ${timeOf(newest)}, ${formatAge(secondsSince(newest, now))} ago`;
  return { code, object, expected: `one of the last ${formatAge(limitSeconds)}`, found };
}
