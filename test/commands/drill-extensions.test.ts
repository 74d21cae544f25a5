import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { serverFolder } from '../../scripts/setup/postgres.ts';
import { assertNotPassed, assertNothingLeft, assertPassed, newest, openRange } from '../faults/drill-support.ts';
import { scriptedClient } from '../faults/support.ts';
import { type OwnCluster, startCluster } from '../support/postgres.ts';

const control = `comment = 'of a test'\ndefault_version = '1.0'\nrelocatable = false\nschema = shapes\n`;
const script = `
CREATE DOMAIN shape AS text CHECK (VALUE <> '');
CREATE TYPE corner AS (x int, y int);
CREATE FUNCTION area(shape) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)';
CREATE TABLE known (id int PRIMARY KEY, what text);
INSERT INTO known VALUES (1, 'its own');
SELECT pg_catalog.pg_extension_config_dump('known', 'WHERE id > 100');
`;

/** A server whose installation has the extension \`shapes\`, which others have not; undefined after the test was marked as skipped. */
async function serverWithShapes(t: TestContext): Promise<OwnCluster | undefined> {
  const { bin } = await serverFolder(newest);
  // only an unpacked one finds everything of its own relative to its programs
  const root = bin.match(/^(.*\/postgres-\d+)\/usr\/lib\/postgresql\/\d+\/bin$/)?.[1];
  if (root === undefined || !existsSync(root)) {
    t.skip(`the server ${newest} is not an unpacked one`);
    return undefined;
  }
  const folder = await realpath(await mkdtemp(join(dirname(root), '.shapes-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  execFileSync('cp', ['-al', `${root}/.`, folder]);
  // its scripts name the folder that they are in
  const there = join(folder, `usr/lib/postgresql/${newest}/bin`);
  rmSync(there, { recursive: true });
  execFileSync('cp', ['-a', bin, there]);
  execFileSync('sh', ['-c', `sed -i "s#${root}/#${folder}/#g" "$0"/*`, there]);
  const extensions = join(folder, `usr/share/postgresql/${newest}/extension`);
  await writeFile(join(extensions, 'shapes.control'), control);
  await writeFile(join(extensions, 'shapes--1.0.sql'), script);
  const server = await startCluster({ major: newest, bin: there });
  t.after(() => server.stop());
  return server;
}
