import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { serverFolder } from './postgres.ts';

/** The variable by which a test run says where servers are to have their data, when not in the temporary folder. */
export const dataVariable = 'LIFEBOAT_TEST_DATA';

/** Who connects; by default the superuser of the cluster. */
export interface As {
  user: string;
  password?: string;
}

/** Where a running cluster is, and how its superuser gets in: all that another process needs to use it. */
export interface ClusterAddress {
  major: number;
  /** The folder of the programs of this major. */
  bin: string;
  host: string;
  port: number;
  user: string;
  password: string;
  socketFolder: string;
}

export interface ClusterOptions {
  major: number;
  /** Settings of postgresql.conf beside the fast ones, for example `{ max_locks_per_transaction: 64 }`. */
  settings?: Readonly<Record<string, string | number | boolean>>;
  /** Lines of pg_hba.conf that come before the usual ones (scram over TCP, trust over the socket). */
  hba?: readonly string[];
  initdbArgs?: readonly string[];
  /** The superuser's name; default `postgres`. */
  superuser?: string;
}

export interface DatabaseOptions {
  template?: string;
  encoding?: string;
  locale?: string;
  owner?: string;
}

type Row = Record<string, unknown>;

/** A running Postgres that tests share: make a database of your own in it, and roles by names of your own. */
export class Cluster {
  readonly address: ClusterAddress;

  constructor(address: ClusterAddress) {
    this.address = address;
  }

  get major(): number {
    return this.address.major;
  }

  /** The folder of `psql`, `pg_dump` and the others of this major. */
  get bin(): string {
    return this.address.bin;
  }

  /** A connection URL over TCP, percent-encoded; `as` without a password gives a URL without one. */
  url(database = 'postgres', as?: As): string {
    const { host, port } = this.address;
    const { user, password } = as ?? this.address;
    const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
    return `postgresql://${encodeURIComponent(user)}${secret}@${host}:${port}/${encodeURIComponent(database)}`;
  }

  /** An open session; its user ends it. */
  async connect(database = 'postgres', as?: As): Promise<pg.Client> {
    const { host, port } = this.address;
    const { user, password } = as ?? this.address;
    const client = new pg.Client({ host, port, database, user, password });
    client.on('error', () => {}); // a server that a test stops; the next query says so
    await client.connect();
    return client;
  }

  /** Runs a statement, or several without parameters, in a session of its own and gives the rows of the last one. */
  async query<T extends object = Row>(
    sql: string,
    params?: readonly unknown[],
    database?: string,
    as?: As,
  ): Promise<T[]> {
    const client = await this.connect(database, as);
    try {
      const result = (await client.query(sql, params as unknown[] | undefined)) as
        pg.QueryResult<T> | pg.QueryResult<T>[];
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** Makes a database (by default with a fresh name, from template0 where an option needs it) and gives its name. */
  async createDatabase(name = `db_${randomBytes(6).toString('hex')}`, options: DatabaseOptions = {}): Promise<string> {
    const { encoding, locale, owner } = options;
    const template = options.template ?? (encoding === undefined && locale === undefined ? undefined : 'template0');
    const clauses = [
      template === undefined ? '' : `TEMPLATE ${pg.escapeIdentifier(template)}`,
      encoding === undefined ? '' : `ENCODING ${pg.escapeLiteral(encoding)}`,
      locale === undefined ? '' : `LOCALE ${pg.escapeLiteral(locale)}`,
      owner === undefined ? '' : `OWNER ${pg.escapeIdentifier(owner)}`,
    ];
    await this.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} ${clauses.join(' ')}`);
    return name;
  }

  async dropDatabase(name: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  }
}

/** A throw-away Postgres that belongs to one test or one run, who stops it. */
export class OwnCluster extends Cluster {
  readonly #folder: string;
  readonly #as: { uid?: number; gid?: number };
  #child: ChildProcess | undefined;

  constructor(address: ClusterAddress, folder: string, as: { uid?: number; gid?: number }) {
    super(address);
    this.#folder = folder;
    this.#as = as;
    running.add(this);
  }

  get dataFolder(): string {
    return join(this.#folder, 'data');
  }

  /** Starts the server and waits until it answers a query over TCP. */
  async start(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const child = spawn(join(this.bin, 'postgres'), ['-D', this.dataFolder], {
      ...this.#as,
      env: environment(),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => {}); // told by its exit
    child.unref(); // a server must not keep a finished test alive
    this.#child = child;
    for (let triesLeft = 600; ; triesLeft -= 1) {
      if (hasEnded(child) || child.pid === undefined) throw new Error(`Postgres did not start: ${await this.log()}`);
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (triesLeft === 0) throw error;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }

  /** Ends all sessions and the server, properly, and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
    running.delete(this);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Stops the server at once, as a crash would; the folder stays, and `start` recovers. */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  /** Stops the server properly and starts it again, with these settings beside the others. */
  async restart(settings: ClusterOptions['settings'] = {}): Promise<void> {
    await this.#end('SIGINT');
    await appendFile(join(this.dataFolder, 'postgresql.conf'), settingLines(settings));
    await this.start();
  }

  /** Everything that the server wrote so far. */
  async log(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8');
  }

  /** For the end of the process, which waits for nothing. */
  stopNow(): void {
    if (this.#child?.pid !== undefined && !hasEnded(this.#child)) {
      const args = ['-D', this.dataFolder, '-m', 'immediate', '-w', 'stop'];
      spawnSync(join(this.bin, 'pg_ctl'), args, { ...this.#as, env: environment(), stdio: 'ignore' });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    child.ref();
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

const running = new Set<OwnCluster>();
process.once('exit', () => {
  for (const own of running) own.stopNow();
});

/** Lets the signals that nobody handles end the process by its exit handlers, which stop what it started. */
export function exitOnSignals(): void {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(status));
  }
}

// an unpacked server comes without the libraries of its just-in-time compiler
const fastSettings = { fsync: false, synchronous_commit: false, full_page_writes: false, jit: false };
const startTries = 3;

/**
 * Starts a throw-away Postgres in a temporary folder, as an unprivileged user where we are root, on a free port of
 * 127.0.0.1, with a password full of odd characters. What nobody stopped ends with the process.
 */
export async function startCluster(options: ClusterOptions): Promise<OwnCluster> {
  exitOnSignals();
  const { bin } = await serverFolder(options.major);
  for (let triesLeft = startTries; ; triesLeft -= 1) {
    const own = await makeCluster(bin, options);
    try {
      await own.start();
      return own;
    } catch (error) {
      const log = await own.log();
      await own.stop();
      // another program may have taken the free port first
      if (triesLeft === 1 || !/could not bind/.test(log)) throw error;
    }
  }
}

async function makeCluster(bin: string, options: ClusterOptions): Promise<OwnCluster> {
  const { major, superuser = 'postgres' } = options;
  const as = serverUser();
  const folder = await mkdtemp(join(process.env[dataVariable] ?? tmpdir(), 'lifeboat-pg-'));
  await mkdir(join(folder, 'socket'));
  const password = `${randomBytes(6).toString('hex')}:/@%\\'" ?#&+=`;
  await writeFile(join(folder, 'password'), `${password}\n`);
  for (const path of [folder, join(folder, 'socket'), join(folder, 'password')]) {
    if (as.uid !== undefined && as.gid !== undefined) chownSync(path, as.uid, as.gid);
  }
  const address = { major, bin, host: '127.0.0.1', port: await freePort(), user: superuser, password };
  const own = new OwnCluster({ ...address, socketFolder: join(folder, 'socket') }, folder, as);
  initdb(own, join(folder, 'password'), options.initdbArgs ?? [], as);
  const settings = {
    ...fastSettings,
    listen_addresses: address.host,
    port: address.port,
    unix_socket_directories: own.address.socketFolder,
    ...options.settings,
  };
  await appendFile(join(own.dataFolder, 'postgresql.conf'), settingLines(settings));
  const hbaFile = join(own.dataFolder, 'pg_hba.conf');
  await writeFile(hbaFile, [...(options.hba ?? []), await readFile(hbaFile, 'utf8')].join('\n'));
  return own;
}

function initdb(
  own: OwnCluster,
  passwordFile: string,
  args: readonly string[],
  as: { uid?: number; gid?: number },
): void {
  const { bin, user } = own.address;
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`];
  const defaults = ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'];
  const all = ['-D', own.dataFolder, ...auth, ...defaults, ...args];
  const ended = spawnSync(join(bin, 'initdb'), all, { ...as, env: environment(), encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`initdb: ${ended.error?.message ?? ended.stderr}`);
}

function settingLines(settings: NonNullable<ClusterOptions['settings']>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`)
    .join('');
}

/** Postgres refuses to run as root. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) throw new Error('neither a user postgres nor nobody to run Postgres as');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

function environment(): Record<string, string> {
  // by its temporary folder a test run knows the programs that were left running
  return { PATH: process.env.PATH ?? '', TMPDIR: tmpdir(), LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
