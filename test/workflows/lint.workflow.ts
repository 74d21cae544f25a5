import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './support/stage.ts';

const zizmorOfExamples = join(import.meta.dirname, 'zizmor-of-examples.yml');

/** Workflows of ours, and those that people copy. */
async function files(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ['.github/workflows', 'examples'])
    for (const file of await readdir(join(root, folder))) if (file.endsWith('.yml')) found.push(join(folder, file));
  return found.sort();
}

/** Where a program is missing the test fails: silence would look like cleanliness. */
function clean(program: string, args: readonly string[], cwd: string): void {
  const ran = spawnSync(program, args, { cwd, encoding: 'utf8' });
  assert.equal(ran.error, undefined, `${program} is not installed`);
  assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
}

describe('the workflows and the examples', () => {
  it('are clean to actionlint', async () => {
    clean('actionlint', await files(), root);
  });

  it('of ours are clean to zizmor, as an auditor reads them', () => {
    clean('zizmor', ['--persona', 'auditor', '--offline', '--quiet', '.'], root);
  });

  it('that people copy are clean to zizmor, but for what its configuration explains', async t => {
    // it collects workflows only where GitHub would
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-lint-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(join(root, 'examples'), join(folder, '.github/workflows'), { recursive: true });
    const audit = ['--persona', 'auditor', '--offline', '--quiet', '--config', zizmorOfExamples, '.'];
    clean('zizmor', audit, folder);
  });

  it('say why wherever something is ignored', async () => {
    const disabled = (await readFile(zizmorOfExamples, 'utf8')).matchAll(/^(.*)\n +[\w-]+: \{ disable: true \}$/gm);
    const reasons = [...disabled].map(([, reason = '']) => reason);
    assert.ok(reasons.length > 0);
    for (const reason of reasons) assert.match(reason, /^ +# \w/);
    const config = await readFile(join(root, '.github/actionlint.yaml'), 'utf8');
    for (const [line] of config.matchAll(/^ +- .*$/gm))
      assert.match(config, new RegExp(`# .*\\n${line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`));
    for (const file of await files()) {
      const lines = (await readFile(join(root, file), 'utf8')).split('\n');
      for (const [index, line] of lines.entries())
        if (line.includes('zizmor: ignore')) assert.match(lines[index - 1] ?? '', /^ *# \w/, `${file}:${index + 1}`);
    }
  });
});
