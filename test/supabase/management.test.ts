import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { Means } from '../../src/delivery.ts';
import { Failure } from '../../src/failure.ts';
import { openManagement } from '../../src/supabase/management.ts';
import { testMeans } from '../alert/receiver.ts';
import { startJsonService } from '../support/json-service.ts';

const token = 'sbp_0123456789abcdef';
const project = 'abcdefghijklmnopqrst';
const path = `/v1/projects/${project}`;

const backups = {
  region: 'eu-central-1',
  walg_enabled: true,
  pitr_enabled: false,
  backups: [
    { id: 2, is_physical_backup: true, status: 'COMPLETED', inserted_at: '2026-11-25T02:11:09.123Z' },
    { id: 1, is_physical_backup: true, status: 'FAILED', inserted_at: '2026-11-24T02:11:09Z' },
  ],
  physical_backup_data: {},
};

async function open(t: TestContext, { means = testMeans().means, given = token } = {}) {
  const service = await startJsonService(t, token);
  service.content.set(path, { id: project, name: 'shop', status: 'ACTIVE_HEALTHY' });
  service.content.set(`${path}/database/backups`, backups);
  return { service, management: openManagement({ apiUrl: service.origin, token: given, means }) };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.ok(!`${error.message}${error.hint}${error.stack}${String(error.cause)}`.includes(token));
  return error;
}

describe('a Supabase project', () => {
  it('is read with the token in a header', async t => {
    const { service, management } = await open(t);
    assert.equal(await management.readStatus(project), 'ACTIVE_HEALTHY');
    assert.deepEqual(await management.readBackups(project), {
      backups: [
        { status: 'COMPLETED', at: new Date('2026-11-25T02:11:09.123Z') },
        { status: 'FAILED', at: new Date('2026-11-24T02:11:09Z') },
      ],
      hasPitr: false,
      latestPointAt: null,
    });
    assert.deepEqual(
      service.seen.map(({ method, path, headers }) => [method, path, headers.authorization, headers['user-agent']]),
      [
        ['GET', path, `Bearer ${token}`, 'pg-lifeboat/1.2.3'],
        ['GET', `${path}/database/backups`, `Bearer ${token}`, 'pg-lifeboat/1.2.3'],
      ],
    );
  });

  it('tells how far recovery to a point in time reaches, or names no point', async t => {
    const { service, management } = await open(t);
    const answer = (data: unknown) =>
      service.content.set(`${path}/database/backups`, {
        ...backups,
        backups: [],
        pitr_enabled: true,
        physical_backup_data: data,
      });
    answer({ earliest_physical_backup_date_unix: 1_763_500_000, latest_physical_backup_date_unix: 1_764_000_000 });
    const latestPointAt = new Date(1_764_000_000_000);
    assert.deepEqual(await management.readBackups(project), { backups: [], hasPitr: true, latestPointAt });
    for (const none of [{}, undefined, null, { latest_physical_backup_date_unix: null }]) {
      answer(none);
      assert.equal((await management.readBackups(project)).latestPointAt, null);
    }
  });
});

describe('where Supabase does not tell', () => {
  it('a refusal says why, and is not sent again', async t => {
    const { service, management } = await open(t, { given: 'sbp_wrong' });
    assert.equal(
      (await failureOf(management.readStatus(project))).message,
      `Supabase refused GET ${path} with status 401: Bad credentials`,
    );
    assert.equal(service.seen.length, 1);
    const good = await open(t);
    good.service.faults.push({
      status: 403,
      body: JSON.stringify({ message: `no ${token}`, missing_permissions: ['backups_read'] }),
    });
    assert.equal(
      (await failureOf(good.management.readBackups(project))).message,
      `Supabase refused GET ${path}/database/backups with status 403: no ***; missing permissions: backups_read`,
    );
    assert.match(
      (await failureOf(good.management.readStatus('tsrqponmlkjihgfedcba'))).message,
      / status 404: Not Found$/,
    );
    good.service.faults.push({ status: 400, body: '<html>' });
    assert.match((await failureOf(good.management.readStatus(project))).message, / with status 400$/);
  });

  it('what may pass by is sent three times, and waits as long as it asks', async t => {
    const { means, waits } = testMeans();
    const { service, management } = await open(t, { means });
    service.faults.push({ status: 429, headers: { 'retry-after': '17' } }, { status: 503 });
    assert.equal(await management.readStatus(project), 'ACTIVE_HEALTHY');
    assert.deepEqual(waits, [17, 4]);
    service.faults.push({ status: 500 }, { status: 502 }, { status: 429 });
    assert.equal(
      (await failureOf(management.readStatus(project))).message,
      `Supabase refused GET ${path} with status 429: fault, in each of 3 tries`,
    );
    service.faults.push({ status: 429, headers: { 'retry-after': '3600' } });
    assert.match((await failureOf(management.readStatus(project))).message, /asks to be left alone for 3600 s$/);
  });

  it('silence and a broken connection end as a failure', async t => {
    const { means } = testMeans(200);
    const { service, management } = await open(t, { means });
    service.faults.push({ breaks: 'silence' }, { breaks: 'silence' }, { breaks: 'silence' });
    assert.equal(
      (await failureOf(management.readStatus(project))).message,
      `Supabase did not do GET ${path}: no answer within 0.2 s, in each of 3 tries`,
    );
    service.faults.push({ breaks: 'reset' });
    assert.equal(await management.readStatus(project), 'ACTIVE_HEALTHY');
  });

  it('nothing is made of an answer that is something else', async t => {
    const { service, management } = await open(t);
    service.faults.push({ body: '<html>' });
    assert.match((await failureOf(management.readStatus(project))).message, /no JSON$/);
    service.faults.push({ breaks: 'endless' });
    assert.match((await failureOf(management.readStatus(project))).message, /more than 1 MiB$/);
    for (const content of [[], null, 'text', {}, { status: 7 }, { status: '' }]) {
      service.faults.push({ body: JSON.stringify(content) });
      assert.match((await failureOf(management.readStatus(project))).message, /something else than its API says$/);
    }
    const odd = [
      {},
      { ...backups, pitr_enabled: 'no' },
      { ...backups, backups: {} },
      { ...backups, backups: [null] },
      { ...backups, backups: [{ status: 'COMPLETED' }] },
      { ...backups, backups: [{ status: 'COMPLETED', inserted_at: 'today' }] },
      { ...backups, backups: [{ inserted_at: '2026-11-24T02:11:09Z' }] },
      { ...backups, physical_backup_data: 'x' },
      { ...backups, physical_backup_data: { latest_physical_backup_date_unix: 'x' } },
    ];
    for (const content of odd) {
      service.faults.push({ body: JSON.stringify(content) });
      assert.match((await failureOf(management.readBackups(project))).message, /something else than its API says$/);
    }
  });

  it('a cancelled run ends at once', async t => {
    const cancelling = new AbortController();
    const means: Means = { ...testMeans().means, signal: cancelling.signal };
    const { service, management } = await open(t, { means });
    service.faults.push({ breaks: 'silence' });
    const asked = management.readStatus(project);
    setTimeout(() => cancelling.abort(new Failure('cancelled by SIGTERM')), 50);
    assert.equal((await failureOf(asked)).message, 'cancelled by SIGTERM');
  });
});

describe('the token of Supabase', () => {
  it('goes nowhere else by a redirect', async t => {
    const { service, management } = await open(t);
    const other = await startJsonService(t, token);
    service.faults.push({ status: 302, headers: { location: `${other.origin}${path}` } });
    assert.match((await failureOf(management.readStatus(project))).message, / with status 302/);
    assert.deepEqual(other.seen, []);
  });

  it('is refused where no header can hold it, and not shown', async t => {
    for (const given of ['two\nlines', 'tök', 'a b', '']) {
      const error = await failureOf(open(t, { given }));
      assert.deepEqual(
        [error.exitStatus, error.message],
        [64, 'input supabase-access-token is no token: it has characters that none has'],
      );
    }
  });
});
