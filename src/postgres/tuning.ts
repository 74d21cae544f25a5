import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './connection.ts';
import { identifier, literal } from './quote.ts';

/**
 * Settings that make a throw-away server fast: nothing of it must survive a crash. All take effect by a reload
 * (https://www.postgresql.org/docs/current/non-durability.html).
 */
const fastSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  maintenance_work_mem: '256MB',
};
/** Those whose value alone makes a restore faster than it would be in production. */
const telling = ['fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum'];

const reloadTries = 40;
const reloadPauseMilliseconds = 50;

/** Tunes a server and gives what takes it back to how it was. */
export async function tuneServer(admin: Session): Promise<() => Promise<void>> {
  const before = await admin.query<{ name: string; setting: string }>(
    `SELECT DISTINCT ON (name) name, setting FROM pg_catalog.pg_file_settings
      WHERE sourcefile LIKE '%postgresql.auto.conf' AND name = ANY ($1) ORDER BY name, seqno DESC`,
    [Object.keys(fastSettings)],
  );
  const undo = async () => {
    for (const name of Object.keys(fastSettings)) {
      const old = before.find(setting => setting.name === name);
      await admin.query(
        old
          ? `ALTER SYSTEM SET ${identifier(name)} = ${literal(old.setting)}`
          : `ALTER SYSTEM RESET ${identifier(name)}`,
      );
    }
    await admin.query('SELECT pg_catalog.pg_reload_conf()');
  };
  try {
    for (const [name, value] of Object.entries(fastSettings))
      await admin.query(`ALTER SYSTEM SET ${identifier(name)} = ${literal(value)}`);
    await admin.query('SELECT pg_catalog.pg_reload_conf()');
    await inForce(admin);
    return undo;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** The settings of a server that make it faster than one in production, as `name=value`, whoever made them. */
export async function readTuning(admin: Session): Promise<string[]> {
  const rows = await admin.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`,
    [telling],
  );
  return rows.map(({ name, setting }) => `${name}=${setting}`);
}

/** A reload reaches each session at its next statement, when the server has read its files. */
async function inForce(admin: Session): Promise<void> {
  for (let tries = 0; tries < reloadTries; tries += 1) {
    if ((await readTuning(admin)).length === telling.length) return;
    await sleep(reloadPauseMilliseconds);
  }
}
