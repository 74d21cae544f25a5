import type { StoredFile } from '../catalog/files.ts';
import type { Decryption } from '../crypto/crypto.ts';
import { Failure } from '../failure.ts';
import { checkPaths, placeFile } from '../files/place.ts';
import { inLanes } from '../together.ts';
import type { Context } from './context.ts';
import type { StoredBackup } from './stored-backup.ts';

const filesAtOnce = 4;

/** What the plan of a restore says of the files of a backup. */
export function filesLines({ manifest }: StoredBackup, filesTo: string | undefined): string[] {
  const count = manifest.totals.files;
  if (filesTo !== undefined) return [`${count} files, to ${filesTo}`];
  return count === 0 ? [] : [`${count} files are in the backup; give files-to to get them back`];
}

/** Throws unless every file object is there, in its size. */
export function checkFileObjects({ manifest, listed }: StoredBackup): void {
  const hint = 'use another backup; verify says what else is wrong with this one';
  for (const { object, sizeBytes } of manifest.files) {
    const found = listed.files.get(object);
    if (!found) throw new Failure(`object ${object} of ${manifest.id} is missing in the store`, { hint });
    if (found.sizeBytes === sizeBytes) continue;
    throw new Failure(
      `object ${object} of ${manifest.id} has ${found.sizeBytes} bytes where the manifest says ${sizeBytes}`,
      { hint },
    );
  }
}

/** Writes the files of a backup into a folder that is new or empty, each checked while it is written. Gives their number. */
export async function restoreFiles(
  backup: StoredBackup,
  decryption: Decryption,
  folder: string,
  { log, signal }: Context,
): Promise<number> {
  const { files } = await backup.files(decryption, signal);
  checkPaths(files.map(({ path }) => path));
  const objects = new Map(backup.manifest.files.map(file => [file.object, file]));
  const progress = log.progress(
    'files',
    files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  const write = async (file: StoredFile, joint: AbortSignal) => {
    const object = objects.get(file.object);
    if (object === undefined)
      throw new Failure(`the manifest of ${backup.manifest.id} does not list ${file.object}, which files.json names`, {
        hint: 'one of them was edited; use another backup',
      });
    await placeFile(folder, file, await backup.decrypt(object, decryption, joint), joint);
    progress.add(file.sizeBytes);
  };
  try {
    await inLanes(signal, filesAtOnce, files, write);
  } finally {
    progress.end();
  }
  log.info(`${files.length} files written to ${folder}`);
  return files.length;
}
