import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type OwnCluster, startCluster } from '../../../scripts/setup/cluster.ts';
import { type KeyPair, generateIdentity } from '../../../src/crypto/age.ts';
import { type IssueServer, startIssueServer, workflowToken } from '../../alert/github.ts';
import { type S3Server, startS3Server } from '../../support/s3-server.ts';
import { root } from './stage.ts';

/** What a team has: a database, a bucket, a key, and the secrets and variables of its repository. */
export interface World {
  s3: S3Server;
  source: OwnCluster;
  keys: KeyPair;
  /** GitHub's issues, of the repository `me/shop`. */
  github: IssueServer;
  secrets: Record<string, string>;
  vars: Record<string, string>;
  /** What of the runner's environment leads to it. */
  env: Record<string, string>;
}

/** Of the one major whose client programs the runner's image has. */
export const major = 17;

/** Starts it all; gone after the test. */
export async function openWorld(t: TestContext): Promise<World> {
  const s3 = await startS3Server({ buckets: ['backups'] });
  t.after(() => s3.stop());
  const source = await startCluster({ major });
  t.after(() => source.stop());
  await source.query(
    `CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
     INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 1000) i;
     CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users);
     INSERT INTO orders SELECT i, i FROM generate_series(1, 500) i;
     CREATE ROLE app; GRANT SELECT ON users TO app`,
  );
  const keys = await generateIdentity();
  const github = await startIssueServer(t);
  return {
    s3,
    source,
    keys,
    github,
    env: { GITHUB_API_URL: github.apiUrl },
    secrets: {
      DATABASE_URL: source.url('postgres'),
      STORE_KEY_ID: s3.accessKeyId,
      STORE_SECRET: s3.secretAccessKey,
      AGE_IDENTITY: keys.identity,
      PRUNE_KEY_ID: s3.accessKeyId,
      PRUNE_SECRET: s3.secretAccessKey,
      GITHUB_TOKEN: workflowToken,
    },
    vars: { AGE_RECIPIENTS: keys.recipient, BACKUP_STORE: s3.url('backups', 'postgres') },
  };
}

/** A caller as it is shipped, with these lines more for the called workflow. */
export async function example(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const text = await readFile(join(root, 'examples', `${name}.yml`), 'utf8');
  const lines = Object.entries(more).map(([input, value]) => `      ${input}: ${JSON.stringify(value)}\n`);
  const kept = Object.keys(more).reduce(
    (rest, input) => rest.replace(new RegExp(`^ {6}${input}: .*\\n(?: {8}.*\\n)*`, 'm'), ''),
    text,
  );
  return kept.replace(/^ {4}with:\n/m, start => `${start}${lines.join('')}`);
}
