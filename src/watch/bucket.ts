import type { BucketState, LifecycleRule, Setting } from '../bucket.ts';
import type { Finding, FindingCode } from '../finding.ts';
import { type Look, joined, looked, unanswered } from './look.ts';

/** Objects there must be brought back first, which takes hours (docs.aws.amazon.com, "Understanding S3 Glacier storage classes"). */
const archiveClasses = ['GLACIER', 'DEEP_ARCHIVE'];

const bucketCodes = ['BUCKET_NOT_READ', 'BUCKET_PUBLIC', 'BUCKET_NOT_VERSIONED', 'LIFECYCLE_EATS_BACKUPS'] as const;

/** Whether a bucket's set-up endangers the backups. */
export function judgeBucket(facts: BucketState): Look {
  const findings = [...judgeAccess(facts), ...judgeVersions(facts), ...judgeLifecycle(facts)];
  return answering(looked(codesOf(facts), findings));
}

/** A bucket of which nothing could be read, and why. */
export function bucketUnread(location: string, problem: string): Look {
  const object = `bucket of ${location}`;
  return answering(looked([], [{ code: 'BUCKET_NOT_READ', object, expected: 'an answer', found: problem }]));
}

/** What one bucket does not tell, another one does not make well. */
function answering(look: Look): Look {
  return joined(look, unanswered(...bucketCodes.filter(code => !look.codes.includes(code))));
}

function codesOf(facts: BucketState): FindingCode[] {
  const { anonymous, hasPublicPolicy, publicGrants, hasVersioning, hasObjectLock, lifecycle } = facts;
  const isTold = ({ outcome }: Setting<unknown>) => outcome !== 'not read';
  const isAccessTold = [anonymous, hasPublicPolicy, publicGrants].every(isTold) && !isHidden(facts);
  const areVersionsTold =
    [hasVersioning, hasObjectLock].every(isTold) || valueOf(hasVersioning) === true || valueOf(hasObjectLock) === true;
  return [
    'BUCKET_NOT_READ',
    ...(isAccessTold ? (['BUCKET_PUBLIC'] as const) : []),
    ...(areVersionsTold ? (['BUCKET_NOT_VERSIONED'] as const) : []),
    ...(isTold(lifecycle) ? (['LIFECYCLE_EATS_BACKUPS'] as const) : []),
  ];
}

function judgeAccess(facts: BucketState): Finding[] {
  const { bucket, hasPublicPolicy: policy, publicGrants: grants, anonymous } = facts;
  const { ignoresGrants, restrictsPolicy } = valueOf(facts.publicAccessBlock) ?? {
    ignoresGrants: false,
    restrictsPolicy: false,
  };
  const seen = valueOf(anonymous);
  const ways = [
    ...(seen?.listsObjects === true ? ['the backups are listed to a request without credentials'] : []),
    ...(seen?.readsObjects === true ? ['an object is given to a request without credentials'] : []),
    ...(valueOf(policy) === true && !restrictsPolicy ? ['its policy is public'] : []),
    ...(ignoresGrants ? [] : (valueOf(grants) ?? []).map(grant => `its access control list grants ${grant}`)),
  ];
  return [
    ...(ways.length > 0 ? [publicBucket(bucket, ways)] : []),
    ...unread('unsigned requests', bucket, anonymous),
    ...(restrictsPolicy ? [] : unread('policy status', bucket, policy)),
    ...(ignoresGrants ? [] : unread('access control list', bucket, grants)),
    ...(isHidden(facts) && ways.length === 0 ? [hiddenAccess(bucket)] : []),
  ];
}

function publicBucket(bucket: string, ways: readonly string[]): Finding {
  const expected = 'no access without credentials';
  return { code: 'BUCKET_PUBLIC', object: `bucket ${bucket}`, expected, found: ways.join('; ') };
}

function isHidden({ hasPublicPolicy, publicGrants }: BucketState): boolean {
  return hasPublicPolicy.outcome === 'not offered' && publicGrants.outcome === 'not offered';
}

/** Such stores open buckets by their own dashboard, at addresses that S3 does not show: R2's r2.dev, Supabase's public buckets. */
function hiddenAccess(bucket: string): Finding {
  const found = 'the store tells by S3 neither a policy nor grants; look in its dashboard';
  const expected = 'a store that tells who may read';
  return { code: 'BUCKET_NOT_READ', object: `public access of bucket ${bucket}`, expected, found };
}

function judgeVersions({ bucket, hasVersioning, hasObjectLock }: BucketState): Finding[] {
  if (valueOf(hasVersioning) === true || valueOf(hasObjectLock) === true) return [];
  const untold = [...unread('versioning', bucket, hasVersioning), ...unread('object lock', bucket, hasObjectLock)];
  if (untold.length > 0) return untold;
  const found = `versioning ${offOr(hasVersioning)}, object lock ${offOr(hasObjectLock)}`;
  const expected = 'versioning or object lock';
  return [{ code: 'BUCKET_NOT_VERSIONED', object: `bucket ${bucket}`, expected, found }];
}

function offOr(setting: Setting<boolean>): string {
  return setting.outcome === 'not offered' ? 'not offered by the store' : 'off';
}

function judgeLifecycle({ bucket, prefix, lifecycle }: BucketState): Finding[] {
  const rules = (valueOf(lifecycle) ?? []).filter(rule => !rule.isTagged && meets(rule.prefix, prefix));
  return [...unread('lifecycle rules', bucket, lifecycle), ...rules.flatMap(rule => judgeRule(rule, bucket, prefix))];
}

/** Either may be the wider one: a rule for a part of the backups eats that part. */
function meets(rule: string, backups: string): boolean {
  return rule.startsWith(backups) || backups.startsWith(rule);
}

function judgeRule({ id, expires, transitions }: LifecycleRule, bucket: string, prefix: string): Finding[] {
  const harms = [
    ...(expires === null ? [] : [`it removes objects ${expires}`]),
    ...transitions
      .filter(({ storageClass }) => archiveClasses.includes(storageClass))
      .map(({ storageClass, when }) => `it moves objects to ${storageClass} ${when}`),
  ];
  if (harms.length === 0) return [];
  const object = `lifecycle rule ${id === '' ? 'without a name' : id} of bucket ${bucket}`;
  const expected = `no rule that takes backups away from ${prefix === '' ? 'the bucket' : prefix}`;
  return [{ code: 'LIFECYCLE_EATS_BACKUPS', object, expected, found: harms.join('; ') }];
}

function unread(what: string, bucket: string, setting: Setting<unknown>): Finding[] {
  if (setting.outcome !== 'not read') return [];
  const expected = setting.needs === null ? 'an answer' : `the right ${setting.needs}`;
  return [{ code: 'BUCKET_NOT_READ', object: `${what} of bucket ${bucket}`, expected, found: setting.problem }];
}

function valueOf<T>(setting: Setting<T>): T | undefined {
  return setting.outcome === 'read' ? setting.value : undefined;
}
