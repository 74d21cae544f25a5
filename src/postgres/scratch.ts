import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import { type Session, type Target, connect } from './connection.ts';
import { quietTriggers } from './event-triggers.ts';
import type { DatabaseLocale } from './facts.ts';
import { identifier, literal } from './quote.ts';
import { findOccupants } from './target.ts';

/** How a scratch database of ours is told from anything else, and one that somebody wanted to keep. */
const scratchName = /^lifeboat_[0-9a-f]{12}$/;
const scratchPattern = `'^lifeboat_[0-9a-f]{12}$'`;
const keptPattern = `'^lifeboat_kept_[0-9a-f]{12}$'`;

const lookEveryMilliseconds = 250;
/** Errors of a server, or of a container, that is not there yet. */
const notYet = /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|57P03|53300)$/;

/**
 * Waits until the server answers a real query, at most so many seconds: a service container may still start up, and a health check
 * that answers may be one of its temporary server. Gives an open session.
 */
export async function waitForServer(target: Target, seconds: number, log: Log, signal: AbortSignal): Promise<Session> {
  const until = performance.now() + seconds * 1000;
  for (let tries = 0; ; tries += 1) {
    try {
      return await connect(target, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { cause } = error as { cause?: { code?: string } };
      const isPassing = notYet.test(cause?.code ?? '') || /terminated unexpectedly/.test(messageOf(cause));
      if (!isPassing || performance.now() > until) throw error;
      if (tries === 0) log.info(`waiting for the server: ${messageOf(error)}`);
      await sleep(lookEveryMilliseconds, undefined, { signal });
    }
  }
}

/** Whoever holds an advisory lock with the key of a text, in whichever database: such locks know only those of their own. */
const holdersOf = (text: string) =>
  `FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
      AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(${text}, 20261125)`;

/**
 * Waits until no other drill is on the server, and keeps others waiting as long as the session lasts: two at once would share roles that
 * one of them takes away, and neither would measure its own time.
 */
export async function takeServer(admin: Session, log: Log, signal: AbortSignal): Promise<void> {
  const key = `hashtextextended('pg-lifeboat drill', 20261125)`;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const { taken } = await admin.one<{ taken: boolean }>(`SELECT pg_catalog.pg_try_advisory_lock(${key}) AS taken`);
    if (taken) {
      const others = await admin.query(
        `SELECT ${holdersOf(`'pg-lifeboat drill'`)} AND l.pid <> pg_catalog.pg_backend_pid()`,
      );
      if (others.length === 0) return;
      await admin.query(`SELECT pg_catalog.pg_advisory_unlock(${key})`);
    }
    if (tries === 0) log.info('another drill is on the server: waiting for its end');
    // two that met must not meet again
    await sleep(lookEveryMilliseconds * (0.5 + Math.random()), undefined, { signal });
  }
}

/** A fresh name for a scratch database. */
export function newScratchName(): string {
  return `lifeboat_${randomBytes(6).toString('hex')}`;
}

/**
 * Makes a scratch database with the source's encoding and locale, from template0. `admin` is a session in another database of the server;
 * while it lasts, nobody takes the scratch database for one that was left behind.
 */
export async function createScratch(
  admin: Session,
  name: string,
  locale: DatabaseLocale,
  owner: string,
): Promise<void> {
  await admin.query('SELECT pg_catalog.pg_advisory_lock(hashtextextended($1, 20261125))', [name]);
  const { encoding, localeProvider, collate, ctype } = locale;
  const providerLocale =
    locale.locale === null ? '' : ` ${localeProvider.toUpperCase()}_LOCALE ${literal(locale.locale)}`;
  const provider =
    admin.major < 15 ? '' : ` LOCALE_PROVIDER ${localeProvider}${localeProvider === 'libc' ? '' : providerLocale}`;
  const rules = locale.icuRules === null ? '' : ` ICU_RULES ${literal(locale.icuRules)}`;
  await admin.query(
    `CREATE DATABASE ${identifier(name)} TEMPLATE template0 OWNER ${identifier(owner)} ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}${provider}${rules}`,
  );
}

/** Gives a scratch database that is to be kept the name of one, and returns that. */
export async function keepScratch(admin: Session, name: string): Promise<string> {
  const kept = name.replace('lifeboat_', 'lifeboat_kept_');
  await admin.query(`ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(kept)}`);
  return kept;
}

/** Drops a scratch database, whoever is connected to it. `inside` opens a session in it, for what stands in the way of a drop. */
export async function dropScratch(admin: Session, name: string, inside: () => Promise<Session>): Promise<void> {
  if (!scratchName.test(name)) throw new Failure(`${name} is no scratch database of ours`);
  const [found] = await admin.query<{ isTemplate: boolean; subscriptions: string }>(
    `SELECT datistemplate AS "isTemplate", (SELECT count(*) FROM pg_catalog.pg_subscription WHERE subdbid = d.oid) AS subscriptions
       FROM pg_catalog.pg_database d WHERE datname = $1`,
    [name],
  );
  if (!found) return;
  if (found.isTemplate) await admin.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
  if (Number(found.subscriptions) > 0) await dropSubscriptions(inside);
  await admin.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
}

async function dropSubscriptions(inside: () => Promise<Session>): Promise<void> {
  const session = await inside();
  try {
    const names = await session.query<{ name: string }>(
      'SELECT subname AS name FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())',
    );
    await session.query('BEGIN');
    await quietTriggers(session);
    for (const { name } of names) {
      const subscription = `SUBSCRIPTION ${identifier(name)}`;
      await session.query(`ALTER ${subscription} DISABLE`);
      // so that the drop does not go to the publisher, which is the real one
      await session.query(`ALTER ${subscription} SET (slot_name = NONE)`);
      await session.query(`DROP ${subscription}`);
    }
    await session.query('COMMIT');
  } finally {
    await session.close();
  }
}

/** Drops scratch databases that drills which were killed have left: nobody holds their locks any more. Gives their names. */
export async function clearScratch(admin: Session, inside: (name: string) => Promise<Session>): Promise<string[]> {
  const found = await admin.query<{ name: string }>(
    `SELECT d.datname AS name FROM pg_catalog.pg_database d
      WHERE d.datname ~ ${scratchPattern} AND NOT EXISTS (SELECT ${holdersOf('d.datname::text')}) ORDER BY 1`,
  );
  for (const { name } of found) await dropScratch(admin, name, () => inside(name));
  return found.map(({ name }) => name);
}

/** Whether the server holds nothing but what we made: no database with anything in it beside its templates and scratch databases. */
export async function isOtherwiseEmpty(admin: Session): Promise<boolean> {
  const { others } = await admin.one<{ others: string }>(
    `SELECT count(*) AS others FROM pg_catalog.pg_database
      WHERE datname NOT IN ('template0', 'template1', 'postgres', current_database()) AND datname !~ ${scratchPattern} AND datname !~ ${keptPattern}`,
  );
  if (Number(others) > 0 || (await findOccupants(admin)).length > 0) return false;
  const { database } = admin.target.address;
  if (database === 'postgres') return true;
  const maintenance = await connect({ ...admin.target, address: { ...admin.target.address, database: 'postgres' } });
  try {
    return (await findOccupants(maintenance)).length === 0;
  } finally {
    await maintenance.close();
  }
}
