import { ObjectMissing } from '../store/missing.ts';
import { WrongKey } from '../crypto/wrong-key.ts';
import { Failure, messageOf } from '../failure.ts';
import type { Finding } from '../finding.ts';
import { ConnectionLost } from '../postgres/connection.ts';
import { ProcessFailure } from '../process.ts';
import { digest } from '../streams.ts';
import { BytesDiffer, type StoredBackup } from './stored-backup.ts';

/** Ends a drill with a finding: what comes after it cannot be looked at. */
export class DrillEnded extends Failure {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`${finding.code} ${finding.object}: ${finding.found}`);
    this.finding = finding;
  }
}

const lostWords =
  /server closed the connection|terminating connection|connection to server .* failed|could not connect|no connection to the server|the database system is|Connection refused/;
const fullWords = /No space left on device|could not extend file|out of memory|out of shared memory|could not write/;

/**
 * What ended a drill, as findings. Whatever it was, the stored bytes are looked at: damage there is the cause of much else. Anything
 * that is no finding, a defect of ours or a cancel, is thrown on.
 */
export async function findingsOf(error: unknown, backup: StoredBackup, signal: AbortSignal): Promise<Finding[]> {
  signal.throwIfAborted();
  if (error instanceof DrillEnded) return [error.finding];
  if (error instanceof ConnectionLost)
    return [{ code: 'SERVER_LOST', object: 'server', expected: 'an answer', found: error.message }];
  const { code } = error as { code?: string };
  if (code !== undefined && /^(?:53|58)/.test(code))
    return [{ code: 'SERVER_FULL', object: 'server', expected: 'room', found: `SQLSTATE ${code}` }];
  if (error instanceof ProcessFailure && fullWords.test(error.stderr))
    return [{ code: 'SERVER_FULL', object: 'server', expected: 'room', found: withoutValues(error.message) }];
  if (error instanceof ProcessFailure && lostWords.test(error.stderr))
    return [{ code: 'SERVER_LOST', object: 'server', expected: 'an answer', found: withoutValues(error.message) }];
  if (error instanceof WrongKey)
    return [{ code: 'WRONG_KEY', object: 'contents', expected: 'a key that fits', found: error.message }];
  if (!(error instanceof Failure)) throw error;
  const damaged = await damagedObjects(backup, signal);
  if (damaged.length > 0) return damaged;
  const isRestore = error instanceof ProcessFailure;
  return [
    isRestore
      ? { code: 'RESTORE_FAILED', object: 'archive', expected: 'status 0', found: withoutValues(error.message) }
      : { code: 'NOT_DECRYPTABLE', object: 'archive', expected: 'bytes that decrypt to the end', found: error.message },
  ];
}

/** Reads every stored byte and holds it against the manifest. */
export async function damagedObjects(backup: StoredBackup, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const object of backup.manifest.objects) {
    try {
      await digest(await backup.read(object, signal));
    } catch (error) {
      signal.throwIfAborted();
      findings.push(damageOf(object.object, error));
    }
  }
  return findings;
}

function damageOf(object: string, error: unknown): Finding {
  if (error instanceof ObjectMissing)
    return { code: 'OBJECT_MISSING', object, expected: 'an object', found: 'none in the store' };
  if (error instanceof BytesDiffer) return { code: error.code, object, expected: error.expected, found: error.found };
  return { code: 'NOT_READABLE', object, expected: 'its bytes', found: messageOf(error) };
}

/** A message of the server may end with a value: `invalid input syntax for type integer: "…"`. */
export function withoutValues(message: string): string {
  return message.replaceAll(/: "[^|]*"(?= \||$)/g, ': (a value)');
}
