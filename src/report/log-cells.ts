import type { DrillEntry } from '../commands/log-drill.ts';
import type { Check, LogEntry } from '../commands/log-entry.ts';
import type { Kept } from '../commands/log-outlook.ts';
import { type CsvCell, plainCell } from './csv.ts';
import { formatBytes, formatCount, formatSeconds, formatTime, plainLine, plural } from './format.ts';
import { describePlaces } from './log-replica-words.ts';

/**
 * A column of the log as people read it: `isText` is free text of people, which may be hidden; `isRare` shows only where it says something;
 * `ofReplica` is there with a replica alone.
 */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  isNumber?: boolean;
  isText?: boolean;
  isRare?: boolean;
  ofReplica?: boolean;
}

/** A column of the log as programs read it. */
export interface CsvColumn<Row> {
  name: string;
  cell: (row: Row) => CsvCell;
  isText?: boolean;
  ofReplica?: boolean;
}

export const backupColumns: readonly Column<LogEntry>[] = [
  { title: 'Backup', cell: ({ backupId }) => backupId },
  { title: 'Made', cell: ({ at }) => formatTime(at) },
  { title: 'Kind', cell: ({ kind, partial }) => `${kind}${partial ? ' (partial)' : ''}` },
  { title: 'Size', cell: ({ sizeBytes }) => formatBytes(sizeBytes), isNumber: true },
  { title: 'Tables', cell: ({ tables }) => formatCount(tables), isNumber: true },
  { title: 'Rows', cell: ({ rows }) => formatCount(rows), isNumber: true },
  { title: 'Files', cell: ({ files }) => (files ? formatCount(files) : ''), isNumber: true, isRare: true },
  { title: 'Encrypted', cell: encryptionOf },
  { title: 'Verified', cell: describeChecks },
  { title: 'Proven', cell: describeProof },
  { title: 'Stored where', cell: ({ storedIn }) => describePlaces(storedIn), ofReplica: true },
  { title: 'Kept', cell: ({ kept }) => describeKept(kept) },
  { title: 'By', cell: ({ actor }) => actor ?? '', isText: true },
  { title: 'Reason', cell: ({ reason }) => reason ?? '', isText: true },
];

export const drillColumns: readonly Column<DrillEntry>[] = [
  { title: 'Drill', cell: ({ at }) => formatTime(at) },
  { title: 'Backup', cell: ({ backupId }) => backupId },
  { title: 'Verdict', cell: ({ verdict }) => verdict },
  { title: 'Findings', cell: entry => findingsOf(entry) },
  { title: 'RTO', cell: ({ evidence }) => secondsOf(evidence?.rtoSeconds), isNumber: true },
  { title: 'RPO', cell: ({ evidence }) => secondsOf(evidence?.rpoSeconds), isNumber: true },
  { title: 'Server', cell: ({ evidence }) => evidence?.serverVersion ?? '' },
  { title: 'Recipients proven', cell: ({ evidence }) => (evidence?.provenRecipients ?? []).map(shortKey).join(', ') },
  { title: 'Run', cell: ({ evidence }) => evidence?.run?.url ?? '' },
  { title: 'By', cell: ({ evidence }) => evidence?.run?.actor ?? '', isText: true },
];

const text = (value: string | null | undefined): CsvCell =>
  value === null || value === undefined ? null : plainCell(plainLine(value));

export const backupCsvColumns: readonly CsvColumn<LogEntry>[] = [
  { name: 'name', cell: ({ name }) => name },
  { name: 'backup', cell: ({ backupId }) => backupId },
  { name: 'made_at', cell: ({ at }) => at },
  { name: 'kind', cell: ({ kind }) => kind },
  { name: 'partial', cell: ({ partial }) => partial },
  { name: 'reason', cell: ({ reason }) => text(reason), isText: true },
  { name: 'started_by', cell: ({ actor }) => text(actor), isText: true },
  { name: 'run_url', cell: ({ runUrl }) => text(runUrl) },
  { name: 'stored_bytes', cell: ({ sizeBytes }) => sizeBytes },
  { name: 'database_bytes', cell: ({ databaseBytes }) => databaseBytes },
  { name: 'tables', cell: ({ tables }) => tables },
  { name: 'rows', cell: ({ rows }) => rows },
  { name: 'files', cell: ({ files }) => files },
  { name: 'server_version', cell: ({ server }) => text(server) },
  { name: 'encryption', cell: ({ encryption }) => encryption },
  { name: 'recipients', cell: ({ recipients }) => recipients },
  { name: 'verified_at', cell: ({ lastCheck }) => lastCheck?.at ?? null },
  { name: 'verified_depth', cell: ({ lastCheck }) => lastCheck?.depth ?? null },
  { name: 'verified_verdict', cell: ({ lastCheck }) => lastCheck?.verdict ?? null },
  { name: 'archive_verified_at', cell: ({ deepCheck }) => deepCheck?.at ?? null },
  { name: 'proven_at', cell: ({ provenAt }) => provenAt },
  { name: 'proven_by', cell: ({ provenBy }) => provenBy },
  { name: 'proven_rto_seconds', cell: ({ rtoSeconds }) => rtoSeconds },
  { name: 'newest_drill_verdict', cell: ({ drills }) => drills.at(-1)?.verdict ?? null },
  { name: 'kept', cell: ({ kept }) => kept.outcome },
  { name: 'kept_until', cell: ({ kept }) => kept.until },
  { name: 'kept_by', cell: ({ kept }) => text(kept.reasons.join('; ')) },
  { name: 'retained', cell: ({ retain }) => retain },
  { name: 'stored_in', cell: ({ storedIn }) => describePlaces(storedIn), ofReplica: true },
  { name: 'location', cell: ({ location }) => text(location) },
  { name: 'problem', cell: ({ problem }) => text(problem) },
];

export const drillCsvColumns: readonly CsvColumn<DrillEntry>[] = [
  { name: 'name', cell: ({ name }) => name },
  { name: 'drilled_at', cell: ({ at }) => at },
  { name: 'backup', cell: ({ backupId }) => backupId },
  { name: 'verdict', cell: ({ verdict }) => verdict },
  { name: 'findings', cell: ({ evidence }) => evidence?.codes.reduce((sum, { count }) => sum + count, 0) ?? null },
  { name: 'codes', cell: entry => (entry.evidence === null ? null : codesOf(entry)) },
  { name: 'left_out', cell: ({ evidence }) => evidence?.excluded ?? null },
  { name: 'rto_seconds', cell: ({ evidence }) => evidence?.rtoSeconds ?? null },
  { name: 'max_rto_seconds', cell: ({ evidence }) => evidence?.maxRtoSeconds ?? null },
  { name: 'rpo_seconds', cell: ({ evidence }) => evidence?.rpoSeconds ?? null },
  { name: 'max_rpo_seconds', cell: ({ evidence }) => evidence?.maxRpoSeconds ?? null },
  { name: 'duration_seconds', cell: ({ evidence }) => evidence?.durationSeconds ?? null },
  { name: 'tables', cell: ({ evidence }) => evidence?.tables ?? null },
  { name: 'rows', cell: ({ evidence }) => evidence?.rows ?? null },
  { name: 'source_version', cell: ({ evidence }) => text(evidence?.sourceVersion) },
  { name: 'server_version', cell: ({ evidence }) => text(evidence?.serverVersion) },
  { name: 'tuned', cell: ({ evidence }) => (evidence === null ? null : evidence.tuned.length > 0) },
  { name: 'recipients_proven', cell: ({ evidence }) => text(evidence?.provenRecipients.join(' ')) },
  { name: 'started_by', cell: ({ evidence }) => text(evidence?.run?.actor), isText: true },
  { name: 'run_url', cell: ({ evidence }) => text(evidence?.run?.url) },
  { name: 'evidence', cell: ({ object }) => object },
  { name: 'problem', cell: ({ evidence }) => (evidence === null ? unreadable : null) },
];

const unreadable = 'its evidence could not be read';

/** `age, 2 recipients`; `?` where the manifest could not be read. */
export function encryptionOf({ encryption, recipients }: LogEntry): string {
  if (encryption === null) return '?';
  if (encryption === 'none') return 'no';
  return recipients === null || recipients === 0 ? encryption : `${encryption}, ${plural(recipients, 'recipient')}`;
}

/** The newest check, and the newest deep one that passed, where that is another. */
export function describeChecks({ lastCheck, deepCheck }: LogEntry): string {
  if (lastCheck === null) return 'never';
  const describe = ({ depth, verdict, at }: Check) => `${depth} ${verdict} ${formatTime(at)}`;
  const isOther = deepCheck !== null && deepCheck.at !== lastCheck.at;
  return isOther ? `${describe(lastCheck)}; ${describe(deepCheck)}` : describe(lastCheck);
}

/** When a drill proved it, and how long that took, or what the newest drill came to. */
export function describeProof({ provenAt, rtoSeconds, drills }: LogEntry): string {
  if (provenAt !== null)
    return `proven ${formatTime(provenAt)}${rtoSeconds === null ? '' : `, RTO ${formatSeconds(rtoSeconds)}`}`;
  const newest = drills.at(-1);
  return newest === undefined ? 'never' : `${newest.verdict} ${formatTime(newest.at)}`;
}

/** Until when, and by which rule. */
export function describeKept({ outcome, reasons, until }: Kept): string {
  if (outcome === 'no policy') return outcome;
  const why = reasons.join('; ');
  if (outcome === 'to be removed') return `${outcome}: ${why}`;
  return until === null ? why : `until ${formatTime(until)}: ${why}`;
}

/** Codes and how often each was found: `ROWS_DIFFER 3, INDEX_MISSING 1`; `none` where there are none. */
export function findingsOf(entry: DrillEntry, none = 'none'): string {
  if (entry.evidence === null) return `? (${unreadable})`;
  return codesOf(entry) || none;
}

function codesOf({ evidence }: DrillEntry): string {
  return (evidence?.codes ?? []).map(({ code, count }) => `${code} ${count}`).join(', ');
}

function secondsOf(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? '' : formatSeconds(seconds);
}

/** A post-quantum recipient has two thousand characters. */
export function shortKey(recipient: string): string {
  return recipient.length <= 24 ? recipient : `${recipient.slice(0, 12)}…${recipient.slice(-6)}`;
}
