import { chmod, mkdtemp, statfs } from 'node:fs/promises';
import { join } from 'node:path';

const shared = '/dev/shm';
/** The tests of commands alone came to 2.4 GB. */
const neededBytes = 5 * 1024 ** 3;

/**
 * A fresh folder in memory for the data of the servers, whose thousands of small files a disk is slow with; undefined where the machine
 * has no room for it. Programs need not be allowed to run from it.
 */
export async function memoryFolder(): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(shared);
    if (bavail * bsize < neededBytes || process.availableMemory() < neededBytes) return undefined;
    const folder = await mkdtemp(join(shared, 'lifeboat-'));
    await chmod(folder, 0o755); // for servers, which run as another user
    return folder;
  } catch {
    return undefined;
  }
}
