import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { bodyOf, type Part } from './parts.ts';
import type { S3Connection } from './s3-connection.ts';
import { S3Failure } from './s3-errors.ts';

/** What the requests of one write share. */
export interface WriteOptions {
  contentType?: string | undefined;
  signal: AbortSignal | undefined;
  /** Told when a request may have been carried out although no success was heard of. */
  onUncertain: () => void;
}

/** Writes an object of one part; returns the SHA-256 (base64) that the store reports, if it does. */
export async function putObject(
  connection: S3Connection,
  key: string,
  part: Part,
  options: WriteOptions,
): Promise<string | undefined> {
  const answer = await offeringChecksums(connection, isOffered => {
    const input = {
      ...connection.bucketKey(key),
      ...storageOf(connection, options),
      ContentLength: part.sizeBytes,
      ...(isOffered ? { ChecksumSHA256: part.sha256.toString('base64') } : md5ForLock(connection, part)),
    };
    const { signal, onUncertain } = options;
    return connection.run({ operation: 'PutObject', key, signal, onUncertain }, (client, sendOptions) =>
      client.send(signedWith(part, new PutObjectCommand({ ...input, Body: bodyOf(part) })), sendOptions),
    );
  });
  return answer.ChecksumSHA256;
}

/** Starts a multipart upload; returns its id. */
export async function createUpload(connection: S3Connection, key: string, options: WriteOptions): Promise<string> {
  const answer = await offeringChecksums(connection, isOffered => {
    const input = {
      ...connection.bucketKey(key),
      ...storageOf(connection, options),
      // without it, AWS and others refuse a completion that names the parts' checksums
      ...(isOffered ? { ChecksumAlgorithm: 'SHA256' as const } : {}),
    };
    const { signal, onUncertain } = options;
    return connection.run({ operation: 'CreateMultipartUpload', key, signal, onUncertain }, (client, sendOptions) =>
      client.send(new CreateMultipartUploadCommand(input), sendOptions),
    );
  });
  if (answer.UploadId === undefined) throw strange(connection, key, 'started no upload');
  return answer.UploadId;
}

/** Uploads one part; returns what the completion must say of it. Throws when the store reports another SHA-256 than ours. */
export async function uploadPart(
  connection: S3Connection,
  { key, uploadId, part, signal }: { key: string; uploadId: string; part: Part; signal: AbortSignal },
): Promise<CompletedPart> {
  const checksum = part.sha256.toString('base64');
  const input = {
    ...connection.bucketKey(key),
    UploadId: uploadId,
    PartNumber: part.number,
    ContentLength: part.sizeBytes,
    ...(connection.acceptsChecksums ? { ChecksumSHA256: checksum } : {}),
  };
  const answer = await connection.run({ operation: 'UploadPart', key, signal }, (client, sendOptions) =>
    client.send(signedWith(part, new UploadPartCommand({ ...input, Body: bodyOf(part) })), sendOptions),
  );
  if (answer.ETag === undefined) throw strange(connection, key, `named no ETag for part ${part.number}`);
  const reported = answer.ChecksumSHA256;
  if (reported !== undefined && reported !== checksum) {
    throw strange(connection, key, `reports SHA-256 ${reported} for part ${part.number} where ${checksum} was sent`);
  }
  return {
    PartNumber: part.number,
    ETag: answer.ETag,
    ...(connection.acceptsChecksums ? { ChecksumSHA256: checksum } : {}),
  };
}

/** Makes the object of its parts; returns the SHA-256 of the parts' digests (base64, `-N`) that the store reports, if it does. */
export async function completeUpload(
  connection: S3Connection,
  { key, uploadId, parts }: { key: string; uploadId: string; parts: CompletedPart[] },
  { signal, onUncertain }: Pick<WriteOptions, 'signal' | 'onUncertain'>,
): Promise<string | undefined> {
  const input = { ...connection.bucketKey(key), UploadId: uploadId, MultipartUpload: { Parts: parts } };
  let mayBeDone = false;
  const onMaybeDone = () => {
    mayBeDone = true;
    onUncertain();
  };
  try {
    const request = {
      operation: 'CompleteMultipartUpload',
      key,
      signal,
      isSlow: true,
      onUncertain: onMaybeDone,
    } as const;
    const answer = await connection.run(request, async (client, options) => {
      const completed = await client.send(new CompleteMultipartUploadCommand(input), options);
      // S3 sends its 200 first and may then report an error in the body
      if (completed.ETag === undefined) throw unconfirmed();
      return completed;
    });
    return answer.ChecksumSHA256;
  } catch (error) {
    // an earlier try was carried out, and only its answer was lost: the proof that follows looks at the object itself
    if (mayBeDone && error instanceof S3Failure && error.fault.code === 'NoSuchUpload') return undefined;
    throw error;
  }
}

/** Ends a multipart upload and frees what it holds; an upload that is not there is no error (false). */
export async function abortUpload(
  connection: S3Connection,
  { key, uploadId }: { key: string; uploadId: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const input = { ...connection.bucketKey(key), UploadId: uploadId };
  try {
    await connection.run({ operation: 'AbortMultipartUpload', key, signal }, (client, options) =>
      client.send(new AbortMultipartUploadCommand(input), options),
    );
    return true;
  } catch (error) {
    if (error instanceof S3Failure && error.fault.code === 'NoSuchUpload') return false;
    throw error;
  }
}

/**
 * Removes one object; a missing one is no error. Gives whether the bucket only put a delete marker over it, and keeps it as an old version
 * (docs.aws.amazon.com, "Deleting object versions from a versioning-enabled bucket").
 */
export async function deleteObject(connection: S3Connection, key: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const { DeleteMarker } = await connection.run({ operation: 'DeleteObject', key, signal }, (client, options) =>
      client.send(new DeleteObjectCommand(connection.bucketKey(key)), options),
    );
    return DeleteMarker === true;
  } catch (error) {
    if (error instanceof S3Failure && error.fault.code === 'NoSuchKey') return false;
    throw error;
  }
}

/**
 * Sends with SHA-256 checksums, and once more without when the store refuses those as unknown headers (B2, older Ceph: 400 or 501).
 * It is remembered only when that helps; else the refusal was about something else.
 */
async function offeringChecksums<T>(connection: S3Connection, send: (isOffered: boolean) => Promise<T>): Promise<T> {
  if (!connection.acceptsChecksums) return send(false);
  try {
    return await send(true);
  } catch (error) {
    if (!(error instanceof S3Failure) || !refusesHeaders(error)) throw error;
    const answer = await send(false);
    connection.acceptsChecksums = false;
    return answer;
  }
}

const headerRefusals = [
  'InvalidArgument',
  'InvalidRequest',
  'NotImplemented',
  'UnsupportedArgument',
  'BadRequest',
  'InvalidHeader',
];

function refusesHeaders({ fault }: S3Failure): boolean {
  return fault.status === 501 || (fault.status === 400 && headerRefusals.includes(fault.code));
}

function storageOf({ place }: S3Connection, { contentType }: WriteOptions) {
  const { storageClass, encryption, objectLock } = place;
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as 'STANDARD' }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.kmsKeyId === undefined ? {} : { SSEKMSKeyId: encryption.kmsKeyId }),
    ...(objectLock === undefined
      ? {}
      : {
          ObjectLockMode: objectLock.mode,
          ObjectLockRetainUntilDate: new Date(Date.now() + objectLock.days * 24 * 60 * 60 * 1000),
        }),
  };
}

/** S3 takes no locked object without one checksum or the other. */
function md5ForLock({ place }: S3Connection, { slabs, sizeBytes }: Part): { ContentMD5?: string } {
  if (place.objectLock === undefined) return {};
  const content = slabs[0]?.subarray(0, sizeBytes) ?? '';
  return { ContentMD5: createHash('md5').update(content).digest('base64') };
}

interface BuildArguments {
  request: { headers: Record<string, string> };
}
/** What we use of the SDK's middleware stack. */
interface BuildStack {
  add(
    middleware: (next: (args: BuildArguments) => unknown) => (args: BuildArguments) => unknown,
    options: { step: 'build'; name: string },
  ): void;
}

/** Hands the signature the SHA-256 that we have, so that the SDK does not hash the body a second time. */
function signedWith<C extends { middlewareStack: unknown }>({ sha256 }: Part, command: C): C {
  const stack = command.middlewareStack as BuildStack;
  const setHeader = (next: (args: BuildArguments) => unknown) => (args: BuildArguments) => {
    args.request.headers['x-amz-content-sha256'] = sha256.toString('hex');
    return next(args);
  };
  stack.add(setHeader, { step: 'build', name: 'knownSha256' });
  return command;
}

/** In the SDK's shape, so that it is tried again like any other trouble of the store. */
function unconfirmed(): Error {
  const details = { code: 'InternalError', $metadata: { httpStatusCode: 500 } };
  return Object.assign(new Error('the store confirmed nothing'), details);
}

function strange({ place }: S3Connection, key: string, what: string): Failure {
  return new Failure(`cannot upload object ${key} in ${place.location}: the store ${what}`, {
    hint: 'the store, or something before it, does not speak S3 as it should',
  });
}
