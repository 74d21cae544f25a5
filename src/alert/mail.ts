import { randomUUID } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { type Means, NotYet, insistently } from '../delivery.ts';
import { Failure, messageOf } from '../failure.ts';
import { plainLine, shorten } from '../report/format.ts';
import { type Notice, linesOf, linksOf, titleOf } from './notice.ts';
import type { SmtpServer } from './smtp-url.ts';

export interface Mail {
  server: SmtpServer;
  from: string;
  recipients: readonly string[];
}

/** What of an error of nodemailer tells whether another try may do better. */
interface MailError {
  code?: string;
  responseCode?: number;
}

const longestReason = 200;
/** Faults that stay: of the set-up, or of the message. */
const lasting = new Set(['EAUTH', 'ENOAUTH', 'EENVELOPE', 'EMESSAGE', 'ECONFIG', 'EPROTOCOL']);

/**
 * Mails a notice as plain text; throws a `Failure` where the server did not take it for every recipient. The password goes only over a
 * connection whose certificate was checked.
 */
export async function sendMail(mail: Mail, notice: Notice, means: Means): Promise<void> {
  const { server, from, recipients } = mail;
  const message = {
    from: { name: 'pg-lifeboat', address: from },
    to: recipients.map(address => ({ name: '', address })),
    subject: plainLine(`[pg-lifeboat] ${titleOf(notice)}`),
    text: [
      titleOf(notice),
      ...linesOf(notice),
      '',
      ...linksOf(notice).map(({ label, url }) => `${label}: ${url}`),
    ].join('\n'),
    // the same at each try, so that what arrives twice is seen as one
    messageId: `<${randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    headers: { 'auto-submitted': 'auto-generated' },
  };
  await insistently(means, async () => {
    const refused = await sendOnce(server, message, means);
    if (refused.length > 0)
      throw new Failure(`the server refused ${refused.length} of ${recipients.length} recipients: ${refused[0]}`, {
        hint: 'see alert-mail',
      });
  });
}

type Message = Parameters<ReturnType<typeof createTransport>['sendMail']>[0];

/** What the server said to each recipient that it refused. */
async function sendOnce(server: SmtpServer, message: Message, means: Means): Promise<string[]> {
  const { timeoutMilliseconds, signal } = means;
  const { host, port, tls, user, password } = server;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'at once',
    requireTLS: tls === 'by STARTTLS',
    ignoreTLS: tls === 'none',
    auth: user === undefined ? undefined : { user, pass: password },
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    dnsTimeout: timeoutMilliseconds,
    connectionTimeout: timeoutMilliseconds,
    socketTimeout: timeoutMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // each step has its own time; a server that trickles has no more than three of them
  const limit = AbortSignal.any([signal, AbortSignal.timeout(3 * timeoutMilliseconds)]);
  try {
    const { rejected, rejectedErrors = [] } = await transport.sendMail({ ...message, signal: limit });
    return rejected.map((_, index) => told(rejectedErrors[index]?.response ?? 'it gave no reason'));
  } catch (error) {
    signal.throwIfAborted();
    throw understood(error, timeoutMilliseconds);
  } finally {
    transport.close();
  }
}

function understood(error: unknown, timeoutMilliseconds: number): Failure {
  const { code = '', responseCode } = error as MailError;
  const late: Record<string, string> = {
    ETIMEDOUT: `no answer within ${timeoutMilliseconds / 1000} s`,
    EABORT: 'it took too long',
  };
  const problem = late[code] ?? told(messageOf(error));
  const isLasting = responseCode === undefined ? lasting.has(code) : responseCode >= 500;
  return isLasting ? new Failure(problem, { cause: error }) : new NotYet(problem);
}

/** What a server says, fit to be shown. */
function told(text: string): string {
  return shorten(plainLine(text), longestReason);
}
