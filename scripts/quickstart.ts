import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { projectFolder } from './build.ts';
import { exitOnSignals, startCluster, type Cluster } from './setup/cluster.ts';
import { serverFolder } from './setup/postgres.ts';
import { differences, rowCounts, total } from './setup/row-counts.ts';
import { fillSample } from './setup/sample.ts';

const program = join(projectFolder, 'dist/cli/index.js');
/** The Node with which the user called npm; ours may be a newer one. */
const node = process.env.npm_node_execpath ?? process.execPath;

const say = (line: string) => console.log(line);

interface Options {
  major: number | undefined;
  folder: string;
}

async function quickstart({ major, folder }: Options): Promise<string> {
  const server = await serverFolder(major);
  say(`Postgres ${server.major}: ${server.source}: ${server.bin}`);
  const [source, target] = await Promise.all([startCluster(server), startCluster(server)]);
  const database = await source.createDatabase('shop');
  await fillSample(sql => source.query(sql, undefined, database));
  const before = await rowCounts(source, database);
  say(`Started a throw-away server and filled the database "${database}": ${total(before)}.`);

  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const keyFile = join(folder, 'key.txt');
  await writeFile(keyFile, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  const store = join(folder, 'store');
  say(`Made a fresh age key: ${keyFile} (its public half is ${recipient}).`);
  const LIFEBOAT_STORE = pathToFileURL(store).href;
  const LIFEBOAT_CLIENT = server.bin;
  await lifeboat('backup', {
    LIFEBOAT_DATABASE_URL: source.url(database),
    LIFEBOAT_RECIPIENTS: recipient,
    LIFEBOAT_STORE,
    LIFEBOAT_CLIENT,
  });
  say(`Backed it up, encrypted, to ${store}.`);
  await lifeboat('list', { LIFEBOAT_STORE });
  await lifeboat('verify', { LIFEBOAT_STORE, LIFEBOAT_IDENTITY: identity, LIFEBOAT_CLIENT });
  say('Verified every stored byte, and with the secret key that it can be read to the end.');
  await lifeboat('drill', {
    LIFEBOAT_STORE,
    LIFEBOAT_IDENTITY: identity,
    LIFEBOAT_CLIENT,
    LIFEBOAT_TARGET_URL: target.url(),
    LIFEBOAT_CHECKS: 'SELECT count(*) > 0 FROM app.organizations',
    TMPDIR: folder,
  });
  say('Drilled it: restored into a scratch database of a second server, and compared with what the snapshot held.');
  const copy = await restored(target, { LIFEBOAT_STORE, LIFEBOAT_IDENTITY: identity, LIFEBOAT_CLIENT });

  const after = await rowCounts(target, copy);
  const different = differences(before, after);
  if (different.length > 0) throw new Error(`the restored database is not the same: ${different.join('; ')}`);
  say(`Restored it into an empty database of a second server and counted again: ${total(after)}, all equal.`);
  await Promise.all([source.stop(), target.stop()]);
  return `${total(after)} backed up, verified, drilled, restored and found again`;
}

async function restored(target: Cluster, variables: Readonly<Record<string, string>>): Promise<string> {
  const database = await target.createDatabase('shop_restored');
  await lifeboat('restore', { ...variables, LIFEBOAT_TARGET_URL: target.url(database) });
  return database;
}

let running: ChildProcess | undefined;

/** Calls the program as a user would, with its inputs in the environment, and shows what it says. */
async function lifeboat(command: string, variables: Readonly<Record<string, string>>): Promise<void> {
  say(`\n$ pg-lifeboat ${command}    # with ${Object.keys(variables).join(', ')}`);
  const { PATH = '', HOME = '', TMPDIR = tmpdir() } = process.env;
  const env = { PATH, HOME, TMPDIR, ...variables };
  const child = spawn(node, [program, command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', line => say(`  ${line}`));
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  running = undefined;
  if (status !== 0) throw new Error(`pg-lifeboat ${command} ended with ${signal ?? `status ${status}`}`);
  say('');
}

const { values } = parseArgs({ options: { major: { type: 'string' }, keep: { type: 'boolean', default: false } } });
const folder = await mkdtemp(join(tmpdir(), 'lifeboat-quickstart-'));
exitOnSignals();
// the servers, too, end with the process and remove what is theirs
process.once('exit', () => {
  running?.kill();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
});
try {
  const done = await quickstart({ major: values.major === undefined ? undefined : Number(values.major), folder });
  say(
    values.keep ? `The backup and its key stay in ${folder}.` : `Removed the servers and ${folder} (--keep keeps it).`,
  );
  say(`quickstart: done: ${done}`);
} catch (error) {
  console.error(`quickstart: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
