import { Failure } from '../failure.ts';
import type { Log } from '../log.ts';
import type { Session } from './connection.ts';
import { qualified } from './quote.ts';
import { type Relation, readRelations } from './relations.ts';

/** A snapshot that other sessions and pg_dump can import while its leader's transaction stays open. */
export interface Snapshot {
  id: string;
  at: Date;
  /** Every relation as the snapshot shows it. */
  relations: Relation[];
  /** False where the server's lock table is too small: then `checkUnchanged` must pass after the dump. */
  locked: boolean;
}

export interface SnapshotOptions {
  lockTimeoutSeconds: number;
  locked: boolean;
  /** Those that the dump reads; only they are locked. */
  pick: (relations: Relation[]) => Relation[];
  log: Log;
  signal: AbortSignal;
}

/** Tables change while we try to lock them: how often to begin anew before giving up. */
const attempts = 5;
const locksPerStatement = 200;

/**
 * Begins the leader's transaction: locks every table in ACCESS SHARE, then takes and exports the snapshot. The locks come first,
 * since a TRUNCATE between snapshot and lock would leave an empty table in the dump and nobody would notice. When the list of
 * tables has changed meanwhile, everything begins anew. `control` is another session of the same user.
 */
export async function takeSnapshot(leader: Session, control: Session, options: SnapshotOptions): Promise<Snapshot> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    options.signal.throwIfAborted();
    const before = await readRelations(control);
    await leader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // also for what asks a table's size later, which takes a lock of its own
    await leader.query(`SET LOCAL lock_timeout = ${options.lockTimeoutSeconds * 1000}`);
    if (options.locked && !(await lock(leader, options.pick(before)))) {
      await leader.query('ROLLBACK');
      continue;
    }
    const { id, at } = await leader.one<{ id: string; at: Date }>(
      'SELECT pg_catalog.pg_export_snapshot() AS id, pg_catalog.clock_timestamp() AS at',
    );
    const relations = await readRelations(leader);
    if (sameTables(before, relations)) return { id, at, relations, locked: options.locked };
    options.log.info('tables were created or dropped while the snapshot was taken: beginning anew');
    await leader.query('ROLLBACK');
  }
  throw new Failure(`tables were created or dropped at each of ${attempts} tries to take a snapshot`, {
    hint: 'run the backup when no migration runs',
  });
}

/** Without the leader's locks: the files of the dumped tables must be the same after the dump as in the snapshot. */
export async function checkUnchanged(control: Session, snapshot: Snapshot): Promise<void> {
  const now = new Map((await readRelations(control)).map(relation => [relation.oid, relation]));
  const changed = snapshot.relations.filter(
    ({ oid, kind, filenode }) => kind === 'table' && now.get(oid)?.filenode !== filenode,
  );
  if (changed.length === 0) return;
  const names = changed.slice(0, 5).map(({ schema, name }) => `${schema}.${name}`);
  throw new Failure(`${names.join(', ')} changed as a whole (TRUNCATE, DROP or a rewrite) during the dump`, {
    hint: 'run it again when no migration runs; a larger max_locks_per_transaction lets us lock every table',
  });
}

/** False when a table is gone. */
async function lock(leader: Session, relations: readonly Relation[]): Promise<boolean> {
  const lockable = relations.filter(({ kind }) => kind !== 'foreign');
  for (let from = 0; from < lockable.length; from += locksPerStatement) {
    const names = lockable.slice(from, from + locksPerStatement).map(relation => `ONLY ${qualified(relation)}`);
    try {
      await leader.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
    } catch (error) {
      const { code } = error as { code?: string };
      // undefined_table, invalid_schema_name, deadlock_detected
      if (code === '42P01' || code === '3F000' || code === '40P01') return false;
      throw error;
    }
  }
  return true;
}

function sameTables(before: readonly Relation[], after: readonly Relation[]): boolean {
  const oids = new Set(before.map(({ oid }) => oid));
  return before.length === after.length && after.every(({ oid }) => oids.has(oid));
}
