import { Failure } from '../failure.ts';
import { type Github, GithubRefusal } from './api.ts';

/** A run of a workflow that its schedule started. */
export interface ScheduledRun {
  createdAt: Date;
  status: string;
  /** Null as long as it goes on. */
  conclusion: string | null;
  url: string;
}

export interface WorkflowState {
  file: string;
  /** `active`, `disabled_manually`, `disabled_inactivity`, `disabled_fork` or `deleted`. */
  state: string;
  /** The newest that the schedule started, newest first; none where it never did. */
  runs: ScheduledRun[];
}

export interface RepositoryState {
  /** `owner/name`. */
  name: string;
  isPublic: boolean;
  isArchived: boolean;
  /** The last push to any branch; null where there never was one. */
  pushedAt: Date | null;
}

/** Enough to hold one that has ended beside those that wait or go on. */
const mostRuns = 30;

/** What a repository (`owner/name`) is like; throws a `Failure` where GitHub does not tell. */
export async function readRepository(github: Github, name: string): Promise<RepositoryState> {
  const path = `/repos/${name}`;
  const answer = record(await github.request('GET', path), path);
  const { private: isPrivate, archived, pushed_at: pushedAt } = answer;
  if (typeof isPrivate !== 'boolean' || typeof archived !== 'boolean') throw nonsense(path);
  return {
    name,
    isPublic: !isPrivate,
    isArchived: archived,
    pushedAt: pushedAt === null ? null : date(pushedAt, path),
  };
}

/**
 * The state of a workflow, by the name of its file in `.github/workflows`, and its newest scheduled runs; undefined where GitHub knows
 * none, or does not let the token see it. Throws a `Failure` where GitHub does not tell. The token needs `actions: read`
 * (docs.github.com, "REST API endpoints for workflows").
 */
export async function readWorkflow(
  github: Github,
  repository: string,
  file: string,
): Promise<WorkflowState | undefined> {
  const path = `/repos/${repository}/actions/workflows/${file}`;
  const workflow = await github.request('GET', path).catch((error: unknown) => {
    if (error instanceof GithubRefusal && error.status === 404) return 'missing' as const;
    throw error;
  });
  if (workflow === 'missing') return undefined;
  const { state } = record(workflow, path);
  if (typeof state !== 'string') throw nonsense(path);
  return { file, state, runs: await readRuns(github, `${path}/runs`) };
}

async function readRuns(github: Github, path: string): Promise<ScheduledRun[]> {
  const { workflow_runs: runs } = record(
    await github.request('GET', `${path}?event=schedule&per_page=${mostRuns}`),
    path,
  );
  if (!Array.isArray(runs)) throw nonsense(path);
  return runs
    .map(run => readRun(record(run, path), path))
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}

function readRun({ created_at: createdAt, status, conclusion, html_url: url }: Answer, path: string): ScheduledRun {
  if (typeof status !== 'string' || (typeof conclusion !== 'string' && conclusion !== null)) throw nonsense(path);
  return { createdAt: date(createdAt, path), status, conclusion, url: typeof url === 'string' ? url : '' };
}

type Answer = Record<string, unknown>;

function record(value: unknown, path: string): Answer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw nonsense(path);
  return value as Answer;
}

function date(value: unknown, path: string): Date {
  const at = typeof value === 'string' ? new Date(value) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) throw nonsense(path);
  return at;
}

function nonsense(path: string): Failure {
  return new Failure(`GitHub answered GET ${path} with something else than its API says`);
}
