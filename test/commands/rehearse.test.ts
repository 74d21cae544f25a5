import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Context } from '../../src/commands/context.ts';
import { rehearse } from '../../src/commands/rehearse.ts';
import type { RehearseInputs } from '../../src/inputs/inputs.ts';
import { type OwnCluster, majors, needsPostgres, startCluster } from '../support/postgres.ts';
import { type Rehearsal, type Try, findings, passes, rehearsed as play } from './rehearsal.ts';

for (const major of majors())
  describe(`a rehearsal on PostgreSQL ${major}`, () => {
    let server: OwnCluster | undefined;
    before(async () => {
      server = await startCluster({ major }).catch(() => undefined);
    });
    after(() => server?.stop());

    async function rehearsed(t: TestContext, one: Try): Promise<Rehearsal> {
      await needsPostgres(t, major);
      assert.ok(server);
      return play(t, server, one);
    }

    it('of a good migration says what it did, and nothing else', async t => {
      const done = await rehearsed(t, {
        files: {
          'migrations/0002_mail.sql':
            'ALTER TABLE users ADD mail text;\nUPDATE users SET mail = name WHERE id <= 300;\n',
          'migrations/0003_index.sql':
            'CREATE INDEX users_by_mail ON users (mail);\nCREATE TABLE fresh AS SELECT 1 AS id;\n',
        },
      });
      passes(done);
      const { result } = done;
      assert.deepEqual(
        result.migrations.map(({ title }) => title),
        ['migrations/0002_mail.sql', 'migrations/0003_index.sql'],
      );
      assert.deepEqual(
        result.tables.map(({ table, rowsBefore, rowsAfter, inserted, updated, deleted }) => [
          table,
          rowsBefore,
          rowsAfter,
          inserted,
          updated,
          deleted,
        ]),
        [
          ['public.fresh', null, 1, 1, 0, 0],
          ['public.users', 1000, 1000, 0, 300, 0],
        ],
      );
      assert.deepEqual(result.definitions.map(({ object, change }) => `${change} ${object}`).sort(), [
        'added index public.users_by_mail',
        'added table public.fresh',
        'changed table public.users',
      ]);
      assert.ok(result.locks.some(({ table }) => table === 'public.users'));
    });

    it('of one that fails says where, and never what was in a row', async t => {
      const done = await rehearsed(t, {
        files: { 'migrations/0002.sql': "SELECT 1;\nINSERT INTO users VALUES (1, 'secret-name');\n" },
      });
      assert.equal(done.ran.status, 1);
      assert.deepEqual(findings(done.result), ['MIGRATION_FAILED migration migrations/0002.sql']);
      assert.equal(done.result.findings[0]?.found, 'SQLSTATE 23505 in line 2');
      assert.ok(!`${done.ran.stdout}${done.ran.stderr}`.includes('(1)'));
      const named = await rehearsed(t, { files: { 'migrations/0002.sql': 'CREATE TABLE users (id int);' } });
      assert.equal(named.result.findings[0]?.found, 'SQLSTATE 42P07 in line 1: relation "users" already exists');
    });

    it('of one that does nothing is not green', async t => {
      const nothing = await rehearsed(t, {
        files: { 'migrations/0002.sql': 'x' },
        inputs: { 'migrate-command': 'true' },
      });
      assert.deepEqual([nothing.ran.status, findings(nothing.result)], [2, ['NOTHING_APPLIED migrations']]);
      const edited = await rehearsed(t, { files: { 'migrations/0001_start.sql': 'SELECT 2;' } });
      assert.deepEqual(
        [edited.ran.status, findings(edited.result)],
        [2, ['MIGRATION_EDITED migration migrations/0001_start.sql']],
      );
      assert.deepEqual(edited.result.migrations, []);
    });

    it('applies a file whose name only sounds like a way back, and says which it leaves out', async t => {
      const done = await rehearsed(t, {
        files: {
          'migrations/0002_add_down_payment.sql': 'ALTER TABLE orders ADD down_payment int;',
          'migrations/0002_add_down_payment_down.sql': 'ALTER TABLE orders DROP down_payment;',
        },
      });
      passes(done);
      assert.deepEqual(
        done.result.migrations.map(({ title }) => title),
        ['migrations/0002_add_down_payment.sql'],
      );
      assert.deepEqual(done.result.notices, [
        'migrations/0002_add_down_payment_down.sql is not applied: by its name it takes something back, or is no SQL',
      ]);
      passes(await rehearsed(t, { files: { 'migrations/0002.SQL': 'ALTER TABLE orders ADD down_payment int;' } }));
      const alone = await rehearsed(t, { files: { 'migrations/rollback/0001_start.sql': 'DROP TABLE users;' } });
      assert.deepEqual([alone.ran.status, findings(alone.result)], [2, ['NOTHING_APPLIED migrations']]);
    });

    it('sees an error after which psql was told to go on', async t => {
      const files = {
        'migrations/0002.sql': '\\set ON_ERROR_STOP 0\nSELECT nonsense;\nALTER TABLE users ADD mail text;',
      };
      const { result } = await rehearsed(t, { files });
      assert.equal(result.findings[0]?.found, 'SQLSTATE 42703 in line 2: column "nonsense" does not exist');
    });

    it('goes on to the checks where an edited migration is accepted, and never accepts one that fails', async t => {
      const accept = (code: string, path: string) => `-- lifeboat: accept ${code} migration ${path}\n`;
      const edited = 'migrations/0001_start.sql';
      const red = await rehearsed(t, {
        files: { [edited]: `${accept('MIGRATION_EDITED', edited)}SELECT 2;` },
        inputs: { checks: 'SELECT false', 'check-command': 'false' },
      });
      assert.deepEqual(
        red.result.findings.map(({ code }) => code),
        ['CHECK_FAILED', 'CHECK_COMMAND_FAILED'],
      );
      const path = 'migrations/0002.sql';
      const failed = await rehearsed(t, { files: { [path]: `${accept('MIGRATION_FAILED', path)}SELECT 1 / 0;` } });
      assert.deepEqual([failed.ran.status, findings(failed.result)], [1, [`MIGRATION_FAILED migration ${path}`]]);
    });

    it('of what pg_dump leaves out is one that did something', async t => {
      const role = `made_${major}`;
      passes(await rehearsed(t, { files: { 'migrations/0002.sql': `CREATE ROLE ${role};` } }));
      passes(await rehearsed(t, { files: { 'migrations/0002.sql': `ALTER ROLE ${role} SET search_path = shop;` } }));
      await server?.query(`DROP ROLE ${role}`);
    });

    it('does not believe a command whose sessions go on', async t => {
      const done = await rehearsed(t, {
        files: { 'migrations/2.sql': 'x' },
        inputs: {
          'migrate-command': `psql "$DATABASE_URL" -qc 'ALTER TABLE users ADD mail text'
            setsid psql "$DATABASE_URL" -c "SET application_name = 'goes on'" -c 'SELECT pg_sleep(600)' >/dev/null 2>&1 </dev/null &
            until [ "$(psql "$DATABASE_URL" -Atc "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'goes on'")" = 1 ]; do :; done`,
        },
      });
      await server?.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'goes on'`);
      assert.deepEqual([done.ran.status, findings(done.result)], [2, ['MIGRATION_GOES_ON migrations']]);
    });

    it('runs the command of the user in a clean environment, and ends it in time', async t => {
      const migrate = `test -z "\${SECRET:-}" && psql "$DATABASE_URL" -qc 'ALTER TABLE users ADD mail text'`;
      passes(
        await rehearsed(t, {
          files: { 'migrations/2.sql': 'x' },
          inputs: { 'migrate-command': migrate },
          options: { env: { SECRET: 'x' } },
        }),
      );
      for (const [command, code, status] of [
        ['exit 3', 'MIGRATION_FAILED', 1],
        ['no-such-program', 'MIGRATE_COMMAND_NOT_RUN', 2],
        ['sleep 60', 'MIGRATION_TIMED_OUT', 1],
      ] as const) {
        const inputs = { 'migrate-command': command, 'migrate-timeout': '1s' };
        const done = await rehearsed(t, { files: { 'migrations/2.sql': 'x' }, inputs });
        assert.deepEqual([done.ran.status, findings(done.result)], [status, [`${code} migrate-command`]]);
      }
    });

    it('times the migrations of a tool by its own history', async t => {
      const tool = `set -e; p() { psql "$DATABASE_URL" -qc "$1"; }; p 'CREATE TABLE knex_migrations (id serial, name text)'
        p "ALTER TABLE users ADD a int; INSERT INTO knex_migrations (name) VALUES ('first')"
        psql "$DATABASE_URL" -qc 'SELECT pg_sleep(0.3)' -c "INSERT INTO knex_migrations (name) VALUES ('second')"`;
      const done = await rehearsed(t, { files: { 'migrations/2.sql': 'x' }, inputs: { 'migrate-command': tool } });
      passes(done);
      assert.deepEqual(
        done.result.migrations.map(({ title }) => title),
        ['first', 'second'],
      );
      assert.ok((done.result.migrations[1]?.seconds ?? 0) >= 0.15);
    });

    it('lets a tool write its own history anew, but not away', async t => {
      const sql =
        '; CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (1, false);';
      const write = (rows: string) => ({
        sql,
        files: { 'migrations/2.sql': 'x' },
        inputs: {
          'migrate-command': `psql "$DATABASE_URL" -c 'ALTER TABLE users ADD mail text' -c 'BEGIN; TRUNCATE schema_migrations; ${rows}COMMIT'`,
        },
      });
      passes(await rehearsed(t, write('INSERT INTO schema_migrations VALUES (2, false); ')));
      const gone = await rehearsed(t, write(''));
      assert.deepEqual(findings(gone.result), ['ROWS_REMOVED table public.schema_migrations']);
    });

    it('sees who is locked out, and for how long', async t => {
      const closed = `BEGIN; ALTER TABLE users ADD mail text; SELECT pg_sleep(0.6); COMMIT;`;
      const open = await rehearsed(t, { files: { 'migrations/2.sql': closed } });
      passes(open);
      const lock = open.result.locks.find(({ table }) => table === 'public.users');
      assert.ok((lock?.readersSeconds ?? 0) >= 0.5, JSON.stringify(open.result.locks));
      const red = await rehearsed(t, {
        files: { 'migrations/2.sql': closed.replace('0.6', '1.5') },
        inputs: { 'max-lock': '1s' },
      });
      assert.deepEqual(findings(red.result), ['LOCK_TOO_LONG table public.users']);
      const index = await rehearsed(t, {
        files: { 'migrations/2.sql': 'BEGIN; CREATE INDEX ON users (name); SELECT pg_sleep(0.4); COMMIT;' },
      });
      const writers = index.result.locks.find(({ table }) => table === 'public.users');
      assert.ok((writers?.writersSeconds ?? 0) >= 0.3 && writers?.readersSeconds === 0);
      const gentle = await rehearsed(t, {
        files: { 'migrations/2.sql': 'CREATE INDEX CONCURRENTLY ON users (name);' },
      });
      passes(gentle);
      assert.deepEqual(gentle.result.locks, []);
    });

    it('rehearses the rights of the role that migrates', async t => {
      const role = `migrator_${major}`;
      const sql = `; DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role}; GRANT USAGE, CREATE ON SCHEMA public TO ${role};`;
      const files = { 'migrations/2.sql': 'ALTER TABLE users ADD mail text;' };
      const red = await rehearsed(t, { files, sql, inputs: { 'migrate-role': role } });
      assert.equal(red.result.findings[0]?.found, 'SQLSTATE 42501 in line 1: must be owner of table users');
      const fresh = { 'migrations/2.sql': 'CREATE TABLE mine (id int);' };
      passes(
        await rehearsed(t, {
          files: fresh,
          inputs: { 'migrate-role': role },
          sql: `; GRANT USAGE, CREATE ON SCHEMA public TO ${role};`,
        }),
      );
      const unknown = await rehearsed(t, { files, inputs: { 'migrate-role': 'nobody' } });
      assert.equal(unknown.ran.status, 64);
      assert.match(
        unknown.ran.stderr,
        /input migrate-role is nobody, which is no role of the restored copy \(name a role that the backup holds\)/,
      );
      await server?.query(`DROP OWNED BY ${role}`).catch(() => {});
    });

    it('runs them twice, and back, where that is asked for', async t => {
      const once = { 'migrations/2.sql': 'ALTER TABLE users ADD mail text;' };
      const twice = { 'migrations/2.sql': 'ALTER TABLE users ADD IF NOT EXISTS mail text;' };
      passes(await rehearsed(t, { files: twice, inputs: { repeat: 'true' } }));
      const failed = await rehearsed(t, { files: once, inputs: { repeat: 'true' } });
      assert.deepEqual(findings(failed.result), ['REPEAT_FAILED migration migrations/2.sql']);
      const grows = { 'migrations/2.sql': 'INSERT INTO empty VALUES (1);' };
      assert.deepEqual(findings((await rehearsed(t, { files: grows, inputs: { repeat: 'true' } })).result), [
        'REPEAT_CHANGED table public.empty',
      ]);
      const back = `psql "$DATABASE_URL" -qc 'ALTER TABLE users DROP mail'`;
      passes(await rehearsed(t, { files: once, inputs: { 'down-command': back } }));
      const half = await rehearsed(t, { files: once, inputs: { 'down-command': 'true' } });
      assert.deepEqual(findings(half.result), ['DOWN_DIFFERS table public.users']);
      const broken = await rehearsed(t, { files: once, inputs: { 'down-command': 'exit 5' } });
      assert.deepEqual(findings(broken.result), ['DOWN_FAILED down-command']);
    });

    it('checks the migrated copy', async t => {
      const files = { 'migrations/2.sql': 'ALTER TABLE users ADD mail text;' };
      passes(
        await rehearsed(t, {
          files,
          inputs: { checks: 'SELECT count(mail) = 0 FROM users', 'check-command': 'test -n "$DATABASE_URL"' },
        }),
      );
      const red = await rehearsed(t, {
        files,
        inputs: { checks: 'SELECT count(mail) > 0 FROM users', 'check-command': 'false' },
      });
      assert.deepEqual(
        red.result.findings.map(({ code }) => code),
        ['CHECK_FAILED', 'CHECK_COMMAND_FAILED'],
      );
    });

    it('asks how, where nobody can know', async t => {
      const typeorm = await rehearsed(t, {
        base: {
          'src/data-source.ts': 'export const x = new DataSource({});',
          'src/migrations/1700000000000-a.ts': 'x',
        },
        files: { 'src/migrations/1800000000000-b.ts': 'export class B implements MigrationInterface {}' },
      });
      assert.equal(typeorm.ran.status, 64, typeorm.ran.stderr);
      assert.match(
        typeorm.ran.stderr,
        /input migrate-command is missing \(no command is known that applies migrations of \w+ here/,
      );
    });

    it('applies what is pending in Supabase’s own history, and writes it down', async t => {
      const sql = `; CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
        INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101000000')`;
      const done = await rehearsed(t, {
        sql,
        base: { 'supabase/migrations/20260101000000_a.sql': 'SELECT broken;' },
        files: { 'supabase/migrations/20260201000000_b.sql': 'ALTER TABLE users ADD mail text;' },
      });
      passes(done);
      assert.deepEqual(
        done.result.migrations.map(({ title }) => title),
        ['supabase/migrations/20260201000000_b.sql'],
      );
      const merged = await rehearsed(t, {
        sql,
        base: {
          'supabase/migrations/20260101000000_a.sql': 'SELECT broken;',
          'supabase/migrations/20260115000000_waits.sql': 'CREATE TABLE waits (id int);',
        },
        files: { 'supabase/migrations/20260201000000_b.sql': 'ALTER TABLE waits ADD mail text;' },
      });
      passes(merged);
      assert.deepEqual(
        merged.result.migrations.map(({ title }) => title),
        ['supabase/migrations/20260115000000_waits.sql', 'supabase/migrations/20260201000000_b.sql'],
      );
    });

    it('hides names where others can read the run', async t => {
      const event = join(tmpdir(), `lifeboat-event-${major}.json`);
      await writeFile(event, JSON.stringify({ repository: { private: false } }));
      const done = await rehearsed(t, {
        files: { 'migrations/2.sql': 'DELETE FROM orders; ALTER TABLE users ADD hidden_column text;' },
        options: { env: { GITHUB_ACTIONS: 'true', GITHUB_EVENT_PATH: event } },
      });
      assert.equal(done.ran.status, 1);
      assert.deepEqual(findings(done.result), ['ROWS_REMOVED table (hidden)']);
      assert.ok(!/orders|users|hidden_column/.test(`${done.ran.stdout}${done.ran.stderr}`), done.ran.stdout);
    });

    it('leaves no program behind when it is cancelled', async t => {
      const done = await rehearsed(t, {
        files: { 'migrations/2.sql': 'x' },
        inputs: { 'migrate-command': 'echo begun; sleep 300' },
        options: { onStderr: (text, child) => text.includes('begun') && child.kill('SIGTERM') },
      });
      assert.equal(done.ran.status, 1);
      assert.match(done.ran.stderr, /cancelled by SIGTERM/);
      assert.deepEqual(await server?.query(`SELECT FROM pg_stat_activity WHERE datname = '${done.database}'`), []);
    });
  });

describe('a rehearsal', () => {
  it('refuses a server that may be somebody’s own', async t => {
    const server = await needsPostgres(t, majors()[0] ?? 15);
    if (!server) return;
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-rehearse-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const at = (days: number) =>
      ({
        now: () => new Date(Date.now() + days * 86_400_000),
        signal: new AbortController().signal,
        log: { warn: () => {} },
        folder,
      }) as unknown as Context;
    const inputs = (database: string) =>
      ({
        targetUrl: server.url(database),
        paths: ['no/such/**'],
        base: 'HEAD',
        event: {},
      }) as unknown as RehearseInputs;
    const database = await server.createDatabase();
    await assert.rejects(rehearse(inputs(database), at(3)), {
      message: `input target-url leads to a server that is older than a day: ${database} may be somebody's own database`,
      hint: 'rehearse in a throw-away server, or in the scratch database that a drill with keep-scratch left',
    });
    // these come as far as the change
    await assert.rejects(rehearse(inputs(database), at(0)), /of the input paths matches no file/);
    const kept = await server.createDatabase('lifeboat_kept_0123456789ab');
    t.after(() => server.dropDatabase(kept));
    await assert.rejects(rehearse(inputs(kept), at(3)), /of the input paths matches no file/);
  });
});
