import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the faults see it. */
export interface SeenRequest {
  /** S3's name for it, for example `UploadPart`. */
  operation: string;
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
  /** Of an `UploadPart`. */
  partNumber: number | undefined;
}

/** What a fault does to one request that it applies to. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

/** One request in the proxy's hands, and what can be done with it. */
export interface Exchange {
  seen: SeenRequest;
  /** Takes in the whole request and answers without asking the server. */
  answer(status: number, body?: string, headers?: Record<string, string>): Promise<void>;
  /** Resets the connection after so many bytes of the request's body; the server sees as many. */
  resetAfterBytes(bytes: number): void;
  /** Lets the server do its work, then resets the connection after so many bytes of the answer's body; -1: before any answer. */
  resetAnswerAfterBytes(bytes: number): Promise<void>;
  /** Lets nothing more pass, without closing anything, after so many bytes of the answer's body; -1: the server is not even asked. */
  stallAnswerAfterBytes(bytes: number): Promise<void>;
  /** Lets the server do its work, and changes its answer on its way back. */
  change(edit: (answer: Answer) => Answer): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A proxy in front of an S3 server that does to requests what servers and networks do. */
export interface S3Proxy {
  endpoint: string;
  /** The operations of all requests so far. */
  readonly operations: readonly string[];
  readonly requests: readonly SeenRequest[];
  /** Applies a fault to all requests that `when` accepts (an operation's name, or a predicate), at most `times` times. */
  on(when: string | ((seen: SeenRequest) => boolean), fault: Fault, times?: number): void;
  stop(): Promise<void>;
}

interface Rule {
  when: (seen: SeenRequest) => boolean;
  fault: Fault;
  timesLeft: number;
}

/**
 * Starts a proxy. The client's signature covers its Host header, which goes on unchanged, so the server accepts it; what else is
 * signed (all `x-amz-` headers of a request) must not be changed.
 */
export async function startS3Proxy(target: { host: string; port: number }): Promise<S3Proxy> {
  const requests: SeenRequest[] = [];
  const rules: Rule[] = [];
  const server = createServer((request, response) => {
    const seen = seenRequest(request);
    requests.push(seen);
    request.on('error', () => {});
    response.on('error', () => {});
    const rule = rules.find(({ when, timesLeft }) => timesLeft > 0 && when(seen));
    if (rule) rule.timesLeft--;
    const exchange = new HttpExchange(seen, request, response, target);
    void Promise.resolve(rule ? rule.fault(exchange) : exchange.pass()).catch(() => request.socket.destroy());
  });
  // a stalled request is what the tests want, not a mistake
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get operations() {
      return requests.map(({ operation }) => operation);
    },
    on: (when, fault, times = Infinity) => {
      const accepts = typeof when === 'string' ? ({ operation }: SeenRequest) => operation === when : when;
      rules.unshift({ when: accepts, fault, timesLeft: times });
    },
    stop: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** An error document of S3. */
export function errorDocument(code: string, message = 'said by the test', more = ''): string {
  const fields = `<Code>${code}</Code><Message>${message}</Message>${more}<RequestId>1</RequestId>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${fields}</Error>`;
}

/** Answers with an error document. */
export function refuse(status: number, code: string, message?: string, more?: string): Fault {
  return exchange => exchange.answer(status, errorDocument(code, message, more), { 'content-type': 'application/xml' });
}

class HttpExchange implements Exchange {
  readonly seen: SeenRequest;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #target: { host: string; port: number };

  constructor(
    seen: SeenRequest,
    request: IncomingMessage,
    response: ServerResponse,
    target: { host: string; port: number },
  ) {
    this.seen = seen;
    this.#request = request;
    this.#response = response;
    this.#target = target;
  }

  /** Hands everything on, as it comes. */
  async pass(): Promise<void> {
    const answer = await this.#forward();
    this.#response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(this.#response);
    answer.on('error', () => this.#response.destroy());
  }

  async answer(status: number, body = '', headers: Record<string, string> = {}): Promise<void> {
    await drained(this.#request);
    this.#response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    this.#response.end(this.seen.method === 'HEAD' ? undefined : body);
  }

  resetAfterBytes(bytes: number): void {
    const upstream = this.#upstream();
    upstream.on('error', () => {});
    let passed = 0;
    this.#request.on('data', (chunk: Buffer) => {
      if (upstream.destroyed) return;
      upstream.write(chunk.subarray(0, bytes - passed));
      passed += chunk.length;
      if (passed < bytes) return;
      upstream.destroy();
      this.#request.socket.resetAndDestroy();
    });
  }

  async resetAnswerAfterBytes(bytes: number): Promise<void> {
    await this.#cutAnswer(bytes, () => this.#request.socket.resetAndDestroy());
  }

  async stallAnswerAfterBytes(bytes: number): Promise<void> {
    if (bytes >= 0) await this.#cutAnswer(bytes, () => {});
  }

  async change(edit: (answer: Answer) => Answer): Promise<void> {
    const answer = await this.#forward();
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const { status, headers, body } = edit({
      status: answer.statusCode ?? 500,
      headers: answer.headers,
      body: Buffer.concat(chunks),
    });
    const length = this.seen.method === 'HEAD' ? headers['content-length'] : String(body.length);
    this.#response.writeHead(
      status,
      definedOf({ ...headers, 'transfer-encoding': undefined, 'content-length': length }),
    );
    this.#response.end(this.seen.method === 'HEAD' ? undefined : body);
  }

  /** Sends so much of the server's answer, and then does what the fault wants. */
  async #cutAnswer(bytes: number, then: () => void): Promise<void> {
    const answer = await this.#forward();
    let passed = 0;
    if (bytes < 0) {
      answer.resume();
      answer.once('end', then);
      return;
    }
    this.#response.writeHead(answer.statusCode ?? 500, answer.headers);
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      await new Promise(done => this.#response.write(chunk.subarray(0, bytes - passed), done));
      passed += chunk.length;
      if (passed >= bytes) return then();
    }
    then();
  }

  async #forward(): Promise<IncomingMessage> {
    const upstream = this.#upstream();
    return new Promise((resolve, reject) => {
      upstream.on('response', resolve);
      upstream.on('error', reject);
      this.#request.on('error', () => upstream.destroy());
      this.#request.on('close', () => {
        if (!this.#request.complete) upstream.destroy();
      });
      this.#request.pipe(upstream);
    });
  }

  #upstream() {
    const { host, port } = this.#target;
    const { method = 'GET', url: path = '/', headers } = this.#request;
    return sendRequest({ host, port, method, path, headers, agent: false });
  }
}

async function drained(request: IncomingMessage): Promise<void> {
  request.resume();
  if (!request.readableEnded) await new Promise(resolve => request.once('end', resolve));
}

function definedOf(headers: Answer['headers']): Record<string, string | string[]> {
  const defined = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Record<string, string | string[]>;
}

function seenRequest({ method = 'GET', url = '/', headers }: IncomingMessage): SeenRequest {
  const { pathname, searchParams: query } = new URL(url, 'http://proxy');
  const isBucket = pathname.replace(/^\/|\/$/g, '').split('/').length === 1;
  const partNumber = query.get('partNumber');
  return {
    operation: operationOf(method, query, isBucket),
    method,
    url,
    headers,
    partNumber: partNumber === null ? undefined : Number(partNumber),
  };
}

function operationOf(method: string, query: URLSearchParams, isBucket: boolean): string {
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads';
  if (query.has('partNumber')) return 'UploadPart';
  if (query.has('uploadId')) return method === 'POST' ? 'CompleteMultipartUpload' : 'AbortMultipartUpload';
  if (query.has('list-type')) return 'ListObjectsV2';
  const names: Record<string, string> = { PUT: 'Put', GET: 'Get', HEAD: 'Head', DELETE: 'Delete' };
  return `${names[method] ?? method}${isBucket ? 'Bucket' : 'Object'}`;
}
