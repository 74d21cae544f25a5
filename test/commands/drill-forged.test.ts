import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Drilled,
  type Forgery,
  type ProvingGround,
  drill,
  findingsOf,
  forge,
  openProvingGround,
  rebuilt,
} from '../support/drill-damage.ts';
import { lifeboat, openHarbor } from '../support/lifeboat.ts';
import { type Cluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';

/** A backup that is wrong in itself, although its seal, its hashes and its encryption are right, and what a drill must say of it. */
type Wrong = readonly [what: string, forgery: (ground: ProvingGround) => Forgery, says: [string, string][]];

const archive = (change: Parameters<typeof rebuilt>[1]) => (ground: ProvingGround) => ({
  objects: { main: rebuilt(ground, change) },
});
const text = (purpose: 'roles' | 'schema', edit: (text: string) => string) => () => ({
  objects: { [purpose]: (plaintext: Buffer) => edited(plaintext, edit) },
});

function edited(plaintext: Buffer, edit: (text: string) => string): Buffer {
  const before = plaintext.toString('utf8');
  const after = edit(before);
  assert.notEqual(after, before, 'nothing was edited');
  return Buffer.from(after);
}

const forgeries: readonly Wrong[] = [
  ['the archive lacks rows', archive({ sql: 'DELETE FROM "Odd Schema".t WHERE "T" = 3' }), []],
  ['the archive lacks the rows of a table', archive({ options: ['--exclude-table-data=app.web_sessions'] }), []],
  ['the archive lacks large objects', archive({ options: ['--no-blobs'] }), []],
  ['the archive lacks comments', archive({ options: ['--no-comments'] }), []],
  ['the archive lacks publications', archive({ options: ['--no-publications'] }), []],
  ['the archive lacks policies', archive({ sql: 'DROP POLICY everyone_reads ON billing.lines' }), []],
  ['the archive has one trigger more', archive({ sql: 'ALTER TABLE app.users DISABLE TRIGGER touch' }), []],
  ['roles.sql lacks a role', text('roles', sql => sql.replaceAll(/^.*shop_support.*\n/gm, '')), []],
  [
    'roles.sql lacks an attribute',
    text('roles', sql => sql.replace(/(shop_owner WITH .*)NOSUPERUSER/, '$1SUPERUSER')),
    [],
  ],
  ['roles.sql lacks a setting', text('roles', sql => sql.replace(/^ALTER ROLE shop_reader SET .*\n/m, '')), []],
  ['roles.sql lacks a limit', text('roles', sql => sql.replace(' CONNECTION LIMIT 40', '')), []],
  ['roles.sql lacks a comment', text('roles', sql => sql.replace(/^COMMENT ON ROLE .*\n/m, '')), []],
  [
    'roles.sql lacks a membership',
    text('roles', sql => sql.replace(/^GRANT shop_reader TO shop_support.*\n/m, '')),
    [],
  ],
  [
    'roles.sql lacks the option of a membership',
    text('roles', sql => sql.replace(/(GRANT shop_reader TO shop_app) WITH ADMIN OPTION/, '$1')),
    [],
  ],
  ['the definitions lack an index', text('schema', sql => sql.replace(/^CREATE INDEX alike_by_note .*\n/m, '')), []],
  ['the definitions are empty', text('schema', () => ''), []],
  [
    'the manifest says another locale than the source had',
    () => ({ manifest: manifest => Object.assign(manifest.database, { collate: 'C', ctype: 'C' }) }),
    [],
  ],
  [
    'the manifest says another snapshot than the contents',
    () => ({ manifest: manifest => (manifest.snapshotAt = new Date(0).toISOString()) }),
    [],
  ],
  [
    'the contents count rows, but do not say which',
    () => ({
      contents: ({ tables }) =>
        tables.forEach(one => one.name === 'alike' && Object.assign(one, { fingerprint: null, fingerprintBy: null })),
    }),
    [],
  ],
  [
    'the contents do not say how many rows there were',
    () => ({
      contents: ({ tables }) => tables.forEach(one => one.name === 'alike' && Object.assign(one, { rows: null })),
    }),
    [],
  ],
  [
    'stale source: a replica that was a day behind',
    () => ({ manifest: ({ source }) => source && Object.assign(source, { standby: true, behindSeconds: 86_400 }) }),
    [],
  ],
];

describe('a wrong backup that a drill must name', { concurrency: 2 }, () => {
  for (const major of majors())
    it(`forged, on PostgreSQL ${major}`, async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const ground = await openProvingGround(t, source);
      await t.test('nothing: edited without a change, it passes', async () => {
        assert.deepEqual(findingsOf(await drill(await forge(ground, {}))), []);
        assert.deepEqual(findingsOf(await drill(await forge(ground, archive({})(ground)))), []);
      });
      for (const [what, forgery, says] of forgeries)
        await t.test(what, async () => {
          const drilled = await drill(await forge(ground, forgery(ground)));
          console.log(
            'SAYS',
            major,
            what,
            JSON.stringify(findingsOf(drilled)),
            JSON.stringify(drilled.result.findings.map(f => [f.expected, f.found])).slice(0, 300),
          );
        });
    });
});
