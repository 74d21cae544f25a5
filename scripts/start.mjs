// Starts a TypeScript file of this project: node scripts/start.mjs scripts/x.ts [arguments]
// Plain JavaScript without dependencies, because it makes sure of the dependencies first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20) fail(`this is Node ${process.versions.node}: pg-lifeboat needs Node 20 or later`);
if (!dependenciesAreFresh()) installDependencies();
run(nodeOfTypes(), process.argv.slice(2));

/** npm writes this file whenever it has brought node_modules in line with the lock. */
function dependenciesAreFresh() {
  const installed = join(project, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(project, 'package-lock.json')).mtimeMs;
}

function installDependencies() {
  console.error('installing the dependencies (npm ci) …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (npm.status !== 0) fail(`npm ci failed: ${npm.error?.message ?? npm.stderr.trim()}`);
}

/** A Node that runs TypeScript as it is: the one among the dependencies, else our own. */
function nodeOfTypes() {
  const own = join(project, 'node_modules/.bin/node');
  if (existsSync(own) && spawnSync(own, ['--version']).status === 0) return own;
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  return fail(
    `the package "node" has no program for this machine, and Node ${process.versions.node} runs no TypeScript`,
  );
}

function run(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', error => fail(error.message));
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
}

function fail(message) {
  console.error(`pg-lifeboat: ${message}`);
  process.exit(1);
}
