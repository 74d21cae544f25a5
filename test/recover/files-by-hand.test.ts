import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it, type TestContext } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { startS3Server } from '../support/s3-server.ts';
import { type Yard, openYard } from '../support/yard.ts';

const contents: Record<string, string | Buffer> = {
  'up/plain.txt': 'plain',
  'up/empty': '',
  'up/a\nb\n': 'a name that ends with a line break',
  'up/folder\n/x': 'in a folder of that kind',
  'up/$(touch evil) `touch evil` "q" \'q\'': 'a command',
  'up/-rf *': 'options',
  'up/back\\slash': 'slash',
  'up/large': Buffer.alloc(200_000, 'large'),
};

function blocksOf(markdown: string, title: string): string {
  const section = markdown.split(/^## /m).find(one => one.startsWith(title)) ?? assert.fail(`no section ${title}`);
  return [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code).join('\n');
}

/** Follows RECOVER.md in a new folder; gives the folder and what was said. */
async function follow(yard: Yard, markdown: string, env: Record<string, string> = {}, isFromReplica = false) {
  const folder = join(yard.harbor.folder, 'by hand');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(join(folder, 'key.txt'), `${yard.harbor.keys.identity}\n`);
  const getting = isFromReplica
    ? `${blocksOf(markdown, '2, if')}\n${blocksOf(markdown, '6.').replace(/# from the replica: (.*)\n.*/, '$1')}`
    : `${blocksOf(markdown, '2.')}\n${blocksOf(markdown, '6.')}`;
  const { PATH = '', HOME = '' } = process.env;
  const ran = spawnSync('sh', ['-e', '-c', getting], { cwd: folder, encoding: 'utf8', env: { PATH, HOME, ...env } });
  return { folder, ...ran };
}

async function assertBack(yard: Yard, folder: string): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    assert.equal(await readFile(join(folder, 'files', path), 'latin1'), content.toString('latin1'), path);
    assert.equal((await stat(join(folder, 'files', path))).mode, (await stat(join(yard.work, path))).mode, path);
  }
  const found = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true });
  assert.equal(found.filter(entry => entry.isFile()).length, Object.keys(contents).length);
  assert.ok(!(await readdir(folder)).includes('evil'));
}

async function filledYard(t: TestContext, ...programs: readonly string[]): Promise<Yard | undefined> {
  for (const program of ['jq', 'age', ...programs])
    if (spawnSync(program, ['--version']).error !== undefined) return void t.skip(`there is no program ${program}`);
  const yard = await openYard(t);
  await yard?.put(contents);
  if (yard) await chmod(join(yard.work, 'up/plain.txt'), 0o750);
  return yard;
}

describe('with RECOVER.md alone', () => {
  for (const [how, inputs] of [
    ['age', {}],
    ['no encryption', { encryption: 'none' }],
  ] as [string, Record<string, string>][])
    it(`the files are back from a folder, made with ${how}, and damage is told`, async t => {
      const yard = await filledYard(t);
      if (!yard) return;
      const { id, files } = await yard.backup(inputs);
      const markdown = await readFile(join(yard.folder, id, 'RECOVER.md'), 'utf8');
      const back = await follow(yard, markdown);
      assert.equal(back.status, 0, back.stderr);
      assert.match(back.stdout, /all files are back\n$/);
      await assertBack(yard, back.folder);
      const [first, second] = files.filter(({ sizeBytes }) => sizeBytes < 1000);
      await writeFile(join(yard.folder, first?.object ?? ''), await readFile(join(yard.folder, second?.object ?? '')));
      const damaged = await follow(yard, markdown);
      assert.equal(damaged.status, 1, damaged.stderr);
      assert.match(damaged.stdout, /not what it was: files\/up\//);
    });

  it('the files are back from the replica, with the store gone', async t => {
    const yard = await filledYard(t);
    if (!yard) return;
    const replica = join(yard.harbor.folder, 'replica');
    const { id } = await yard.backup({ replica: pathToFileURL(replica).href });
    await rm(yard.folder, { recursive: true });
    const markdown = await readFile(join(replica, 'shop', id, 'RECOVER.md'), 'utf8');
    const back = await follow(yard, markdown, {}, true);
    assert.equal(back.status, 0, back.stderr);
    await assertBack(yard, back.folder);
  });

  it('the files are back from an S3 bucket', async t => {
    const yard = await filledYard(t, 'aws');
    if (!yard) return;
    const server = await startS3Server({ buckets: ['backups'] });
    t.after(() => server.stop());
    const { accessKeyId, secretAccessKey } = server;
    const store = server.url('backups', 'a prefix/of it');
    const inputs = { store, 'access-key-id': accessKeyId, 'secret-access-key': secretAccessKey };
    const made = resultOf<BackupResult>(await yard.run(inputs));
    const again = resultOf<BackupResult>(await yard.run(inputs));
    const keys = await server.keys('backups');
    assert.equal(keys.filter(key => key.includes('/shop/files/')).length, Object.keys(contents).length);
    const get = (key: string) =>
      spawnSync('aws', ['s3', 'cp', '--endpoint-url', server.endpoint, `s3://backups/${key}`, '-'], {
        encoding: 'utf8',
        env: {
          ...process.env,
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
          AWS_DEFAULT_REGION: 'us-east-1',
        },
      }).stdout;
    const key = keys.find(one => one.endsWith(`${again.backupId}/RECOVER.md`)) ?? '';
    const back = await follow(yard, get(key), {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
    });
    assert.equal(back.status, 0, back.stderr);
    await assertBack(yard, back.folder);
    const read = { ...inputs, identity: yard.harbor.keys.identity, client: yard.cluster.bin };
    for (const backup of [made.backupId, again.backupId])
      assert.equal((await lifeboat('verify', { ...read, backup })).status, 0);
    const into = join(yard.harbor.folder, 'back');
    resultOf(await lifeboat('restore', { ...read, 'files-to': join(into, 'files') }));
    await assertBack(yard, into);
    assert.equal((await lifeboat('prune', { ...inputs, keep: '7d' })).status, 0);
    assert.deepEqual(await server.keys('backups'), keys.concat(await evidence(server, keys)).sort());
  });
});

async function evidence(
  server: { keys(bucket: string): Promise<string[]> },
  before: readonly string[],
): Promise<string[]> {
  return (await server.keys('backups')).filter(key => !before.includes(key) && key.includes('/checks/'));
}
