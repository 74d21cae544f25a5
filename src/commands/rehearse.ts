import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { type Finding, explained, judge } from '../finding.ts';
import type { RehearseInputs } from '../inputs/inputs.ts';
import { type Change, readChange } from '../migrations/change.ts';
import { type Client, findClient } from '../postgres/client.ts';
import { type Session, type Target, connect } from '../postgres/connection.ts';
import type { Observed } from '../postgres/lock-observer.ts';
import { identifier, literal } from '../postgres/quote.ts';
import { formatUrl } from '../postgres/url.ts';
import type { Context } from './context.ts';
import { readChecks, runCheckCommand, runChecks } from './drill-checks.ts';
import { type Way, apply, chooseWay, isStopping, readAccepted, recordSupabase, topOf } from './rehearse-apply.ts';
import { changesOf } from './rehearse-changes.ts';
import { losses } from './rehearse-losses.ts';
import { lockedTables, observe } from './rehearse-observe.ts';
import { type RehearseResult, withoutNames } from './rehearse-result.ts';
import { type State, definitionChanges, isSame, look } from './rehearse-state.ts';
import { openTarget } from './targets.ts';
import { runUserCommand } from './user-command.ts';

/**
 * Applies the migrations of a change to a restored copy, and says what they did: how long they took, whom they locked out, which rows and
 * definitions they changed. What is wrong is a finding; only a wrong input, a refusal and a cancel throw.
 */
export async function rehearse(inputs: RehearseInputs, context: Context): Promise<RehearseResult> {
  const startedAt = context.now();
  const { signal, log } = context;
  const folder = process.cwd();
  const checks = await readChecks(inputs.checks ?? '', folder);
  const target = await openTarget('target-url', inputs.targetUrl, inputs.sslRootCert, context);
  const admin = await connect(target, signal);
  const cut = () => admin.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await refuseProduction(admin, startedAt);
    const change = await readChange({ ...inputs, folder, workFolder: context.folder }, signal);
    const stage: Stage = { inputs, change, target, admin, top: topOf(folder), context };
    const report = newReport(change, inputs);
    if (change.migrations.length > 0) await log.group('Rehearsal', () => play(stage, report, checks));
    return conclude(stage, report, startedAt, await readAccepted(change, stage.top));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cut);
    await admin.close();
  }
}

interface Stage {
  inputs: RehearseInputs;
  change: Change;
  target: Target;
  admin: Session;
  /** The repository's top. */
  top: string;
  context: Context;
}

/** What is being found out. */
type Report = Pick<
  RehearseResult,
  | 'files'
  | 'notices'
  | 'migrations'
  | 'seconds'
  | 'locks'
  | 'tables'
  | 'tablesUnchanged'
  | 'definitions'
  | 'checks'
  | 'role'
> & { findings: Finding[] };

function newReport(change: Change, { migrateRole }: RehearseInputs): Report {
  return {
    files: change.migrations.map(({ path }) => path),
    findings: [],
    notices: [],
    migrations: [],
    seconds: 0,
    locks: [],
    tables: [],
    tablesUnchanged: 0,
    definitions: [],
    checks: [],
    role: migrateRole ?? null,
  };
}

const dayMilliseconds = 86_400_000;

/**
 * Nobody's database may be taken for a copy by mistake: the target is a scratch database that a drill kept, or lies on a server that was
 * made within the last day. The upper half of a system identifier is the time of its initdb
 * (https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/access/transam/xlog.c, `BootStrapXLOG`).
 */
async function refuseProduction(admin: Session, now: Date): Promise<void> {
  const { database, madeAt } = await admin.one<{ database: string; madeAt: string }>(
    `SELECT pg_catalog.current_database() AS database, (system_identifier >> 32)::text AS "madeAt" FROM pg_catalog.pg_control_system()`,
  );
  if (database.startsWith('lifeboat_kept_') || now.getTime() - Number(madeAt) * 1000 < dayMilliseconds) return;
  throw new Failure(
    `input target-url leads to a server that is older than a day: ${database} may be somebody's own database`,
    {
      hint: 'rehearse in a throw-away server, or in the scratch database that a drill with keep-scratch left',
      exitStatus: 64,
    },
  );
}

async function play(stage: Stage, report: Report, checks: Awaited<ReturnType<typeof readChecks>>): Promise<void> {
  const { inputs, change, target, admin, top, context } = stage;
  const { log, signal } = context;
  const client = await findClient({ major: admin.major, choice: inputs.client, log, signal });
  const way = await chooseWay(inputs, change, admin, top);
  if (way.kind === 'psql')
    report.notices.push(
      ...way.left.map(path => `${path} is not applied: by its name it takes something back, or is no SQL`),
    );
  const as = await roleOf(stage);
  const applying = { inputs, target: as, client, folder: top, log, signal };
  const looking = { admin, client, target, signal };
  const before = await look(looking);
  log.info(`before: ${before.census.tables.length} tables`);

  const { applied, observed, known } = await observe(target, () => apply(way, applying), signal);
  report.findings.push(...applied.findings);
  report.migrations = applied.migrations;
  report.seconds = applied.seconds;
  await recordSupabase(way, applied, admin);
  const after = await look({ ...looking, since: before });
  tell(report, { before, after, observed, inputs });
  if (applied.findings.some(isStopping)) return;
  // that they were edited says more
  const isSaid = way.kind === 'psql' && way.files.length === 0 && way.edited.length > 0;
  if (isSame(before, after) && known === 0 && !isSaid)
    report.findings.push({
      code: 'NOTHING_APPLIED',
      object: 'migrations',
      expected: 'a change of definitions or rows',
      found: 'none',
    });
  if (inputs.repeat) await repeat(stage, report, { way, applying, client, after });
  await check(stage, report, checks);
  if (inputs.downCommand !== undefined) await takeBack(stage, report, { client, before, as });
}

/** The role that applies migrations in production may log in here, by a password of this run's own. */
async function roleOf({ inputs, target, admin, context }: Stage): Promise<Target> {
  const { migrateRole } = inputs;
  if (migrateRole === undefined) return target;
  const [role] = await admin.query(`SELECT FROM pg_catalog.pg_roles WHERE rolname = $1`, [migrateRole]);
  if (!role)
    throw new Failure(`input migrate-role is ${migrateRole}, which is no role of the restored copy`, {
      hint: 'name a role that the backup holds',
      exitStatus: 64,
    });
  const password = randomBytes(24).toString('base64url');
  const { database } = target.address;
  await admin.query(
    `ALTER ROLE ${identifier(migrateRole)} LOGIN PASSWORD ${literal(password)} VALID UNTIL 'infinity' CONNECTION LIMIT -1`,
  );
  await admin.query(`GRANT CONNECT ON DATABASE ${identifier(database)} TO ${identifier(migrateRole)}`);
  context.log.info('migrations are applied as migrate-role says');
  return { ...target, address: { ...target.address, user: migrateRole, password } };
}

function tell(
  report: Report,
  { before, after, observed, inputs }: { before: State; after: State; observed: Observed; inputs: RehearseInputs },
): void {
  report.tables = changesOf(before.census.tables, after.census.tables);
  report.tablesUnchanged =
    before.census.tables.length - report.tables.filter(({ rowsBefore }) => rowsBefore !== null).length;
  report.definitions = definitionChanges(before.definitions, after.definitions);
  report.findings.push(...losses(before.census, after.census, before.histories));
  if (after.isGoingOn)
    report.findings.push({
      code: 'MIGRATION_GOES_ON',
      object: 'migrations',
      expected: 'no session at work',
      found: 'one or more, ten seconds later',
    });
  report.locks = lockedTables(before.census.tables, observed, report);
  if (observed.failure !== null)
    report.findings.push({
      code: 'LOCKS_NOT_OBSERVED',
      object: 'locks',
      expected: 'a look at them',
      found: observed.failure,
    });
  const { maxLockSeconds } = inputs;
  if (maxLockSeconds === undefined) return;
  for (const { table, readersSeconds, writersSeconds } of report.locks) {
    const seconds = Math.max(readersSeconds ?? 0, writersSeconds ?? 0);
    if (seconds <= maxLockSeconds) continue;
    const whom = (readersSeconds ?? 0) > maxLockSeconds ? 'readers and writers' : 'writers';
    report.findings.push({
      code: 'LOCK_TOO_LONG',
      object: `table ${table}`,
      expected: `closed for at most ${maxLockSeconds} s`,
      found: `closed to ${whom} for ${seconds} s`,
    });
  }
}

interface Again {
  way: Way;
  applying: Parameters<typeof apply>[1];
  client: Client;
  after: State;
}

async function repeat(
  { target, admin, context }: Stage,
  report: Report,
  { way, applying, client, after }: Again,
): Promise<void> {
  const applied = await apply(way, applying);
  for (const { object, expected, found } of applied.findings)
    report.findings.push({ code: 'REPEAT_FAILED', object, expected, found });
  if (applied.findings.length > 0) return;
  const again = await look({ admin, client, target, signal: context.signal, since: after });
  for (const { object } of definitionChanges(after.definitions, again.definitions))
    report.findings.push({
      code: 'REPEAT_CHANGED',
      object,
      expected: 'as after the first run',
      found: 'another definition',
    });
  for (const { table } of changesOf(after.census.tables, again.census.tables))
    report.findings.push({
      code: 'REPEAT_CHANGED',
      object: `table ${table}`,
      expected: 'as after the first run',
      found: 'other rows',
    });
}

async function check(
  { inputs, target, admin, context }: Stage,
  report: Report,
  checks: Awaited<ReturnType<typeof readChecks>>,
): Promise<void> {
  const { log, signal } = context;
  const timeoutSeconds = inputs.checkTimeoutSeconds;
  if (checks.length > 0) {
    const quiet = inputs.hideNames ? { ...log, info: () => {} } : log;
    const snapshotAt = context.now().toISOString();
    const ran = await runChecks({ admin, checks, timeoutSeconds, snapshotAt, log: quiet, signal });
    report.checks.push(...ran.results);
    report.findings.push(...ran.findings);
  }
  if (inputs.checkCommand === undefined) return;
  const ran = await runCheckCommand({
    command: inputs.checkCommand,
    url: formatUrl(target.address),
    timeoutSeconds,
    log,
    signal,
  });
  report.checks.push(...ran.results);
  report.findings.push(...ran.findings);
}

async function takeBack(
  { inputs, target, admin, context }: Stage,
  report: Report,
  { client, before, as }: { client: Client; before: State; as: Target },
): Promise<void> {
  const { log, signal } = context;
  const { failure } = await runUserCommand({
    command: inputs.downCommand ?? '',
    title: 'down-command',
    url: formatUrl(as.address),
    timeoutSeconds: inputs.migrateTimeoutSeconds,
    env: { CI: 'true' },
    log: inputs.hideNames ? undefined : log,
    signal,
  });
  if (failure) {
    report.findings.push({ code: 'DOWN_FAILED', object: 'down-command', expected: 'status 0', found: failure.found });
    return;
  }
  const back = await look({ admin, client, target, signal });
  for (const { object, change } of definitionChanges(before.definitions, back.definitions))
    report.findings.push({
      code: 'DOWN_DIFFERS',
      object,
      expected: 'as before the migrations',
      found: `${change} since`,
    });
}

function conclude(
  { inputs, context }: Stage,
  report: Report,
  startedAt: Date,
  ofFiles: readonly { code: string; object: string }[],
): RehearseResult {
  const accept = [...inputs.accept, ...ofFiles];
  // what did not come to its end was not looked at
  const isAccepted = (one: Finding) =>
    !isStopping(one) && accept.some(({ code, object }) => code === one.code && object === one.object);
  const left = report.findings.filter(one => !isAccepted(one));
  const accepted = report.findings.filter(isAccepted).map(({ code, object }) => `${code} ${object}`);
  const unused = accept.filter(
    ({ code, object }) => !report.findings.some(one => one.code === code && one.object === object),
  );
  const result: RehearseResult = {
    command: 'rehearse',
    verdict: judge(left),
    ...report,
    findings: left.map(explained),
    accepted,
    notices: [
      ...report.notices,
      ...unused.map(({ code, object }) => `accept ${code} ${object} met nothing: take it out`),
    ],
    namesHidden: inputs.hideNames,
    durationSeconds: Math.round((context.now().getTime() - startedAt.getTime()) / 100) / 10,
    report: null,
  };
  return inputs.hideNames ? withoutNames(result) : result;
}
