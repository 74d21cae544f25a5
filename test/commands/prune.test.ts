import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Kind, formatBackupId, formatFileObject } from '../../src/catalog/key.ts';
import { formatManifest, parseManifest } from '../../src/catalog/manifest.ts';
import type { PruneResult } from '../../src/commands/prune.ts';
import { sampleFile, sampleManifest } from '../catalog/samples.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';

const day = 86_400_000;
const objects = ['RECOVER.md', 'contents.json.age', 'main.dump.age', 'manifest.json'];

interface Made {
  days: number;
  kind?: Kind;
  partial?: boolean;
  sealed?: boolean;
  /** Beside the usual ones. */
  more?: Readonly<Record<string, string>>;
}

/** A directory store with backups as keys alone tell them. */
class Shelf {
  readonly folder: string;
  readonly ids: string[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  get url(): string {
    return pathToFileURL(this.folder).href;
  }

  async put({ days, kind = 'scheduled', partial = false, sealed = true, more = {} }: Made): Promise<string> {
    const at = new Date(Date.now() - days * day);
    const random = (this.ids.length + 6 ** 6)
      .toString(6)
      .slice(-6)
      .replaceAll(/\d/g, digit => 'abcdef'[Number(digit)] ?? 'a');
    const id = formatBackupId({ at, kind, partial, random });
    const contents = Object.fromEntries(
      objects.filter(name => sealed || name !== 'manifest.json').map(name => [name, 'x']),
    );
    for (const [name, content] of Object.entries({ ...contents, ...more })) {
      const file = join(this.folder, 'shop', id, name);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, content);
      await utimes(file, at, at);
    }
    this.ids.push(id);
    return id;
  }

  /** A stored file of so long ago; gives its name. */
  async putFile(letter: string, days: number): Promise<string> {
    const object = formatFileObject({
      recipientsId: '0'.repeat(16),
      hmac: letter.repeat(64),
      random: 'k3f9q2',
      suffix: '.age',
    });
    const file = join(this.folder, 'shop', object);
    const at = new Date(Date.now() - days * day);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, 'xyz');
    await utimes(file, at, at);
    return object;
  }

  /** Gives a backup a real manifest, which refers to these files. */
  async refer(id: string, ...files: readonly string[]): Promise<void> {
    const manifest = formatManifest({
      ...sampleManifest,
      id,
      objects: objects.slice(0, 3).map(object => ({ ...sampleManifest.objects[0]!, object, sizeBytes: 1 })),
      files: files.map(object => ({ ...sampleFile, object, sizeBytes: 3 })),
    });
    await writeFile(join(this.folder, 'shop', id, 'manifest.json'), manifest);
  }

  async files(): Promise<string[]> {
    const all = await readdir(join(this.folder, 'shop/files'), { recursive: true }).catch(() => []);
    return all
      .filter(path => path.includes('/'))
      .map(path => `files/${path}`)
      .sort();
  }

  has(id: string): boolean {
    return existsSync(join(this.folder, 'shop', id, 'manifest.json'));
  }

  prune(more: Record<string, string> = {}) {
    return lifeboat('prune', { store: this.url, name: 'shop', keep: '7d', ...more });
  }
}

async function openShelf(t: TestContext): Promise<Shelf> {
  const parent = await mkdtemp(join(tmpdir(), 'lifeboat-shelf-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'store');
  await mkdir(folder);
  return new Shelf(folder);
}

const outcomes = ({ backups }: PruneResult) =>
  Object.fromEntries(backups.map(({ backupId, outcome }) => [backupId, outcome]));

describe('prune', () => {
  it('removes what the policy does not keep, and says why of each; a dry run removes nothing', async t => {
    const shelf = await openShelf(t);
    const nights: string[] = [];
    for (let night = 0; night < 20; night += 1) nights.push(await shelf.put({ days: night + 0.5 }));
    const planned = resultOf<PruneResult>(await shelf.prune({ 'dry-run': 'true' }));
    assert.equal(planned.backups.filter(({ outcome }) => outcome === 'to be removed').length, 13);
    assert.ok(nights.every(id => shelf.has(id)));
    const done = resultOf<PruneResult>(await shelf.prune());
    assert.deepEqual(
      nights.map(id => shelf.has(id)),
      nights.map((_, night) => night < 7),
    );
    assert.ok(done.backups.every(({ reasons }) => reasons.length > 0));
    assert.equal(done.removedBytes, 13 * 4);
    assert.deepEqual((await readdir(join(shelf.folder, 'shop'))).length, 7);
    const again = resultOf<PruneResult>(await shelf.prune());
    assert.ok(again.backups.every(({ outcome }) => outcome === 'kept'));
  });

  it('never removes the newest proven one, what was retained, the minimum, or what is young', async t => {
    const shelf = await openShelf(t);
    const drill = (verdict: string) => ({ [`drills/20260101T000000Z-${verdict}.json`]: '{}' });
    const proven = await shelf.put({ days: 300, more: drill('passed') });
    const disproven = await shelf.put({ days: 200, more: drill('failed') });
    const forever = await shelf.put({
      days: 400,
      more: { 'retain.json': '{"format":1,"retain":"forever","at":"2026-01-01T00:00:00.000Z"}' },
    });
    const over = await shelf.put({
      days: 400,
      more: { 'retain.json': '{"format":1,"retain":"30d","at":"2026-01-01T00:00:00.000Z"}' },
    });
    const unreadable = await shelf.put({ days: 400, more: { 'retain.json': 'rubbish' } });
    const failed = await shelf.put({ days: 2, more: { 'checks/20300101T000000Z-bytes-failed.json': '{}' } });
    const good = [await shelf.put({ days: 3 }), await shelf.put({ days: 4 }), await shelf.put({ days: 5 })];
    const old = await shelf.put({ days: 40 });
    const ran = outcomes(resultOf<PruneResult>(await shelf.prune({ keep: '1d' })));
    for (const id of [proven, forever, unreadable, ...good]) assert.equal(ran[id], 'kept');
    for (const id of [disproven, over, failed, old]) assert.equal(ran[id], 'removed');
  });

  it('counts one as wrong by its last drill, and by a verify until one that looked as deep says otherwise', async t => {
    const shelf = await openShelf(t);
    const on = (hour: number) => `20260101T0${hour}0000Z`;
    const evidence = (...objects: string[]) => ({ more: Object.fromEntries(objects.map(object => [object, '{}'])) });
    for (const days of [2, 3, 4]) await shelf.put({ days });
    const good = [
      evidence(`drills/${on(1)}-failed.json`, `drills/${on(2)}-passed.json`),
      evidence(`checks/${on(1)}-archive-failed.json`, `drills/${on(2)}-passed.json`),
      evidence(`checks/${on(1)}-bytes-failed.json`, `checks/${on(2)}-archive-passed.json`),
      evidence(`drills/${on(1)}-passed.json`, `drills/${on(2)}-could-not-verify.json`),
    ];
    const wrong = [
      evidence(`drills/${on(1)}-failed.json`, `checks/${on(2)}-archive-passed.json`),
      evidence(`drills/${on(1)}-failed.json`, `drills/${on(2)}-could-not-verify.json`),
      evidence(`checks/${on(1)}-archive-failed.json`, `checks/${on(2)}-bytes-passed.json`),
      evidence(`drills/${on(1)}-passed.json`, `checks/${on(2)}-bytes-failed.json`),
    ];
    const kept = [];
    for (const [index, more] of good.entries()) kept.push(await shelf.put({ days: 10 + index, ...more }));
    const gone = [];
    for (const [index, more] of wrong.entries()) gone.push(await shelf.put({ days: 20 + index, ...more }));
    const ran = outcomes(resultOf<PruneResult>(await shelf.prune({ keep: '60d' })));
    for (const id of kept) assert.equal(ran[id], 'kept');
    for (const id of gone) assert.equal(ran[id], 'removed');
  });

  it('does not keep damaged ones in place of good ones', async t => {
    const shelf = await openShelf(t);
    const manifest = (id: string, names: readonly string[]) =>
      formatManifest({
        ...sampleManifest,
        id,
        objects: names.map(object => ({ ...sampleManifest.objects[0]!, object, sizeBytes: 1 })),
      });
    const seal = (id: string, names = objects.slice(0, 3)) =>
      writeFile(join(shelf.folder, 'shop', id, 'manifest.json'), manifest(id, names));
    const ids: string[] = [];
    for (let night = 0; night < 8; night += 1) ids.push(await shelf.put({ days: night + 1.5 }));
    for (const id of ids) await seal(id);
    const [gone = '', cut = '', unreadable = '', ...whole] = ids;
    await rm(join(shelf.folder, 'shop', gone, 'main.dump.age'));
    await writeFile(join(shelf.folder, 'shop', cut, 'main.dump.age'), '');
    await writeFile(join(shelf.folder, 'shop', unreadable, 'manifest.json'), '{');
    const ran = await shelf.prune({ keep: '1d', minimum: '3' });
    const result = resultOf<PruneResult>(ran);
    assert.deepEqual(
      result.backups.map(({ outcome }) => outcome),
      [...ids.slice(0, 5).map(() => 'kept'), ...whole.slice(2).map(() => 'removed')],
    );
    for (const id of [gone, cut]) assert.match(ran.stderr, new RegExp(`warning: ${id} is damaged: objects`));
    assert.equal(ran.stderr.split('is damaged').length, 3);
    assert.match(
      ran.stderr,
      new RegExp(`warning: nobody knows whether 1 of the backups are whole, .*: ${unreadable} is`),
    );
  });

  it('says in a dry run how much goes, and what failed runs left', async t => {
    const shelf = await openShelf(t);
    for (let night = 0; night < 9; night += 1) await shelf.put({ days: night + 0.5 });
    await shelf.put({ days: 3, sealed: false });
    const { status, stdout } = await lifeboat(
      'prune',
      { store: shelf.url, name: 'shop', keep: '7d', 'dry-run': 'true' },
      { json: false },
    );
    assert.equal(status, 0);
    assert.match(stdout, /7 kept, 2 to be removed, nothing is \(8 bytes\)/);
    assert.match(stdout, /to be removed +no rule keeps it/);
    assert.match(stdout, /rests of 1 run that never sealed are to be removed/);
    assert.equal((await readdir(join(shelf.folder, 'shop'))).length, 10);
  });

  it('takes away what failed runs left, but nothing of a run that may go on, of another name, or foreign', async t => {
    const shelf = await openShelf(t);
    const kept = await shelf.put({ days: 1.5 });
    const rest = await shelf.put({ days: 3, sealed: false });
    const running = await shelf.put({ days: 0.5, sealed: false });
    await mkdir(join(shelf.folder, 'shop', 'notes'), { recursive: true });
    await writeFile(join(shelf.folder, 'shop', 'notes', 'read.me'), 'mine');
    await mkdir(join(shelf.folder, 'blog', rest), { recursive: true });
    await writeFile(join(shelf.folder, 'blog', rest, 'main.dump.age'), 'x');
    const result = resultOf<PruneResult>(await shelf.prune());
    assert.equal(result.clearedRests, 1);
    assert.deepEqual((await readdir(join(shelf.folder, 'shop'))).sort(), [kept, running, 'notes'].sort());
    assert.ok(existsSync(join(shelf.folder, 'blog', rest, 'main.dump.age')));
  });

  it('that is killed at any point leaves whole backups only, and the next one goes on', async t => {
    const shelf = await openShelf(t);
    const shared = await shelf.putFile('a', 90);
    const put = async (days: number, letter: string) => {
      const own = await shelf.putFile(letter, 90);
      await shelf.refer(await shelf.put({ days }), shared, own);
    };
    const letters = '0123456789bcdef';
    for (let night = 0; night < 40; night += 1) await put(night + 0.5, letters[night % 15] ?? '');
    for (const removals of [1, 3, 9, 33]) {
      let seen = 0;
      for (let night = 0; night < 30; night += 1) await put(night + 10.5, letters[night % 15] ?? '');
      await lifeboat(
        'prune',
        { store: shelf.url, name: 'shop', keep: '7d' },
        {
          onStderr: (text, child) => {
            seen += text.split('removed ').length - 1;
            if (seen >= removals) child.kill('SIGKILL');
          },
        },
      );
      for (const id of (await readdir(join(shelf.folder, 'shop'))).filter(one => one !== 'files')) {
        const left = await readdir(join(shelf.folder, 'shop', id));
        if (!left.includes('manifest.json')) continue;
        assert.deepEqual(left.sort(), objects);
        const text = await readFile(join(shelf.folder, 'shop', id, 'manifest.json'), 'utf8');
        for (const { object } of parseManifest(text, 'shop', id).files)
          assert.ok(existsSync(join(shelf.folder, 'shop', object)), `${object} of ${id}`);
      }
    }
    const last = resultOf<PruneResult>(await shelf.prune());
    assert.equal(last.backups.filter(({ outcome }) => outcome === 'kept').length, 7);
    assert.equal((await shelf.files()).length, 8);
  });

  it('beside another prune does no harm', async t => {
    const shelf = await openShelf(t);
    for (let night = 0; night < 30; night += 1) await shelf.put({ days: night + 0.5 });
    const both = (await Promise.all([shelf.prune(), shelf.prune()])).map(ran => resultOf<PruneResult>(ran));
    assert.deepEqual(
      both.map(({ refused }) => refused),
      [[], []],
    );
    assert.equal((await readdir(join(shelf.folder, 'shop'))).length, 7);
  });

  it('removes a file with the last backup that refers to it, but none that is younger than two days', async t => {
    const shelf = await openShelf(t);
    const ids: string[] = [];
    for (let night = 0; night < 9; night += 1) ids.push(await shelf.put({ days: night + 0.5 }));
    const [always, old, older] = [
      await shelf.putFile('a', 9),
      await shelf.putFile('b', 9),
      await shelf.putFile('c', 9),
    ];
    const [rest, young] = [await shelf.putFile('d', 2.1), await shelf.putFile('e', 1.9)];
    const foreign = join(shelf.folder, 'shop/files/0000000000000000/notes.txt');
    await writeFile(foreign, 'mine');
    for (const id of ids.slice(0, 7)) await shelf.refer(id, always);
    await shelf.refer(ids[7] ?? '', always, old);
    await shelf.refer(ids[8] ?? '', always, old, older);
    const planned = resultOf<PruneResult>(await shelf.prune({ keep: '8d', 'dry-run': 'true' }));
    assert.deepEqual([planned.clearedFiles, planned.filesBytes], [2, 6]);
    assert.equal((await shelf.files()).length, 6);
    const first = resultOf<PruneResult>(await shelf.prune({ keep: '8d' }));
    assert.deepEqual([first.clearedFiles, first.filesBytes], [2, 6]);
    const left = (...names: string[]) => [...names, 'files/0000000000000000/notes.txt'].sort();
    assert.deepEqual(await shelf.files(), left(always, old, young));
    const { stdout, stderr } = await lifeboat('prune', { store: shelf.url, name: 'shop', keep: '7d' }, { json: false });
    assert.match(stdout, /removed: 1 stored file that no backup refers to \(3 bytes\)/);
    assert.match(stderr, /stored files removed that no backup refers to: 1/);
    assert.deepEqual(await shelf.files(), left(always, young));
    assert.ok(existsSync(foreign));
    assert.ok(![rest, older].some(object => existsSync(join(shelf.folder, 'shop', object))));
  });

  it('removes no file while a manifest cannot be read, or a run may go on', async t => {
    const shelf = await openShelf(t);
    const kept = [await shelf.put({ days: 0.5 }), await shelf.put({ days: 1.5 }), await shelf.put({ days: 2.5 })];
    for (const id of kept) await shelf.refer(id);
    const loose = await shelf.putFile('a', 9);
    const [last = ''] = kept.slice(-1);
    await writeFile(join(shelf.folder, 'shop', last, 'manifest.json'), '{');
    const blind = await shelf.prune();
    assert.equal(resultOf<PruneResult>(blind).clearedFiles, 0);
    assert.match(
      blind.stderr,
      new RegExp(
        `warning: no stored file is removed, since nobody knows which ones ${last} refers to: the manifest of`,
      ),
    );
    await shelf.refer(last);
    const running = await shelf.put({ days: 0.1, sealed: false });
    const waiting = await shelf.prune();
    assert.equal(resultOf<PruneResult>(waiting).clearedFiles, 0);
    assert.match(waiting.stderr, new RegExp(`no stored file is removed, since ${running} is not sealed`));
    assert.deepEqual(await shelf.files(), [loose]);
    await rm(join(shelf.folder, 'shop', running), { recursive: true });
    assert.equal(resultOf<PruneResult>(await shelf.prune()).clearedFiles, 1);
    assert.deepEqual(await shelf.files(), []);
  });

  it('removes files of which no backup is left', async t => {
    const shelf = await openShelf(t);
    await shelf.putFile('a', 9);
    assert.equal(resultOf<PruneResult>(await shelf.prune()).clearedFiles, 1);
    assert.deepEqual(await shelf.files(), []);
  });

  it('counts a backup as damaged whose files are gone, or have another size', async t => {
    const shelf = await openShelf(t);
    const [whole, cut] = [await shelf.putFile('a', 9), await shelf.putFile('b', 9)];
    const ids: string[] = [];
    for (let night = 0; night < 6; night += 1) ids.push(await shelf.put({ days: night + 1.5 }));
    for (const id of ids) await shelf.refer(id, whole);
    const [short = '', gone = ''] = ids;
    await shelf.refer(short, whole, cut);
    await writeFile(join(shelf.folder, 'shop', cut), '');
    await shelf.refer(
      gone,
      whole,
      formatFileObject({ recipientsId: '1'.repeat(16), hmac: 'c'.repeat(64), random: 'k3f9q2', suffix: '' }),
    );
    const ran = await shelf.prune({ keep: '1d', minimum: '3' });
    assert.deepEqual(
      resultOf<PruneResult>(ran).backups.map(({ outcome }) => outcome),
      ['kept', 'kept', 'kept', 'kept', 'kept', 'removed'],
    );
    for (const id of [short, gone]) assert.match(ran.stderr, new RegExp(`warning: ${id} is damaged: objects`));
  });

  it('of nothing removes nothing', async t => {
    const shelf = await openShelf(t);
    const ran = await shelf.prune();
    const result = resultOf<PruneResult>(ran);
    assert.deepEqual([result.backups, result.refused], [[], []]);
    assert.match(ran.stderr, /warning: there is no sealed backup of shop, so none was judged: check store and name/);
  });

  for (const [given, message] of [
    [{ keep: '' }, /input keep is missing \(give a policy such as keep: 7d 4w 12m; without one nothing is removed\)/],
    [{ keep: '7x' }, /input keep has the word "7x"/],
    [{ 'keep-daily': '3' }, /input keep-daily is given beside keep \(say it in one of them\)/],
    [{ minimum: '0' }, /input minimum is "0"/],
    [{ timezone: 'Europe/Nowhere' }, /input timezone is "Europe…|input timezone is "Eu… \(14 characters\)"/],
    [{ 'keep-within': 'soon' }, /input keep-within is "soon" \(it may be 90d, 8w, 6mo, 2y or forever\)/],
  ] as const)
    it(`refuses ${JSON.stringify(given)}`, async t => {
      const shelf = await openShelf(t);
      const ran = await shelf.prune(given);
      assert.equal(ran.status, 64);
      assert.match(ran.stderr, message);
    });
});
