import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface User {
  login: string;
  type: 'Bot' | 'User';
}

export interface StoredComment {
  id: number;
  issue: number;
  body: string;
  user: User | null;
}

export interface StoredIssue {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  state_reason: string | null;
  labels: string[];
  assignees: string[];
  user: User | null;
  html_url: string;
  pull_request?: object;
}

/** Answers in place of the server, once; `after` has the request done before. */
export interface Fault {
  matches: RegExp;
  after?: boolean;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  breaks?: boolean;
}

interface Token extends User {
  mayWrite: boolean;
}

/** What of GitHub's API issues need, with its refusals (docs.github.com, "REST API endpoints for issues"). */
export interface IssueServer {
  apiUrl: string;
  issues: StoredIssue[];
  comments: StoredComment[];
  seen: string[];
  faults: Fault[];
  tokens: Map<string, Token>;
  /** Who may be assigned. */
  members: string[];
  hasIssues: boolean;
  /** The list gives the issues of everybody, whoever was asked for. */
  ignoresCreator: boolean;
  /** Answers to other requests, by path. */
  others: Map<string, unknown>;
  /** Asked before each request is done, with its method and path; another run may come between here. */
  before: (request: string) => Promise<void> | void;
  addIssue(more: Partial<StoredIssue>): StoredIssue;
  addComment(issue: number, body: string, user: User | null): StoredComment;
}

export const workflowToken = 'ghs_workflow_token';
export const workflowBot: User = { login: 'github-actions[bot]', type: 'Bot' };
export const stranger: User = { login: 'stranger', type: 'User' };
const root = '/repos/me/shop/issues';
const mostCharacters = 65_536;

/** Starts a server with the repository `me/shop`, which has no issues. */
export async function startIssueServer(t: TestContext): Promise<IssueServer> {
  const github: IssueServer = {
    apiUrl: '',
    issues: [],
    comments: [],
    seen: [],
    faults: [],
    tokens: new Map([[workflowToken, { ...workflowBot, mayWrite: true }]]),
    members: ['octocat'],
    hasIssues: true,
    ignoresCreator: false,
    others: new Map(),
    before: () => undefined,
    addIssue(more) {
      const number = github.issues.length + 1;
      const issue: StoredIssue = {
        number,
        title: 'an issue',
        body: '',
        state: 'open',
        state_reason: null,
        labels: [],
        assignees: [],
        user: stranger,
        html_url: `https://github.com/me/shop/issues/${number}`,
        ...more,
      };
      github.issues.push(issue);
      return issue;
    },
    addComment(issue, body, user) {
      const comment = { id: 1000 + github.comments.length, issue, body, user };
      github.comments.push(comment);
      return comment;
    },
  };
  const server = createServer((request, response) => void answer(github, request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  github.apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(
    () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return github;
}

async function answer(github: IssueServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const what = `${request.method} ${request.url}`;
  github.seen.push(what);
  await github.before(what);
  const index = github.faults.findIndex(({ matches }) => matches.test(what));
  const [fault] = index === -1 ? [] : github.faults.splice(index, 1);
  const done = fault === undefined || fault.after === true ? reply(github, request, body) : undefined;
  if (fault?.breaks === true) return void request.socket.resetAndDestroy();
  const { status, headers, content } = fault
    ? { status: fault.status ?? 500, headers: fault.headers, content: fault.body ?? '{"message":"fault"}' }
    : (done ?? { status: 500, headers: {}, content: '' });
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof content === 'string' ? content : JSON.stringify(content));
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  content: unknown;
}

function refuse(status: number, message: string): Reply {
  return { status, content: { message, status: String(status) } };
}

function reply(github: IssueServer, { method, url = '', headers }: IncomingMessage, body: string): Reply {
  const user = github.tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
  if (!headers['user-agent']) return refuse(403, 'Request forbidden by administrative rules.');
  if (!user) return refuse(401, 'Bad credentials');
  const { pathname, searchParams } = new URL(url, github.apiUrl);
  if (pathname === '/graphql') return { status: 200, content: { data: { viewer: { login: user.login } } } };
  const other = github.others.get(pathname);
  if (method === 'GET' && other !== undefined) return { status: 200, content: other };
  if (!pathname.startsWith(root)) return refuse(404, 'Not Found');
  const [, number, , list] = /^\/(\d+)(\/(comments))?$/.exec(pathname.slice(root.length)) ?? [];
  const [, comment] = /^\/comments\/(\d+)$/.exec(pathname.slice(root.length)) ?? [];
  const issue = github.issues.find(one => String(one.number) === number);
  if (method === 'GET') {
    if (pathname === root) return listOf(github, searchParams);
    if (!issue) return refuse(404, 'Not Found');
    if (list === undefined) return { status: 200, content: issue };
    const comments = github.comments.filter(one => one.issue === issue.number);
    return page(github, pathname, searchParams, comments);
  }
  if (!user.mayWrite) return refuse(403, 'Resource not accessible by integration');
  const sent = JSON.parse(body) as Record<string, unknown>;
  if (typeof sent.body === 'string' && [...sent.body].length > mostCharacters)
    return refuse(422, 'Validation Failed: body is too long (maximum is 65536 characters)');
  if (method === 'POST' && pathname === root) return openIssue(github, sent, user);
  if (method === 'POST' && issue && list !== undefined)
    return { status: 201, content: github.addComment(issue.number, String(sent.body), user) };
  const old = issue ?? github.comments.find(one => String(one.id) === comment);
  if (method !== 'PATCH' || !old) return refuse(404, 'Not Found');
  return { status: 200, content: Object.assign(old, sent) };
}

function openIssue(github: IssueServer, sent: Record<string, unknown>, { login, type }: User): Reply {
  if (!github.hasIssues) return refuse(410, 'Issues has been disabled in this repository.');
  const { title, body, labels = [], assignees = [] } = sent as Partial<StoredIssue>;
  if (assignees.some(one => !github.members.includes(one))) return refuse(422, 'Validation Failed');
  return { status: 201, content: github.addIssue({ title, body, labels, assignees, user: { login, type } }) };
}

/** Pull requests are among them, as GitHub has it. */
function listOf(github: IssueServer, search: URLSearchParams): Reply {
  const creator = search.get('creator');
  const found = github.issues.filter(
    ({ state, user }) =>
      state === search.get('state') && (creator === null || github.ignoresCreator || user?.login === creator),
  );
  return page(github, root, search, found.toReversed());
}

function page({ apiUrl }: IssueServer, path: string, search: URLSearchParams, items: readonly unknown[]): Reply {
  const size = Math.min(100, Number(search.get('per_page') ?? 30));
  const number = Number(search.get('page') ?? 1);
  const next = new URL(path, apiUrl);
  for (const [name, value] of search) next.searchParams.set(name, value);
  next.searchParams.set('page', String(number + 1));
  return {
    status: 200,
    headers: number * size < items.length ? { link: `<${next.href}>; rel="next"` } : {},
    content: items.slice((number - 1) * size, number * size),
  };
}
