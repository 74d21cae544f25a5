import type { Files, StoredFile } from '../catalog/files.ts';
import type { Manifest, ManifestFile } from '../catalog/manifest.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { WrongKey } from '../crypto/wrong-key.ts';
import { messageOf } from '../failure.ts';
import type { Finding } from '../finding.ts';
import { ObjectMissing } from '../store/missing.ts';
import { digest } from '../streams.ts';
import { eachAtOnce } from '../together.ts';
import { damageOf } from './drill-end.ts';
import { BytesDiffer, type StoredBackup } from './stored-backup.ts';

/** What a look at the files of a backup came to. No path of a file is in it. */
export interface FilesLook {
  findings: Finding[];
  /** Files whose plaintext is what `files.json` says; none without a key. */
  proven: number;
}

const objectsAtOnce = 8;

/** Whether a backup says in any place that files belong to it. */
export function hasFiles({ objects, files, totals }: Manifest): boolean {
  return files.length + totals.files > 0 || objects.some(({ purpose }) => purpose === 'files');
}

/**
 * Reads every file object that a backup refers to, held against the manifest; with a key also decrypted, and held against `files.json`,
 * as is the manifest's list itself. Whatever is wrong is a finding, so that all are looked at.
 */
export async function lookAtFiles(
  backup: StoredBackup,
  decryption: Decryption | undefined,
  signal: AbortSignal,
  onObject: (sizeBytes: number) => void = () => {},
): Promise<FilesLook> {
  const { manifest } = backup;
  const findings: Finding[] = unlisted(manifest);
  const files = decryption && findings.length === 0 ? await readFiles(backup, decryption, findings, signal) : undefined;
  if (files !== undefined) findings.push(...compare(manifest, files));
  const byObject = new Map<string, StoredFile[]>();
  for (const file of files?.files ?? []) {
    const same = byObject.get(file.object) ?? [];
    same.push(file);
    byObject.set(file.object, same);
  }
  let proven = 0;
  await eachAtOnce(objectsAtOnce, manifest.files, async file => {
    const wanted = byObject.get(file.object) ?? [];
    // without files.json the plaintext says nothing more than the stored bytes do
    const key = wanted.length === 0 ? undefined : decryption;
    const wrong = await lookAt(backup, file, wanted, key, signal);
    if (wrong !== undefined) findings.push(wrong);
    else proven += wanted.length;
    onObject(file.sizeBytes);
  });
  return { findings, proven };
}

async function readFiles(
  backup: StoredBackup,
  decryption: Decryption,
  findings: Finding[],
  signal: AbortSignal,
): Promise<Files | undefined> {
  try {
    return await backup.files(decryption, signal);
  } catch (error) {
    const object = backup.manifest.objects.find(({ purpose }) => purpose === 'files');
    findings.push(await faultOf(backup, object ?? { object: 'files', sizeBytes: 0, sha256: '' }, error, signal));
    return undefined;
  }
}

async function lookAt(
  backup: StoredBackup,
  file: ManifestFile,
  wanted: readonly StoredFile[],
  decryption: Decryption | undefined,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  try {
    if (decryption === undefined) return void (await digest(await backup.read(file, signal)));
    const { sizeBytes, sha256 } = await digest(await backup.decrypt(file, decryption, signal));
    const other = wanted.find(one => one.sizeBytes !== sizeBytes || one.sha256 !== sha256);
    if (other === undefined) return undefined;
    const facts = (size: number, hash: string) => `${size} bytes, SHA-256 ${hash}`;
    return {
      code: 'FILE_DIFFERS',
      object: file.object,
      expected: facts(other.sizeBytes, other.sha256),
      found: facts(sizeBytes, sha256),
    };
  } catch (error) {
    return faultOf(backup, file, error, signal);
  }
}

/** When an object does not decrypt, its bytes alone are looked at once more: damage of what is stored is the cause. */
async function faultOf(
  backup: StoredBackup,
  file: Pick<ManifestFile, 'object' | 'sizeBytes' | 'sha256'>,
  error: unknown,
  signal: AbortSignal,
): Promise<Finding> {
  signal.throwIfAborted();
  if (error instanceof ObjectMissing || error instanceof BytesDiffer) return damageOf(file.object, error);
  try {
    await digest(await backup.read(file, signal));
  } catch (damage) {
    signal.throwIfAborted();
    return damageOf(file.object, damage);
  }
  const code = error instanceof WrongKey ? 'WRONG_KEY' : 'NOT_DECRYPTABLE';
  return { code, object: file.object, expected: 'bytes that the key opens', found: messageOf(error) };
}

/** Files without `files.json`, or the other way round: the manifest was edited. */
function unlisted({ objects, files, totals }: Manifest): Finding[] {
  const isThere = objects.some(({ purpose }) => purpose === 'files');
  const isEmpty = files.length + totals.files === 0;
  if (isThere || isEmpty) return [];
  const found = 'not listed in the manifest, which was edited';
  return [{ code: 'OBJECT_MISSING', object: 'files', expected: 'an object', found }];
}

/** The manifest is plain text that anyone who writes to the store can edit. */
function compare(manifest: Manifest, { files }: Files): Finding[] {
  const differs = (object: string, expected: string, found: string): Finding => ({
    code: 'CONTENTS_DIFFER',
    object,
    expected,
    found,
  });
  const named = new Set(files.map(({ object }) => object));
  const listed = new Set(manifest.files.map(({ object }) => object));
  return [
    ...[...named].filter(one => !listed.has(one)).map(one => differs(one, 'in the manifest', 'only in files.json')),
    ...[...listed].filter(one => !named.has(one)).map(one => differs(one, 'in files.json', 'only in the manifest')),
    ...(files.length === manifest.totals.files
      ? []
      : [differs('files', `${files.length} files, as in files.json`, `${manifest.totals.files} in the manifest`)]),
  ];
}
