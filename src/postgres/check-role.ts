import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type Session, type Target, connect } from './connection.ts';
import { quietTriggers } from './event-triggers.ts';
import { identifier, literal } from './quote.ts';

/** A role that reads everything and may do nothing else, and how to log in as it. */
export interface CheckRole {
  target: Target;
  /** Ends its sessions, drops it with all that was granted to it, and gives back what was taken from PUBLIC. */
  close(): Promise<void>;
}

/** A right or a way out of the database, as SQL that takes it away and gives it back. */
interface Way {
  what: string;
  take: string;
  giveBack: string;
}

const closeMilliseconds = 60_000;

/** Extensions, or libraries of theirs, whose functions open connections, write files or run statements in another session. */
const outside = [
  'ai',
  'amqp',
  'aws_lambda',
  'aws_s3',
  'azure_ai',
  'azure_storage',
  'dblink',
  'google_ml_integration',
  'http',
  'jdbc_fdw',
  'kafka',
  'omni_httpc',
  'oracle_fdw',
  'pg_background',
  'pg_curl',
  'pg_duckdb',
  'pg_net',
  'pg_smtp_client',
  'plproxy',
  'vectorize',
];

/**
 * Makes the role in the database of `admin`, who is a superuser there, and closes what leads out of the database to it: functions that
 * reach outside, and foreign tables.
 *
 * Not closed, because nothing tells them apart from what a check may need: SECURITY DEFINER functions of the user, which do what their
 * owner may do, and functions in C that came with no known extension.
 */
export async function openCheckRole(admin: Session, signal: AbortSignal): Promise<CheckRole> {
  const user = `lifeboat_check_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  const { database } = await admin.one<{ database: string }>('SELECT pg_catalog.current_database() AS database');
  const ways = await transaction(admin, async () => {
    for (const statement of roleStatements(user, password, admin.major)) await admin.query(statement);
    for (const statement of await readingStatements(admin, user)) await admin.query(statement);
    await admin.query(`GRANT CONNECT ON DATABASE ${identifier(database)} TO ${identifier(user)}`);
    const open = [...(await databaseRights(admin)), ...(await functions(admin, user)), ...(await wrappers(admin))];
    for (const { take } of open) await admin.query(take);
    // what another role than the owner granted stays granted
    const [left] = await functions(admin, user);
    if (left)
      throw new Failure(`PUBLIC keeps the right to execute ${left.what}, which reaches outside the database`, {
        hint: 'revoke it in the source, by the role that granted it',
      });
    signal.throwIfAborted();
    return open;
  });
  const { address } = admin.target;
  const target = { ...admin.target, address: { ...address, user, password, database, options: undefined } };
  const giveBack = ways.map(way => way.giveBack);
  return { target, close: () => inTime(() => dropAnyway(admin, user, giveBack), user) };
}

/**
 * It logs in, for SET ROLE from a superuser could be undone. Its own settings outrank those of the database: the words of errors are
 * English, which `plainError` reads, and no login trigger of the user's runs.
 */
function roleStatements(user: string, password: string, major: number): string[] {
  const name = identifier(user);
  return [
    `CREATE ROLE ${name} LOGIN PASSWORD ${literal(password)}
       NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT BYPASSRLS`,
    `ALTER ROLE ${name} SET default_transaction_read_only = on`,
    `ALTER ROLE ${name} SET "TimeZone" = 'UTC'`,
    `ALTER ROLE ${name} SET lc_messages = 'C'`,
    ...(major >= 17 ? [`ALTER ROLE ${name} SET event_triggers = off`] : []),
  ];
}

/** By pg_read_all_data; by single grants where it does not exist (13), or would bring rights of other roles with it. */
async function readingStatements(admin: Session, user: string): Promise<string[]> {
  const name = identifier(user);
  const { usable } = await admin.one<{ usable: boolean }>(
    `SELECT to_regrole IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE member = to_regrole) AS usable
     FROM pg_catalog.to_regrole('pg_read_all_data')`,
  );
  if (usable) return [`GRANT pg_read_all_data TO ${name}`];
  const schemas = await admin.query<{ schema: string }>(
    `SELECT nspname AS schema FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  );
  return schemas.flatMap(({ schema }) => [
    `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${name}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${identifier(schema)} TO ${name}`,
    `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${identifier(schema)} TO ${name}`,
  ]);
}

async function databaseRights(admin: Session): Promise<Way[]> {
  return admin.query<Way>(
    `SELECT privilege_type AS what,
            pg_catalog.format('REVOKE %s ON DATABASE %I FROM PUBLIC', privilege_type, datname) AS take,
            pg_catalog.format('GRANT %s ON DATABASE %I TO PUBLIC', privilege_type, datname) AS "giveBack"
     FROM pg_catalog.pg_database, pg_catalog.aclexplode(coalesce(datacl, pg_catalog.acldefault('d', datdba)))
     WHERE datname = pg_catalog.current_database() AND grantee = 0 AND privilege_type IN ('CREATE', 'TEMPORARY')`,
  );
}

/**
 * What the role may execute and should not: functions in untrusted languages, those of extensions that reach outside, and those that
 * Postgres or an extension itself keeps from PUBLIC (pg_read_file, lo_export), should a grant in the backup have opened them.
 */
async function functions(admin: Session, user: string): Promise<Way[]> {
  return admin.query<Way>(
    `SELECT p.oid::pg_catalog.regprocedure::text AS what,
            pg_catalog.format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', p.oid::pg_catalog.regprocedure) AS take,
            pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', p.oid::pg_catalog.regprocedure) AS "giveBack"
     FROM pg_catalog.pg_proc p
     JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE pg_catalog.has_function_privilege($1, p.oid, 'EXECUTE')
       AND (
         NOT l.lanpltrusted AND l.lanname NOT IN ('internal', 'c')
         OR l.lanname = 'c' AND pg_catalog.regexp_replace(p.probin, '^.*/|[-.][^/]*$', '', 'g') = ANY ($2)
         OR EXISTS (
           SELECT FROM pg_catalog.pg_depend d
           JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
           WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
             AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = ANY ($2)
         )
         OR EXISTS (
           SELECT FROM pg_catalog.pg_init_privs i
           WHERE i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND i.objoid = p.oid
             AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(i.initprivs) WHERE grantee = 0)
         )
       )
     ORDER BY 1`,
    [user, outside],
  );
}

/**
 * Without its handler no table of a wrapper can be read: not by a user mapping for PUBLIC, not through a view by that of its owner, and
 * not where none is needed (file_fdw, which also runs programs).
 */
async function wrappers(admin: Session): Promise<Way[]> {
  return admin.query<Way>(
    `SELECT fdwname AS what,
            pg_catalog.format('ALTER FOREIGN DATA WRAPPER %I NO HANDLER', fdwname) AS take,
            pg_catalog.format('ALTER FOREIGN DATA WRAPPER %I HANDLER %s', fdwname, fdwhandler::pg_catalog.regproc) AS "giveBack"
     FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwhandler <> 0`,
  );
}

/** In the session that made it, or in a new one where a check took the server down. */
async function dropAnyway(admin: Session, user: string, giveBack: readonly string[]): Promise<void> {
  try {
    await drop(admin, user, giveBack);
  } catch {
    const another = await connect(admin.target, AbortSignal.timeout(closeMilliseconds));
    try {
      await drop(another, user, giveBack);
    } finally {
      await another.close();
    }
  }
}

async function drop(admin: Session, user: string, giveBack: readonly string[]): Promise<void> {
  const name = identifier(user);
  await transaction(admin, async () => {
    await admin.query(
      'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = $1',
      [user],
    );
    // a server that is tuned for speed may have lost it in a crash
    const found = await admin.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [user]);
    if (found.length > 0) {
      await admin.query(`DROP OWNED BY ${name}`);
      await admin.query(`DROP ROLE ${name}`);
    }
    for (const statement of giveBack) await admin.query(statement);
  });
}

/** All or nothing, and without the user's event triggers. */
async function transaction<T>(admin: Session, work: () => Promise<T>): Promise<T> {
  await admin.query('BEGIN');
  try {
    const wake = await quietTriggers(admin);
    const result = await work();
    await wake();
    await admin.query('COMMIT');
    return result;
  } catch (error) {
    await admin.query('ROLLBACK').catch(() => {}); // of a session that is lost
    throw error;
  }
}

async function inTime(work: () => Promise<void>, user: string): Promise<void> {
  const late = sleep(closeMilliseconds, undefined, { ref: false }).then(() => {
    throw new Failure(`role ${user} could not be dropped: the server does not answer`);
  });
  await Promise.race([work(), late]);
}
