import type { Session } from './connection.ts';

/** What identifies a database wherever its URL leads: the cluster's own number and the database's in it. */
export interface SourceIdentity {
  systemIdentifier: string;
  databaseOid: number;
  standby: boolean;
  /** How long ago a standby was level with its primary; null for a primary, and where nobody can tell. */
  behindSeconds: number | null;
}

/** What a database must be created with. */
export interface DatabaseLocale {
  encoding: string;
  localeProvider: string;
  collate: string;
  ctype: string;
  locale: string | null;
  /** Rules beside an ICU locale, from PostgreSQL 16 on. */
  icuRules: string | null;
}

/**
 * The cluster's system identifier and the database's oid. Undefined where the provider hides the control file: then nobody can tell
 * two servers apart.
 */
export async function readIdentity(session: Session): Promise<SourceIdentity | undefined> {
  const { databaseOid, standby } = await session.one<{ databaseOid: string; standby: boolean }>(
    `SELECT oid::int8::text AS "databaseOid", pg_catalog.pg_is_in_recovery() AS standby FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
  try {
    const { id } = await session.one<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()',
    );
    return {
      systemIdentifier: id,
      databaseOid: Number(databaseOid),
      standby,
      behindSeconds: standby ? await readLag(session) : null,
    };
  } catch (error) {
    if ((error as { code?: string }).code === '42501') return undefined;
    throw error;
  }
}

/**
 * Seconds since a standby was level with its primary. One that receives and has replayed all it received is level; without a receiver
 * only the last replayed transaction tells (https://www.postgresql.org/docs/current/functions-admin.html, "Recovery Information").
 */
async function readLag(session: Session): Promise<number | null> {
  try {
    const { seconds } = await session.one<{ seconds: number | null }>(
      `SELECT CASE WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()
                        AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 0
                   ELSE extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8 END AS seconds`,
    );
    return seconds === null ? null : Math.max(0, Math.round(seconds));
  } catch (error) {
    // standbys of some providers do not replay WAL of this kind, and say so
    if ((error as { code?: string }).code === undefined) throw error;
    return null;
  }
}

/** Encoding, locale provider and locales of the connected database. */
export async function readLocale(session: Session): Promise<DatabaseLocale> {
  const provider =
    session.major >= 15 ? "CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END" : "'libc'";
  const locale = session.major >= 17 ? 'datlocale' : session.major >= 15 ? 'daticulocale' : 'NULL';
  return session.one<DatabaseLocale>(
    `SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, ${provider} AS "localeProvider", datcollate AS collate,
            datctype AS ctype, ${locale} AS locale, ${session.major >= 16 ? 'daticurules' : 'NULL'} AS "icuRules"
       FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
}

/** `17.5`, and the size of the database in bytes. */
export async function readVersionAndSize(session: Session): Promise<{ version: string; sizeBytes: number }> {
  const { version, size } = await session.one<{ version: string; size: string }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, pg_catalog.pg_database_size(current_database())::text AS size`,
  );
  return { version, sizeBytes: Number(size) };
}

/** How many locks the server's shared table is sized for (documentation of max_locks_per_transaction). */
export async function readLockCapacity(session: Session): Promise<number> {
  const { capacity } = await session.one<{ capacity: string }>(
    `SELECT (current_setting('max_locks_per_transaction')::int8
             * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8))::text AS capacity`,
  );
  return Number(capacity);
}
