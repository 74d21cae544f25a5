import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { type Trial, assertRestores, contentsOf, openTrial, scriptedClient } from './support.ts';

/** A trial in a database of its own that `sql` has filled after its earlier backup. */
async function open(t: TestContext, major: number, sql: string): Promise<Trial | undefined> {
  const cluster = await needsPostgres(t, major);
  if (!cluster) return undefined;
  const trial = await openTrial(t, cluster, await cluster.createDatabase());
  t.after(() => cluster.dropDatabase(trial.database));
  await cluster.query(sql, [], trial.database);
  return trial;
}

/** The same on a server of its own, whose lock table it fills. */
async function openOwn(t: TestContext, major: number, sql: string): Promise<Trial | undefined> {
  if (!(await needsPostgres(t, major))) return undefined;
  const cluster = await startCluster({ major });
  t.after(() => cluster.stop());
  const trial = await openTrial(t, cluster, await cluster.createDatabase());
  await cluster.query(sql, [], trial.database);
  return trial;
}

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, contents`, { concurrency: 2 }, () => {
    it('table with odd names', async t => {
      const names = ['Order "x"', "it's", 'a.b', '*', 'tab\tand\nline', '$1 %s \\', '::warning::x', 'söme ☃', '-- ;'];
      const quoted = names.map(name => `"${name.replaceAll('"', '""')}"`);
      const sql = quoted.flatMap(name => [
        `CREATE SCHEMA ${name}`,
        `CREATE TABLE ${name}.${name} (${name} serial PRIMARY KEY, t text DEFAULT 'x', row int, "select" jsonb)`,
        `INSERT INTO ${name}.${name} (t) SELECT 'row ' || i FROM generate_series(1, 5) i`,
      ]);
      const trial = await open(t, major, sql.join(';'));
      if (!trial) return;
      const made = resultOf<BackupResult>(await trial.backup());
      assert.deepEqual([made.tables, made.rows], [names.length, names.length * 5]);
      const { tables } = await contentsOf(trial, made.backupId);
      assert.deepEqual(tables.map(({ name }) => name).sort(), [...names].sort());
      await assertRestores(trial, made.backupId);
      const some = resultOf<BackupResult>(
        await trial.backup({ tables: `Order "x".Order "x"\na.b.a.b\nsöme ☃.söme ☃` }),
      );
      assert.deepEqual([some.partial, some.tables], [true, 3]);
    });

    it('table with 1,600 columns', async t => {
      const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int${index < 10 ? ' DEFAULT 7' : ''}`);
      const trial = await open(t, major, `CREATE TABLE wide (${columns.join()}); INSERT INTO wide DEFAULT VALUES`);
      if (!trial) return;
      const made = resultOf<BackupResult>(await trial.backup());
      const { tables } = await contentsOf(trial, made.backupId);
      assert.deepEqual([tables[0]?.rows, tables[0]?.fingerprintBy], [1, 'row']);
      await assertRestores(trial, made.backupId);
    });

    it('table with no columns', async t => {
      const trial = await open(
        t,
        major,
        'CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES; CREATE TABLE gone (id int); INSERT INTO gone VALUES (1), (2), (3); ALTER TABLE gone DROP id',
      );
      if (!trial) return;
      const made = resultOf<BackupResult>(await trial.backup());
      assert.deepEqual([made.tables, made.rows], [2, 5]);
      await assertRestores(trial, made.backupId);
    });

    it('large objects', async t => {
      const trial = await open(
        t,
        major,
        `SELECT lo_from_bytea(0, decode(repeat(md5(i::text), 1000), 'hex')) FROM generate_series(1, 20) i; SELECT lo_create(0)`,
      );
      if (!trial) return;
      const made = resultOf<BackupResult>(await trial.backup());
      const { largeObjects } = await contentsOf(trial, made.backupId);
      assert.equal(largeObjects.count, 21);
      assert.notEqual(largeObjects.fingerprint, null);
      await assertRestores(trial, made.backupId);
      // damage right after the restore
      const damages = {
        'lo_put(min(oid), 0, decode(md5($$$$), $$hex$$))': '21 with other bytes',
        'lo_unlink(min(oid))': '20',
      };
      for (const [damage, found] of Object.entries(damages)) {
        const target = await trial.cluster.createDatabase();
        const client = await scriptedClient(t, trial.cluster, {
          restore: `case "$*" in *--section=post-data*) "$real" "$@" || exit 1
'${trial.cluster.bin}/psql' -q -c 'SELECT ${damage} FROM pg_largeobject_metadata' "$PGDATABASE" >/dev/null; exit ;; esac`,
        });
        const inputs = trial.harbor.restoreInputs(trial.cluster, target, { client, backup: made.backupId });
        const ran = await trial.run('restore', inputs);
        assert.equal(ran.status, 1, ran.stderr);
        const { differences } = JSON.parse(ran.stdout) as RestoreResult;
        assert.deepEqual(differences, [
          { code: 'LARGE_OBJECTS_DIFFER', object: 'large objects', expected: '21', found },
        ]);
      }
    });

    it('5,000 tables with serials, at the default settings of a server', async t => {
      const trial = await openOwn(t, major, makeTables(5_000, 'id serial, t text'));
      if (!trial) return;
      const ran = await trial.backup({ jobs: '2' });
      const made = resultOf<BackupResult>(ran);
      assert.equal(made.tables, 5_000);
      assert.match(ran.stderr, /lock table \(6400 entries\) is small for 5000 tables/);
    });
  });
}

const newest = Math.max(...majors());

describe('while making a backup, large contents', () => {
  it('10,000 tables', async t => {
    const trial = await openOwn(t, newest, makeTables(10_000, 'id int'));
    if (!trial) return;
    const made = resultOf<BackupResult>(await trial.backup());
    assert.deepEqual([made.tables, made.rows], [10_000, 20]);
  });

  it('500 MB value', async t => {
    const megabytes = (count: number, character: string) => `repeat('${character}', ${count * 1_000_000})`;
    // quotation marks are doubled in the text of a row, which then is larger than any text may be
    const trial = await open(
      t,
      newest,
      `CREATE TABLE big (id int, t text); INSERT INTO big VALUES (1, ${megabytes(500, 'x')});
       CREATE TABLE quotes (id int, t text); INSERT INTO quotes VALUES (2, ${megabytes(540, '"')})`,
    );
    if (!trial) return;
    const made = resultOf<BackupResult>(await trial.backup());
    const { tables } = await contentsOf(trial, made.backupId);
    assert.deepEqual(
      tables.map(({ name, fingerprintBy }) => [name, fingerprintBy]),
      [
        ['big', 'row'],
        ['quotes', 'columns'],
      ],
    );
    await assertRestores(trial, made.backupId);
  });
});

/** Tables t_1, t_2, …, the first twenty with a row. */
function makeTables(count: number, columns: string): string {
  return `DO $$ BEGIN
    FOR i IN 1..${count} LOOP
      EXECUTE format('CREATE TABLE t_%s (${columns})', i);
      IF i <= 20 THEN EXECUTE format('INSERT INTO t_%s DEFAULT VALUES', i); END IF;
      IF i % 500 = 0 THEN COMMIT; END IF;
    END LOOP; END $$`;
}
