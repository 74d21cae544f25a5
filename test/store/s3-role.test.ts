import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { bytes } from '../../src/streams.ts';
import type { Fault } from '../support/s3-proxy.ts';
import { assertFails, openTrial } from './trial.ts';

const role = 'arn:aws:iam::123456789012:role/backup';

interface Sts {
  /** The forms that were sent. */
  asked: URLSearchParams[];
}

/** A stand-in of AWS STS, which answers so until the test ends. */
async function startSts(
  t: TestContext,
  answer: (asked: URLSearchParams) => { status: number; body: string },
): Promise<Sts> {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    let form = '';
    request.on('data', (chunk: Buffer) => (form += chunk.toString()));
    request.on('end', () => {
      asked.push(new URLSearchParams(form));
      const { status, body } = answer(new URLSearchParams(form));
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL_STS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    delete process.env.AWS_ENDPOINT_URL_STS;
    server.close();
    server.closeAllConnections();
  });
  return { asked };
}

function session(accessKeyId: string, secretAccessKey: string): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
    <SessionToken>session</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}

test('a role is assumed with the token of the workflow, once for many requests', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const { server, open, proxy } = trial;
  const sts = await startSts(t, () => ({ status: 200, body: session('ASIASESSION', 'session-secret') }));
  // the real server knows no sessions
  const accepts: Fault = exchange =>
    exchange.answer(200, exchange.seen.method === 'HEAD' ? 'x' : '', {
      etag: '"1"',
      'x-amz-checksum-sha256': createHash('sha256').update('x').digest('base64'),
    });
  proxy.on(() => true, accepts);
  let tokens = 0;
  const webIdentityToken = async () => `token-${++tokens}`;
  const store = open(server.url('lifeboat', 'backups', proxy.endpoint), {
    credentials: { roleToAssume: role, webIdentityToken },
  });
  await store.put('db/a', bytes('x'));
  assert.equal(sts.asked.length, 1);
  assert.equal(sts.asked[0]?.get('Action'), 'AssumeRoleWithWebIdentity');
  assert.equal(sts.asked[0].get('RoleArn'), role);
  assert.equal(sts.asked[0].get('WebIdentityToken'), 'token-1');
  assert.deepEqual(proxy.operations, ['PutObject', 'HeadObject']);
  for (const { headers } of proxy.requests) {
    assert.equal(headers['x-amz-security-token'], 'session');
    assert.match(String(headers.authorization), /Credential=ASIASESSION\//);
  }
});

test('a role that is refused is said, without the token', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const message = 'Not authorized to perform sts:AssumeRoleWithWebIdentity with secret-token';
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`;
  const sts = await startSts(t, () => ({ status: 403, body }));
  const credentials = { roleToAssume: role, webIdentityToken: async () => 'secret-token' };
  const store = trial.open(trial.server.url('lifeboat'), { credentials });
  const failure = await assertFails(
    store.checkWritable(''),
    /^cannot assume the role arn:aws:iam::123456789012:role\/backup: Not authorized/,
    /trust policy.*id-token: write/,
  );
  assert.doesNotMatch(String(failure.stack), /secret-token/);
  assert.equal(sts.asked.length, 1);
  assert.deepEqual(trial.pauses, []);
});

test('a workflow that gives no token fails with its own words', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const webIdentityToken = async (): Promise<string> => {
    throw new Error('the job lacks id-token: write');
  };
  const credentials = { roleToAssume: role, webIdentityToken };
  const put = trial.open(trial.server.url('lifeboat'), { credentials }).put('db/a', bytes('x'));
  await assert.rejects(put, /the job lacks id-token: write/);
});

test('without credentials, and with none in the environment, that is said', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const before = { ...process.env };
  t.after(() => void (process.env = before));
  const nothing = '/nowhere/at/all';
  process.env = {
    ...before,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  const store = trial.open(trial.server.url('lifeboat'), { credentials: undefined });
  await assertFails(store.checkWritable(''), /^no credentials for s3:\/\/lifeboat/, /give access-key-id/);
});

test('without a region, and with none in the environment, that is said', async t => {
  const trial = await openTrial(t);
  if (!trial) return;
  const before = { ...process.env };
  t.after(() => void (process.env = before));
  process.env = { ...before, AWS_CONFIG_FILE: '/nowhere/at/all' };
  await assertFails(
    trial.open('s3://lifeboat/backups').checkWritable(''),
    /^no region is known for s3:\/\/lifeboat/,
    /region=/,
  );
});
