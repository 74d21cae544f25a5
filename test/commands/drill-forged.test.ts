import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Forgery,
  type ProvingGround,
  drill,
  findingsOf,
  forge,
  openProvingGround,
  rebuilt,
} from '../support/drill-damage.ts';
import { majors, needsPostgres } from '../support/postgres.ts';

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
  [
    'the archive lacks rows',
    archive({ sql: 'DELETE FROM "Odd Schema".t WHERE "T" = 3' }),
    [['ROWS_DIFFER', 'table Odd Schema.t']],
  ],
  [
    'the archive lacks the rows of a table',
    archive({ options: ['--exclude-table-data=app.web_sessions'] }),
    [['ROWS_DIFFER', 'table app.web_sessions']],
  ],
  [
    'the archive lacks large objects',
    archive({ options: ['--no-blobs'] }),
    [['LARGE_OBJECTS_DIFFER', 'large objects']],
  ],
  [
    'the archive lacks comments',
    archive({ options: ['--no-comments'] }),
    [
      ['COMMENT_MISSING', 'comment on column app.tasks.spent'],
      ['COMMENT_MISSING', 'comment on constraint app.one_at_a_time ON bookings'],
      ['COMMENT_MISSING', 'comment on function app.slug(name text)'],
      ['COMMENT_MISSING', 'comment on schema billing'],
      ['COMMENT_MISSING', 'comment on table app.tasks'],
      ['LARGE_OBJECTS_DIFFER', 'large objects'],
    ],
  ],
  [
    'the archive lacks publications',
    archive({ options: ['--no-publications'] }),
    [
      ['PUBLICATION_MISSING', 'publication shop_changes'],
      ['PUBLICATION_MISSING', 'table of publication shop_changes organizations in schema app'],
      ['PUBLICATION_MISSING', 'table of publication shop_changes users in schema app'],
    ],
  ],
  [
    'the archive lacks policies',
    archive({ sql: 'DROP POLICY everyone_reads ON billing.lines' }),
    [['POLICY_MISSING', 'policy billing.lines everyone_reads']],
  ],
  [
    'the archive has a trigger disabled',
    archive({ sql: 'ALTER TABLE app.users DISABLE TRIGGER touch' }),
    [['TRIGGER_DISABLED', 'trigger app.users touch']],
  ],
  [
    'roles.sql lacks a role',
    text('roles', sql => sql.replaceAll(/^.*shop_support.*\n/gm, '')),
    [
      ['MEMBERSHIP_DIFFERS', 'membership of shop_support in shop_reader in roles.sql'],
      ['ROLE_MISSING', 'role shop_support in roles.sql'],
    ],
  ],
  [
    'roles.sql lacks an attribute',
    text('roles', sql => sql.replace(/(shop_owner WITH .*)NOSUPERUSER/, '$1SUPERUSER')),
    [['ROLE_DIFFERS', 'role shop_owner in roles.sql']],
  ],
  [
    'roles.sql lacks a setting',
    text('roles', sql => sql.replace(/^ALTER ROLE shop_reader SET .*\n/m, '')),
    [['ROLE_DIFFERS', 'role shop_reader in roles.sql']],
  ],
  [
    'roles.sql lacks a limit',
    text('roles', sql => sql.replace(' CONNECTION LIMIT 40', '')),
    [['ROLE_DIFFERS', 'role shop_app in roles.sql']],
  ],
  [
    'roles.sql lacks a comment',
    text('roles', sql => sql.replace(/^COMMENT ON ROLE .*\n/m, '')),
    [['ROLE_DIFFERS', 'role shop_reader in roles.sql']],
  ],
  [
    'roles.sql lacks a membership',
    text('roles', sql => sql.replace(/^GRANT shop_reader TO shop_support.*\n/m, '')),
    [['MEMBERSHIP_DIFFERS', 'membership of shop_support in shop_reader in roles.sql']],
  ],
  [
    'roles.sql lacks the option of a membership',
    text('roles', sql => sql.replace(/(GRANT shop_reader TO shop_app) WITH ADMIN OPTION/, '$1')),
    [['MEMBERSHIP_DIFFERS', 'membership of shop_app in shop_reader in roles.sql']],
  ],
  [
    'the definitions lack an index',
    text('schema', sql => sql.replace(/^CREATE INDEX alike_by_note .*\n/m, '')),
    [['INDEX_DIFFERS', 'index app.alike_by_note']],
  ],
  [
    'the manifest says another locale than the source had',
    () => ({ manifest: manifest => Object.assign(manifest.database, { collate: 'C', ctype: 'C' }) }),
    [['ENCODING_DIFFERS', 'database: how it is made']],
  ],
  [
    'the manifest says another snapshot than the contents',
    () => ({ manifest: manifest => (manifest.snapshotAt = new Date(0).toISOString()) }),
    [['CONTENTS_DIFFER', 'snapshot']],
  ],
  [
    'the manifest says other numbers than the contents',
    () => ({
      manifest: manifest => {
        manifest.totals.tables += 1;
        manifest.totals.rows = 0;
      },
    }),
    [
      ['CONTENTS_DIFFER', 'rows'],
      ['CONTENTS_DIFFER', 'tables'],
    ],
  ],
  [
    'the contents count rows, but do not say which',
    () => ({
      contents: ({ tables }) =>
        tables.forEach(one => one.name === 'alike' && Object.assign(one, { fingerprint: null, fingerprintBy: null })),
    }),
    [['TABLE_NOT_COMPARED', 'table app.alike']],
  ],
  [
    'the contents do not say how many rows there were',
    () => ({
      contents: ({ tables }) => tables.forEach(one => one.name === 'alike' && Object.assign(one, { rows: null })),
    }),
    [
      ['CONTENTS_DIFFER', 'rows'],
      ['TABLE_NOT_COMPARED', 'table app.alike'],
    ],
  ],
  [
    'stale source: a replica that was a day behind',
    () => ({ manifest: ({ source }) => source && Object.assign(source, { standby: true, behindSeconds: 86_400 }) }),
    [['SOURCE_STALE', 'backup …']],
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
      await t.test('the definitions are empty', async () => {
        const { result } = await drill(await forge(ground, text('schema', () => '')()));
        assert.equal(result.verdict, 'failed');
        assert.ok(result.findings.length > 100 && result.findings.every(({ code }) => code.endsWith('_EXTRA')));
      });
      for (const [what, forgery, says] of forgeries)
        await t.test(what, async () => {
          const drilled = await drill(await forge(ground, forgery(ground)));
          assert.deepEqual(findingsOf(drilled), says);
          assert.notEqual(drilled.result.verdict, 'passed');
        });
    });
});
