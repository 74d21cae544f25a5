import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { projectFolder } from '../../scripts/build.ts';

describe('start.mjs', () => {
  let script: string;
  before(async () => {
    script = join(await mkdtemp(join(tmpdir(), 'start-')), 'script.ts');
    await writeFile(
      script,
      `process.on('SIGTERM', () => process.exit(9));
       console.log(process.argv.slice(2).join(' ') satisfies string);
       if (process.argv[2] === 'wait') setTimeout(() => {}, 60_000);
       else process.exitCode = 7;`,
    );
  });
  after(() => rm(join(script, '..'), { recursive: true }));

  const start = (...args: string[]) => {
    const file = join(projectFolder, 'scripts/start.mjs');
    return spawn(process.execPath, [file, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  };

  it('runs TypeScript with its arguments, and ends with its status', async () => {
    const child = start('one', 'two words');
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    assert.equal(output, 'one two words\n');
    assert.equal(status, 7);
  });

  it('hands signals on', async () => {
    const child = start('wait');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [status] = await once(child, 'close');
    assert.equal(status, 9);
  });
});
