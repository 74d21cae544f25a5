import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import {
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketState } from '../../src/bucket.ts';
import { openStore } from '../../src/store/open.ts';
import { S3Failure } from '../../src/store/s3-errors.ts';
import type { Store } from '../../src/store/store.ts';
import { type SeenRequest, errorDocument, refuse } from '../support/s3-proxy.ts';
import { assertFails, openTrial } from './trial.ts';

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const xml = (name: string, content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} ${namespace}>${content}</${name}>`;

/** Settings by the word that their requests have in the query. */
const settings = {
  hasVersioning: 'versioning',
  hasObjectLock: 'object-lock',
  hasPublicPolicy: 'policyStatus',
  publicGrants: 'acl',
  publicAccessBlock: 'publicAccessBlock',
  lifecycle: 'lifecycle',
} as const;
type SettingName = keyof typeof settings;

const asks =
  (name: SettingName) =>
  ({ url }: SeenRequest) =>
    new RegExp(`[?&]${settings[name]}(?:[=&]|$)`).test(url);
const isUnsigned = ({ headers }: SeenRequest) => headers.authorization === undefined;

async function open(t: TestContext) {
  const trial = await openTrial(t, { tries: 2 });
  if (!trial) return undefined;
  const { server, proxy, store } = trial;
  await server.putForeign('lifeboat', 'backups/shop/manifest.json', '{}');
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: server.credentials,
    forcePathStyle: true,
  });
  t.after(() => client.destroy());
  const answer = (name: SettingName, content: string) =>
    proxy.on(asks(name), exchange => exchange.answer(200, content, { 'content-type': 'application/xml' }));
  return { ...trial, client, answer, inspect: () => inspectStore(store) };
}

async function inspectStore(store: Store, prefix = 'shop/'): Promise<BucketState> {
  const state = await store.inspect?.(prefix);
  assert.ok(state);
  return state;
}

describe('a bucket of a real server', () => {
  it('that is private is told as such, with what the server does not offer', async t => {
    const trial = await open(t);
    if (!trial) return;
    const notOffered = { outcome: 'not offered', problem: 'the store answered 501 NotImplemented' } as const;
    assert.deepEqual(await trial.inspect(), {
      bucket: 'lifeboat',
      prefix: 'backups/shop/',
      hasVersioning: { outcome: 'read', value: false },
      hasObjectLock: { outcome: 'read', value: false },
      hasPublicPolicy: { outcome: 'read', value: false },
      publicGrants: { outcome: 'read', value: [] },
      publicAccessBlock: notOffered,
      lifecycle: notOffered,
      anonymous: { outcome: 'read', value: { listsObjects: false, readsObjects: false } },
    });
  });

  it('has its object lock told, and an empty one no object to try', async t => {
    const trial = await open(t);
    if (!trial) return;
    await trial.server.createBucket('locked', { objectLock: true });
    const { hasObjectLock, anonymous } = await inspectStore(trial.open(trial.server.url('locked')), '');
    assert.deepEqual(hasObjectLock, { outcome: 'read', value: true });
    assert.deepEqual(anonymous, { outcome: 'read', value: { listsObjects: false, readsObjects: null } });
  });

  it('that a policy opens is told by its status, and by what anybody gets', async t => {
    const trial = await open(t);
    if (!trial) return;
    const allow = async (action: string, resource: string) => {
      const Statement = [{ Effect: 'Allow', Principal: '*', Action: action, Resource: resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await trial.client.send(new PutBucketPolicyCommand({ Bucket: 'lifeboat', Policy }));
    };
    await allow('s3:GetObject', 'arn:aws:s3:::lifeboat/*');
    const isPublic = { outcome: 'read', value: true };
    const readable = await trial.inspect();
    assert.deepEqual(readable.hasPublicPolicy, isPublic);
    assert.deepEqual(readable.anonymous, { outcome: 'read', value: { listsObjects: false, readsObjects: true } });
    await allow('s3:ListBucket', 'arn:aws:s3:::lifeboat');
    const listable = await trial.inspect();
    assert.deepEqual(listable.hasPublicPolicy, isPublic);
    assert.deepEqual(listable.anonymous, { outcome: 'read', value: { listsObjects: true, readsObjects: false } });
  });

  it('that its access control list opens is told with the grants', async t => {
    const trial = await open(t);
    if (!trial) return;
    const Rules = [{ ObjectOwnership: 'BucketOwnerPreferred' as const }];
    await trial.client.send(
      new PutBucketOwnershipControlsCommand({ Bucket: 'lifeboat', OwnershipControls: { Rules } }),
    );
    await trial.client.send(new PutBucketAclCommand({ Bucket: 'lifeboat', ACL: 'public-read' }));
    const { publicGrants, anonymous } = await trial.inspect();
    assert.deepEqual(publicGrants, { outcome: 'read', value: ['READ to everybody'] });
    assert.deepEqual(anonymous.outcome === 'read' && anonymous.value.listsObjects, true);
  });

  it('is asked without credentials by requests that carry none', async t => {
    const trial = await open(t);
    if (!trial) return;
    await trial.inspect();
    const unsigned = trial.proxy.requests.filter(isUnsigned);
    assert.deepEqual(
      unsigned.map(({ operation }) => operation),
      ['ListObjectsV2', 'HeadObject'],
    );
    for (const { headers, url } of unsigned)
      assert.doesNotMatch(`${JSON.stringify(headers)} ${url}`, /AKID|anonymous|signature|credential|security-token/i);
    assert.ok(trial.proxy.requests.every(({ method }) => method === 'GET' || method === 'HEAD'));
  });
});

describe('the settings of a bucket, as AWS answers', () => {
  it('are read', async t => {
    const trial = await open(t);
    if (!trial) return;
    trial.answer('hasVersioning', xml('VersioningConfiguration', '<Status>Enabled</Status>'));
    const block = (acls: boolean, policy: boolean) =>
      `<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>${acls}</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>${policy}</RestrictPublicBuckets>`;
    trial.answer('publicAccessBlock', xml('PublicAccessBlockConfiguration', block(true, false)));
    const grant = (group: string, permission: string) =>
      `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/${group}</URI></Grantee><Permission>${permission}</Permission></Grant>`;
    const grants = [
      grant('global/AllUsers', 'READ'),
      grant('global/AuthenticatedUsers', 'WRITE'),
      grant('s3/LogDelivery', 'WRITE'),
    ];
    trial.answer(
      'publicGrants',
      xml('AccessControlPolicy', `<Owner><ID>1</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList>`),
    );
    const read = await trial.inspect();
    assert.deepEqual(read.hasVersioning, { outcome: 'read', value: true });
    assert.deepEqual(read.publicAccessBlock, {
      outcome: 'read',
      value: { ignoresGrants: true, restrictsPolicy: false },
    });
    assert.deepEqual(read.publicGrants, {
      outcome: 'read',
      value: ['READ to everybody', 'WRITE to all accounts of the provider'],
    });
    trial.answer('hasVersioning', xml('VersioningConfiguration', '<Status>Suspended</Status>'));
    assert.deepEqual((await trial.inspect()).hasVersioning, { outcome: 'read', value: false });
  });

  it('have lifecycle rules of all forms', async t => {
    const trial = await open(t);
    if (!trial) return;
    const rules = [
      '<ID>a</ID><Status>Enabled</Status><Filter><Prefix>backups/</Prefix></Filter><Expiration><Days>30</Days></Expiration>',
      '<ID>b</ID><Status>Enabled</Status><Prefix>old/</Prefix><Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration>',
      '<ID>c</ID><Status>Enabled</Status><Filter><And><Prefix>x/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>',
      '<ID>d</ID><Status>Enabled</Status><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><Transition><Days>0</Days><StorageClass>STANDARD_IA</StorageClass></Transition>',
      '<Status>Enabled</Status><Filter></Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
      '<ID>off</ID><Status>Disabled</Status><Filter></Filter><Expiration><Days>1</Days></Expiration>',
    ];
    trial.answer('lifecycle', xml('LifecycleConfiguration', rules.map(rule => `<Rule>${rule}</Rule>`).join('')));
    const nothing = { isTagged: false, expires: null, transitions: [] };
    assert.deepEqual((await trial.inspect()).lifecycle, {
      outcome: 'read',
      value: [
        { ...nothing, id: 'a', prefix: 'backups/', expires: 'after 30 days' },
        { ...nothing, id: 'b', prefix: 'old/', expires: 'on 2027-01-01' },
        {
          ...nothing,
          id: 'c',
          prefix: 'x/',
          isTagged: true,
          transitions: [{ storageClass: 'GLACIER', when: 'after 1 day' }],
        },
        {
          ...nothing,
          id: 'd',
          prefix: '',
          isTagged: true,
          transitions: [{ storageClass: 'STANDARD_IA', when: 'at once' }],
        },
        { ...nothing, id: '', prefix: '' },
      ],
    });
  });

  it('that are not set are read as that', async t => {
    const trial = await open(t);
    if (!trial) return;
    trial.proxy.on(asks('lifecycle'), refuse(404, 'NoSuchLifecycleConfiguration'));
    trial.proxy.on(asks('publicAccessBlock'), refuse(404, 'NoSuchPublicAccessBlockConfiguration'));
    const { lifecycle, publicAccessBlock } = await trial.inspect();
    assert.deepEqual(lifecycle, { outcome: 'read', value: [] });
    assert.deepEqual(publicAccessBlock, { outcome: 'read', value: { ignoresGrants: false, restrictsPolicy: false } });
  });

  it('that are answered with something else are never taken for good', async t => {
    const trial = await open(t);
    if (!trial) return;
    const other = xml('ListBucketResult', '<Name>lifeboat</Name>');
    for (const name of ['hasPublicPolicy', 'publicGrants', 'publicAccessBlock', 'lifecycle'] as const)
      trial.answer(name, other);
    const read = await trial.inspect();
    const odd = { outcome: 'not read', problem: 'the store answered with something else', needs: null };
    for (const name of ['hasPublicPolicy', 'publicGrants', 'publicAccessBlock', 'lifecycle'] as const)
      assert.deepEqual(read[name], odd, name);
    // as Google Cloud Storage writes its rules
    trial.answer(
      'lifecycle',
      xml('LifecycleConfiguration', '<Rule><Action><Delete/></Action><Condition><Age>30</Age></Condition></Rule>'),
    );
    assert.deepEqual((await trial.inspect()).lifecycle, odd);
  });
});

describe('a setting that the store does not tell', () => {
  const rights: Record<SettingName, string> = {
    hasVersioning: 's3:GetBucketVersioning',
    hasObjectLock: 's3:GetBucketObjectLockConfiguration',
    hasPublicPolicy: 's3:GetBucketPolicyStatus',
    publicGrants: 's3:GetBucketAcl',
    publicAccessBlock: 's3:GetBucketPublicAccessBlock',
    lifecycle: 's3:GetLifecycleConfiguration',
  };

  it('is told with the right that is missing, and the others are read', async t => {
    const trial = await open(t);
    if (!trial) return;
    for (const name of Object.keys(settings) as SettingName[]) {
      trial.proxy.on(asks(name), refuse(403, 'AccessDenied'), 1);
      const read = await trial.inspect();
      const problem = 'the store answered 403 AccessDenied';
      assert.deepEqual(read[name], { outcome: 'not read', problem, needs: rights[name] });
      const untold = (Object.keys(settings) as SettingName[]).filter(other => read[other].outcome === 'not read');
      assert.deepEqual(untold, [name]);
    }
  });

  it('is told as not offered where the store says so in any of the usual ways', async t => {
    const trial = await open(t);
    if (!trial) return;
    const ways: [number, string][] = [
      [501, 'NotImplemented'],
      [405, 'MethodNotAllowed'],
      [400, 'NotImplemented'],
    ];
    for (const [status, code] of ways) {
      trial.proxy.on(asks('hasVersioning'), refuse(status, code), 1);
      assert.equal((await trial.inspect()).hasVersioning.outcome, 'not offered');
    }
    trial.proxy.on(asks('hasVersioning'), refuse(400, 'InvalidArgument'), 1);
    assert.deepEqual((await trial.inspect()).hasVersioning, {
      outcome: 'not read',
      problem: 'the store answered 400 InvalidArgument',
      needs: null,
    });
  });

  it('is asked for once more after an outage', async t => {
    const trial = await open(t);
    if (!trial) return;
    trial.proxy.on(asks('hasVersioning'), refuse(503, 'SlowDown'), 1);
    assert.equal((await trial.inspect()).hasVersioning.outcome, 'read');
    assert.equal(trial.pauses.length, 1);
  });
});

describe('what stands in the way of all settings', () => {
  it('is thrown: no bucket, wrong keys, an outage', async t => {
    const trial = await open(t);
    if (!trial) return;
    await assertFails(inspectStore(trial.open(trial.server.url('nowhere'))), /there is no bucket nowhere/);
    const stranger = { accessKeyId: trial.server.accessKeyId, secretAccessKey: 'wrong' };
    const wrong = trial.open(trial.server.url('lifeboat', 'backups'), { credentials: stranger });
    await assertFails(inspectStore(wrong), /does not accept the secret access key/);
    trial.proxy.on(asks('publicGrants'), refuse(500, 'InternalError'));
    const failure = await assertFails(trial.inspect(), /^cannot read the access control list of s3:\/\/lifeboat.* 500/);
    assert.ok(failure instanceof S3Failure);
  });

  it('is no matter of requests without credentials, whose silence is told by itself', async t => {
    const trial = await open(t);
    if (!trial) return;
    trial.proxy.on(isUnsigned, refuse(503, 'SlowDown'));
    const { anonymous, hasVersioning } = await trial.inspect();
    assert.equal(hasVersioning.outcome, 'read');
    assert.match(anonymous.outcome === 'not read' ? anonymous.problem : '', /^cannot list s3:.*slow down/);
    for (const status of [400, 401, 403, 404]) {
      trial.proxy.on(isUnsigned, exchange => exchange.answer(status, errorDocument('Refused')));
      const value = { listsObjects: false, readsObjects: false };
      assert.deepEqual((await trial.inspect()).anonymous, { outcome: 'read', value });
    }
  });
});

describe('a store that is no bucket', () => {
  it('cannot be inspected', () => {
    assert.ok(!openStore('file:///srv/backups').inspect);
  });
});
