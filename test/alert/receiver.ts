import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Means } from '../../src/delivery.ts';
import type { Notice } from '../../src/alert/notice.ts';

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** How a request is answered, in place of status 200 and `ok`. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** The connection is reset, stays silent, breaks in the middle of the answer, or never comes to its end. */
  breaks?: 'reset' | 'silence' | 'half way' | 'endless';
}

/** A server that records what it is sent. */
export interface Receiver {
  origin: string;
  received: Received[];
  /** For the next requests, one each. */
  answers: Answer[];
}

/** Starts a receiver on a port of this machine. */
export async function startReceiver(t: TestContext): Promise<Receiver> {
  const receiver: Receiver = { origin: '', received: [], answers: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      receiver.received.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const { status = 200, headers: more, body = 'ok', breaks } = receiver.answers.shift() ?? {};
      if (breaks === 'silence') return;
      if (breaks === 'reset') return void request.socket.resetAndDestroy();
      if (breaks === 'half way') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => request.socket.resetAndDestroy());
        return;
      }
      response.writeHead(status, more);
      if (breaks === 'endless') response.write(body);
      else response.end(body);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  receiver.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(
    () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return receiver;
}

/** Means that wait for nothing, and what they were asked to wait for, in seconds. */
export function testMeans(timeoutMilliseconds = 5_000): { means: Means; waits: number[] } {
  const waits: number[] = [];
  const pause: Means['pause'] = async milliseconds => void waits.push(milliseconds / 1000);
  return { waits, means: { signal: new AbortController().signal, pause, timeoutMilliseconds, version: '1.2.3' } };
}

/** A backup that failed. */
export function sampleNotice(more: Partial<Notice> = {}): Notice {
  return {
    name: 'shop',
    at: new Date('2026-11-25T03:17:42Z'),
    outcomes: [{ condition: 'backup', outcome: 'failure', cause: 'the disk is full' }],
    recovered: [],
    details: null,
    runUrl: 'https://github.com/me/shop/actions/runs/7/attempts/1',
    issueUrl: null,
    ...more,
  };
}
