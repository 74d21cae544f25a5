import type { Github } from './api.ts';
import { type Author, isBy, loginOf } from './author.ts';
import { calmMarkdown, cutMarkdown, longestComment } from './text.ts';

export interface CommentToWrite {
  /** `owner/name`. */
  repository: string;
  pullRequest: number;
  /** A word that tells this comment from our others in the same pull request. */
  purpose: string;
  /** Markdown. */
  body: string;
}

export interface WrittenComment {
  outcome: 'written' | 'updated';
  url: string;
}

interface Comment {
  id?: unknown;
  body?: unknown;
  html_url?: unknown;
  user?: Author;
}

/**
 * Writes one comment of a pull request: in place of the one that this token's user wrote for the same purpose, else a new one. It is
 * known by its first line. Who wrote it matters, since the workflow's token may edit the comments of anybody, and anybody may write
 * that line.
 */
export async function writeComment(github: Github, comment: CommentToWrite): Promise<WrittenComment> {
  const text = await textOf(github, comment);
  const own = await text.find();
  if (own !== undefined) return rewrite(github, comment, own.id, text.body);
  const answer = await github.request('POST', pathOf(comment), { body: text.body }, { find: text.find });
  return { outcome: 'written', url: urlOf(answer) };
}

/** Writes the comment anew as `writeComment` does; undefined where there is none. */
export async function updateComment(github: Github, comment: CommentToWrite): Promise<WrittenComment | undefined> {
  const { body, find } = await textOf(github, comment);
  const own = await find();
  return own && rewrite(github, comment, own.id, body);
}

async function rewrite(github: Github, comment: CommentToWrite, id: number, body: string): Promise<WrittenComment> {
  return { outcome: 'updated', url: urlOf(await github.request('PATCH', ownPathOf(comment, id), { body })) };
}

/** The comment as it is sent, and the search for the one that is there. */
async function textOf(github: Github, comment: CommentToWrite) {
  const marker = `<!-- pg-lifeboat:${comment.purpose} -->`;
  const login = await loginOf(github);
  return {
    body: `${marker}\n${cutMarkdown(calmMarkdown(comment.body), longestComment - marker.length - 1)}`,
    find: () => findOwn(github, comment, marker, login),
  };
}

async function findOwn(
  github: Github,
  comment: CommentToWrite,
  marker: string,
  login: string,
): Promise<(Comment & { id: number }) | undefined> {
  for await (const item of github.items(pathOf(comment))) {
    const one = item as Comment;
    const { id, body, user } = one;
    const isMarked = typeof body === 'string' && body.split(/\r?\n/, 1)[0]?.trim() === marker;
    if (isMarked && typeof id === 'number' && isBy(user, login)) return { ...one, id };
  }
  return undefined;
}

function pathOf({ repository, pullRequest }: CommentToWrite): string {
  return `/repos/${repository}/issues/${pullRequest}/comments`;
}

function ownPathOf({ repository }: CommentToWrite, id: number): string {
  return `/repos/${repository}/issues/comments/${id}`;
}

function urlOf(answer: unknown): string {
  const { html_url: url } = (answer ?? {}) as Comment;
  return typeof url === 'string' ? url : '';
}
