import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generateIdentity } from '../../src/crypto/age.ts';

const root = join(import.meta.dirname, '../..');
const image = process.env.LIFEBOAT_RUNNER_IMAGE ?? 'lifeboat-runner:latest';

describe('a workflow under act, with a real service container', () => {
  it('backs up, verifies, lists, restores, and is red where it must be', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-act-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (const part of ['action.yml', 'dist']) await cp(join(root, part), join(folder, part), { recursive: true });
    await mkdir(join(folder, '.github/workflows'), { recursive: true });
    await cp(join(import.meta.dirname, 'backup.yml'), join(folder, '.github/workflows/backup.yml'));
    for (const args of [
      ['init', '-q'],
      ['add', '-A'],
      ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'x'],
    ]) {
      assert.equal(spawnSync('git', args, { cwd: folder }).status, 0);
    }
    const { identity, recipient } = await generateIdentity();
    const act = ['workflow_dispatch', '-P', `ubuntu-24.04=${image}`, '--pull=false', '--action-offline-mode'];
    const ran = spawnSync('act', [...act, '-s', 'IDENTITY', '-s', 'RECIPIENT'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, IDENTITY: identity, RECIPIENT: recipient },
    });
    const output = `${ran.stdout}${ran.stderr}`;
    assert.equal(ran.status, 0, output);
    assert.match(output, /required table gone would not be in the backup/);
    assert.ok(!output.includes(identity));
  });
});
