import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { readChecks, runChecks } from '../../src/commands/drill-checks.ts';
import type { Log } from '../../src/log.ts';
import type { Session } from '../../src/postgres/connection.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase, openSession } from '../postgres/sessions.ts';

const never = new AbortController().signal;
const snapshotAt = '2026-11-20T04:00:00Z';

/** A log that keeps its lines, and calls `onLine` with each. */
function keepingLog(onLine: (line: string) => void = () => {}): Log & { lines: string[] } {
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    onLine(line);
  };
  const progress = () => assert.fail('no progress is shown');
  return { lines, info: say, warn: line => say(`warning: ${line}`), debug: say, group: (_, work) => work(), progress };
}

async function makeFolder(t: TestContext, files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-checks-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

describe('the input checks', () => {
  const titles = async (text: string, folder: string) => (await readChecks(text, folder)).map(({ title }) => title);

  it('holds a query a line', async () => {
    const text = `# all\n\n  SELECT true;  \r\nwith x AS (SELECT 1) TABLE x\nVALUES(true)\n(SELECT true)\n-- why\n/* c */ SELECT 1\nselect*from x\nTABLE "a.sql"\nSELECT true FROM a.sql`;
    const sqls = text.split(/\r?\n/).map(line => line.trim());
    const checks = await readChecks(text.replace('-- why\n', ''), '/');
    assert.deepEqual(
      checks.map(({ sql, title, timeoutSeconds }) => [sql, title, timeoutSeconds]),
      sqls.filter(line => line !== '' && !/^(?:#|-- why)/.test(line)).map(line => [line, line, undefined]),
    );
  });

  it('calls a long query by its first 80 characters', async () => {
    const [check] = await readChecks(`SELECT ${'ü😀'.repeat(80)}`, '/');
    assert.equal(check?.title, `SELECT ${'ü😀'.repeat(36)}…`);
  });

  it('holds files, globs and folders, in this order and each once', async t => {
    const names = ['b.sql', 'a.sql', 'with-orders.sql', 'C.SQL', 'deep/d.sql', 'deep/er/e.sql', 'a [x] (1)+.sql'];
    const others = ['.hidden.sql', '.hidden/h.sql', 'notes.md', 'deep/a.sqlx', 'empty/notes.md'];
    const all = [...names, ...others].map(name => [`checks/${name}`, 'SELECT true'] as const);
    const folder = await makeFolder(t, Object.fromEntries(all));
    await symlink('../b.sql', join(folder, 'checks/deep/linked.sql'));
    const top = ['C.SQL', 'a [x] (1)+.sql', 'a.sql', 'b.sql', 'with-orders.sql'].map(name => `checks/${name}`);
    for (const [text, expected] of [
      ['checks/b.sql\nchecks/a.sql\n./checks/b.sql', ['checks/b.sql', 'checks/a.sql']],
      ['checks', top],
      ['checks/', top],
      ['checks/*.sql', top.slice(1)],
      ['checks/*', top],
      ['checks/b.sql\nSELECT 1\nchecks', ['checks/b.sql', 'SELECT 1', ...top.filter(path => path !== 'checks/b.sql')]],
      ['checks/a [x] (1)+.sql', ['checks/a [x] (1)+.sql']],
      ['checks/a [x] (?)+.sql', ['checks/a [x] (1)+.sql']],
      ['checks/?.sql', ['checks/a.sql', 'checks/b.sql']],
      ['*/deep/**/*.sql', ['checks/deep/d.sql', 'checks/deep/er/e.sql', 'checks/deep/linked.sql']],
      ['**/d.sql', ['checks/deep/d.sql']],
      ['checks/.hidden.sql', ['checks/.hidden.sql']],
      ['checks/.hidden/*.sql', ['checks/.hidden/h.sql']],
    ] as const)
      assert.deepEqual(await titles(text, folder), expected, text);
    assert.deepEqual(await titles('../b.sql', join(folder, 'checks/deep')), [join(folder, 'checks/b.sql')]);
    assert.deepEqual(await titles(join(folder, 'checks/?.sql'), folder), ['checks/a.sql', 'checks/b.sql']);

    for (const [text, problem] of [
      ['checks/nosuch.sql', 'matches nothing'],
      ['nosuch/*.sql', 'matches nothing'],
      ['checks/*.md', 'matches nothing'],
      ['DELETE FROM orders', 'matches nothing'],
      ['checks/a.sql\nchecks/notes.md', 'names a file that is no .sql file'],
      ['checks/empty', 'names a folder without a .sql file'],
      ['-- only a comment', 'has a line without a query'],
      ['/* only */ ; -- a comment', 'has a line without a query'],
    ] as const)
      await assert.rejects(readChecks(text, folder), (error: Error & { exitStatus: number }) => {
        assert.match(error.message, new RegExp(`^input checks ${problem.replaceAll('.', '\\.')}: `));
        assert.equal(error.exitStatus, 64);
        return true;
      });
  });

  it('reads files as they are written on Windows, and their time-outs', async t => {
    const text = '-- are all paid?\r\n\r\n--Timeout:  5m \r\n-- more\r\nSELECT true\r\n-- timeout: 9m\r\n';
    const folder = await makeFolder(t, {
      'windows.sql': `\uFEFF${text}`,
      'late.sql': 'SELECT true;\n-- timeout: 5m',
      'seconds.sql': '-- timeout: 30s\nSELECT true',
      'odd/time.sql': '-- timeout: soon\nSELECT true',
    });
    assert.deepEqual(await readChecks('windows.sql\nlate.sql\nseconds.sql', folder), [
      { title: 'windows.sql', sql: text, timeoutSeconds: 300 },
      { title: 'late.sql', sql: 'SELECT true;\n-- timeout: 5m', timeoutSeconds: undefined },
      { title: 'seconds.sql', sql: '-- timeout: 30s\nSELECT true', timeoutSeconds: 30 },
    ]);
    await assert.rejects(readChecks('odd', folder), /names a file whose timeout is no time: odd\/time\.sql/);
  });

  it('refuses a file that holds no query, or no text', async t => {
    for (const [content, problem] of [
      ['', 'without a query'],
      [' \r\n\t;', 'without a query'],
      ['\uFEFF-- SELECT true\n/* SELECT /* */ true; */ ;', 'without a query'],
      ['/* SELECT true', 'without a query'],
      [Buffer.from([0x53, 0xe4]), 'that is not UTF-8'],
      ['SELECT true\0', 'with a NUL character'],
    ] as const) {
      const folder = await makeFolder(t, { 'a.sql': content });
      await assert.rejects(readChecks('a.sql', folder), new RegExp(`names a file ${problem}: a`));
    }
  });
});

/** Rights in the database that a role for checks was granted. */
async function leftRights(admin: Session): Promise<unknown[]> {
  return admin.query("SELECT FROM pg_database WHERE datname = current_database() AND datacl::text ~ 'lifeboat_check'");
}

for (const major of majors()) {
  describe(`the checks of a drill on Postgres ${major}`, () => {
    it('run in their order, each to its result and its finding, without a value of a row', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const database = await makeDatabase(
        t,
        cluster,
        `CREATE TABLE orders AS SELECT g AS id, 'zebra' || g AS name FROM generate_series(1, 150) g`,
      );
      const admin = await openSession(t, cluster, database);
      const folder = await makeFolder(t, {
        'checks/1-all.sql': '-- all there?\nSELECT count(*) = 150\nFROM orders; -- yes\n',
        'checks/2-late.sql': '-- timeout: 1s\nSELECT pg_sleep(3600) IS NULL',
        'checks/3-null.sql': 'SELECT null::boolean',
      });
      const checks = await readChecks(
        'SELECT false\nchecks\nTABLE orders\nSELECT name::int > 0 FROM orders\nSELECT 1; DROP TABLE orders',
        folder,
      );
      const log = keepingLog();
      const { results, findings } = await runChecks({
        admin,
        checks,
        timeoutSeconds: 300,
        snapshotAt,
        log,
        signal: never,
      });
      const syntax = 'invalid input syntax for type integer (SQLSTATE 22P02)';
      const several = 'it has several statements, and a check is one query (SQLSTATE 42601)';
      const expected = [
        ['SELECT false', 'failed', 'returned false', 'CHECK_FAILED'],
        ['checks/1-all.sql', 'passed', null, undefined],
        ['checks/2-late.sql', 'could-not-verify', 'did not end within 1 s', 'CHECK_TIMED_OUT'],
        ['checks/3-null.sql', 'could-not-verify', 'returned null', 'CHECK_NOT_RUN'],
        ['TABLE orders', 'failed', 'returned more than 100 rows', 'CHECK_FAILED'],
        ['SELECT name::int > 0 FROM orders', 'could-not-verify', syntax, 'CHECK_NOT_RUN'],
        ['SELECT 1; DROP TABLE orders', 'could-not-verify', several, 'CHECK_NOT_RUN'],
      ] as const;
      assert.deepEqual(
        results.map(({ title, outcome, reason }) => [title, outcome, reason]),
        expected.map(([title, outcome, reason]) => [title, outcome, reason]),
      );
      assert.deepEqual(
        findings,
        expected.flatMap(([title, , reason, code]) => {
          const wanted = code === 'CHECK_TIMED_OUT' ? 'an answer within 1 s' : 'true, or no rows';
          return code === undefined ? [] : [{ code, object: `check "${title}"`, expected: wanted, found: reason }];
        }),
      );
      assert.deepEqual(
        log.lines.map(line => line.replace(/ in [\d.]+ s/, '')),
        expected.map(([title, outcome, reason]) => {
          const words = outcome.replaceAll('-', ' ');
          return `check "${title}": ${words}${reason === null ? '' : `: ${reason}`}`;
        }),
      );
      assert.doesNotMatch(JSON.stringify([results, findings, log.lines]), /zebra/);
      assert.deepEqual(await leftRights(admin), []);
      assert.deepEqual(await admin.query('SELECT count(*)::int AS rows FROM public.orders'), [{ rows: 150 }]);
    });

    it('are all not run where their role cannot be made', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const database = await makeDatabase(t, cluster);
      const user = `weak_${database}`;
      await cluster.query(`CREATE ROLE ${user} LOGIN PASSWORD 'weak'`);
      t.after(() => cluster.query(`DROP ROLE ${user}`));
      const admin = await openSession(t, cluster, database, { user, password: 'weak' });
      const checks = await readChecks('SELECT true\nSELECT 1', '/');
      const log = keepingLog();
      const { results, findings } = await runChecks({
        admin,
        checks,
        timeoutSeconds: 9,
        snapshotAt,
        log,
        signal: never,
      });
      assert.deepEqual(
        findings.map(({ code, object }) => [code, object]),
        ['SELECT true', 'SELECT 1'].map(title => ['CHECK_NOT_RUN', `check "${title}"`]),
      );
      for (const { outcome, reason } of results) {
        assert.equal(outcome, 'could-not-verify');
        assert.match(reason ?? '', /^the role for checks cannot be made: permission denied .*\(SQLSTATE 42501\)$/);
      }
    });

    it('end with an abort, and leave no role behind', async t => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return;
      const admin = await openSession(t, cluster, await makeDatabase(t, cluster));
      const abort = new AbortController();
      const reason = new Error('stop');
      const log = keepingLog(() => abort.abort(reason));
      const checks = await readChecks('SELECT true\nSELECT pg_sleep(3600) IS NULL', '/');
      const running = runChecks({ admin, checks, timeoutSeconds: 300, snapshotAt, log, signal: abort.signal });
      await assert.rejects(running, reason);
      assert.deepEqual(await leftRights(admin), []);
      assert.match(log.lines.join('\n'), /^check "SELECT true": passed in [\d.]+ s$/);
    });
  });
}
