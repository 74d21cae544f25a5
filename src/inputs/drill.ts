import { availableParallelism } from 'node:os';
import { wrongInput } from '../failure.ts';
import { type FindingCode, isFindingCode } from '../finding.ts';
import type { Environment } from './raw.ts';
import {
  type FingerprintLevel,
  type KeyInputs,
  type Reader,
  mostJobs,
  readBackupChoice,
  readJobs,
  readKeys,
  wordsToRead,
} from './reader.ts';
import { choice, flag, lines, seconds, shown } from './values.ts';
import { mayBeReadByOthers } from './visibility.ts';

/** A finding that the user knows, as it is printed. */
export interface Accepted {
  code: FindingCode;
  object: string;
}

/** The inputs of a drill beside those that all commands have. */
export interface DrillOptions {
  backup: string;
  keys: KeyInputs;
  targetUrl: string;
  sslRootCert: string | undefined;
  jobs: number;
  fingerprint: FingerprintLevel;
  client: string;
  requiredTables: readonly string[];
  checks: string | undefined;
  checkCommand: string | undefined;
  checkTimeoutSeconds: number;
  maxRtoSeconds: number | undefined;
  maxRpoSeconds: number | undefined;
  optionalExtensions: readonly string[];
  accept: readonly Accepted[];
  /** The server may be of a newer major than the backup. */
  acceptUpgrade: boolean;
  keepScratch: boolean;
  /** No row is restored: such a drill proves no backup. */
  schemaOnly: boolean;
  tune: 'auto' | 'off';
  /** Others can read this run's log, so that no name of the database may stand in it. */
  hideNames: boolean;
  confirm: string | undefined;
}

/** Understands the inputs of a drill. */
export function readDrill(read: Reader, environment: Environment): DrillOptions {
  const optionalSeconds = (name: string) => {
    const value = read.optional(name);
    return value === undefined ? undefined : seconds(name, value);
  };
  return {
    backup: readBackupChoice(read, wordsToRead),
    keys: readKeys(read),
    targetUrl: read.text('target-url'),
    sslRootCert: read.optional('ssl-root-cert'),
    jobs: readJobs(read, Math.min(availableParallelism(), mostJobs)),
    fingerprint: choice('fingerprint', read.text('fingerprint'), ['content', 'counts', 'none']),
    client: read.text('client'),
    requiredTables: lines(read.optional('required-tables') ?? ''),
    checks: read.optional('checks'),
    checkCommand: read.optional('check-command'),
    checkTimeoutSeconds: seconds('check-timeout', read.text('check-timeout')),
    maxRtoSeconds: optionalSeconds('max-rto'),
    maxRpoSeconds: optionalSeconds('max-rpo'),
    optionalExtensions: lines(read.optional('optional-extensions') ?? ''),
    ...readAcceptedFindings(read),
    schemaOnly: flag('schema-only', read.text('schema-only')),
    keepScratch: flag('keep-scratch', read.text('keep-scratch')),
    tune: choice('tune', read.text('tune'), ['auto', 'off']),
    hideNames: choice('report', read.text('report'), ['auto', 'public']) === 'auto' && mayBeReadByOthers(environment),
    confirm: read.optional('confirm'),
  };
}

/** The findings in the input `accept`, and whether it has the line `upgrade`. */
export function readAcceptedFindings(read: Reader): Pick<DrillOptions, 'accept' | 'acceptUpgrade'> {
  const given = lines(read.optional('accept') ?? '');
  const accept = given
    .filter(line => line !== 'upgrade')
    .map(line => {
      const [, code = '', object = ''] = /^([A-Z_]+)\s+(\S.*)$/.exec(line) ?? [];
      if (isFindingCode(code)) return { code, object };
      throw wrongInput(
        'accept',
        `has the line "${shown(line)}"`,
        'it may be upgrade, or a finding as it was printed: its code and its object',
      );
    });
  return { accept, acceptUpgrade: given.includes('upgrade') };
}
