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
  const parts = split(text.trim(), input);
  const parameter = (name: string) => parts.parameters.get(name) || undefined;
  const written = decode(parts.host, input).replace(/^\[(.*)\]$/, '$1');
  const host = parameter('host') ?? (written === '' ? 'localhost' : written);
  const port = parameter('port') ?? (parts.port || '5432');
  const user = parameter('user') ?? decode(parts.user, input);
  const database = parameter('dbname') ?? (decode(parts.path, input) || user);
  const sslMode = parameter('sslmode') ?? 'prefer';
  if (host.includes(',') || port.includes(',')) throw wrong(input, 'names several hosts', 'name one');
  if (user === '') throw wrong(input, 'names no user', 'write it as postgresql://user:password@host:5432/database');
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw wrong(input, 'has a port that is no port', 'use a number from 1 to 65535');
  if (!sslModes.some(mode => mode === sslMode))
    throw wrong(input, 'has an unknown sslmode', `it may be ${sslModes.join(', ')}`);
  return {
    host,
    port: Number(port),
    user,
    database,
    password: parameter('password') ?? (parts.password === '' ? undefined : decode(parts.password, input)),
    sslMode: sslMode as SslMode,
    sslRootCert: parameter('sslrootcert'),
    channelBinding: parameter('channel_binding'),
    options: parameter('options'),
    saysPgBouncer: parameter('pgbouncer') === 'true',
    ignored: [...parts.parameters.keys()].filter(key => !understood.includes(key) && !harmless.includes(key)),
  };
}

/** Every text that must not be seen, to be masked before anything is printed: the password as it is and as the URL has it. */
export function secretsOf(text: string): string[] {
  const secrets = [text, text.replace(/^[a-z]+:\/\//i, '')];
  const encoded = [
    /^[a-z]+:\/\/[^:/?#]*:([^/?#]*)@/is.exec(text)?.[1],
    // a password that should have been percent-encoded may reach further
    /^[a-z]+:\/\/[^:]*:(.*)@/is.exec(text)?.[1],
    ...[...text.matchAll(/[?&]password=([^&]*)/g)].map(match => match[1]),
  ];
  for (const secret of encoded) {
    if (secret === undefined) continue;
    secrets.push(secret);
    try {
      secrets.push(decodeURIComponent(secret));
    } catch {
      // refused later, when the URL is read
    }
  }
  return secrets.filter(secret => secret.length > 3);
}

/** `user@host:port/database`, for people. */
export function describeAddress({ user, host, port, database }: Address): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

/** The URL of an address, with its password: secret. */
export function formatUrl(address: Address): string {
  const { user, password, host, port, database, sslMode } = address;
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const isSocket = host.startsWith('/');
  const written = isSocket ? '' : host.includes(':') ? `[${host}]` : host;
  const parameters = [
    ...(isSocket ? [`host=${encodeURIComponent(host)}`, `port=${port}`] : []),
    ...(sslMode === 'prefer' ? [] : [`sslmode=${sslMode}`]),
  ];
  const query = parameters.length > 0 ? `?${parameters.join('&')}` : '';
  const place = isSocket ? '' : `${written}:${port}`;
  return `postgresql://${encodeURIComponent(user)}${secret}@${place}/${encodeURIComponent(database)}${query}`;
}

/** A URL's parts as they stand there, percent-encoded; those of the query decoded. */
interface Parts {
  user: string;
  password: string;
  host: string;
  port: string;
  path: string;
  parameters: Map<string, string>;
}

/** Not by the WHATWG parser: it takes `+` for a blank, and a database called `..` for the folder above. */
function split(text: string, input: string): Parts {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined)
    throw wrong(input, 'is no Postgres URL', 'write it as postgresql://user:password@host:5432/database');
  const shape =
    /^(?:([^:/?#]*)(?::([^/?#]*))?@)?(\[[^\]\s/?#@]*\]|[^\s:/?#@[\]]*)(?::([^/?#@]*))?(?:\/([^?#@]*))?(?:\?([^#]*))?$/;
  const match = shape.exec(rest);
  if (!match)
    throw wrong(
      input,
      'cannot be read as a URL',
      'percent-encode the characters : / ? # [ ] @ % and blanks of the password (@ is %40, # is %23, / is %2F)',
    );
  const [, user = '', password = '', host = '', port = '', path = '', query = ''] = match;
  const parameters = query
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
      return [decode(pair.slice(0, at), input), decode(pair.slice(at + 1), input)] as const;
    });
  return { user, password, host, port, path, parameters: new Map(parameters) };
}

function decode(text: string, input: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw wrong(input, 'has a % that begins no code', 'write a % of the password as %25');
  }
  if (decoded.includes('\0')) throw wrong(input, 'holds %00', 'Postgres knows no such character');
  return decoded;
}

function wrong(input: string, problem: string, hint: string): Failure {
  return new Failure(`input ${input} ${problem}`, { hint, exitStatus: 64 });
}
