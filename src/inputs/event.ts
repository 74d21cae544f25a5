import { readFileSync } from 'node:fs';
import type { Environment } from './raw.ts';

/** What started this run, as far as a change of the repository is concerned. Everything in it may have been written by a stranger. */
export interface ChangeEvent {
  /** `pull_request`, `merge_group`, `push` or another; undefined in a terminal. */
  name: string | undefined;
  /** The commits that the change lies between, where the event says so. */
  base: string | undefined;
  head: string | undefined;
  pullRequest: number | undefined;
  /** The pull request comes from another repository, whose runs get no secrets. */
  isFork: boolean;
  /**
   * Dependabot started this run, which gets Dependabot's secrets alone. GitHub goes by who acted, not by who opened the pull request:
   * a person's push to Dependabot's branch starts a run that has all secrets.
   */
  isOfDependabot: boolean;
}

const dependabot = 'dependabot[bot]';

interface Payload {
  pull_request?: {
    number?: unknown;
    base?: { sha?: unknown; repo?: { full_name?: unknown } | null };
    head?: { sha?: unknown; repo?: { full_name?: unknown } | null };
    user?: { login?: unknown } | null;
  };
  merge_group?: { base_sha?: unknown; head_sha?: unknown; head_ref?: unknown };
  before?: unknown;
  after?: unknown;
}

/** Reads the event of a workflow run; of a run that has none, everything is undefined. */
export function readEvent(environment: Environment): ChangeEvent {
  const name = environment.GITHUB_EVENT_NAME;
  const none = { name, base: undefined, head: undefined, pullRequest: undefined, isFork: false, isOfDependabot: false };
  const payload = readPayload(environment.GITHUB_EVENT_PATH);
  const actor = environment.GITHUB_ACTOR;
  if (payload.pull_request) {
    const { number, base, head, user } = payload.pull_request;
    return {
      name,
      base: commit(base?.sha),
      head: commit(head?.sha),
      pullRequest: typeof number === 'number' ? number : undefined,
      // a fork that was deleted since has no repository
      isFork: typeof base?.repo?.full_name !== 'string' || base.repo.full_name !== head?.repo?.full_name,
      isOfDependabot: (actor ?? user?.login) === dependabot,
    };
  }
  if (payload.merge_group) {
    const { base_sha: base, head_sha: head, head_ref: ref } = payload.merge_group;
    // refs/heads/gh-readonly-queue/main/pr-12-<commit>
    const [, number] = /\/pr-(\d{1,9})-[0-9a-f]{40}$/.exec(typeof ref === 'string' ? ref : '') ?? [];
    return {
      ...none,
      base: commit(base),
      head: commit(head),
      pullRequest: number === undefined ? undefined : Number(number),
    };
  }
  return {
    ...none,
    base: commit(payload.before),
    head: commit(payload.after),
    isOfDependabot: name === 'push' && actor === dependabot,
  };
}

function readPayload(path: string | undefined): Payload {
  if (path === undefined) return {};
  try {
    const payload: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof payload === 'object' && payload !== null ? payload : {};
  } catch {
    return {};
  }
}

/** A full commit hash; a push that made a branch has only zeros before it. */
function commit(value: unknown): string | undefined {
  return typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value) && !/^0+$/.test(value)
    ? value
    : undefined;
}
