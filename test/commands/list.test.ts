import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type ListResult, list } from '../../src/commands/list.ts';
import { formatBackupId, kinds } from '../../src/catalog/key.ts';
import type { Context } from '../../src/commands/context.ts';
import { type PruneResult, prune } from '../../src/commands/prune.ts';
import { type ListInputs, type PruneInputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import { Shelf, type Shelved, day, listOf, now } from '../report/log-sample.ts';
import { lifeboat, openHarbor, resultOf } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

describe('list', () => {
  it('shows sealed backups only, newest first, each with who, why, how large and how verified', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const first = await harbor.backup(cluster, database, { reason: 'before | the *move*' });
    const second = await harbor.backup(cluster, database, { kind: 'scheduled', 'schema-only': 'true' });
    const third = await harbor.backup(cluster, database, { name: 'other', kind: 'pre-deployment', retain: '90d' });
    await mkdir(join(fileURLToPath(harbor.store), 'shop', '20300101T000000Z-manual-abcdef'));
    await writeFile(
      join(fileURLToPath(harbor.store), 'shop', '20300101T000000Z-manual-abcdef', 'main.dump.age'),
      'half',
    );
    await writeFile(join(fileURLToPath(harbor.store), 'README'), 'a foreign object');

    const listed = resultOf<ListResult>(await lifeboat('list', { store: harbor.store }));
    assert.deepEqual(
      listed.databases.map(({ name, sealed, unsealed }) => [name, sealed, unsealed]),
      [
        ['other', 1, 0],
        ['shop', 2, 1],
      ],
    );
    assert.deepEqual(
      listed.backups.map(({ backupId }) => backupId),
      [third.backupId, ...[first.backupId, second.backupId].sort().reverse()],
    );
    const of = (id: string) => listed.backups.find(({ backupId }) => backupId === id);
    assert.deepEqual(
      [of(first.backupId)?.reason, of(first.backupId)?.partial, of(first.backupId)?.tables],
      ['before | the *move*', false, first.tables],
    );
    assert.deepEqual([of(second.backupId)?.kind, of(second.backupId)?.partial], ['scheduled', true]);
    assert.equal(of(third.backupId)?.retain, '90d');

    assert.equal(listed.chosen, null);
    const chosen = async (more: Record<string, string>) =>
      resultOf<ListResult>(await lifeboat('list', { store: harbor.store, ...more })).chosen;
    const image = `postgres:${cluster.major}`;
    assert.deepEqual(await chosen({ name: 'shop' }), { name: 'shop', backupId: first.backupId, image });
    assert.equal((await chosen({ backup: second.backupId, name: 'shop' }))?.backupId, second.backupId);
    assert.equal((await chosen({ backup: 'random', name: 'other' }))?.backupId, third.backupId);
    const refused = await lifeboat('list', { store: harbor.store, backup: 'random' });
    assert.deepEqual(
      [refused.status, refused.stderr],
      [64, 'error: input name is missing (backup: random needs it; the store holds other, shop)\n'],
    );
    const gone = await lifeboat('list', { store: harbor.store, backup: 'latest-proven', name: 'shop' });
    assert.match(gone.stderr, /no drill has proven any whole backup of shop yet/);
  });

  it('lists 10,000 backups without reading more than are shown', async t => {
    const harbor = await openHarbor(t);
    const ids = Array.from({ length: 10_000 }, (_, index) => {
      const random = index
        .toString(6)
        .padStart(6, '0')
        .replaceAll(/\d/g, digit => 'abcdef'[Number(digit)] ?? 'a');
      return formatBackupId({
        at: new Date(Date.UTC(2020, 0, 1, index)),
        kind: kinds[index % kinds.length] ?? 'manual',
        partial: false,
        random,
      });
    });
    let reads = 0;
    const objects = ['RECOVER.md', 'contents.json.age', 'main.dump.age', 'manifest.json'];
    const store = {
      location: 'file:///harbor',
      async *list() {
        for (const id of ids)
          for (const object of objects) yield { key: `shop/${id}/${object}`, sizeBytes: 1, modifiedAt: new Date() };
      },
      get: async () => {
        reads += 1;
        throw new Error('no such object');
      },
    };
    const context = {
      signal: new AbortController().signal,
      openStore: () => store as never,
      log: { debug: () => {} },
      now: () => new Date(),
    } as unknown as Context;
    const { inputs: raw } = readTerminal(['list', '--name=shop', `--store=${harbor.store}`], {});
    const inputs = readInputs(raw, {}) as ListInputs;
    const listed = await list(inputs, context);
    assert.equal(listed.databases[0]?.sealed, 10_000);
    assert.deepEqual(
      listed.backups.map(({ backupId }) => backupId),
      ids.toReversed().slice(0, 30),
    );
    assert.equal(reads, 30);
  });
});

/** What the dry run of a prune says of the same store. */
async function dryRun(shelf: Shelf, policy: Record<string, string>): Promise<PruneResult> {
  const args = Object.entries({ store: shelf.location, name: 'shop', 'dry-run': 'true', ...policy });
  const raw = readTerminal(['prune', ...args.map(([name, value]) => `--${name}=${value}`)], {});
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const context = { log, now: () => now, signal: new AbortController().signal, openStore: () => shelf };
  return prune(readInputs(raw.inputs, {}) as PruneInputs, context as unknown as Context);
}

describe('what the log says of how long backups are kept', () => {
  const shelved = fc.record(
    {
      at: fc.integer({ min: -1, max: 500 * 24 }).map(hours => new Date(now.getTime() - hours * 3_600_000)),
      kind: fc.constantFrom(...kinds),
      partial: fc.boolean(),
      pullRequest: fc.integer({ min: 1, max: 4 }),
      retain: fc.constantFrom('30d', '1y', 'forever'),
      checks: fc.constant([{ at: now, depth: 'bytes' as const, verdict: 'failed' as const }]),
      drills: fc.constant([{ at: now.toISOString(), verdict: 'passed' as const }]),
      listedBytes: fc.constant(1),
    },
    { requiredKeys: ['at'] },
  );
  const policy = fc.constantFrom<Record<string, string>>(
    { keep: '7d 4w 12m' },
    { 'keep-last': '2', minimum: '1' },
    { 'keep-within': '90d', 'keep-pre-migration': '200d' },
    { keep: '3d 2y', 'keep-within': '2w', timezone: 'Pacific/Auckland' },
  );

  it('is what the dry run of a prune says, with the same policy', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(shelved, { maxLength: 30 }), policy, async (backups, given) => {
        const shelf = new Shelf(backups);
        const listed = await listOf(shelf, { limit: '1000', ...given });
        const planned = await dryRun(shelf, given);
        assert.deepEqual(
          listed.backups.map(({ backupId, kept }) => [backupId, kept]),
          planned.backups.map(({ backupId, outcome, reasons, keptUntil }) => [
            backupId,
            { outcome, reasons, until: keptUntil },
          ]),
        );
        assert.equal(listed.policy, planned.policy);
      }),
      { numRuns: 60 },
    );
  });

  it('is that a damaged one stays, and that a good one takes its place', async () => {
    const nightly = Array.from({ length: 9 }, (_, night) => ({
      at: new Date(now.getTime() - (night + 1.5) * day),
      ...(night < 4 ? { listedBytes: 1 } : {}),
    }));
    const { backups } = await listOf(nightly, { keep: '2d', minimum: '1' });
    assert.deepEqual(
      backups.map(({ kept }) => kept.outcome),
      [...Array<string>(6).fill('kept'), ...Array<string>(3).fill('to be removed')],
    );
    assert.match(backups[0]?.kept.reasons.join() ?? '', /^damaged, so that it counts for nothing: verify it$/);
    assert.match(backups[4]?.kept.reasons.join() ?? '', /^minimum, 1 of 1,daily, 1 of 2/);
  });

  it('counts backups that are not shown', async () => {
    const nightly = Array.from({ length: 9 }, (_, night) => ({ at: new Date(now.getTime() - (night + 0.5) * day) }));
    const listed = await listOf(nightly, { keep: '4d', limit: '2' });
    assert.equal(listed.backups.length, 2);
    const { atOnce, later } = listed.databases[0]?.outlook ?? assert.fail();
    assert.deepEqual([atOnce.count, later.count], [5, 4]);
  });

  it('without a policy is only what was retained by hand, as long as that lasts', async () => {
    const at = new Date('2026-11-01T00:00:00Z');
    const kept = async (more: Partial<Shelved>) => (await listOf([{ at, ...more }])).backups[0]?.kept;
    const byHand = (until: string | null) => ({ outcome: 'kept', reasons: ['retained by hand'], until });
    assert.deepEqual(await kept({}), { outcome: 'no policy', reasons: [], until: null });
    assert.deepEqual(await kept({ retain: '7d' }), { outcome: 'no policy', reasons: [], until: null });
    assert.deepEqual(await kept({ retain: '90d' }), byHand('2027-01-30T00:00:00.000Z'));
    assert.deepEqual(await kept({ retain: 'forever' }), byHand(null));
  });
});

describe('what the log says of the cost', () => {
  const month = Array.from({ length: 30 }, (_, night): Shelved => ({
    at: new Date(now.getTime() - (night + 0.5) * day),
    storedBytes: 1e9,
    databaseBytes: 4e9,
    drills: night === 0 ? [{ at: now.toISOString(), verdict: 'passed' }] : [],
    checks: night === 29 ? [{ at: now, depth: 'bytes', verdict: 'passed' }] : [],
  }));
  const rounded = (value: number | null | undefined) => Math.round((value ?? 0) * 1000) / 1000;

  it('is what is stored, read and dumped, from the listing alone', async () => {
    const { cost } = await listOf(month);
    assert.equal(Math.round(cost.storedBytes / 1e9), 30);
    assert.deepEqual([cost.drills, cost.verifies, Math.round(cost.readBytes / 1e9)], [1, 1, 2]);
    assert.equal(Math.round(cost.restoreBytes / 1e9), 1);
    assert.equal(cost.dumpedBytes, 30 * 4e9);
    assert.deepEqual([cost.here, cost.steadyBytes, cost.steadyUnknown], ['s3-standard', null, 'no policy was given']);
    const here = cost.all.find(({ priceId }) => priceId === cost.here);
    assert.deepEqual([rounded(here?.today), rounded(here?.reads), here?.steady], [0.69, 0.18, null]);
    assert.equal(rounded(cost.supabaseEgress), 10.8);
  });

  it('in the end is what the policy keeps, at the usual size', async () => {
    const { cost } = await listOf(month, { keep: '7d' });
    const inTheEnd = (id: string) => rounded(cost.all.find(({ priceId }) => priceId === id)?.steady);
    assert.equal(Math.round((cost.steadyBytes ?? 0) / 1e9), 7);
    assert.equal(inTheEnd('s3-standard'), 0.161);
    // what is there for a week is billed for 90 days
    assert.equal(inTheEnd('s3-glacier-instant'), 0.36);
  });

  it('is not known in the end where nothing tells, and says why', async () => {
    const why = async (backups: readonly Shelved[], given: Record<string, string>) =>
      (await listOf(backups, given)).cost.steadyUnknown;
    assert.equal(await why([], { keep: '7d' }), 'there are no backups');
    assert.equal(
      await why(month.slice(0, 1), { keep: '7d' }),
      'fewer than two whole backups of shop in 30 days tell no rhythm',
    );
    assert.equal(await why(month, { 'keep-within': 'forever' }), 'a rule keeps backups of shop for ever');
  });
});

describe('a list of very many backups', () => {
  it('is a result that an output of a step can hold', async () => {
    const hourly = Array.from({ length: 5000 }, (_, hour): Shelved => ({
      at: new Date(now.getTime() - hour * 3_600_000),
    }));
    const listed = await listOf(hourly, { keep: '7d 4w 12m' });
    assert.equal(listed.databases[0]?.sealed, 5000);
    assert.ok(listed.databases[0].outlook !== null && listed.databases[0].outlook.atOnce.count > 4900);
    assert.ok(JSON.stringify(listed).length < 500_000, String(JSON.stringify(listed).length));
  });
});

describe('a list as CSV', () => {
  it('warns where it does not have all', async () => {
    const warnings: string[] = [];
    const two: Shelved[] = [
      { at: now },
      { at: new Date(now.getTime() - day), drills: [{ at: now.toISOString(), verdict: 'passed' }] },
    ];
    await listOf(two, { format: 'csv', limit: '1' }, { warnings });
    assert.deepEqual(
      warnings.filter(line => /CSV/.test(line)),
      ['the CSV has 1 of 2 backups of shop: raise limit'],
    );
    await listOf(two, { format: 'csv', limit: '2' }, { warnings });
    await listOf(two, { format: 'csv', limit: '1', drills: 'true' }, { warnings });
    assert.equal(warnings.filter(line => /CSV/.test(line)).length, 1);
  });

  it('is on stdout alone, as bytes of RFC 4180', async t => {
    const cluster = await needsPostgres(t, majors()[0] ?? 15);
    if (!cluster) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const { backupId } = await harbor.backup(cluster, database, { reason: '=cmd|calc, "now"' });
    const run = (format: string) => lifeboat('list', { store: harbor.store, format, keep: '7d' }, { json: false });
    const { stdout } = await run('csv');
    const [header = '', row = '', ...rest] = stdout.split('\r\n');
    assert.match(header, /^name,backup,made_at,/);
    assert.match(row, new RegExp(`^shop,${backupId},`));
    assert.ok(row.includes(`"'=cmd|calc, ""now"""`), row);
    assert.deepEqual(rest, ['']);
    assert.match((await run('html')).stdout, /^<!doctype html>[\s\S]*<\/html>\n$/);
    assert.match((await run('markdown')).stdout, /^### Backups of shop/);
    assert.match((await run('table')).stdout, /minimum, 1 of 3; daily, 1 of 7/);
  });
});
