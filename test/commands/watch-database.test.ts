import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { present } from '../../src/report/present.ts';
import { assertPassed, editManifest, folderOf, newest as newestMajor, openRange } from '../faults/drill-support.ts';
import { until } from '../faults/support.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { type Cluster, createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { nothingOutside } from '../watch/facts.ts';
import { openShelf, watchStore } from '../watch/shelf.ts';

const findingsOf = ({ findings }: WatchResult) => findings.map(({ code, object }) => [code, object]);
const watched = (stdout: string) => JSON.parse(stdout) as WatchResult;

describe('watch after a real backup', () => {
  it('misses a drill, then passes, and says whatever is wrong from then on', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { harbor, source, database, made, folder } = range;
    const inputs = {
      store: harbor.store,
      'database-url': source.url(database),
      'required-tables': 'app.tasks\napp.users',
    };
    const before = await lifeboat('watch', { store: harbor.store });
    assert.deepEqual(findingsOf(watched(before.stdout)), [['DRILL_MISSING', 'drills of shop']]);
    assert.equal(before.status, 1);
    assertPassed(await range.drill());

    const healthy = await lifeboat('watch', { ...inputs, 'max-size': '1GB', 'max-rpo': '1d' });
    const result = watched(healthy.stdout);
    assert.deepEqual([healthy.status, result.findings], [0, []], healthy.stderr);
    assert.deepEqual(result.leftOut, nothingOutside);
    assert.equal(result.databases[0]?.newestProven?.backupId, made.backupId);
    assert.equal(result.database?.tables, made.tables);
    assert.match(result.database?.version ?? '', new RegExp(`^${source.major}\\.`));
    assert.doesNotMatch(present(result, []).outputs.outcomes ?? '', /failure/);

    const wrong = await lifeboat('watch', { ...inputs, 'max-size': '1KB', 'required-tables': 'app.tasks\nnowhere' });
    assert.deepEqual(findingsOf(watched(wrong.stdout)), [
      ['DATABASE_TOO_LARGE', 'database of shop'],
      ['DATABASE_TABLE_MISSING', 'table public.nowhere'],
    ]);
    const other = await createSampleDatabase(source);
    const mistaken = await lifeboat('watch', { ...inputs, 'database-url': source.url(other) });
    assert.deepEqual(findingsOf(watched(mistaken.stdout)), [['SOURCE_DIFFERS', 'database of shop']]);

    await editManifest(folder, manifest => Object.assign(manifest.objects[0] ?? {}, { sizeBytes: 1 }));
    const edited = await lifeboat('watch', { store: harbor.store });
    assert.deepEqual(findingsOf(watched(edited.stdout)), [['SIZE_DIFFERS', `backup ${made.backupId}`]]);
    const old = made.backupId.replace(/^\d{8}/, '20200101');
    await editManifest(folder, manifest => Object.assign(manifest, { id: old }));
    await rename(folder, folderOf(harbor, old));
    const stale = await lifeboat('watch', { store: harbor.store });
    assert.ok(watched(stale.stdout).findings.some(({ code }) => code === 'BACKUP_STALE'));
    assert.equal(stale.status, 1);
  });
});

describe('watch of the database itself', () => {
  async function open(t: Parameters<typeof openShelf>[0]): Promise<{ cluster: Cluster; database: string } | undefined> {
    const cluster = await needsPostgres(t, newestMajor);
    if (!cluster) return undefined;
    const database = await cluster.createDatabase();
    await cluster.query(
      `CREATE SCHEMA app; CREATE TABLE app.full (i int); INSERT INTO app.full VALUES (1); CREATE TABLE app.empty (i int);
       CREATE TABLE app."Odd ""name""" (i int); CREATE TABLE app.parted (i int) PARTITION BY RANGE (i);
       CREATE TABLE app.hidden (i int); INSERT INTO app.hidden VALUES (1); ALTER TABLE app.hidden ENABLE ROW LEVEL SECURITY`,
      [],
      database,
    );
    return { cluster, database };
  }

  it('looks into each required table, and at all of them', async t => {
    const opened = await open(t);
    if (!opened) return;
    const { cluster, database } = opened;
    const shelf = await openShelf(t);
    const { result } = await shelf.watch({
      name: 'shop',
      'database-url': cluster.url(database),
      'required-tables': 'app.full\napp.empty\napp.Odd "name"\napp.parted\napp.hidden\ngone',
    });
    assert.deepEqual(findingsOf(result).sort(), [
      ['DATABASE_TABLE_EMPTY', 'table app.Odd "name"'],
      ['DATABASE_TABLE_EMPTY', 'table app.empty'],
      ['DATABASE_TABLE_EMPTY', 'table app.parted'],
      ['DATABASE_TABLE_MISSING', 'table public.gone'],
      ['NO_BACKUP', 'backups of shop'],
    ]);
    const lines = present(result, []).outputs.outcomes ?? '';
    assert.match(lines, /^DATABASE_TABLE_EMPTY: failure empty: 3 required tables$/m);
    assert.doesNotMatch(lines, /app|Odd|gone/);
  });

  it('does not call a table empty whose rows it may not see', async t => {
    const opened = await open(t);
    if (!opened) return;
    const { cluster, database } = opened;
    const role = `watcher_${process.pid}`;
    await cluster.query(`CREATE ROLE ${role} LOGIN PASSWORD 'open sesame'; GRANT pg_read_all_data TO ${role}`);
    t.after(() => cluster.query(`DROP ROLE ${role}`));
    const shelf = await openShelf(t);
    const url = cluster.url(database, { user: role, password: 'open sesame' });
    const { result } = await shelf.watch({
      'database-url': url,
      'required-tables': 'app.full\napp.hidden',
      name: 'shop',
    });
    assert.deepEqual(findingsOf(result).slice(1), [['DATABASE_TABLE_NOT_READ', 'table app.hidden']]);
    assert.match(result.findings[1]?.found ?? '', /row-level security/);
  });

  it('waits for no lock', async t => {
    const opened = await open(t);
    if (!opened) return;
    const { cluster, database } = opened;
    const session = await cluster.connect(database);
    t.after(() => session.end());
    await session.query('BEGIN; LOCK TABLE app.full');
    const shelf = await openShelf(t);
    const { result } = await shelf.watch({
      'database-url': cluster.url(database),
      'required-tables': 'app.empty\napp.full',
      name: 'shop',
    });
    assert.deepEqual(findingsOf(result).slice(1), [
      ['DATABASE_TABLE_EMPTY', 'table app.empty'],
      ['DATABASE_TABLE_NOT_READ', 'table app.full'],
    ]);
    assert.match(result.findings.at(-1)?.found ?? '', /lock timeout/);
  });

  it('that cannot be reached is a finding without a secret in it, and the store is looked at all the same', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? newestMajor);
    if (!cluster) return;
    const shelf = await openShelf(t);
    await shelf.nights(12);
    for (const [url, reason] of [
      ['postgresql://user:open%20sesame@127.0.0.1:1/d', /^nothing accepts connections at 127\.0\.0\.1:1 \(/],
      [cluster.url('nowhere'), /has no database nowhere \(check the last part of database-url\)$/],
    ] as const) {
      const { result } = await watchStore({ store: shelf.store, 'database-url': url });
      assert.deepEqual(findingsOf(result), [['DATABASE_UNREACHABLE', 'database of shop']]);
      assert.match(result.findings[0]?.found ?? '', reason);
      assert.deepEqual([result.verdict, result.database], ['failed', null]);
      assert.doesNotMatch(JSON.stringify([result, present(result, [])]), /sesame/);
    }
  });

  it('ends when it is cancelled', async t => {
    const opened = await open(t);
    if (!opened) return;
    const { cluster, database } = opened;
    const session = await cluster.connect(database);
    t.after(() => session.end());
    await session.query('BEGIN; LOCK TABLE app.full');
    const shelf = await openShelf(t);
    const cancelling = new AbortController();
    const running = shelf.watch(
      { 'database-url': cluster.url(database), 'required-tables': 'app.full', name: 'shop' },
      { signal: cancelling.signal },
    );
    const waits = `SELECT FROM pg_stat_activity WHERE datname = '${database}' AND wait_event_type = 'Lock'`;
    await until('the watch waits', async () => (await cluster.query(waits)).length > 0);
    cancelling.abort(new Error('cancelled'));
    await assert.rejects(running, /^Error: cancelled$/);
  });

  it('hides names of tables where others can read the log', async t => {
    const opened = await open(t);
    if (!opened) return;
    const { cluster, database } = opened;
    const shelf = await openShelf(t);
    const inputs = { 'database-url': cluster.url(database), 'required-tables': 'app.empty\nsecret', name: 'shop' };
    const environment = { GITHUB_ACTIONS: 'true', GITHUB_EVENT_PATH: '/nowhere' };
    const accept = 'DATABASE_TABLE_EMPTY table app.empty';
    const { result } = await shelf.watch({ ...inputs, accept }, { environment });
    assert.deepEqual(findingsOf(result).slice(1), [['DATABASE_TABLE_MISSING', 'a required table']]);
    assert.deepEqual(result.accepted, ['accepted: DATABASE_TABLE_EMPTY a required table']);
    const shown = present(result, []);
    assert.match(shown.text, /names of tables are hidden/);
    assert.doesNotMatch(JSON.stringify([result, shown]), /app\.empty|secret/);
    const { result: open_ } = await shelf.watch({ ...inputs, report: 'public' }, { environment });
    assert.ok(findingsOf(open_).some(([, object]) => object === 'table public.secret'));
  });
});
