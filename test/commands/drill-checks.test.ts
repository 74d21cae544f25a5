import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type CheckedResults, readChecks, runCheckCommand, runChecks } from '../../src/commands/drill-checks.ts';
import type { Log } from '../../src/log.ts';
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
      await assert.rejects(
        readChecks('a.sql', folder),
        new RegExp(`names a file ${problem.replace('that', 'that')}: a`),
      );
    }
  });
});

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
      assert.match(log.lines.join('\n'), /^check "SELECT true": passed in [\d.]+ s$/);
    });
  });
}

describe('check-command', () => {
  const url = 'postgresql://me%40x:se%63r%7Et%2Fw%0Aord@db.example:6543/my%20db?sslmode=disable';
  const secrets = ['se%63r%7Et%2Fw%0Aord', 'secr~t/w\nord', 'secr~t/w'];

  const run = async (
    command: string,
    { timeoutSeconds = 300, signal = never, log = keepingLog() } = {},
  ): Promise<CheckedResults & { lines: string[]; said: string | undefined }> => {
    const results = await runCheckCommand({ command, url, timeoutSeconds, log, signal });
    const [result] = results.results;
    assert.equal(results.results.length, 1);
    const said = log.lines.pop()?.replace(/ in [\d.]+ s/, '');
    const words = `${result?.outcome.replaceAll('-', ' ')}${result?.reason === null ? '' : `: ${result?.reason}`}`;
    assert.equal(said, `check-command: ${words}`);
    return { ...results, lines: log.lines, said };
  };

  it('that ends with status 0 has passed', async () => {
    const { results, findings, lines } = await run("echo one\necho 'two three'");
    assert.deepEqual(
      results.map(({ title, outcome, reason }) => [title, outcome, reason]),
      [['echo one', 'passed', null]],
    );
    assert.deepEqual([findings, lines], [[], ['one', 'two three']]);
  });

  for (const [command, code, found] of [
    ['exit 3', 'CHECK_COMMAND_FAILED', 'ended with status 3'],
    ['false\ntrue', 'CHECK_COMMAND_FAILED', 'ended with status 1'],
    ['kill -KILL $$', 'CHECK_COMMAND_FAILED', 'was killed by SIGKILL'],
    ['nosuch-program', 'CHECK_COMMAND_NOT_RUN', 'ended with status 127: a program was not found'],
    ['/', 'CHECK_COMMAND_NOT_RUN', 'ended with status 126: a program may not be run'],
    [`: ${'x'.repeat(200_000)}`, 'CHECK_COMMAND_NOT_RUN', 'could not be started'],
    ['-x', 'CHECK_COMMAND_NOT_RUN', 'ended with status 127: a program was not found'],
  ] as const) {
    it(`that does not end well is a finding: ${JSON.stringify(command.slice(0, 30))}`, async () => {
      const { results, findings } = await run(command);
      const outcome = code === 'CHECK_COMMAND_FAILED' ? 'failed' : 'could-not-verify';
      assert.deepEqual([results[0]?.outcome, results[0]?.reason], [outcome, found]);
      assert.deepEqual(findings, [{ code, object: 'check-command', expected: 'status 0', found }]);
    });
  }

  it('fails where a part of a pipe fails, as in a workflow', async t => {
    if ((await run('command -v bash || true')).lines.length === 0) return t.skip('no bash');
    assert.equal((await run('exit 3 | cat')).results[0]?.reason, 'ended with status 3');
  });

  it('runs in sh where there is no bash', async t => {
    const folder = await makeFolder(t, {});
    await symlink('/bin/sh', join(folder, 'sh'));
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
      const { results, lines } = await run('echo "$0"; (exit 4); echo not here');
      assert.deepEqual([lines, results[0]?.reason], [['sh'], 'ended with status 4']);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('has the address of the scratch database, and nothing else of ours', async () => {
    process.env.LIFEBOAT_PASSPHRASE = 'secret';
    try {
      const script = `const { PATH, HOME, TMPDIR, DOCKER_HOST, DOCKER_CONFIG, PWD, SHLVL, _, OLDPWD, ...rest } = process.env;
        rest.PGPASSWORD = Buffer.from(rest.PGPASSWORD).toString('hex');
        rest.DATABASE_URL = Buffer.from(rest.DATABASE_URL).toString('hex');
        console.log(JSON.stringify([process.cwd(), rest]))`;
      const { lines } = await run(`${process.execPath} -e '${script.replaceAll("'", `'"'"'`)}'`);
      const hex = (text: string) => Buffer.from(text).toString('hex');
      assert.deepEqual(JSON.parse(lines[0] ?? ''), [
        process.cwd(),
        {
          DATABASE_URL: hex(url),
          PGHOST: 'db.example',
          PGPORT: '6543',
          PGUSER: 'me@x',
          PGPASSWORD: hex('secr~t/w\nord'),
          PGDATABASE: 'my db',
        },
      ]);
    } finally {
      delete process.env.LIFEBOAT_PASSPHRASE;
    }
  });

  it('reaches the scratch database', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const database = await makeDatabase(t, cluster);
    const log = keepingLog();
    const command = `for to in "$DATABASE_URL" ""; do ${join(cluster.bin, 'psql')} -XAtc 'SELECT current_database()' $to; done`;
    await runCheckCommand({ command, url: cluster.url(database), timeoutSeconds: 300, log, signal: never });
    assert.deepEqual(log.lines.slice(0, 2), [database, database]);
  });

  it('prints no password', async () => {
    const { lines } = await run(
      'echo "$DATABASE_URL"; echo "a $PGPASSWORD b" >&2; printf "\\033[31m%s" "${PGPASSWORD%o*}"',
    );
    assert.equal(lines.length, 5);
    for (const secret of secrets) assert.ok(!lines.join('\n').includes(secret), lines.join('\n'));
    assert.ok(lines[1]?.startsWith('a ***'));
  });

  it('prints at most 2,000 lines, and no endless ones', async () => {
    const { lines } = await run('seq 2500; printf last');
    assert.deepEqual([lines.length, lines[0], lines[1999], lines[2000]], [2001, '1', '2000', '… 501 more lines']);
    const long = await run(
      `${process.execPath} -e 'console.log("x".repeat(5000)); process.stdout.write("y".repeat(1e6) + "\\nend")'`,
    );
    assert.deepEqual(long.lines, ['x'.repeat(2000), '… a line of more than 64 KB', 'end']);
  });

  it('prints lines as a terminal shows them at their end', async () => {
    const { lines } = await run(`printf '1 %%\\r99 %%\\r100 %%\\n\\n\\033[1mbold\\033[0m\\r\\nü'; printf 'error' >&2`);
    assert.deepEqual(lines, ['100 %', '', 'bold', 'üerror']);
  });

  it('that does not end in time is ended', async () => {
    const { results, findings } = await run('sleep 3600', { timeoutSeconds: 0.1 });
    const found = 'did not end within 0.1 s';
    assert.deepEqual([results[0]?.outcome, results[0]?.reason], ['could-not-verify', found]);
    assert.deepEqual(findings, [{ code: 'CHECK_TIMED_OUT', object: 'check-command', expected: 'status 0', found }]);
  });

  /** The process of the number that a line of the log holds. */
  const ended = async (line: string | undefined) => {
    assert.match(line ?? '', /^\d+$/);
    try {
      for (;;) {
        process.kill(Number(line), 0);
        await turn();
      }
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    }
  };

  for (const [what, command] of [
    ['its children', 'sleep 3600 & echo $!; wait'],
    ['those that do not want to end', `sh -c 'trap "" TERM; echo $$; while :; do sleep 3600; done' & wait`],
  ] as const) {
    it(`that is aborted ends with ${what}`, async () => {
      const abort = new AbortController();
      const reason = new Error('stop');
      const log = keepingLog(() => abort.abort(reason));
      const run = { command, url, timeoutSeconds: 300, log, signal: abort.signal };
      await assert.rejects(runCheckCommand(run), reason);
      await ended(log.lines[0]);
    });
  }

  it('leaves no program behind', async () => {
    const { results, lines } = await run('sleep 3600 & echo $!');
    assert.equal(results[0]?.outcome, 'passed');
    await ended(lines[0]);
  });

  it('is not waited for by a daemon of its', async t => {
    if ((await run('command -v setsid || true')).lines.length === 0) return t.skip('no setsid');
    const { results, lines } = await run(`setsid sh -c 'echo $$; exec sleep 3600' &\nwait -n 2>&1 || sleep 1`, {
      timeoutSeconds: 300,
    });
    t.after(() => process.kill(Number(lines[0]), 'SIGKILL'));
    assert.equal(results[0]?.outcome, 'passed');
  });
});
