import * as v from 'valibot';
import { Failure } from '../failure.ts';
import { fileObjectPattern, kinds } from './key.ts';
import { bigNumber, count, parseDocument, sha256, timestamp } from './schema.ts';

/** What an object of a backup is for. `files` says which files are in it and where, `key` is the age identity that a passphrase opens. */
export const purposes = ['main', 'shard', 'roles', 'schema', 'files', 'contents', 'recover', 'key'] as const;
export type Purpose = (typeof purposes)[number];

/** Whether the encrypted contents repeat the hash of such an object, so that an edited manifest is seen. */
export function isRepeated(purpose: Purpose): boolean {
  return /^(?:main|shard|roles|schema|files)$/.test(purpose);
}

const objectSchema = v.object({
  object: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)),
  purpose: v.picklist(purposes),
  /** What lies between pg_dump's archive and the encryption. */
  layer: v.nullable(v.literal('zstd')),
  sizeBytes: count,
  sha256,
  proof: v.picklist(['checksum', 'read-back']),
});

const fileSchema = v.object({
  object: v.pipe(v.string(), v.regex(fileObjectPattern)),
  sizeBytes: count,
  sha256,
  proof: v.picklist(['checksum', 'read-back']),
});

/** One stored object as the manifest lists it: its key below the backup's folder, size and SHA-256 of the stored bytes. */
export type ManifestObject = v.InferOutput<typeof objectSchema>;

/** One stored file, which several backups may refer to: its key below the database's folder, size and SHA-256 of the stored bytes. */
export type ManifestFile = v.InferOutput<typeof fileSchema>;

/**
 * The manifest: the seal of a backup, readable by anyone who can read the store. It says little: no name of a table or a role,
 * no count of a single table.
 */
export const manifestSchema = v.object({
  format: v.literal(1),
  id: v.string(),
  name: v.string(),
  kind: v.picklist(kinds),
  partial: v.boolean(),
  reason: v.nullable(v.string()),
  /** The pull request that it was made for. */
  pullRequest: v.nullable(count),
  startedAt: timestamp,
  snapshotAt: timestamp,
  sealedAt: timestamp,
  tool: v.object({ name: v.string(), version: v.string() }),
  /** Null where the provider hides it: then nobody can tell its servers apart. */
  source: v.nullable(
    v.object({
      systemIdentifier: bigNumber,
      databaseOid: count,
      standby: v.boolean(),
      /** How long ago a standby was level with its primary; null for a primary, and where nobody can tell. */
      behindSeconds: v.nullable(count),
    }),
  ),
  /** The user said that another database than before may be backed up under this name from now on. */
  newSource: v.boolean(),
  server: v.object({ major: count, version: v.string() }),
  client: v.object({ version: v.string() }),
  database: v.object({
    encoding: v.string(),
    localeProvider: v.string(),
    collate: v.string(),
    ctype: v.string(),
    locale: v.nullable(v.string()),
    icuRules: v.nullable(v.string()),
  }),
  extensions: v.array(v.object({ name: v.string(), version: v.string() })),
  encryption: v.object({ scheme: v.picklist(['age', 'gpg', 'none']), recipients: v.array(v.string()) }),
  compression: v.string(),
  fingerprint: v.picklist(['content', 'counts', 'none']),
  totals: v.object({
    tables: count,
    rows: v.nullable(count),
    databaseBytes: count,
    /** In the backup's own folder. */
    storedBytes: count,
    files: v.optional(count, 0),
  }),
  requiredTables: v.object({ asked: count, present: count }),
  warnings: count,
  retain: v.nullable(v.string()),
  run: v.nullable(
    v.object({ url: v.nullable(v.string()), actor: v.nullable(v.string()), commit: v.nullable(v.string()) }),
  ),
  objects: v.array(objectSchema),
  /** Each once, sorted; there are none in backups from before there were files. */
  files: v.optional(v.array(fileSchema), []),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;

/** The largest manifest that is read, so that a hostile one cannot fill the memory: 10,000 files take some 4 MB. */
export const manifestLimitBytes = 16 * 1024 * 1024;

/** Parses a manifest and holds it against the key it was found under: one that was moved is refused. */
export function parseManifest(text: string, name: string, id: string): Manifest {
  const manifest = parseDocument(manifestSchema, text, `the manifest of ${id}`);
  if (manifest.id === id && manifest.name === name) return manifest;
  const found = `${manifest.name}/${manifest.id}`.slice(0, 200);
  throw new Failure(`the manifest of ${name}/${id} says that it belongs to ${found}`, {
    hint: 'somebody moved or edited it; use another backup',
  });
}

/** The text of a manifest as it is stored. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
