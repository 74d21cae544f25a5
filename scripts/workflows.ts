import { spawnSync } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const mustRun = process.env.LIFEBOAT_TEST_ALL === '1';

/** Runs the workflow tests, or those of the files that are named: they need Docker, act, and an image to run jobs in (LIFEBOAT_RUNNER_IMAGE). */
async function main(): Promise<number> {
  const goBin = join(spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' }).stdout?.trim() || '/', 'bin');
  const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}${goBin}` };
  const missing = [
    ...(spawnSync('docker', ['info'], { env }).status === 0 ? [] : ['a running Docker']),
    ...(spawnSync('act', ['--version'], { env }).status === 0 ? [] : ['act']),
  ];
  if (missing.length > 0) {
    console.log(`workflow tests: skipped for want of ${missing.join(' and ')}`);
    return mustRun ? 1 : 0;
  }
  const files = process.argv.slice(2);
  if (files.length === 0) for await (const file of glob('test/workflows/*.workflow.ts')) files.push(file);
  const ran = spawnSync(process.execPath, ['--test', '--test-concurrency=3', ...files], { env, stdio: 'inherit' });
  console.log(`workflow tests: ${ran.status === 0 ? 'passed' : 'failed'}`);
  return ran.status ?? 1;
}

process.exitCode = await main();
