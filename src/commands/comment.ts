import { Failure } from '../failure.ts';
import { GithubRefusal, openGithub } from '../github/api.ts';
import { updateComment, writeComment } from '../github/pull-request-comment.ts';
import type { CommentInputs } from '../inputs/inputs.ts';
import type { Context } from './context.ts';

export interface CommentResult {
  command: 'comment';
  pullRequest: number | null;
  outcome: 'written' | 'updated' | 'not needed' | 'not permitted' | 'failed' | 'nowhere to write';
  url: string | null;
}

/** Writes the report of a rehearsal into one comment of the pull request. Whether that works never decides a gate. */
export async function comment(inputs: CommentInputs, { log, signal, version }: Context): Promise<CommentResult> {
  const { pullRequest, repository, body, updateOnly, token, apiUrl, name } = inputs;
  if (pullRequest === undefined)
    return { command: 'comment', pullRequest: null, outcome: 'nowhere to write', url: null };
  const github = openGithub({ apiUrl, token, version, signal });
  try {
    const purpose = name === undefined ? 'pre-migration' : `pre-migration:${name}`;
    const write = updateOnly ? updateComment : writeComment;
    const written = await write(github, { repository, pullRequest, purpose, body });
    if (written === undefined) return { command: 'comment', pullRequest, outcome: 'not needed', url: null };
    return { command: 'comment', pullRequest, outcome: written.outcome, url: written.url === '' ? null : written.url };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const isForbidden = error instanceof GithubRefusal && [401, 403, 404].includes(error.status);
    log.warn(
      `pull request ${pullRequest} got no comment: ${error.message}${isForbidden ? ' (the job needs permissions: pull-requests: write; a fork has none)' : ''}`,
    );
    return { command: 'comment', pullRequest, outcome: isForbidden ? 'not permitted' : 'failed', url: null };
  }
}
