import { glob } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';

/** A test that did not simply pass. */
export interface Remark {
  /** `file › suite › test`. */
  title: string;
  /** Why it was skipped, or how it failed. */
  text: string;
}

/** What became of the tests of one file, or of several. */
export interface Results {
  passed: number;
  failed: readonly Remark[];
  skipped: readonly Remark[];
}

export interface FileResults extends Results {
  /** What the file's process wrote. */
  output: string;
}

const testTimeoutMilliseconds = 15 * 60_000;
const fileTimeoutMilliseconds = 45 * 60_000;

/** The test files of the project, as relative paths; of a selection those that a pattern names, contains or matches. */
export async function testFiles(project: string, selection: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const file of glob('test/**/*.test.ts', { cwd: project })) all.push(file);
  return all.filter(file => selection.length === 0 || selection.some(wanted => isSelected(file, wanted))).sort();
}

function isSelected(file: string, wanted: string): boolean {
  const pattern = wanted.replace(/^\.\//, '');
  return file.includes(pattern) || matchesGlob(file, pattern);
}

/** Runs one test file in a process of its own. */
export async function runFile(project: string, file: string, signal: AbortSignal): Promise<FileResults> {
  const path = join(project, file);
  const limits = {
    timeout: testTimeoutMilliseconds,
    signal: AbortSignal.any([signal, AbortSignal.timeout(fileTimeoutMilliseconds)]),
  };
  const failed: Remark[] = [];
  const skipped: Remark[] = [];
  const titles: string[] = [];
  let passed = 0;
  let output = '';
  const title = (name: string, nesting: number) => [file, ...titles.slice(0, nesting), name].join(' › ');

  const events = run({ files: [path], ...limits });
  events.on('test:stdout', ({ message }) => (output += message));
  events.on('test:stderr', ({ message }) => (output += message));
  events.on('test:diagnostic', ({ message, file: from }) => (output += from === undefined ? '' : `${message}\n`));
  events.on('test:start', ({ name, nesting }) => titles.splice(nesting, Infinity, name));
  events.on('test:pass', ({ name, nesting, details, skip, todo }) => {
    if (name === path) return; // stands for a file without tests
    if (skip !== undefined || todo !== undefined) {
      skipped.push({ title: title(name, nesting), text: reasonOf(skip ?? todo ?? true) });
    } else if (details.type !== 'suite') passed += 1;
  });
  events.on('test:fail', ({ name, nesting, details }) => {
    // its failed subtests are counted themselves
    if ((details.error as { failureType?: string }).failureType === 'subtestsFailed') return;
    if (name === path) failed.push({ title: file, text: 'its process failed outside of any test' });
    else
      failed.push({ title: title(name, nesting), text: inspect(details.error.cause ?? details.error, { depth: 4 }) });
  });
  await new Promise<void>((resolve, reject) => {
    events.on('end', resolve);
    events.on('error', reject);
    events.resume();
  });
  if (passed + failed.length + skipped.length === 0) failed.push({ title: file, text: 'there is no test in it' });
  return { passed, failed, skipped, output };
}

function reasonOf(mark: string | boolean): string {
  return typeof mark === 'string' && mark !== '' ? mark : 'no reason given';
}

/** The sum of several results. */
export function sum(results: readonly Results[]): Results {
  return {
    passed: results.reduce((total, one) => total + one.passed, 0),
    failed: results.flatMap(one => one.failed),
    skipped: results.flatMap(one => one.skipped),
  };
}
