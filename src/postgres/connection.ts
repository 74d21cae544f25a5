import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { Failure, messageOf } from '../failure.ts';
import { providerOf } from './provider.ts';
import { type Address, describeAddress } from './url.ts';

/** A database to talk to. `input` is the input that named it; `rootCert` the PEM text of the authority to trust, if one was given. */
export interface Target {
  input: 'database-url' | 'target-url';
  address: Address;
  rootCert: { pem: string; path: string } | undefined;
  /** `application_name` of every session of this run, by which they know one another on the server. */
  application: string;
}

/** A session that was open is gone: the server restarted, or something on the way cut it. */
export class ConnectionLost extends Failure {
  constructor(target: Target, cause: unknown) {
    super(`the connection to ${describeAddress(target.address)} was lost: ${messageOf(cause)}`, {
      hint: 'the server restarted, or something on the way cut the connection; run it again',
      cause,
    });
    this.name = 'ConnectionLost';
  }
}

const connectTimeoutMilliseconds = 30_000;
/** Waits between tries while a server starts up, wakes, or has no slot free; their sum is the longest patience. */
const retryDelaysMilliseconds = [500, 1_000, 2_000, 4_000, 8_000];
/** cannot_connect_now, too_many_connections, and Supabase's pooler at its limit. */
const passing = new Set(['57P03', '53300', 'XX000']);

/**
 * Settings of every session of ours: no time-out may end it, no row may be hidden from it, and the same value has the same text
 * everywhere, so that fingerprints can be compared.
 */
const sessionSettings: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  default_transaction_read_only: 'off',
  idle_in_transaction_session_timeout: '0',
  search_path: '',
  row_security: 'off',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  quote_all_identifiers: 'off',
};
const laterSettings = [
  { since: 140_000, name: 'idle_session_timeout' },
  { since: 170_000, name: 'transaction_timeout' },
];

/** One connection. Queries run one after another. */
export class Session {
  readonly target: Target;
  /** `server_version_num`, for example 170005. */
  readonly versionNumber: number;
  readonly #client: pg.Client;
  #lost: Failure | undefined;

  constructor(target: Target, client: pg.Client, versionNumber: number) {
    this.target = target;
    this.versionNumber = versionNumber;
    this.#client = client;
    client.on('error', error => {
      // the first one says more than those that follow it
      this.#lost ??= new ConnectionLost(target, error);
    });
  }

  /** Whether others on the way could read along: no TLS, and the server is neither on this machine nor behind a socket. */
  get isExposed(): boolean {
    const { host } = this.target.address;
    const isLocal = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
    return !isLocal && (streamOf(this.#client) as { encrypted?: boolean }).encrypted !== true;
  }

  get major(): number {
    return Math.floor(this.versionNumber / 10_000);
  }

  /** Rows of one statement, values as `pg` reads them (bigint and numeric as text). */
  async query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    if (this.#lost) throw this.#lost;
    try {
      return (await this.#client.query<Row>(sql, values)).rows;
    } catch (error) {
      throw this.#lost ?? this.#explain(error);
    }
  }

  /**
   * One statement that is not ours: the extended protocol takes no second one behind it. Gives the columns' types and the rows as arrays;
   * an error comes as the server sent it, for its caller has to look at what may be shown of it.
   */
  async foreign(sql: string): Promise<{ typeOids: number[]; rows: unknown[][]; count: number }> {
    if (this.#lost) throw this.#lost;
    // not in pg's types
    const extended: pg.QueryArrayConfig & { queryMode: 'extended' } = {
      text: sql,
      rowMode: 'array',
      queryMode: 'extended',
    };
    const { fields, rows, rowCount } = await this.#client.query<unknown[]>(extended);
    return { typeOids: fields.map(({ dataTypeID }) => dataTypeID), rows, count: rowCount ?? 0 };
  }

  /** The only row of a statement that gives exactly one. */
  async one<Row extends object>(sql: string, values: unknown[] = []): Promise<Row> {
    const [row] = await this.query<Row>(sql, values);
    if (row === undefined) throw new Failure(`the server gave no row for: ${sql.slice(0, 80)}`);
    return row;
  }

  /** Cuts the connection at once: queries under way reject. Locks of the session go as soon as the server notices. */
  cut(): void {
    this.#lost ??= new Failure(`the session at ${describeAddress(this.target.address)} was cut by us`);
    streamOf(this.#client).destroy();
  }

  /** Asks whether the session is still there: the loss of it, or nothing. A server that does not answer counts as neither. */
  async findLoss(): Promise<Failure | undefined> {
    await Promise.race([this.query('SELECT 1'), sleep(2_000, undefined, { ref: false })]).catch((error: unknown) => {
      if (error instanceof Failure) this.#lost ??= error;
    });
    return this.#lost;
  }

  /** Closes; never throws, and does not wait for a server that is gone. */
  async close(): Promise<void> {
    await endSoon(this.#client);
  }

  #explain(error: unknown): unknown {
    const { code, message, severity } = error as { code?: string; message?: string; severity?: string };
    if (code === '22021' || code === '22P05')
      return new Failure(
        `the server holds a text that UTF-8 and the encoding of the database do not share: ${message}`,
        {
          hint: 'look for a role, a name or a comment with such characters, of other databases of the server too',
          cause: error,
        },
      );
    // of another server that a statement needed, the server itself tells with an ordinary error
    const isOrdinary = severity === 'ERROR' && code?.startsWith('08') === true;
    const lost = message === 'Connection terminated unexpectedly' || /^(?:57P0[1-3]|08|ECONN|EPIPE)/.test(code ?? '');
    return lost && !isOrdinary ? new ConnectionLost(this.target, error) : error;
  }
}

function streamOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

async function endSoon(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => {}), sleep(2_000, undefined, { ref: false })]);
}

/** Does something with a client that is not a session yet; an abort cuts its connection, and a failure ends it. */
async function opening<T>(client: pg.Client, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const cut = () => streamOf(client).destroy();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    await endSoon(client);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cut);
  }
}

/**
 * Opens a session, with our settings; `bare` without them, where a pooler might hand them on to other people. Throws a `Failure` that
 * says why it cannot, and what to do.
 */
export async function connect(target: Target, signal?: AbortSignal, bare = false): Promise<Session> {
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await open(target, signal, bare);
    } catch (error) {
      signal?.throwIfAborted();
      const delay = retryDelaysMilliseconds[attempt];
      const code = (error as { code?: string }).code ?? '';
      if (!passing.has(code) || delay === undefined) throw await explainConnect(error, target);
      await sleep(delay, undefined, { signal });
    }
  }
}

async function open(target: Target, signal: AbortSignal | undefined, bare: boolean): Promise<Session> {
  const client = await openClient(target, signal);
  return opening(client, signal, async () => {
    const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
    const version = Number(rows[0]?.version);
    if (bare) return new Session(target, client, version);
    const settings = Object.entries(sessionSettings);
    for (const { since, name } of laterSettings) if (version >= since) settings.push([name, '0']);
    await client.query(settings.map(([name, value]) => `SET ${name} = ${pg.escapeLiteral(value)}`).join('; '));
    return new Session(target, client, version);
  });
}

/** libpq's sslmode `prefer` and `allow` go on without TLS when the server has none; so do we. */
async function openClient(target: Target, signal: AbortSignal | undefined): Promise<pg.Client> {
  const { sslMode } = target.address;
  const attempt = async (ssl: false | ConnectionOptions) => {
    const { host, port, user, password, database, options } = target.address;
    const client = new pg.Client({
      host,
      port,
      user,
      database,
      ssl,
      // pg asks the environment for whatever is undefined
      password: password ?? '',
      ...(options === undefined ? {} : { options }),
      application_name: target.application,
      connectionTimeoutMillis: connectTimeoutMilliseconds,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      enableChannelBinding: target.address.channelBinding !== 'disable',
    });
    client.on('error', () => {}); // until a Session listens: connect() itself rejects
    return opening(client, signal, async () => {
      await client.connect();
      return client;
    });
  };
  if (sslMode === 'disable' || target.address.host.startsWith('/')) return attempt(false);
  try {
    return await attempt(tlsOptions(target));
  } catch (error) {
    const refused = /does not support SSL/.test(messageOf(error));
    if (refused && (sslMode === 'prefer' || sslMode === 'allow')) return attempt(false);
    throw error;
  }
}

function tlsOptions({ address, rootCert }: Target): ConnectionOptions {
  const ca = rootCert?.pem;
  const checksHost = address.sslMode === 'verify-full';
  const checksChain =
    checksHost || address.sslMode === 'verify-ca' || (address.sslMode === 'require' && ca !== undefined);
  return {
    rejectUnauthorized: checksChain,
    ...(ca === undefined ? {} : { ca }),
    ...(checksHost ? {} : { checkServerIdentity: () => undefined }),
  };
}

async function explainConnect(error: unknown, { address, input }: Target): Promise<Failure> {
  const code = (error as { code?: string }).code ?? '';
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  const failure = (message: string, hint: string) => new Failure(message, { hint, cause: error });
  const text = messageOf(error);
  switch (code) {
    case '28P01':
      return failure(
        `the server at ${where} refused the password of user ${address.user}`,
        `check ${input}; characters such as @ : / # % in the password must be percent-encoded`,
      );
    case '28000':
      return failure(
        `the server at ${where} refused user ${address.user}: ${text}`,
        'check the user name and the rules of pg_hba.conf',
      );
    case '3D000':
      return failure(`the server at ${where} has no database ${address.database}`, `check the last part of ${input}`);
    case '53300':
      return failure(
        `the server at ${where} has no connection free`,
        'lower jobs, raise max_connections or the pool size, or run it at a quieter time',
      );
    case '57P03':
      return failure(`the server at ${where} is still starting up`, 'run it again in a minute');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(`the host ${address.host} is unknown`, `check ${input}; a paused project has no address either`);
    case 'ECONNREFUSED':
      return failure(
        `nothing accepts connections at ${where}`,
        `check host and port of ${input}, and whether the server runs${await onlyIpv6(address)}`,
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return failure(
        `there is no way from here to ${where}`,
        `check host, firewall and network${await onlyIpv6(address)}`,
      );
    case 'ETIMEDOUT':
      return failure(`${where} did not answer`, `check firewall and allowed addresses${await onlyIpv6(address)}`);
  }
  if (/timeout expired/.test(text))
    return failure(
      `${where} did not answer within ${connectTimeoutMilliseconds / 1000} s`,
      `check firewall and allowed addresses${await onlyIpv6(address)}`,
    );
  if (/password/i.test(text) && address.password === undefined)
    return failure(`the server at ${where} wants a password`, `give it in ${input}`);
  if (/does not support SSL/.test(text))
    return failure(
      `the server at ${where} has no TLS, which sslmode ${address.sslMode} asks for`,
      'check the port, or use another sslmode',
    );
  if (/certificate|altnames|CERT|SELF_SIGNED/.test(`${code} ${text}`)) {
    return failure(
      `the certificate of ${where} cannot be trusted: ${text}`,
      "give the provider's certificate authority as ssl-root-cert",
    );
  }
  return failure(`cannot connect to ${where}: ${text}`, `check ${input}`);
}

/** The rest of a hint, when a name leads to IPv6 alone, which hosted runners do not have. */
async function onlyIpv6(address: Address): Promise<string> {
  if (address.host.startsWith('/')) return '';
  const addresses = await lookup(address.host, { all: true }).catch(() => []);
  if (addresses.length === 0 || addresses.some(({ family }) => family === 4)) return '';
  return `; ${address.host} has only IPv6 addresses, which GitHub's runners cannot reach: ${providerOf(address).onlyIpv6Remedy}`;
}
