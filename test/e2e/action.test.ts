import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { secretsOf } from '../../src/postgres/url.ts';
import { type Harbor, openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

const action = join(import.meta.dirname, '../../dist/index.js');

interface Step {
  status: number | null;
  stdout: string;
  outputs: Map<string, string>;
  summary: string;
}

/** Runs dist/index.js as the runner does: inputs in the environment, outputs and summary in files, nothing else. */
async function runStep(
  harbor: Harbor,
  inputs: Record<string, string>,
  more: Record<string, string> = {},
): Promise<Step> {
  const folder = join(harbor.folder, `step-${Object.keys(inputs).length}-${Date.now()}`);
  await mkdir(folder);
  const files = {
    GITHUB_OUTPUT: join(folder, 'outputs'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_STATE: join(folder, 'state'),
  };
  for (const file of Object.values(files)) await writeFile(file, '');
  const named = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const child = spawn(process.execPath, [action], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      RUNNER_TEMP: folder,
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'schedule',
      GITHUB_ACTOR: 'octocat',
      GITHUB_SHA: 'abc',
      ...files,
      ...Object.fromEntries(named),
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const status = await new Promise<number | null>(resolve => child.once('close', resolve));
  return {
    status,
    stdout,
    outputs: parseOutputs(await readFile(files.GITHUB_OUTPUT, 'utf8')),
    summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

function parseOutputs(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^(.+?)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name = '', , value = '']) => [
      name,
      value,
    ]),
  );
}

async function shop(t: TestContext) {
  const major = majors()[0] ?? 15;
  const cluster = await needsPostgres(t, major);
  if (!cluster) return undefined;
  const harbor = await openHarbor(t);
  return { cluster, harbor, database: await createSampleDatabase(cluster) };
}

describe('the action, as the runner starts it', () => {
  it('backs up, masks every secret before anything else, and writes outputs and summary', async t => {
    const place = await shop(t);
    if (!place) return;
    const { cluster, harbor, database } = place;
    const step = await runStep(
      harbor,
      harbor.backupInputs(cluster, database, { command: 'backup', reason: '`::warning::` | <b>x</b>' }),
    );
    assert.equal(step.status, 0, step.stdout);

    const lines = step.stdout.split('\n');
    const secrets = [...new Set(secretsOf(cluster.url(database)))];
    const masks = lines.filter(line => line.startsWith('::add-mask::'));
    assert.ok(masks.length >= secrets.length);
    const rest = `${lines.filter(line => !line.startsWith('::add-mask::')).join('\n')}${step.summary}${[...step.outputs.values()].join('\n')}`;
    for (const secret of secrets) assert.ok(!rest.includes(secret));

    const result = JSON.parse(step.outputs.get('json') ?? '') as BackupResult;
    assert.equal(step.outputs.get('backup-id'), result.backupId);
    assert.match(result.backupId, /-scheduled-/);
    assert.equal(step.outputs.get('tables'), String(result.tables));
    assert.equal(step.outputs.get('rows'), String(result.rows));
    assert.equal(step.outputs.get('size-bytes'), String(result.sizeBytes));
    assert.match(step.outputs.get('manifest') ?? '', /^shop\/.*\/manifest\.json$/);
    assert.match(step.summary, /### Backup of shop: sealed/);
    assert.ok(lines.some(line => line.startsWith('::group::Preflight')));
  });

  it('fails with one error line that names the input and the remedy, and says so in the summary', async t => {
    const harbor = await openHarbor(t);
    const step = await runStep(harbor, { command: 'backup', store: harbor.store, recipients: harbor.keys.recipient });
    assert.equal(step.status, 64);
    assert.match(step.stdout, /^::error::input database-url is missing \(the command backup needs it\)$/m);
    assert.match(step.summary, /pg-lifeboat failed/);
    assert.equal(step.outputs.get('backup-id'), undefined);
    assert.equal(step.outputs.get('problem'), 'input database-url is missing (the command backup needs it)');
  });

  it('does not pass on what a table name or a server message wants to tell the runner', async t => {
    const place = await shop(t);
    if (!place) return;
    const { cluster, harbor, database } = place;
    await cluster.query(
      'CREATE TABLE "::set-output name=x::y" (i int); CREATE ROLE nobody_reads LOGIN PASSWORD \'n\'; GRANT CONNECT ON DATABASE ' +
        database +
        ' TO nobody_reads',
      undefined,
      database,
    );
    t.after(() =>
      cluster.query('DROP OWNED BY nobody_reads; DROP ROLE nobody_reads', undefined, database).catch(() => {}),
    );
    const inputs = harbor.backupInputs(cluster, database, {
      command: 'backup',
      'required-tables': '::error::boo\n##[error]boo',
      name: 'hostile',
    });
    const step = await runStep(harbor, inputs);
    assert.equal(step.status, 1);
    const commands = step.stdout.split('\n').filter(line => line.trimStart().startsWith('::'));
    assert.deepEqual(
      commands.filter(line => !/^::(?:add-mask|group|endgroup|warning|error|debug)/.test(line)),
      [],
    );
    assert.ok(!/##\[/.test(step.stdout));
  });

  it('uses no input of another command silently', async t => {
    const harbor = await openHarbor(t);
    const step = await runStep(harbor, { command: 'list', store: harbor.store, 'required-tables': 'a' });
    assert.match(step.stdout, /::warning::input required-tables is not used by the command list/);
  });

  it('writes the backup log to files, and hides reasons and people where others can read the run', async t => {
    const set = await shop(t);
    if (!set) return;
    const { cluster, harbor, database } = set;
    await harbor.backup(cluster, database, { reason: 'Acme buys us' });
    const event = join(harbor.folder, 'event.json');
    await writeFile(event, JSON.stringify({ repository: { private: true } }));
    const inputs = { command: 'list', store: harbor.store, format: 'csv', keep: '7d' };
    const fileOf = (step: Step, output: string) => readFile(step.outputs.get(output) ?? '', 'utf8');
    const step = await runStep(harbor, inputs, { GITHUB_EVENT_PATH: event });
    assert.equal(step.status, 0, step.stdout);
    assert.match(await fileOf(step, 'log'), /^name,backup,made_at,.*\r\nshop,.*Acme buys us/);
    assert.match(await fileOf(step, 'report'), /Acme buys us/);
    assert.match(step.summary, /Acme buys us/);

    const open = await runStep(harbor, { ...inputs, limit: '9' });
    const files = [await fileOf(open, 'log'), await fileOf(open, 'report')];
    for (const text of [open.stdout, open.summary, open.outputs.get('json') ?? '', ...files])
      assert.doesNotMatch(text, /Acme buys us/);
    assert.match(open.summary, /reasons and people are hidden/);
  });
});
