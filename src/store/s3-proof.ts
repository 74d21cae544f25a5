import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { digest } from '../streams.ts';
import type { S3Connection } from './s3-connection.ts';
import { download } from './s3-download.ts';
import { S3Failure } from './s3-errors.ts';
import type { StoredObject } from './store.ts';

/** What must have been stored, and what the store has said of it so far. */
export interface Claim {
  key: string;
  sizeBytes: number;
  /** SHA-256 of all bytes, lower-case hex. */
  sha256: string;
  /**
   * SHA-256 in base64 as S3 reports it: of all bytes for an object that was put in one piece, of the parts' digests for one that
   * was put in parts (there S3 adds `-N`, the number of parts).
   */
  checksum: string;
  /** The checksum in the store's answer to the upload. */
  reported: string | undefined;
}

/**
 * Proves what is stored now: by the SHA-256 that the store itself reports, with the size, or by reading every byte back. Throws
 * a `Failure` when anything differs. An ETag and a size prove nothing.
 */
export async function prove(connection: S3Connection, claim: Claim, signal?: AbortSignal): Promise<StoredObject> {
  const { key, sizeBytes, sha256, reported } = claim;
  checkChecksum(connection, claim, reported);
  const seen = await look(connection, key, signal);
  // who may write but not read: the digests of all parts bind the size too
  if (seen === 'denied' && reported !== undefined) return { key, sizeBytes, sha256, proof: 'checksum' };
  if (seen !== 'denied') {
    checkSize(connection, claim, seen.sizeBytes);
    checkChecksum(connection, claim, seen.checksum);
    const isReported = (reported ?? seen.checksum) !== undefined && seen.sizeBytes !== undefined;
    if (isReported) return { key, sizeBytes, sha256, proof: 'checksum' };
  }
  const stored = await digest(await download(connection, key, signal));
  checkSize(connection, claim, stored.sizeBytes);
  if (stored.sha256 !== sha256)
    throw differs(connection, claim, `SHA-256 ${stored.sha256} where ${sha256} was sent (read back)`);
  return { key, sizeBytes, sha256, proof: 'read-back' };
}

interface Seen {
  sizeBytes: number | undefined;
  checksum: string | undefined;
}

async function look(connection: S3Connection, key: string, signal?: AbortSignal): Promise<Seen | 'denied'> {
  const mode = connection.acceptsChecksums ? { ChecksumMode: 'ENABLED' as const } : {};
  const input = { ...connection.bucketKey(key), ...mode };
  try {
    const answer = await connection.run({ operation: 'HeadObject', key, signal }, (client, options) =>
      client.send(new HeadObjectCommand(input), options),
    );
    return { sizeBytes: answer.ContentLength, checksum: answer.ChecksumSHA256 };
  } catch (error) {
    if (error instanceof S3Failure && error.fault.status === 403) return 'denied';
    throw error;
  }
}

function checkChecksum(connection: S3Connection, claim: Claim, reported: string | undefined): void {
  if (reported === undefined) return;
  const whole = Buffer.from(claim.sha256, 'hex').toString('base64');
  if ([claim.checksum, claim.checksum.replace(/-[0-9]+$/, ''), whole].includes(reported)) return;
  throw differs(connection, claim, `SHA-256 ${reported} where ${claim.checksum} was sent`);
}

function checkSize(connection: S3Connection, claim: Claim, sizeBytes: number | undefined): void {
  if (sizeBytes === undefined || sizeBytes === claim.sizeBytes) return;
  throw differs(connection, claim, `${sizeBytes} bytes where ${claim.sizeBytes} were sent`);
}

function differs({ place }: S3Connection, { key }: Claim, difference: string): Failure {
  return new Failure(`object ${key} in ${place.location} is not what was sent: the store reports ${difference}`, {
    hint: 'run it again; if it happens again, the store or something before it changes data',
  });
}
