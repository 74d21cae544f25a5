import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { findProgram } from '../../scripts/setup/programs.ts';
import { freePort } from './postgres.ts';

export interface S3ServerOptions {
  /** Buckets to make at once. */
  buckets?: readonly string[];
  /** Files in PEM: the server then speaks https. */
  certificate?: { certificateFile: string; keyFile: string };
}

/** A real S3 server over a throw-away folder. */
export interface S3Server {
  host: string;
  port: number;
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  createBucket(name: string, options?: { objectLock?: boolean }): Promise<void>;
  /** A store's URL; `endpoint` in place of the server's own, for a proxy before it. */
  url(bucket: string, prefix?: string, endpoint?: string): string;
  /** All keys in a bucket. */
  keys(bucket: string): Promise<string[]>;
  /** The keys of all unfinished multipart uploads in a bucket. */
  uploads(bucket: string): Promise<string[]>;
  /** Leaves an unfinished multipart upload, as a run that was killed does. */
  leaveUpload(bucket: string, key: string): Promise<void>;
  /** Writes an object past our code. */
  putForeign(bucket: string, key: string, content: string): Promise<void>;
  stop(): Promise<void>;
}

const accessKeyId = 'AKIDLIFEBOATTEST';
const secretAccessKey = 'secret-of-the-test-server';
const startMilliseconds = 20_000;

/** Starts versitygw (`LIFEBOAT_TEST_VERSITYGW`, or as `npm test` finds it); throws when there is none. */
export async function startS3Server({ buckets = [], certificate }: S3ServerOptions = {}): Promise<S3Server> {
  const program = process.env.LIFEBOAT_TEST_VERSITYGW ?? (await findProgram('versitygw'));
  if (program === undefined) throw new Error('there is no program versitygw');
  const folder = await mkdtemp(join(tmpdir(), 's3-'));
  const port = await freePort();
  const secure = certificate ? ['--cert', certificate.certificateFile, '--key', certificate.keyFile] : [];
  const child = spawn(program, ['--port', `127.0.0.1:${port}`, '--quiet', ...secure, 'posix', folder], {
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey, TMPDIR: tmpdir() },
    stdio: 'ignore',
  });
  child.unref(); // a forgotten server must not keep a finished test alive
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const server = new GatewayServer({ port, isSecure: certificate !== undefined });
  try {
    await server.untilReady(() => child.exitCode !== null);
    for (const bucket of buckets) await server.createBucket(bucket);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  server.onStop = async () => {
    process.off('exit', killAtExit);
    child.ref();
    const ended = new Promise(resolve => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return server;
}

/** A server of the test's own, stopped at its end; undefined after the test was marked as skipped, with the reason. */
export async function needsS3(t: TestContext, options?: S3ServerOptions): Promise<S3Server | undefined> {
  try {
    const server = await startS3Server(options);
    t.after(() => server.stop());
    return server;
  } catch (error) {
    t.skip(`no S3 server: ${(error as Error).message}`);
    return undefined;
  }
}

class GatewayServer implements S3Server {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly endpoint: string;
  readonly accessKeyId = accessKeyId;
  readonly secretAccessKey = secretAccessKey;
  readonly credentials = { accessKeyId, secretAccessKey };
  onStop: () => Promise<void> = async () => {};
  readonly #client: S3Client;

  constructor({ port, isSecure }: { port: number; isSecure: boolean }) {
    this.port = port;
    this.endpoint = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`;
    this.#client = new S3Client({
      endpoint: this.endpoint,
      region: 'us-east-1',
      credentials: this.credentials,
      forcePathStyle: true,
      maxAttempts: 1,
    });
  }

  async untilReady(hasEnded: () => boolean): Promise<void> {
    const deadline = Date.now() + startMilliseconds;
    for (;;) {
      try {
        await this.#client.send(new ListObjectsV2Command({ Bucket: 'none-is-ready' }));
        return;
      } catch (error) {
        if ((error as { name: string }).name === 'NoSuchBucket') return;
        if (hasEnded() || Date.now() > deadline) throw new Error(`versitygw does not start: ${String(error)}`);
        await pause(20);
      }
    }
  }

  async createBucket(name: string, { objectLock = false } = {}): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: objectLock }));
  }

  url(bucket: string, prefix = '', endpoint = this.endpoint): string {
    return `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}?endpoint=${encodeURIComponent(endpoint)}`;
  }

  async keys(bucket: string): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  async uploads(bucket: string): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.map(({ Key = '' }) => Key);
  }

  async leaveUpload(bucket: string, key: string): Promise<void> {
    await this.#client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  }

  async putForeign(bucket: string, key: string, content: string): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
  }

  async stop(): Promise<void> {
    this.#client.destroy();
    await this.onStop();
  }
}
