import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type CheckedResults, runCheckCommand } from '../../src/commands/drill-checks.ts';
import type { Log } from '../../src/log.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { makeDatabase } from '../postgres/sessions.ts';

const never = new AbortController().signal;

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

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-checks-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
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
    const folder = await makeFolder(t);
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
          PGSSLMODE: 'disable',
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
    const psql = join(cluster.bin, 'psql');
    const command = `for to in "$DATABASE_URL" ""; do ${psql} -XAtc 'SELECT current_database()' $to; done; echo "$PGSSLMODE"`;
    const run = { command, url: cluster.url(database), timeoutSeconds: 300, log, signal: never };
    await runCheckCommand(run);
    await runCheckCommand({ ...run, url: `${run.url}?sslmode=disable` });
    const printed = log.lines.filter(line => !line.startsWith('check-command:'));
    assert.deepEqual(printed, [database, database, '', database, database, 'disable']);
  });

  it('prints no password', async () => {
    const { lines } = await run(
      'echo "$DATABASE_URL"; echo "a $PGPASSWORD b" >&2; printf "\\033[31m%s" "${PGPASSWORD%o*}"',
    );
    assert.equal(lines.length, 4);
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
    const pipe = join(await makeFolder(t), 'pipe');
    const daemon = `echo $$; echo > ${pipe}; exec sleep 3600`;
    const { results, lines } = await run(`mkfifo ${pipe}; setsid -f sh -c '${daemon}'; read -r x < ${pipe}`);
    t.after(() => process.kill(Number(lines[0]), 'SIGKILL'));
    assert.equal(results[0]?.outcome, 'passed');
  });
});
