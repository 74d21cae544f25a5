import {
  GetBucketAclCommand,
  type GetBucketAclCommandOutput,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type GetPublicAccessBlockCommandOutput,
  HeadObjectCommand,
  type LifecycleRule as GivenRule,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BucketState, LifecycleRule, Setting } from '../bucket.ts';
import type { S3Connection, SendOptions } from './s3-connection.ts';
import { S3Failure, type S3Operation, isAboutIdentity, rightFor } from './s3-errors.ts';
import type { Fault } from './s3-fault.ts';
import { listObjects } from './s3-list.ts';

/** One question about a bucket. */
interface Question<A, T> {
  operation: S3Operation;
  send: (client: S3Client, options: SendOptions) => Promise<A>;
  /** Undefined where the answer is none to this question: a store that does not know it may answer another one. */
  read: (answer: A) => T | undefined;
  /** The error code that says that nothing is set, and what that means. */
  absent?: readonly [code: string, value: T];
}

/** What stores answer that have no such setting: R2 501, others 405; each of them a refusal of the question itself. */
const notOffered = new Set(['NotImplemented', 'MethodNotAllowed', 'UnsupportedOperation']);

const everybody = /(?:\/global\/AllUsers|^all-users)$/;
const allAccounts = /\/global\/AuthenticatedUsers$/;

/**
 * Reads how a bucket is set up, and tries what anybody could. Nothing is changed. A setting that may not be read is told as such; what
 * stands in the way of all of them (no bucket, wrong keys, no answer) throws an `S3Failure`.
 */
export async function inspectBucket(
  connection: S3Connection,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<BucketState> {
  const { bucket, prefix: root } = connection.place;
  const input = { Bucket: bucket };
  const ask = <A, T>(question: Question<A, T>) => askBucket(connection, question, signal);
  return {
    bucket,
    prefix: root + prefix,
    hasVersioning: await ask({
      operation: 'GetBucketVersioning',
      send: (client, options) => client.send(new GetBucketVersioningCommand(input), options),
      read: ({ Status }) => Status === 'Enabled',
    }),
    hasObjectLock: await ask({
      operation: 'GetObjectLockConfiguration',
      send: (client, options) => client.send(new GetObjectLockConfigurationCommand(input), options),
      read: ({ ObjectLockConfiguration: lock }) => lock?.ObjectLockEnabled === 'Enabled',
      absent: ['ObjectLockConfigurationNotFoundError', false],
    }),
    hasPublicPolicy: await ask({
      operation: 'GetBucketPolicyStatus',
      send: (client, options) => client.send(new GetBucketPolicyStatusCommand(input), options),
      read: ({ PolicyStatus }) => PolicyStatus?.IsPublic,
      absent: ['NoSuchBucketPolicy', false],
    }),
    publicGrants: await ask({
      operation: 'GetBucketAcl',
      send: (client, options) => client.send(new GetBucketAclCommand(input), options),
      read: publicGrants,
    }),
    publicAccessBlock: await ask({
      operation: 'GetPublicAccessBlock',
      send: (client, options) => client.send(new GetPublicAccessBlockCommand(input), options),
      read: publicAccessBlock,
      absent: ['NoSuchPublicAccessBlockConfiguration', { ignoresGrants: false, restrictsPolicy: false }],
    }),
    lifecycle: await ask({
      operation: 'GetBucketLifecycleConfiguration',
      send: (client, options) => client.send(new GetBucketLifecycleConfigurationCommand(input), options),
      read: ({ Rules }) => Rules && readRules(Rules),
      absent: ['NoSuchLifecycleConfiguration', []],
    }),
    anonymous: await tryAsAnybody(connection, prefix, signal),
  };
}

async function askBucket<A, T>(
  connection: S3Connection,
  { operation, send, read, absent }: Question<A, T>,
  signal: AbortSignal | undefined,
): Promise<Setting<T>> {
  try {
    const value = read(await connection.run({ operation, signal }, send));
    if (value !== undefined) return { outcome: 'read', value };
    return { outcome: 'not read', problem: 'the store answered with something else', needs: null };
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    const { fault } = error;
    if (absent !== undefined && fault.code === absent[0]) return { outcome: 'read', value: absent[1] };
    return unread(error, operation);
  }
}

/** Goes on with the other settings only where the trouble is with this one. */
function unread(error: S3Failure, operation: S3Operation): Setting<never> {
  const { fault } = error;
  const problem = `the store answered ${fault.status} ${fault.code}`;
  if (isNotOffered(fault)) return { outcome: 'not offered', problem };
  if (isAboutIdentity(fault) || fault.code === 'NoSuchBucket' || !isRefusal(fault)) throw error;
  const isForbidden = fault.status === 401 || fault.status === 403;
  return { outcome: 'not read', problem, needs: isForbidden ? rightFor(operation) : null };
}

function isNotOffered({ status, code }: Fault): boolean {
  return status === 501 || status === 405 || notOffered.has(code);
}

function isRefusal({ status = 0 }: Fault): boolean {
  return status >= 400 && status < 500 && status !== 429 && status !== 408;
}

function publicGrants({ Grants, Owner }: GetBucketAclCommandOutput): string[] | undefined {
  if (Grants === undefined && Owner === undefined) return undefined;
  return (Grants ?? []).flatMap(({ Grantee, Permission = 'something' }) => {
    const to = Grantee?.URI ?? Grantee?.ID ?? '';
    if (everybody.test(to)) return [`${Permission} to everybody`];
    return allAccounts.test(to) ? [`${Permission} to all accounts of the provider`] : [];
  });
}

function publicAccessBlock({ PublicAccessBlockConfiguration: block }: GetPublicAccessBlockCommandOutput) {
  const { IgnorePublicAcls, RestrictPublicBuckets } = block ?? {};
  if (IgnorePublicAcls === undefined && RestrictPublicBuckets === undefined) return undefined;
  return { ignoresGrants: IgnorePublicAcls === true, restrictsPolicy: RestrictPublicBuckets === true };
}

/** Undefined where a rule is not of S3's form, as those of Google Cloud Storage are not. */
function readRules(rules: readonly GivenRule[]): LifecycleRule[] | undefined {
  if (!rules.every(({ Status }) => Status === 'Enabled' || Status === 'Disabled')) return undefined;
  return rules.filter(({ Status }) => Status === 'Enabled').map(readRule);
}

function readRule({ ID, Prefix, Filter, Expiration, Transitions = [] }: GivenRule): LifecycleRule {
  const tags = [...(Filter?.Tag ? [Filter.Tag] : []), ...(Filter?.And?.Tags ?? [])];
  return {
    id: ID ?? '',
    prefix: Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '',
    isTagged: tags.length > 0,
    // a rule may also remove nothing but markers of what was deleted before
    expires: Expiration?.Days === undefined && Expiration?.Date === undefined ? null : whenOf(Expiration),
    transitions: Transitions.map(transition => ({
      storageClass: transition.StorageClass ?? '',
      when: whenOf(transition),
    })),
  };
}

function whenOf({ Days, Date: on }: { Days?: number | undefined; Date?: Date | undefined }): string {
  if (on !== undefined) return `on ${on.toISOString().slice(0, 10)}`;
  return Days === undefined || Days === 0 ? 'at once' : `after ${Days} ${Days === 1 ? 'day' : 'days'}`;
}

/** An answer of any kind but a success means that it is refused; only silence and outages leave it open. */
async function tryAsAnybody(
  connection: S3Connection,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<BucketState['anonymous']> {
  const { bucket, prefix: root } = connection.place;
  const key = await firstKey(connection, prefix, signal);
  const anybody = connection.anonymous();
  const list = { Bucket: bucket, Prefix: root + prefix, MaxKeys: 1 };
  try {
    const listsObjects = await isLetIn(
      anybody.run({ operation: 'ListObjectsV2', signal }, (client, options) =>
        client.send(new ListObjectsV2Command(list), options),
      ),
    );
    if (key === undefined) return { outcome: 'read', value: { listsObjects, readsObjects: null } };
    const input = anybody.bucketKey(key);
    const readsObjects = await isLetIn(
      anybody.run({ operation: 'HeadObject', key, signal }, (client, options) =>
        client.send(new HeadObjectCommand(input), options),
      ),
    );
    return { outcome: 'read', value: { listsObjects, readsObjects } };
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    return { outcome: 'not read', problem: error.message, needs: null };
  }
}

async function isLetIn(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof S3Failure && isRefusal(error.fault)) return false;
    throw error;
  }
}

async function firstKey(
  connection: S3Connection,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    for await (const { key } of listObjects(connection, prefix, signal)) return key;
  } catch (error) {
    if (!(error instanceof S3Failure) || error.fault.status !== 403) throw error;
  }
  return undefined;
}
