import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { Context } from '../../src/commands/context.ts';
import { lookOutside } from '../../src/commands/watch-outside.ts';
import { Failure } from '../../src/failure.ts';
import type { OutsideInputs } from '../../src/inputs/watch-outside.ts';
import type { Log } from '../../src/log.ts';
import { openStore } from '../../src/store/open.ts';
import { errorDocument, startS3Proxy } from '../support/s3-proxy.ts';
import { type JsonService, startJsonService } from '../support/json-service.ts';
import { needsS3 } from '../support/s3-server.ts';

const now = new Date('2026-11-25T12:00:00Z');
const before = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const githubToken = 'ghs_0123456789';
const supabaseToken = 'sbp_0123456789';
const project = 'abcdefghijklmnopqrst';
const repository = '/repos/me/shop';
const workflow = `${repository}/actions/workflows/backup.yml`;
const nothing: OutsideInputs = { schedule: undefined, supabase: undefined, checkBucket: false, secrets: [] };

function contextFor(openStoreOf: Context['openStore'], signal = new AbortController().signal): Context {
  const ignore = () => {};
  const log: Log = {
    info: ignore,
    warn: ignore,
    debug: ignore,
    group: (_title, work) => work(),
    progress: (label, totalBytes) => ({ label, totalBytes, add: ignore, end: ignore }),
  };
  return { log, signal, now: () => now, version: '1.2.3', folder: '/nowhere', openStore: openStoreOf };
}

const store = (url: string) => ({
  input: 'store' as const,
  url,
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  roleToAssume: undefined,
});

/** Everything that a watch asks, all of it well. */
async function openWorld(t: TestContext) {
  const github = await startJsonService(t, githubToken);
  github.content.set(repository, { private: false, archived: false, pushed_at: before(24) });
  github.content.set(workflow, { state: 'active' });
  const run = { created_at: before(9), status: 'completed', conclusion: 'success', html_url: 'https://x/runs/7' };
  github.content.set(`${workflow}/runs`, { workflow_runs: [run] });
  const supabase = await startJsonService(t, supabaseToken);
  supabase.content.set(`/v1/projects/${project}`, { status: 'ACTIVE_HEALTHY' });
  supabase.content.set(`/v1/projects/${project}/database/backups`, {
    pitr_enabled: false,
    backups: [{ status: 'COMPLETED', inserted_at: before(8) }],
    physical_backup_data: {},
  });
  const outside: OutsideInputs = {
    schedule: { repository: 'me/shop', workflows: ['backup.yml'], token: githubToken, apiUrl: github.origin },
    supabase: { project, token: supabaseToken, expectPitr: false },
    checkBucket: false,
    secrets: [githubToken, supabaseToken],
  };
  const pause = async () => {};
  const look = (more: Partial<OutsideInputs> = {}, signal?: AbortSignal) =>
    lookOutside(
      {
        outside: { ...outside, ...more },
        store: store('file:///backups'),
        replica: undefined,
        name: undefined,
        maxAgeSeconds: 26 * 3600,
      },
      contextFor(({ url }) => openStore(url), signal),
      { pause, timeoutMilliseconds: 500, supabaseUrl: supabase.origin },
    );
  return { github, supabase, outside, look };
}

const codesOf = ({ findings }: Awaited<ReturnType<typeof lookOutside>>) => findings.map(({ code }) => code);
const fail = (service: JsonService, times: number, fault: object) =>
  service.faults.push(...Array.from({ length: times }, () => fault));

describe('a look outside', () => {
  it('finds nothing where all is well, and says what it looked for', async t => {
    const { look } = await openWorld(t);
    assert.deepEqual(await look(), {
      codes: [
        'GITHUB_NOT_READ',
        'WORKFLOW_MISSING',
        'WORKFLOW_DISABLED',
        'SCHEDULE_NOT_RUNNING',
        'SCHEDULE_RUN_FAILED',
        'SCHEDULE_RUN_STUCK',
        'SCHEDULE_ENDS_SOON',
        'SUPABASE_NOT_READ',
        'PROJECT_NOT_ACTIVE',
        'PLATFORM_BACKUP_NONE',
        'PLATFORM_BACKUP_TOO_OLD',
      ],
      unanswered: [],
      findings: [],
      notes: [],
      leftOut: ['how the bucket is set up (check-bucket)'],
    });
  });

  it('says what it did not look at', async t => {
    const { look } = await openWorld(t);
    assert.deepEqual(await look(nothing), {
      codes: [],
      unanswered: [],
      findings: [],
      notes: [],
      leftOut: [
        'whether GitHub still starts the backup workflow (backup-workflow)',
        "the project at Supabase, and Supabase's own backups (supabase-project)",
        'how the bucket is set up (check-bucket)',
      ],
    });
    assert.equal(
      (await look({ ...nothing, checkBucket: true })).leftOut[2],
      'how the store is set up: it is no bucket',
    );
  });

  it('finds what is wrong with each', async t => {
    const { github, supabase, look } = await openWorld(t);
    github.content.set(workflow, { state: 'disabled_inactivity' });
    supabase.content.set(`/v1/projects/${project}`, { status: 'INACTIVE' });
    const { findings } = await look();
    assert.deepEqual(
      findings.map(({ code, object, found }) => [code, object, found]),
      [
        ['WORKFLOW_DISABLED', 'workflow backup.yml of me/shop', 'disabled_inactivity'],
        ['PROJECT_NOT_ACTIVE', `project ${project}`, 'INACTIVE: it is paused'],
      ],
    );
    assert.deepEqual(codesOf(await look({ supabase: { project, token: supabaseToken, expectPitr: true } })), [
      'WORKFLOW_DISABLED',
      'PROJECT_NOT_ACTIVE',
      'PITR_OFF',
    ]);
  });

  it('finds what gives no answer, and still tells the rest', async t => {
    const { github, supabase, look } = await openWorld(t);
    fail(github, 9, { status: 500 });
    const first = await look();
    assert.deepEqual(codesOf(first), ['GITHUB_NOT_READ', 'GITHUB_NOT_READ']);
    assert.match(first.findings[0]?.found ?? '', /^GitHub did not do GET \/repos\/me\/shop in 3 tries: status 500$/);
    assert.ok(first.codes.includes('PLATFORM_BACKUP_TOO_OLD') && !first.codes.includes('SCHEDULE_NOT_RUNNING'));
    github.faults.length = 0;
    fail(supabase, 6, { breaks: 'reset' });
    assert.deepEqual(codesOf(await look()), ['SUPABASE_NOT_READ', 'SUPABASE_NOT_READ']);
    github.content.delete(workflow);
    assert.deepEqual(codesOf(await look()), ['WORKFLOW_MISSING']);
  });

  it('shows no token, even where the other side repeats it', async t => {
    const { github, supabase, look } = await openWorld(t);
    fail(github, 9, { status: 403, body: JSON.stringify({ message: `no: ${githubToken}` }) });
    fail(supabase, 9, { status: 400, body: JSON.stringify({ message: `no: ${supabaseToken} ${githubToken}` }) });
    const told = JSON.stringify(await look());
    assert.match(told, /no: \*\*\*/);
    assert.ok(!told.includes(githubToken) && !told.includes(supabaseToken));
  });

  it('refuses a token that is none, and ends at once when the run is cancelled', async t => {
    const { github, outside, look } = await openWorld(t);
    assert.ok(outside.schedule);
    await assert.rejects(look({ schedule: { ...outside.schedule, token: 'a b' } }), { exitStatus: 64 });
    const cancelling = new AbortController();
    fail(github, 1, { breaks: 'silence' });
    const asked = look({}, cancelling.signal);
    cancelling.abort(new Failure('cancelled by SIGTERM'));
    await assert.rejects(asked, { message: 'cancelled by SIGTERM' });
  });
});

describe('a look at the bucket', () => {
  const lookAt = async (t: TestContext, name?: string) => {
    const server = await needsS3(t, { buckets: ['backups'] });
    if (!server) return undefined;
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const { credentials } = server;
    const wait = async () => {};
    const context = contextFor(({ url }) => openStore(url, { credentials, patience: { tries: 2, wait } }));
    const url = server.url('backups', 'postgres', proxy.endpoint);
    const inputs = {
      outside: { ...nothing, checkBucket: true },
      store: store(url),
      replica: undefined,
      name,
      maxAgeSeconds: 3600,
    };
    return { server, proxy, look: () => lookOutside(inputs, context) };
  };

  it('finds that a real one keeps no versions, and nothing once it is locked', async t => {
    const trial = await lookAt(t, 'shop');
    if (!trial) return;
    assert.deepEqual((await trial.look()).findings, [
      {
        code: 'BUCKET_NOT_VERSIONED',
        object: 'bucket backups',
        expected: 'versioning or object lock',
        found: 'versioning off, object lock off',
      },
    ]);
    const locked = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`;
    trial.proxy.on(
      ({ url }) => url.includes('object-lock'),
      exchange => exchange.answer(200, locked),
    );
    const { findings, codes } = await trial.look();
    assert.deepEqual(findings, []);
    assert.deepEqual(codes, ['BUCKET_NOT_READ', 'BUCKET_PUBLIC', 'BUCKET_NOT_VERSIONED', 'LIFECYCLE_EATS_BACKUPS']);
  });

  it('asks about the part of the one database that is watched', async t => {
    const trial = await lookAt(t, 'shop');
    if (!trial) return;
    const rule = (prefix: string) =>
      `<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix>${prefix}</Prefix></Filter><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>`;
    let prefix = 'postgres/other/';
    trial.proxy.on(
      ({ url }) => url.includes('lifecycle'),
      exchange => exchange.answer(200, rule(prefix)),
    );
    assert.deepEqual(codesOf(await trial.look()), ['BUCKET_NOT_VERSIONED']);
    prefix = 'postgres/';
    assert.deepEqual(codesOf(await trial.look()), ['BUCKET_NOT_VERSIONED', 'LIFECYCLE_EATS_BACKUPS']);
  });

  it('finds that there is none to look at', async t => {
    const trial = await lookAt(t);
    if (!trial) return;
    trial.proxy.on(
      () => true,
      exchange => exchange.answer(404, errorDocument('NoSuchBucket')),
    );
    const { findings, codes } = await trial.look();
    assert.deepEqual(codes, ['BUCKET_NOT_READ']);
    assert.match(findings[0]?.found ?? '', /there is no bucket backups .*\(create the bucket/);
    assert.equal(findings.length, 1);
  });
});
