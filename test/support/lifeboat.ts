import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BackupResult } from '../../src/commands/backup.ts';
import { type KeyPair, generateIdentity } from '../../src/crypto/age.ts';
import type { Cluster } from '../../scripts/setup/cluster.ts';

/** How one run of the command line ended. */
export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Called with the running process, to send it signals. */
  onStart?: (child: ChildProcess) => void;
  /** Called with every piece of stderr. */
  onStderr?: (text: string, child: ChildProcess) => void;
  env?: Record<string, string>;
  cwd?: string;
  /** Whether the result is asked for as JSON, which is the default. */
  json?: boolean;
}

const compileCache = join(tmpdir(), 'lifeboat-compile-cache');
const terminal = join(import.meta.dirname, '../../src/terminal.ts');

/** Runs a command as a terminal does, with every input in the environment and nothing else of ours. */
export async function lifeboat(
  command: string,
  inputs: Record<string, string>,
  options: RunOptions = {},
): Promise<Ran> {
  const named = Object.entries(inputs).map(([name, value]) => [
    `LIFEBOAT_${name.replaceAll('-', '_').toUpperCase()}`,
    value,
  ]);
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [terminal, command, ...(options.json === false ? [] : ['--json'])], {
    // our own modules are compiled once, not at each of some hundred starts
    env: { PATH, HOME, NODE_COMPILE_CACHE: compileCache, ...Object.fromEntries(named), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  options.onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    options.onStderr?.(chunk.toString(), child);
  });
  return new Promise(resolve => child.once('close', status => resolve({ status, stdout, stderr })));
}

/** The result of a run that must have ended well. */
export function resultOf<T>(ran: Ran): T {
  if (ran.status !== 0) throw new Error(`status ${ran.status}\n${ran.stderr}\n${ran.stdout}`);
  return JSON.parse(ran.stdout) as T;
}

/** A throw-away directory store and a fresh key: what most tests of commands need. */
export interface Harbor {
  folder: string;
  store: string;
  keys: KeyPair;
  /** Inputs of a backup of one database, with the client of its cluster. */
  backupInputs(cluster: Cluster, database: string, more?: Record<string, string>): Record<string, string>;
  backup(cluster: Cluster, database: string, more?: Record<string, string>): Promise<BackupResult>;
  restoreInputs(cluster: Cluster, database: string, more?: Record<string, string>): Record<string, string>;
}

/** Makes a harbor that is gone after the test. */
export async function openHarbor(t: TestContext): Promise<Harbor> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-harbor-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const store = pathToFileURL(join(folder, 'store')).href;
  const keys = await generateIdentity();
  const backupInputs: Harbor['backupInputs'] = (cluster, database, more = {}) => ({
    'database-url': cluster.url(database),
    store,
    name: 'shop',
    recipients: keys.recipient,
    client: cluster.bin,
    ...more,
  });
  return {
    folder,
    store,
    keys,
    backupInputs,
    backup: async (cluster, database, more) =>
      resultOf<BackupResult>(await lifeboat('backup', backupInputs(cluster, database, more))),
    restoreInputs: (cluster, database, more = {}) => ({
      'target-url': cluster.url(database),
      store,
      identity: keys.identity,
      client: cluster.bin,
      ...more,
    }),
  };
}
