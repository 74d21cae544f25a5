import type { Finding } from '../finding.ts';
import { formatAge, secondsSince } from './clock.ts';
import { type Look, type WatchedBackup, joined, leftOut, looked, median, unjudged, wholeOf } from './look.ts';

/** So many scheduled backups show how far apart they usually are. */
const leastScheduled = 3;
const days = 30;

/** What is known of the times between backups. */
export interface GapFacts {
  name: string;
  backups: readonly WatchedBackup[];
  /** The longest time without a whole backup in the last 30 days, now included; null where there is none. */
  rpoSeconds: number | null;
}

/** Whether backups were as close together as wanted, and whether their schedule can ever be. */
export function judgeGaps(
  { name, backups, rpoSeconds }: GapFacts,
  { maxRpoSeconds }: { maxRpoSeconds: number | undefined },
  now: Date,
): Look {
  if (maxRpoSeconds === undefined) return leftOut('how far apart backups are (max-rpo)');
  if (rpoSeconds === null) return looked([], []);
  const exceeded: Finding = {
    code: 'RPO_EXCEEDED',
    object: `backups of ${name}`,
    expected: `at most ${formatAge(maxRpoSeconds)} apart in the last ${days} days`,
    found: formatAge(rpoSeconds),
  };
  return joined(
    looked(['RPO_EXCEEDED'], rpoSeconds > maxRpoSeconds ? [exceeded] : []),
    judgeSchedule(name, backups, maxRpoSeconds, now),
  );
}

function judgeSchedule(name: string, backups: readonly WatchedBackup[], maxSeconds: number, now: Date): Look {
  const times = wholeOf(backups)
    .filter(({ facts }) => facts.kind === 'scheduled' && secondsSince(facts.at, now) <= days * 86_400)
    .map(({ facts }) => facts.at.getTime());
  if (times.length < leastScheduled)
    return unjudged(
      `whether the schedule of ${name} can keep max-rpo: too few scheduled backups in the last ${days} days (${times.length}, it takes ${leastScheduled})`,
    );
  const usual = median(times.slice(1).map((time, index) => ((times[index] ?? time) - time) / 1000));
  const slow: Finding = {
    code: 'RPO_OUT_OF_REACH',
    object: `schedule of ${name}`,
    expected: `a backup every ${formatAge(maxSeconds)}`,
    found: `one every ${formatAge(usual)}`,
  };
  return looked(['RPO_OUT_OF_REACH'], usual > maxSeconds ? [slow] : []);
}
