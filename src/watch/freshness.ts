import type { Finding } from '../finding.ts';
import { formatAge, isFuture, secondsSince } from './clock.ts';
import { type Look, type WatchedBackup, looked, wholeOf } from './look.ts';

/** A run of this length may still go on: what it has stored so far is no failure yet. */
const runSeconds = 6 * 3600;

/** Whether there is a backup, how old the newest whole one is, and whether the last run came to its end. */
export function judgeFreshness(
  { name, backups }: { name: string; backups: readonly WatchedBackup[] },
  { maxAgeSeconds }: { maxAgeSeconds: number },
  now: Date,
): Look {
  const findings = [...findFuture(name, backups, now), ...findUnfinished(name, backups, now)];
  const codes = ['NO_BACKUP', 'BACKUP_FROM_FUTURE', 'BACKUP_UNFINISHED'] as const;
  const whole = wholeOf(backups);
  if (whole.length === 0) return looked(codes, [noBackup(name, backups), ...findings]);
  const newest = whole.find(({ facts }) => !isFuture(facts.at, now));
  const age = newest && secondsSince(newest.facts.at, now);
  const stale: Finding = {
    code: 'BACKUP_STALE',
    object: `newest backup of ${name}`,
    expected: `at most ${formatAge(maxAgeSeconds)} old`,
    found: newest ? `${formatAge(age ?? 0)} old (${newest.id})` : 'none but those that are dated in the future',
  };
  const isStale = age === undefined || age > maxAgeSeconds;
  return looked([...codes, 'BACKUP_STALE'], [...(isStale ? [stale] : []), ...findings]);
}

function noBackup(name: string, backups: readonly WatchedBackup[]): Finding {
  const partial = backups.filter(({ sealed }) => sealed).length;
  const rests = backups.length - partial;
  const others = [
    ...(partial > 0 ? [`partial ones (${partial})`] : []),
    ...(rests > 0 ? [`what failed runs left (${rests})`] : []),
  ];
  return {
    code: 'NO_BACKUP',
    object: `backups of ${name}`,
    expected: 'a whole sealed one',
    found: others.length === 0 ? 'none' : `none but ${others.join(' and ')}`,
  };
}

function findFuture(name: string, backups: readonly WatchedBackup[], now: Date): Finding[] {
  const future = backups.filter(({ sealed, facts }) => sealed && isFuture(facts.at, now));
  const times = future.map(({ facts }) => facts.at.getTime());
  if (times.length === 0) return [];
  const found = `${times.length} dated up to ${new Date(Math.max(...times)).toISOString()}`;
  return [
    { code: 'BACKUP_FROM_FUTURE', object: `backups of ${name}`, expected: `none after ${now.toISOString()}`, found },
  ];
}

/** Rests of runs that nothing sealed since has made up for: a whole backup does for any, a partial one for partial ones. */
function findUnfinished(name: string, backups: readonly WatchedBackup[], now: Date): Finding[] {
  const sealed = backups.filter(one => one.sealed && !isFuture(one.facts.at, now));
  const isMadeUpFor = (rest: WatchedBackup) =>
    sealed.some(({ facts }) => facts.at > rest.facts.at && (!facts.partial || rest.facts.partial));
  const isOver = ({ facts, modifiedAt }: WatchedBackup) =>
    [facts.at, modifiedAt].every(at => secondsSince(at, now) > runSeconds);
  const rests = backups.filter(one => !one.sealed && isOver(one) && !isMadeUpFor(one));
  const newest = rests.sort((a, b) => b.facts.at.getTime() - a.facts.at.getTime())[0];
  if (newest === undefined) return [];
  const others = rests.length === 1 ? '' : `, the last of ${rests.length} such`;
  return [
    {
      code: 'BACKUP_UNFINISHED',
      object: `last run of ${name}`,
      expected: 'a sealed backup',
      found: `${newest.id}, begun ${formatAge(secondsSince(newest.facts.at, now))} ago and never sealed${others}`,
    },
  ];
}
