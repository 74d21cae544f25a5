import { type DefinitionKind, definitionKinds } from './definition-kinds.ts';
import type { ExitStatus } from './failure.ts';
import { type Meaning, failed, unknown } from './finding-meaning.ts';
import { outside } from './finding-outside.ts';
import { ofReplica } from './finding-replica.ts';

export { type DefinitionKind, definitionKinds } from './definition-kinds.ts';

/** What a look at a backup came to: `passed` only when everything was looked at and nothing was wrong. */
export const verdicts = ['passed', 'failed', 'could-not-verify'] as const;
export type Verdict = (typeof verdicts)[number];

const useAnother = 'use another backup, and run verify on this one';
const notAsInSource = 'do not rely on this backup: make a new one, drill it, and report this if it comes again';

export type DefinitionCode = `${DefinitionKind}_${'MISSING' | 'EXTRA' | 'DIFFERS'}`;

function ofDefinitions(): Record<DefinitionCode, Meaning> {
  const entries = definitionKinds.flatMap(kind => {
    const word = kind.toLowerCase().replaceAll('_', ' ');
    return [
      [`${kind}_MISSING`, failed(`the source had this (${word}), the restored copy has not`, notAsInSource)],
      [`${kind}_EXTRA`, failed(`the restored copy has this (${word}), the source had not`, notAsInSource)],
      [`${kind}_DIFFERS`, failed(`it is defined in another way than in the source (${word})`, notAsInSource)],
    ] as const;
  });
  return Object.fromEntries(entries) as Record<DefinitionCode, Meaning>;
}

const others = {
  // stored bytes
  OBJECT_MISSING: failed('an object of the backup is not in the store', useAnother),
  SIZE_DIFFERS: failed('an object has another size than the manifest says', useAnother),
  HASH_DIFFERS: failed('an object has other bytes than the manifest says', useAnother),
  WRONG_KEY: unknown(
    'the key given does not open this backup',
    'give the identity that belongs to one of the recipients in the manifest',
  ),
  NOT_DECRYPTABLE: failed('the stored bytes are right, but they do not decrypt to the end', useAnother),
  NOT_READABLE: unknown('the store did not give an object', 'look at the store and its credentials, and run it again'),
  CONTENTS_DIFFER: failed('the manifest and the encrypted contents contradict each other', useAnother),
  FILE_DIFFERS: failed('a stored file is not what files.json says of it', useAnother),
  TABLE_DATA_MISSING: failed('no archive holds the rows of a table that the contents list', useAnother),

  // the server that the drill restores into
  SERVER_UNREACHABLE: unknown(
    'the server to restore into cannot be used',
    'check target-url, and that the service container is up and its user a superuser',
  ),
  SERVER_MAJOR_DIFFERS: unknown(
    'the server is of another major than the backup',
    "use an image of the backup's major, or rehearse the upgrade with accept: upgrade",
  ),
  SERVER_LOST: unknown(
    'the server went away during the drill',
    "look into the server's log, give it more memory, and run the drill again",
  ),
  SERVER_FULL: unknown('the server ran out of disk or memory', 'give it more, and run the drill again'),
  EXTENSION_UNAVAILABLE: unknown(
    'the server lacks an extension that the backup needs',
    'use an image that has it, or name it in optional-extensions',
  ),
  LOCALE_UNAVAILABLE: unknown(
    "the server cannot make a database with the source's encoding and locale",
    'use an image that has the locale, such as the official one of Debian',
  ),
  RESTORE_FAILED: failed(
    'the backup could not be restored',
    'read the message; if the server is not at fault, do not rely on this backup and make a new one',
  ),

  // data
  ROWS_DIFFER: failed('a table has another number of rows than the snapshot', notAsInSource),
  CONTENT_DIFFERS: failed('a table has as many rows as the snapshot, but other values', notAsInSource),
  TABLE_NOT_COMPARED: unknown(
    'the rows of a table could not be compared',
    'read what stands in its way, and run the drill again',
  ),
  SEQUENCE_BEHIND: failed(
    'a sequence would give values that were given before',
    'do not rely on this backup; after a restore set it with setval',
  ),
  SEQUENCE_AHEAD: failed('a sequence is further than it was after the dump', notAsInSource),
  SEQUENCE_NOT_COMPARED: unknown(
    'the value of a sequence could not be compared',
    'it was set back while the backup ran; make a new backup at a quieter time',
  ),
  MATVIEW_NOT_POPULATED: failed('a materialized view has no rows where the source had some', notAsInSource),
  MATVIEW_POPULATED: failed('a materialized view is populated where the source had it empty', notAsInSource),
  MATVIEW_CONTENT_DIFFERS: failed('a materialized view does not hold what its own query gives', notAsInSource),
  LARGE_OBJECTS_DIFFER: failed('large objects are missing, or have other bytes, owners or rights', notAsInSource),

  // state that definitions do not show
  OWNER_DIFFERS: failed('an object belongs to another role than in the source', notAsInSource),
  CONSTRAINT_NOT_VALIDATED: failed(
    'a constraint is not validated where the source had it validated, or the other way',
    notAsInSource,
  ),
  TRIGGER_DISABLED: failed('a trigger fires in another way than in the source', notAsInSource),
  INDEX_INVALID: failed('an index cannot be used where the source had it valid', notAsInSource),
  VIEW_BROKEN: failed('a view cannot be selected from', 'restore it by hand into an empty server and look at the view'),
  DEFINITIONS_NOT_COMPARED: unknown(
    'the definitions could not be compared',
    'read what stands in the way, and run the drill again',
  ),

  // roles and the database itself
  ROLE_MISSING: failed('a role that the source had is not there', notAsInSource),
  ROLE_DIFFERS: failed('a role has other attributes or settings than in the source', notAsInSource),
  MEMBERSHIP_DIFFERS: failed('a membership in a role is missing, extra or has other options', notAsInSource),
  DATABASE_DIFFERS: failed('the database has another owner, comment, limit, right or setting', notAsInSource),
  ENCODING_DIFFERS: failed('the database has another encoding or locale than the source', notAsInSource),
  STATEMENT_REFUSED: unknown(
    'the server refused a statement that a role or the database needs',
    'read its reason; use a server with what it needs',
  ),
  NOT_VERIFIED: unknown('something was not looked at', 'read the reason; accept it by name if that is what you want'),

  // which backup it is
  SOURCE_CHANGED: failed(
    'the backup was made from another database than those before it',
    'check database-url; if the source has moved, make one backup with new-source',
  ),
  SOURCE_STALE: failed(
    'the backup was made from a replica that was behind',
    'look at the replication, or back up the primary',
  ),
  BACKUP_EMPTY: failed(
    'the backup has no rows, though earlier ones had',
    'check database-url, and whether the source is the database that you mean',
  ),
  BACKUP_STALE: failed(
    'the newest backup is old: new ones are not being made',
    'look at the runs of the backup workflow; how old it may be is said by max-age (watch) or max-rpo (drill)',
  ),
  REQUIRED_TABLE_MISSING: failed('a required table is not in the backup', 'check database-url and required-tables'),
  REQUIRED_TABLE_EMPTY: failed('a required table has no rows in the backup', 'look at the source'),

  // what a watch finds in the store
  STORE_UNREACHABLE: unknown(
    'the store could not be listed',
    'check store, its credentials and their right to list; until then nobody knows whether there are backups',
  ),
  NO_BACKUP: failed(
    'the store holds no whole sealed backup of the database',
    'check store and name, and look at the runs of the backup workflow',
  ),
  BACKUP_FROM_FUTURE: failed(
    'a backup is dated in the future, so that nobody knows how old it is',
    'set the clock of the machine that makes the backups, or of the one that watches',
  ),
  BACKUP_UNFINISHED: failed(
    'a run began after the newest backup, and never sealed its own',
    'look at the last run of the backup workflow; the next backup that is sealed ends this',
  ),
  MANIFEST_UNREADABLE: failed(
    'the manifest of a sealed backup is not what a backup wrote',
    'do not rely on this backup, and find out who can write to the store; one of a newer format takes a newer release',
  ),
  DRILL_MISSING: failed(
    'no drill has ever proven a backup of the database',
    'run the command drill; a team that does not drill says so with max-drill-age: off',
  ),
  DRILL_STALE: failed(
    'it is long ago that a drill last passed',
    'look at the runs of the drill workflow, or say with max-drill-age how long ago it may be',
  ),
  DRILL_FAILED: failed('the newest drill of a backup failed', 'open its report; make a new backup, and drill that one'),
  DRILL_WITHOUT_ANSWER: unknown(
    'the newest drill of a backup could not verify it',
    'open its report, put right what was in its way, and run it again',
  ),
  RECIPIENT_NEVER_PROVEN: failed(
    'no drill has ever shown that the identity of a recipient opens a backup',
    'run the command drill once with that identity, or take the recipient out of recipients',
  ),
  VERIFY_FAILED: failed(
    'a verify found a recent backup wrong',
    'do not rely on this backup: make a new one, and verify it',
  ),
  VERIFY_WITHOUT_ANSWER: unknown(
    'the newest verify of a recent backup came to no answer',
    'look at its run, put right what was in its way, and run it again',
  ),
  SIZE_FELL: failed(
    'it is smaller than recent backups by more than max-shrink',
    'find out what was removed in the source; if that was meant, accept it until older backups are that small',
  ),
  ROWS_FELL: failed(
    'it has fewer rows than recent backups, by more than max-shrink',
    'find out who deleted rows in the source; if that was meant, accept it until older backups have as few',
  ),
  TABLES_FELL: failed(
    'it has fewer tables than recent backups, by more than max-shrink',
    'find out who dropped tables in the source; if that was meant, accept it until older backups have as few',
  ),
  REQUIRED_TABLES_FEWER: failed(
    'the newest backup was asked for fewer required tables than those before it',
    'put required-tables of the backup workflow right; if that was meant, accept it until older backups asked for as few',
  ),
  RPO_OUT_OF_REACH: failed(
    'the schedule of backups is slower than max-rpo',
    'back up more often, or raise max-rpo; where minutes count, dumps are not enough: turn on point-in-time recovery',
  ),

  ...ofReplica,

  // what a watch finds in the database
  DATABASE_UNREACHABLE: failed('the database cannot be used', 'look at the server, then at database-url'),
  SOURCE_DIFFERS: failed(
    'the database is not the one that the backups were made from',
    'check database-url and name; if the source has moved, make one backup with new-source',
  ),
  DATABASE_TOO_LARGE: failed(
    'the database is larger than max-size',
    'find out what grows, look at the room that is left, or raise max-size',
  ),
  DATABASE_TABLE_MISSING: failed(
    'a required table is not in the database',
    'find out who dropped or renamed it; the newest backup may still have it',
  ),
  DATABASE_TABLE_EMPTY: failed(
    'a required table has no rows in the database',
    'find out who emptied it; the newest backup may still have its rows',
  ),
  DATABASE_TABLE_NOT_READ: unknown(
    'nobody could look into a required table',
    'give the user of database-url the right to read it, past row security too',
  ),

  // budgets
  RTO_EXCEEDED: failed('the restore took longer than max-rto', 'use more jobs or a faster server, or raise max-rto'),
  RPO_EXCEEDED: failed(
    'there was a longer time without a backup than max-rpo',
    'back up more often, look for runs that failed, or raise max-rpo',
  ),

  // checks
  CHECK_FAILED: failed('a check says that the data is wrong', 'run the query on the source and compare'),
  CHECK_NOT_RUN: unknown(
    'a check could not be run to an answer',
    'read its reason and mend the query; a check is one query that gives one boolean, or no rows',
  ),
  CHECK_TIMED_OUT: unknown('a check did not end in time', 'mend the query, or raise check-timeout'),
  CHECK_COMMAND_FAILED: failed('check-command ended with another status than 0', 'read what it printed'),
  CHECK_COMMAND_NOT_RUN: unknown('check-command could not be run', 'check the command, and what it needs to run'),

  // the rehearsal of migrations
  MIGRATION_FAILED: failed('a migration ended with an error', 'mend the migration'),
  MIGRATION_TIMED_OUT: failed('a migration did not end in time', 'make it faster, or raise migrate-timeout'),
  MIGRATE_COMMAND_NOT_RUN: unknown('migrations could not be run', 'check migrate-command, and what it needs to run'),
  MIGRATION_EDITED: unknown(
    'a migration that was there before is changed, and what of it is applied nobody knows',
    'write a new migration; or say by migrate-command how changed ones are applied',
  ),
  NOTHING_APPLIED: unknown(
    'the migrations ended well, and changed nothing',
    'check that migrate-command applies them to the database in DATABASE_URL; accept it where nothing is meant to change',
  ),
  ROWS_REMOVED: failed(
    'a migration removed rows',
    'if that is what it is for, write a line `lifeboat: accept ROWS_REMOVED table …` into the migration',
  ),
  COLUMN_REMOVED: failed(
    'a migration removed a column that held values',
    'if that is what it is for, write a line `lifeboat: accept COLUMN_REMOVED column …` into the migration',
  ),
  VALUES_REMOVED: failed(
    'a migration made values of a column NULL',
    'if that is what it is for, write a line `lifeboat: accept VALUES_REMOVED column …` into the migration',
  ),
  MIGRATION_GOES_ON: unknown(
    'the migrations ended, and a session of theirs was still at work',
    'let migrate-command wait for what it starts',
  ),
  LOCK_TOO_LONG: failed(
    'a table was closed to readers or writers for longer than max-lock',
    'split the migration, or use forms that lock less (CONCURRENTLY, NOT VALID)',
  ),
  LOCKS_NOT_OBSERVED: unknown('nobody looked at the locks', 'run it again, or leave max-lock out'),
  REPEAT_FAILED: failed('the migrations failed when they were run a second time', 'make them safe to repeat'),
  REPEAT_CHANGED: failed('the migrations changed something when they were run a second time', 'make them idempotent'),
  DOWN_FAILED: failed('down-command ended with another status than 0', 'mend the way back'),
  DOWN_DIFFERS: failed('after down-command a definition is not what it was before', 'mend the way back'),

  ...outside,
} as const;

export type FindingCode = DefinitionCode | keyof typeof others;

/** Every code there is. */
export const findingCodes: Readonly<Record<FindingCode, Meaning>> = { ...ofDefinitions(), ...others };

/** One thing that is not as it must be. Holds names of objects and pieces of definitions, never values of rows. */
export interface Finding {
  code: FindingCode;
  /** What it is about, for example `table public.orders`. */
  object: string;
  expected: string;
  found: string;
}

/** What is expected and found of one object, and the one sentence on what to do. */
export interface ExplainedFinding extends Finding {
  remedy: string;
}

/** Adds to a finding what to do about it. */
export function explained(finding: Finding): ExplainedFinding {
  return { ...finding, remedy: findingCodes[finding.code].remedy };
}

/** The verdict that findings make: any that is wrong outweighs those that could not be looked at. */
export function judge(findings: readonly { code: FindingCode }[]): Verdict {
  if (findings.some(({ code }) => findingCodes[code].verdict === 'failed')) return 'failed';
  return findings.length === 0 ? 'passed' : 'could-not-verify';
}

const exitStatuses: Readonly<Record<Verdict, ExitStatus>> = { passed: 0, failed: 1, 'could-not-verify': 2 };

/** How a command ends that came to a verdict. */
export function exitStatusOf(verdict: Verdict): ExitStatus {
  return exitStatuses[verdict];
}

/** Whether a text is one of the codes. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(findingCodes, text);
}
