import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openStore } from '../../src/store/open.ts';
import { digest } from '../../src/streams.ts';
import { needsS3, type S3Server } from '../support/s3-server.ts';
import { assertFails, Body, mebibyte } from './trial.ts';

interface SecureServer {
  server: S3Server;
  certificate: string;
}

/** A server with a certificate that nobody has signed; undefined after the test was marked as skipped. */
async function needsSecureS3(t: TestContext): Promise<SecureServer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=lifeboat-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names];
  try {
    execFileSync('openssl', [...args, '-keyout', keyFile, '-out', certificateFile], { stdio: 'pipe' });
  } catch (error) {
    t.skip(`no certificate can be made: ${(error as Error).message}`);
    return undefined;
  }
  trust([await readFile(certificateFile, 'utf8')]); // the test's own client asks the server too
  const server = await needsS3(t, { buckets: ['lifeboat'], certificate: { certificateFile, keyFile } });
  trust([]);
  return server && { server, certificate: await readFile(certificateFile, 'utf8') };
}

const usualAuthorities = getCACertificates();

function trust(more: string[]): void {
  setDefaultCACertificates([...usualAuthorities, ...more]);
}

/** Counts the bytes that go through any hash of Node while the test runs. */
function countHashedBytes(t: TestContext): () => number {
  let sizeBytes = 0;
  const prototype = Object.getPrototypeOf(createHash('sha256')) as Hash;
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const update = prototype.update;
  t.mock.method(prototype, 'update', function (this: Hash, data: string | NodeJS.ArrayBufferView) {
    sizeBytes += typeof data === 'string' ? data.length : data.byteLength;
    return Reflect.apply(update, this, [data]) as Hash;
  });
  return () => sizeBytes;
}

/** What is hashed of a body of 20 MiB: once for the whole, once for its parts, and a little for the signatures. */
async function assertHashedTwice(t: TestContext, server: S3Server, partBytes: number): Promise<void> {
  const cutting = { partSizeBytes: () => partBytes, mostParts: 10 };
  const store = openStore(server.url('lifeboat'), { credentials: server.credentials, cutting });
  const sizeBytes = 20 * mebibyte;
  const sha256 = await new Body(sizeBytes).sha256();
  const hashedBytes = countHashedBytes(t);
  assert.equal((await store.put('db/a', new Body(sizeBytes))).proof, 'checksum');
  const surplusBytes = hashedBytes() - 2 * sizeBytes;
  assert.ok(surplusBytes >= 0 && surplusBytes < 50_000, `${surplusBytes} bytes beyond two times the body`);
  t.mock.restoreAll();
  assert.deepEqual(await digest(await store.get('db/a')), { sizeBytes, sha256 });
}

for (const partBytes of [8 * mebibyte, 16 * mebibyte]) {
  test(`http: no byte is hashed more than twice, in parts of ${partBytes} bytes`, async t => {
    const server = await needsS3(t, { buckets: ['lifeboat'] });
    if (server) await assertHashedTwice(t, server, partBytes);
  });

  test(`https: no byte is hashed more than twice, in parts of ${partBytes} bytes`, async t => {
    const secure = await needsSecureS3(t);
    if (!secure) return;
    trust([secure.certificate]);
    t.after(() => trust([]));
    await assertHashedTwice(t, secure.server, partBytes);
  });
}

test('https: a certificate that nobody vouches for is refused, at once', async t => {
  const secure = await needsSecureS3(t);
  if (!secure) return;
  const { server } = secure;
  const pauses: number[] = [];
  const patience = { wait: async (milliseconds: number) => void pauses.push(milliseconds) };
  const store = openStore(server.url('lifeboat'), { credentials: server.credentials, patience });
  const message = /the connection to 127\.0\.0\.1:\d+ is not secure \(DEPTH_ZERO_SELF_SIGNED_CERT: .*\)$/;
  await assertFails(store.checkWritable(''), message, /NODE_EXTRA_CA_CERTS/);
  await assertFails(store.put('db/a', new Body(10)), message);
  assert.deepEqual(pauses, []);
});
