import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import { type Command, run, searchPath } from '../process.ts';
import { installClient } from './client-install.ts';
import type { Target } from './connection.ts';

export type ClientProgram = 'pg_dump' | 'pg_dumpall' | 'pg_restore' | 'psql';

/** pg_dump and its sisters, all of one major. */
export interface Client {
  /** For example `17.5`. */
  version: string;
  /** Where they come from, for people. */
  source: string;
  /**
   * A command that talks to `target`, or to no server at all. Passwords travel in the child's environment. `files` are the paths among
   * the arguments that it must be able to read.
   */
  command(program: ClientProgram, args: readonly string[], target?: Target, files?: readonly string[]): Command;
}

export interface ClientOptions {
  major: number;
  /** The input `client`: `auto`, `system`, `install`, `docker`, or a folder. */
  choice: string;
  log: Log;
  signal: AbortSignal;
}

const programs: readonly ClientProgram[] = ['pg_dump', 'pg_dumpall', 'pg_restore'];

/**
 * Finds the client of exactly one major: in the system's versioned folders, by installing it, or as a Docker image, in this order.
 * Throws a `Failure` that lists what was tried.
 */
export async function findClient(options: ClientOptions): Promise<Client> {
  const { choice, major, signal } = options;
  if (choice.includes('/')) return inFolder(choice, major, signal);
  const ways: Record<string, () => Promise<Client>> = {
    system: () => onSystem(major, signal),
    install: () => installed(options),
    docker: () => inDocker(major, signal),
  };
  const chosen = choice === 'auto' ? Object.keys(ways) : [choice];
  const reasons: string[] = [];
  for (const name of chosen) {
    const way = ways[name];
    if (!way)
      throw new Failure(`input client is "${choice.slice(0, 20)}"`, {
        hint: 'it may be auto, system, install, docker, or a folder such as /opt/pg17/bin',
        exitStatus: 64,
      });
    try {
      return await way();
    } catch (error) {
      signal.throwIfAborted();
      reasons.push(`${name}: ${messageOf(error)}`);
    }
  }
  throw new Failure(`no pg_dump of PostgreSQL ${major} can be had (${reasons.join('; ')})`, {
    hint: `install postgresql-client-${major} from apt.postgresql.org, or name its folder as client`,
  });
}

async function onSystem(major: number, signal: AbortSignal): Promise<Client> {
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/opt/homebrew/opt/libpq/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/usr/local/opt/libpq/bin`,
    ...searchPath(),
  ];
  const seen: string[] = [];
  for (const folder of new Set(folders)) {
    if (!programs.every(program => isExecutable(join(folder, program)))) continue;
    try {
      return await inFolder(folder, major, signal);
    } catch (error) {
      seen.push(messageOf(error));
    }
  }
  throw new Failure(seen.length === 0 ? 'there is none on this machine' : seen.join(', '));
}

async function inFolder(folder: string, major: number, signal: AbortSignal): Promise<Client> {
  const client: Client = {
    version: '',
    source: folder,
    command: (program, args, target) => ({
      file: join(folder, program),
      args,
      env: target ? libpqEnvironment(target) : {},
      title: program,
    }),
  };
  return { ...client, version: await checkedVersion(client, major, signal) };
}

async function installed({ major, log, signal }: ClientOptions): Promise<Client> {
  return inFolder(await installClient(major, log, signal), major, signal);
}

async function inDocker(major: number, signal: AbortSignal): Promise<Client> {
  const image = `postgres:${major}`;
  const client: Client = {
    version: '',
    source: `Docker image ${image}`,
    command(program, args, target, files = []) {
      const env = target ? libpqEnvironment(target) : {};
      const mounts = [env.PGSSLROOTCERT, target?.address.host, ...files]
        .filter(path => path?.startsWith('/'))
        .flatMap(path => ['-v', `${path}:${path}:ro`]);
      const docker = [
        ...[
          'run',
          '--rm',
          '-i',
          '--init',
          '--network',
          'host',
          '--name',
          `pg-lifeboat-${randomBytes(6).toString('hex')}`,
        ],
        // otherwise the engine writes the whole dump, in the clear, to its log on disk
        ...['--log-driver', 'none'],
        ...mounts,
        ...Object.keys(env).flatMap(name => ['-e', name]),
        ...['--entrypoint', `/usr/lib/postgresql/${major}/bin/${program}`, image],
      ];
      return { file: 'docker', args: [...docker, ...args], env, title: program };
    },
  };
  return { ...client, version: await checkedVersion(client, major, signal) };
}

/** Asks the binary itself: Debian's /usr/bin/pg_dump is a wrapper that picks whatever major is the highest. */
async function checkedVersion(client: Client, major: number, signal: AbortSignal): Promise<string> {
  const { stdout } = await run(client.command('pg_dump', ['--version']), signal);
  const [, version, found] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
  if (version !== undefined && Number(found) === major) return version;
  throw new Failure(`pg_dump in ${client.source} is ${version ?? 'of no known version'}, and the server is ${major}`, {
    hint: `name a folder with the programs of PostgreSQL ${major}`,
  });
}

/** What libpq reads instead of a URL (https://www.postgresql.org/docs/current/libpq-envars.html). */
function libpqEnvironment({ address, rootCert, application }: Target): Record<string, string> {
  const { host, port, user, password, database, sslMode, channelBinding, options } = address;
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGSSLMODE: sslMode,
    PGGSSENCMODE: 'disable',
    PGAPPNAME: application,
    PGCONNECT_TIMEOUT: '30',
    // moments in definitions are written in the session's zone
    PGTZ: 'UTC',
    // messages that we read and quote are English everywhere
    LC_MESSAGES: 'C',
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    ...(rootCert === undefined ? {} : { PGSSLROOTCERT: rootCert.path }),
    ...(channelBinding === undefined ? {} : { PGCHANNELBINDING: channelBinding }),
    ...(options === undefined ? {} : { PGOPTIONS: options }),
  };
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
