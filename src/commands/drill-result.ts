import type { ExplainedFinding, Verdict } from '../finding.ts';

/** The stages of a drill in their order. While bytes stream, the first three go on beside `data`. */
export const stageNames = [
  'fetch',
  'check bytes',
  'decrypt',
  'roles',
  'pre-data',
  'data',
  'post-data',
  'compare',
  'files',
  'checks',
] as const;
export type StageName = (typeof stageNames)[number];

/** One stage on the drill's clock: seconds from its begin. */
export interface Stage {
  name: StageName;
  startSeconds: number;
  seconds: number;
}

/** One table as the drill found it. */
export interface DrilledTable {
  schema: string;
  name: string;
  /** As the snapshot held them; null where they were not counted. */
  rows: number | null;
  /** Bytes of the table in the source, with its TOAST. */
  sizeBytes: number;
  /** How its rows were compared; `not` for those without rows of their own, and where the user said so. */
  compared: 'content' | 'counts' | 'not';
  /** Whether there is a finding about its rows. */
  same: boolean;
}

/** Tables in numbers, which stay where names are hidden. */
export interface DrillTotals {
  /** In the backup. */
  tables: number;
  rows: number | null;
  databaseBytes: number;
  /** Whose rows were compared by content, and by their number alone. */
  byContent: number;
  byCount: number;
  /** With a finding about them. */
  different: number;
  /** Files in the backup, and those that were read, decrypted and found as they were. */
  files: number;
  filesProven: number;
}

/** One check of the user's. */
export interface CheckResult {
  /** The query's first line, its file, or the command. */
  title: string;
  outcome: Verdict;
  /** Why it did not pass, without any value of a row. */
  reason: string | null;
  seconds: number;
}

/** An earlier drill of the same database. */
export interface EarlierDrill {
  at: string;
  backupId: string;
  verdict: Verdict;
  rtoSeconds: number | null;
  tuned: boolean;
}

/** An earlier backup of the same database. */
export interface EarlierBackup {
  at: string;
  databaseBytes: number;
  storedBytes: number;
  rows: number | null;
}

/** What a drill gives back. */
export interface DrillResult {
  command: 'drill';
  name: string;
  backupId: string;
  location: string;
  snapshotAt: string;
  /** When the drill began. */
  at: string;
  verdict: Verdict;
  /** What the user left out or accepted by name, one sentence each: the first thing to be said. */
  excluded: string[];
  findings: ExplainedFinding[];
  /** True things that change no verdict, one sentence each. */
  notices: string[];
  stages: Stage[];
  /** From the first byte fetched to the last index built; null when the restore did not end. */
  rtoSeconds: number | null;
  maxRtoSeconds: number | null;
  /** What a restore of today's database might take on a server that is not tuned; null where nothing was tuned. */
  rtoEstimateSeconds: number | null;
  /** The longest gap between whole backups of the last 30 days, now included. */
  rpoSeconds: number | null;
  maxRpoSeconds: number | null;
  /** Age of the drilled backup's snapshot when the drill began. */
  backupAgeSeconds: number;
  totals: DrillTotals;
  /** Empty where names are hidden, or nothing was compared. */
  tables: DrilledTable[];
  checks: CheckResult[];
  /** Version of the source and of the server restored into. */
  sourceVersion: string;
  serverVersion: string | null;
  /** Settings that were changed for speed, as `name=value`. */
  tuned: string[];
  /** The scratch database, where it was kept. */
  scratch: string | null;
  /** Recipients whose identity opened the backup. */
  provenRecipients: string[];
  earlierDrills: EarlierDrill[];
  earlierBackups: EarlierBackup[];
  /** Key of the evidence, null where it could not be written. */
  evidence: string | null;
  /** Path of the HTML report, null where it could not be written. */
  report: string | null;
  /** Names were taken out, since others can read this run's log. */
  namesHidden: boolean;
  durationSeconds: number;
}
