import type { Policy } from '../retention/policy.ts';
import { readPolicy } from './prune.ts';
import type { Environment } from './raw.ts';
import { type Reader, readBackupChoice, wordsToRead } from './reader.ts';
import { choice, flag, wholeNumber } from './values.ts';
import { mayBeReadByOthers } from './visibility.ts';

/** How the log is written; as JSON it is the output `json`, or `--json`. */
export const logFormats = ['table', 'csv', 'markdown', 'html'] as const;
export type LogFormat = (typeof logFormats)[number];

/** The inputs of a list beside those that all commands have. */
export interface ListOptions {
  /** The one that the outputs name. */
  backup: string;
  limit: number;
  /** The history of drills in place of the backups. */
  drills: boolean;
  format: LogFormat;
  /** What would be kept, and until when; null: only what was retained by hand is known. */
  policy: Policy | null;
  /** Others can read this run's log, so that no reason and nobody's name may stand in it. */
  hideText: boolean;
}

/** Understands the inputs of a list. */
export function readList(read: Reader, environment: Environment): ListOptions {
  return {
    backup: readBackupChoice(read, wordsToRead),
    limit: wholeNumber('limit', read.text('limit'), 1, 100_000),
    drills: flag('drills', read.text('drills')),
    format: choice('format', read.text('format'), logFormats),
    policy: readPolicy(read),
    hideText: choice('report', read.text('report'), ['auto', 'public']) === 'auto' && mayBeReadByOthers(environment),
  };
}
