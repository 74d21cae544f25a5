import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { Failure, wrongInput } from '../failure.ts';
import { type Session, connect } from './connection.ts';
import { providerOf } from './provider.ts';
import type { Selected } from './relations.ts';
import type { Target } from './connection.ts';

const oldestMajor = 13;
const newestMajor = 18;

/** Refuses an address that is known to lead to a pooler in transaction mode, before anything is sent there. */
export function checkAddress({ address, input }: Target): void {
  const { transactionPooler } = providerOf(address);
  if (transactionPooler === undefined) return;
  throw new Failure(
    `input ${input} leads to a pooler in transaction mode (${address.host}:${address.port}), where one session is many`,
    {
      hint: transactionPooler,
    },
  );
}

/** What to say of a connection that others could read along with. */
export function exposedWarning(input: string): string {
  return `the connection is not encrypted: others on the way can read it; add ?sslmode=verify-full to ${input}, and ssl-root-cert`;
}

/** Refuses servers that are too old or newer than anything we know. */
export function checkVersion(session: Session): void {
  if (session.major >= oldestMajor && session.major <= newestMajor) return;
  throw new Failure(
    `the server is PostgreSQL ${session.major}, and this release knows ${oldestMajor} to ${newestMajor}`,
    {
      hint: session.major > newestMajor ? 'use a newer release of pg-lifeboat' : 'upgrade the server',
    },
  );
}

/**
 * Proves that one session of ours is one session of the server: two that are open at once have two processes, and keep them. Behind a
 * pooler in transaction mode they do not. Sets nothing in them, since behind such a pooler it would stay set for other people.
 */
export async function checkNoTransactionPooler({ target }: { target: Target }, signal: AbortSignal): Promise<void> {
  const pids: number[] = [];
  const sessions: Session[] = [];
  const cut = () => sessions.forEach(session => session.cut());
  signal.addEventListener('abort', cut, { once: true });
  try {
    sessions.push(await connect(target, signal, true), await connect(target, signal, true));
    for (const session of [...sessions, ...sessions]) {
      const { pid } = await session.one<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
      pids.push(pid);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cut);
    await Promise.all(sessions.map(session => session.close()));
  }
  if (pids[0] !== pids[1] && pids[0] === pids[2] && pids[1] === pids[3]) return;
  const { address, input } = target;
  throw new Failure(
    `input ${input} leads to a pooler in transaction mode (${address.host}:${address.port}): two sessions share one process of the server`,
    {
      hint: "use the server's own address or a pooler in session mode",
    },
  );
}

const askAgainMilliseconds = 1_000;

/**
 * Takes the lock that says "a backup of this name is running", and waits its turn for so long. The lock belongs to the session: a run that
 * dies loses it. Throws when another run holds it still.
 */
export async function takeRunLock(
  session: Session,
  { name, timeoutSeconds, log }: { name: string; timeoutSeconds: number; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + timeoutSeconds * 1000;
  // asked again and again: a statement that waits holds back the server's vacuum
  for (let isFirst = true; ; isFirst = false) {
    const { taken } = await session.one<{ taken: boolean }>(
      `SELECT pg_catalog.pg_try_advisory_lock(hashtextextended($1, 20261120)) AS taken`,
      [`pg-lifeboat ${name}`],
    );
    if (taken) return;
    if (performance.now() >= until) break;
    if (isFirst) log.info(`another backup of ${name} is running: this one waits its turn, at most ${timeoutSeconds} s`);
    await pause(askAgainMilliseconds, undefined, { signal });
  }
  throw new Failure(`another backup of ${name} is running on this server`, {
    hint: 'look at that run, or raise queue-timeout',
  });
}

/** How an attempt locks. */
export interface LockPlan {
  /** The leader locks every table before its snapshot. */
  locked: boolean;
  jobs: number;
  /** pg_dump of the definitions runs beside the main one, not after it. */
  beside: boolean;
}

/** The share of the lock table that we take at the most; the rest is for everybody else. */
const shareOfCapacity = 0.8;

/**
 * Fits our locks into the server's lock table. `capacity` is how many locked objects it is sized for; it holds twice as many
 * holders of locks. pg_dump locks tables and sequences, the leader and the dump of the definitions lock the tables again.
 */
export function planLocks(selected: readonly Selected[], jobs: number, capacity: number): LockPlan {
  const tables = selected.length;
  const sequences = selected.reduce((sum, { relation }) => sum + relation.sequences, 0);
  const objects = tables + sequences;
  const holders = 4 * tables + sequences;
  const fits = objects <= capacity * shareOfCapacity && holders <= 2 * capacity * shareOfCapacity;
  return fits ? { locked: true, jobs, beside: true } : { locked: false, jobs: 1, beside: false };
}

/** Refuses a compression that the client of this major cannot do. */
export function refuseCompression(choice: string, major: number): Failure {
  return wrongInput(
    'compression',
    `is ${choice}, which pg_dump ${major} cannot do`,
    'for PostgreSQL 15 and older it may be auto, none, gzip:1 to gzip:9, and with Node 22.15 or newer zstd:1 to zstd:19',
  );
}
