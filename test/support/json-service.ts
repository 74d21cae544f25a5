import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

/** What is answered in place of the content, once. */
export interface Fault {
  /** Of which requests; default: the next. */
  matches?: RegExp;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** The connection breaks, or stays silent. */
  breaks?: 'reset' | 'silence' | 'endless';
}

/** A service that gives JSON to who has its token, and refuses everybody else, as GitHub and Supabase do. */
export interface JsonService {
  origin: string;
  /** By path, without what follows `?`; all else is 404. */
  content: Map<string, unknown>;
  seen: SeenRequest[];
  faults: Fault[];
}

/** Starts a service on a port of this machine. */
export async function startJsonService(t: TestContext, token: string): Promise<JsonService> {
  const service: JsonService = { origin: '', content: new Map(), seen: [], faults: [] };
  const server = createServer((request, response) => {
    request.resume();
    const { method = '', url = '', headers } = request;
    service.seen.push({ method, path: url, headers });
    const index = service.faults.findIndex(({ matches }) => matches?.test(url) ?? true);
    const [fault] = index === -1 ? [] : service.faults.splice(index, 1);
    if (fault?.breaks === 'silence') return;
    if (fault?.breaks === 'reset') return void request.socket.resetAndDestroy();
    const { status, body } = fault ?? reply(service, token, url, headers);
    response.writeHead(status ?? 200, { 'content-type': 'application/json', ...fault?.headers });
    if (fault?.breaks === 'endless') {
      response.on('error', () => {});
      const pour = () => void (response.write('x'.repeat(65_536)) ? setImmediate(pour) : response.once('drain', pour));
      return pour();
    }
    response.end(body ?? '{"message":"fault"}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  service.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(
    () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return service;
}

function reply({ content }: JsonService, token: string, url: string, headers: IncomingHttpHeaders) {
  const refuse = (status: number, message: string) => ({ status, body: JSON.stringify({ message }) });
  if (headers.authorization !== `Bearer ${token}`) return refuse(401, 'Bad credentials');
  const found = content.get(new URL(url, 'http://x').pathname);
  return found === undefined ? refuse(404, 'Not Found') : { status: 200, body: JSON.stringify(found) };
}
