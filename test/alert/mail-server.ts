import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TLSSocket, createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';

export interface Certificate {
  key: string;
  cert: string;
}

export interface ReceivedMail {
  from: string;
  to: string[];
  data: string;
  isEncrypted: boolean;
  user: string | undefined;
}

/** What the server answers to a command in place of the usual, once; `silence`, `reset` and `hello` are what networks do. */
export interface Reply {
  to: string;
  answer: string;
}

export interface MailServer {
  port: number;
  mails: ReceivedMail[];
  /** Everything that a client said, and over which kind of connection. */
  said: { line: string; isEncrypted: boolean }[];
  replies: Reply[];
  connections: number;
}

export interface MailServerOptions {
  certificate?: Certificate;
  /** TLS from the first byte. */
  isSecure?: boolean;
  /** STARTTLS is offered. */
  startsTls?: boolean;
  account?: { user: string; password: string };
}

/** A throw-away certificate for 127.0.0.1; undefined after the test was marked as skipped. */
export async function makeCertificate(t: TestContext): Promise<Certificate | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=lifeboat-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names];
  try {
    execFileSync('openssl', [...args, '-keyout', keyFile, '-out', certificateFile], { stdio: 'pipe' });
  } catch (error) {
    t.skip(`no certificate can be made: ${(error as Error).message}`);
    return undefined;
  }
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(certificateFile, 'utf8') };
}

const usualAuthorities = getCACertificates();

/** Has this process trust a certificate until the test has ended. */
export function trust(t: TestContext, { cert }: Certificate): void {
  setDefaultCACertificates([...usualAuthorities, cert]);
  t.after(() => setDefaultCACertificates(usualAuthorities));
}

/** Starts a small mail server (RFC 5321, 3207, 4954) that keeps what it takes, and answers what a test wants. */
export async function startMailServer(t: TestContext, options: MailServerOptions = {}): Promise<MailServer> {
  const state: MailServer = { port: 0, mails: [], said: [], replies: [], connections: 0 };
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    converse(socket, options, state, options.isSecure === true);
  };
  const server = options.isSecure === true ? createTlsServer({ ...options.certificate }, serve) : createServer(serve);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  state.port = (server.address() as AddressInfo).port;
  t.after(
    () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return state;
}

function converse(
  socket: Socket,
  options: MailServerOptions,
  state: MailServer,
  isEncrypted: boolean,
  isNew = true,
): void {
  const mail: ReceivedMail = { from: '', to: [], data: '', isEncrypted, user: undefined };
  let rest = '';
  let mode: 'commands' | 'data' = 'commands';

  const answer = (usual: string, to: string) => {
    const index = state.replies.findIndex(reply => reply.to === to);
    const [reply] = index === -1 ? [] : state.replies.splice(index, 1);
    if (reply?.answer === 'silence') return false;
    if (reply?.answer === 'reset') {
      socket.resetAndDestroy();
      return false;
    }
    socket.write(`${reply?.answer ?? usual}\r\n`);
    return reply === undefined;
  };

  const login = (credentials: string) => {
    const [, user, password] = Buffer.from(credentials, 'base64').toString().split('\0');
    const isRight = user === options.account?.user && password === options.account?.password;
    if (answer(isRight ? '235 2.7.0 ok' : '535 5.7.8 Authentication failed', 'AUTH') && isRight) mail.user = user;
  };

  const command = (line: string) => {
    const [verb = ''] = line.toUpperCase().split(' ');
    switch (verb) {
      case 'EHLO': {
        const offers = [
          'mail.test',
          ...(options.startsTls === true && !isEncrypted ? ['STARTTLS'] : []),
          ...(options.account ? ['AUTH PLAIN'] : []),
        ];
        return answer(
          offers.map((one, index) => `250${index === offers.length - 1 ? ' ' : '-'}${one}`).join('\r\n'),
          verb,
        );
      }
      case 'STARTTLS':
        if (options.startsTls !== true) return answer('502 5.5.1 not implemented', verb);
        if (!answer('220 2.0.0 go ahead', verb)) return undefined;
        socket.off('data', onData);
        return converse(
          new TLSSocket(socket, { isServer: true, ...options.certificate }).on('error', () => socket.destroy()),
          options,
          state,
          true,
          false,
        );
      case 'AUTH':
        return login(line.split(' ')[2] ?? '');
      case 'MAIL':
        mail.from = /<(.*)>/.exec(line)?.[1] ?? '';
        if (options.account && mail.user === undefined) return answer('530 5.7.0 Authentication required', verb);
        return answer('250 2.1.0 ok', verb);
      case 'RCPT': {
        const to = /<(.*)>/.exec(line)?.[1] ?? '';
        if (answer('250 2.1.5 ok', `RCPT ${to}`)) mail.to.push(to);
        return undefined;
      }
      case 'DATA':
        if (answer('354 go on', verb)) mode = 'data';
        return undefined;
      case 'QUIT':
        return answer('221 2.0.0 bye', verb);
      default:
        return answer('500 5.5.2 what?', verb);
    }
  };

  const onData = (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      state.said.push({ line, isEncrypted });
      if (mode === 'commands') command(line);
      else if (line !== '.') mail.data += `${line.replace(/^\./, '')}\r\n`;
      else {
        mode = 'commands';
        if (answer('250 2.0.0 taken', 'END')) state.mails.push({ ...mail });
      }
    }
  };
  socket.on('data', onData);
  if (isNew) answer('220 mail.test ESMTP', 'hello');
}
