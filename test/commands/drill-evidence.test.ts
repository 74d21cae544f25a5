import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Evidence, type EvidenceDetails, parseEvidence } from '../../src/catalog/evidence.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { ListResult } from '../../src/commands/list.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import {
  type Range,
  assertPassed,
  drillInputs,
  drilled,
  findingsIn,
  openRange,
  signalAt,
} from '../faults/drill-support.ts';
import { scriptedClient } from '../faults/support.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { needsProgram } from '../support/programs.ts';
import { startS3Proxy } from '../support/s3-proxy.ts';
import { needsS3 } from '../support/s3-server.ts';

const action = join(import.meta.dirname, '../../src/index.ts');

/** Words that name something of the sample database, in its definitions and among its roles; none of them is a word of ours. */
async function namesIn({ source, database }: Range): Promise<RegExp> {
  const rows = await source.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema', 'app', 'audit')
     UNION SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
     UNION SELECT rolname FROM pg_roles WHERE rolname ~ '^shop_'
     UNION SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('app', 'audit')`,
    [],
    database,
  );
  const ours =
    /^(?:t|child|parent|events|record|forget|joined|slug|lines|tasks|users|documents|changes|touch|team|revenue)$/;
  const names = rows.map(({ name }) => name).filter(name => !ours.test(name));
  const short = [...'tasks users documents invoices revenue'.split(' ')].map(name => `(?:app|billing)[. ]${name}`);
  return new RegExp([...names.map(name => name.replaceAll(/[^\p{L}\p{N}_ ]/gu, '.')), ...short].join('|'), 'u');
}

async function evidenceOf({ folder }: Range): Promise<{ text: string; evidence: Evidence }> {
  const [file = ''] = (await readdir(join(folder, 'drills'))).sort().slice(-1);
  const text = await readFile(join(folder, 'drills', file), 'utf8');
  return { text, evidence: parseEvidence(text, file) };
}

const damage =
  'case "$*" in *--section=post-data*) "$real" "$@" || exit; "${real%/*}/psql" -qX -c "DELETE FROM app.tasks WHERE id = 1"; exit ;; esac';

describe('the evidence of a drill', () => {
  it('names nothing of the database in its plain part, and all in the one that age decrypts', async t => {
    const program = await needsProgram(t, 'age');
    const range = program && (await openRange(t));
    if (!range) return;
    const client = await scriptedClient(t, range.server, { restore: damage });
    const checks = 'SELECT count(*) > 0 FROM app.users';
    const ran = await range.drill({ client, checks, accept: 'INDEX_MISSING index app.projects_search' });
    assert.deepEqual(findingsIn(drilled(ran)), [['ROWS_DIFFER', 'table app.tasks']]);
    const { text, evidence } = await evidenceOf(range);
    assert.ok(!(await namesIn(range)).test(text), text);
    assert.ok(!/SELECT/.test(text));
    assert.deepEqual([evidence.verdict, evidence.codes], ['failed', [{ code: 'ROWS_DIFFER', count: 1 }]]);
    assert.deepEqual(evidence.checks, { passed: 1, failed: 0, notVerified: 0 });
    assert.ok(evidence.comparedByContent > 15 && (evidence.rtoSeconds ?? 0) > 0);
    const key = join(range.harbor.folder, 'key.txt');
    await writeFile(key, `${range.harbor.keys.identity}\n`, { mode: 0o600 });
    const input = Buffer.from(evidence.details?.base64 ?? '', 'base64');
    const ended = spawnSync(program, ['-d', '-i', key], { input });
    assert.equal(ended.status, 0, ended.stderr.toString());
    const details = JSON.parse(ended.stdout.toString()) as EvidenceDetails;
    assert.deepEqual(
      details.findings.map(({ object }) => object),
      ['table app.tasks'],
    );
    assert.equal(details.checks[0]?.title, checks);
    assert.equal(details.tables.length, evidence.tables);
  });

  it('has details only where a key opened the backup, in its own encryption', async t => {
    const range = await openRange(t, { backup: { encryption: 'none', recipients: '' } });
    if (!range) return;
    assertPassed(await range.drill({ identity: '' }));
    const { evidence } = await evidenceOf(range);
    assert.equal(evidence.details?.scheme, 'none');
    assert.deepEqual(evidence.provenRecipients, []);
    const details = JSON.parse(Buffer.from(evidence.details.base64, 'base64').toString()) as EvidenceDetails;
    assert.equal(details.backupId, range.made.backupId);
    const closed = await openRange(t);
    if (!closed) return;
    assert.equal((await closed.drill({ identity: (await generateIdentity()).identity })).status, 2);
    assert.equal((await evidenceOf(closed)).evidence.details, null);
  });

  it('of a backup with a passphrase', async t => {
    const passphrase = 'correct horse battery staple';
    const range = await openRange(t, { backup: { recipients: '', passphrase } });
    if (!range) return;
    assertPassed(await range.drill({ identity: '', passphrase }));
    const { evidence } = await evidenceOf(range);
    assert.equal(evidence.details?.scheme, 'age');
    assert.equal(evidence.provenRecipients.length, 1);
  });

  it('of a backup for gpg', async t => {
    const gpg = await needsProgram(t, 'gpg');
    const passphrase = 'correct horse battery staple';
    const range = gpg && (await openRange(t, { backup: { recipients: '', encryption: 'gpg', passphrase } }));
    if (!range) return;
    assertPassed(await range.drill({ identity: '', passphrase }));
    const { evidence } = await evidenceOf(range);
    assert.equal(evidence.details?.scheme, 'gpg');
  });

  it('proves the recipients whose identities were given, and list warns of the others', async t => {
    const [first, second] = [await generateIdentity(), await generateIdentity()];
    const range = await openRange(t, { backup: { recipients: `${first.recipient}\n${second.recipient}` } });
    if (!range) return;
    const { harbor, made } = range;
    const { identity } = first;
    assert.deepEqual(assertPassed(await range.drill({ identity })).provenRecipients, [first.recipient]);
    const list = async () => lifeboat('list', { store: harbor.store });
    const before = await list();
    assert.match(before.stderr, new RegExp(`no drill of shop has ever proven recipient ${second.recipient}`));
    const listed = resultOf<ListResult>(before);
    const entry = listed.backups.find(one => one.backupId === made.backupId);
    assert.deepEqual(
      [entry?.drills.length, entry?.drills[0]?.verdict, entry?.drills[0]?.evidence?.details],
      [1, 'passed', null],
    );
    assert.ok(entry?.provenAt);
    const both = assertPassed(await range.drill({ identity: `${identity}\n${second.identity}` }));
    assert.deepEqual(both.provenRecipients.sort(), [first.recipient, second.recipient].sort());
    const after = await list();
    assert.ok(!/has ever proven/.test(after.stderr));
  });

  it('needs no more than the right to read, and to write new objects', async t => {
    const s3 = await needsS3(t, { buckets: ['backups'] });
    const range = s3 && (await openRange(t));
    if (!range) return;
    const { harbor, source, database, server, temporary } = range;
    const proxy = await startS3Proxy(s3);
    t.after(() => proxy.stop());
    const keys = { 'access-key-id': s3.accessKeyId, 'secret-access-key': s3.secretAccessKey };
    const inputs = { store: s3.url('backups', '', proxy.endpoint), ...keys };
    resultOf<BackupResult>(await lifeboat('backup', harbor.backupInputs(source, database, inputs)));
    const before = new Set(await s3.keys('backups'));
    const seen = proxy.requests.length;
    const ran = await lifeboat('drill', drillInputs(harbor, server, inputs), { env: { TMPDIR: temporary } });
    const { evidence } = assertPassed(ran);
    const requests = proxy.requests.slice(seen);
    assert.deepEqual(
      requests.filter(({ method }) => method === 'DELETE'),
      [],
    );
    const written = requests.filter(({ method }) => method === 'PUT' || method === 'POST').map(({ url }) => url);
    assert.ok(written.length > 0 && written.every(url => /\/drills\/[^/]+-passed\.json/.test(url)), written.join());
    assert.deepEqual(
      (await s3.keys('backups')).filter(key => !before.has(key)),
      [evidence],
    );
  });

  it('is not there when the drill is cancelled at its very end', async t => {
    const range = await openRange(t);
    if (!range) return;
    const env = { NODE_OPTIONS: signalAt('roles, database, extensions', 'SIGTERM') };
    assert.equal((await range.drill({}, { env })).status, 1);
    assert.deepEqual(await readdir(join(range.folder, 'drills')).catch(() => []), []);
  });
});

describe('a drill as a step of a workflow', () => {
  /** Runs src/index.ts as the runner runs dist/index.js; gives all that others can read, and the outputs. */
  const step = async (range: Range, more: Record<string, string>, event: unknown) => {
    const folder = join(range.harbor.folder, `step-${Math.random()}`);
    await mkdir(folder);
    const files = {
      GITHUB_OUTPUT: 'outputs',
      GITHUB_STEP_SUMMARY: 'summary',
      GITHUB_STATE: 'state',
      GITHUB_EVENT_PATH: 'event',
    };
    const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(folder, file)]));
    for (const path of Object.values(paths)) await writeFile(path, '');
    await writeFile(join(folder, 'event'), event === undefined ? '' : JSON.stringify(event));
    const inputs = { command: 'drill', ...drillInputs(range.harbor, range.server, more) };
    const named = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
    const child = spawn(process.execPath, [action], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        RUNNER_TEMP: folder,
        GITHUB_ACTIONS: 'true',
        ...paths,
        ...Object.fromEntries(named),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const status = await new Promise<number | null>(resolve => child.once('close', resolve));
    const outputText = await readFile(join(folder, 'outputs'), 'utf8');
    const outputs = new Map(
      [...outputText.matchAll(/^(.+?)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name = '', , value = '']) => [
        name,
        value,
      ]),
    );
    const report = outputs.get('report') ?? '';
    const page = report === '' ? '' : await readFile(report, 'utf8');
    const summary = await readFile(join(folder, 'summary'), 'utf8');
    return { status, outputs, report, all: [said, outputText, summary, page].join('\n') };
  };

  for (const [what, event, more, hidden] of [
    ['of a public repository', { repository: { private: false } }, {}, true],
    ['of a repository that may be public', undefined, {}, true],
    ['of a private repository', { repository: { private: true } }, {}, false],
    ['with report: public', { repository: { private: false } }, { report: 'public' }, false],
  ] as const)
    it(`${what} ${hidden ? 'hides' : 'shows'} names`, async t => {
      const range = await openRange(t);
      if (!range) return;
      const client = await scriptedClient(t, range.server, { restore: damage });
      const checks = 'SELECT count(*) < 0 FROM billing.invoices';
      const { status, outputs, report, all } = await step(range, { client, checks, ...more }, event);
      assert.equal(status, 1, all.slice(0, 2000));
      assert.equal(outputs.get('verdict'), 'failed');
      assert.ok(Number(outputs.get('rto-seconds')) > 0);
      assert.match(outputs.get('rpo-seconds') ?? '', /^\d+$/);
      assert.equal((await stat(report)).mode & 0o777, 0o600);
      const [name] = (await namesIn(range)).exec(all) ?? [];
      assert.equal(name !== undefined, !hidden, `${name}: ${all.slice(all.indexOf(name ?? '') - 200).slice(0, 400)}`);
      assert.equal(all.includes('billing.invoices'), !hidden);
      const { evidence } = await evidenceOf(range);
      assert.ok(evidence.details, 'the names are in the evidence');
    });

  it('says what passed', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { status, outputs } = await step(range, {}, { repository: { private: true } });
    assert.deepEqual([status, outputs.get('verdict'), outputs.get('backup-id')], [0, 'passed', range.made.backupId]);
  });
});
