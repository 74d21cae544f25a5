import type { ExplainedFinding, FindingCode, Verdict } from '../finding.ts';

/** A figure of the newest whole backup, and what is usual among those before it; null where nobody knows. */
export interface Trend {
  newest: number | null;
  usual: number | null;
}

/** The newest backup, or drill, of one kind. */
export interface Newest {
  backupId: string;
  at: string;
  ageSeconds: number;
}

/** One database of the store as the watch saw it. */
export interface WatchedDatabase {
  name: string;
  /** Sealed backups, partial ones included. */
  sealed: number;
  /** Of so many the manifest was read, and held against what is stored. */
  manifestsRead: number;
  newest: Newest | null;
  /** The newest whole one that a drill has proven; `at` is when the drill was. */
  newestProven: Newest | null;
  /** The newest drill of all. */
  newestDrill: (Newest & { verdict: Verdict }) | null;
  databaseBytes: Trend;
  storedBytes: Trend;
  rows: Trend;
  tables: Trend;
  /** The longest time without a whole backup in the last 30 days, now included. */
  rpoSeconds: number | null;
}

/** The database itself, where it was asked. */
export interface AskedDatabase {
  version: string;
  sizeBytes: number;
  tables: number;
}

/** What a watch gives back. */
export interface WatchResult {
  command: 'watch';
  location: string;
  /** The location of the replica that the store was held against; null where none was named. */
  replica: string | null;
  at: string;
  verdict: Verdict;
  /** What the user accepted by name, one sentence each: the first thing to be said. */
  accepted: string[];
  findings: ExplainedFinding[];
  /** What was wanted and could not be judged, and other things that change no verdict. */
  notices: string[];
  /** What nobody asked for, or was left out by name. */
  leftOut: string[];
  /** Codes that this run looked for: those without a finding are well. */
  looked: FindingCode[];
  /** The one database that was watched; null where there were several, or none was named and none was found. */
  name: string | null;
  databases: WatchedDatabase[];
  database: AskedDatabase | null;
  /** Names of tables were taken out, since others can read this run's log. */
  namesHidden: boolean;
  durationSeconds: number;
}
