import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import type { Session } from './connection.ts';

/** Somebody waits for a lock that we hold. */
export interface Blocked {
  pid: number;
  user: string;
  application: string;
  statement: string;
  /** One of our own sessions stands in the queue behind it. */
  beforeUs: boolean;
}

/**
 * Thrown when somebody asks for a lock after the leader has its own and before pg_dump has: then pg_dump waits for them, and they for the
 * leader. Nothing would ever move, so the dump begins anew at once.
 */
export class Standstill extends Failure {
  constructor(blocked: Blocked) {
    super(`${describeBlocked(blocked)} came between two locks of ours, and neither could go on`, {
      hint: 'run the backup when no migration runs, and nothing empties tables by TRUNCATE all the time',
    });
    this.name = 'Standstill';
  }
}

/** Thrown when others had to wait for us too long; the dump is dropped and begun anew. */
export class Yielded extends Failure {
  readonly blocked: Blocked;

  constructor(blocked: Blocked, afterSeconds: number) {
    super(`our locks kept ${describeBlocked(blocked)} waiting for ${afterSeconds} s`, {
      hint: 'run the backup when no migration runs, or raise yield-after',
    });
    this.name = 'Yielded';
    this.blocked = blocked;
  }
}

/**
 * Only relation locks: whoever waits for one of these makes every reader queue behind it. Waiters of our own do not count;
 * `pg_blocking_pids` names us also where we merely stand before them in the queue.
 */
const blockedSql = `
  WITH ours AS (SELECT array_agg(pid) AS pids FROM pg_catalog.pg_stat_activity WHERE application_name = $1 OR pid = $2)
  SELECT l.pid, coalesce(a.usename, '?') AS user, coalesce(a.application_name, '') AS application, coalesce(left(a.query, 200), '') AS statement,
         EXISTS (SELECT FROM pg_catalog.pg_locks w WHERE NOT w.granted AND w.locktype = 'relation' AND w.database = l.database
                    AND w.relation = l.relation AND w.pid = ANY (ours.pids)) AS "beforeUs"
    FROM ours, pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
   WHERE NOT l.granted AND l.locktype = 'relation' AND l.pid <> ALL (ours.pids) AND pg_catalog.pg_blocking_pids(l.pid) && ours.pids`;

/** What we wait for ourselves, to name it when the lock time-out strikes. */
const waitingSql = `
  SELECT l.relation::pg_catalog.regclass::text AS relation,
         (SELECT string_agg(format('%s (process %s, %s)', b.usename, b.pid, coalesce(nullif(b.application_name, ''), 'no application name')), ', ')
            FROM pg_catalog.pg_stat_activity b WHERE b.pid = ANY (pg_catalog.pg_blocking_pids(l.pid))) AS holders
    FROM pg_catalog.pg_locks l WHERE NOT l.granted AND l.locktype = 'relation' AND l.pid = $1 LIMIT 1`;

const lookEveryMilliseconds = 1_000;
/** A server that does not answer such a small question for so long is gone. */
const answerWithinMilliseconds = 60_000;
/** A runner that cancels a job gives it 7.5 seconds. */
const cancelledWithinMilliseconds = 2_000;

/** Looks after the locks of one attempt, from a session that waits for none. All our sessions and pg_dump's bear one application name. */
export class LockWatch {
  readonly #control: Session;
  readonly #leader: Session;
  readonly #leaderPid: number;
  readonly #application: string;
  readonly #yieldAfterSeconds: number;
  readonly #since = new Map<number, number>();
  #leaderIsIdle = false;
  #waitingFor: { relation: string; holders: string } | undefined;

  constructor(control: Session, leader: Session, leaderPid: number, application: string, yieldAfterSeconds: number) {
    this.#control = control;
    this.#leader = leader;
    this.#leaderPid = leaderPid;
    this.#application = application;
    this.#yieldAfterSeconds = yieldAfterSeconds;
  }

  /** From now on the leader only waits: its session is asked too, against idle cut-offs, and because without it the locks are gone. */
  leaderIsIdle(): void {
    this.#leaderIsIdle = true;
  }

  /** Uses the leader for work of its own, which tells by itself when the session is lost. */
  async whileLeaderWorks<T>(work: () => Promise<T>): Promise<T> {
    this.#leaderIsIdle = false;
    try {
      return await work();
    } finally {
      this.#leaderIsIdle = true;
    }
  }

  /**
   * Looks until the signal; rejects with `Yielded` when somebody has waited too long, with `Standstill`, or with the loss of a session.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await answered(this.#lookAround(), answerWithinMilliseconds, signal);
      await sleep(lookEveryMilliseconds, undefined, { signal }).catch(() => {});
    }
  }

  /** Explains a lock time-out of ours by what was last seen. */
  explainTimeout(seconds: number, cause: unknown): Failure {
    const seen = this.#waitingFor;
    const what = seen
      ? `table ${seen.relation} could not be locked within ${seconds} s: held by ${seen.holders}`
      : `a table could not be locked within ${seconds} s`;
    return new Failure(what, { hint: 'wait until that session ends, or raise lock-timeout', cause });
  }

  /** Cancels whatever our other sessions still do on the server, so that their locks go at once; cuts all when it is silent. */
  async freeLocks(): Promise<void> {
    const cancelled = this.#control.query(
      'SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = $1 AND pid <> pg_catalog.pg_backend_pid()',
      [this.#application],
    );
    try {
      await answered(cancelled, cancelledWithinMilliseconds);
    } catch {
      this.#leader.cut();
      this.#control.cut();
    }
  }

  async #lookAround(): Promise<void> {
    const blocked = await this.#control.query<Blocked>(blockedSql, [this.#application, this.#leaderPid]);
    const now = performance.now();
    for (const pid of this.#since.keys()) if (!blocked.some(one => one.pid === pid)) this.#since.delete(pid);
    for (const one of blocked) {
      const since = this.#since.get(one.pid) ?? now;
      this.#since.set(one.pid, since);
      if (one.beforeUs) throw new Standstill(one);
      if (now - since >= this.#yieldAfterSeconds * 1000) throw new Yielded(one, this.#yieldAfterSeconds);
    }
    if (this.#leaderIsIdle) await this.#leader.query('SELECT 1');
    else await this.#lookAtOurselves();
  }

  async #lookAtOurselves(): Promise<void> {
    const [waiting] = await this.#control.query<{ relation: string; holders: string | null }>(waitingSql, [
      this.#leaderPid,
    ]);
    if (waiting) this.#waitingFor = { relation: waiting.relation, holders: waiting.holders ?? 'an unknown session' };
  }
}

/** Waits for an answer, but not for ever; with a signal, only while it is wanted. */
async function answered(question: Promise<unknown>, milliseconds: number, signal?: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const unwanted = signal ? AbortSignal.any([timer.signal, signal]) : timer.signal;
  const tooLate = sleep(milliseconds, true, { signal: unwanted, ref: false }).catch(() => false);
  try {
    if ((await Promise.race([question, tooLate])) !== true) return;
    throw new Failure(`the server has not answered for ${milliseconds / 1000} s`, {
      hint: 'look at the network between here and the server; run it again',
    });
  } finally {
    timer.abort();
    question.catch(() => {});
  }
}

function describeBlocked({ pid, user, application, statement }: Blocked): string {
  const text = statement.replaceAll(/\s+/g, ' ').trim();
  return `process ${pid} of user ${user}${application === '' ? '' : ` (${application})`}${text === '' ? '' : `: ${text}`}`;
}
