import type { Finding, FindingCode } from '../finding.ts';
import { formatAge } from './clock.ts';
import { type Look, type WatchedManifest, joined, looked, median, unjudged } from './look.ts';

/** The newest backup is held against so many before it, and needs so many. */
const mostBefore = 10;
const leastBefore = 3;
/** Without a word of the user's: a replica may be behind so long before its backup is no longer one of today. */
const behindAtMostSeconds = 3_600;

interface Measured {
  code: FindingCode;
  what: string;
  unit: string;
  value: (manifest: WatchedManifest) => number | null;
  /** Whether two backups can be compared in it. */
  isAlike?: (one: WatchedManifest, other: WatchedManifest) => boolean;
}

const measures: readonly Measured[] = [
  { code: 'SIZE_FELL', what: 'size of the database', unit: 'bytes', value: ({ totals }) => totals.databaseBytes },
  {
    code: 'SIZE_FELL',
    what: 'stored size',
    unit: 'bytes',
    value: ({ totals }) => totals.storedBytes,
    isAlike: (one, other) => one.compression === other.compression && one.encryption.scheme === other.encryption.scheme,
  },
  { code: 'ROWS_FELL', what: 'rows', unit: 'rows', value: ({ totals }) => totals.rows },
  { code: 'TABLES_FELL', what: 'tables', unit: 'tables', value: ({ totals }) => totals.tables },
];

/** The newest whole backup among those before it. */
export interface TrendFacts {
  name: string;
  /** Of whole backups, newest first; the first is that of the newest backup, undefined where it cannot be read. */
  newest: WatchedManifest | undefined;
  before: readonly WatchedManifest[];
}

/** Whether the newest backup is much smaller than the recent ones, in bytes, rows or tables. */
export function judgeTrend({ name, newest, before }: TrendFacts, { maxShrink }: { maxShrink: number }): Look {
  if (newest === undefined) return unjudged(`the size of the newest backup of ${name}: its manifest cannot be read`);
  const recent = before.slice(0, mostBefore);
  return joined(...measures.map(measure => judgeMeasure(measure, newest, recent, maxShrink)));
}

function judgeMeasure(
  { code, what, unit, value, isAlike = () => true }: Measured,
  newest: WatchedManifest,
  recent: readonly WatchedManifest[],
  maxShrink: number,
): Look {
  const found = value(newest);
  if (found === null) return unjudged(`${what} of ${newest.id}: nobody counted them`);
  const values = recent.filter(one => isAlike(newest, one)).flatMap(one => value(one) ?? []);
  if (values.length < leastBefore)
    return unjudged(
      `${what} of ${newest.id}: too few earlier backups to compare with (${values.length}, it takes ${leastBefore})`,
    );
  const usual = Math.round(median(values));
  const fell = findFall({ code, object: `${what} of ${newest.id}`, usual, found, unit, maxShrink });
  return looked([code], fell);
}

/** What was usual and what was found of one measure; `maxShrink` is a share, 0.3 for 30 %. */
export interface Fall {
  code: FindingCode;
  object: string;
  usual: number;
  found: number;
  unit: string;
  maxShrink: number;
}

/** The finding of a fall by more than the share that is allowed, if it is one. */
export function findFall({ code, object, usual, found, unit, maxShrink }: Fall): Finding[] {
  if (found >= usual * (1 - maxShrink)) return [];
  const share = Math.min(99, Math.floor((found / usual) * 100));
  return [
    {
      code,
      object,
      expected: `at least ${Math.round((1 - maxShrink) * 100)} % of ${usual} ${unit}`,
      found: `${share} %, ${found} ${unit}`,
    },
  ];
}

/** Whether the newest backup was asked for the tables that matter, as those of its kind were before it, and had them. */
export function judgeRequired({ name, newest, before }: TrendFacts): Look {
  if (newest === undefined) return unjudged(`the required tables of ${name}: the newest manifest cannot be read`);
  const { asked, present } = newest.requiredTables;
  const alike = before.filter(({ kind }) => kind === newest.kind).slice(0, mostBefore);
  const askedBefore = Math.max(0, ...alike.map(({ requiredTables }) => requiredTables.asked));
  const object = `required tables of ${newest.id}`;
  return looked(
    ['REQUIRED_TABLE_MISSING', 'REQUIRED_TABLES_FEWER'],
    [
      ...(present < asked
        ? [{ code: 'REQUIRED_TABLE_MISSING', object, expected: String(asked), found: String(present) } as const]
        : []),
      ...(asked < askedBefore
        ? [
            {
              code: 'REQUIRED_TABLES_FEWER',
              object,
              expected: `${askedBefore}, as before`,
              found: `${asked} asked for`,
            } as const,
          ]
        : []),
    ],
  );
}

/** Whether the newest backup was made from a replica that was behind: it is older than it looks. */
export function judgeSource({ newest }: TrendFacts, { maxRpoSeconds }: { maxRpoSeconds: number | undefined }): Look {
  if (newest === undefined) return looked([], []);
  const most = maxRpoSeconds ?? behindAtMostSeconds;
  const { source } = newest;
  if (source === null || (source.standby && source.behindSeconds === null))
    return unjudged(`the source of ${newest.id}: nobody can tell whether it was a replica that was behind`);
  const behind = source.behindSeconds ?? 0;
  const stale: Finding = {
    code: 'SOURCE_STALE',
    object: `source of ${newest.id}`,
    expected: `at most ${formatAge(most)} behind`,
    found: `a replica ${formatAge(behind)} behind`,
  };
  return looked(['SOURCE_STALE'], behind > most ? [stale] : []);
}
