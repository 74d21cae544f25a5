import { readdir, readFile } from 'node:fs/promises';

/**
 * Kills the programs that still have `TMPDIR=<folder>` in their environment, which a test has left running, and gives
 * their names. Linux only: elsewhere it finds none.
 */
export async function killLeftovers(folder: string): Promise<string[]> {
  const killed: string[] = [];
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`TMPDIR=${folder}`)) continue;
    killed.push((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim());
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
  return killed;
}
