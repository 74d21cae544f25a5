import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { checkEmptyFolder, checkPaths, placeFile } from '../../src/files/place.ts';
import { bytes } from '../../src/streams.ts';

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-place-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const { signal } = new AbortController();
const fileOf = (path: string, content: string, mode = 0o640) => ({
  path,
  mode,
  sizeBytes: Buffer.byteLength(content),
  sha256: createHash('sha256').update(content).digest('hex'),
});

async function refusal(work: Promise<unknown>): Promise<[string, string | undefined, number]> {
  const error: unknown = await work.then(
    () => assert.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  return [error.message, error.hint, error.exitStatus];
}

describe('a file that is put back', () => {
  it('is whole, with its permissions and nothing beside it', async t => {
    const folder = await openFolder(t);
    for (const [path, mode] of [
      ['a/b/c', 0o600],
      ['run', 0o755],
      ['set', 0o4755],
      ['odd\n::error::"name" ', 0o444],
    ] as const) {
      await placeFile(folder, fileOf(path, path, mode), bytes(path), signal);
      assert.equal(await readFile(join(folder, path), 'utf8'), path);
      assert.equal((await stat(join(folder, path))).mode & 0o7777, mode & 0o777);
    }
    assert.equal((await readdir(folder, { recursive: true })).length, 6);
  });

  it('is not there where its content is another, or its name is taken', async t => {
    const folder = await openFolder(t);
    const file = fileOf('a', 'right');
    for (const content of ['wrong', 'righ', 'right!', ''])
      assert.deepEqual(await refusal(placeFile(folder, file, bytes(content), signal)), [
        'file "a" is not what it was when it was backed up',
        'its object was damaged or replaced; use another backup',
        1,
      ]);
    assert.deepEqual(await readdir(folder), []);
    await writeFile(join(folder, 'a'), 'mine');
    assert.match((await refusal(placeFile(folder, file, bytes('right'), signal)))[0], /a" is there already$/);
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'mine');
    assert.match(
      (await refusal(placeFile(folder, fileOf('a/b', ''), bytes(''), signal)))[0],
      /^cannot write "[^"]+a\/b" \((?:EEXIST|ENOTDIR)\)$/,
    );
    assert.deepEqual(await readdir(folder), ['a']);
  });

  it('never leaves its folder, whatever its path is', () => {
    for (const path of [
      '/etc/passwd',
      '..',
      '../x',
      'a/../../x',
      'a/..',
      './a',
      'a//b',
      'a/',
      '',
      '.',
      'a\0b',
      '\ud800',
    ])
      assert.throws(() => checkPaths([path]), /of the backup leads out of the folder that it belongs into$/, path);
    for (const paths of [
      ['a', 'a/b'],
      ['a/b/c', 'a/b'],
    ])
      assert.throws(() => checkPaths(paths), /lies in what is a file itself$/);
    checkPaths(['a', 'b/a', '...', '..a/b', 'a..', ' /x']);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', '.', '', 'a', '...', '\\'), { minLength: 1, maxLength: 5 }),
        segments => {
          const path = segments.join('/');
          try {
            checkPaths([path]);
          } catch {
            return;
          }
          assert.ok(join('/folder', path).startsWith('/folder/'));
        },
      ),
    );
  });

  it('goes into a folder that is new or empty', async t => {
    const folder = await openFolder(t);
    await checkEmptyFolder('files-to', folder);
    await checkEmptyFolder('files-to', join(folder, 'new'));
    await mkdir(join(folder, 'used'));
    assert.deepEqual(await refusal(checkEmptyFolder('files-to', folder)), [
      `input files-to is "${folder}", which is not empty`,
      'name a new folder, or an empty one',
      64,
    ]);
    await writeFile(join(folder, 'file'), '');
    assert.deepEqual(await refusal(checkEmptyFolder('files-to', join(folder, 'file'))), [
      `input files-to is "${folder}/file", which cannot be used (ENOTDIR)`,
      'name a new folder',
      64,
    ]);
  });
});
