import assert from 'node:assert/strict';
import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Manifest, formatManifest } from '../../src/catalog/manifest.ts';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import type { VerifyResult } from '../../src/commands/verify.ts';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import { bytes, digest } from '../../src/streams.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { type Yard, openYard } from '../support/yard.ts';

interface Damage {
  what: string;
  /** Gives the objects that must be named. */
  harm: (yard: Yard, manifest: Manifest) => Promise<string[]>;
  bytes: string;
  archive?: string;
  watch?: string;
}

async function edit(yard: Yard, manifest: Manifest, change: Partial<Manifest>): Promise<void> {
  await writeFile(join(yard.folder, manifest.id, 'manifest.json'), formatManifest({ ...manifest, ...change }));
}

const damages: readonly Damage[] = [
  {
    what: 'a flipped bit',
    harm: async ({ folder }, { files: [file] }) => {
      const path = join(folder, file?.object ?? '');
      const content = await readFile(path);
      content[content.length - 20]! ^= 1;
      await writeFile(path, content);
      return [file?.object ?? ''];
    },
    bytes: 'HASH_DIFFERS',
  },
  {
    what: 'a file cut off',
    harm: async ({ folder }, { files: [file] }) => {
      await truncate(join(folder, file?.object ?? ''), (file?.sizeBytes ?? 0) - 1);
      return [file?.object ?? ''];
    },
    bytes: 'SIZE_DIFFERS',
    watch: 'SIZE_DIFFERS',
  },
  {
    what: 'a missing file',
    harm: async ({ folder }, { files: [file] }) => {
      await rm(join(folder, file?.object ?? ''));
      return [file?.object ?? ''];
    },
    bytes: 'OBJECT_MISSING',
    watch: 'OBJECT_MISSING',
  },
  {
    what: 'a file in the place of another, of the same size',
    harm: async ({ folder }, { files: [one, other] }) => {
      await copyFile(join(folder, one?.object ?? ''), join(folder, other?.object ?? ''));
      return [other?.object ?? ''];
    },
    bytes: 'HASH_DIFFERS',
  },
  {
    what: 'a swapped file to which the manifest was made to fit',
    harm: async (yard, manifest) => {
      const [one, other] = manifest.files;
      await copyFile(join(yard.folder, one?.object ?? ''), join(yard.folder, other?.object ?? ''));
      const { sha256 } = await digest(bytes(await readFile(join(yard.folder, one?.object ?? ''))));
      await edit(yard, manifest, { files: manifest.files.map(file => (file === other ? { ...file, sha256 } : file)) });
      return [other?.object ?? ''];
    },
    bytes: '',
    archive: 'FILE_DIFFERS',
  },
  {
    what: 'a file that was taken out of the manifest',
    harm: async (yard, manifest) => {
      await edit(yard, manifest, { files: manifest.files.slice(1) });
      return [manifest.files[0]?.object ?? ''];
    },
    bytes: '',
    archive: 'CONTENTS_DIFFER',
  },
  {
    what: 'a file that was added to the manifest',
    harm: async (yard, manifest) => {
      const [file] = manifest.files;
      const object = (file?.object ?? '').replace(/-\w+/, '-aaaaaa');
      await copyFile(join(yard.folder, file?.object ?? ''), join(yard.folder, object));
      await edit(yard, manifest, { files: [...manifest.files, { ...file!, object }] });
      return [object];
    },
    bytes: '',
    archive: 'CONTENTS_DIFFER',
  },
  {
    what: 'another number of files in the manifest',
    harm: async (yard, manifest) => {
      await edit(yard, manifest, { totals: { ...manifest.totals, files: 7 } });
      return ['files'];
    },
    bytes: '',
    archive: 'CONTENTS_DIFFER',
  },
  {
    what: 'files.json that was taken out of the manifest',
    harm: async (yard, manifest) => {
      await edit(yard, manifest, { objects: manifest.objects.filter(({ purpose }) => purpose !== 'files') });
      return ['files'];
    },
    bytes: 'OBJECT_MISSING',
  },
  {
    what: 'every trace of the files taken out of the manifest',
    harm: async (yard, manifest) => {
      const objects = manifest.objects.filter(({ purpose }) => purpose !== 'files');
      await edit(yard, manifest, { objects, files: [], totals: { ...manifest.totals, files: 0 } });
      return ['files.json.age'];
    },
    bytes: '',
    archive: 'CONTENTS_DIFFER',
  },
  {
    what: 'files.json of another backup',
    harm: async (yard, manifest) => {
      const other = await yard.backup();
      const name = 'files.json.age';
      await copyFile(join(yard.folder, other.id, name), join(yard.folder, manifest.id, name));
      return [name];
    },
    bytes: 'HASH_DIFFERS',
  },
];

describe('damaged files of a backup', () => {
  for (const { what, harm, bytes: byBytes, archive = byBytes, watch = '' } of damages)
    it(`are found: ${what}`, async t => {
      const yard = await openYard(t);
      if (!yard) return;
      const { harbor, cluster } = yard;
      await yard.put({ 'up/a': 'first', 'up/b': 'other', 'up/same': 'first' });
      const manifest = await yard.backup();
      const [object = ''] = await harm(yard, manifest);
      const backup = { backup: manifest.id, store: harbor.store, client: cluster.bin };
      const identity = { identity: harbor.keys.identity };
      const says = async (code: string, inputs: Record<string, string>) => {
        const ran = await lifeboat('verify', inputs);
        const { findings, verdict } = JSON.parse(ran.stdout) as VerifyResult;
        if (code === '') assert.deepEqual([verdict, findings], ['passed', []]);
        else
          assert.ok(
            verdict === 'failed' && findings.some(one => one.code === code && one.object === object),
            ran.stdout,
          );
        assert.doesNotMatch(ran.stdout + ran.stderr, /up\//);
      };
      await says(byBytes, backup);
      await says(archive, { ...backup, ...identity });
      const drilled = await lifeboat('drill', {
        ...harbor.restoreInputs(cluster, 'postgres', backup),
        confirm: 'shop',
      });
      const { verdict, findings } = JSON.parse(drilled.stdout) as DrillResult;
      assert.equal(verdict, 'failed', drilled.stderr);
      assert.ok(
        findings.some(one => one.code === archive && (one.object === object || one.object.startsWith('files'))),
        drilled.stdout,
      );
      const watched = JSON.parse(
        (await lifeboat('watch', { store: harbor.store, 'max-drill-age': 'off' })).stdout,
      ) as WatchResult;
      const ofObjects = watched.findings.filter(one => /^(?:OBJECT_MISSING|SIZE_DIFFERS)$/.test(one.code));
      assert.deepEqual(
        ofObjects.map(({ code }) => code),
        watch === '' ? [] : [watch],
      );
    });

  it('are no damage when the key is another one', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    const { harbor, cluster } = yard;
    await yard.put({ 'up/a': 'first' });
    await yard.backup();
    const { identity } = await generateIdentity();
    const ran = await lifeboat('verify', { store: harbor.store, client: cluster.bin, identity });
    const { findings, verdict } = JSON.parse(ran.stdout) as VerifyResult;
    assert.deepEqual([verdict, [...new Set(findings.map(({ code }) => code))]], ['could-not-verify', ['WRONG_KEY']]);
    const into = join(harbor.folder, 'back');
    const restored = await lifeboat('restore', { store: harbor.store, identity, 'files-to': into });
    assert.equal(restored.status, 2);
    assert.match(restored.stderr, /the age file is encrypted to another key/);
  });

  it('are silent when they are whole, and the evidence says how many were proven', async t => {
    const yard = await openYard(t);
    if (!yard) return;
    const { harbor, cluster } = yard;
    const sizes = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073];
    await yard.put(Object.fromEntries(sizes.map(size => [`up/${size}`, Buffer.alloc(size, size)])));
    await yard.put({ 'up/again': Buffer.alloc(1, 1) });
    await yard.backup();
    const { id } = await yard.backup();
    const inputs = { store: harbor.store, client: cluster.bin };
    for (const more of [{}, { identity: harbor.keys.identity }] as Record<string, string>[]) {
      const ran = await lifeboat('verify', { ...inputs, ...more });
      const { verdict, files, objects } = JSON.parse(ran.stdout) as VerifyResult;
      assert.deepEqual([verdict, files, objects], ['passed', 9, 6 + 8], ran.stderr);
    }
    const drilled = await lifeboat('drill', { ...harbor.restoreInputs(cluster, 'postgres'), confirm: 'shop' });
    const result = JSON.parse(drilled.stdout) as DrillResult;
    assert.deepEqual(
      [result.verdict, result.totals.files, result.totals.filesProven],
      ['passed', 9, 9],
      drilled.stderr,
    );
    assert.ok(result.stages.some(({ name }) => name === 'files'));
    const evidence = JSON.parse(await readFile(join(yard.folder, '..', result.evidence ?? ''), 'utf8')) as unknown;
    assert.partialDeepStrictEqual(evidence, { backupId: id, files: 9, filesProven: 9 });
    const told = await lifeboat(
      'drill',
      { ...harbor.restoreInputs(cluster, 'postgres'), confirm: 'shop' },
      { json: false },
    );
    assert.match(told.stdout, /9 files, all proven/);
  });
});
