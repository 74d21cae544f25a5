import { type Github, GithubRefusal } from './api.ts';

/** Who wrote an issue or a comment, as GitHub's REST API tells it. */
export type Author = { login?: unknown; type?: unknown } | null | undefined;

/** Who writes with the workflow's own token. */
const workflowUser = 'github-actions[bot]';

/** The login that a token writes under. REST tells an app's token nothing of whose it is; GraphQL does. */
export async function loginOf(github: Github): Promise<string> {
  const query = { query: '{ viewer { login } }' };
  const answer = await github.request('POST', '/graphql', query, { isRepeatable: true }).catch((error: unknown) => {
    if (error instanceof GithubRefusal && error.status !== 401) return undefined;
    throw error;
  });
  const login = (answer as { data?: { viewer?: { login?: unknown } | null } | null } | undefined)?.data?.viewer?.login;
  return typeof login === 'string' && login !== '' ? login : workflowUser;
}

/** Whether it is this login. GraphQL names some bots without the end of their name. */
export function isBy(author: Author, login: string): boolean {
  return author?.login === login || (author?.type === 'Bot' && author.login === `${login}[bot]`);
}

/** The logins to ask GitHub's lists for. */
export function loginsToAsk(login: string): string[] {
  return login.endsWith('[bot]') ? [login] : [login, `${login}[bot]`];
}
