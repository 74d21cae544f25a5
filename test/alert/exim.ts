import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { eximUser } from '../../scripts/setup/unpacked-exim.ts';
import { freePort } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import type { Certificate } from './mail-server.ts';

export interface EximOptions {
  account: { user: string; password: string };
  /** Without one the server knows no TLS. */
  certificate?: Certificate;
  /** TLS from the first byte, in place of STARTTLS. */
  isSecure?: boolean;
  authentication?: 'PLAIN' | 'LOGIN';
  /** The largest message that it takes. */
  mostBytes?: number;
}

/** A message as it lay in the mailbox, its lines ended by `\n`. */
export interface DeliveredMail {
  /** Both are the envelope's. */
  from: string;
  to: string[];
  /** How it came, by whom, over what. */
  received: string;
  /** The head as it was sent, its long lines joined. */
  head: string;
  /** Decoded. */
  subject: string;
  body: string;
  raw: string;
}

/** A real mail server over a throw-away folder. It has no mailbox `gone`. */
export interface Exim {
  port: number;
  /** Delivers what it took so far into the mailbox, and reads that. */
  delivered(): Promise<DeliveredMail[]>;
  /** What it wrote down about each connection and message. */
  log(): Promise<string>;
  /** Ends it and everything that it started. */
  stop(): Promise<void>;
}

const startMilliseconds = 20_000;

/** A mail server of the test's own, stopped at its end; undefined after the test was marked as skipped. */
export async function needsExim(t: TestContext, options: EximOptions): Promise<Exim | undefined> {
  const program = await needsProgram(t, 'exim4');
  if (program === undefined) return undefined;
  const exim = await startExim(program, options);
  t.after(() => exim.stop());
  return exim;
}

/** Starts Exim; throws with what it says where it does not start. */
export async function startExim(program: string, options: EximOptions): Promise<Exim> {
  const { uid, gid } = eximUser();
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-exim-'));
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  for (const name of ['spool', 'log', 'mailbox']) await mkdir(file(name));
  const { key = '', cert = '' } = options.certificate ?? {};
  await writeFile(file('key.pem'), key);
  await writeFile(file('certificate.pem'), cert);
  await writeFile(file('settings'), settingsOf(program, folder, port, options));
  for (const name of ['.', 'spool', 'log', 'mailbox', 'key.pem', 'certificate.pem', 'settings'])
    await chown(file(name), uid, gid);
  // by its temporary folder a test run knows the programs that were left running
  const as = { uid, gid, cwd: folder, env: { PATH: process.env.PATH ?? '', TMPDIR: tmpdir() } };
  // a group of its own, since it has a process for each connection
  const startLog = openSync(join(file('log'), 'start'), 'a');
  const stdio = ['ignore', startLog, startLog] as const;
  const child = spawn(program, ['-C', file('settings'), '-bdf'], { ...as, detached: true, stdio: [...stdio] });
  closeSync(startLog);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()).once('error', () => resolve()));
  child.unref();
  const killAtExit = () => {
    killGroup(child);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);
  const log = async () => {
    const names = await readdir(file('log'));
    return (await Promise.all(names.map(name => readFile(join(file('log'), name), 'utf8')))).join('');
  };
  const stop = async () => {
    process.off('exit', killAtExit);
    child.ref();
    killGroup(child);
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(port, () => child.exitCode !== null || child.pid === undefined);
  } catch (error) {
    const said = await log();
    await stop();
    throw new Error(`exim4 does not start: ${said}`, { cause: error });
  }
  const delivered = async () => {
    await promisify(execFile)(program, ['-C', file('settings'), '-q'], as);
    const names = (await readdir(file('mailbox'))).sort();
    return Promise.all(names.map(async name => understand(await readFile(join(file('mailbox'), name), 'utf8'))));
  };
  return { port, delivered, log, stop };
}

/** It offers a login before TLS too, as a server that was set up badly does, and would write down one that came. */
function settingsOf(program: string, folder: string, port: number, options: EximOptions): string {
  const { account, certificate, isSecure = false, authentication = 'PLAIN', mostBytes = 1_000_000 } = options;
  const [user, password] = authentication === 'PLAIN' ? ['$auth2', '$auth3'] : ['$auth1', '$auth2'];
  const equals = (variable: string, text: string) =>
    `{eq{\${base64:${variable}}}{${Buffer.from(text).toString('base64')}}}`;
  return `exim_path = ${program}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
pid_file_path = ${folder}/pid
primary_hostname = mail.test
keep_environment =
add_environment = PATH=/usr/bin:/bin
prod_requires_admin = false
deliver_drop_privilege
queue_only
never_users =
daemon_startup_retries = 0
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
tls_advertise_hosts = ${certificate ? '*' : ''}
${certificate ? `tls_certificate = ${folder}/certificate.pem\ntls_privatekey = ${folder}/key.pem` : ''}
tls_on_connect_ports = ${isSecure ? port : ''}
auth_advertise_hosts = *
message_size_limit = ${mostBytes}
acl_smtp_auth = accept
acl_smtp_rcpt = recipient
acl_smtp_data = accept
begin acl
recipient:
  deny message = log in first
    !authenticated = *
  deny message = no such user
    local_parts = gone
  accept
begin routers
everything:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = ${folder}/mailbox
  directory_file = $message_exim_id
  batch_max = 100
  envelope_to_add
  return_path_add
begin authenticators
login:
  driver = plaintext
  public_name = ${authentication}
  server_prompts = ${authentication === 'PLAIN' ? ':' : 'Username:: : Password::'}
  server_condition = \${if and{${equals(user, account.user)}${equals(password, account.password)}}}
  server_set_id = ${user}
`;
}

async function untilReady(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + startMilliseconds;
  while (!(await isListening(port))) {
    if (hasEnded() || performance.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await pause(20);
  }
  if (hasEnded()) throw new Error(`another program listens on port ${port}`);
}

/** Whether somebody takes connections on a port of this machine. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await new Promise<boolean>(resolve =>
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
  );
  socket.destroy();
  return isOpen;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of them have ended
  }
}

function understand(raw: string): DeliveredMail {
  const end = raw.indexOf('\n\n');
  const head = raw.slice(0, end).replaceAll(/\n[ \t]+/g, ' ');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';
  const text = raw.slice(end + 2);
  return {
    from: header('Return-path').replaceAll(/[<>]/g, ''),
    to: header('Envelope-to').split(/, */),
    received: header('Received'),
    head,
    subject: decodeWords(header('Subject')),
    body: decodeBody(text, header('Content-Transfer-Encoding')),
    raw,
  };
}

function decodeBody(text: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString();
  return encoding === 'quoted-printable' ? decodeQuoted(text.replaceAll('=\n', '')) : text;
}

/** RFC 2047: words of their own, whose white space between does not count. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString() : decodeQuoted(word.replaceAll('_', ' ')),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
