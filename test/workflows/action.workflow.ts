import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { generateIdentity } from '../../src/crypto/age.ts';

const root = join(import.meta.dirname, '../..');
const image = process.env.LIFEBOAT_RUNNER_IMAGE ?? 'lifeboat-runner:latest';

/** Runs one of the workflows beside this file in a repository of its own, and gives all that it printed; it must be green. */
async function runWorkflow(t: TestContext, file: string): Promise<{ output: string; identity: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-act-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const part of ['action.yml', 'dist']) await cp(join(root, part), join(folder, part), { recursive: true });
  await mkdir(join(folder, '.github/workflows'), { recursive: true });
  await cp(join(import.meta.dirname, file), join(folder, '.github/workflows', file));
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
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, IDENTITY: identity, RECIPIENT: recipient },
  });
  const output = `${ran.stdout}${ran.stderr}`;
  assert.equal(ran.status, 0, output);
  return { output, identity };
}

describe('a workflow under act, with real service containers', () => {
  it('backs up, verifies, lists, restores, and is red where it must be', async t => {
    const { output, identity } = await runWorkflow(t, 'backup.yml');
    assert.match(output, /required table gone would not be in the backup/);
    assert.ok(!output.includes(identity));
  });

  it('drills a backup with pgvector, says what a server lacks, and is red when a check is not true', async t => {
    const { output, identity } = await runWorkflow(t, 'drill.yml');
    assert.match(output, /EXTENSION_UNAVAILABLE extension vector/);
    assert.match(output, /expected  a server such as the image pgvector\/pgvector:pg17/);
    assert.match(output, /CHECK_FAILED/);
    assert.match(output, /drill of \S+: passed/);
    assert.match(output, /proven \d{4}-/);
    assert.ok(!output.includes(identity));
    const said = output.split('\n').filter(line => !/\$ |psql|SELECT|CREATE|GRANT|ALTER|INSERT/.test(line));
    assert.ok(!said.join('\n').includes('secret_names'));
  });
});
