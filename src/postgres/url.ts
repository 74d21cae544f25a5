import { Failure } from '../failure.ts';

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** Where a database is, taken apart from its URL. `host` is a name, an address, or the folder of a Unix socket. */
export interface Address {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string | undefined;
  sslMode: SslMode;
  sslRootCert: string | undefined;
  channelBinding: string | undefined;
  options: string | undefined;
  /** The URL says that it leads to PgBouncer (`pgbouncer=true`, as Prisma wants it). */
  saysPgBouncer: boolean;
  /** Parameters of the URL that mean nothing to us (`schema`, `connection_limit`). */
  ignored: string[];
}

const understood = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'channel_binding',
  'options',
  'pgbouncer',
];
const harmless = [
  'application_name',
  'connect_timeout',
  'gssencmode',
  'uselibpqcompat',
  'keepalives',
  'target_session_attrs',
];

/**
 * Takes a connection URL apart as libpq does (https://www.postgresql.org/docs/current/libpq-connect.html, "Connection URIs"). The text of
 * the URL never appears in an error: it holds the password. `input` is the name of the input it came from.
 */
export function parseAddress(text: string, input: string): Address {
  const url = parseUrl(text, input);
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const host = parameter('host') ?? decode(url.hostname, input).replace(/^\[(.*)\]$/, '$1');
  if (host.includes(',') || url.port.includes(',')) throw wrong(input, 'names several hosts', 'name one');
  const port = Number(parameter('port') ?? (url.port || '5432'));
  const user = parameter('user') ?? decode(url.username, input);
  const database = parameter('dbname') ?? (decode(url.pathname.slice(1), input) || user);
  const sslMode = parameter('sslmode') ?? 'prefer';
  if (host === '') throw wrong(input, 'names no host', 'write it as postgresql://user:password@host:5432/database');
  if (user === '') throw wrong(input, 'names no user', 'write it as postgresql://user:password@host:5432/database');
  if (!(port >= 1 && port <= 65_535)) throw wrong(input, 'has a port that is no port', 'use a number from 1 to 65535');
  if (!sslModes.some(mode => mode === sslMode))
    throw wrong(input, 'has an unknown sslmode', `it may be ${sslModes.join(', ')}`);
  return {
    host,
    port,
    user,
    database,
    password: parameter('password') ?? (url.password === '' ? undefined : decode(url.password, input)),
    sslMode: sslMode as SslMode,
    sslRootCert: parameter('sslrootcert'),
    channelBinding: parameter('channel_binding'),
    options: parameter('options'),
    saysPgBouncer: parameter('pgbouncer') === 'true',
    ignored: [...new Set(url.searchParams.keys())].filter(key => !understood.includes(key) && !harmless.includes(key)),
  };
}

/** Every text that must not be seen, to be masked before anything is printed: the password as it is and as the URL has it. */
export function secretsOf(text: string): string[] {
  const [, , encoded] = /^[a-z]+:\/\/([^:@/?#]*):(.*)@[^@]*$/s.exec(text) ?? [];
  const secrets = [text, text.replace(/^[a-z]+:\/\//, '')];
  if (encoded !== undefined) {
    secrets.push(encoded);
    try {
      secrets.push(decodeURIComponent(encoded));
    } catch {
      // refused later, when the URL is read
    }
  }
  const parameter = /[?&]password=([^&]*)/.exec(text)?.[1];
  if (parameter !== undefined) secrets.push(parameter);
  return secrets.filter(secret => secret.length > 3);
}

/** `user@host:port/database`, for people. */
export function describeAddress({ user, host, port, database }: Address): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

function parseUrl(text: string, input: string): URL {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text.trim()) ?? [];
  if (rest === undefined)
    throw wrong(input, 'is no Postgres URL', 'write it as postgresql://user:password@host:5432/database');
  try {
    // a scheme that the WHATWG parser treats as special would lower-case and percent-encode the host
    const withoutHost = /^(?:[^@/?#]*@)?(?:\/|\?|$)/.test(rest);
    const url = new URL(`pg://${withoutHost ? rest.replace(/^([^@/?#]*@)?/, '$1placeholder') : rest}`);
    if (withoutHost) url.hostname = url.searchParams.get('host') === null ? 'localhost' : 'placeholder';
    return url;
  } catch (error) {
    throw new Failure(`input ${input} cannot be read as a URL`, {
      hint: 'percent-encode the characters : / ? # [ ] @ % and blanks of the password (@ is %40, # is %23, / is %2F)',
      exitStatus: 64,
      cause: redacted(error),
    });
  }
}

/** The parser's error carries the whole URL, so only its code goes on. */
function redacted(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function decode(text: string, input: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(input, 'has a % that begins no code', 'write a % of the password as %25');
  }
}

function wrong(input: string, problem: string, hint: string): Failure {
  return new Failure(`input ${input} ${problem}`, { hint, exitStatus: 64 });
}
