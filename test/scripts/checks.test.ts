import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { differences } from '../../scripts/test/checks.ts';

describe('the check of dist/', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dist-'));
    await mkdir(join(folder, 'one/cli'), { recursive: true });
    await writeFile(join(folder, 'one/index.js'), 'index');
    await writeFile(join(folder, 'one/cli/index.js'), 'cli', { mode: 0o755 });
    await cp(join(folder, 'one'), join(folder, 'other'), { recursive: true });
  });
  after(() => rm(folder, { recursive: true }));

  const compared = () => differences(join(folder, 'one'), join(folder, 'other'));

  it('finds nothing in equal folders', async () => {
    assert.deepEqual(await compared(), []);
  });

  it('finds other bytes, another mode, and files that only one has', async () => {
    await writeFile(join(folder, 'other/index.js'), 'INDEX');
    await chmod(join(folder, 'other/cli/index.js'), 0o644);
    await writeFile(join(folder, 'one/new.js'), '');
    await writeFile(join(folder, 'other/old.js'), '');
    assert.deepEqual(await compared(), ['cli/index.js', 'index.js', 'new.js', 'old.js']);
  });

  it('finds everything where there is no dist/', async () => {
    const missing = await differences(join(folder, 'one'), join(folder, 'missing'));
    assert.deepEqual(missing, ['cli/index.js', 'index.js', 'new.js']);
  });
});
