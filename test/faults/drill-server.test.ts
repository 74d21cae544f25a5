import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { type TestContext, describe, it } from 'node:test';
import { openServer } from '../../src/commands/drill-server.ts';
import type { DrillInputs } from '../../src/inputs/inputs.ts';
import { createSampleDatabase, freePort, majors, startCluster } from '../support/postgres.ts';
import {
  type Range,
  assertNotPassed,
  assertNothingLeft,
  assertPassed,
  drillServer,
  drilled,
  evidenceIn,
  manifestOf,
  newest,
  openRange,
  silentContext,
  whenSaid,
} from './drill-support.ts';
import { scriptedClient } from './support.ts';

const oldest = majors()[0] ?? newest;

/** Drills on a server that cannot be used. */
async function cannotUse(range: Range, more: Record<string, string>, found: RegExp, code = 'SERVER_UNREACHABLE') {
  const result = await assertNotPassed(await range.drill(more), 'could-not-verify', [[code, 'server']], range.folder);
  assert.match(result.findings[0]?.found ?? '', found);
  assert.deepEqual(result.stages, []);
  await assertNothingLeft(range);
}

describe('the server of a drill', () => {
  it('that is not there is waited for, and then named', async t => {
    const range = await openRange(t);
    if (!range) return;
    const inputs = {
      targetUrl: `postgresql://postgres@127.0.0.1:${await freePort()}/postgres`,
      sslRootCert: undefined,
    } as DrillInputs;
    const said: string[] = [];
    const context = silentContext(range.temporary, line => said.push(line));
    await assert.rejects(openServer(inputs, await manifestOf(range.folder), context, 0.6), (error: Error) => {
      assert.match(error.message, /^SERVER_UNREACHABLE server: nothing accepts connections at 127\.0\.0\.1:\d+ \(/);
      return true;
    });
    assert.deepEqual(said.length, 1);
    assert.match(said[0] ?? '', /^waiting for the server: /);
  });

  it('that comes up after the drill began is waited for', async t => {
    const server = await startCluster({ major: newest });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return;
    await server.kill();
    const ran = await range.drill(
      {},
      whenSaid('waiting for the server', () => void server.start()),
    );
    assertPassed(ran);
    await assertNothingLeft(range);
  });

  it('with a wrong password', async t => {
    const range = await openRange(t);
    if (!range) return;
    const url = range.server.url('postgres', { user: 'postgres', password: 'wrong' });
    await cannotUse(range, { 'target-url': url }, /refused the password of user postgres \(check target-url/);
  });

  it('with a user who is no superuser', async t => {
    const server = await startCluster({ major: newest });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return;
    await server.query(`CREATE ROLE plain LOGIN PASSWORD 'plain' CREATEDB CREATEROLE`);
    const url = server.url('postgres', { user: 'plain', password: 'plain' });
    const ran = await range.drill({ 'target-url': url });
    const findings = [['SERVER_UNREACHABLE', 'server']] as const;
    const result = await assertNotPassed(ran, 'could-not-verify', findings, range.folder);
    assert.equal(result.findings[0]?.found, 'user plain is none');
  });

  it('behind a pooler in transaction mode', async t => {
    const range = await openRange(t);
    if (!range) return;
    const url = 'postgresql://postgres.abcdefghijklmnopqrst:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres';
    await cannotUse(range, { 'target-url': url }, /leads to a pooler in transaction mode .*:6543/);
  });

  it('of a newer major, without a word, and of an older one whatever is said', async t => {
    if (oldest === newest) return t.skip('there is one major only');
    const range = await openRange(t, { major: oldest, server: await drillServer(newest) });
    if (!range) return;
    await cannotUse(range, {}, new RegExp(`^PostgreSQL ${newest}$`), 'SERVER_MAJOR_DIFFERS');
    const older = await openRange(t, { server: await drillServer(oldest) });
    if (!older) return;
    const found = new RegExp(`^PostgreSQL ${oldest}$`);
    await cannotUse(older, { accept: 'upgrade' }, found, 'SERVER_MAJOR_DIFFERS');
  });

  it('that is the very one of the source, only when it is named', async t => {
    const server = await startCluster({ major: newest });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return;
    const { harbor } = range;
    const database = await createSampleDatabase(server);
    const made = await harbor.backup(server, database, { name: 'own' });
    const words = /error: the server of target-url is the very server that the backup was made from \(.*confirm: own\)/;
    for (const [confirm, status] of [
      ['', 1],
      ['shop', 64],
    ] as const) {
      const ran = await range.drill({ name: 'own', confirm });
      assert.match(ran.stderr, words);
      assert.deepEqual([ran.status, ran.stdout], [status, '']);
    }
    const before = await server.query('SELECT rolname FROM pg_roles ORDER BY 1');
    const result = assertPassed(await range.drill({ name: 'own', confirm: 'own' }));
    assert.equal(result.backupId, made.backupId);
    assert.deepEqual(result.tuned, drilled(await range.drill({ name: 'own', confirm: 'own', tune: 'off' })).tuned);
    assert.deepEqual(await server.query('SELECT rolname FROM pg_roles ORDER BY 1'), before);
    assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname ~ '^lifeboat'`), []);
  });
});

describe('a server that goes away during a drill', () => {
  /** A server of the test's own, and a client that stops it at one of its calls. */
  const stopped = async (t: TestContext, script: string) => {
    const server = await startCluster({ major: newest });
    t.after(() => server.stop());
    const range = await openRange(t, { server });
    if (!range) return undefined;
    const client = await scriptedClient(t, server, { restore: script, definitions: script });
    return { range, server, client, pidFile: `${server.dataFolder}/postmaster.pid` };
  };
  /** The postmaster dies at once, and so do all sessions; its clients are still there to notice. */
  const quit = 'kill -QUIT "$(head -1 "$here/pid")"; sleep 0.3;';

  for (const [stage, section] of [
    ['before the rows', '--section=pre-data'],
    ['in the rows', '--section=data'],
    ['in the indexes', '--section=post-data'],
    ['while it is compared', '--schema-only'],
  ] as const)
    it(stage, async t => {
      const place = await stopped(t, `case "$*" in *${section}*) ${quit} esac`);
      if (!place) return;
      const { range, server, client, pidFile } = place;
      await symlink(pidFile, `${client}/pid`);
      const ran = await range.drill({ client });
      const result = drilled(ran);
      assert.deepEqual([result.verdict, ran.status], ['could-not-verify', 2]);
      assert.ok(
        result.findings.some(({ code }) => code === 'SERVER_LOST'),
        ran.stdout.slice(0, 2000),
      );
      assert.ok(
        result.findings.every(({ code }) => /^(?:SERVER_LOST|DEFINITIONS_NOT_COMPARED)$/.test(code)),
        ran.stdout.slice(0, 2000),
      );
      assert.deepEqual(await evidenceIn(range.folder), ['could-not-verify']);
      // the next drill clears what could not be cleared
      await server.start();
      const next = await range.drill();
      assert.deepEqual([drilled(next).verdict, next.status], ['passed', 0], next.stdout.slice(0, 2000));
      assert.deepEqual(await server.query(`SELECT datname FROM pg_database WHERE datname ~ '^lifeboat'`), []);
      assert.deepEqual(await server.query(`SELECT FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`), []);
    });

  it('and comes back after its crash is left without the scratch database, and not tuned', async t => {
    const backend = `"\${real%/*}/psql" -qXAt -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"`;
    const place = await stopped(t, `case "$*" in *--section=data*) kill -KILL "$(${backend})" ;; esac`);
    if (!place) return;
    const { range, server, client } = place;
    const result = drilled(await range.drill({ client }));
    assert.deepEqual([result.verdict, result.findings.map(({ code }) => code)], ['could-not-verify', ['SERVER_LOST']]);
    assert.deepEqual(await server.query(`SELECT datname FROM pg_database WHERE datname ~ '^lifeboat'`), []);
    assert.deepEqual(await server.query(`SELECT FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`), []);
  });

  for (const [what, words, code, verdict] of [
    [
      'disk full',
      'pg_restore: error: COPY failed for table "users": ERROR:  could not extend file "base/5/1": No space left on device',
      'SERVER_FULL',
      'could-not-verify',
    ],
    [
      'out of memory',
      'pg_restore: error: could not execute query: ERROR:  out of memory\nDETAIL:  Failed on request of size 8.',
      'SERVER_FULL',
      'could-not-verify',
    ],
    [
      'a statement that is refused and has the words of other faults in it',
      "pg_restore: error: could not execute query: ERROR:  function x() does not exist\nCommand was: SELECT 'ERROR: out of memory, terminating connection';\n",
      'RESTORE_FAILED',
      'failed',
    ],
  ] as const)
    it(`${what}, in the server's words`, async t => {
      const range = await openRange(t);
      if (!range) return;
      const script = `case "$*" in *--section=data*) cat >/dev/null; printf '%s\\n' '${words.replaceAll("'", `'\\''`)}' >&2; exit 1 ;; esac`;
      const client = await scriptedClient(t, range.server, { restore: script });
      const object = code === 'SERVER_FULL' ? 'server' : 'archive';
      await assertNotPassed(await range.drill({ client }), verdict, [[code, object]], range.folder);
      await assertNothingLeft(range);
    });

  it('pg_restore that is killed says nothing of the backup', async t => {
    const range = await openRange(t);
    if (!range) return;
    const script = 'case "$*" in *--section=data*) kill -KILL $$ ;; esac';
    const client = await scriptedClient(t, range.server, { restore: script });
    const findings = [['NOT_VERIFIED', 'archive']] as const;
    const result = await assertNotPassed(await range.drill({ client }), 'could-not-verify', findings, range.folder);
    assert.equal(result.findings[0]?.found, 'pg_restore was killed by SIGKILL');
    await assertNothingLeft(range);
  });

  it('no client of the major', async t => {
    const range = await openRange(t);
    if (!range) return;
    const ran = await range.drill({ client: range.temporary });
    const result = drilled(ran);
    assert.deepEqual([result.verdict, ran.status], ['could-not-verify', 2]);
    assert.deepEqual(
      result.findings.map(({ code }) => code),
      ['NOT_VERIFIED'],
    );
    await assertNothingLeft(range);
  });
});
