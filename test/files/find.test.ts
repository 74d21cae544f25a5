import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { findFiles, mostFiles } from '../../src/files/find.ts';

/** A folder with these files in it, gone after the test. */
async function folderWith(t: TestContext, ...paths: string[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'lifeboat-find-')));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await put(folder, ...paths);
  return folder;
}

async function put(folder: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), path);
  }
}

const found = async (folder: string, ...lines: string[]) => (await findFiles(lines, folder)).map(({ path }) => path);

async function refusal(folder: string, ...lines: string[]): Promise<(string | number | undefined)[]> {
  try {
    await findFiles(lines, folder);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return [error.exitStatus, error.message.replaceAll(folder, '/here'), error.hint];
  }
  return assert.fail('nothing was refused');
}

const takeOut = 'take it out with a line that begins with !';

describe('the input files', () => {
  it('selects by globs, relative and absolute, and the last line that matches decides', async t => {
    const folder = await folderWith(
      t,
      '.env',
      'a.txt',
      'up/1.png',
      'up/x/2.png',
      'up/x/.hid',
      'up/tmp/3',
      'other/9.png',
    );
    const outside = await folderWith(t, 'cert.pem', 'deep/key.pem');
    assert.deepEqual(await found(folder, '.env'), ['.env']);
    assert.deepEqual(await found(folder, './up/**', '!up/tmp/**'), ['up/1.png', 'up/x/.hid', 'up/x/2.png']);
    assert.deepEqual(await found(folder, '**/*.png'), ['other/9.png', 'up/1.png', 'up/x/2.png']);
    assert.deepEqual(await found(folder, 'up/?.png', '*.txt'), ['a.txt', 'up/1.png']);
    assert.deepEqual(await found(folder, `${outside}/**`), [
      `${outside}/cert.pem`.slice(1),
      `${outside}/deep/key.pem`.slice(1),
    ]);
    // a file of the working folder is the same whatever it is called
    assert.deepEqual(await found(folder, `${folder}/up/*`, 'up/1.png'), ['up/1.png']);
    assert.deepEqual(await found(folder, '**', `!${folder}/up/**`, '!other/*'), ['.env', 'a.txt']);
    assert.deepEqual(await found(folder, '**', '!up/**', `${folder}/up/x/*.png`, '!.env'), [
      'a.txt',
      'other/9.png',
      'up/x/2.png',
    ]);
  });

  it('takes odd names as they are', async t => {
    const names = [
      'a\nb',
      '::error::x',
      '**bold** `x` |',
      ' lead',
      '-rf',
      'ünïcödé 😀',
      'back\\slash',
      '"quoted"',
      '$(x)',
      'a.age',
    ];
    const folder = await folderWith(t, ...names.map(name => `up/${name}`));
    assert.deepEqual(await found(folder, 'up/**'), names.map(name => `up/${name}`).sort());
  });

  it('looks only where a line can reach', async t => {
    const folder = await folderWith(t, 'up/1', 'closed/2', 'node_modules/x/3');
    await symlink('gone', join(folder, 'broken'));
    await symlink('.', join(folder, 'node_modules/loop'));
    execFileSync('mkfifo', [join(folder, 'closed/pipe')]);
    assert.deepEqual(await found(folder, 'up/**'), ['up/1']);
    assert.deepEqual(await found(folder, '**', '!broken', '!closed/**', '!node_modules/**'), ['up/1']);
  });

  it('takes a link to a file as that file, and follows a link to a folder that a line spells out', async t => {
    const folder = await folderWith(t, 'up/1', 'real/2');
    await symlink('../real/2', join(folder, 'up/link'));
    await symlink('real', join(folder, 'current'));
    assert.deepEqual(await found(folder, 'up/*'), ['up/1', 'up/link']);
    assert.deepEqual(await found(folder, 'current/*'), ['current/2']);
  });

  it('refuses what it cannot store, by name', async t => {
    const folder = await folderWith(t, 'up/1', 'real/2');
    await symlink('../real', join(folder, 'up/folder'));
    assert.deepEqual(await refusal(folder, 'up/**'), [
      64,
      'input files leads to "/here/up/folder", a link to a folder',
      `name the folder itself, or ${takeOut}`,
    ]);
    assert.match(String((await refusal(folder, '**/2'))[1]), /up\/folder", a link to a folder$/);
    await rm(join(folder, 'up/folder'));
    await symlink('gone', join(folder, 'up/broken'));
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files leads to "/here/up/broken", a link that leads nowhere',
      takeOut,
    ]);
    await rm(join(folder, 'up/broken'));
    await symlink('loop', join(folder, 'up/loop'));
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files leads to "/here/up/loop", a link that leads nowhere',
      takeOut,
    ]);
    await rm(join(folder, 'up/loop'));
    execFileSync('mkfifo', [join(folder, 'up/pipe')]);
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files leads to "/here/up/pipe", a named pipe, not a file',
      takeOut,
    ]);
    await rm(join(folder, 'up/pipe'));
    const server = createServer().listen(join(folder, 'up/socket'));
    await new Promise(resolve => server.once('listening', resolve));
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files leads to "/here/up/socket", a socket, not a file',
      takeOut,
    ]);
    await new Promise(resolve => server.close(resolve));
    assert.equal((await refusal(folder, '/dev/null'))[1], 'input files leads to "/dev/null", a device, not a file');
  });

  it('refuses names that are not UTF-8', async t => {
    const folder = await folderWith(t, 'up/1');
    await writeFile(Buffer.concat([Buffer.from(`${folder}/up/`), Buffer.from([0xff, 0x61])]), 'x');
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files leads to "/here/up/\ufffda", whose name is not UTF-8',
      `rename it, or ${takeOut}`,
    ]);
    assert.deepEqual(await found(folder, 'up/1'), ['up/1']);
  });

  it('refuses a line that selects nothing, leads out of the folder, or names a place elsewhere', async t => {
    const folder = await folderWith(t, 'up/1');
    const nothing = (line: string) => [
      64,
      `input files has the line "${line}", which selects no file`,
      'check the path; what lies in a folder is named by folder/**',
    ];
    assert.deepEqual(await refusal(folder, 'up/1', 'up/2'), nothing('up/2'));
    assert.deepEqual(await refusal(folder, 'up'), nothing('up'));
    assert.deepEqual(await refusal(folder, 'up/'), nothing('up/'));
    assert.deepEqual(await refusal(folder, '/no/such/*'), nothing('/no/such/*'));
    assert.deepEqual(await refusal(folder, 'up/**', '!up/1'), nothing('up/**'));
    assert.deepEqual(await refusal(folder, '../x'), [
      64,
      'input files has the line "../x"',
      'write the whole path of what lies outside of the working folder',
    ]);
    assert.deepEqual(await refusal(folder, 's3://bucket/x'), [
      64,
      'input files has the line "s3://bucket/x"',
      'only files of this machine are stored: prefixes such as s3:// are not supported yet',
    ]);
    assert.deepEqual(await refusal(folder, '!up/1'), [
      64,
      'input files has only lines that take out',
      'name what counts first, such as uploads/**',
    ]);
    assert.match(String((await refusal(folder, 'a**b'))[1]), /^input files has the line/);
  });

  it('refuses two files that would be stored under one path', async t => {
    const outside = await folderWith(t, 'x');
    const folder = await folderWith(t, `${outside}/x`.slice(1));
    const [status, message, hint] = await refusal(folder, '**', `${outside}/x`);
    assert.deepEqual([status, hint], [64, 'take one of them out with a line that begins with !']);
    assert.match(String(message), /^input files selects "[^"]+" and "[^"]+", which would both be stored as "[^"]+"$/);
  });

  it('refuses more files than a manifest may list', async t => {
    const folder = await folderWith(t, 'up/1');
    for (let index = 0; index < mostFiles; index += 1) await writeFile(join(folder, `up/f${index}`), '');
    assert.deepEqual(await refusal(folder, 'up/*'), [
      64,
      'input files selects more than 10000 files',
      'narrow its lines, or pack the files into an archive first',
    ]);
    await rm(join(folder, 'up/f0'));
    assert.equal((await found(folder, 'up/*')).length, mostFiles);
  });

  it('says which folder it may not read', async t => {
    const folder = await folderWith(t, 'up/1');
    await chmod(folder, 0o755);
    await chmod(join(folder, 'up'), 0);
    // root may read everything
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.('nobody');
    try {
      assert.match(
        String((await refusal(folder, 'up/*'))[1]),
        /^input files leads to "\/here\/up", which cannot be read \(EACCES\)$/,
      );
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    await chmod(join(folder, 'up'), 0o700);
  });
});
