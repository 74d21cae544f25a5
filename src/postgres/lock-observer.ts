import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../failure.ts';
import type { Session } from './connection.ts';

/** How long a table was closed to others, at the longest stretch. */
export interface ObservedLock {
  oid: number;
  /** Nobody could read it. */
  readersSeconds: number;
  /** Nobody could write to it. */
  writersSeconds: number;
}

/** What an observer saw. `failure` says why it saw nothing more. */
export interface Observed {
  locks: ObservedLock[];
  samples: number;
  failure: string | null;
}

/** About how often it looks. */
export const sampleMilliseconds = 20;

interface Sample {
  oid: string;
  pid: number;
  closed: boolean;
}

interface Stretch {
  readers: boolean;
  since: number;
  last: number;
}

/**
 * Looks at the locks of one database again and again until it is stopped. A lock counts from the first sample that shows it to the first
 * that does not; shorter ones than the pause between two samples may be missed. It locks nothing itself but what reading the catalog does.
 * Modes by https://www.postgresql.org/docs/current/explicit-locking.html: SHARE and above keep writers out, ACCESS EXCLUSIVE readers too.
 */
export class LockObserver {
  readonly #session: Session;
  readonly #ours: readonly string[];
  readonly #stretches = new Map<string, Stretch>();
  readonly #locks = new Map<number, ObservedLock>();
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #samples = 0;
  #failure: string | null = null;

  /** `ours` are the application names of sessions that do not count. */
  constructor(session: Session, ours: readonly string[]) {
    this.#session = session;
    this.#ours = ours;
    this.#ended = this.#observe();
  }

  async stop(): Promise<Observed> {
    this.#stopping.abort();
    await this.#ended;
    const locks = [...this.#locks.values()].filter(lock => lock.readersSeconds + lock.writersSeconds > 0);
    return { locks, samples: this.#samples, failure: this.#failure };
  }

  async #observe(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        const sample = await this.#session.query<Sample>(
          `SELECT l.relation::int8::text AS oid, l.pid, pg_catalog.bool_or(l.mode = 'AccessExclusiveLock') AS closed
             FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
              AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
              AND l.pid <> pg_catalog.pg_backend_pid() AND coalesce(a.application_name, '') <> ALL ($1::text[])
              AND coalesce(a.backend_type, 'client backend') IN ('client backend', 'parallel worker')
            GROUP BY 1, 2`,
          [this.#ours],
        );
        this.#samples += 1;
        this.#take(sample, performance.now());
        await pause(sampleMilliseconds, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    } catch (error) {
      this.#failure = messageOf(error);
    }
    this.#take([], performance.now());
  }

  #take(sample: readonly Sample[], now: number): void {
    const seen = new Set<string>();
    for (const { oid, pid, closed } of sample)
      for (const readers of closed ? [false, true] : [false]) {
        const key = `${oid} ${pid} ${readers ? 'readers' : 'writers'}`;
        seen.add(key);
        const stretch = this.#stretches.get(key);
        if (stretch) stretch.last = now;
        else this.#stretches.set(key, { readers, since: now, last: now });
      }
    for (const [key, stretch] of this.#stretches) {
      if (seen.has(key)) continue;
      this.#stretches.delete(key);
      this.#close(Number(key.split(' ')[0]), stretch, now);
    }
  }

  #close(oid: number, { readers, since }: Stretch, now: number): void {
    const lock = this.#locks.get(oid) ?? { oid, readersSeconds: 0, writersSeconds: 0 };
    const seconds = Math.max(1, Math.round(now - since)) / 1000;
    if (readers) lock.readersSeconds = Math.max(lock.readersSeconds, seconds);
    else lock.writersSeconds = Math.max(lock.writersSeconds, seconds);
    this.#locks.set(oid, lock);
  }
}
