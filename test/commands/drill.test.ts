import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseBackupId } from '../../src/catalog/key.ts';
import {
  type Range,
  assertNotPassed,
  assertNothingLeft,
  assertPassed,
  drillServer,
  drilled,
  editManifest,
  findingsIn,
  folderOf,
  newest,
  openRange,
} from '../faults/drill-support.ts';
import { scriptedClient } from '../faults/support.ts';
import { majors } from '../support/postgres.ts';

const oldest = majors()[0] ?? newest;
const open = { backup: { encryption: 'none', recipients: '' } };
const dayMilliseconds = 86_400_000;

/** Makes a backup that is not encrypted one of so many days ago, in every place that says when it was made. */
async function age(range: Range, backupId: string, days: number): Promise<string> {
  const folder = folderOf(range.harbor, backupId);
  const shift = (text: string) => new Date(new Date(text).getTime() - days * dayMilliseconds).toISOString();
  const at = parseBackupId(backupId)?.at.toISOString() ?? '';
  const id = `${shift(at).replaceAll(/[-:]|\.\d+/g, '')}${backupId.slice(16)}`;
  const file = join(folder, 'contents.json');
  const contents = JSON.parse(await readFile(file, 'utf8')) as { backupId: string; snapshotAt: string };
  const text = JSON.stringify({ ...contents, backupId: id, snapshotAt: shift(contents.snapshotAt) });
  await writeFile(file, text);
  await editManifest(folder, manifest => {
    const { startedAt, snapshotAt, sealedAt } = manifest;
    Object.assign(manifest, {
      id,
      startedAt: shift(startedAt),
      snapshotAt: shift(snapshotAt),
      sealedAt: shift(sealedAt),
    });
    for (const one of manifest.objects)
      if (one.purpose === 'contents')
        Object.assign(one, {
          sizeBytes: Buffer.byteLength(text),
          sha256: createHash('sha256').update(text).digest('hex'),
        });
  });
  await rename(folder, folderOf(range.harbor, id));
  return id;
}

/** A pg_restore that does something to the copy, once, when its tables are whole. */
const spoiling = (statements: string) => ({
  restore: `case "$*" in *--section=pre-data*) rm -rf "$here/spoilt" ;; *--section=post-data*) "$real" "$@" || exit
    mkdir "$here/spoilt" 2>/dev/null || exit 0
    "\${real%/*}/psql" -qX -c "${statements.replaceAll('"', '\\"')}"; exit ;; esac`,
});

describe('which backup a drill takes', () => {
  it('as latest-proven: the newest whole one whose newest answer was that it passed', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { harbor, source, database, made, server } = range;
    const none = await range.drill({ backup: 'latest-proven' });
    assert.match(none.stderr, /error: no drill has proven any whole backup of shop yet \(/);
    assert.equal(none.status, 1);
    assertPassed(await range.drill());
    await harbor.backup(source, database, { schemas: 'app' });
    const second = await harbor.backup(source, database);
    assert.equal(assertPassed(await range.drill({ backup: 'latest-proven' })).backupId, made.backupId);
    assert.equal(assertPassed(await range.drill()).backupId, second.backupId);
    const chosen = async (more = {}) => drilled(await range.drill({ backup: 'latest-proven', ...more })).backupId;
    const client = await scriptedClient(t, server, spoiling('DELETE FROM app.tasks WHERE id = 1'));
    // a drill that came to no answer takes nothing back; one that failed does
    const noAnswer = await range.drill({ 'target-url': server.url('postgres', { user: 'nobody', password: 'x' }) });
    assert.equal(noAnswer.status, 2);
    assert.equal(await chosen({ client }), second.backupId);
    assert.equal(await chosen(), made.backupId);
  });

  it('of a chosen part: restored, compared, and said to be partial', async t => {
    const range = await openRange(t, {
      fill: async source => {
        const database = await source.createDatabase();
        await source.query(
          `CREATE SCHEMA a; CREATE TABLE a.one (i int PRIMARY KEY); CREATE TABLE a.two (i int REFERENCES a.one);
           INSERT INTO a.one VALUES (1), (2); INSERT INTO a.two VALUES (2);
           CREATE SCHEMA b; CREATE TABLE b.three AS SELECT 3 AS i; CREATE TABLE four (i serial); INSERT INTO four VALUES (4);
           CREATE EXTENSION pgcrypto SCHEMA a; CREATE SCHEMA c;
           CREATE TABLE c.five (i text DEFAULT a.gen_random_uuid()); INSERT INTO c.five VALUES ('5')`,
          [],
          database,
        );
        return database;
      },
    });
    if (!range) return;
    const { harbor, source, database } = range;
    const filters: Record<string, string>[] = [
      { schemas: 'a' },
      { 'exclude-schemas': 'a' },
      { tables: 'public.four' },
      // what these rest on is not in the backup
      { tables: 'a.one' },
      { schemas: 'c' },
      { 'schema-only': 'true' },
      { 'exclude-tables': 'b.three' },
      { 'exclude-table-data': 'a.two' },
    ];
    for (const filter of filters) {
      const { backupId } = await harbor.backup(source, database, filter);
      const result = assertPassed(await range.drill({ backup: backupId }));
      assert.match(result.excluded[0] ?? '', /^the backup is partial/);
      await assertNothingLeft(range);
    }
  });

  it('of rows alone: could not verify', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { harbor, source, database } = range;
    const { backupId } = await harbor.backup(source, database, { 'data-only': 'true' });
    const ran = await range.drill({ backup: backupId });
    const folder = folderOf(harbor, backupId);
    await assertNotPassed(ran, 'could-not-verify', [['NOT_VERIFIED', 'backup']], folder);
    await assertNothingLeft(range);
  });
});

describe('how old a backup may be', () => {
  it('is eight days for the newest, and no matter for one that is named', async t => {
    const range = await openRange(t, open);
    if (!range) return;
    const id = await age(range, range.made.backupId, 9);
    const folder = folderOf(range.harbor, id);
    const result = await assertNotPassed(await range.drill(), 'failed', [['BACKUP_STALE', 'newest backup']], folder);
    assert.equal(result.findings[0]?.found, '9 days old');
    assertPassed(await range.drill({ backup: id }));
    assertPassed(await range.drill({ 'max-rpo': '10d' }));
    const accepted = assertPassed(await range.drill({ accept: 'BACKUP_STALE newest backup' }));
    assert.deepEqual(accepted.excluded, ['accepted: BACKUP_STALE newest backup']);
  });

  it('is what max-rpo says, of the longest gap', async t => {
    const range = await openRange(t, open);
    if (!range) return;
    const { harbor, source, database } = range;
    await age(range, range.made.backupId, 5);
    const second = await harbor.backup(source, database, open.backup);
    const kept = assertPassed(await range.drill({ 'max-rpo': '6d' }));
    assert.equal(kept.backupId, second.backupId);
    assert.ok(Math.abs((kept.rpoSeconds ?? 0) - 5 * 86_400) < 600, String(kept.rpoSeconds));
    const ran = await range.drill({ 'max-rpo': '4d' });
    assert.deepEqual([findingsIn(drilled(ran)), ran.status], [[['RPO_EXCEEDED', 'backups']], 1]);
  });
});

describe('what a drill is asked', () => {
  it('max-rto: kept, and exceeded', async t => {
    const range = await openRange(t);
    if (!range) return;
    const kept = assertPassed(await range.drill({ 'max-rto': '10m' }));
    assert.ok((kept.rtoSeconds ?? 0) > 0);
    const client = await scriptedClient(t, range.server, {
      restore: 'case "$*" in *--section=data*) sleep 1.1 ;; esac',
    });
    const ran = await range.drill({ 'max-rto': '1s', client });
    assert.deepEqual([findingsIn(drilled(ran)), ran.status], [[['RTO_EXCEEDED', 'restore']], 1]);
  });

  it('accept: what was found is said and passes, what was not is said too', async t => {
    const range = await openRange(t);
    if (!range) return;
    const client = await scriptedClient(t, range.server, spoiling('DELETE FROM app.tasks WHERE id = 1'));
    const failed = await range.drill({ client });
    assert.deepEqual([findingsIn(drilled(failed)), failed.status], [[['ROWS_DIFFER', 'table app.tasks']], 1]);
    const accept = 'ROWS_DIFFER table app.tasks\nROWS_DIFFER table app.users';
    const result = assertPassed(await range.drill({ client, accept }));
    assert.deepEqual(result.excluded, ['accepted: ROWS_DIFFER table app.tasks']);
    assert.ok(result.notices.includes('accept ROWS_DIFFER table app.users met nothing: take it out'));
    const wrong = await range.drill({ accept: 'EVERYTHING' });
    assert.deepEqual([wrong.status, wrong.stdout], [64, '']);
  });

  it('accept: what ended the drill early never makes it pass', async t => {
    const range = await openRange(t);
    if (!range) return;
    const client = await scriptedClient(t, range.server, { restore: 'case "$*" in *--section=data*) exit 1 ;; esac' });
    const result = drilled(await range.drill({ client, accept: 'RESTORE_FAILED archive' }));
    assert.deepEqual([result.verdict, result.findings], ['could-not-verify', []]);
    assert.deepEqual(result.excluded, ['accepted: RESTORE_FAILED archive']);
    assert.equal(result.rtoSeconds, null);
  });

  it('fingerprint: counts and none, of the drill or of the backup, are said first', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { harbor, source, database } = range;
    const client = await scriptedClient(t, range.server, spoiling(`UPDATE app.tasks SET body = 'other' WHERE id = 1`));
    assert.deepEqual(findingsIn(drilled(await range.drill({ client }))), [['CONTENT_DIFFERS', 'table app.tasks']]);
    const counts = assertPassed(await range.drill({ client, fingerprint: 'counts' }));
    assert.match(counts.excluded[0] ?? '', /^fingerprint: counts was asked for, so rows were compared by their number/);
    const none = assertPassed(await range.drill({ fingerprint: 'none' }));
    assert.match(none.excluded[0] ?? '', /^fingerprint: none was asked for, so rows were compared not at all/);
    assert.ok(none.tables.every(({ compared }) => compared === 'not'));
    await harbor.backup(source, database, { fingerprint: 'none' });
    const without = assertPassed(await range.drill());
    assert.match(without.excluded[0] ?? '', /^the backup was made with fingerprint: none/);
  });

  it('a rehearsal of an upgrade, which finds damage as well', async t => {
    if (oldest === newest) return t.skip('there is one major only');
    const server = await drillServer(newest);
    const range = await openRange(t, { major: oldest, server });
    if (!range) return;
    const result = assertPassed(await range.drill({ accept: 'upgrade' }));
    assert.match(result.excluded[0] ?? '', new RegExp(`^upgrade is accepted: .*PostgreSQL ${oldest}, .* ${newest}$`));
    await assertNothingLeft(range);
    const spoil = `DELETE FROM app.tasks WHERE id = 1; DROP INDEX app.projects_search; CREATE OR REPLACE FUNCTION app.slug(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT name'`;
    const client = await scriptedClient(t, server, spoiling(spoil));
    const ran = await range.drill({ accept: 'upgrade', client });
    assert.deepEqual(
      findingsIn(drilled(ran))
        .map(([code]) => code)
        .sort(),
      ['FUNCTION_DIFFERS', 'INDEX_MISSING', 'ROWS_DIFFER'],
    );
    await assertNothingLeft(range);
  });

  it('with settings of the database that would stop its sessions', async t => {
    const range = await openRange(t, {
      fill: async source => {
        const database = await source.createDatabase();
        await source.query(
          `CREATE TABLE t (i int PRIMARY KEY); INSERT INTO t VALUES (1);
           ALTER DATABASE ${database} SET statement_timeout = '5s';
           ALTER DATABASE ${database} SET lock_timeout = '1ms';
           ALTER DATABASE ${database} SET default_transaction_read_only = on;
           ALTER DATABASE ${database} SET session_preload_libraries = 'auto_explain';
           ALTER DATABASE ${database} CONNECTION LIMIT 7`,
          [],
          database,
        );
        return database;
      },
    });
    if (!range) return;
    const checks = 'SELECT count(*) = 1 FROM public.t';
    const result = drilled(await range.drill({ checks }));
    assert.deepEqual([result.findings, result.verdict], [[], 'passed']);
    await assertNothingLeft(range);
  });
});
