import { Failure, messageOf } from '../failure.ts';
import type { Verdict } from '../finding.ts';
import { type Session, type Target, connect } from './connection.ts';

/** A query that must give one boolean `true`, or no rows. */
export interface Check {
  sql: string;
  timeoutSeconds: number;
  /** The time of the backup's snapshot, which the query has as `current_setting('lifeboat.snapshot_at')`. */
  snapshotAt: string;
}

/** What a check came to. `reason` says why it did not pass, without any value of a row. */
export interface CheckOutcome {
  outcome: Verdict;
  /** Whether it came to an answer, and if not, why. */
  kind: 'answer' | 'error' | 'timed-out';
  reason: string | null;
  seconds: number;
}

type Answer = Pick<CheckOutcome, 'outcome' | 'kind' | 'reason'>;

/** How long the server may take to end a query that ran out of time, before we cut the session. */
const graceMilliseconds = 5_000;
/** The longest time that timers and statement_timeout know: 24 days. */
const longestMilliseconds = 2 ** 31 - 1 - graceMilliseconds;
const countedRows = 100;
const booleanOid = 16;

/**
 * Runs one check in a read-only transaction of a session of its own, which logs in as the role of `openCheckRole`. Its words go behind
 * `DECLARE CURSOR` as one statement of the extended protocol, with nothing after them that they could swallow. No value but a boolean
 * ever leaves the server: rows of another shape are counted there.
 */
export async function runCheck(target: Target, check: Check, signal: AbortSignal): Promise<CheckOutcome> {
  const startedAt = performance.now();
  const timeoutMilliseconds = Math.min(Math.max(Math.ceil(check.timeoutSeconds * 1000), 1), longestMilliseconds);
  // the server keeps the time; this is for one that hangs
  const late = AbortSignal.timeout(timeoutMilliseconds + graceMilliseconds);
  let answer: Answer;
  try {
    answer = await answerOf(target, check, timeoutMilliseconds, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    const timedOut = late.aborted || isTimeout(error);
    answer = timedOut
      ? { outcome: 'could-not-verify', kind: 'timed-out', reason: `did not end within ${check.timeoutSeconds} s` }
      : { outcome: 'could-not-verify', kind: 'error', reason: plainError(error, check.sql) };
  }
  return { ...answer, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
}

async function answerOf(
  target: Target,
  check: Check,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<Answer> {
  const session = await connect(target, signal, true);
  const cut = () => session.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    await begin(session, check, timeoutMilliseconds);
    await session.foreign(`DECLARE lifeboat_check NO SCROLL CURSOR WITHOUT HOLD FOR\n${check.sql}`);
    const { typeOids } = await session.foreign('FETCH FORWARD 0 FROM lifeboat_check');
    if (typeOids.length !== 1 || typeOids[0] !== booleanOid)
      return judge((await session.foreign(`MOVE FORWARD ${countedRows + 1} IN lifeboat_check`)).count);
    const { rows } = await session.foreign(`FETCH FORWARD ${countedRows + 1} FROM lifeboat_check`);
    return judge(rows.length, rows[0]?.[0]);
  } finally {
    signal.removeEventListener('abort', cut);
    // the server rolls back what was not committed
    await session.close();
  }
}

/** The database's own defaults apply, as an app has them, but those that could end the session or hide rows. */
async function begin(session: Session, check: Check, timeoutMilliseconds: number): Promise<void> {
  await session.query('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
  const settings = {
    statement_timeout: String(timeoutMilliseconds),
    lock_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    ...(session.major >= 17 ? { transaction_timeout: '0' } : {}),
    // all rows matter, not the first tenth
    cursor_tuple_fraction: '1',
    'lifeboat.snapshot_at': check.snapshotAt,
  };
  const calls = Object.keys(settings).map((name, at) => `pg_catalog.set_config('${name}', $${at + 1}, true)`);
  const who = await session.one<Record<'current_user' | 'session_user' | 'is_superuser', string>>(
    `SELECT current_user, session_user, pg_catalog.current_setting('is_superuser') AS is_superuser, ${calls.join(', ')}`,
    Object.values(settings),
  );
  const { user } = session.target.address;
  if (who.current_user !== user || who.session_user !== user || who.is_superuser !== 'off')
    throw new Failure(`the session of the check is not that of ${user}`);
}

function judge(rows: number, value?: unknown): Answer {
  const kind = 'answer';
  if (rows === 0 || (rows === 1 && value === true)) return { outcome: 'passed', kind, reason: null };
  if (rows === 1 && value === false) return { outcome: 'failed', kind, reason: 'returned false' };
  if (rows === 1 && value === null) return { outcome: 'could-not-verify', kind, reason: 'returned null' };
  const number = rows > countedRows ? `more than ${countedRows} rows` : rows === 1 ? '1 row' : `${rows} rows`;
  return { outcome: 'failed', kind, reason: `returned ${number}` };
}

interface ServerError {
  code: string;
  message: string;
  where?: string;
}

function isServerError(error: unknown): error is ServerError {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return error instanceof Error && typeof severity === 'string' && /^[0-9A-Z]{5}$/.test(String(code));
}

function isTimeout(error: unknown): boolean {
  return isServerError(error) && error.code === '57014' && /statement timeout/.test(error.message);
}

/** What may be said of an error of a function, whose own words nobody knows. */
const insideFunction: Readonly<Record<string, string>> = {
  '25006': 'an attempt to write',
  '42501': 'a missing right',
};

/** Every word but names that stands in the usual messages of a server; others are shown only if they stand in the query itself. */
const known = new Set(
  `a aborted access administrator after aggregate allowed already ambiguous an and any appear are argument arguments array as at attempt
  authorization be before bigint bind boolean bound but by bytea bytes call canceling cannot cast character clause collation column
  columns command commands comment composite configuration connection constraint contain convert could cursor data database date deadlock
  declare defined denied depth detected determine dimensions disk division does domain double due duplicate element empty encoding end
  enum error exceeded exceeds execute exist exists expression extract failed field find for foreign format from full function functions
  group handler has have here identifier implicit in index inet infinite input insert integer interval into invalid is it json jsonb key
  length limit line literal lock logarithm many materialized member memory message missing modifier modifying more multiple must name
  named names nan near negative no non not null number numeric of on one only operation operator or order out outer overflow owner
  parameter parameters parse path pattern permission populated position positive precision prepared privileges process query quoted range
  read real record recursion recursive reference regular relation request requested required requires return returned returning returns
  role root row rows scalar schema sequence server session set shared signal slots smallint space specified square statement statements
  string subquery subscript such superuser supplies supported syntax system table temporary terminating text than that the there time
  timestamp timestamptz to token too transaction type types unexpected unique unit unknown unrecognized unterminated update usage use used
  user uuid value values varchar varying view whose window with within without wrapper write wrong xml yet zero zone`.split(
    /\s+/,
  ),
);

/**
 * What an error says, without what may be a value of a row: a server's message is cut where a value is quoted, and keeps only words
 * that are known, or stand in the query; of a function's own message nothing is kept.
 */
export function plainError(error: unknown, sql: string): string {
  if (!isServerError(error)) return messageOf(error);
  const state = `SQLSTATE ${error.code}`;
  if (error.where !== undefined && !/^(?:parallel worker|JSON data, .*)$/s.test(error.where))
    return `${insideFunction[error.code] ?? 'an error'} inside a function, whose words may hold values (${state})`;
  if (error.code === '42601' && /multiple commands/.test(error.message))
    return `it has several statements, and a check is one query (${state})`;
  if (error.code === '55000' && /has no handler$/.test(error.message))
    return `it reads a foreign table, which a check cannot reach (${state})`;
  const ofQuery = sql.toLowerCase();
  const words = new Set(ofQuery.match(/[\p{L}\p{N}_]+/gu));
  const isShown = (word: string) =>
    known.has(word) || (words.has(word) && (error.code === '42601' || !/^\p{N}+$/u.test(word)));
  const message = error.message
    .replace(/: ".*$/s, '')
    .replaceAll(/"[^"]*"/g, quoted => (ofQuery.includes(quoted.slice(1, -1).toLowerCase()) ? quoted : '"…"'))
    .replaceAll(/[\p{L}\p{N}_]+/gu, word => (isShown(word.toLowerCase()) ? word : '…'))
    .replaceAll(/…(?:[^\p{L}\p{N}_"]*…)+/gu, '…')
    .slice(0, 300);
  return `${message} (${state})`;
}
