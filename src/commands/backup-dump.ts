import { pipeline } from 'node:stream/promises';
import type { Contents } from '../catalog/contents.ts';
import { Failure, messageOf } from '../failure.ts';
import type { BackupInputs } from '../inputs/inputs.ts';
import type { Progress } from '../log.ts';
import { type Session, connect } from '../postgres/connection.ts';
import { type OwnedSequence, readSequences } from '../postgres/contents.ts';
import { LockWatch } from '../postgres/watch.ts';
import { type Snapshot, checkUnchanged, takeSnapshot } from '../postgres/snapshot.ts';
import { type Selected, checkReadable, onStandby, readSizes, select } from '../postgres/relations.ts';
import {
  type Shard,
  type DumpOptions,
  dumpMain,
  dumpRoles,
  dumpSchema,
  dumpShard,
  filterOptions,
  packShards,
} from '../postgres/dump.ts';
import { type DumpWarnings, judgeWarnings } from '../postgres/dump-warnings.ts';
import { qualified } from '../postgres/quote.ts';
import { type Command, ProcessFailure, start } from '../process.ts';
import { meter } from '../streams.ts';
import { guarded, together } from '../together.ts';
import { describeSnapshot } from './backup-contents.ts';
import type { BackupFolder } from './backup-folder.ts';
import type { Prepared } from './backup-preflight.ts';
import type { Context } from './context.ts';

/** What one attempt has stored, and what its snapshot held. */
export interface Dumped {
  /** Without the archives' hashes, which are known when everything is stored. */
  contents: Omit<Contents, 'archives'>;
  archiveBytes: number;
}

/** One attempt's inputs, all that its parts share. */
export interface Attempt {
  inputs: BackupInputs;
  prepared: Prepared;
  folder: BackupFolder;
  leader: Session;
  watch: LockWatch;
  snapshot: Snapshot;
  selected: Selected[];
  sizeOf: (relation: { oid: number }) => number;
  backupId: string;
  /** Read before pg_dump reads them, so that no restored one is behind. */
  sequences: OwnedSequence[];
}

/** The server's lock table overflowed although there should have been room: once more, with fewer locks. */
export class LocksRanOut extends Failure {}

/**
 * One attempt: the leader's locks and snapshot, then pg_dump's processes and the counting side by side, all in that snapshot. When it
 * rejects, every process has ended and every lock is gone.
 */
export async function dump(
  inputs: BackupInputs,
  prepared: Prepared,
  folder: BackupFolder,
  context: Context,
): Promise<Dumped> {
  folder.restart();
  const leader = await connect(prepared.target, context.signal);
  try {
    const { pid } = await leader.one<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
    const watch = new LockWatch(prepared.control, leader, pid, prepared.target.application, inputs.yieldAfterSeconds);
    return await guarded(
      context.signal,
      signal => dumpWatched({ inputs, prepared, folder, leader, watch }, { ...context, signal }),
      signal => watch.run(signal),
    );
  } catch (error) {
    throw await explain(error, prepared, leader);
  } finally {
    await leader.close();
  }
}

interface Watched {
  inputs: BackupInputs;
  prepared: Prepared;
  folder: BackupFolder;
  leader: Session;
  watch: LockWatch;
}

async function dumpWatched({ inputs, prepared, folder, leader, watch }: Watched, context: Context): Promise<Dumped> {
  const { control, lockPlan } = prepared;
  const freeLocks = () => void watch.freeLocks();
  const refused = (error: unknown) => {
    const { code } = error as { code?: string };
    if (code === '55P03') throw watch.explainTimeout(inputs.lockTimeoutSeconds, error);
    if (code === '42P01')
      throw new Failure(`something was dropped right after the snapshot: ${messageOf(error)}`, {
        hint: 'run it again when no migration runs',
        cause: error,
      });
    throw error;
  };
  context.signal.addEventListener('abort', freeLocks, { once: true });
  try {
    await control.query(`SET lock_timeout = ${inputs.lockTimeoutSeconds * 1000}`);
    const snapshot = await takeSnapshot(leader, control, {
      lockTimeoutSeconds: inputs.lockTimeoutSeconds,
      locked: lockPlan.locked,
      pick: relations => select(relations, inputs.filters).map(({ relation }) => relation),
      log: context.log,
      signal: context.signal,
    }).catch(refused);
    const chosen = select(snapshot.relations, inputs.filters);
    const selected = prepared.identity?.standby === true ? onStandby(chosen) : chosen;
    checkReadable(selected, prepared.target.address.user);
    const sizes = await readSizes(leader, selected).catch(refused);
    const sequences = await readSequences(control, leader).catch(refused);
    watch.leaderIsIdle();
    const attempt: Attempt = {
      inputs,
      prepared,
      folder,
      leader,
      watch,
      snapshot,
      selected,
      sizeOf: ({ oid }) => sizes.get(oid) ?? 0,
      backupId: folder.id,
      sequences,
    };
    const dumped = await dumpSnapshot(attempt, context);
    await leader.query('SELECT 1'); // its locks have held to the end
    if (!snapshot.locked) await checkUnchanged(control, snapshot);
    return dumped;
  } finally {
    context.signal.removeEventListener('abort', freeLocks);
  }
}

async function dumpSnapshot(attempt: Attempt, context: Context): Promise<Dumped> {
  const { inputs, prepared, snapshot, selected, sizeOf } = attempt;
  const { lockPlan, identity, previous } = prepared;
  const options: DumpOptions = {
    snapshotId: snapshot.id,
    lockTimeoutSeconds: inputs.lockTimeoutSeconds,
    compression: prepared.compression,
    filters: filterOptions(snapshot.relations, selected, inputs.filters),
    standby: identity?.standby ?? false,
  };
  const shards = inputs.filters.schemaOnly ? [] : packShards(selected, lockPlan.jobs, sizeOf);
  const expected = previous?.objects
    .filter(({ purpose }) => purpose === 'main' || purpose === 'shard')
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const progress = context.log.progress('dump', expected);
  try {
    const [archived, described] = await together(context.signal, [
      signal => dumpArchives(attempt, options, shards, { ...context, signal }, progress),
      signal => describeBeside(attempt, options, { ...context, signal }),
    ]);
    const warnings = mergeWarnings([...archived.warnings, ...described.warnings]);
    const contents = {
      ...described.contents,
      sequences: await laterValues(attempt, described.contents.sequences),
      notCaptured: [...described.contents.notCaptured, ...warnings.notCaptured],
      warnings: warnings.said,
    };
    for (const warning of warnings.said) context.log.warn(`pg_dump warned: ${warning}`);
    return { contents, archiveBytes: archived.sizeBytes };
  } finally {
    progress.end();
  }
}

/** What the sequences came to while the archives were made: a restored one must lie between the two. */
async function laterValues(attempt: Attempt, sequences: Contents['sequences']): Promise<Contents['sequences']> {
  const { leader, prepared } = attempt;
  const now = await readSequences(prepared.control, leader).catch((error: unknown) => {
    const { code } = error as { code?: string };
    // one that belongs to no table may have been dropped meanwhile, or is locked by somebody
    if (code === '42P01' || code === '55P03') return [];
    throw error;
  });
  const byName = new Map(now.map(sequence => [qualified(sequence), sequence]));
  return sequences.map(sequence => {
    const later = byName.get(qualified(sequence));
    return { ...sequence, later: later ? { lastValue: later.lastValue, isCalled: later.isCalled } : null };
  });
}

/** The lane of the archives: the main one and the shards at once; the definitions after them where there are no locks to spare. */
async function dumpArchives(
  attempt: Attempt,
  options: DumpOptions,
  shards: readonly Shard[],
  context: Context,
  progress: Progress,
): Promise<{ warnings: DumpWarnings[]; sizeBytes: number }> {
  const { client, target, lockPlan } = attempt.prepared;
  const main = (signal: AbortSignal) =>
    storeOutput(
      attempt,
      { purpose: 'main', title: 'main.dump', command: dumpMain(client, target, options, shards) },
      signal,
      progress,
    );
  const others = shards.map((shard, index) => (signal: AbortSignal) => {
    const title = `data-${String(index + 1).padStart(3, '0')}.dump`;
    return storeOutput(
      attempt,
      { purpose: 'shard', title, command: dumpShard(client, target, options, shard) },
      signal,
      progress,
    );
  });
  const archives = await together(context.signal, [main, ...others]);
  const definitions = lockPlan.beside ? [] : [await storeDefinitions(attempt, options, context.signal)];
  return {
    warnings: [...archives, ...definitions].map(({ warnings }) => warnings),
    sizeBytes: archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** The lane beside the archives: definitions, roles, then the counting, one after another to need few connections. */
async function describeBeside(
  attempt: Attempt,
  options: DumpOptions,
  context: Context,
): Promise<{ warnings: DumpWarnings[]; contents: Omit<Contents, 'archives'> }> {
  const { client, target, lockPlan } = attempt.prepared;
  const stored = lockPlan.beside ? [await storeDefinitions(attempt, options, context.signal)] : [];
  stored.push(
    await storeOutput(
      attempt,
      { purpose: 'roles', title: 'roles.sql', command: dumpRoles(client, target, options) },
      context.signal,
    ),
  );
  const contents = await describeSnapshot(attempt, context);
  return { warnings: stored.map(({ warnings }) => warnings), contents };
}

function storeDefinitions(attempt: Attempt, options: DumpOptions, signal: AbortSignal): Promise<Output> {
  const { client, target } = attempt.prepared;
  return storeOutput(
    attempt,
    { purpose: 'schema', title: 'schema.sql', command: dumpSchema(client, target, options) },
    signal,
  );
}

interface Output {
  warnings: DumpWarnings;
  sizeBytes: number;
}

/** A program's output goes through encryption into the store; it counts only when the program has ended well. */
async function storeOutput(
  { inputs, folder, prepared }: Attempt,
  { purpose, title, command }: { purpose: 'main' | 'shard' | 'roles' | 'schema'; title: string; command: Command },
  signal: AbortSignal,
  progress?: Progress,
): Promise<Output> {
  const isArchive = purpose === 'main' || purpose === 'shard';
  const layerLevel = isArchive ? prepared.compression.layerLevel : undefined;
  const program = command.title ?? command.file;
  const child = start(command, signal);
  child.stdin.end();
  let warnings: DumpWarnings = { said: [], notCaptured: [] };
  let writtenBytes = 0;
  const judged = meter(
    bytes => {
      writtenBytes += bytes;
      progress?.add(bytes);
    },
    async () => {
      const { stderr } = await child.done;
      warnings = judgeWarnings(program, stderr, inputs.accept);
      if (writtenBytes === 0)
        throw new Failure(`${program} ended well but wrote nothing`, { hint: 'run it again, and report this' });
    },
  );
  // at once, for what a program wrote before anybody reads is thrown away when it ends
  const reading = pipeline(child.stdout, judged);
  reading.catch(() => {}); // whoever reads `judged` gets the error
  try {
    const { sizeBytes } = await folder.putEncrypted({ purpose, title, source: judged, layerLevel }, signal);
    return { warnings, sizeBytes };
  } finally {
    judged.destroy(); // a child that still writes must not wait for a reader that is gone
    await reading.catch(() => {});
    await child.done.catch(() => {});
  }
}

function mergeWarnings(all: readonly DumpWarnings[]): DumpWarnings {
  const said = [...new Set(all.flatMap(warnings => warnings.said))];
  const byWhat = new Map(all.flatMap(warnings => warnings.notCaptured).map(entry => [entry.what, entry]));
  return { said, notCaptured: [...byWhat.values()] };
}

/** The cause behind what failed first, with a remedy. */
async function explain(error: unknown, { lockPlan }: Prepared, leader: Session): Promise<unknown> {
  const isFull =
    (error as { code?: string }).code === '53200' ||
    (error instanceof ProcessFailure && error.stderr.includes('out of shared memory'));
  if (isFull) {
    const details = { hint: 'raise max_locks_per_transaction, or run the backup at a quieter time', cause: error };
    const message = `the server's lock table is full: ${messageOf(error)}`;
    return lockPlan.locked ? new LocksRanOut(message, details) : new Failure(message, details);
  }
  if (error instanceof Failure && !(error instanceof ProcessFailure)) return error;
  // without the leader there is no snapshot, and everything else fails by that
  return (await leader.findLoss()) ?? (error instanceof ProcessFailure ? withHint(error) : error);
}

function withHint(error: ProcessFailure): Failure {
  return new Failure(error.message, { hint: hintFor(error), cause: error });
}

function hintFor({ killedBy, stderr }: ProcessFailure): string {
  if (killedBy !== null) return 'perhaps the memory ran out, or somebody ended it; run it again';
  if (stderr.includes('lock timeout')) return 'wait until the session that holds the table ends, or raise lock-timeout';
  return "look at what it says, and into the server's log; run it again";
}
