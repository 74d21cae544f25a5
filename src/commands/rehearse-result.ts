import type { ExplainedFinding, Verdict } from '../finding.ts';
import type { CheckResult } from './drill-result.ts';
import type { AppliedMigration } from './rehearse-apply.ts';
import type { TableChange } from './rehearse-changes.ts';

/** How long a table that was there before was closed to others. */
export interface LockedTable {
  table: string;
  /** Null: shorter than what can be seen, as its changed definition shows. */
  readersSeconds: number | null;
  writersSeconds: number | null;
}

/** One object whose definition is another one. */
export interface DefinitionChange {
  object: string;
  change: 'added' | 'removed' | 'changed';
  before: string;
  after: string;
}

export interface RehearseResult {
  command: 'rehearse';
  verdict: Verdict;
  /** The migrations of the change. */
  files: string[];
  findings: ExplainedFinding[];
  accepted: string[];
  notices: string[];
  /** With their times, where they are known one by one. */
  migrations: AppliedMigration[];
  /** How long all of them took. */
  seconds: number;
  locks: LockedTable[];
  tables: TableChange[];
  tablesUnchanged: number;
  definitions: DefinitionChange[];
  checks: CheckResult[];
  /** As whom the migrations were applied, where that was asked for. */
  role: string | null;
  namesHidden: boolean;
  durationSeconds: number;
  /** The path of the HTML page; null where there is none. */
  report: string | null;
}

/** The same with no name of the database in it; file names are the repository's, and stay. */
export function withoutNames(result: RehearseResult): RehearseResult {
  const kindOf = (object: string) =>
    object.startsWith('migration ') || !object.includes(' ') ? object : `${object.split(' ')[0]} (hidden)`;
  const hide = (text: string) => text.replace(/: .*$/s, '');
  return {
    ...result,
    findings: result.findings.map(one => ({
      ...one,
      object: kindOf(one.object),
      expected: hide(one.expected),
      found: hide(one.found),
    })),
    accepted: result.accepted.map(text => `${text.split(' ')[0]} (hidden)`),
    notices: result.notices.map(hide),
    migrations: result.migrations,
    locks: result.locks.map((lock, index) => ({ ...lock, table: `table ${index + 1} (hidden)` })),
    tables: result.tables.map((table, index) => ({
      ...table,
      table: `table ${index + 1} (hidden)`,
      was: table.was && 'hidden',
    })),
    definitions: result.definitions.map(one => ({ ...one, object: kindOf(one.object), before: '', after: '' })),
    checks: result.checks.map((one, index) => ({ ...one, title: `check ${index + 1}`, reason: null })),
    role: result.role && 'hidden',
  };
}
