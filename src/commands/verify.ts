import type { Contents } from '../catalog/contents.ts';
import { type Depth, formatCheckObject, locationOf } from '../catalog/key.ts';
import { type FindingCode, type Verdict, judge } from '../finding.ts';
import { type Manifest, type ManifestObject, isRepeated } from '../catalog/manifest.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { WrongKey } from '../crypto/wrong-key.ts';
import { Failure, messageOf } from '../failure.ts';
import type { VerifyInputs } from '../inputs/inputs.ts';
import type { Progress } from '../log.ts';
import { type Client, findClient } from '../postgres/client.ts';
import { entriesOf, listArchive, missingFromArchive } from '../postgres/archive.ts';
import { ObjectMissing } from '../store/missing.ts';
import { bytes, digest } from '../streams.ts';
import type { Context } from './context.ts';
import { hasKeys, openKeys } from './keys.ts';
import { lookAtFiles } from './files-look.ts';
import { findRequired, rowsOf } from './described.ts';
import { onlyName } from './stores.ts';
import { BytesDiffer, type StoredBackup, openBackup } from './stored-backup.ts';

/** One thing that is not as it must be. */
export interface Finding {
  code: FindingCode;
  object: string;
  /** What was expected and what was found, one clause. */
  message: string;
}

export interface VerifyResult {
  command: 'verify';
  name: string;
  backupId: string;
  location: string;
  depth: Depth;
  verdict: Verdict;
  /** Its own, and those of files that it refers to. */
  objects: number;
  sizeBytes: number;
  /** Files that are in it. */
  files: number;
  durationSeconds: number;
  /** What the encrypted contents list; null without a key. */
  tables: number | null;
  rows: number | null;
  findings: Finding[];
  /** The evidence's key, or null where it could not be written. */
  evidence: string | null;
}

/**
 * Verifies a stored backup without any database: every object present, with its size and SHA-256; with a key also decrypted to its end
 * and its table of contents read. Looks at everything before it judges, and leaves its evidence beside the backup.
 */
export async function verify(inputs: VerifyInputs, context: Context): Promise<VerifyResult> {
  const startedAt = context.now();
  const { signal, log } = context;
  const store = context.openStore(inputs.store);
  const name = await onlyName(store, inputs.name, signal);
  const backup = await openBackup(store, name, inputs.backup, signal);
  const { manifest } = backup;
  const depth: Depth = hasKeys(inputs.keys) || manifest.encryption.scheme === 'none' ? 'archive' : 'bytes';
  const keys = depth === 'archive' ? await openKeys(inputs.keys, manifest, store, signal) : undefined;
  const sizeBytes = [...manifest.objects, ...manifest.files].reduce((sum, one) => sum + one.sizeBytes, 0);
  const findings: Finding[] = unlisted(manifest);
  const read: ArchivesRead = { entries: [], unread: 0, contents: undefined };
  try {
    await log.group(`Verify ${name}/${manifest.id}`, async () => {
      const progress = log.progress('verify', sizeBytes);
      try {
        const look = keys
          ? await archiveLooker(backup, keys.decryption, inputs, context, { read, findings })
          : byteLooker(backup, signal);
        for (const object of manifest.objects) {
          await looked(object, look, findings, signal);
          progress.add(object.sizeBytes);
        }
        await lookThroughFiles(backup, keys?.decryption, findings, { signal, progress });
      } finally {
        progress.end();
      }
      findings.push(...judgeRequired(inputs.requiredTables, read.contents));
      for (const { code, object, message } of findings) log.warn(`${code} ${object}: ${message}`);
    });
  } finally {
    await keys?.close();
  }
  const verdict = judge(findings);
  const result = {
    command: 'verify' as const,
    name,
    backupId: manifest.id,
    location: locationOf(store.location, name, manifest.id),
    depth,
    verdict,
    objects: manifest.objects.length + manifest.files.length,
    sizeBytes,
    files: manifest.totals.files,
    tables: read.contents?.tables.length ?? null,
    rows: read.contents === undefined ? null : rowsOf(read.contents),
    durationSeconds: Math.round((context.now().getTime() - startedAt.getTime()) / 100) / 10,
    findings,
  };
  return { ...result, evidence: await writeEvidence(backup, result, inputs, context) };
}

async function lookThroughFiles(
  backup: StoredBackup,
  decryption: Decryption | undefined,
  findings: Finding[],
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<void> {
  const found = await lookAtFiles(backup, decryption, signal, sizeBytes => progress.add(sizeBytes));
  // that files.json is damaged has been found among the objects
  const isNew = (one: { object: string }) => !findings.some(({ object }) => object === one.object);
  const said = found.findings.filter(isNew).map(({ code, object, expected, found: instead }) => ({
    code,
    object,
    message: `expected ${expected}, found ${instead}`,
  }));
  findings.push(...said);
}

/** What was found in the archives and contents so far. */
interface ArchivesRead {
  /** Lines of the tables of contents. */
  entries: string[];
  /** Archives that are not read yet. */
  unread: number;
  contents: Contents | undefined;
}

type Looker = (object: ManifestObject) => Promise<void>;

/** Runs one look; whatever it throws becomes a finding, so that the other objects are looked at too. */
async function looked(object: ManifestObject, look: Looker, findings: Finding[], signal: AbortSignal): Promise<void> {
  try {
    await look(object);
  } catch (error) {
    signal.throwIfAborted();
    findings.push({ object: object.object, code: codeOf(error), message: messageOf(error) });
  }
}

function codeOf(error: unknown): FindingCode {
  if (error instanceof ObjectMissing) return 'OBJECT_MISSING';
  if (error instanceof BytesDiffer) return error.code;
  if (error instanceof WrongKey) return 'WRONG_KEY';
  if (error instanceof NotDecryptable) return 'NOT_DECRYPTABLE';
  return 'NOT_READABLE';
}

/** The stored bytes are right, but they do not decrypt: the key is another one, or the backup was damaged before it was stored. */
class NotDecryptable extends Failure {}

function byteLooker(backup: StoredBackup, signal: AbortSignal): Looker {
  return async object => void (await digest(await backup.read(object, signal)));
}

async function archiveLooker(
  backup: StoredBackup,
  decryption: Decryption,
  inputs: VerifyInputs,
  { log, signal }: Context,
  { read, findings }: { read: ArchivesRead; findings: Finding[] },
): Promise<Looker> {
  const { manifest } = backup;
  const client = await findClient({ major: manifest.server.major, choice: inputs.client, log, signal });
  const archives = manifest.objects.filter(({ purpose }) => purpose === 'main' || purpose === 'shard');
  read.unread = archives.length;
  return async object => {
    if (object.purpose === 'recover' || object.purpose === 'key')
      return void (await digest(await backup.read(object, signal)));
    if (object.purpose === 'contents') {
      read.contents = await decrypting(backup, object, signal, () => backup.contents(decryption, signal));
      findings.push(...compareContents(manifest, read.contents));
    } else if (object.purpose === 'main' || object.purpose === 'shard') {
      read.entries.push(
        ...(await decrypting(backup, object, signal, () => readArchive(client, backup, object, decryption, signal))),
      );
      read.unread -= 1;
    } else
      await decrypting(backup, object, signal, async () => digest(await backup.decrypt(object, decryption, signal)));
    if (/^(?:main|shard|contents)$/.test(object.purpose))
      findings.push(...compareTables(read, archives[0]?.object ?? ''));
  };
}

/** Once everything is read: each table of the contents is defined, and its rows are there. */
function compareTables({ entries, unread, contents }: ArchivesRead, main: string): Finding[] {
  if (!contents || unread > 0) return [];
  const defined = entriesOf(
    '(?:FOREIGN )?TABLE',
    entries.filter(line => !/^\d+; \d+ \d+ TABLE (?:DATA|ATTACH) /.test(line)),
  );
  // a backup of rows alone defines nothing, and an extension's own tables come with it
  const toDefine = defined.length === 0 ? [] : contents.tables.filter(({ condition }) => condition === null);
  const captured = contents.tables.filter(table => table.dataCaptured);
  return [
    ...missingFromArchive(toDefine, defined).map(table => ({
      code: 'TABLE_MISSING' as const,
      object: main,
      message: `no archive defines ${table}`,
    })),
    ...missingFromArchive(captured, entriesOf('TABLE DATA', entries)).map(table => ({
      code: 'TABLE_DATA_MISSING' as const,
      object: main,
      message: `no archive holds the rows of ${table}`,
    })),
  ];
}

function judgeRequired(required: readonly string[], contents: Contents | undefined): Finding[] {
  if (required.length === 0) return [];
  if (!contents)
    return [
      {
        code: 'NOT_VERIFIED',
        object: 'required-tables',
        message: 'without the contents nobody can tell which tables are there: give the key',
      },
    ];
  return findRequired(required, contents).map(({ code, object, found }) => ({
    code,
    object,
    message: code === 'REQUIRED_TABLE_MISSING' ? 'it is not in the backup' : `rows: ${found}`,
  }));
}

async function readArchive(
  client: Client,
  backup: StoredBackup,
  object: ManifestObject,
  decryption: Decryption,
  signal: AbortSignal,
): Promise<string[]> {
  return listArchive(client, await backup.decrypt(object, decryption, signal), signal);
}

/** Tells damage of the stored bytes from what only decryption sees: when it fails, the bytes alone are looked at once more. */
async function decrypting<T>(
  backup: StoredBackup,
  object: ManifestObject,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ObjectMissing || error instanceof BytesDiffer || signal.aborted) throw error;
    await digest(await backup.read(object, signal));
    if (error instanceof WrongKey) throw error;
    throw new NotDecryptable(messageOf(error), { cause: error });
  }
}

/** What every backup has and this manifest does not list: nobody would look at it, so its absence must be said. */
function unlisted({ objects }: Manifest): Finding[] {
  const always = ['main', 'roles', 'schema', 'contents', 'recover'] as const;
  return always
    .filter(purpose => !objects.some(object => object.purpose === purpose))
    .map(purpose => ({
      code: 'OBJECT_MISSING',
      object: purpose,
      message: 'the manifest lists no such object: it was edited',
    }));
}

/** The sealed manifest is plain text; the contents, encrypted beside it, repeat what matters. */
function compareContents(manifest: Manifest, contents: Contents): Finding[] {
  const differs = (object: string, message: string): Finding => ({ code: 'CONTENTS_DIFFER', object, message });
  const findings: Finding[] = [];
  const hashes = new Map(contents.archives.map(({ object, sha256 }) => [object, sha256]));
  for (const { object, purpose, sha256 } of manifest.objects) {
    if (!isRepeated(purpose)) continue;
    if (hashes.get(object) !== sha256)
      findings.push(
        differs(object, 'the encrypted contents name another SHA-256 for it than the manifest: one of them was edited'),
      );
    hashes.delete(object);
  }
  for (const object of hashes.keys())
    findings.push(differs(object, 'the encrypted contents name it, the manifest does not'));
  if (contents.snapshotAt !== manifest.snapshotAt)
    findings.push(
      differs(
        'manifest.json',
        `its snapshot is of ${manifest.snapshotAt}, that of the contents of ${contents.snapshotAt}`,
      ),
    );
  if (contents.tables.length !== manifest.totals.tables)
    findings.push(
      differs('manifest.json', `it says ${manifest.totals.tables} tables, the contents ${contents.tables.length}`),
    );
  return findings;
}

async function writeEvidence(
  backup: StoredBackup,
  result: Omit<VerifyResult, 'evidence'>,
  inputs: VerifyInputs,
  context: Context,
): Promise<string | null> {
  const at = context.now();
  const { depth, verdict, objects, sizeBytes, durationSeconds, backupId, name } = result;
  const evidence = {
    format: 1,
    backupId,
    name,
    at: at.toISOString(),
    depth,
    verdict,
    objects,
    sizeBytes,
    durationSeconds,
    // names of tables stay out: anyone who reads the store reads this
    findings: result.findings.map(({ code, object }) => ({ code, object })),
    tool: { name: 'pg-lifeboat', version: context.version },
    run: inputs.run,
  };
  const key = backup.keyOf(formatCheckObject({ at, depth, verdict }));
  try {
    await backup.store.put(key, bytes(`${JSON.stringify(evidence, null, 2)}\n`), {
      signal: context.signal,
      contentType: 'application/json',
    });
    return key;
  } catch (error) {
    context.log.warn(`the evidence of this verify could not be written, so list will not show it: ${messageOf(error)}`);
    return null;
  }
}
