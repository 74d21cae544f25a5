import { wrongInput } from '../failure.ts';
import { type Accepted, readAcceptedFindings } from './drill.ts';
import { type ChangeEvent, readEvent } from './event.ts';
import type { Environment } from './raw.ts';
import { type Reader, readJobs, readName } from './reader.ts';
import { choice, flag, lines, seconds, shown, wholeNumber } from './values.ts';
import { mayBeReadByOthers } from './visibility.ts';

/** Which change of the repository in the working directory is meant. */
export interface ChangeOptions {
  /** Globs of migrations; none: the known tools' folders. */
  paths: readonly string[];
  base: string | undefined;
  head: string | undefined;
  event: ChangeEvent;
}

export interface DetectInputs extends ChangeOptions {
  command: 'detect';
}

export interface RehearseInputs extends ChangeOptions {
  command: 'rehearse';
  targetUrl: string;
  sslRootCert: string | undefined;
  client: string;
  jobs: number;
  migrateCommand: string | undefined;
  migrateRole: string | undefined;
  migrateTimeoutSeconds: number;
  downCommand: string | undefined;
  repeat: boolean;
  maxLockSeconds: number | undefined;
  checks: string | undefined;
  checkCommand: string | undefined;
  checkTimeoutSeconds: number;
  accept: readonly Accepted[];
  /** Others can read this run's log, so that no name of the database may stand in it. */
  hideNames: boolean;
}

export interface CommentInputs {
  command: 'comment';
  /** Undefined where the event knows of none: there is nothing to write to then. */
  pullRequest: number | undefined;
  body: string;
  /** No comment is begun. */
  updateOnly: boolean;
  /** Of the database: each has a comment of its own. */
  name: string | undefined;
  token: string;
  /** `owner/name`. */
  repository: string;
  /** For example `https://api.github.com`. */
  apiUrl: string;
}

/** Understands the inputs of `detect`. */
export function readDetect(read: Reader, environment: Environment): DetectInputs {
  return { command: 'detect', ...readChange(read, environment) };
}

/** Understands the inputs of `rehearse`. */
export function readRehearse(read: Reader, environment: Environment): RehearseInputs {
  const maxLock = read.optional('max-lock');
  const { accept, acceptUpgrade } = readAcceptedFindings(read);
  if (acceptUpgrade)
    throw wrongInput('accept', 'has the line "upgrade"', 'a rehearsal knows of no upgrade; leave it out');
  return {
    command: 'rehearse',
    ...readChange(read, environment),
    targetUrl: read.text('target-url'),
    sslRootCert: read.optional('ssl-root-cert'),
    client: read.text('client'),
    jobs: readJobs(read, 2),
    migrateCommand: read.optional('migrate-command'),
    migrateRole: read.optional('migrate-role'),
    migrateTimeoutSeconds: seconds('migrate-timeout', read.text('migrate-timeout')),
    downCommand: read.optional('down-command'),
    repeat: flag('repeat', read.text('repeat')),
    maxLockSeconds: maxLock === undefined ? undefined : seconds('max-lock', maxLock),
    checks: read.optional('checks'),
    checkCommand: read.optional('check-command'),
    checkTimeoutSeconds: seconds('check-timeout', read.text('check-timeout')),
    accept,
    hideNames: choice('report', read.text('report'), ['auto', 'public']) === 'auto' && mayBeReadByOthers(environment),
  };
}

/** Understands the inputs of `comment`. */
export function readComment(read: Reader, environment: Environment): CommentInputs {
  const number = read.optional('pull-request');
  const repository = environment.GITHUB_REPOSITORY ?? '';
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw wrongInput('github-token', 'works only in a workflow', 'the command comment needs GITHUB_REPOSITORY');
  return {
    command: 'comment',
    pullRequest:
      number === undefined ? readEvent(environment).pullRequest : wholeNumber('pull-request', number, 1, 999_999_999),
    body: read.text('body'),
    updateOnly: flag('update-only', read.text('update-only')),
    name: readName(read),
    token: read.text('github-token'),
    repository,
    apiUrl: environment.GITHUB_API_URL ?? 'https://api.github.com',
  };
}

function readChange(read: Reader, environment: Environment): ChangeOptions {
  return {
    paths: lines(read.optional('paths') ?? ''),
    base: readCommit('base', read),
    head: readCommit('head', read),
    event: readEvent(environment),
  };
}

/** A commit by hash, branch or tag; never an option of git. */
function readCommit(input: 'base' | 'head', read: Reader): string | undefined {
  const value = read.optional(input);
  if (value === undefined || /^[A-Za-z0-9_][\w./-]*(?:[~^]\d*)*$/.test(value)) return value;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be a commit, a branch or a tag');
}
