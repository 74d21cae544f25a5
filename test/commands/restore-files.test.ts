import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Files, formatFiles } from '../../src/catalog/files.ts';
import { type Manifest, formatManifest } from '../../src/catalog/manifest.ts';
import type { RestoreResult } from '../../src/commands/restore.ts';
import { bytes, digest } from '../../src/streams.ts';
import { rowCounts } from '../../scripts/setup/row-counts.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { type Yard, openYard } from '../support/yard.ts';

const odd = [
  'up/a\nb',
  'up/::error::x',
  'up/**bold** `x` |',
  'up/-rf',
  'up/ünïcödé 😀',
  'up/back\\slash',
  'up/$(x) "y"',
  'up/deep/er/x',
];
const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 3_000_000];

async function fill(yard: Yard): Promise<string[]> {
  const names = [...odd, ...sizes.map(size => `up/size ${size}`)];
  await yard.put(Object.fromEntries(odd.map(name => [name, `of ${name}`])));
  await yard.put(Object.fromEntries(sizes.map(size => [`up/size ${size}`, Buffer.alloc(size, `${size} `)])));
  await chmod(join(yard.work, 'up/-rf'), 0o600);
  await chmod(join(yard.work, 'up/$(x) "y"'), 0o4755);
  return names;
}

async function assertSame(yard: Yard, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    assert.deepEqual(await readFile(join(folder, name)), await readFile(join(yard.work, name)), name);
    const [back, own] = await Promise.all([stat(join(folder, name)), stat(join(yard.work, name))]);
    assert.equal(back.mode & 0o7777, own.mode & 0o777, name);
  }
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  assert.equal(found.filter(entry => !entry.isDirectory()).length, names.length);
}

describe('restore brings the files of a backup back', () => {
  it('into a new folder beside the database, before its rows', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    const { cluster, harbor } = yard;
    const names = await fill(yard);
    await yard.backup();
    await yard.backup();
    const target = await cluster.createDatabase();
    t.after(() => cluster.dropDatabase(target));
    const into = join(harbor.folder, 'back');
    const inputs = harbor.restoreInputs(cluster, target, { 'files-to': into });
    const planned = await lifeboat('restore', { ...inputs, 'dry-run': 'true' });
    assert.match(planned.stderr, new RegExp(`${names.length} files, to ${into}`));
    assert.deepEqual((await readdir(harbor.folder)).includes('back'), false);
    const restored = resultOf<RestoreResult>(await lifeboat('restore', inputs));
    assert.deepEqual([restored.files, restored.filesTo, restored.differences], [names.length, into, []]);
    assert.deepEqual(await rowCounts(cluster, target), await rowCounts(cluster, yard.database));
    await assertSame(yard, into, names);
    const again = await lifeboat('restore', { ...inputs, confirm: 'shop' });
    assert.equal(again.status, 64);
    assert.match(
      again.stderr,
      /input files-to is "[^"]+\/back", which is not empty \(name a new folder, or an empty one\)/,
    );
  });

  it('alone, and says where they are when nobody asks for them', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    const { cluster, harbor } = yard;
    const target = await cluster.createDatabase();
    t.after(() => cluster.dropDatabase(target));
    const names = await fill(yard);
    await yard.backup();
    const { store, keys } = harbor;
    const into = join(harbor.folder, 'back');
    await mkdir(into);
    const ran = await lifeboat('restore', { store, identity: keys.identity, 'files-to': into }, { json: false });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(
      ran.stdout,
      new RegExp(`^restore of shop/\\S+ into ${into}: restored\n${names.length} files written to ${into}`),
    );
    await assertSame(yard, into, names);
    const without = await lifeboat('restore', harbor.restoreInputs(cluster, target));
    assert.match(without.stderr, new RegExp(`${names.length} files are in the backup; give files-to to get them back`));
    const neither = await lifeboat('restore', { store, identity: keys.identity });
    assert.equal(neither.status, 64);
    assert.match(
      neither.stderr,
      /input target-url is missing \(the command restore needs it, or files-to for the files alone\)/,
    );
  });

  for (const [what, made, given] of [
    ['a passphrase', { passphrase: 'correct horse battery' }, { passphrase: 'correct horse battery' }],
    ['a passphrase of gpg', { encryption: 'gpg', passphrase: 'correct horse' }, { passphrase: 'correct horse' }],
    ['no encryption', { encryption: 'none' }, {}],
  ] as [string, Record<string, string>, Record<string, string>][])
    it(`that was made with ${what}`, async t => {
      const yard = await openYard(t);
      if (!yard) return;
      const names = await fill(yard);
      await yard.backup({ ...made, 'files-key': '' });
      const into = join(yard.harbor.folder, 'back');
      resultOf(await lifeboat('restore', { store: yard.harbor.store, 'files-to': into, ...given }));
      await assertSame(yard, into, names);
    });

  it('and refuses what was forged, or is damaged, without a file that is not what it was', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    await yard.put({ 'up/a': 'first', 'up/b': 'other' });
    const manifest = await yard.backup({ encryption: 'none', 'files-key': '' });
    const files = JSON.parse(await readFile(join(yard.folder, manifest.id, 'files.json'), 'utf8')) as Files;
    let tries = 0;
    const refuses = async (message: RegExp) => {
      const into = join(yard.harbor.folder, `back ${(tries += 1)}`);
      const ran = await lifeboat('restore', { store: yard.harbor.store, 'files-to': into });
      assert.equal(ran.status, 1, ran.stderr);
      assert.match(ran.stderr, message);
      const left = await readdir(into, { recursive: true }).catch(() => []);
      assert.deepEqual(
        left.filter(name => name !== 'up' && name !== 'up/b'),
        [],
      );
    };
    for (const path of ['../evil', '/tmp/evil', 'up/../../evil', 'up//evil', 'evil\0']) {
      await forge(yard, manifest, { ...files, files: [...files.files, { ...files.files[0]!, path }] });
      await refuses(/file ".*" of the backup leads out of the folder that it belongs into/);
    }
    await forge(yard, manifest, { ...files, files: [{ ...files.files[0]!, sha256: 'a'.repeat(64) }] });
    await refuses(/file "up\/a" is not what it was when it was backed up/);
    const object = (files.files[0]?.object ?? '').replace(/-\w+$/, '-aaaaaa');
    await forge(yard, manifest, { ...files, files: [{ ...files.files[0]!, object }] });
    await refuses(new RegExp(`the manifest of ${manifest.id} does not list ${object}, which files.json names`));
    await forge(yard, manifest, files);
    await writeFile(join(yard.folder, files.files[0]?.object ?? ''), 'fIrst');
    await refuses(/object files\/\S+ has other bytes than the manifest says/);
    await writeFile(join(yard.folder, files.files[0]?.object ?? ''), 'firs');
    await refuses(/object files\/\S+ of \S+ has 4 bytes where the manifest says 5/);
  });
});

/** Writes another files.json, and a manifest that fits. */
async function forge(yard: Yard, manifest: Manifest, files: Files): Promise<void> {
  const text = formatFiles(files);
  const { sizeBytes, sha256 } = await digest(bytes(text));
  const objects = manifest.objects.map(one => (one.purpose === 'files' ? { ...one, sizeBytes, sha256 } : one));
  await writeFile(join(yard.folder, manifest.id, 'files.json'), text);
  await writeFile(join(yard.folder, manifest.id, 'manifest.json'), formatManifest({ ...manifest, objects }));
}
