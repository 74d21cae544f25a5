import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../failure.ts';
import type { Session } from './connection.ts';

/** How long a table was closed to others at one stretch, the longest there was. */
export interface ObservedLock {
  oid: number;
  /** Nobody could read it. */
  readersSeconds: number;
  /** Nobody could write to it. */
  writersSeconds: number;
  /** The longer of both, as times of `performance.now()`. */
  stretch: { from: number; to: number };
}

/** What an observer saw. `failure` says why it saw nothing more. */
export interface Observed {
  locks: ObservedLock[];
  samples: number;
  /** The longest time without a sample: a lock that was shorter may be missed. */
  longestGapSeconds: number;
  /** How long one session waited for a lock of another one, at the longest. */
  waitedSeconds: number;
  failure: string | null;
}

/** About how often it looks. */
export const sampleMilliseconds = 20;
/** A sample that somebody holds up is given up, and the next one taken. */
const sampleTimeoutMilliseconds = 2_000;

interface Sample {
  /** Null: not a lock of a table, but a session that waits. */
  oid: string | null;
  /** A transaction, or the waiting session. */
  owner: string;
  closed: boolean;
  /** Since the transaction began; null for one that was prepared. */
  ageSeconds: number | null;
}

interface Stretch {
  oid: number | undefined;
  readers: boolean;
  since: number;
}

/**
 * By the functions under the views, which open no table of the catalog: whoever has locked one cannot hold this up. A lock that is waited
 * for counts as one that is held, for everybody queues behind it. Modes by https://www.postgresql.org/docs/current/explicit-locking.html:
 * SHARE and above keep writers out, ACCESS EXCLUSIVE readers too.
 */
const sampleSql = `
  WITH theirs AS MATERIALIZED (
    SELECT pid, wait_event_type, extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8 AS age
      FROM pg_catalog.pg_stat_get_activity(NULL)
     WHERE datid = $1::oid AND application_name <> $2 AND backend_type IN ('client backend', 'parallel worker'))
  SELECT l.relation::int8::text AS oid, l.virtualtransaction AS owner, pg_catalog.bool_or(l.mode = 'AccessExclusiveLock') AS closed,
         max(t.age) AS "ageSeconds"
    FROM pg_catalog.pg_lock_status() l LEFT JOIN theirs t ON t.pid = l.pid
   WHERE l.locktype = 'relation' AND l.database = $1::oid AND (t.pid IS NOT NULL OR l.pid IS NULL)
     AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   GROUP BY 1, 2
   UNION ALL
  SELECT NULL, pid::text, false, NULL FROM theirs WHERE wait_event_type = 'Lock'`;

/**
 * Looks at the locks of one database again and again until it is stopped, by a session of its own. A lock counts from the begin of its
 * transaction, if that came after the sample before the first that shows it, else from that sample; and to the first sample that does not
 * show it. It locks nothing itself.
 */
export class LockObserver {
  readonly #session: Session;
  readonly #database: string;
  readonly #stretches = new Map<string, Stretch>();
  readonly #locks = new Map<number, ObservedLock>();
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #last = performance.now();
  #longestGap = 0;
  #waited = 0;
  #samples = 0;
  #failure: string | null = null;

  private constructor(session: Session, database: string) {
    this.#session = session;
    this.#database = database;
    this.#ended = this.#observe();
  }

  /** Begins. Sessions with the application name of this one do not count. */
  static async start(session: Session): Promise<LockObserver> {
    await session.query(`SET statement_timeout = ${sampleTimeoutMilliseconds}`);
    const { oid } = await session.one<{ oid: string }>(
      'SELECT oid::int8::text AS oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()',
    );
    return new LockObserver(session, oid);
  }

  async stop(): Promise<Observed> {
    this.#stopping.abort();
    await this.#ended;
    return {
      locks: [...this.#locks.values()],
      samples: this.#samples,
      longestGapSeconds: inSeconds(this.#longestGap),
      waitedSeconds: inSeconds(this.#waited),
      failure: this.#failure,
    };
  }

  async #observe(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        await this.#look();
        await pause(sampleMilliseconds, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
      await this.#look();
    } catch (error) {
      this.#failure = messageOf(error);
    }
    this.#take([], performance.now());
  }

  async #look(): Promise<void> {
    try {
      const values = [this.#database, this.#session.target.application];
      const sample = await this.#session.query<Sample>(sampleSql, values);
      this.#samples += 1;
      this.#take(sample, performance.now());
    } catch (error) {
      // its time was up; the gap says so
      if ((error as { code?: string }).code !== '57014') throw error;
    }
  }

  #take(sample: readonly Sample[], now: number): void {
    const seen = new Set<string>();
    for (const { oid, owner, closed, ageSeconds } of sample)
      for (const readers of closed ? [false, true] : [false]) {
        const key = `${oid} ${owner} ${readers}`;
        seen.add(key);
        if (this.#stretches.has(key)) continue;
        const begun = ageSeconds === null ? this.#last : Math.max(this.#last, now - ageSeconds * 1000);
        this.#stretches.set(key, { oid: oid === null ? undefined : Number(oid), readers, since: Math.min(begun, now) });
      }
    for (const [key, stretch] of this.#stretches) {
      if (seen.has(key)) continue;
      this.#stretches.delete(key);
      this.#close(stretch, now);
    }
    this.#longestGap = Math.max(this.#longestGap, now - this.#last);
    this.#last = now;
  }

  #close({ oid, readers, since }: Stretch, now: number): void {
    if (oid === undefined) {
      this.#waited = Math.max(this.#waited, now - since);
      return;
    }
    const stretch = { from: since, to: now };
    const lock = this.#locks.get(oid) ?? { oid, readersSeconds: 0, writersSeconds: 0, stretch };
    const seconds = Math.max(0.001, inSeconds(now - since));
    if (now - since > lock.stretch.to - lock.stretch.from) lock.stretch = stretch;
    if (readers) lock.readersSeconds = Math.max(lock.readersSeconds, seconds);
    else lock.writersSeconds = Math.max(lock.writersSeconds, seconds);
    this.#locks.set(oid, lock);
  }
}

function inSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
