import { type Github, GithubRefusal } from '../github/api.ts';
import { Failure } from '../failure.ts';
import { type Author, isBy, loginOf, loginsToAsk } from '../github/author.ts';
import { type Line, type Lines, type Told, changesBy, linesIn, newer } from './issue-lines.ts';
import { commentBody, issueBody, issueTitle, markerOf } from './issue-text.ts';
import { isFailing } from './outcome.ts';

export interface IssueTarget {
  /** `owner/name`. */
  repository: string;
  /** Of the database. */
  name: string;
  labels: readonly string[];
  assignees: readonly string[];
}

export interface ToldIssue {
  outcome: 'written' | 'nothing to write';
  /** Of the issue that is open, or was closed by this. */
  url: string | null;
  /** Conditions that failed before, and went well now. */
  recovered: string[];
  /** What GitHub did not take, though the issue stands. */
  problem: string | null;
}

interface Issue {
  number: number;
  body: string;
  isOpen: boolean;
  url: string;
}

/** A comment that keeps one condition. */
interface Kept {
  id: number;
  line: Line;
}

interface Item {
  number?: unknown;
  id?: unknown;
  body?: unknown;
  state?: unknown;
  html_url?: unknown;
  user?: Author;
  pull_request?: unknown;
}

/** Another run that writes at the same time makes one more round necessary; this many would be more than there are runs. */
const mostRounds = 6;

/**
 * Keeps the one open issue of a database: opens it at the first failure, ticks a line when that same condition went well, and closes it
 * when all lines are ticked. Each condition is kept in a comment of its own, and the text of the issue is made from all comments and
 * looked at again after it was written. So two runs at once lose nothing: whoever writes last has seen the other's comment. Only what this
 * token's own user wrote counts, since anybody may open an issue with our marker in it.
 */
export async function tellIssue(github: Github, target: IssueTarget, told: Told): Promise<ToldIssue> {
  const nothing: ToldIssue = { outcome: 'nothing to write', url: null, recovered: [], problem: null };
  const failing = told.outcomes.filter(isFailing);
  if (failing.length === 0 && !told.outcomes.some(({ outcome }) => outcome === 'success')) return nothing;
  const keeper = new Keeper(github, target, await loginOf(github));
  const found = await keeper.openIssues();
  if (found.length === 0 && failing.length === 0) return nothing;
  const opened = found.length === 0 ? await keeper.open(changesBy(new Map(), told)) : undefined;
  // another run may have opened one at the same time, and the oldest stays
  const [issue, ...doubles] = opened === undefined ? found : unique([...(await keeper.openIssues()), opened.issue]);
  if (issue === undefined) return nothing;
  const recovered = await keeper.write(issue, doubles, told, opened?.issue.number);
  const hasChanged = await keeper.settle(issue);
  for (const double of doubles) await keeper.closeDouble(double, issue);
  return {
    outcome: failing.length > 0 || recovered.length > 0 || hasChanged ? 'written' : 'nothing to write',
    url: issue.url,
    recovered,
    problem: opened?.problem ?? null,
  };
}

class Keeper {
  readonly #github: Github;
  readonly #target: IssueTarget;
  readonly #login: string;

  constructor(github: Github, target: IssueTarget, login: string) {
    this.#github = github;
    this.#target = target;
    this.#login = login;
  }

  /** Our own, the oldest first. More than one only where two runs opened one at once. */
  async openIssues(): Promise<Issue[]> {
    const found: Issue[] = [];
    for (const login of loginsToAsk(this.#login)) found.push(...(await this.#openIssuesOf(login)));
    return unique(found);
  }

  async #openIssuesOf(login: string): Promise<Issue[]> {
    const found: Issue[] = [];
    try {
      for await (const item of this.#github.items(`${this.#path}?state=open&creator=${encodeURIComponent(login)}`)) {
        const issue = this.#ownIssue(item as Item);
        if (issue) found.push(issue);
      }
    } catch (error) {
      // a person has no bot of the same name
      if (login === this.#login || !(error instanceof GithubRefusal) || ![404, 422].includes(error.status)) throw error;
    }
    return found;
  }

  /** Labels and assignees that GitHub refuses do not keep the issue from being opened. */
  async open(lines: Lines): Promise<{ issue: Issue; problem: string | null }> {
    const { name, labels, assignees } = this.#target;
    const text = { title: issueTitle(name), body: issueBody(name, lines) };
    const post = async (more: object) => {
      const find = async () => {
        const [own] = await this.openIssues();
        return own && { number: own.number, body: own.body, html_url: own.url };
      };
      return issueOf(await this.#github.request('POST', this.#path, { ...text, ...more }, { find }));
    };
    if (labels.length === 0 && assignees.length === 0) return { issue: await post({}), problem: null };
    try {
      return { issue: await post({ labels, assignees }), problem: null };
    } catch (error) {
      if (!(error instanceof GithubRefusal) || ![403, 422].includes(error.status)) throw error;
      const problem = `labels and assignees were left out: ${error.message}`;
      return { issue: await post({}), problem };
    }
  }

  /** Writes what this run changes, and what doubles hold, into comments of the issue; gives the conditions that recovered. */
  async write(issue: Issue, doubles: readonly Issue[], told: Told, openedNow: number | undefined): Promise<string[]> {
    const kept = await this.#keptIn(issue);
    // the text of an issue that this run opened says already what it is about to write
    const lines = new Map(issue.number === openedNow ? commentsOf(kept) : allLines(issue, kept));
    const changes = new Map<string, Line>();
    for (const double of doubles.filter(({ number }) => number !== openedNow))
      for (const [condition, line] of allLines(double, await this.#keptIn(double)))
        if (newer(line, lines.get(condition)) === line) {
          lines.set(condition, line);
          changes.set(condition, line);
        }
    const own = changesBy(lines, told);
    for (const [condition, line] of new Map([...changes, ...own]))
      await this.#writeComment(issue, condition, line, kept);
    return [...own].filter(([, line]) => line.isGood).map(([condition]) => condition);
  }

  /** Makes the issue's text and state from its comments, until both are what the comments say; gives whether anything was written. */
  async settle({ number }: Issue): Promise<boolean> {
    const path = `${this.#path}/${number}`;
    let sent: string | undefined;
    for (let round = 0; round < mostRounds; round += 1) {
      const issue = issueOf(await this.#github.request('GET', path));
      const lines = allLines(issue, await this.#keptIn(issue));
      // nothing is known of what went wrong, so nothing is known to be good again
      if (lines.size === 0) break;
      const body = issueBody(this.#target.name, lines);
      const isOpen = [...lines.values()].some(({ isGood }) => !isGood);
      if (issue.isOpen === isOpen && (sent === body || normal(issue.body) === body)) break;
      const reason = isOpen ? {} : { state_reason: 'completed' };
      await this.#github.request('PATCH', path, { body, state: isOpen ? 'open' : 'closed', ...reason });
      sent = body;
    }
    return sent !== undefined;
  }

  /** Its lines are in the other issue by now. */
  async closeDouble(double: Issue, { number }: Issue): Promise<void> {
    const body = `${markerOf(this.#target.name)}\n\nTwo runs opened an issue at the same time. It goes on in #${number}.`;
    const change = { body, state: 'closed', state_reason: 'not_planned' };
    await this.#github.request('PATCH', `${this.#path}/${double.number}`, change);
  }

  async #keptIn({ number }: Issue): Promise<Map<string, Kept>> {
    const kept = new Map<string, Kept>();
    for await (const item of this.#github.items(`${this.#path}/${number}/comments`)) {
      const { id, body, user } = item as Item;
      if (typeof id !== 'number' || typeof body !== 'string' || !isBy(user, this.#login)) continue;
      for (const [condition, line] of linesIn(body)) {
        const old = kept.get(condition);
        if (newer(line, old?.line) === line) kept.set(condition, { id, line });
      }
    }
    return kept;
  }

  async #writeComment(issue: Issue, condition: string, line: Line, kept: ReadonlyMap<string, Kept>): Promise<void> {
    const body = commentBody(condition, line);
    const old = kept.get(condition);
    if (old !== undefined) {
      await this.#github.request('PATCH', `${this.#path}/comments/${old.id}`, { body });
      return;
    }
    const find = async () => (await this.#keptIn(issue)).get(condition);
    await this.#github.request('POST', `${this.#path}/${issue.number}/comments`, { body }, { find });
  }

  #ownIssue(item: Item): Issue | undefined {
    const isOurs =
      item.pull_request === undefined &&
      isBy(item.user, this.#login) &&
      typeof item.body === 'string' &&
      item.body.split(/\r?\n/, 1)[0]?.trim() === markerOf(this.#target.name);
    return isOurs ? issueOf(item) : undefined;
  }

  get #path(): string {
    return `/repos/${this.#target.repository}/issues`;
  }
}

function issueOf(answer: unknown): Issue {
  const { number, body, state, html_url: url } = (answer ?? {}) as Item;
  if (typeof number !== 'number') throw new Failure('GitHub answered with an issue that has no number');
  return {
    number,
    body: typeof body === 'string' ? body : '',
    isOpen: state !== 'closed',
    url: typeof url === 'string' ? url : '',
  };
}

function unique(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map(issue => [issue.number, issue])).values()].sort((a, b) => a.number - b.number);
}

function commentsOf(kept: ReadonlyMap<string, Kept>): [string, Line][] {
  return [...kept].map(([condition, { line }]) => [condition, line]);
}

/** What the comments keep; and what only the text holds, where a run ended between the two. */
function allLines({ body }: Issue, kept: ReadonlyMap<string, Kept>): Map<string, Line> {
  return new Map([...linesIn(body, 1), ...commentsOf(kept)]);
}

/** GitHub may give the ends of lines back as a browser sends them. */
function normal(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd();
}
