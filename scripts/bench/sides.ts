import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from '../../src/crypto/age.ts';
import type { S3Server } from '../../test/support/s3-server.ts';
import type { Cluster } from '../setup/cluster.ts';
import type { Measurable } from './measure.ts';

/** One thing to measure; the first one is the limit that all others are held against. */
export interface Side extends Measurable {
  title: string;
  settings: string;
  /** Measured in one round only, because it is slow. */
  once?: boolean;
  after?: () => Promise<void>;
}

export interface Bench {
  cluster: Cluster;
  database: string;
  folder: string;
  keys: KeyPair;
  server: S3Server;
}

/** The sides of one server. Those whose programs are missing are left out, and said. */
export function sides({ cluster, database, folder, keys, server }: Bench): Side[] {
  const { host, port, user, password } = cluster.address;
  const libpq = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  const aws = { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1' };
  const dump = join(cluster.bin, 'pg_dump');
  const copy = `aws s3 cp --quiet --endpoint-url ${server.endpoint} - s3://bench/by-hand`;
  const old = cluster.major < 16;
  const out = join(folder, 'directory');
  const lifeboat = (title: string, settings: string, inputs: Record<string, string>): Side => ({
    title,
    settings,
    script: `${process.execPath} dist/cli/index.js backup`,
    env: {
      LIFEBOAT_DATABASE_URL: cluster.url(database),
      LIFEBOAT_STORE: server.url('bench', 'lifeboat'),
      LIFEBOAT_ACCESS_KEY_ID: server.accessKeyId,
      LIFEBOAT_SECRET_ACCESS_KEY: server.secretAccessKey,
      LIFEBOAT_NAME: `${database}-${cluster.major}`,
      LIFEBOAT_RECIPIENTS: keys.recipient,
      LIFEBOAT_CLIENT: cluster.bin,
      ...inputs,
    },
  });
  const all: Side[] = [
    { title: 'limit of one stream: `pg_dump -Fc -Z0 >/dev/null`', settings: '', script: `${dump} -Fc -Z0 >/dev/null`, env: libpq },
    lifeboat('pg-lifeboat', 'jobs 1, fingerprint none, store checksums', { LIFEBOAT_FINGERPRINT: 'none' }),
    lifeboat('pg-lifeboat, as it comes', 'jobs 1, fingerprint content, store checksums', {}),
    lifeboat('pg-lifeboat', 'jobs 2, fingerprint none, store checksums', { LIFEBOAT_FINGERPRINT: 'none', LIFEBOAT_JOBS: '2' }),
    {
      title: `\`pg_dump -Fd -j2\` to disk, ${old ? 'gzip:1' : 'zstd:1'}`,
      settings: 'unencrypted, not uploaded',
      script: `${dump} -Fd -j2 --compress=${old ? '1' : 'zstd:1'} -f ${out}`,
      env: libpq,
      after: () => rm(out, { recursive: true, force: true }),
    },
    {
      title: 'by hand: `pg_dump -Fc -Z0 \\| zstd -1 \\| age \\| aws s3 cp -`',
      settings: 'nothing checked',
      script: `${dump} -Fc -Z0 | zstd -1 -q | age -r ${keys.recipient} | ${copy}`,
      env: { ...libpq, ...aws },
    },
    {
      title: 'the usual: `pg_dump -Fc --compress=9 \\| gpg --symmetric \\| aws s3 cp -`',
      settings: 'nothing checked, measured once',
      once: true,
      script: `${dump} -Fc --compress=9 | gpg --batch --quiet --symmetric --cipher-algo AES256 --pinentry-mode loopback --passphrase bench | ${copy}`,
      env: { ...libpq, ...aws },
    },
  ];
  return all.filter(({ title, script }) => {
    const missing = ['aws', 'zstd', 'age', 'gpg'].filter(program => new RegExp(`\\b${program}\\b`).test(script) && !isThere(program));
    if (missing.length > 0) console.error(`left out, for want of ${missing.join(', ')}: ${title}`);
    return missing.length === 0;
  });
}

function isThere(program: string): boolean {
  return spawnSync('bash', ['-c', `command -v ${program}`]).status === 0;
}
