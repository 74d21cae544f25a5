import { setTimeout as pause } from 'node:timers/promises';
import { Failure, messageOf, wrongInput } from '../failure.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export interface GithubOptions {
  /** `https://api.github.com`, or `https://<host>/api/v3` of a GitHub Enterprise Server. */
  apiUrl: string;
  token: string;
  /** The release of pg-lifeboat, for GitHub's logs. */
  version: string;
  signal: AbortSignal;
  /** Waits so many milliseconds between two tries. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** How long an answer may take. */
  timeoutMilliseconds?: number;
}

/** What to do about a request that GitHub may have done although its answer was lost. */
export interface Repetition {
  /** Doing it twice is as good as once. Default: for every method but POST. */
  isRepeatable?: boolean;
  /** Looks for what the request was to make; its answer is taken for GitHub's, and undefined means that it may be sent again. */
  find?: () => Promise<unknown>;
}

/** GitHub's REST API with one token. */
export interface Github {
  /**
   * Sends one request, `body` as JSON, and gives the answer's JSON; undefined where it is empty. What passes by (5xx, rate limits, no
   * answer in time) is tried three times. Throws a `GithubUnavailable` after that, and a `GithubRefusal` for any other status.
   */
  request(method: Method, path: string, body?: unknown, repetition?: Repetition): Promise<unknown>;
  /** The items of a list, all pages after one another. */
  items(path: string): AsyncGenerator<unknown>;
}

/** GitHub's answer was no, and asking again would not help. */
export class GithubRefusal extends Failure {
  readonly status: number;

  constructor(what: string, status: number, reason: string) {
    super(`GitHub refused ${what} with status ${status}${reason === '' ? '' : `: ${reason}`}`);
    this.name = 'GithubRefusal';
    this.status = status;
  }
}

/** GitHub could not be asked, or was too busy, each time. */
export class GithubUnavailable extends Failure {}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** What came of one try. */
type Outcome = { answer: Answer } | { problem: string; wasDone: 'no' | 'maybe'; waitSeconds?: number };

const mostTries = 3;
const mostRedirects = 3;
/** A comment is not worth a job that waits for longer. */
const longestWaitSeconds = 60;
const longestReason = 200;

/** Opens the API. The token stands in one header of requests to this host alone, and in no error. */
export function openGithub(options: GithubOptions): Github {
  // fetch puts a header that it cannot send into its error
  if (!/^[\x21-\x7e]+$/.test(options.token))
    throw wrongInput('github-token', 'is no token: it has characters that none has', 'give secrets.GITHUB_TOKEN');
  const api = new Api(options);
  return {
    request: async (method, path, body, repetition) =>
      contentOf(await api.ask(method, api.urlOf(path), body, repetition)),
    items: path => api.items(path),
  };
}

class Api {
  readonly #options: GithubOptions;
  readonly #base: URL;

  constructor(options: GithubOptions) {
    this.#options = options;
    this.#base = new URL(options.apiUrl);
  }

  /** GraphQL of a GitHub Enterprise Server lies beside the REST API, not in it. */
  urlOf(path: string): URL {
    const root = this.#base.pathname.replace(/\/$/, '');
    return new URL(`${path === '/graphql' ? root.replace(/\/v3$/, '') : root}${path}`, this.#base);
  }

  async *items(path: string): AsyncGenerator<unknown> {
    let next: URL | undefined = this.urlOf(`${path}${path.includes('?') ? '&' : '?'}per_page=100`);
    while (next) {
      const answer: Answer = await this.ask('GET', next);
      const page = contentOf(answer);
      if (!Array.isArray(page)) throw new Failure(`GitHub answered GET ${next.pathname} with no list`);
      yield* page as unknown[];
      const [, link] = /<([^<>]+)>;[^,]*\brel="next"/.exec(answer.headers.get('link') ?? '') ?? [];
      next = link === undefined ? undefined : this.#ownUrl(link, next);
    }
  }

  async ask(method: Method, url: URL, body?: unknown, repetition: Repetition = {}): Promise<Answer> {
    const { isRepeatable = method !== 'POST', find } = repetition;
    const what = `${method} ${url.pathname}`;
    const { signal, wait = (milliseconds, signal) => pause(milliseconds, undefined, { signal }) } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#try(method, url, body);
      if ('answer' in outcome) {
        const { status, text } = outcome.answer;
        if (status >= 200 && status < 300) return outcome.answer;
        throw new GithubRefusal(what, status, reasonOf(text));
      }
      const { problem, wasDone, waitSeconds = 2 ** tries } = outcome;
      if (tries === mostTries || waitSeconds > longestWaitSeconds || (wasDone === 'maybe' && !isRepeatable && !find))
        throw new GithubUnavailable(
          `GitHub did not do ${what} in ${tries === 1 ? 'one try' : `${tries} tries`}: ${problem}`,
        );
      await wait(waitSeconds * 1000, signal);
      const found = wasDone === 'maybe' && !isRepeatable ? await find?.() : undefined;
      if (found !== undefined) return { status: 200, headers: new Headers(), text: JSON.stringify(found) };
    }
  }

  async #try(method: Method, url: URL, body: unknown): Promise<Outcome> {
    let answer: Answer;
    try {
      answer = await this.#send(method, url, body);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      return { problem: describe(error), wasDone: 'maybe' };
    }
    if (answer.status >= 500) return { problem: `status ${answer.status}`, wasDone: 'maybe' };
    const isLimited = answer.status === 429 || (answer.status === 403 && isRateLimit(answer));
    if (isLimited) return { problem: 'its rate limit is used up', wasDone: 'no', waitSeconds: waitOf(answer) };
    return { answer };
  }

  async #send(method: Method, url: URL, body: unknown): Promise<Answer> {
    const { token, version, signal, timeoutMilliseconds = 30_000 } = this.#options;
    let to = url;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const response = await fetch(to, {
        method,
        // a repository that was renamed answers like this; fetch itself would follow anywhere
        redirect: 'manual',
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${token}`,
          'user-agent': `pg-lifeboat/${version}`,
          'x-github-api-version': '2022-11-28',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
      });
      const location = response.headers.get('location');
      const isRedirect = [301, 302, 307, 308].includes(response.status) && location !== null;
      if (!isRedirect) return { status: response.status, headers: response.headers, text: await response.text() };
      await response.body?.cancel();
      to = this.#ownUrl(location, to);
    }
    throw new Failure(`GitHub answered ${method} ${url.pathname} with more than ${mostRedirects} redirects`);
  }

  /** An address that GitHub names; the token goes to no other host. */
  #ownUrl(address: string, from: URL): URL {
    const url = URL.canParse(address, from.href) ? new URL(address, from) : undefined;
    if (url?.origin === this.#base.origin) return url;
    throw new Failure(`GitHub leads from ${from.pathname} to another host, which the token is not sent to`);
  }
}

function contentOf({ text }: Answer): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure('GitHub answered with something that is no JSON');
  }
}

/** A 403 is a limit where one of these says so (docs.github.com, "Rate limits for the REST API"). */
function isRateLimit({ headers, text }: Answer): boolean {
  return (
    headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0' || /rate limit/i.test(reasonOf(text))
  );
}

/** In seconds; undefined where the answer does not say how long. */
function waitOf({ headers }: Answer): number | undefined {
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (after >= 0) return after;
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0' && reset > 0;
  return isUsedUp ? Math.max(1, Math.ceil(reset - Date.now() / 1000)) : undefined;
}

function reasonOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message.slice(0, longestReason) : '';
  } catch {
    return '';
  }
}

/** What lies below fetch's own "fetch failed". */
function describe(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause);
}
