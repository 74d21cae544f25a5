import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { openStore } from '../../src/store/open.ts';
import { parseS3Url } from '../../src/store/s3-url.ts';

const r2 = 'https://0123.r2.cloudflarestorage.com';

test('an s3 URL names bucket and prefix, and AWS by default', () => {
  const place = parseS3Url('s3://backups/team/prod/');
  assert.deepEqual(place, {
    bucket: 'backups',
    prefix: 'team/prod/',
    endpoint: undefined,
    region: undefined,
    hasPathStyle: false,
    storageClass: undefined,
    encryption: undefined,
    objectLock: undefined,
    location: 's3://backups/team/prod',
  });
  assert.equal(parseS3Url('s3://backups').prefix, '');
  assert.equal(parseS3Url('s3://backups/').location, 's3://backups');
  assert.equal(parseS3Url('s3://backups/with%20space').prefix, 'with space/');
});

test('an endpoint brings path style and a region', () => {
  const minio = parseS3Url('s3://backups?endpoint=http://localhost:9000/');
  assert.deepEqual([minio.endpoint, minio.hasPathStyle, minio.region], ['http://localhost:9000', true, 'us-east-1']);
  assert.equal(parseS3Url(`s3://backups?endpoint=${r2}`).region, 'auto');
  const given = parseS3Url(`s3://backups?endpoint=${r2}&region=eu&path-style=false`);
  assert.deepEqual([given.region, given.hasPathStyle], ['eu', false]);
});

test('storage class, encryption and object lock are options', () => {
  const options = 'storage-class=STANDARD_IA&sse=aws:kms&sse-kms-key-id=alias/backup&object-lock=COMPLIANCE:30d';
  const place = parseS3Url(`s3://backups?${options}`);
  assert.equal(place.storageClass, 'STANDARD_IA');
  assert.deepEqual(place.encryption, { algorithm: 'aws:kms', kmsKeyId: 'alias/backup' });
  assert.deepEqual(place.objectLock, { mode: 'COMPLIANCE', days: 30 });
});

const wrongUrls: [url: string, problem: RegExp][] = [
  ['backups', /is no URL/],
  ['artifact:', /artifact:, which is not supported yet/],
  ['azblob://container', /azblob:, which is not supported yet/],
  ['gs://bucket', /gs:, which is not known/],
  ['s3://', /no valid bucket/],
  ['s3://a', /no valid bucket/],
  ['s3://user:word@bucket', /holds credentials/],
  ['s3://bucket?colour=red', /unknown option colour/],
  ['s3://bucket?region=a&region=b', /option region twice/],
  ['s3://bucket?region=', /option region without a value/],
  ['s3://bucket?endpoint=ftp://x', /endpoint that is no http/],
  ['s3://bucket?endpoint=localhost', /endpoint that is no http/],
  ['s3://bucket?endpoint=https://user:word@x', /credentials in its endpoint/],
  ['s3://bucket?path-style=yes', /path-style=yes/],
  ['s3://bucket?sse=rot13', /sse/],
  ['s3://bucket?sse-kms-key-id=x', /sse/],
  ['s3://bucket?sse=AES256&sse-kms-key-id=x', /sse-kms-key-id without/],
  ['s3://bucket?object-lock=GOVERNANCE', /object-lock/],
  ['s3://bucket?object-lock=GOVERNANCE:0d', /object-lock/],
  ['s3://bucket/a/../b', /prefix/],
  ['s3://bucket/a//b', /prefix/],
  ['s3://bucket/%zz', /broken %/],
  ['s3://bucket#x', /is not a URL/],
  ['file:folder', /no absolute file URL/],
  ['file://host/folder', /no absolute file URL/],
  ['file:///folder?x=1', /options/],
  ['file:///a%2Fb', /names no folder/],
];
for (const [url, problem] of wrongUrls) {
  test(`the store ${url} is refused: ${problem.source}`, () => {
    assert.throws(
      () => openStore(url),
      (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /^input store /);
        assert.match(error.message, problem);
        assert.equal(error.exitStatus, 64);
        assert.doesNotMatch(error.message, /word/);
        return true;
      },
    );
  });
}

test('a location is for people and holds no credentials', () => {
  assert.equal(openStore('file:///srv/backups/').location, 'file:///srv/backups');
  assert.equal(
    openStore(`s3://backups/a?endpoint=${r2}&region=eu`).location,
    `s3://backups/a?endpoint=${r2}&region=eu`,
  );
});
