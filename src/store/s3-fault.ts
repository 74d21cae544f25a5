/** What went wrong in one request to an S3 store, read from whatever the SDK threw. */
export interface Fault {
  /** HTTP status; undefined when no answer came. */
  status: number | undefined;
  /** S3's error code, or Node's for the network (`ECONNRESET`), or the error's name. */
  code: string;
  message: string;
  /** What the store's clock said. */
  serverTime: Date | undefined;
  /** The region that the store names as the right one. */
  region: string | undefined;
  /** Where a redirect would have led. */
  redirectHost: string | undefined;
}

/** Errors as the SDK builds them: the fields of the error document, and the answer in a hidden one. */
interface SdkError extends Error {
  code?: string;
  Code?: string;
  Region?: string;
  ServerTime?: string | Date;
  errors?: SdkError[];
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number; headers?: Record<string, string | undefined> };
}

const neverAnswered = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const throttlingCodes = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'RequestLimitExceeded',
]);
/** Refusals with a 4xx status that say that the bytes were hurt or late on their way. */
const transferCodes = new Set([
  'RequestTimeout',
  'BadDigest',
  'IncompleteBody',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);

/** Reads any thrown error; one without status and without a code of the network was not about a request at all. */
export function faultOf(thrown: unknown): Fault {
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SdkError;
  const { headers = {}, statusCode } = error.$response ?? {};
  const status = error.$metadata?.httpStatusCode ?? statusCode;
  return {
    status,
    code: codeOf(error),
    message: error.message,
    serverTime: validDate(error.ServerTime) ?? validDate(headers.date),
    region: headers['x-amz-bucket-region'] ?? error.Region,
    redirectHost: status !== undefined && status >= 300 && status < 400 ? hostOf(headers.location) : undefined,
  };
}

/** True when the network, not the store, is what the error is about. */
export function isNetworkFault({ status, code }: Fault): boolean {
  if (status !== undefined) return false;
  return code === 'TimeoutError' || /^E[A-Z_]+$|^HPE_|^ERR_STREAM_PREMATURE_CLOSE$/.test(code) || isTls(code);
}

/** True for errors of certificates, by OpenSSL's names. */
export function isTls(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|CERT_|EPROTO)/.test(code) || /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code);
}

/** True when the store asked us to go slower. */
export function isThrottling({ status, code }: Fault): boolean {
  return status === 429 || throttlingCodes.has(code);
}

/**
 * How often at most a request that ended so may be sent in all. A place that never answered is probably misnamed, one that has
 * answered before is down for a while.
 */
export function triesFor(fault: Fault, allTries: number, hasAnswered: boolean): number {
  if (isThrottling(fault) || transferCodes.has(fault.code)) return allTries;
  if (fault.status !== undefined) {
    // a 200 that could not be understood was cut on its way
    return (fault.status >= 500 && fault.status !== 501) || fault.status === 408 || fault.status < 300 ? allTries : 1;
  }
  if (isTls(fault.code)) return 1;
  if (hasAnswered) return allTries;
  return neverAnswered.has(fault.code) ? 1 : Math.min(3, allTries);
}

/** True when the store may have done what it was asked although we heard of no success. */
export function isUncertain(fault: Fault): boolean {
  if (fault.status === undefined) return !neverAnswered.has(fault.code) && !isTls(fault.code);
  return fault.status >= 500 || fault.status < 300;
}

function codeOf(error: SdkError): string {
  const own = [error.code, error.Code, error.errors?.[0]?.code].find(code => typeof code === 'string' && code !== '');
  if (own !== undefined) return own;
  const cause = error.cause as SdkError | undefined;
  if (typeof cause?.code === 'string') return cause.code;
  return error.name;
}

function validDate(value: string | Date | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function hostOf(location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  return URL.canParse(location) ? new URL(location).host : undefined;
}
