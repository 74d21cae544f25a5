import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findingCodes } from '../../src/finding.ts';
import type { BucketState, LifecycleRule, Setting } from '../../src/bucket.ts';
import { bucketUnread, judgeBucket } from '../../src/watch/bucket.ts';

const is = <T>(value: T): Setting<T> => ({ outcome: 'read', value });
const notOffered: Setting<never> = { outcome: 'not offered', problem: 'the store answered 501 NotImplemented' };
const forbidden = (needs: string): Setting<never> => ({
  outcome: 'not read',
  problem: 'the store answered 403 AccessDenied',
  needs,
});
const noBlock = is({ ignoresGrants: false, restrictsPolicy: false });

function state(more: Partial<BucketState> = {}): BucketState {
  return {
    bucket: 'backups',
    prefix: 'postgres/shop/',
    hasVersioning: is(true),
    hasObjectLock: is(false),
    hasPublicPolicy: is(false),
    publicGrants: is([]),
    publicAccessBlock: noBlock,
    lifecycle: is([]),
    anonymous: is({ listsObjects: false, readsObjects: false }),
    ...more,
  };
}

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  id: 'tidy',
  prefix: '',
  isTagged: false,
  expires: null,
  transitions: [],
  ...more,
});
const found = (more: Partial<BucketState>) =>
  judgeBucket(state(more)).findings.map(finding => `${finding.code} ${finding.object}: ${finding.found}`);

describe('a bucket', () => {
  it('that is private, versioned and without rules is silent', () => {
    assert.deepEqual(judgeBucket(state()).findings, []);
    assert.deepEqual(found({ anonymous: is({ listsObjects: false, readsObjects: null }) }), []);
  });

  it('is public by each way in, and by all of them in one finding', () => {
    const listed = is({ listsObjects: true, readsObjects: null });
    const read = is({ listsObjects: false, readsObjects: true });
    const all = [
      found({ anonymous: listed }),
      found({ anonymous: read }),
      found({ hasPublicPolicy: is(true) }),
      found({ publicGrants: is(['READ to everybody', 'WRITE to all accounts of the provider']) }),
    ];
    assert.deepEqual(all, [
      ['BUCKET_PUBLIC bucket backups: the backups are listed to a request without credentials'],
      ['BUCKET_PUBLIC bucket backups: an object is given to a request without credentials'],
      ['BUCKET_PUBLIC bucket backups: its policy is public'],
      [
        'BUCKET_PUBLIC bucket backups: its access control list grants READ to everybody; its access control list grants WRITE to all accounts of the provider',
      ],
    ]);
    assert.equal(found({ anonymous: listed, hasPublicPolicy: is(true) }).length, 1);
  });

  it('is not public where the public access block takes away what would make it so', () => {
    const grants = is(['READ to everybody']);
    const block = (ignoresGrants: boolean, restrictsPolicy: boolean) => is({ ignoresGrants, restrictsPolicy });
    assert.deepEqual(
      found({ publicGrants: grants, hasPublicPolicy: is(true), publicAccessBlock: block(true, true) }),
      [],
    );
    assert.equal(found({ publicGrants: grants, publicAccessBlock: block(false, true) }).length, 1);
    assert.equal(found({ hasPublicPolicy: is(true), publicAccessBlock: block(true, false) }).length, 1);
    // a block that nobody could see blocks nothing
    assert.equal(
      found({ hasPublicPolicy: is(true), publicAccessBlock: forbidden('s3:GetBucketPublicAccessBlock') }).length,
      1,
    );
    // and what requests really got outweighs what settings say
    const got = is({ listsObjects: true, readsObjects: true });
    assert.equal(found({ anonymous: got, publicAccessBlock: block(true, true) }).length, 1);
  });

  it('must keep versions or locks, and one of them is enough', () => {
    assert.deepEqual(found({ hasVersioning: is(false), hasObjectLock: is(true) }), []);
    assert.deepEqual(found({ hasVersioning: notOffered, hasObjectLock: is(true) }), []);
    assert.deepEqual(found({ hasObjectLock: forbidden('s3:GetBucketObjectLockConfiguration') }), []);
    assert.deepEqual(found({ hasVersioning: is(false) }), [
      'BUCKET_NOT_VERSIONED bucket backups: versioning off, object lock off',
    ]);
    assert.deepEqual(found({ hasVersioning: notOffered, hasObjectLock: notOffered }), [
      'BUCKET_NOT_VERSIONED bucket backups: versioning not offered by the store, object lock not offered by the store',
    ]);
    assert.deepEqual(found({ hasVersioning: forbidden('s3:GetBucketVersioning') }), [
      'BUCKET_NOT_READ versioning of bucket backups: the store answered 403 AccessDenied',
    ]);
  });
});

describe('a lifecycle rule', () => {
  const withRule = (more: Partial<LifecycleRule>) => found({ lifecycle: is([rule(more)]) });

  it('that removes or archives backups is told with what it does', () => {
    assert.deepEqual(judgeBucket(state({ lifecycle: is([rule({ expires: 'after 30 days' })]) })).findings, [
      {
        code: 'LIFECYCLE_EATS_BACKUPS',
        object: 'lifecycle rule tidy of bucket backups',
        expected: 'no rule that takes backups away from postgres/shop/',
        found: 'it removes objects after 30 days',
      },
    ]);
    for (const storageClass of ['GLACIER', 'DEEP_ARCHIVE'])
      assert.deepEqual(withRule({ id: '', transitions: [{ storageClass, when: 'after 1 day' }] }), [
        `LIFECYCLE_EATS_BACKUPS lifecycle rule without a name of bucket backups: it moves objects to ${storageClass} after 1 day`,
      ]);
  });

  it('that does neither is silent: older versions, unfinished uploads, classes that can be read at once', () => {
    assert.deepEqual(withRule({}), []);
    for (const storageClass of ['STANDARD_IA', 'GLACIER_IR', 'INTELLIGENT_TIERING'])
      assert.deepEqual(withRule({ transitions: [{ storageClass, when: 'at once' }] }), []);
  });

  it('matters where its prefix and ours meet, and not for objects with tags', () => {
    for (const prefix of ['', 'post', 'postgres/', 'postgres/shop/', 'postgres/shop/2026'])
      assert.equal(withRule({ prefix, expires: 'after 1 day' }).length, 1, prefix);
    for (const prefix of ['logs/', 'postgres/other/', 'postgres/shopping/'])
      assert.deepEqual(withRule({ prefix, expires: 'after 1 day' }), [], prefix);
    assert.deepEqual(withRule({ isTagged: true, expires: 'after 1 day' }), []);
    assert.equal(
      judgeBucket(state({ prefix: '', lifecycle: is([rule({ prefix: 'logs/', expires: 'on 2027-01-01' })]) })).findings
        .length,
      1,
    );
  });
});

describe('what could not be looked at', () => {
  it('is told with the right that is missing, and never taken for good', () => {
    const cases: [Partial<BucketState>, string, string][] = [
      [{ hasPublicPolicy: forbidden('s3:GetBucketPolicyStatus') }, 'policy status', 's3:GetBucketPolicyStatus'],
      [{ publicGrants: forbidden('s3:GetBucketAcl') }, 'access control list', 's3:GetBucketAcl'],
      [{ lifecycle: forbidden('s3:GetLifecycleConfiguration') }, 'lifecycle rules', 's3:GetLifecycleConfiguration'],
    ];
    for (const [more, what, right] of cases) {
      const [finding, ...others] = judgeBucket(state(more)).findings;
      assert.deepEqual(
        [finding?.code, finding?.object, finding?.expected, others],
        ['BUCKET_NOT_READ', `${what} of bucket backups`, `the right ${right}`, []],
      );
    }
    assert.deepEqual(found({ anonymous: { outcome: 'not read', problem: 'no answer', needs: null } }), [
      'BUCKET_NOT_READ unsigned requests of bucket backups: no answer',
    ]);
    assert.equal(findingCodes.BUCKET_NOT_READ.verdict, 'could-not-verify');
  });

  it('is no matter where the public access block makes it none', () => {
    const publicAccessBlock = is({ ignoresGrants: true, restrictsPolicy: true });
    const hasPublicPolicy = forbidden('s3:GetBucketPolicyStatus');
    assert.deepEqual(found({ publicAccessBlock, hasPublicPolicy, publicGrants: forbidden('s3:GetBucketAcl') }), []);
  });

  it('says so where the store tells neither policy nor grants, for it may be open in another way', () => {
    assert.deepEqual(found({ hasPublicPolicy: notOffered, publicGrants: notOffered, publicAccessBlock: notOffered }), [
      'BUCKET_NOT_READ public access of bucket backups: the store tells by S3 neither a policy nor grants; look in its dashboard',
    ]);
    assert.deepEqual(found({ hasPublicPolicy: notOffered, publicAccessBlock: notOffered }), []);
    assert.deepEqual(found({ publicGrants: notOffered, lifecycle: notOffered }), []);
  });

  it('makes no bucket look better than one that was read', () => {
    const unread: Setting<never> = { outcome: 'not read', problem: 'x', needs: null };
    const names = ['hasVersioning', 'hasPublicPolicy', 'publicGrants', 'lifecycle', 'anonymous'] as const;
    fc.assert(
      fc.property(fc.subarray([...names], { minLength: 1 }), hidden => {
        const facts = { ...state(), ...Object.fromEntries(hidden.map(name => [name, unread])) };
        const { codes, findings } = judgeBucket(facts);
        assert.equal(findings.length, hidden.length);
        assert.ok(findings.every(({ code }) => code === 'BUCKET_NOT_READ'));
        assert.ok(codes.length < 4);
      }),
    );
  });

  it('is no matter that is answered for', () => {
    const all = ['BUCKET_NOT_READ', 'BUCKET_PUBLIC', 'BUCKET_NOT_VERSIONED', 'LIFECYCLE_EATS_BACKUPS'];
    const codes = (more: Partial<BucketState>) => judgeBucket(state(more)).codes;
    assert.deepEqual(codes({}), all);
    assert.deepEqual(codes({ lifecycle: forbidden('x') }), all.slice(0, 3));
    assert.deepEqual(codes({ publicGrants: forbidden('x') }), [all[0], all[2], all[3]]);
    assert.deepEqual(codes({ publicGrants: notOffered, hasPublicPolicy: notOffered }), [all[0], all[2], all[3]]);
    assert.deepEqual(codes({ publicGrants: notOffered, lifecycle: notOffered }), all);
    assert.deepEqual(codes({ hasObjectLock: forbidden('x') }), all);
    assert.deepEqual(codes({ hasVersioning: forbidden('x') }), [all[0], all[1], all[3]]);
    assert.deepEqual(bucketUnread('s3://backups', 'no answer'), {
      codes: ['BUCKET_NOT_READ'],
      findings: [
        { code: 'BUCKET_NOT_READ', object: 'bucket of s3://backups', expected: 'an answer', found: 'no answer' },
      ],
      unanswered: ['BUCKET_PUBLIC', 'BUCKET_NOT_VERSIONED', 'LIFECYCLE_EATS_BACKUPS'],
      notes: [],
      leftOut: [],
    });
  });
});
