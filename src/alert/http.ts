import { type Means, NotYet, beginningOf, describeFault, refusalOf } from '../delivery.ts';
import { Failure } from '../failure.ts';
import { plainLine, shorten } from '../report/format.ts';

export interface HttpRequest {
  url: URL;
  method: 'GET' | 'POST';
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

const mostRedirects = 3;
const mostBytesRead = 4096;
const longestReason = 120;

/**
 * Sends one request and gives the beginning of the answer's text. Throws a `NotYet` for what may pass by, and a `Failure` for a refusal. The
 * address never stands in an error; what the other side answers may, so the caller takes secrets out of it.
 */
export async function sendOnce(request: HttpRequest, means: Means): Promise<string> {
  const limit = AbortSignal.any([means.signal, AbortSignal.timeout(means.timeoutMilliseconds)]);
  let answer: { response: Response; text: string };
  try {
    answer = await follow(request, means, limit);
  } catch (error) {
    means.signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw new NotYet(describeFault(error, means.timeoutMilliseconds));
  }
  const { response, text } = answer;
  if (response.ok) return text;
  const reason = shorten(plainLine(text.trim()), longestReason);
  const problem = `it answered with status ${response.status}${reason === '' ? '' : `: ${reason}`}`;
  throw refusalOf(response, problem);
}

async function follow(
  { url, method, body, headers }: HttpRequest,
  { version }: Means,
  signal: AbortSignal,
): Promise<{ response: Response; text: string }> {
  let to = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const response = await fetch(withoutUser(to), {
      method,
      // fetch itself would follow anywhere, and make a GET of a POST
      redirect: 'manual',
      headers: { 'user-agent': `pg-lifeboat/${version}`, ...authorization(url), ...headers },
      body,
      signal,
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null)
      return { response, text: (await beginningOf(response, mostBytesRead)).toString('utf8') };
    await response.body?.cancel();
    if (method === 'POST' && ![307, 308].includes(response.status))
      throw new Failure(`it answered with a redirect, status ${response.status}, that loses what is sent`);
    to = sameHost(location, to);
  }
  throw new Failure(`it answered with more than ${mostRedirects} redirects`);
}

/** The address is a secret: nobody else learns of it by a redirect, and nobody on the way once it was https. */
function sameHost(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isUpgrade = to?.protocol === 'https:' && to.hostname === from.hostname && to.port === '' && from.port === '';
  if (to !== undefined && (to.origin === from.origin || isUpgrade)) return to;
  throw new Failure('it leads to another host, which is not followed');
}

/** fetch refuses an address with a user in it, and shows it whole in its error. */
function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
