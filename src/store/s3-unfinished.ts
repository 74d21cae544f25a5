import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { decoded } from './s3-list.ts';
import type { S3Connection } from './s3-connection.ts';
import { abortUpload } from './s3-writes.ts';

export interface Clearing {
  /** Below the store's root. */
  prefix: string;
  accepts?: (key: string) => boolean;
  /** Only those that began earlier; one whose begin the store does not tell is left. */
  before?: Date | undefined;
  signal?: AbortSignal | undefined;
}

/** Ends all unfinished multipart uploads under a prefix that are accepted; returns how many. */
export async function clearUploads(
  connection: S3Connection,
  { prefix, accepts = () => true, before, signal }: Clearing,
): Promise<number> {
  let cleared = 0;
  for await (const { key, uploadId, startedAt } of uploads(connection, prefix, signal)) {
    if (before && !(startedAt && startedAt < before)) continue;
    if (accepts(key) && (await abortUpload(connection, { key, uploadId }, signal))) cleared++;
  }
  return cleared;
}

async function* uploads(connection: S3Connection, prefix: string, signal: AbortSignal | undefined) {
  const { bucket, prefix: root } = connection.place;
  let markers: Markers | undefined = {};
  while (markers) {
    const input: ListMultipartUploadsCommandInput = {
      Bucket: bucket,
      Prefix: root + prefix,
      EncodingType: 'url',
      ...markers,
    };
    const page = await connection.run({ operation: 'ListMultipartUploads', signal }, (client, options) =>
      client.send(new ListMultipartUploadsCommand(input), options),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = decoded(Key ?? '', page.EncodingType);
      if (key.startsWith(root + prefix) && UploadId !== undefined) {
        yield { key: key.slice(root.length), uploadId: UploadId, startedAt: Initiated };
      }
    }
    markers = page.IsTruncated ? nextMarkers(page) : undefined;
  }
}

interface Markers {
  KeyMarker?: string;
  UploadIdMarker?: string | undefined;
}

function nextMarkers(page: ListMultipartUploadsCommandOutput): Markers | undefined {
  const { NextKeyMarker, NextUploadIdMarker, EncodingType } = page;
  if (NextKeyMarker === undefined) return undefined;
  return { KeyMarker: decoded(NextKeyMarker, EncodingType), UploadIdMarker: NextUploadIdMarker };
}
