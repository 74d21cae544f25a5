import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { ListResult } from '../../src/commands/list.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import type { Cluster } from '../../scripts/setup/cluster.ts';
import { type Harbor, lifeboat, openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

/** A store with one sealed backup that tests may damage. */
interface Stored {
  harbor: Harbor;
  cluster: Cluster;
  database: string;
  made: BackupResult;
  folder: string;
}

async function stored(t: TestContext, inputs: Record<string, string> = {}): Promise<Stored | undefined> {
  const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
  if (!cluster) return undefined;
  const harbor = await openHarbor(t);
  const database = await createSampleDatabase(cluster);
  const made = await harbor.backup(cluster, database, inputs);
  return { harbor, cluster, database, made, folder: join(fileURLToPath(harbor.store), 'shop', made.backupId) };
}

async function verify({ harbor, cluster }: Stored, inputs: Record<string, string> = {}) {
  const ran = await lifeboat('verify', { store: harbor.store, client: cluster.bin, ...inputs });
  return { ran, result: ran.stdout === '' ? undefined : (JSON.parse(ran.stdout) as VerifyResult) };
}

async function editManifest(folder: string, edit: (manifest: Manifest) => void): Promise<void> {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
  edit(manifest);
  await writeFile(file, JSON.stringify(manifest));
}

/** Verifies with and without the identity, and expects the same named finding. */
async function expectFinding(place: Stored, code: string, object: string): Promise<void> {
  const none: Record<string, string> = {};
  for (const keys of [none, { identity: place.harbor.keys.identity }]) {
    const { ran, result } = await verify(place, keys);
    assert.equal(ran.status, 1, ran.stderr);
    assert.equal(result?.verdict, 'failed');
    assert.deepEqual(
      result?.findings.map(finding => [finding.code, finding.object]),
      [[code, object]],
    );
  }
}

describe('stored bytes', () => {
  const archive = 'main.dump.age';

  it('healthy: no finding, and list shows when and how deep it was verified', async t => {
    const place = await stored(t);
    if (!place) return;
    assert.equal((await verify(place)).result?.verdict, 'passed');
    const { result } = await verify(place, { identity: place.harbor.keys.identity });
    assert.deepEqual([result?.verdict, result?.depth, result?.findings], ['passed', 'archive', []]);
    const listed = JSON.parse((await lifeboat('list', { store: place.harbor.store })).stdout) as ListResult;
    assert.deepEqual(listed.backups[0]?.lastCheck?.verdict, 'passed');
    assert.ok((await readdir(join(place.folder, 'checks'))).some(file => file.endsWith('-archive-passed.json')));
  });

  it('byte flipped', async t => {
    const place = await stored(t);
    if (!place) return;
    const file = join(place.folder, archive);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expectFinding(place, 'HASH_DIFFERS', archive);
  });

  it('truncated', async t => {
    const place = await stored(t);
    if (!place) return;
    await truncate(join(place.folder, archive), 40_000);
    await expectFinding(place, 'SIZE_DIFFERS', archive);
  });

  it('object missing', async t => {
    const place = await stored(t);
    if (!place) return;
    await rm(join(place.folder, 'roles.sql.age'));
    await expectFinding(place, 'OBJECT_MISSING', 'roles.sql.age');
  });

  it('object swapped between backups', async t => {
    const place = await stored(t);
    if (!place) return;
    const other = await place.harbor.backup(place.cluster, place.database);
    const otherFolder = join(fileURLToPath(place.harbor.store), 'shop', other.backupId);
    await cp(join(place.folder, archive), join(otherFolder, archive));
    const { ran, result } = await verify(place, { backup: other.backupId });
    assert.equal(ran.status, 1);
    assert.ok(
      result?.findings.every(({ code, object }) => object === archive && /^(?:HASH|SIZE)_DIFFERS$/.test(code)) &&
        result.findings.length === 1,
    );
  });

  it('object swapped between backups, and the manifest edited to fit: seen with the identity', async t => {
    const place = await stored(t);
    if (!place) return;
    const other = await place.harbor.backup(place.cluster, place.database);
    const otherFolder = join(fileURLToPath(place.harbor.store), 'shop', other.backupId);
    await cp(join(place.folder, archive), join(otherFolder, archive));
    const from = place.made.objects.find(({ object }) => object === archive);
    await editManifest(otherFolder, manifest => {
      manifest.objects = manifest.objects.map(one => (one.object === archive && from ? from : one));
    });
    const { ran, result } = await verify(place, { backup: other.backupId, identity: place.harbor.keys.identity });
    assert.equal(ran.status, 1);
    assert.deepEqual(
      result?.findings.map(({ code }) => code),
      ['CONTENTS_DIFFER'],
    );
  });

  it('manifest edited: its totals no longer fit the contents', async t => {
    const place = await stored(t);
    if (!place) return;
    await editManifest(place.folder, manifest => (manifest.totals.tables += 1));
    const { ran, result } = await verify(place, { identity: place.harbor.keys.identity });
    assert.equal(ran.status, 1);
    assert.deepEqual(
      result?.findings.map(({ code, object }) => [code, object]),
      [['CONTENTS_DIFFER', 'manifest.json']],
    );
  });

  it('manifest edited: an object that it no longer lists is not forgotten', async t => {
    const place = await stored(t);
    if (!place) return;
    await editManifest(place.folder, manifest => {
      manifest.objects = manifest.objects.filter(({ purpose }) => purpose !== 'contents');
    });
    await expectFinding(place, 'OBJECT_MISSING', 'contents');
  });

  it('manifest edited: not what this release writes any more', async t => {
    const place = await stored(t);
    if (!place) return;
    await editManifest(place.folder, manifest => Object.assign(manifest, { objects: 'none' }));
    const { ran } = await verify(place);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /error: the manifest of \S+ is not what this release writes, at objects/);
  });

  it('manifest of a newer format', async t => {
    const place = await stored(t);
    if (!place) return;
    await editManifest(place.folder, manifest => Object.assign(manifest, { format: 2 }));
    const { ran } = await verify(place);
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /has format 2, and this release reads formats up to 1/);
  });

  it('wrong key: could not verify, and the recipients are named', async t => {
    const place = await stored(t);
    if (!place) return;
    const { identity } = await generateIdentity();
    const { ran, result } = await verify(place, { identity });
    assert.equal(ran.status, 2);
    assert.equal(result?.verdict, 'could-not-verify');
    assert.ok(result?.findings.length !== 0 && result?.findings.every(({ code }) => code === 'WRONG_KEY'));
    assert.ok(!`${ran.stdout}${ran.stderr}`.includes(identity));
  });

  it('older copy replayed: under the newer id it names itself', async t => {
    const place = await stored(t);
    if (!place) return;
    const newer = await place.harbor.backup(place.cluster, place.database);
    const newerFolder = join(fileURLToPath(place.harbor.store), 'shop', newer.backupId);
    await rm(newerFolder, { recursive: true });
    await rename(place.folder, newerFolder);
    const { ran } = await verify(place);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, new RegExp(`says that it belongs to shop/${place.made.backupId}`));
  });

  it('forged backup by somebody who can write to the store: the documentation says that it cannot be seen', async () => {
    const text = await readFile(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
    assert.match(text, /forge/i);
  });

  it('an object that cannot be read is not called damaged', async t => {
    const place = await stored(t);
    if (!place) return;
    await rm(join(place.folder, archive));
    await mkdir(join(place.folder, archive));
    const { ran, result } = await verify(place);
    assert.notEqual(ran.status, 0);
    assert.notEqual(result?.verdict, 'passed');
  });

  it('a backup that was never sealed is none', async t => {
    const place = await stored(t);
    if (!place) return;
    await rm(join(place.folder, 'manifest.json'));
    const { ran } = await verify(place, { backup: place.made.backupId });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /was never sealed/);
    const listed = JSON.parse((await lifeboat('list', { store: place.harbor.store })).stdout) as ListResult;
    assert.deepEqual(listed.backups, []);
  });
});
