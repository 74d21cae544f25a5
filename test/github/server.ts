import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface StoredComment {
  id: number;
  body: string;
  html_url: string;
  user: { login: string; type: 'Bot' | 'User' } | null;
}

export interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
}

/** Answers in place of the server, once; `after` has the request done before. */
export interface Fault {
  /** Of which requests; default: the next. */
  matches?: RegExp;
  after?: boolean;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** No answer at all: the connection breaks, or stays silent. */
  breaks?: 'at once' | 'never';
}

/** What of GitHub's API comments need, with its refusals (docs.github.com, "REST API endpoints for issue comments"). */
export interface GithubServer {
  apiUrl: string;
  comments: StoredComment[];
  seen: Seen[];
  faults: Fault[];
  /** Whose a token is, and whether it may write. Who may, may edit the comments of anybody. */
  tokens: Map<string, { login: string; type: 'Bot' | 'User'; mayWrite: boolean; isApp: boolean }>;
  add(login: string, body: string, type?: 'Bot' | 'User'): StoredComment;
}

export const workflowToken = 'ghs_workflow';
const mostCharacters = 65_536;

/** Starts a server with the repository `me/shop` and its pull request 12. */
export async function startGithub(t: TestContext, root = ''): Promise<GithubServer> {
  const server = createServer((request, response) => void answer(github, root, request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => stop(server));
  const github: GithubServer = {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${root}`,
    comments: [],
    seen: [],
    faults: [],
    tokens: new Map([[workflowToken, { login: 'github-actions[bot]', type: 'Bot', mayWrite: true, isApp: true }]]),
    add: (login, body, type = 'User') => {
      const id = 1000 + github.comments.length;
      const comment = {
        id,
        body,
        html_url: `https://github.com/me/shop/pull/12#issuecomment-${id}`,
        user: { login, type },
      };
      github.comments.push(comment);
      return comment;
    },
  };
  return github;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}

async function answer(
  github: GithubServer,
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  github.seen.push({ method, path: url, authorization: headers.authorization });
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();

  const index = github.faults.findIndex(({ matches }) => matches?.test(`${method} ${url}`) ?? true);
  const [fault] = index === -1 ? [] : github.faults.splice(index, 1);
  if (fault?.after) reply(github, root, request, body);
  if (fault?.breaks === 'at once') return void request.socket.destroy();
  if (fault?.breaks === 'never') return;
  const {
    status,
    headers: more,
    content,
  } = fault
    ? { status: fault.status ?? 500, headers: fault.headers, content: fault.body ?? '{"message":"fault"}' }
    : reply(github, root, request, body);
  response.writeHead(status, { 'content-type': 'application/json', ...more });
  response.end(typeof content === 'string' ? content : JSON.stringify(content));
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  content: unknown;
}

function reply(
  github: GithubServer,
  root: string,
  { method, url = '', headers }: IncomingMessage,
  body: string,
): Reply {
  const refuse = (status: number, message: string): Reply => ({ status, content: { message, status: String(status) } });
  if (!headers['user-agent']) return refuse(403, 'Request forbidden by administrative rules.');
  const user = github.tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
  if (!user) return refuse(401, 'Bad credentials');
  const { pathname, searchParams } = new URL(url, 'http://x');
  if (pathname === `${root.replace(/\/v3$/, '')}/graphql`)
    return { status: 200, content: { data: { viewer: { login: user.login } } } };
  if (pathname === `${root}/user` && user.isApp) return refuse(403, 'Resource not accessible by integration');

  const list = `${root}/repos/me/shop/issues/12/comments`;
  const [, id] = /\/issues\/comments\/(\d+)$/.exec(pathname) ?? [];
  const old = github.comments.find(comment => String(comment.id) === id);
  if (method === 'GET' && pathname === list) return page(github, list, searchParams);
  if (pathname !== list && !(old && pathname === `${root}/repos/me/shop/issues/comments/${id}`))
    return refuse(404, 'Not Found');
  if (!user.mayWrite) return refuse(403, 'Resource not accessible by integration');
  const { body: text } = JSON.parse(body) as { body: string };
  if ([...text].length > mostCharacters)
    return refuse(422, 'Validation Failed: body is too long (maximum is 65536 characters)');
  if (method === 'POST' && pathname === list) return { status: 201, content: github.add(user.login, text, user.type) };
  if (method === 'PATCH' && old) {
    old.body = text;
    return { status: 200, content: old };
  }
  return refuse(404, 'Not Found');
}

function page({ comments, apiUrl }: GithubServer, list: string, search: URLSearchParams): Reply {
  const size = Math.min(100, Number(search.get('per_page') ?? 30));
  const number = Number(search.get('page') ?? 1);
  const link = (to: number, rel: string) =>
    `<${new URL(`${list}?per_page=${size}&page=${to}`, apiUrl).href}>; rel="${rel}"`;
  const last = Math.max(1, Math.ceil(comments.length / size));
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
  ];
  return {
    status: 200,
    headers: links.length === 0 ? {} : { link: links.join(', ') },
    content: comments.slice((number - 1) * size, number * size),
  };
}
