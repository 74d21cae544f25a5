import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Contents } from '../../src/catalog/contents.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import { openInputStore } from '../../src/commands/stores.ts';
import type { Context } from '../../src/commands/context.ts';
import { list } from '../../src/commands/list.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { openBackup } from '../../src/commands/stored-backup.ts';
import { verify } from '../../src/commands/verify.ts';
import { ageDecryption, parseIdentities } from '../../src/crypto/age.ts';
import { definitionsFor } from '../../src/inputs/definitions.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { openStore } from '../../src/store/open.ts';
import { type Harbor, type Ran, type RunOptions, lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import type { Cluster } from '../support/postgres.ts';

/** One database with an earlier backup that every fault must leave alone, and a temporary folder for the runs alone. */
export interface Trial {
  cluster: Cluster;
  database: string;
  harbor: Harbor;
  earlier: BackupResult;
  /** `TMPDIR` of the runs. */
  temporary: string;
  run(command: string, inputs: Record<string, string>, options?: RunOptions): Promise<Ran>;
  backup(more?: Record<string, string>, options?: RunOptions): Promise<Ran>;
}

const earlierBackups = new Map<string, Promise<{ folder: string; result: BackupResult }>>();
const earlierFolders: string[] = [];
process.once('exit', () => earlierFolders.forEach(folder => rmSync(folder, { recursive: true, force: true })));

/** Opens a trial. The earlier backup of one database is made once in a process, and copied. */
export async function openTrial(t: TestContext, cluster: Cluster, database: string): Promise<Trial> {
  const harbor = await openHarbor(t);
  const key = cluster.url(database);
  const making = earlierBackups.get(key) ?? makeEarlier(cluster, database);
  earlierBackups.set(key, making);
  const { folder, result } = await making;
  await cp(folder, fileURLToPath(harbor.store), { recursive: true });
  const temporary = join(harbor.folder, 'tmp');
  await mkdir(temporary);
  const run: Trial['run'] = (command, inputs, options = {}) =>
    lifeboat(command, inputs, { ...options, env: { TMPDIR: temporary, ...options.env } });
  return {
    cluster,
    database,
    harbor,
    earlier: result,
    temporary,
    run,
    backup: (more, options) => run('backup', harbor.backupInputs(cluster, database, more), options),
  };
}

async function makeEarlier(cluster: Cluster, database: string): Promise<{ folder: string; result: BackupResult }> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-earlier-'));
  earlierFolders.push(folder);
  const undo: (() => unknown)[] = [];
  const harbor = await openHarbor({ after: (work: () => unknown) => undo.push(work) } as unknown as TestContext);
  const result = await harbor.backup(cluster, database);
  await cp(fileURLToPath(harbor.store), folder, { recursive: true });
  for (const work of undo) await work();
  return { folder, result };
}

export interface Failed {
  /** What the error must say: the cause, and after it, in brackets, the remedy. */
  message: RegExp;
  status?: number;
}

/**
 * A run that failed as it must: not green, cause and remedy named, and nothing left behind. Sealed backups that were made
 * meanwhile, beside the earlier one, are `also`.
 */
export async function assertFailed(
  ran: Ran,
  trial: Trial,
  { message, status = 1 }: Failed,
  also: readonly string[] = [],
): Promise<void> {
  const [error = `no error in: ${ran.stderr}`] = ran.stderr.split('\n').filter(line => line.startsWith('error: '));
  assert.match(error, message);
  assert.match(error, /\(.+\)$/, 'there is no remedy');
  assert.equal(ran.status, status, ran.stderr);
  assert.equal(ran.stdout, '');
  await assertNothingLeft(trial, also);
}

/** The earlier backup and `also` are all there is, and whole; no process of ours, lock, file or session is left. */
export async function assertNothingLeft(trial: Trial, also: readonly string[] = []): Promise<void> {
  const { store } = trial.harbor;
  const listed = await list(inputsOf('list', { store }), context(trial));
  const expected = [trial.earlier.backupId, ...also].sort();
  assert.deepEqual(listed.backups.map(({ backupId }) => backupId).sort(), expected, 'other backups are in the store');
  assert.deepEqual(
    listed.databases.map(({ unsealed }) => unsealed),
    [0],
  );
  const files = await readdir(fileURLToPath(store), { recursive: true });
  assert.deepEqual(
    files.filter(file => file.endsWith('.partial')),
    [],
  );
  for (const backup of expected) {
    const { verdict } = await verify(inputsOf('verify', { store, backup }), context(trial));
    assert.equal(verdict, 'passed', `backup ${backup} is damaged`);
  }
  assert.deepEqual(await readdir(trial.temporary), []);
  await assertNoSessions(trial);
}

/** No session of ours is left in the database, and no lock that says that a backup is running. */
export async function assertNoSessions({ cluster, database }: Trial): Promise<void> {
  const session = await cluster.connect();
  try {
    await until('all our sessions are gone', async () => {
      const { rows } = await session.query<{ left: number }>(
        `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'pg-lifeboat%')
              + (SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = $1 AND locktype = 'advisory') AS left`,
        [database],
      );
      return Number(rows[0]?.left) === 0;
    });
  } finally {
    await session.end();
  }
}

/** Restores a backup into a fresh database of the same server; what comes back must be what the snapshot held. */
export async function assertRestores(
  trial: Trial,
  backup: string,
  more: Record<string, string> = {},
): Promise<RestoreResult> {
  const target = await trial.cluster.createDatabase();
  const inputs = trial.harbor.restoreInputs(trial.cluster, target, { backup, ...more });
  const restored = resultOf<RestoreResult>(await trial.run('restore', inputs));
  assert.deepEqual(restored.differences, []);
  assert.deepEqual(restored.refused, []);
  return { ...restored, target };
}

/** What a backup of a trial says about its snapshot, decrypted. */
export async function contentsOf({ harbor }: Trial, backupId: string): Promise<Contents> {
  const { signal } = new AbortController();
  const backup = await openBackup(openStore(harbor.store), 'shop', backupId, signal);
  return backup.contents(ageDecryption(parseIdentities(harbor.keys.identity)), signal);
}

/** Waits until something holds, by asking again. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinSeconds = 30): Promise<void> {
  const deadline = performance.now() + withinSeconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinSeconds} s: ${what}`);
    await sleep(20);
  }
}

/**
 * A folder to give as `client`: the programs of the cluster, where shell text comes before the real pg_dump. There `"$real" "$@"` is
 * what was meant to run, and `$here` the folder.
 */
export async function scriptedClient(
  t: TestContext,
  { bin }: Cluster,
  scripts: { archive?: string; definitions?: string; restore?: string },
): Promise<string> {
  const here = join((await openHarbor(t)).folder, 'client');
  await mkdir(here);
  const dump = `case "$*" in
*--format=custom*) :
${scripts.archive ?? ''} ;;
*--schema-only*) :
${scripts.definitions ?? ''} ;;
esac`;
  const bodies = { pg_dump: dump, pg_dumpall: '', pg_restore: scripts.restore ?? '' };
  for (const [program, body] of Object.entries(bodies)) {
    const text = `#!/bin/sh\nreal='${join(bin, program)}'\nhere='${here}'\n${body}\nexec "$real" "$@"\n`;
    await writeFile(join(here, program), text);
    await chmod(join(here, program), 0o755);
  }
  return here;
}

/** A client whose dumps of the main archive stand still in their middle until they are let go on. */
export interface HeldClient {
  folder: string;
  /** Resolves when pg_dump has locked everything, has begun to write, and stands. */
  held(): Promise<void>;
  /** Lets it go on, and all later ones pass. */
  release(): Promise<void>;
}

/** Makes such a client; the database must have more data than fits into pipes (`fillDatabase`). */
export async function heldClient(t: TestContext, cluster: Cluster): Promise<HeldClient> {
  const folder = await scriptedClient(t, cluster, {
    archive: `if [ ! -e "$here/open" ]; then
  pipe="$here/pipe.$$"
  mkfifo "$pipe"
  "$real" "$@" >"$pipe" &
  dump=$!
  {
    head -c 4096
    : >"$here/held"
    while [ -d "$here" ] && [ ! -e "$here/open" ]; do sleep 0.05; done
    cat
  } <"$pipe" &
  reader=$!
  trap 'kill "$dump" "$reader"; exit 143' TERM
  wait "$dump"
  status=$?
  wait "$reader"
  exit "$status"
fi`,
  });
  return {
    folder,
    held: () => until('pg_dump stands in its middle', () => existsSync(join(folder, 'held'))),
    release: () => writeFile(join(folder, 'open'), ''),
  };
}

/** Makes a database whose dump is larger than what fits into pipes: tables `orders`, `customers`, and a view. */
export async function fillDatabase(cluster: Cluster, name?: string): Promise<string> {
  const database = await cluster.createDatabase(name);
  await cluster.query(
    `CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);
     INSERT INTO customers (name) SELECT 'customer ' || i FROM generate_series(1, 500) i;
     CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, note text);
     INSERT INTO orders (customer, note) SELECT 1 + i % 500, md5(i::text) || md5((-i)::text) FROM generate_series(1, 20000) i;
     CREATE VIEW totals AS SELECT customer, count(*) FROM orders GROUP BY 1`,
    [],
    database,
  );
  return database;
}

function inputsOf<const Command extends 'list' | 'verify'>(command: Command, given: Record<string, string>) {
  const defaults = definitionsFor(command).flatMap(({ name, default: value }) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const values = new Map([...defaults, ...Object.entries(given)]);
  return readInputs({ command, values, warnings: [] }, {}) as Extract<
    ReturnType<typeof readInputs>,
    { command: Command }
  >;
}

/** For commands that are run in this process, since a process each would take too long. */
function context({ temporary }: Trial): Context {
  const silent = () => {};
  return {
    log: {
      info: silent,
      warn: silent,
      debug: silent,
      group: (_title, work) => work(),
      progress: (label, totalBytes) => ({ label, totalBytes, add: silent, end: silent }),
    },
    signal: new AbortController().signal,
    now: () => new Date(),
    version: '0.0.0',
    folder: temporary,
    openStore: store => openInputStore(store, () => Promise.reject(new Error('there is none'))),
  };
}
