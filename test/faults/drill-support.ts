import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../src/catalog/manifest.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { Context } from '../../src/commands/context.ts';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import { openInputStore } from '../../src/commands/stores.ts';
import { type Harbor, type Ran, type RunOptions, lifeboat, openHarbor } from '../support/lifeboat.ts';
import {
  type Cluster,
  type OwnCluster,
  createSampleDatabase,
  majors,
  needsPostgres,
  startCluster,
} from '../support/postgres.ts';
import { until } from './support.ts';

/** A sealed backup, and a server of its own kind to drill it on. */
export interface Range {
  harbor: Harbor;
  source: Cluster;
  database: string;
  made: BackupResult;
  /** The backup's folder in the store. */
  folder: string;
  server: Cluster;
  /** `TMPDIR` of the drills. */
  temporary: string;
  drill(more?: Record<string, string>, options?: RunOptions): Promise<Ran>;
}

export interface RangeOptions {
  /** Default: the last of the tested ones. */
  major?: number;
  /** Inputs of the backup. */
  backup?: Record<string, string>;
  /** Makes another source than the sample database. */
  fill?: (source: Cluster) => Promise<string>;
  /** Another server than the one that all ranges of this process share. */
  server?: Cluster;
}

export const newest = majors().at(-1) ?? 17;
const servers = new Map<number, Promise<OwnCluster>>();

/** The server to drill on that the tests of one process share; it holds nothing between them. */
export function drillServer(major: number = newest): Promise<OwnCluster> {
  const known = servers.get(major) ?? startCluster({ major });
  servers.set(major, known);
  return known;
}

/** Opens a range; undefined after the test was marked as skipped. */
export async function openRange(t: TestContext, options: RangeOptions = {}): Promise<Range | undefined> {
  const { major = newest, backup = {}, fill = createSampleDatabase } = options;
  const source = await needsPostgres(t, major);
  if (!source) return undefined;
  const server = options.server ?? (await drillServer(major));
  const harbor = await openHarbor(t);
  const database = await fill(source);
  const made = await harbor.backup(source, database, backup);
  const temporary = join(harbor.folder, 'tmp');
  await mkdir(temporary);
  return {
    harbor,
    source,
    database,
    made,
    folder: folderOf(harbor, made.backupId),
    server,
    temporary,
    drill: (more = {}, runOptions = {}) =>
      lifeboat('drill', drillInputs(harbor, server, more), {
        ...runOptions,
        env: { TMPDIR: temporary, ...runOptions.env },
      }),
  };
}

/** Inputs of a drill on a server. */
export function drillInputs(
  { store, keys }: Harbor,
  server: Cluster,
  more: Record<string, string> = {},
): Record<string, string> {
  return { 'target-url': server.url(), store, identity: keys.identity, client: server.bin, jobs: '2', ...more };
}

/** The folder of a backup in a store that is one. */
export function folderOf({ store }: Harbor, backupId: string): string {
  return join(fileURLToPath(store), 'shop', backupId);
}

/** The result that a drill printed. */
export function drilled(ran: Ran): DrillResult {
  if (ran.stdout === '') throw new Error(`status ${ran.status}, no result: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as DrillResult;
}

/** Code and object of each finding. */
export function findingsIn({ findings }: DrillResult): string[][] {
  return findings.map(({ code, object }) => [code, object]);
}

/** A drill that passed, with no finding at all. */
export function assertPassed(ran: Ran): DrillResult {
  const result = drilled(ran);
  assert.deepEqual(result.findings, []);
  assert.deepEqual([result.verdict, ran.status], ['passed', 0]);
  return result;
}

/** A drill that did not pass, for these reasons alone; each has a remedy, and nothing says that the backup is proven. */
export async function assertNotPassed(
  ran: Ran,
  verdict: 'failed' | 'could-not-verify',
  findings: readonly (readonly [string, string])[],
  folder: string,
): Promise<DrillResult> {
  const result = drilled(ran);
  assert.deepEqual(findingsIn(result), findings, ran.stdout.slice(0, 3000));
  assert.deepEqual([result.verdict, ran.status], [verdict, verdict === 'failed' ? 1 : 2]);
  assert.ok(result.findings.every(({ remedy, found }) => remedy !== '' && found !== ''));
  assert.deepEqual(await evidenceIn(folder), [verdict]);
  return result;
}

/** The verdicts of the evidence beside a backup. */
export async function evidenceIn(folder: string): Promise<string[]> {
  const files = await readdir(join(folder, 'drills')).catch(() => []);
  return files.map(file => file.replace(/^\d{8}T\d{6}Z-|\.json$/g, '')).sort();
}

/** Nothing of ours is on the server: databases, roles, sessions, locks, settings; nor a file in the temporary folder but the report. */
export async function assertNothingLeft({ server, temporary }: Pick<Range, 'server' | 'temporary'>): Promise<void> {
  const left = `SELECT 'database ' || datname AS what FROM pg_database WHERE datname ~ '^lifeboat'
    UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user
    UNION ALL SELECT 'session ' || application_name FROM pg_stat_activity WHERE application_name ~ '^pg-lifeboat|^pg_restore|^pg_dump'
    UNION ALL SELECT 'lock' FROM pg_locks WHERE locktype = 'advisory'
    UNION ALL SELECT 'setting ' || name FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`;
  let found: string[] = [];
  await until('nothing is left', async () => {
    found = (await server.query<{ what: string }>(left)).map(({ what }) => what);
    return found.length === 0 || found.some(what => !/^session|^lock/.test(what));
  });
  assert.deepEqual(found, []);
  const files = await readdir(temporary);
  assert.deepEqual(
    files.filter(file => !/^pg-lifeboat-drill-.*\.(?:html|json)$/.test(file)),
    [],
  );
}

/** Edits the manifest of a backup as somebody who can write to the store may. */
export async function editManifest(folder: string, edit: (manifest: Manifest) => void): Promise<void> {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
  edit(manifest);
  await writeFile(file, JSON.stringify(manifest));
}

/** Changes one byte of a stored object, in its middle or at a place. */
export async function flipByte(folder: string, object: string, at?: number): Promise<void> {
  const content = await readFile(join(folder, object));
  const place = at ?? content.length >> 1;
  content[place] = (content[place] ?? 0) ^ 1;
  await writeFile(join(folder, object), content);
}

/** Puts an object of one backup into the place of another's. */
export async function swap(from: string, to: string, object: string): Promise<void> {
  await cp(join(from, object), join(to, object));
}

/** Does something once, when the log says some words. */
export function whenSaid(words: string, act: (child: ChildProcess) => void): RunOptions {
  let said = '';
  let done = false;
  return {
    onStderr: (text, child) => {
      said += text;
      if (done || !said.includes(words)) return;
      done = true;
      act(child);
    },
  };
}

/** The manifest of a backup in a folder. */
export async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
}

/** For parts that are run in this process. */
export function silentContext(folder: string, info: (line: string) => void): Context {
  const silent = () => {};
  return {
    log: {
      info,
      warn: silent,
      debug: silent,
      group: (_title, work) => work(),
      progress: (label, totalBytes) => ({ label, totalBytes, add: silent, end: silent }),
    },
    signal: new AbortController().signal,
    now: () => new Date(),
    version: '0.0.0',
    folder,
    openStore: store => openInputStore(store, () => Promise.reject(new Error('there is none'))),
  };
}

/** Has the run send itself a signal when its log begins to say some words. */
export function signalAt(words: string, signal: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(`
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text, ...more) => {
      const written = write(text, ...more);
      if (String(text).includes('${words}')) process.kill(process.pid, '${signal}');
      return written;
    };`)}`;
}
