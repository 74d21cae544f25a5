import type { Writable } from 'node:stream';
import { type Command, type Ended, start } from '../process.ts';

/**
 * Pours a stream into a program's stdin and waits for both. The stream is read to its end even when the program needs no more of it
 * (pg_restore of one section stops early), since only its end proves it whole. A chunk is written before the next is asked for, so its
 * memory may be used again then. `onOutput` gets the program's stdout.
 */
export async function pour(
  command: Command,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
  onOutput?: (chunk: Buffer) => void,
): Promise<Ended> {
  const stop = new AbortController();
  const child = start(command, AbortSignal.any([signal, stop.signal]));
  let wants = true;
  let failed = false;
  child.done.then(
    () => (wants = false),
    () => (failed = true),
  );
  child.stdin.on('error', () => (wants = false));
  if (onOutput) child.stdout.on('data', onOutput);
  else child.stdout.resume();
  try {
    for await (const chunk of source) {
      if (failed) break;
      if (wants) await Promise.race([written(child.stdin, chunk), child.done.catch(() => {})]);
    }
    child.stdin.end();
  } catch (error) {
    stop.abort(error);
    await child.done.catch(() => {});
    throw error;
  }
  return child.done;
}

function written(stdin: Writable, chunk: Buffer): Promise<void> {
  return new Promise(resolve => stdin.write(chunk, () => resolve()));
}
