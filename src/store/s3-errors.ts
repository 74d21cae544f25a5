import { Failure } from '../failure.ts';
import { isNetworkFault, isThrottling, isTls, type Fault } from './s3-fault.ts';
import type { S3Place } from './s3-url.ts';

/** Every request that we send, with the right that it needs on AWS, and the words for it. */
const operations = {
  CreateMultipartUpload: { right: 's3:PutObject', does: 'start the upload of' },
  UploadPart: { right: 's3:PutObject', does: 'upload' },
  CompleteMultipartUpload: { right: 's3:PutObject', does: 'complete the upload of' },
  AbortMultipartUpload: { right: 's3:AbortMultipartUpload', does: 'end the unfinished upload of' },
  PutObject: { right: 's3:PutObject', does: 'write' },
  GetObject: { right: 's3:GetObject', does: 'read' },
  HeadObject: { right: 's3:GetObject and s3:ListBucket', does: 'look at' },
  DeleteObject: { right: 's3:DeleteObject', does: 'remove' },
  ListObjectsV2: { right: 's3:ListBucket', does: 'list' },
  ListMultipartUploads: { right: 's3:ListBucketMultipartUploads', does: 'list the unfinished uploads of' },
  GetBucketVersioning: { right: 's3:GetBucketVersioning', does: 'read the versioning of' },
  GetObjectLockConfiguration: { right: 's3:GetBucketObjectLockConfiguration', does: 'read the object lock of' },
  GetBucketPolicyStatus: { right: 's3:GetBucketPolicyStatus', does: 'read the policy status of' },
  GetPublicAccessBlock: { right: 's3:GetBucketPublicAccessBlock', does: 'read the public access block of' },
  GetBucketAcl: { right: 's3:GetBucketAcl', does: 'read the access control list of' },
  GetBucketLifecycleConfiguration: { right: 's3:GetLifecycleConfiguration', does: 'read the lifecycle rules of' },
} as const;

export type S3Operation = keyof typeof operations;

/** The right that a request needs, by its name on AWS. */
export function rightFor(operation: S3Operation): string {
  return operations[operation].right;
}

/** A request, for messages: what it does, and to which object (a key below the store's root). */
export interface S3Call {
  operation: S3Operation;
  key?: string;
}

/** A request that failed for good. */
export class S3Failure extends Failure {
  readonly fault: Fault;
  /** One of the tries may have been carried out, although no success was heard of. */
  readonly isUncertain: boolean;

  constructor(message: string, hint: string | undefined, fault: Fault, isUncertain: boolean) {
    super(message, { hint, cause: new Error(`${fault.code}: ${fault.message}`) });
    this.name = 'S3Failure';
    this.fault = fault;
    this.isUncertain = isUncertain;
  }
}

interface Explanation {
  problem: string;
  hint?: string | undefined;
}

const wrongCredentials: Record<string, string> = {
  InvalidAccessKeyId: 'does not know the access key',
  XAdminUserNotFound: 'does not know the access key', // versitygw's own word
  SignatureDoesNotMatch: 'does not accept the secret access key',
  ExpiredToken: 'says that the session token has expired',
  ExpiredTokenException: 'says that the session token has expired',
  InvalidToken: 'does not accept the session token',
  InvalidSecurity: 'does not accept the credentials',
};
const largestClockErrorMilliseconds = 5 * 60_000;

/** True when the store did not even believe who is asking, so that any other request would fare no better. */
export function isAboutIdentity({ code }: Fault): boolean {
  return Object.hasOwn(wrongCredentials, code) || code === 'RequestTimeTooSkewed';
}

/** The failure for people: what could not be done to what, what the store said, and the remedy. */
export function explain(
  call: S3Call,
  place: S3Place,
  outcome: { fault: Fault; tries: number; isUncertain: boolean },
): S3Failure {
  const { fault, tries, isUncertain } = outcome;
  const { problem, hint } = explanationOf(call, place, fault);
  const object = call.key === undefined ? place.location : `object ${call.key} in ${place.location}`;
  const count = tries === 1 ? '' : ` (${tries} tries)`;
  return new S3Failure(
    `cannot ${operations[call.operation].does} ${object}: ${problem}${count}`,
    hint,
    fault,
    isUncertain,
  );
}

function explanationOf(call: S3Call, place: S3Place, fault: Fault): Explanation {
  return (
    aboutClock(fault) ??
    aboutCredentials(place, fault) ??
    aboutBucket(place, fault) ??
    aboutRights(call, place, fault) ??
    aboutNetwork(place, fault) ??
    aboutServer(fault)
  );
}

function aboutClock(fault: Fault): Explanation | undefined {
  if (fault.status !== 403) return undefined;
  const skew = fault.serverTime ? Date.now() - fault.serverTime.getTime() : 0;
  const isOff = Math.abs(skew) > largestClockErrorMilliseconds;
  if (fault.code !== 'RequestTimeTooSkewed' && !isOff) return undefined;
  const by = isOff ? ` by ${Math.round(Math.abs(skew) / 60_000)} minutes (${skew > 0 ? 'ahead' : 'behind'})` : '';
  return { problem: `the clock of this machine is off${by}`, hint: 'set the clock, for example by NTP' };
}

function aboutCredentials({ inputPrefix: of = '' }: S3Place, { code }: Fault): Explanation | undefined {
  const verdict = wrongCredentials[code];
  if (verdict === undefined) return undefined;
  const hint = `check ${of}access-key-id, ${of}secret-access-key and ${of}session-token`;
  return { problem: `the store ${verdict} (${code})`, hint };
}

function aboutBucket({ bucket, region: given }: S3Place, fault: Fault): Explanation | undefined {
  if (fault.code === 'NoSuchBucket') {
    return {
      problem: `there is no bucket ${bucket} (NoSuchBucket)`,
      hint: 'create the bucket, or check the store URL and its endpoint',
    };
  }
  const isElsewhere = fault.code === 'PermanentRedirect' || fault.code === 'AuthorizationHeaderMalformed';
  const region = fault.region ?? /expecting '([a-z0-9-]+)'/.exec(fault.message)?.[1];
  if (isElsewhere || (fault.status === 301 && region !== undefined && region !== given)) {
    const where = region === undefined ? 'another region' : `region ${region}`;
    return {
      problem: `bucket ${bucket} is in ${where}, not in ${given ?? 'the one in use'}`,
      hint:
        region === undefined
          ? 'name its region or endpoint in the store URL'
          : `put region=${region} into the store URL`,
    };
  }
  if (fault.status !== undefined && fault.status >= 300 && fault.status < 400) {
    const to = fault.redirectHost === undefined ? '' : ` to ${fault.redirectHost}`;
    return {
      problem: `the store answered with a redirect${to}, which is never followed`,
      hint: 'name the right endpoint in the store URL',
    };
  }
  return undefined;
}

function aboutRights({ operation }: S3Call, { encryption }: S3Place, fault: Fault): Explanation | undefined {
  if (fault.status !== 401 && fault.status !== 403) return undefined;
  if (operation === 'DeleteObject') {
    const problem = `the store refuses (${fault.status} ${fault.code}: ${oneLine(fault.message)})`;
    return { problem, hint: 'the object is locked, or the credentials lack s3:DeleteObject' };
  }
  const kms = encryption?.kmsKeyId === undefined ? '' : ', and the right to use its KMS key';
  const hint = `give the credentials ${operations[operation].right} on this bucket and prefix${kms}`;
  return { problem: `the store denies access (${fault.status} ${fault.code})`, hint };
}

function aboutNetwork({ endpoint, region }: S3Place, fault: Fault): Explanation | undefined {
  if (!isNetworkFault(fault)) return undefined;
  const host = endpoint === undefined ? `S3 in region ${region ?? 'of the environment'}` : new URL(endpoint).host;
  const checkEndpoint = 'check the endpoint in the store URL';
  if (fault.code === 'ENOTFOUND' || fault.code === 'EAI_AGAIN') {
    return { problem: `the host of ${host} is unknown (${fault.code})`, hint: `${checkEndpoint}, and the region` };
  }
  if (fault.code === 'ECONNREFUSED') return { problem: `${host} refuses the connection`, hint: checkEndpoint };
  if (isTls(fault.code)) {
    const hint = `${checkEndpoint}; for a certificate authority of your own set NODE_EXTRA_CA_CERTS`;
    return { problem: `the connection to ${host} is not secure (${fault.code}: ${oneLine(fault.message)})`, hint };
  }
  if (fault.code === 'TimeoutError' || fault.code === 'ETIMEDOUT') {
    return {
      problem: `${host} does not answer, or the connection stalled`,
      hint: 'check the network between this machine and the store',
    };
  }
  return {
    problem: `the connection to ${host} broke (${fault.code})`,
    hint: 'check the network between this machine and the store',
  };
}

function aboutServer(fault: Fault): Explanation {
  if (isThrottling(fault)) {
    return {
      problem: `the store keeps asking to slow down (${fault.status} ${fault.code})`,
      hint: 'use fewer jobs, or try later',
    };
  }
  const said = `the store answered ${fault.status} ${fault.code}: ${oneLine(fault.message)}`;
  if (fault.status !== undefined && fault.status >= 500)
    return { problem: said, hint: 'the store is in trouble; try later' };
  return { problem: said };
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, 300);
}
