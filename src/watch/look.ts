import type { Finding, FindingCode, Verdict } from '../finding.ts';

/** What one look came to. A look that found nothing still says what it looked for. */
export interface Look {
  /** The codes that it answers for: one that is here and not among the findings is well. */
  codes: readonly FindingCode[];
  /** Codes that it could not look for: where it should have, no other look calls them well. */
  unanswered: readonly FindingCode[];
  findings: readonly Finding[];
  /** What was wanted and could not be judged, and why: one clause each. It changes no verdict. */
  notes: readonly string[];
  /** What nobody asked for, or was left out by name: what it is, and the input in brackets. */
  leftOut: readonly string[];
}

/** A backup as the watch sees it: what its keys tell. */
export interface WatchedBackup {
  id: string;
  facts: { at: Date; kind: string; partial: boolean };
  sealed: boolean;
  /** Size of each of its stored objects, by its name. */
  sizes: ReadonlyMap<string, number>;
  /** Stored files of its database, by their names: those that a manifest lists are among them. */
  files: ReadonlyMap<string, { sizeBytes: number }>;
  /** When its newest object was written, by the store's clock. */
  modifiedAt: Date;
  /** Oldest first. */
  checks: readonly { at: Date; depth: 'bytes' | 'archive'; verdict: Verdict }[];
  drills: readonly { at: Date; verdict: Verdict }[];
}

/** What the watch needs of a manifest. */
export interface WatchedManifest {
  id: string;
  kind: string;
  partial: boolean;
  snapshotAt: string;
  compression: string;
  encryption: { scheme: string; recipients: readonly string[] };
  totals: { tables: number; rows: number | null; databaseBytes: number; storedBytes: number };
  requiredTables: { asked: number; present: number };
  /** A standby may be behind its primary; null where nobody can tell how far. */
  source: { standby: boolean; behindSeconds: number | null } | null;
  objects: readonly { object: string; sizeBytes: number }[];
  files: readonly { object: string; sizeBytes: number }[];
}

const nothing: Look = { codes: [], unanswered: [], findings: [], notes: [], leftOut: [] };

/** A look without a note. It answers for what it found, also where it could not look far enough to call that code well. */
export function looked(codes: readonly FindingCode[], findings: readonly Finding[]): Look {
  const all = new Set([...codes, ...findings.map(({ code }) => code)]);
  return { ...nothing, codes: [...all], findings };
}

/** A look that nobody asked for. */
export function leftOut(...what: readonly string[]): Look {
  return { ...nothing, leftOut: what };
}

/** A look that could not be judged. */
export function unjudged(...notes: readonly string[]): Look {
  return { ...nothing, notes };
}

/** A look that should have answered for these codes, and could not. */
export function unanswered(...codes: readonly FindingCode[]): Look {
  return { ...nothing, unanswered: codes };
}

/** Several looks as one. A code that one of them could not look for is not called well by the others. */
export function joined(...looks: readonly Look[]): Look {
  const findings = looks.flatMap(look => look.findings);
  const open = new Set(looks.flatMap(look => look.unanswered));
  const isAnswered = (code: FindingCode) => !open.has(code) || findings.some(one => one.code === code);
  return {
    codes: [...new Set(looks.flatMap(({ codes }) => codes))].filter(isAnswered),
    unanswered: [...open],
    findings,
    notes: looks.flatMap(({ notes }) => notes),
    leftOut: looks.flatMap(look => look.leftOut),
  };
}

/** Whole sealed backups, newest first. */
export function wholeOf<B extends WatchedBackup>(backups: readonly B[]): B[] {
  return backups.filter(({ sealed, facts }) => sealed && !facts.partial).sort(newestFirst);
}

function newestFirst(a: WatchedBackup, b: WatchedBackup): number {
  return b.facts.at.getTime() - a.facts.at.getTime();
}

/** The middle of some numbers, between the two middle ones where there are two; of none it is not a number. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
