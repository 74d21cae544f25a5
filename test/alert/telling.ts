import { type IssueTarget, tellIssue } from '../../src/alert/issue.ts';
import type { ConditionOutcome, Outcome } from '../../src/alert/outcome.ts';
import { openGithub } from '../../src/github/api.ts';
import { type IssueServer, workflowToken } from './github.ts';

/** What is told beside the outcomes. */
export interface Telling {
  details?: string;
  at?: string;
  run?: number;
  name?: string;
  token?: string;
  target?: Partial<IssueTarget>;
}

/** `{ backup: 'failure' }`, or with a cause `{ backup: 'failure the disk is full' }`. */
export type Ended = Record<string, string>;

function outcomesOf(ended: Ended): ConditionOutcome[] {
  return Object.entries(ended).map(([condition, text]) => {
    const [outcome, ...cause] = text.split(' ');
    return { condition, outcome: outcome as Outcome, cause: cause.length === 0 ? null : cause.join(' ') };
  });
}

/** One run tells what it came to; `waits` are what it was made to wait for, in seconds. */
export async function tell(server: IssueServer, ended: Ended, more: Telling = {}) {
  const { details, at = '2026-11-25T03:17:42Z', run = 7, name = 'shop', token = workflowToken, target } = more;
  const waits: number[] = [];
  const github = openGithub({
    apiUrl: server.apiUrl,
    token,
    version: '1.2.3',
    signal: new AbortController().signal,
    wait: async milliseconds => void waits.push(milliseconds / 1000),
  });
  const told = await tellIssue(
    github,
    { repository: 'me/shop', name, labels: [], assignees: [], ...target },
    {
      outcomes: outcomesOf(ended),
      details: details ?? null,
      at: new Date(at),
      runUrl: `https://github.com/me/shop/actions/runs/${run}`,
    },
  );
  return { ...told, waits };
}

const isWrite = (request: string) => !/^(?:GET|POST \/graphql)/.test(request);
/** Requests that change something. */
export const writes = (server: IssueServer) => server.seen.filter(isWrite);

/** The issues that are open. */
export const open = (server: IssueServer) => server.issues.filter(({ state }) => state === 'open');

/** The lines of an issue's text that can be ticked. */
export const tasksOf = (body: string | undefined) => body?.match(/^- \[.\].*$/gm) ?? [];
