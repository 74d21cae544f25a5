import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import type { S3Connection } from './s3-connection.ts';
import type { ListedObject } from './store.ts';

/** All objects under a prefix, page by page. */
export async function* listObjects(
  connection: S3Connection,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ListedObject> {
  const root = connection.place.prefix;
  for await (const page of pages(connection, { Prefix: root + prefix }, signal)) {
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      const key = decoded(Key ?? '', page.EncodingType);
      // a store that ignores the prefix must not lead to foreign keys
      if (!key.startsWith(root + prefix) || key.length === root.length) continue;
      yield { key: key.slice(root.length), sizeBytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
    }
  }
}

/** The names of the folders right below a prefix that is empty or ends with a slash. */
export async function* listSegments(
  connection: S3Connection,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const whole = connection.place.prefix + prefix;
  for await (const page of pages(connection, { Prefix: whole, Delimiter: '/' }, signal)) {
    for (const { Prefix } of page.CommonPrefixes ?? []) {
      const folder = decoded(Prefix ?? '', page.EncodingType);
      if (folder.startsWith(whole) && folder.endsWith('/')) yield folder.slice(whole.length, -1);
    }
  }
}

/** A key out of an answer that may have been asked to be URL-encoded (XML cannot carry every key as it is). */
export function decoded(text: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
}

async function* pages(
  connection: S3Connection,
  selection: { Prefix: string; Delimiter?: string },
  signal: AbortSignal | undefined,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const { bucket, location } = connection.place;
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, ...selection, EncodingType: 'url' as const, ContinuationToken: token };
    const page = await connection.run({ operation: 'ListObjectsV2', signal }, (client, options) =>
      client.send(new ListObjectsV2Command(input), options),
    );
    yield page;
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && (next === undefined || next === token)) {
      throw new Failure(`cannot list ${location}: the store says that there is more, but not where`);
    }
    token = next;
  } while (token !== undefined);
}
