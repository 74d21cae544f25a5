import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './connection.ts';
import { literal } from './quote.ts';

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
/** Stands among the settings while they are ours, and holds those of before as JSON: a drill that was killed took nothing back. */
const mark = 'lifeboat.before';

const reloadTries = 40;
const reloadPauseMilliseconds = 50;

/** Tunes a server, until `untuneServer`, which takes back what an earlier drill has left, too, and so comes first. */
export async function tuneServer(admin: Session): Promise<void> {
  const { now } = await readOwnSettings(admin);
  try {
    await alter(admin, mark, JSON.stringify(now));
    for (const [name, value] of Object.entries(fastSettings)) await alter(admin, name, value);
    await reload(admin);
  } catch (error) {
    await untuneServer(admin);
    throw error;
  }
}

/** Takes a tuned server back to how it was, whichever drill tuned it. Gives whether there was anything to take back. */
export async function untuneServer(admin: Session): Promise<boolean> {
  const { left } = await readOwnSettings(admin);
  if (left === undefined) return false;
  for (const name of Object.keys(fastSettings)) await alter(admin, name, left[name]);
  // last, so that whoever is interrupted here begins anew
  await alter(admin, mark, undefined);
  await reload(admin);
  return true;
}

/** The settings of a server that make it faster than one in production, as `name=value`, whoever made them. */
export async function readTuning(admin: Session): Promise<string[]> {
  const rows = await admin.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`,
    [telling],
  );
  return rows.map(({ name, setting }) => `${name}=${setting}`);
}

/** What ALTER SYSTEM has set of our settings, and had set before a drill came. */
async function readOwnSettings(
  admin: Session,
): Promise<{ now: Record<string, string>; left: Record<string, string> | undefined }> {
  const rows = await admin.query<{ name: string; setting: string }>(
    `SELECT DISTINCT ON (name) name, setting FROM pg_catalog.pg_file_settings
      WHERE sourcefile LIKE '%postgresql.auto.conf' AND name = ANY ($1) ORDER BY name, seqno DESC`,
    [[mark, ...Object.keys(fastSettings)]],
  );
  const now = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  const { [mark]: marked, ...others } = now;
  return { now: others, left: marked === undefined ? undefined : (JSON.parse(marked) as Record<string, string>) };
}

/** All our names are plain words. Before 17, ALTER SYSTEM knows an own setting only after the session has set it. */
async function alter(admin: Session, name: string, value: string | undefined): Promise<void> {
  if (name === mark) await admin.query(`SET ${mark} = ''`);
  await admin.query(
    value === undefined ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = ${literal(value)}`,
  );
}

/**
 * Returns once this session has read the files anew, or after two seconds: the server tells its sessions to, and does not wait for them.
 * https://www.postgresql.org/docs/current/functions-info.html: pg_conf_load_time is that of the session itself
 */
async function reload(admin: Session): Promise<void> {
  const before = await loadTime(admin);
  await admin.query('SELECT pg_catalog.pg_reload_conf()');
  for (let tries = 0; tries < reloadTries; tries += 1) {
    if ((await loadTime(admin)) !== before) return;
    await sleep(reloadPauseMilliseconds);
  }
}

async function loadTime(admin: Session): Promise<string> {
  const { loaded } = await admin.one<{ loaded: string }>('SELECT pg_catalog.pg_conf_load_time()::text AS loaded');
  return loaded;
}
