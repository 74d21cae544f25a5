import { wrongInput } from '../failure.ts';

/** A mail server, and how to speak with it. */
export interface SmtpServer {
  host: string;
  port: number;
  /** Whether TLS stands from the first byte, must come before anything is said, or is given up. */
  tls: 'at once' | 'by STARTTLS' | 'none';
  user: string | undefined;
  password: string | undefined;
}

const form = 'it may be smtps://user:password@host:465, or smtp://user:password@host:587 for STARTTLS';

/**
 * Understands `smtps://user:password@host:465` and `smtp://user:password@host:587`; the latter demands STARTTLS. Without TLS only with
 * `?tls=none`, and only on this machine. Throws a `Failure` with exit status 64 that holds nothing of the address.
 */
export function parseSmtpUrl(text: string, input: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === 'smtps:';
  if (!url || !(isSecure || url.protocol === 'smtp:') || url.hostname === '')
    throw wrongInput(input, 'is no address of a mail server', `${form}; a password percent-encoded`);
  if (!['', '/'].includes(url.pathname) || url.hash !== '')
    throw wrongInput(input, 'has more than a server', `${form}; a password percent-encoded`);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const tls = isSecure ? 'at once' : 'by STARTTLS';
  return {
    host,
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    tls: isWithoutTls(url, host, input) ? 'none' : tls,
    ...credentialsOf(url, input),
  };
}

function isWithoutTls({ searchParams, protocol }: URL, host: string, input: string): boolean {
  const names = [...searchParams.keys()];
  if (names.length === 0) return false;
  if (names.some(name => name !== 'tls') || searchParams.get('tls') !== 'none')
    throw wrongInput(input, 'has a parameter that is not known', 'it may be tls=none, on this machine alone');
  if (protocol === 'smtps:') throw wrongInput(input, 'has tls=none beside smtps', 'leave out one of them');
  if (!/^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host))
    throw wrongInput(
      input,
      'has tls=none for another machine',
      'without TLS anyone on the way can read it; leave it out',
    );
  return true;
}

function credentialsOf({ username, password }: URL, input: string): Pick<SmtpServer, 'user' | 'password'> {
  if (username === '' && password === '') return { user: undefined, password: undefined };
  if (username === '' || password === '')
    throw wrongInput(input, 'has a user without a password, or the other way', form);
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw wrongInput(input, 'is not percent-encoded as it must be', 'write a % as %25');
  }
}
