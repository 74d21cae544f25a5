import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

interface Comment {
  id: number;
  body: string;
  user: { login: string; type: string };
  html_url: string;
}

/** As much of GitHub as a comment needs, for a token that may write; what a stranger wrote is there from the beginning. */
export interface GitHub {
  url: string;
  token: string;
  comments: Comment[];
}

/** Starts it on this machine; gone after the test. */
export async function openGitHub(t: TestContext): Promise<GitHub> {
  const token = 'token-of-the-workflow';
  const comments: Comment[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    void read(request).then(text => {
      const { method = '', url = '', headers } = request;
      if (!headers.authorization?.endsWith(token)) return answer(401, { message: 'Bad credentials' });
      const body = () => (JSON.parse(text) as { body: string }).body;
      if (method === 'GET' && /\/issues\/7\/comments/.test(url)) return answer(200, comments);
      if (method === 'POST' && /\/issues\/7\/comments$/.test(url)) {
        const id = comments.length + 1;
        const user = { login: 'github-actions[bot]', type: 'Bot' };
        comments.push({ id, body: body(), user, html_url: `https://github.com/o/r/pull/7#issuecomment-${id}` });
        return answer(201, comments.at(-1));
      }
      const [, id] = /\/issues\/comments\/(\d+)$/.exec(url) ?? [];
      const comment = comments.find(one => String(one.id) === id);
      if (method !== 'PATCH' || !comment) return answer(404, { message: 'Not Found' });
      comment.body = body();
      return answer(200, comment);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token, comments };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
