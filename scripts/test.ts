import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from './build.ts';
import { checks, type Check } from './test/checks.ts';
import { runFile, sum, testFiles, type Results } from './test/files.ts';
import { dataVariable } from './setup/cluster.ts';
import { killLeftovers } from './test/leftovers.ts';
import { memoryFolder } from './test/memory.ts';
import { setUp } from './test/parts.ts';
import { verdict } from './test/verdict.ts';

const filesAtOnce = 2;
/** Variables that mean something to what is tested: the tests set their own. */
const foreignVariables = /^(PG|AWS_|INPUT_|GITHUB_|RUNNER_|ACTIONS_|LIFEBOAT_(?!TEST_))/;

const say = (line: string) => console.log(line);

async function main(selection: readonly string[], signal: AbortSignal): Promise<0 | 1> {
  for (const name of Object.keys(process.env)) if (foreignVariables.test(name)) delete process.env[name];
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-'));
  await chmod(folder, 0o755); // for servers, which run as another user
  process.env.TMPDIR = folder;
  const memory = await memoryFolder();
  if (memory !== undefined) process.env[dataVariable] = memory;
  try {
    say('Set-up:');
    say(`  data of servers: ${memory === undefined ? 'on disk' : 'in memory'}`);
    const parts = await setUp(line => say(`  ${line.replaceAll('\n', '\n  ')}`));
    try {
      return await runAll(selection, signal);
    } finally {
      await parts.stop();
    }
  } finally {
    const killed = await killLeftovers(folder);
    if (killed.length > 0) say(`left running by a test, now killed: ${killed.join(', ')}`);
    for (const one of [folder, memory]) if (one !== undefined) await rm(one, { recursive: true, force: true });
  }
}

async function runAll(selection: readonly string[], signal: AbortSignal): Promise<0 | 1> {
  const results: Results[] = [];
  if (selection.length === 0) {
    say('Checks:');
    results.push(...(await Promise.all(checks.map(runCheck))));
  }
  say('Tests:');
  const files = await testFiles(projectFolder, selection);
  const worker = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      signal.throwIfAborted();
      results.push(await runAndTell(file, signal));
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, worker));
  signal.throwIfAborted();
  const { lines, status } = verdict(sum(results), process.env.LIFEBOAT_TEST_ALL !== '1');
  for (const line of lines) say(line);
  return status;
}

async function runCheck(check: Check): Promise<Results> {
  const seconds = stopwatch();
  try {
    await check.run();
    say(`  ok   ${seconds()}  ${check.name}`);
    return { passed: 1, failed: [], skipped: [] };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`  FAIL ${seconds()}  ${check.name}\n${indented(text)}`);
    return { passed: 0, failed: [{ title: check.name, text }], skipped: [] };
  }
}

async function runAndTell(file: string, signal: AbortSignal): Promise<Results> {
  const seconds = stopwatch();
  const results = await runFile(projectFolder, file, signal);
  const { passed, failed, skipped, output } = results;
  const counts = [`${passed} passed`, ...(failed.length > 0 ? [`${failed.length} failed`] : [])];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  say(`  ${failed.length > 0 ? 'FAIL' : 'ok  '} ${seconds()}  ${file} (${counts.join(', ')})`);
  for (const { title, text } of failed) say(`\n    ${title}\n${indented(text)}\n`);
  if (failed.length > 0 && output !== '') say(`    what ${file} wrote:\n${indented(output)}\n`);
  return results;
}

function stopwatch(): () => string {
  const start = performance.now();
  return () => `${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`;
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '      ');
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(`stopped by ${name}`));
  });
}
try {
  process.exitCode = await main(process.argv.slice(2), stop.signal);
} catch (error) {
  console.error(stop.signal.aborted ? `npm test: ${String(stop.signal.reason)}` : error);
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
