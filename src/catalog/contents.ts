import * as v from 'valibot';
import { Failure } from '../failure.ts';
import { bigNumber, count, parseDocument, sha256, timestamp } from './schema.ts';

const qualified = { schema: v.string(), name: v.string() };

const tableSchema = v.object({
  ...qualified,
  kind: v.picklist(['table', 'partitioned', 'foreign']),
  /** False when a filter or the kind keeps the rows out of the archive; counts are then null. */
  dataCaptured: v.boolean(),
  rows: v.nullable(count),
  fingerprint: v.nullable(bigNumber),
  /** `columns` where one row is too large to be hashed whole. */
  fingerprintBy: v.nullable(v.picklist(['row', 'columns'])),
  /** The condition under which pg_dump takes rows of an extension's own table. */
  condition: v.nullable(v.string()),
  sizeBytes: count,
});

const roleSchema = v.object({
  name: v.string(),
  superuser: v.boolean(),
  inherit: v.boolean(),
  createRole: v.boolean(),
  createDatabase: v.boolean(),
  login: v.boolean(),
  replication: v.boolean(),
  bypassRls: v.boolean(),
  connectionLimit: v.pipe(v.number(), v.safeInteger()),
  validUntil: v.nullable(v.string()),
  comment: v.nullable(v.string()),
  /** `name=value` as pg_roles keeps them. */
  settings: v.array(v.string()),
});

const membershipSchema = v.object({
  role: v.string(),
  member: v.string(),
  grantor: v.nullable(v.string()),
  admin: v.boolean(),
  /** Null before PostgreSQL 16, which has no such options. */
  inherit: v.nullable(v.boolean()),
  set: v.nullable(v.boolean()),
});

/** What the dump's snapshot held; encrypted, since it names every table and role. */
export const contentsSchema = v.object({
  format: v.literal(1),
  backupId: v.string(),
  snapshotAt: timestamp,
  /** As the manifest lists them, which anyone who writes to the store could edit. */
  recipients: v.array(v.string()),
  source: v.nullable(v.object({ systemIdentifier: bigNumber, databaseOid: count })),
  fingerprint: v.object({
    level: v.picklist(['content', 'counts', 'none']),
    algorithm: v.nullable(v.string()),
    selfTest: v.nullable(bigNumber),
  }),
  /** Settings of the source that show in the text of definitions. */
  textSettings: v.array(v.object({ name: v.string(), value: v.string() })),
  database: v.object({
    name: v.string(),
    owner: v.string(),
    comment: v.nullable(v.string()),
    connectionLimit: v.pipe(v.number(), v.safeInteger()),
    isTemplate: v.boolean(),
    /** Every database is made with a schema `public`, which a dump does not mention, nor its absence. */
    hasPublicSchema: v.boolean(),
    /** Null means the default rights; else `grantee`, '' for PUBLIC. */
    grants: v.nullable(
      v.array(v.object({ grantor: v.string(), grantee: v.string(), privilege: v.string(), grantable: v.boolean() })),
    ),
    /** `role` is null for settings of the whole database. */
    settings: v.array(v.object({ role: v.nullable(v.string()), setting: v.string() })),
  }),
  tables: v.array(tableSchema),
  /** Sequences do not follow the snapshot: their values before the archives were made, and `later`, after that; null when unknown. */
  sequences: v.array(
    v.object({
      ...qualified,
      lastValue: bigNumber,
      isCalled: v.boolean(),
      ascending: v.boolean(),
      later: v.nullable(v.object({ lastValue: bigNumber, isCalled: v.boolean() })),
    }),
  ),
  materializedViews: v.array(v.object({ ...qualified, populated: v.boolean() })),
  /** `rights` is a sum over owner, grants and comment of each, which no definition shows. */
  largeObjects: v.object({ count, fingerprint: v.nullable(bigNumber), rights: v.nullable(bigNumber) }),
  invalidIndexes: v.array(v.object(qualified)),
  /** `owner` is in no dump. */
  extensions: v.array(v.object({ ...qualified, version: v.string(), owner: v.string() })),
  /** Tablespaces that hold something of this database; their folders are not part of a backup. */
  tablespaces: v.array(v.string()),
  roles: v.array(roleSchema),
  memberships: v.array(membershipSchema),
  /** Rights on settings of the server. */
  parameterRights: v.array(
    v.object({ parameter: v.string(), grantee: v.string(), privilege: v.string(), grantable: v.boolean() }),
  ),
  archives: v.array(v.object({ object: v.string(), sha256 })),
  notCaptured: v.array(v.object({ what: v.string(), reason: v.string() })),
  warnings: v.array(v.string()),
});

export type Contents = v.InferOutput<typeof contentsSchema>;
export type TableContents = v.InferOutput<typeof tableSchema>;
export type Role = v.InferOutput<typeof roleSchema>;
export type Membership = v.InferOutput<typeof membershipSchema>;

/** The largest contents that are read: 100,000 tables fit several times. */
export const contentsLimitBytes = 256 * 1024 * 1024;

/** Parses the contents of one backup; those of another backup are refused. */
export function parseContents(text: string, id: string): Contents {
  const contents = parseDocument(contentsSchema, text, `the contents of ${id}`);
  if (contents.backupId === id) return contents;
  throw new Failure(`the contents of ${id} belong to ${contents.backupId.slice(0, 100)}`, {
    hint: 'somebody swapped objects between backups; use another backup',
  });
}

/** The text of contents as they are encrypted. */
export function formatContents(contents: Contents): string {
  return `${JSON.stringify(contents, null, 1)}\n`;
}
