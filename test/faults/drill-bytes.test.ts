import assert from 'node:assert/strict';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { generateIdentity } from '../../src/crypto/age.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { needsS3 } from '../support/s3-server.ts';
import type { Cluster } from '../support/postgres.ts';
import { scriptedClient } from './support.ts';
import {
  type Range,
  type RangeOptions,
  assertNotPassed,
  assertNothingLeft,
  drilled,
  drillInputs,
  editManifest,
  evidenceIn,
  findingsIn,
  flipByte,
  folderOf,
  openRange,
  swap,
} from './drill-support.ts';

type Findings = readonly (readonly [string, string])[];

/** Drills a damaged backup, which must fail for these reasons and leave nothing. */
async function fails(range: Range, findings: Findings, more: Record<string, string> = {}): Promise<void> {
  await assertNotPassed(await range.drill(more), 'failed', findings, range.folder);
  await assertNothingLeft(range);
}

async function cannotVerify(range: Range, findings: Findings, more: Record<string, string> = {}) {
  const result = await assertNotPassed(await range.drill(more), 'could-not-verify', findings, range.folder);
  await assertNothingLeft(range);
  return result;
}

/** Two tables that are worth a shard each. */
async function fillBig(source: Cluster): Promise<string> {
  const database = await source.createDatabase();
  await source.query(
    `CREATE TABLE one AS SELECT i, repeat(md5(i::text), 30) AS text FROM generate_series(1, 12000) i;
     CREATE TABLE two AS SELECT i, repeat(md5((-i)::text), 30) AS text FROM generate_series(1, 14000) i;
     CREATE TABLE small AS SELECT 1 AS i`,
    [],
    database,
  );
  return database;
}

describe('a drill of damaged stored bytes', () => {
  const main = 'main.dump.age';

  /** Opens a range, does its damage, and drills. */
  const damaged = (
    title: string,
    damage: (range: Range, t: TestContext) => Promise<unknown>,
    findings: Findings,
    options: RangeOptions = {},
  ): void => {
    it(title, async t => {
      const range = await openRange(t, options);
      if (!range) return;
      await damage(range, t);
      await fails(range, findings);
    });
  };

  for (const object of [main, 'roles.sql.age', 'schema.sql.age', 'contents.json.age'])
    damaged(`object missing: ${object}`, ({ folder }) => rm(join(folder, object)), [['OBJECT_MISSING', object]]);

  for (const object of [main, 'contents.json.age'])
    damaged(`truncated: ${object}`, ({ folder }) => truncate(join(folder, object), 700), [['SIZE_DIFFERS', object]]);

  for (const object of [main, 'roles.sql.age', 'schema.sql.age', 'contents.json.age', 'RECOVER.md'])
    damaged(`byte flipped: ${object}`, ({ folder }) => flipByte(folder, object), [['HASH_DIFFERS', object]]);

  // what looks as if it were encrypted to somebody else, long before its end is read
  for (const object of [main, 'contents.json.age'])
    damaged(
      `byte flipped in the header: ${object}`,
      ({ folder }) => flipByte(folder, object, 50),
      [['HASH_DIFFERS', object]],
      { fill: fillBig },
    );

  damaged(
    'object swapped between backups',
    async ({ folder, harbor, source, database }) => {
      await source.query('CREATE TABLE more AS SELECT i, md5(i::text) FROM generate_series(1, 2000) i', [], database);
      const other = await harbor.backup(source, database);
      await swap(folderOf(harbor, other.backupId), folder, main);
      await rm(folderOf(harbor, other.backupId), { recursive: true });
    },
    [['SIZE_DIFFERS', main]],
  );

  it('object swapped between backups, and the manifest edited to fit', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { folder, harbor, source, database } = range;
    await source.query('INSERT INTO "Odd Schema"."no columns" DEFAULT VALUES', [], database);
    const other = await harbor.backup(source, database);
    await swap(folderOf(harbor, other.backupId), folder, main);
    const [theirs] = other.objects.filter(({ object }) => object === main);
    await editManifest(folder, manifest => {
      manifest.objects = manifest.objects.map(one => (one.object === main && theirs ? theirs : one));
    });
    const ran = await range.drill({ backup: range.made.backupId });
    const found = findingsIn(drilled(ran));
    assert.deepEqual(found[0], ['CONTENTS_DIFFER', main]);
    assert.deepEqual(found[1], ['ROWS_DIFFER', 'table Odd Schema.no columns']);
    assert.equal(ran.status, 1);
    assert.deepEqual(await evidenceIn(folder), ['failed']);
  });

  it('contents of another backup, and the manifest edited to fit', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { folder, harbor, source, database } = range;
    const other = await harbor.backup(source, database);
    const contents = 'contents.json.age';
    await swap(folderOf(harbor, other.backupId), folder, contents);
    const theirs = other.objects.find(({ object }) => object === contents);
    await editManifest(folder, manifest => {
      manifest.objects = manifest.objects.map(one => (one.object === contents && theirs ? theirs : one));
    });
    await fails(range, [['CONTENTS_DIFFER', 'contents']], { backup: range.made.backupId });
  });

  damaged(
    'manifest edited: a hash',
    ({ folder }) =>
      editManifest(folder, ({ objects }) => {
        for (const one of objects) if (one.object === main) one.sha256 = '0'.repeat(64);
      }),
    [
      ['CONTENTS_DIFFER', main],
      ['HASH_DIFFERS', main],
    ],
  );

  it('manifest edited: a recipient added', async t => {
    const range = await openRange(t);
    if (!range) return;
    const stranger = await generateIdentity();
    await editManifest(range.folder, ({ encryption }) => encryption.recipients.push(stranger.recipient));
    await fails(range, [['CONTENTS_DIFFER', 'recipients']]);
  });

  for (const [purpose, found] of [
    ['main', 'main'],
    ['roles', 'roles'],
    ['schema', 'schema'],
    ['contents', 'contents'],
  ] as const)
    it(`manifest edited: no object for ${purpose}`, async t => {
      const range = await openRange(t);
      if (!range) return;
      await editManifest(range.folder, manifest => {
        manifest.objects = manifest.objects.filter(one => one.purpose !== purpose);
      });
      const ran = await range.drill();
      const missing = findingsIn(drilled(ran)).filter(([code]) => code === 'OBJECT_MISSING');
      assert.deepEqual(missing, [['OBJECT_MISSING', found]], ran.stdout);
      assert.equal(ran.status, 1);
      await assertNothingLeft(range);
    });

  it('manifest of a newer format', async t => {
    const range = await openRange(t);
    if (!range) return;
    await editManifest(range.folder, manifest => Object.assign(manifest, { format: 2 }));
    const ran = await range.drill();
    assert.match(ran.stderr, /error: the manifest of \S+ has format 2, and this release reads formats up to 1 \(/);
    assert.deepEqual([ran.status, ran.stdout], [2, '']);
    assert.deepEqual(await evidenceIn(range.folder), []);
  });

  // pg_restore stumbles over the damage first, and its words must not be taken for the cause
  for (const compression of ['zstd:3', 'gzip:6', 'none'])
    for (const at of [0.001, 0.05])
      it(`byte flipped at ${at * 100} % of an archive that is not encrypted, compression ${compression}`, async t => {
        const range = await openRange(t, {
          fill: fillBig,
          backup: { encryption: 'none', recipients: '', compression },
        });
        if (!range) return;
        const object = range.made.objects.find(({ purpose }) => purpose === 'main');
        assert.ok(object);
        await flipByte(range.folder, object.object, Math.floor(object.sizeBytes * at));
        await fails(range, [['HASH_DIFFERS', object.object]], { identity: '' });
      });

  it('byte flipped is the cause that is named when a program fails before it comes to it', async t => {
    const range = await openRange(t, { fill: fillBig });
    if (!range) return;
    await flipByte(range.folder, main);
    const client = await scriptedClient(t, range.server, {
      restore: 'case "$*" in *--section=pre-data*) exit 1 ;; esac',
    });
    await fails(range, [['HASH_DIFFERS', main]], { client });
  });

  it('a data shard missing, flipped, or no longer listed', async t => {
    const range = await openRange(t, { fill: fillBig, backup: { jobs: '3' } });
    if (!range) return;
    const { folder, made } = range;
    const [shard, other] = made.objects.filter(({ purpose }) => purpose === 'shard').map(({ object }) => object);
    assert.ok(shard && other);
    await flipByte(folder, shard);
    await fails(range, [['HASH_DIFFERS', shard]]);
    await rm(join(folder, shard));
    await rm(join(folder, 'drills'), { recursive: true });
    await fails(range, [['OBJECT_MISSING', shard]]);
    await rm(join(folder, 'drills'), { recursive: true });
    await editManifest(folder, manifest => {
      manifest.objects = manifest.objects.filter(({ object }) => object !== shard);
    });
    const ran = await range.drill();
    assert.deepEqual(findingsIn(drilled(ran))[0], ['CONTENTS_DIFFER', shard]);
    assert.deepEqual(await evidenceIn(folder), ['failed']);
    assert.equal(ran.status, 1);
  });
});

describe('a drill with the wrong key', () => {
  it('could not verify, and names what to give', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { identity } = await generateIdentity();
    const result = await cannotVerify(range, [['WRONG_KEY', 'contents']], { identity });
    assert.deepEqual(result.provenRecipients, []);
    assert.match(result.findings[0]?.remedy ?? '', /give the identity that belongs to one of the recipients/);
  });

  it('refuses to begin without one', async t => {
    const range = await openRange(t);
    if (!range) return;
    const ran = await range.drill({ identity: '' });
    assert.match(
      ran.stderr,
      /error: input identity is missing \(backup \S+ is encrypted; to read it, identity is need/,
    );
    assert.deepEqual([ran.status, ran.stdout], [64, '']);
    assert.deepEqual(await evidenceIn(range.folder), []);
  });

  it('does not pass with a wrong passphrase', async t => {
    const passphrase = 'correct horse battery staple';
    const range = await openRange(t, { backup: { recipients: '', passphrase } });
    if (!range) return;
    const ran = await range.drill({ identity: '', passphrase: 'wrong horse battery staple' });
    assert.match(ran.stderr, /error: input passphrase does not open the key file \(/);
    assert.deepEqual([ran.status, ran.stdout], [64, '']);
    assert.deepEqual(await evidenceIn(range.folder), []);
  });
});

describe('a drill whose store fails in the middle', () => {
  it('of a folder: an object that became a folder', async t => {
    const range = await openRange(t);
    if (!range) return;
    const { folder } = range;
    await rm(join(folder, 'schema.sql.age'));
    await mkdir(join(folder, 'schema.sql.age'));
    const ran = await range.drill();
    const [first] = findingsIn(drilled(ran));
    assert.equal(first?.[1], 'schema.sql.age');
    assert.notEqual(ran.status, 0);
    assert.ok(!(await evidenceIn(folder)).includes('passed'));
    await assertNothingLeft(range);
  });

  it('of an S3 server: what broke off while the rows streamed is not given again', async t => {
    const s3 = await needsS3(t, { buckets: ['backups'] });
    const range = s3 && (await openRange(t, { fill: fillBig }));
    if (!range) return;
    const { harbor, source, database, server, temporary } = range;
    const proxy = await startS3Proxy(s3);
    t.after(() => proxy.stop());
    const keys = { 'access-key-id': s3.accessKeyId, 'secret-access-key': s3.secretAccessKey };
    const store = s3.url('backups', '', proxy.endpoint);
    const made = resultOf<BackupResult>(
      await lifeboat('backup', harbor.backupInputs(source, database, { store, ...keys })),
    );
    const isMain = (url: string) => url.includes('main.dump.age');
    // the first time for its table of contents; the second breaks off, and nothing more is given
    let gets = 0;
    proxy.on(
      ({ operation, url }) => operation === 'GetObject' && isMain(url) && ++gets > 1,
      exchange => (gets === 2 ? exchange.resetAnswerAfterBytes(100_000) : refuse(403, 'AccessDenied')(exchange)),
    );
    const ran = await lifeboat('drill', drillInputs(harbor, server, { store, ...keys }), {
      env: { TMPDIR: temporary },
    });
    const result = drilled(ran);
    assert.deepEqual(findingsIn(result), [['NOT_READABLE', 'main.dump.age']], ran.stdout);
    assert.deepEqual([ran.status, result.verdict], [2, 'could-not-verify']);
    const stored = await s3.keys('backups');
    assert.ok(stored.some(key => /\/drills\/.*-could-not-verify\.json$/.test(key)));
    assert.ok(stored.every(key => key.startsWith(`shop/${made.backupId}/`) && !/-passed\.json/.test(key)));
    await assertNothingLeft(range);
  });
});
