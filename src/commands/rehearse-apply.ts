import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure, messageOf, wrongInput } from '../failure.ts';
import type { Finding } from '../finding.ts';
import type { RehearseInputs } from '../inputs/inputs.ts';
import type { Log } from '../log.ts';
import type { Change, ChangedMigration } from '../migrations/change.ts';
import type { Client } from '../postgres/client.ts';
import type { Session, Target } from '../postgres/connection.ts';
import { pour } from '../postgres/pour.ts';
import { formatUrl } from '../postgres/url.ts';
import { ProcessFailure } from '../process.ts';
import { bytes } from '../streams.ts';
import { runUserCommand } from './user-command.ts';

/** How the migrations of a change are applied: by a command, or file by file with psql. */
export type Way =
  | { kind: 'command'; command: string; env: Record<string, string> }
  | {
      kind: 'psql';
      files: string[];
      edited: string[];
      /** Those that take something back, and what is no SQL file. */
      left: string[];
      history: 'supabase' | null;
    };

/** One migration as it was applied. */
export interface AppliedMigration {
  title: string;
  seconds: number;
}

/** What applying came to; the migrations by name where that is known. */
export interface Applied {
  migrations: AppliedMigration[];
  seconds: number;
  findings: Finding[];
}

/** Commands that need to be told nothing; `$MIGRATIONS` is the folder of the tool's migrations. */
const knownCommands: Readonly<Record<string, string>> = {
  prisma: 'npx prisma migrate deploy',
  drizzle: 'npx drizzle-kit migrate',
  rails: 'bin/rails db:migrate',
  django: 'python manage.py migrate --noinput',
  alembic: 'alembic upgrade head',
  knex: 'npx knex migrate:latest',
  sequelize: 'npx sequelize-cli db:migrate --url "$DATABASE_URL"',
  'golang-migrate': 'migrate -path "$MIGRATIONS" -database "$DATABASE_URL" up',
  atlas: 'atlas migrate apply --dir "file://$MIGRATIONS" --url "$DATABASE_URL"',
  dbmate: 'dbmate --no-dump-schema --migrations-dir "$MIGRATIONS" up',
  goose: 'goose -dir "$MIGRATIONS" postgres "$DATABASE_URL" up',
  // its settings may lie at the top, with a plan further down
  sqitch:
    '[ -f sqitch.conf ] || cd "$MIGRATIONS"; sqitch deploy --verify "db:pg://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE"',
  flyway:
    'FLYWAY_URL="jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE" FLYWAY_USER="$PGUSER" FLYWAY_PASSWORD="$PGPASSWORD" FLYWAY_LOCATIONS="filesystem:$MIGRATIONS" flyway migrate',
};

/** Chooses the way: what the user says, else the known one of the only tool that the change is of. */
export async function chooseWay(inputs: RehearseInputs, change: Change, session: Session, top: string): Promise<Way> {
  if (inputs.migrateCommand !== undefined) return { kind: 'command', command: inputs.migrateCommand, env: {} };
  const tools = [...new Set(change.migrations.map(({ tool }) => tool))];
  const [tool = '', ...others] = tools;
  if (others.length > 0)
    throw wrongInput(
      'migrate-command',
      'is missing',
      `the change has migrations of ${tools.join(' and ')}: say how they are applied`,
    );
  if (tool === 'supabase') return bySupabase(change, session, top);
  if (tool === 'sql') return byPsql(change.migrations);
  const command = knownCommands[tool];
  const folders = change.layouts.filter(layout => layout.tool === tool);
  if (command === undefined || (command.includes('$MIGRATIONS') && folders.length !== 1))
    throw wrongInput(
      'migrate-command',
      'is missing',
      `no command is known that applies migrations of ${tool} here: say how it is done`,
    );
  return {
    kind: 'command',
    command,
    env: { MIGRATIONS: folders[0]?.folder === '' ? '.' : (folders[0]?.folder ?? '.') },
  };
}

/** A folder, a whole name or the end of one: `down/1.sql`, `1/down.sql`, `1.down.sql`, but not `1_add_down_payment.sql`. */
const takingBack = /(?:^|\/)(?:down|revert|rollback|undo)\/|(?:^|[._/-])(?:down|revert|rollback|undo)\.sql$/i;

/** Added files in the order of their paths; never those that take something back. */
function byPsql(migrations: readonly ChangedMigration[]): Way & { kind: 'psql' } {
  const isApplied = ({ path }: ChangedMigration) => /\.sql$/i.test(path) && !takingBack.test(path);
  const files = migrations.filter(isApplied);
  const pathsOf = (some: readonly ChangedMigration[]) => some.map(({ path }) => path).sort();
  return {
    kind: 'psql',
    files: pathsOf(files.filter(({ change }) => change === 'added')),
    edited: pathsOf(files.filter(({ change }) => change !== 'added')),
    left: pathsOf(migrations.filter(one => !isApplied(one))),
    history: null,
  };
}

/** Supabase writes down the version of each migration, so those that are pending are known, of this change or merged before. */
async function bySupabase(change: Change, session: Session, top: string): Promise<Way> {
  const [there] = await session.query(
    `SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass('supabase_migrations.schema_migrations')`,
  );
  const plain = byPsql(change.migrations);
  if (!there) return plain;
  const rows = await session.query<{ version: string }>(
    'SELECT version::text AS version FROM supabase_migrations.schema_migrations',
  );
  const applied = new Set(rows.map(({ version }) => version));
  const isApplied = (path: string) => applied.has(/^\d+/.exec(basename(path))?.[0] ?? '');
  const merged = await mergedForSupabase(change, top);
  const gone = new Set(change.migrations.filter(one => one.change === 'deleted').map(({ path }) => path));
  return {
    ...plain,
    files: [...new Set([...plain.files, ...plain.edited, ...merged])]
      .filter(path => !isApplied(path) && !gone.has(path))
      .sort(),
    edited: plain.edited.filter(isApplied),
    history: 'supabase',
  };
}

/** The migrations in the checkout, in its folders; its command takes those of these names alone. */
async function mergedForSupabase({ layouts }: Change, top: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { tool, folder } of layouts) {
    if (tool !== 'supabase') continue;
    const place = `${folder === '' ? '' : `${folder}/`}supabase/migrations`;
    const names = await readdir(join(top, place)).catch(() => []);
    paths.push(...names.filter(name => /^\d+_.+\.sql$/.test(name)).map(name => `${place}/${name}`));
  }
  return paths;
}

/** What applying needs. */
export interface Applying {
  inputs: RehearseInputs;
  /** Where, and as whom. */
  target: Target;
  client: Client;
  /** Of the repository, in which commands run. */
  folder: string;
  log: Log;
  signal: AbortSignal;
}

/** Applies the migrations. What goes wrong is a finding; only an abort throws. */
export async function apply(way: Way, applying: Applying): Promise<Applied> {
  return way.kind === 'command' ? byCommand(way, applying) : byFiles(way, applying);
}

const codes = {
  failed: 'MIGRATION_FAILED',
  'not-run': 'MIGRATE_COMMAND_NOT_RUN',
  'timed-out': 'MIGRATION_TIMED_OUT',
} as const;

/** Whether the migrations did not come to their end, so that nothing after them was looked at; nobody can accept that. */
export function isStopping({ code }: Finding): boolean {
  return Object.values<string>(codes).includes(code);
}

async function byCommand(way: Way & { kind: 'command' }, applying: Applying): Promise<Applied> {
  const { inputs, target, log, signal } = applying;
  const { failure, seconds } = await runUserCommand({
    command: way.command,
    title: 'migrate-command',
    url: formatUrl(target.address),
    timeoutSeconds: inputs.migrateTimeoutSeconds,
    env: { CI: 'true', ...way.env },
    log: inputs.hideNames ? undefined : log,
    signal,
  });
  const findings: Finding[] = failure
    ? [{ code: codes[failure.kind], object: 'migrate-command', expected: 'status 0', found: failure.found }]
    : [];
  return { migrations: [], seconds, findings };
}

async function byFiles(way: Way & { kind: 'psql' }, applying: Applying): Promise<Applied> {
  const { inputs, target, client, folder, log } = applying;
  const session = { ...target, application: 'psql' };
  const applied: Applied = {
    migrations: [],
    seconds: 0,
    findings: way.edited.map(path => ({
      code: 'MIGRATION_EDITED',
      object: `migration ${path}`,
      expected: 'a new file',
      found: 'a file that was there before: nobody knows what of it was applied',
    })),
  };
  if (way.files.length === 0) return applied;
  for (const path of way.files) {
    const startedAt = performance.now();
    const finding = await applyFile(client, session, join(folder, path), path, applying);
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    applied.seconds += seconds;
    if (finding) return { ...applied, findings: [...applied.findings, finding] };
    applied.migrations.push({ title: path, seconds });
    log.info(inputs.hideNames ? `a migration: ${seconds} s` : `migration ${path}: ${seconds} s`);
  }
  return applied;
}

async function applyFile(
  client: Client,
  target: Target,
  file: string,
  path: string,
  { inputs, log, signal }: Applying,
): Promise<Finding | undefined> {
  const object = `migration ${path}`;
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    return { code: 'MIGRATE_COMMAND_NOT_RUN', object, expected: 'a file in the checkout', found: messageOf(error) };
  }
  const failed = (stderr: string): Finding => {
    const said = saidBy(stderr);
    if (!inputs.hideNames) log.info(`${path}: ${said.forLog}`);
    return { code: 'MIGRATION_FAILED', object, expected: 'no error', found: said.forReport };
  };
  const late = AbortSignal.timeout(Math.min(inputs.migrateTimeoutSeconds * 1000, 2 ** 31 - 1));
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-f', '-'];
  try {
    const ended = await pour(client.command('psql', options, target), bytes(content), AbortSignal.any([signal, late]));
    // a file may say that psql is to go on after an error
    return errorIn(ended.stderr) === null ? undefined : failed(ended.stderr);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted)
      return {
        code: 'MIGRATION_TIMED_OUT',
        object,
        expected: `an end within ${inputs.migrateTimeoutSeconds} s`,
        found: 'none',
      };
    if (!(error instanceof ProcessFailure)) throw error;
    return failed(error.stderr);
  }
}

function errorIn(stderr: string): RegExpExecArray | null {
  return /^psql:<stdin>:(\d+): (?:ERROR|FATAL|PANIC): +([0-9A-Z]{5}): (.*)$/m.exec(stderr);
}

/** The first error of psql. Messages of other classes than syntax and names may hold values of rows, as details always may. */
function saidBy(stderr: string): { forLog: string; forReport: string } {
  const [, line, state = '', message = ''] = errorIn(stderr) ?? [];
  if (state === '') return { forLog: 'psql failed', forReport: 'psql failed' };
  const place = `SQLSTATE ${state} in line ${line}`;
  const isOfNames = /^(?:42|0A|25|2B|2D|3D|3F|55)/.test(state);
  return { forLog: `${place}: ${message}`, forReport: isOfNames ? `${place}: ${message}` : place };
}

/** Writes down for Supabase what psql applied, as its own command does. */
export async function recordSupabase(way: Way, applied: Applied, session: Session): Promise<void> {
  if (way.kind !== 'psql' || way.history !== 'supabase') return;
  for (const { title } of applied.migrations) {
    const [, version, name = ''] = /^(\d+)_?(.*)\.sql$/.exec(basename(title)) ?? [];
    if (version === undefined) continue;
    await session.query(
      'INSERT INTO supabase_migrations.schema_migrations (version, name) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [version, name],
    );
  }
}

/** What a migration accepts by itself: `lifeboat: accept CODE object` in any comment of its. */
export async function readAccepted(change: Change, folder: string): Promise<{ code: string; object: string }[]> {
  const accepted: { code: string; object: string }[] = [];
  for (const { path, change: what } of change.migrations) {
    if (what === 'deleted') continue;
    const text = await readFile(join(folder, path), 'utf8').catch(() => '');
    for (const [, code = '', object = ''] of text.matchAll(
      /\blifeboat: accept ([A-Z_]+) +([^\r\n]+?) *(?:\*\/|-->|#>)?$/gm,
    ))
      accepted.push({ code, object });
  }
  return accepted;
}

/** The top of the repository that a folder is in. */
export function topOf(folder: string): string {
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, '.git'))) return here;
    if (dirname(here) === here)
      throw new Failure(`${folder} is in no git repository`, { hint: 'check the repository out first' });
  }
}
