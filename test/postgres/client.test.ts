import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import type { Log } from '../../src/log.ts';
import { findClient } from '../../src/postgres/client.ts';
import type { Target } from '../../src/postgres/connection.ts';
import { restoreArchive } from '../../src/postgres/restore.ts';
import { parseAddress } from '../../src/postgres/url.ts';
import { run } from '../../src/process.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { targetOf } from './sessions.ts';

const log: Log = {
  info() {},
  warn() {},
  debug() {},
  group: (_, work) => work(),
  progress: () => assert.fail('no progress'),
};
const { signal } = new AbortController();
const find = (choice: string, major: number) => findClient({ choice, major, log, signal });

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => assert.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  return error;
}

const target: Target = {
  input: 'database-url',
  address: parseAddress(
    'postgresql://me:se%63ret@host:6000/db?sslmode=verify-full&channel_binding=require&options=-c%20jit%3Doff',
    'database-url',
  ),
  rootCert: { pem: 'PEM', path: '/run/ca.pem' },
  application: 'pg-lifeboat x',
};

for (const major of majors()) {
  describe(`the client of Postgres ${major}`, () => {
    it('is found in a folder, and tells its version', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const client = await find(cluster.bin, major);
      assert.match(client.version, new RegExp(`^${major}\\.\\d+$`));
      assert.equal(client.source, cluster.bin);
    });

    it('of another major is refused', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const failure = await refusal(find(cluster.bin, major - 1));
      assert.match(failure.message, new RegExp(`^pg_dump in .* is ${major}\\.\\d+, and the server is ${major - 1}$`));
    });

    it('connects with the password in its environment alone', async t => {
      const cluster = await needsPostgres(t, major);
      if (cluster === undefined) return;
      const client = await find(cluster.bin, major);
      const command = client.command('pg_dump', ['--schema-only'], targetOf(cluster));
      assert.ok(!command.args.join(' ').includes(cluster.address.password));
      assert.match((await run(command)).stdout, /PostgreSQL database dump/);
    });
  });
}

describe('the client', () => {
  const pretend = async (t: { after(work: () => Promise<void>): void }, version: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-client-'));
    t.after(() => rm(folder, { recursive: true }));
    for (const program of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
      await writeFile(join(folder, program), `#!/bin/sh\necho '${version}'\n`);
      await chmod(join(folder, program), 0o755);
    }
    return folder;
  };

  it('tells its version, whatever its packager adds', async t => {
    const folder = await pretend(t, 'pg_dump (PostgreSQL) 17.5 (Debian 17.5-1.pgdg120+1)');
    assert.equal((await find(folder, 17)).version, '17.5');
    const beta = await pretend(t, 'pg_dump (PostgreSQL) 18beta1');
    assert.equal((await find(beta, 18)).version, '18beta1');
  });

  it('that tells no version is refused', async t => {
    const folder = await pretend(t, 'hello');
    assert.match((await refusal(find(folder, 17))).message, /is of no known version, and the server is 17$/);
  });

  it('that is not in its folder is refused', async () => {
    assert.match(
      (await refusal(find('/no/such/folder', 17))).message,
      /pg_dump could not be started: there is no such program/,
    );
  });

  it('asked for by another word is refused as a wrong input', async () => {
    const failure = await refusal(find('brew', 17));
    assert.deepEqual([failure.message, failure.exitStatus], ['input client is "brew"', 64]);
  });

  it('that nobody has is refused with what was tried', async () => {
    const failure = await refusal(find('system', 9));
    assert.match(failure.message, /^no pg_dump of PostgreSQL 9 can be had \(system: /);
    assert.match(failure.hint ?? '', /postgresql-client-9/);
  });

  it('reads the whole address from its environment', async t => {
    const client = await find(await pretend(t, 'pg_dump (PostgreSQL) 17.5'), 17);
    const { args, env } = client.command('pg_dump', ['-x'], target);
    assert.deepEqual(args, ['-x']);
    assert.deepEqual(env, {
      PGHOST: 'host',
      PGPORT: '6000',
      PGUSER: 'me',
      PGDATABASE: 'db',
      PGPASSWORD: 'secret',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/run/ca.pem',
      PGCHANNELBINDING: 'require',
      PGOPTIONS: '-c jit=off',
      PGGSSENCMODE: 'disable',
      PGTZ: 'UTC',
      PGAPPNAME: 'pg-lifeboat x',
      PGCONNECT_TIMEOUT: '30',
      LC_MESSAGES: 'C',
    });
    assert.deepEqual(client.command('pg_dump', []).env, {});
  });

  it('restores one section, and stops at the first error', async t => {
    const client = await find(await pretend(t, 'pg_dump (PostgreSQL) 17.5'), 17);
    assert.deepEqual(restoreArchive(client, target, { section: 'data', withTablespaces: false }).args, [
      '--exit-on-error',
      '--no-password',
      "--dbname=dbname='db'",
      '--section=data',
      '--no-tablespaces',
    ]);
    assert.deepEqual(restoreArchive(client, target, { section: undefined, withTablespaces: true }).args.slice(2), [
      "--dbname=dbname='db'",
    ]);
  });
});
