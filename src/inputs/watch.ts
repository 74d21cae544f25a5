import { wrongInput } from '../failure.ts';
import { type Accepted, readAcceptedFindings } from './drill.ts';
import type { StoreInputs } from './store.ts';
import type { Environment } from './raw.ts';
import { type Reader } from './reader.ts';
import { choice, lines, seconds, shown, sizeBytes } from './values.ts';
import { mayBeReadByOthers } from './visibility.ts';
import { type OutsideInputs, readOutside } from './watch-outside.ts';

/** The inputs of a watch beside those that all commands have. */
export interface WatchOptions {
  /** Undefined where the database itself is not asked. */
  databaseUrl: string | undefined;
  sslRootCert: string | undefined;
  requiredTables: readonly string[];
  maxAgeSeconds: number;
  /** Undefined for a team that said that it does not drill. */
  maxDrillAgeSeconds: number | undefined;
  maxRpoSeconds: number | undefined;
  /** A share, 0.3 for 30 %. */
  maxShrink: number;
  maxSizeBytes: number | undefined;
  accept: readonly Accepted[];
  outside: OutsideInputs;
  /** Others can read this run's log, so that no name of a table may stand in it. */
  hideNames: boolean;
}

export interface WatchInputs extends WatchOptions {
  command: 'watch';
  /** Without it every database in the store is watched. */
  name: string | undefined;
  store: StoreInputs;
  replica: StoreInputs | undefined;
}

/** Understands the inputs of a watch. What only the database can tell is refused without the database: it would never be looked at. */
export function readWatch(read: Reader, environment: Environment): WatchOptions {
  const databaseUrl = read.optional('database-url');
  const maxRpo = read.optional('max-rpo');
  const maxSize = read.optional('max-size');
  const requiredTables = lines(read.optional('required-tables') ?? '');
  const needy = [
    ...(maxSize === undefined ? [] : ['max-size']),
    ...(requiredTables.length === 0 ? [] : ['required-tables']),
  ];
  if (databaseUrl === undefined && needy[0] !== undefined)
    throw wrongInput('database-url', 'is missing', `${needy[0]} asks the database itself`);
  return {
    databaseUrl,
    sslRootCert: read.optional('ssl-root-cert'),
    requiredTables,
    maxAgeSeconds: seconds('max-age', read.text('max-age')),
    maxDrillAgeSeconds: readDrillAge(read.text('max-drill-age')),
    maxRpoSeconds: maxRpo === undefined ? undefined : seconds('max-rpo', maxRpo),
    maxShrink: readShare('max-shrink', read.text('max-shrink')),
    maxSizeBytes: maxSize === undefined ? undefined : sizeBytes('max-size', maxSize),
    accept: readAccept(read),
    outside: readOutside(read, environment),
    hideNames: choice('report', read.text('report'), ['auto', 'public']) === 'auto' && mayBeReadByOthers(environment),
  };
}

function readDrillAge(value: string): number | undefined {
  if (value === 'off' || value === 'never') return undefined;
  try {
    return seconds('max-drill-age', value);
  } catch {
    throw wrongInput(
      'max-drill-age',
      `is "${shown(value)}"`,
      'it may be a time such as 35d, or off where nobody drills',
    );
  }
}

/** `30%` or `30`, as 0.3. */
function readShare(input: string, value: string): number {
  const [, percent] = /^(\d{1,2})\s*%?$/.exec(value) ?? [];
  if (percent !== undefined && Number(percent) > 0) return Number(percent) / 100;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be a share from 1% to 99%');
}

function readAccept(read: Reader): readonly Accepted[] {
  const { accept, acceptUpgrade } = readAcceptedFindings(read);
  if (!acceptUpgrade) return accept;
  throw wrongInput('accept', 'has the line "upgrade"', 'a watch takes findings as they were printed: CODE object');
}
