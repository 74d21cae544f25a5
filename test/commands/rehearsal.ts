import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RehearseResult } from '../../src/commands/rehearse-result.ts';
import { type Ran, type RunOptions, lifeboat } from '../support/lifeboat.ts';
import type { OwnCluster } from '../support/postgres.ts';

const start = { 'migrations/0001_start.sql': 'SELECT 1;\n' };
const fill = `
  CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, old text);
  INSERT INTO users SELECT i, 'user ' || i, CASE WHEN i <= 10 THEN 'x' END FROM generate_series(1, 1000) i;
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, note text);
  INSERT INTO orders SELECT i, i FROM generate_series(1, 500) i;
  CREATE TABLE empty (id int, nothing text);
  CREATE TABLE parted (id int, kind text) PARTITION BY LIST (kind);
  CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
  CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
  INSERT INTO parted SELECT i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 100) i;
  CREATE TABLE "count" ("Odd |\`name\`" int); INSERT INTO "count" VALUES (1);
  SELECT lo_create(4711);`;

/** A rehearsal that was played. */
export interface Rehearsal {
  database: string;
  result: RehearseResult;
  ran: Ran;
}

/** Files of the change, and inputs. */
export interface Try {
  files: Readonly<Record<string, string>>;
  inputs?: Record<string, string>;
  base?: Readonly<Record<string, string>>;
  options?: RunOptions;
  /** SQL for the copy, before. */
  sql?: string;
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content, { mode: 0o755 });
  }
}

function git(folder: string, ...args: string[]): string {
  const ran = spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.trim();
}

/** Rehearses a change of a repository of its own, on a database of its own; both are gone with the test or the server. */
export async function rehearsed(
  t: TestContext,
  server: OwnCluster,
  { files, inputs = {}, base = start, options = {}, sql = '' }: Try,
): Promise<Rehearsal> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-change-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  git(folder, 'init', '-q', '-b', 'main');
  await write(folder, base);
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'base');
  const from = git(folder, 'rev-parse', 'HEAD');
  await write(folder, files);
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'change', '--allow-empty');
  const database = await server.createDatabase();
  await server.query(fill + sql, [], database);
  const given = { 'target-url': server.url(database), client: server.bin, base: from, ...inputs };
  const ran = await lifeboat('rehearse', given, { ...options, cwd: folder });
  return { database, ran, result: (ran.stdout === '' ? {} : JSON.parse(ran.stdout)) as RehearseResult };
}

export const findings = ({ findings: all }: RehearseResult): string[] =>
  all.map(({ code, object }) => `${code} ${object}`);

export function passes({ ran, result }: Rehearsal): void {
  assert.equal(ran.status, 0, `${ran.stderr}${ran.stdout}`);
  assert.deepEqual([result.verdict, findings(result)], ['passed', []]);
}
