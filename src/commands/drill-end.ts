import type { Manifest, ManifestObject } from '../catalog/manifest.ts';
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
  /server closed the connection|terminating connection|connection to server .* failed|could not connect|no connection to the server|could not (?:receive data from|send data to) server|connection has been closed|the database system is|Connection refused/;
/** Only in the server's own words: a damaged archive lets pg_restore itself ask for more memory than there is. */
const fullWords =
  /\b(?:ERROR|FATAL|PANIC): .*(?:No space left on device|could not extend file|out of memory|out of shared memory|could not write|Disk quota exceeded)/;
/** How `connect` says that there is no session. */
const unreachableWords =
  /^(?:nothing accepts connections at|the server at|cannot connect to|there is no way from here to|the host) | did not answer/;
const lostCodes = /^(?:57P0[1-5]|08|ECONN|EPIPE|ETIMEDOUT)/;
const decryptionWords =
  /^the (?:age|gpg) file |^the object |^gpg |^the output of gpg |cannot read the table of contents/;
const contentsWords = /^the contents of .* (?:belong to|is not )/;

/**
 * What ended a drill, as findings. Where the server is not at fault, the stored bytes are looked at: damage there is the cause of much else.
 * Anything that is no finding, a defect of ours or a cancel, is thrown on.
 */
export async function findingsOf(error: unknown, backup: StoredBackup, signal: AbortSignal): Promise<Finding[]> {
  signal.throwIfAborted();
  if (error instanceof DrillEnded) return [error.finding];
  const atServer = faultOfServer(error);
  if (atServer) return [atServer];
  if (isOfDatabase(error)) throw error;
  // whoever has given a wrong key need not wait for the archives
  const isLookedAt = ({ purpose }: ManifestObject) => !(error instanceof WrongKey) || !/^(?:main|shard)$/.test(purpose);
  const damaged = await damagedObjects(backup, signal, isLookedAt);
  if (damaged.length > 0) return damaged;
  return [faultOfBackup(error)];
}

function faultOfServer(error: unknown): Finding | undefined {
  const lost = (found: string): Finding => ({ code: 'SERVER_LOST', object: 'server', expected: 'an answer', found });
  const full = (found: string): Finding => ({ code: 'SERVER_FULL', object: 'server', expected: 'room', found });
  if (error instanceof ConnectionLost) return lost(error.message);
  if (error instanceof ProcessFailure) {
    const said = withoutStatements(error.stderr);
    if (fullWords.test(said)) return full(withoutValues(error.message));
    if (lostWords.test(said)) return lost(withoutValues(error.message));
    return undefined;
  }
  if (error instanceof Failure && unreachableWords.test(error.message)) {
    const { code = '', message = '' } = (error.cause ?? {}) as { code?: string; message?: string };
    if (lostCodes.test(code) || /terminated unexpectedly/.test(message)) return lost(error.message);
    return { code: 'SERVER_UNREACHABLE', object: 'server', expected: 'a session', found: error.message };
  }
  if (!isOfDatabase(error)) return undefined;
  if (/^53|^58030/.test(error.code)) return full(`SQLSTATE ${error.code}`);
  if (/^58/.test(error.code))
    return { code: 'NOT_VERIFIED', object: 'server', expected: 'an answer', found: `SQLSTATE ${error.code}` };
  return undefined;
}

/** What is wrong when every stored byte is as the manifest says. */
function faultOfBackup(error: unknown): Finding {
  if (error instanceof WrongKey)
    return { code: 'WRONG_KEY', object: 'contents', expected: 'a key that fits', found: error.message };
  // the store gave something else this time than at the second look
  if (error instanceof BytesDiffer) return damageOf(/^object (\S+) /.exec(error.message)?.[1] ?? 'archive', error);
  const { code = '' } = error as { code?: string };
  const isDecompression = /^Z(?:_|STD_)/.test(code);
  if (!(error instanceof Failure) && !isDecompression) throw error;
  const found = withoutValues(messageOf(error));
  if (error instanceof ProcessFailure) {
    const isRestore = found.startsWith('pg_restore ended');
    const crashed = error.killedBy !== null && /^SIG(?:SEGV|ABRT|BUS|ILL|FPE)$/.test(error.killedBy);
    if (isRestore || crashed) return { code: 'RESTORE_FAILED', object: 'archive', expected: 'status 0', found };
    return { code: 'NOT_VERIFIED', object: 'archive', expected: 'a program that runs to its end', found };
  }
  if (isDecompression || decryptionWords.test(found))
    return { code: 'NOT_DECRYPTABLE', object: 'archive', expected: 'bytes that decrypt to the end', found };
  if (contentsWords.test(found))
    return { code: 'CONTENTS_DIFFER', object: 'contents', expected: 'the contents of this backup', found };
  if (error instanceof ObjectMissing || /^cannot read /.test(found))
    return { code: 'NOT_READABLE', object: 'backup', expected: 'its bytes', found };
  const { hint } = error as Failure;
  return { code: 'NOT_VERIFIED', object: 'drill', expected: 'its end', found: hint ? `${found} (${hint})` : found };
}

function isOfDatabase(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/** Reads every stored byte and holds it against the manifest; objects that every backup has must be listed. */
export async function damagedObjects(
  backup: StoredBackup,
  signal: AbortSignal,
  isLookedAt: (object: ManifestObject) => boolean = () => true,
): Promise<Finding[]> {
  const findings: Finding[] = unlisted(backup.manifest);
  for (const object of backup.manifest.objects.filter(isLookedAt)) {
    try {
      await digest(await backup.read(object, signal));
    } catch (error) {
      signal.throwIfAborted();
      findings.push(damageOf(object.object, error));
    }
  }
  return findings;
}

function unlisted({ objects }: Manifest): Finding[] {
  const always = ['main', 'roles', 'schema', 'contents'] as const;
  return always
    .filter(purpose => !objects.some(object => object.purpose === purpose))
    .map(object => ({
      code: 'OBJECT_MISSING',
      object,
      expected: 'an object',
      found: 'not listed in the manifest, which was edited',
    }));
}

/** What is wrong with an object that could not be read, or is not what the manifest says. */
export function damageOf(object: string, error: unknown): Finding {
  if (error instanceof ObjectMissing)
    return { code: 'OBJECT_MISSING', object, expected: 'an object', found: 'none in the store' };
  if (error instanceof BytesDiffer) return { code: error.code, object, expected: error.expected, found: error.found };
  return { code: 'NOT_READABLE', object, expected: 'its bytes', found: messageOf(error) };
}

/** A statement that failed may hold any words, and pg_restore repeats it whole. */
function withoutStatements(stderr: string): string {
  return stderr.replaceAll(/^Command was: [\s\S]*?(?=^pg_\w+: |$(?![\s\S]))/gm, '');
}

/** A message of the server may end with a value: `invalid input syntax for type integer: "…"`. */
export function withoutValues(message: string): string {
  return message.replaceAll(/: "[^|]*"(?= \||$)/g, ': (a value)');
}
