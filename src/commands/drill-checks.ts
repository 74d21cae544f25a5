import { readFile, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Failure, wrongInput } from '../failure.ts';
import { type Finding, judge } from '../finding.ts';
import { lines, seconds as parseSeconds, shown } from '../inputs/values.ts';
import type { Log } from '../log.ts';
import { openCheckRole } from '../postgres/check-role.ts';
import { type CheckOutcome, plainError, runCheck } from '../postgres/checks.ts';
import type { Session } from '../postgres/connection.ts';
import type { CheckResult } from './drill-result.ts';
import { runUserCommand } from './user-command.ts';

/** One check of the input: its file, or the begin of its query, and the query. */
export interface CheckToRun {
  title: string;
  sql: string;
  /** Where the file says it itself. */
  timeoutSeconds: number | undefined;
}

/** What checks came to: one result each, and a finding for each that did not pass. */
export interface CheckedResults {
  results: CheckResult[];
  findings: Finding[];
}

const titleCharacters = 80;
const startsAsQuery = /^(?:(?:select|with|values|table)(?=[\s("'*]|$)|\(|--|\/\*)/i;
const isSqlFile = (path: string) => /\.sql$/i.test(path);
/** `with-orders.sql` and `select*.sql` are files. */
const isQuery = (line: string) => startsAsQuery.test(line) && !/^\S+\.sql$/i.test(line);

/**
 * Understands the input `checks`: each line a query, or a file, a glob (`*`, `?`, `**`) or a folder, relative to `folder`. Throws where a
 * line leads to no query: a check that is silently left out would look as if it had passed.
 */
export async function readChecks(text: string, folder: string): Promise<CheckToRun[]> {
  const checks: CheckToRun[] = [];
  const seen = new Set<string>();
  for (const line of lines(text)) {
    if (isQuery(line)) {
      if (isBlank(line)) throw wrong(`has a line without a query: ${shown(line)}`);
      checks.push({ title: shortened(line), sql: line, timeoutSeconds: undefined });
      continue;
    }
    for (const path of await filesOf(line, folder)) {
      if (seen.has(path)) continue;
      seen.add(path);
      checks.push(await readCheckFile(path, folder));
    }
  }
  return checks;
}

async function filesOf(line: string, folder: string): Promise<string[]> {
  const path = resolve(folder, line);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) {
    if (!isSqlFile(path)) throw wrong(`names a file that is no .sql file: ${shown(line)}`);
    return [path];
  }
  const pattern = found?.isDirectory() ? [path, '*'] : path.split(sep);
  const files = found?.isDirectory() || /[*?]/.test(line) ? await matching(pattern) : [];
  if (files.length > 0) return files;
  throw wrong(found ? `names a folder without a .sql file: ${shown(line)}` : `matches nothing: ${shown(line)}`);
}

/** Not node's own glob: the oldest Node that runs us has none. Hidden files and folders are left out. */
async function matching([first = '', ...segments]: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const walk = async (base: string, [segment, ...rest]: readonly string[]): Promise<void> => {
    if (segment === undefined) {
      if (isSqlFile(base) && (await stat(base).catch(() => undefined))?.isFile()) found.add(base);
      return;
    }
    if (!/[*?]/.test(segment)) return walk(join(base, segment), rest);
    const entries = (await readdir(base, { withFileTypes: true }).catch(() => [])).filter(
      ({ name }) => !name.startsWith('.'),
    );
    if (segment === '**') {
      await walk(base, rest);
      for (const entry of entries) if (entry.isDirectory()) await walk(join(base, entry.name), [segment, ...rest]);
      return;
    }
    const literal = segment.replaceAll(/[\\^$.+()[\]{}|/]/g, String.raw`\$&`);
    const pattern = new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
    for (const { name } of entries) if (pattern.test(name)) await walk(join(base, name), rest);
  };
  await walk(first === '' ? sep : first, segments);
  return [...found].sort();
}

async function readCheckFile(path: string, folder: string): Promise<CheckToRun> {
  const inside = relative(folder, path);
  const title = inside.startsWith('..') || isAbsolute(inside) ? path : inside;
  const bytes = await readFile(path).catch(error => {
    throw wrong(`names a file that cannot be read: ${title}: ${(error as NodeJS.ErrnoException).code}`);
  });
  let sql: string;
  try {
    // takes the mark at the begin of some files away, too
    sql = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wrong(`names a file that is not UTF-8: ${title}`);
  }
  if (sql.includes('\0')) throw wrong(`names a file with a NUL character: ${title}`);
  if (isBlank(sql)) throw wrong(`names a file without a query: ${title}`);
  return { title, sql, timeoutSeconds: timeoutOf(sql, title) };
}

/** `-- timeout: 5m` among the comments before the query. */
function timeoutOf(sql: string, title: string): number | undefined {
  for (const line of sql.split(/\r\n|\r|\n/).map(one => one.trim())) {
    if (line !== '' && !line.startsWith('--')) return undefined;
    const [, value] = /^--\s*timeout\s*:\s*(.*)$/i.exec(line) ?? [];
    if (value === undefined) continue;
    try {
      return parseSeconds('checks', value);
    } catch {
      throw wrongInput('checks', `names a file whose timeout is no time: ${title}`, 'write it as -- timeout: 5m');
    }
  }
  return undefined;
}

/** Whether there is nothing but blanks, semicolons and comments. */
function isBlank(sql: string): boolean {
  let rest = sql;
  for (;;) {
    const start = rest.replace(/^(?:[\s;]+|--[^\r\n]*)+/, '');
    if (!start.startsWith('/*')) return start === '';
    let depth = 0;
    let end = 0;
    for (const { 0: mark, index } of start.matchAll(/\/\*|\*\//g)) {
      depth += mark === '/*' ? 1 : -1;
      end = index + 2;
      if (depth === 0) break;
    }
    if (depth > 0) return true;
    rest = start.slice(end);
  }
}

function wrong(problem: string): Failure {
  const hint = 'a line is a query that begins with SELECT, WITH, VALUES or TABLE, or a .sql file, a glob or a folder';
  return wrongInput('checks', problem, hint);
}

/** The first line, cut to what fits into a table. */
function shortened(text: string): string {
  const characters = [...(text.trim().split(/[\r\n]/)[0] ?? '')];
  return characters.length <= titleCharacters
    ? characters.join('')
    : `${characters.slice(0, titleCharacters - 1).join('')}…`;
}

/** The checks to run in the database of `admin`, a superuser's session with our settings. */
export interface ChecksRun {
  admin: Session;
  checks: readonly CheckToRun[];
  /** For those that do not say their own. */
  timeoutSeconds: number;
  /** The time of the backup's snapshot, as ISO 8601. */
  snapshotAt: string;
  log: Log;
  signal: AbortSignal;
}

/** Runs checks one after another in their order. Those that could not be run are findings too; only an abort throws. */
export async function runChecks(run: ChecksRun): Promise<CheckedResults> {
  const { admin, checks, snapshotAt, log, signal } = run;
  const checked: CheckedResults = { results: [], findings: [] };
  if (checks.length === 0) return checked;
  const role = await openCheckRole(admin, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return `the role for checks cannot be made: ${plainError(error, '')}`;
  });
  try {
    for (const { title, sql, timeoutSeconds = run.timeoutSeconds } of checks) {
      const outcome: CheckOutcome =
        typeof role === 'string'
          ? { outcome: 'could-not-verify', kind: 'error', reason: role, seconds: 0 }
          : await runCheck(role.target, { sql, timeoutSeconds, snapshotAt }, signal);
      const { result, finding } = judged(title, outcome, timeoutSeconds);
      checked.results.push(result);
      if (finding) checked.findings.push(finding);
      log.info(said(`check "${title}"`, result));
    }
  } finally {
    if (typeof role !== 'string')
      await role.close().catch((error: unknown) => {
        log.warn(`the role for checks was not dropped: ${plainError(error, '')}`);
      });
  }
  return checked;
}

function judged(
  title: string,
  { outcome, kind, reason, seconds }: CheckOutcome,
  timeoutSeconds: number,
): { result: CheckResult; finding: Finding | undefined } {
  const result = { title, outcome, reason, seconds };
  if (outcome === 'passed') return { result, finding: undefined };
  const code = kind === 'timed-out' ? 'CHECK_TIMED_OUT' : outcome === 'failed' ? 'CHECK_FAILED' : 'CHECK_NOT_RUN';
  const expected = kind === 'timed-out' ? `an answer within ${timeoutSeconds} s` : 'true, or no rows';
  return { result, finding: { code, object: `check "${title}"`, expected, found: reason ?? outcome } };
}

function said(what: string, { outcome, reason, seconds }: CheckResult): string {
  return `${what}: ${outcome.replaceAll('-', ' ')} in ${seconds} s${reason === null ? '' : `: ${reason}`}`;
}

/** A shell command that judges the scratch database, `url` its URL with the password. */
export interface CheckCommandRun {
  command: string;
  url: string;
  timeoutSeconds: number;
  log: Log;
  signal: AbortSignal;
}

const commandCodes = {
  failed: 'CHECK_COMMAND_FAILED',
  'not-run': 'CHECK_COMMAND_NOT_RUN',
  'timed-out': 'CHECK_TIMED_OUT',
} as const;

/** Runs the user's command against the database, in a clean environment; how it ended is a finding unless it ended well. */
export async function runCheckCommand(run: CheckCommandRun): Promise<CheckedResults> {
  const { failure, seconds } = await runUserCommand({ ...run, title: 'check-command' });
  const finding = failure && { code: commandCodes[failure.kind], found: failure.found };
  const result: CheckResult = {
    title: shortened(run.command),
    outcome: judge(finding ? [finding] : []),
    reason: finding?.found ?? null,
    seconds,
  };
  run.log.info(said('check-command', result));
  return {
    results: [result],
    findings: finding ? [{ ...finding, object: 'check-command', expected: 'status 0' }] : [],
  };
}
