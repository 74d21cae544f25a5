import { wrongInput } from '../failure.ts';

/** What an `s3://` URL says. */
export interface S3Place {
  bucket: string;
  /** Empty, or ends with a slash. */
  prefix: string;
  /** Undefined: AWS itself. */
  endpoint: string | undefined;
  /** Undefined: where the AWS SDK finds it. */
  region: string | undefined;
  hasPathStyle: boolean;
  storageClass: string | undefined;
  encryption: { algorithm: 'AES256' | 'aws:kms'; kmsKeyId: string | undefined } | undefined;
  objectLock: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number } | undefined;
  /** For people. */
  location: string;
  /** What the inputs of its credentials begin with. */
  inputPrefix?: '' | 'replica-' | undefined;
}

const options = ['endpoint', 'region', 'path-style', 'storage-class', 'sse', 'sse-kms-key-id', 'object-lock'] as const;
type Option = (typeof options)[number];

const bucketNames = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$/;
const r2Hosts = /\.r2\.cloudflarestorage\.com$/;

/** Reads `s3://bucket/prefix?endpoint=…`; everything that is not understood is refused by name, with exit status 64. */
export function parseS3Url(text: string): S3Place {
  const match = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/s.exec(text);
  if (!match || match[4] !== undefined)
    throw wrongInput('store', 'is not a URL like s3://bucket/prefix?endpoint=https://…');
  const [, bucket = '', path = '', query = ''] = match;
  if (bucket.includes('@'))
    throw wrongInput('store', 'holds credentials', 'give them in access-key-id and secret-access-key');
  if (!bucketNames.test(bucket)) throw wrongInput('store', `names no valid bucket (${JSON.stringify(bucket)})`);
  const given = readOptions(query);
  const prefix = readPrefix(path);
  const endpoint = readEndpoint(given.get('endpoint'));
  return {
    bucket,
    prefix,
    endpoint,
    region: given.get('region') ?? defaultRegion(endpoint),
    hasPathStyle: readFlag('path-style', given.get('path-style')) ?? endpoint !== undefined,
    storageClass: given.get('storage-class'),
    encryption: readEncryption(given.get('sse'), given.get('sse-kms-key-id')),
    objectLock: readObjectLock(given.get('object-lock')),
    location:
      `s3://${bucket}/${prefix.slice(0, -1)}`.replace(/\/$/, '') + queryOf({ endpoint, region: given.get('region') }),
  };
}

/** What somebody who copies by hand must know of the place too. */
function queryOf(known: Record<string, string | undefined>): string {
  const parts = Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function readOptions(query: string): Map<Option, string> {
  const given = new Map<Option, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!isOption(name)) throw wrongInput('store', `has the unknown option ${name}`, `known are ${options.join(', ')}`);
    if (given.has(name)) throw wrongInput('store', `has the option ${name} twice`);
    if (value === '') throw wrongInput('store', `has the option ${name} without a value`);
    given.set(name, value);
  }
  return given;
}

function isOption(name: string): name is Option {
  return (options as readonly string[]).includes(name);
}

function readPrefix(path: string): string {
  let prefix: string;
  try {
    prefix = decodeURIComponent(path).replace(/\/+$/, '');
  } catch {
    throw wrongInput('store', 'has a prefix with a broken % sequence');
  }
  if (prefix === '') return '';
  const isOdd = prefix.split('/').some(segment => segment === '' || segment === '.' || segment === '..');
  if (isOdd || /[\0\\]/.test(prefix))
    throw wrongInput('store', `has the prefix ${JSON.stringify(prefix)}, which no folder can have`);
  return `${prefix}/`;
}

function readEndpoint(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw wrongInput('store', 'has an endpoint that is no http or https URL');
  }
  if (url.username !== '' || url.password !== '') throw wrongInput('store', 'holds credentials in its endpoint');
  if (url.search !== '' || url.hash !== '') throw wrongInput('store', 'has an endpoint with a query');
  return url.href.replace(/\/$/, '');
}

function defaultRegion(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  return r2Hosts.test(new URL(endpoint).hostname) ? 'auto' : 'us-east-1';
}

function readFlag(name: Option, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false')
    throw wrongInput('store', `has ${name}=${value}, which may be true or false`);
  return value === 'true';
}

function readEncryption(algorithm: string | undefined, kmsKeyId: string | undefined): S3Place['encryption'] {
  if (algorithm === undefined && kmsKeyId === undefined) return undefined;
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms')
    throw wrongInput('store', 'has sse that is neither AES256 nor aws:kms');
  if (kmsKeyId !== undefined && algorithm !== 'aws:kms')
    throw wrongInput('store', 'has sse-kms-key-id without sse=aws:kms');
  return { algorithm, kmsKeyId };
}

function readObjectLock(value: string | undefined): S3Place['objectLock'] {
  if (value === undefined) return undefined;
  const match = /^(GOVERNANCE|COMPLIANCE):([1-9][0-9]{0,4})d$/.exec(value);
  if (!match)
    throw wrongInput(
      'store',
      `has object-lock=${value}`,
      'write GOVERNANCE:30d or COMPLIANCE:30d, with your number of days',
    );
  return { mode: match[1] as 'GOVERNANCE' | 'COMPLIANCE', days: Number(match[2]) };
}
