import { type Kind, kinds } from '../catalog/key.ts';
import { givenFilesKey } from '../crypto/files-key.ts';
import { wrongInput } from '../failure.ts';
import { checkFileLines } from '../files/find.ts';
import type { RelationFilters } from '../postgres/relations.ts';
import type { Policy } from '../retention/policy.ts';
import { type AlertInputs, readAlert } from './alert.ts';
import { type DrillOptions, readDrill } from './drill.ts';
import { readEvent } from './event.ts';
import { type ListOptions, readList } from './list.ts';
import {
  type CommentInputs,
  type DetectInputs,
  type RehearseInputs,
  readComment,
  readDetect,
  readRehearse,
} from './migration.ts';
import { type PruneOptions, readPolicies, readPrune } from './prune.ts';
import { type Environment, type RawInputs } from './raw.ts';
import {
  type FingerprintLevel,
  type KeyInputs,
  type Reader,
  readBackupChoice,
  readJobs,
  readKeys,
  readName,
  reader,
  wordsToRead,
} from './reader.ts';
import { type StoreInputs, readReplica, readStore } from './store.ts';
import { type WatchInputs, readWatch } from './watch.ts';

export type { LogFormat } from './list.ts';
export type { CommentInputs, DetectInputs, RehearseInputs } from './migration.ts';
export type { FingerprintLevel, KeyInputs } from './reader.ts';
export type { StoreInputs } from './store.ts';
import { choice, compression, flag, keepTime, lines, seconds, shown, sizeBytes } from './values.ts';

/** What a backup is encrypted to. */
export type EncryptionInputs =
  | { scheme: 'age'; recipients: string }
  | { scheme: 'age'; passphrase: string }
  | { scheme: 'gpg'; publicKeys: string | undefined; passphrase: string | undefined }
  | { scheme: 'none' };

/** The workflow run, or undefined in a terminal. */
export interface Run {
  url: string | null;
  actor: string | null;
  commit: string | null;
}

interface Common {
  name: string | undefined;
  store: StoreInputs;
  run: Run | null;
}

export interface BackupInputs extends Common {
  command: 'backup';
  /** A second store that every backup goes into. */
  replica: StoreInputs | undefined;
  kind: Kind;
  reason: string | undefined;
  newSource: string | undefined;
  /** A whole backup that is younger is taken in place of a new one. */
  reuseWithinSeconds: number | undefined;
  /** The pull request that it is made for. */
  pullRequest: number | undefined;
  databaseUrl: string;
  sslRootCert: string | undefined;
  encryption: EncryptionInputs;
  jobs: number;
  compression: string;
  fingerprint: FingerprintLevel;
  filters: RelationFilters;
  /** Globs of files that are stored with it; none where nothing is. */
  files: readonly string[];
  filesKey: string | undefined;
  queueTimeoutSeconds: number;
  lockTimeoutSeconds: number;
  yieldAfterSeconds: number;
  client: string;
  requiredTables: readonly string[];
  minimumSizeBytes: number | undefined;
  accept: readonly string[];
  retain: string | undefined;
  /** What is pruned by after the seal; null where nothing is. */
  policy: Policy | null;
  /** What the replica is pruned by then; null where nothing is removed there. */
  replicaPolicy: Policy | null;
}

export interface ListInputs extends Common, ListOptions {
  command: 'list';
  replica: StoreInputs | undefined;
}

export interface VerifyInputs extends Common {
  command: 'verify';
  backup: string;
  keys: KeyInputs;
  client: string;
  requiredTables: readonly string[];
}

export interface DrillInputs extends Common, DrillOptions {
  command: 'drill';
}

export interface RestoreInputs extends Common {
  command: 'restore';
  backup: string;
  keys: KeyInputs;
  /** Undefined where only files are wanted. */
  targetUrl: string | undefined;
  filesTo: string | undefined;
  sslRootCert: string | undefined;
  jobs: number;
  fingerprint: FingerprintLevel;
  client: string;
  confirm: string | undefined;
  dryRun: boolean;
}

export interface PruneInputs extends Common, PruneOptions {
  command: 'prune';
  replica: StoreInputs | undefined;
}

export interface RetainInputs extends Common {
  command: 'retain';
  backup: string;
  retain: string;
}

export type Inputs =
  | BackupInputs
  | ListInputs
  | VerifyInputs
  | DrillInputs
  | RestoreInputs
  | WatchInputs
  | PruneInputs
  | RetainInputs
  | DetectInputs
  | RehearseInputs
  | CommentInputs
  | AlertInputs;

/** Understands the inputs of one command, and refuses what is unknown, out of range, missing or contradictory (exit status 64). */
export function readInputs(raw: RawInputs, environment: Environment): Inputs {
  const read = reader(raw);
  if (raw.command === 'detect') return readDetect(read, environment);
  if (raw.command === 'rehearse') return readRehearse(read, environment);
  if (raw.command === 'comment') return readComment(read, environment);
  if (raw.command === 'alert') return readAlert(read, environment);
  const common = { name: readName(read), store: readStore(read), run: readRun(environment) };
  switch (raw.command) {
    case 'backup':
      return { command: 'backup', ...common, replica: readReplica(read), ...readBackup(read, environment) };
    case 'list':
      return { command: 'list', ...common, replica: readReplica(read), ...readList(read, environment) };
    case 'verify':
      return {
        command: 'verify',
        ...common,
        backup: readBackupChoice(read, wordsToRead),
        keys: readKeys(read),
        client: read.text('client'),
        requiredTables: lines(read.optional('required-tables') ?? ''),
      };
    case 'drill':
      return { command: 'drill', ...common, ...readDrill(read, environment) };
    case 'restore':
      return { command: 'restore', ...common, ...readRestore(read) };
    case 'watch':
      return { command: 'watch', ...common, replica: readReplica(read), ...readWatch(read, environment) };
    case 'prune':
      return { command: 'prune', ...common, replica: readReplica(read), ...readPrune(read) };
    case 'retain':
      return {
        command: 'retain',
        ...common,
        backup: readBackupChoice(read),
        retain: keepTime('retain', read.text('retain')),
      };
  }
}

function readBackup(read: Reader, environment: Environment): Omit<BackupInputs, 'command' | 'replica' | keyof Common> {
  const minimumSize = read.optional('minimum-size');
  const retain = read.optional('retain');
  const reuseWithin = read.optional('reuse-within');
  const defaultKind = environment.GITHUB_EVENT_NAME === 'schedule' ? 'scheduled' : 'manual';
  return {
    kind: choice('kind', read.optional('kind') ?? defaultKind, kinds),
    reason: read.optional('reason'),
    newSource: read.optional('new-source'),
    reuseWithinSeconds: reuseWithin === undefined ? undefined : seconds('reuse-within', reuseWithin),
    pullRequest: readEvent(environment).pullRequest,
    databaseUrl: read.text('database-url'),
    sslRootCert: read.optional('ssl-root-cert'),
    encryption: readEncryption(read),
    jobs: readJobs(read, 1),
    compression: compression('compression', read.text('compression')),
    fingerprint: choice('fingerprint', read.text('fingerprint'), ['content', 'counts', 'none']),
    filters: readFilters(read),
    ...readFiles(read),
    queueTimeoutSeconds: seconds('queue-timeout', read.text('queue-timeout')),
    lockTimeoutSeconds: seconds('lock-timeout', read.text('lock-timeout')),
    yieldAfterSeconds: seconds('yield-after', read.text('yield-after')),
    client: read.text('client'),
    requiredTables: lines(read.optional('required-tables') ?? ''),
    minimumSizeBytes: minimumSize === undefined ? undefined : sizeBytes('minimum-size', minimumSize),
    accept: readAccepted(read),
    retain: retain === undefined ? undefined : keepTime('retain', retain),
    ...readPolicies(read),
  };
}

function readEncryption(read: Reader): EncryptionInputs {
  const scheme = choice('encryption', read.text('encryption'), ['age', 'gpg', 'none']);
  const recipients = read.optional('recipients');
  const passphrase = read.optional('passphrase');
  const publicKeys = read.optional('gpg-recipients');
  if (scheme !== 'age' && recipients !== undefined)
    throw wrongInput('recipients', `is given with encryption: ${scheme}`, 'recipients are for age');
  if (scheme !== 'gpg' && publicKeys !== undefined)
    throw wrongInput('gpg-recipients', `is given with encryption: ${scheme}`, 'say encryption: gpg');
  if (scheme === 'none') {
    if (passphrase !== undefined)
      throw wrongInput('passphrase', 'is given with encryption: none', 'leave out one of them');
    return { scheme };
  }
  if (scheme === 'gpg') {
    if (publicKeys === undefined && passphrase === undefined)
      throw wrongInput('gpg-recipients', 'is missing', 'encryption: gpg needs it, or a passphrase');
    return { scheme, publicKeys, passphrase };
  }
  if (recipients !== undefined && passphrase !== undefined)
    throw wrongInput('passphrase', 'is given beside recipients', 'give one of them');
  if (recipients !== undefined) return { scheme, recipients };
  if (passphrase !== undefined) return { scheme, passphrase };
  throw wrongInput(
    'recipients',
    'is missing',
    'make a key with `age-keygen -o key.txt` and give its public key; without encryption only with encryption: none',
  );
}

function readFilters(read: Reader): RelationFilters {
  const filters = {
    schemas: lines(read.optional('schemas') ?? ''),
    excludeSchemas: lines(read.optional('exclude-schemas') ?? ''),
    tables: lines(read.optional('tables') ?? ''),
    excludeTables: lines(read.optional('exclude-tables') ?? ''),
    excludeTableData: lines(read.optional('exclude-table-data') ?? ''),
    schemaOnly: flag('schema-only', read.text('schema-only')),
    dataOnly: flag('data-only', read.text('data-only')),
  };
  if (filters.schemaOnly && filters.dataOnly)
    throw wrongInput('data-only', 'is true beside schema-only', 'leave out one of them');
  return filters;
}

function readFiles(read: Reader): Pick<BackupInputs, 'files' | 'filesKey'> {
  const files = lines(read.optional('files') ?? '');
  const filesKey = read.optional('files-key');
  if (files.length > 0) checkFileLines(files);
  if (filesKey !== undefined) givenFilesKey(filesKey);
  return { files, filesKey };
}

function readAccepted(read: Reader): string[] {
  return lines(read.optional('accept') ?? '').map(line => {
    const [, text] = /^DUMP_WARNING\s+(\S.*)$/.exec(line) ?? [];
    if (text !== undefined) return text;
    throw wrongInput('accept', `has the line "${shown(line)}"`, 'it may be DUMP_WARNING and a part of the warning');
  });
}

function readRestore(read: Reader): Omit<RestoreInputs, 'command' | keyof Common> {
  const targetUrl = read.optional('target-url');
  const filesTo = read.optional('files-to');
  if (targetUrl === undefined && filesTo === undefined)
    throw wrongInput('target-url', 'is missing', 'the command restore needs it, or files-to for the files alone');
  return {
    backup: readBackupChoice(read),
    keys: readKeys(read),
    targetUrl,
    filesTo,
    sslRootCert: read.optional('ssl-root-cert'),
    jobs: readJobs(read, 1),
    fingerprint: choice('fingerprint', read.text('fingerprint'), ['content', 'counts', 'none']),
    client: read.text('client'),
    confirm: read.optional('confirm'),
    dryRun: flag('dry-run', read.text('dry-run')),
  };
}

function readRun(environment: Environment): Run | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  if (environment.GITHUB_ACTIONS !== 'true') return null;
  return {
    url: server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null,
    actor: environment.GITHUB_ACTOR ?? null,
    commit: environment.GITHUB_SHA ?? null,
  };
}
