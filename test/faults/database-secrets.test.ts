import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { startS3Server } from '../support/s3-server.ts';
import { type Trial, fillDatabase, openTrial } from './support.ts';

describe('no secret is seen by others', { skip: process.platform !== 'linux' && 'there is no /proc' }, () => {
  it('in the command line of any process, the environment of pg_dump, or the output, with a key', async t => {
    const trial = await open(t);
    const s3 = await openS3(t);
    if (!trial || !s3) return;
    const { cluster, database, harbor } = trial;
    const files = { files: import.meta.filename, 'files-key': 'a key of the files: $x/y%20 "z"' };
    const secrets = [...passwordsOf(trial), harbor.keys.identity, s3.inputs['secret-access-key'], files['files-key']];
    const debug = {
      env: { LIFEBOAT_DEBUG: 'true', AWS_PROFILE: 'of-no-use', AWS_SECRET_ACCESS_KEY: 'another-secret' },
    };
    const watched = watchProcesses(secrets);
    const backup = await trial.backup({ ...s3.inputs, ...files }, debug);
    const { backupId } = resultOf<BackupResult>(backup);
    const target = await cluster.createDatabase();
    const inputs = { ...harbor.restoreInputs(cluster, target, { backup: backupId }), ...s3.inputs };
    const restore = await trial.run('restore', inputs, debug);
    resultOf(restore);
    const wrong = await trial.backup({ 'database-url': cluster.url(`no ${database}`) }, debug);
    assert.equal(wrong.status, 1);
    const seen = await watched.stop();
    assert.deepEqual(seen.leaks, []);
    assert.ok(
      ['pg_dump', 'pg_dumpall', 'pg_restore'].every(program => seen.variables.has(program)),
      'not all were seen',
    );
    for (const [program, variables] of seen.variables) {
      const strange = [...variables].filter(name => !/^(?:PATH|HOME|TMPDIR|LC_\w+|PG\w+|PWD|SHLVL|_)$/.test(name));
      assert.deepEqual(strange, [], `${program} has variables that it does not need`);
    }
    assertSilent([backup, restore, wrong], [...secrets, 'another-secret']);
  });

  it('in the command line of any process or the output, with a passphrase', async t => {
    const trial = await open(t);
    if (!trial) return;
    const passphrase = 'correct horse: battery/staple%20 $x';
    const secrets = [...passwordsOf(trial), passphrase];
    const debug = { env: { LIFEBOAT_DEBUG: 'true' } };
    const watched = watchProcesses(secrets);
    const backingUp = trial.harbor.backupInputs(trial.cluster, trial.database, { passphrase, recipients: '' });
    const backup = await trial.run('backup', backingUp, debug);
    const { backupId } = resultOf<BackupResult>(backup);
    const target = await trial.cluster.createDatabase();
    const restoring = trial.harbor.restoreInputs(trial.cluster, target, {
      passphrase,
      identity: '',
      backup: backupId,
    });
    const restore = await trial.run('restore', restoring, debug);
    resultOf(restore);
    const wrong = await trial.run('restore', { ...restoring, passphrase: `${passphrase}?` }, debug);
    assert.notEqual(wrong.status, 0);
    assert.deepEqual((await watched.stop()).leaks, []);
    assertSilent([backup, restore, wrong], secrets);
  });

  it('in the command line of any process or the output, with GPG', async t => {
    const trial = await open(t);
    if (!trial || (await needsProgram(t, 'gpg')) === undefined) return;
    const passphrase = 'correct horse: battery/staple%20 $x';
    const secrets = [...passwordsOf(trial), passphrase];
    const watched = watchProcesses(secrets);
    const inputs = trial.harbor.backupInputs(trial.cluster, trial.database, {
      passphrase,
      recipients: '',
      encryption: 'gpg',
    });
    const backup = await trial.run('backup', inputs);
    const { backupId } = resultOf<BackupResult>(backup);
    const target = await trial.cluster.createDatabase();
    const restoring = trial.harbor.restoreInputs(trial.cluster, target, {
      passphrase,
      identity: '',
      backup: backupId,
    });
    const restore = await trial.run('restore', restoring);
    resultOf(restore);
    const seen = await watched.stop();
    assert.deepEqual(seen.leaks, []);
    assert.deepEqual(
      [...(seen.variables.get('gpg') ?? [])].filter(name => /LIFEBOAT|AWS|^PG/.test(name)),
      [],
    );
    assert.deepEqual(readdirSync(trial.temporary), []);
    assertSilent([backup, restore], secrets);
  });
});

async function open(t: TestContext): Promise<Trial | undefined> {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  return cluster && openTrial(t, cluster, await fillDatabase(cluster));
}

async function openS3(t: TestContext) {
  if ((await needsProgram(t, 'versitygw')) === undefined) return undefined;
  const server = await startS3Server({ buckets: ['backups'] });
  t.after(() => server.stop());
  const { accessKeyId, secretAccessKey } = server.credentials;
  return {
    inputs: {
      store: server.url('backups'),
      'access-key-id': accessKeyId,
      'secret-access-key': secretAccessKey,
    },
  };
}

/** The password as it is and as the URL has it. */
function passwordsOf({ cluster }: Trial): string[] {
  const { password } = cluster.address;
  return [password, encodeURIComponent(password)];
}

function assertSilent(runs: readonly { stdout: string; stderr: string }[], secrets: readonly string[]): void {
  for (const { stdout, stderr } of runs)
    for (const secret of secrets) assert.ok(!`${stdout}${stderr}`.includes(secret), `the output holds ${secret}`);
}

const watchedPrograms = ['pg_dump', 'pg_dumpall', 'pg_restore', 'gpg'];

interface Seen {
  /** Command lines with a secret in them. */
  leaks: string[];
  /** Names of the variables of the programs that we start. */
  variables: Map<string, Set<string>>;
}

/** Looks at all processes of the machine, over and over, until it is stopped. */
function watchProcesses(secrets: readonly string[]): { stop(): Promise<Seen> } {
  const seen: Seen = { leaks: [], variables: new Map() };
  let going = true;
  const ended = (async () => {
    while (going) {
      for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) look(pid, secrets, seen);
      await nextTurn();
    }
  })();
  return {
    stop: async () => {
      going = false;
      await ended;
      return seen;
    },
  };
}

function look(pid: string, secrets: readonly string[], seen: Seen): void {
  const args = textOf(`/proc/${pid}/cmdline`).split('\0');
  if (secrets.some(secret => args.join(' ').includes(secret))) seen.leaks.push(args.join(' '));
  const program = watchedPrograms.find(name => args.some(arg => arg === name || arg.endsWith(`/${name}`)));
  if (program === undefined) return;
  const environment = textOf(`/proc/${pid}/environ`);
  if (program !== 'gpg' && !environment.includes('PGAPPNAME=pg-lifeboat')) return;
  const variables = seen.variables.get(program) ?? new Set();
  seen.variables.set(program, variables);
  for (const variable of environment.split('\0')) if (variable !== '') variables.add(variable.split('=')[0] ?? '');
}

/** Nothing for a process that has ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
