import type { Manifest } from '../catalog/manifest.ts';
import { Failure, explanationOf, messageOf } from '../failure.ts';
import type { DrillInputs } from '../inputs/inputs.ts';
import { type Session, type Target, connect } from '../postgres/connection.ts';
import { readIdentity, readVersionAndSize } from '../postgres/facts.ts';
import { checkAddress, checkNoTransactionPooler, checkVersion } from '../postgres/preflight.ts';
import { clearScratch, isOtherwiseEmpty, takeServer, waitForServer } from '../postgres/scratch.ts';
import { readTuning, tuneServer, untuneServer } from '../postgres/tuning.ts';
import type { Context } from './context.ts';
import { DrillEnded } from './drill-end.ts';
import { openTarget } from './targets.ts';

/** The server that a drill restores into. */
export interface DrillServer {
  /** In the database that target-url names; open to the very end, also after a cancel, for the cleaning up. */
  admin: Session;
  version: string;
  /** Nothing but what drills made is on it: it is nobody's. */
  isEmpty: boolean;
  /** Settings in force that make it faster than one in production. */
  tuned: string[];
  close: () => Promise<void>;
}

const patienceSeconds = 60;

/**
 * Opens the server, once it answers and no other drill is on it: a superuser's session, of the backup's major, and not the source's own
 * server. Clears what killed drills left, and tunes it where that is allowed.
 */
export async function openServer(
  inputs: DrillInputs,
  manifest: Manifest,
  context: Context,
  waitSeconds = patienceSeconds,
): Promise<DrillServer> {
  const { log, signal } = context;
  const target = await openTarget('target-url', inputs.targetUrl, inputs.sslRootCert, context);
  const admin = await openAdmin(target, waitSeconds, context);
  try {
    await checkSuperuser(admin);
    checkMajor(admin, manifest, inputs.acceptUpgrade);
    await takeServer(admin, log, signal);
    const isEmpty = await isOtherwiseEmpty(admin);
    await checkNotSourceServer(admin, manifest, inputs.confirm, isEmpty);
    const cleared = await clearScratch(admin, name => connect(inDatabase(target, name), signal));
    if (cleared.length > 0) log.info(`dropped ${cleared.length} scratch databases that earlier drills left`);
    if (await untuneServer(admin)) log.info('took back the tuning that an earlier drill left');
    if (inputs.tune === 'auto' && isEmpty && isLocal(target)) await tuneServer(admin);
    const { version } = await readVersionAndSize(admin);
    const tuned = await readTuning(admin);
    log.info(`server: PostgreSQL ${version}${tuned.length > 0 ? `, tuned for speed: ${tuned.join(', ')}` : ''}`);
    return { admin, version, isEmpty, tuned, close: () => leave(admin, log) };
  } catch (error) {
    await leave(admin, log);
    throw error;
  }
}

/** Leaves the server as it was. One that has come back after a crash is asked in a new session. */
async function leave(admin: Session, log: Context['log']): Promise<void> {
  const { target } = admin;
  let session = admin;
  try {
    if (await admin.findLoss()) {
      session = await connect(target);
      await clearScratch(session, name => connect(inDatabase(target, name)));
    }
    await untuneServer(session);
  } catch (error) {
    log.warn(`the server may stay tuned for speed, which the next drill takes back: ${messageOf(error)}`);
  } finally {
    await session.close();
    if (session !== admin) await admin.close();
  }
}

/** A scratch database, for sessions that no setting of the source's database may stop before they have set their own. */
export function inScratch(target: Target, database: string): Target {
  const { address } = inDatabase(target, database);
  const options = [address.options, '-c statement_timeout=0'].filter(option => option !== undefined);
  return { ...target, address: { ...address, options: options.join(' ') } };
}

/** The same server, another database. */
export function inDatabase(target: Target, database: string): Target {
  return { ...target, address: { ...target.address, database } };
}

async function openAdmin(target: Target, waitSeconds: number, { log, signal }: Context): Promise<Session> {
  try {
    checkAddress(target);
    const admin = await waitForServer(target, waitSeconds, log, signal);
    try {
      checkVersion(admin);
      await checkNoTransactionPooler({ target }, signal);
      return admin;
    } catch (error) {
      await admin.close();
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const found = explanationOf(error);
    throw new DrillEnded({ code: 'SERVER_UNREACHABLE', object: 'server', expected: 'an answer', found });
  }
}

async function checkSuperuser(admin: Session): Promise<void> {
  const { superuser } = await admin.one<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  if (superuser) return;
  const { user } = admin.target.address;
  throw new DrillEnded({
    code: 'SERVER_UNREACHABLE',
    object: 'server',
    expected: 'a superuser, who can make roles and restore owners',
    found: `user ${user} is none`,
  });
}

function checkMajor(admin: Session, { server }: Manifest, acceptUpgrade: boolean): void {
  if (admin.major === server.major || (acceptUpgrade && admin.major > server.major)) return;
  throw new DrillEnded({
    code: 'SERVER_MAJOR_DIFFERS',
    object: 'server',
    expected: `PostgreSQL ${server.major}`,
    found: `PostgreSQL ${admin.major}`,
  });
}

/** Unknown counts as the source, but not on a server that holds nothing: the source would be there. */
async function checkNotSourceServer(
  admin: Session,
  { source, name }: Manifest,
  confirm: string | undefined,
  isEmpty: boolean,
): Promise<void> {
  if (confirm === name) return;
  const identity = await readIdentity(admin);
  const isKnown = identity !== undefined && source !== null;
  if (isKnown ? identity.systemIdentifier !== source.systemIdentifier : isEmpty) return;
  const why = isKnown
    ? 'is the very server that the backup was made from'
    : 'may be the server that the backup was made from: its identifier is hidden';
  throw new Failure(`the server of target-url ${why}`, {
    hint: `drill on a server of its own, such as a service container; if you mean it, say confirm: ${name}`,
    exitStatus: confirm === undefined ? 1 : 64,
  });
}

function isLocal({ address: { host } }: Target): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
}
