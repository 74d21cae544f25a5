import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export const root = join(import.meta.dirname, '../../..');
const image = process.env.LIFEBOAT_RUNNER_IMAGE ?? 'lifeboat-runner:latest';

/** What stands in, on a machine without GitHub, for the actions that the shipped workflows use. */
const replacements: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^pg-lifeboat\/pg-lifeboat\/(\.github\/workflows\/[\w-]+\.yml)@v0$/, './$1'],
  [/^\$\/\.$/, './'],
  [/^actions\/checkout@[0-9a-f]{40}$/, 'actions/checkout@v4'],
  [/^actions\/upload-artifact@[0-9a-f]{40}$/, './.stage/upload-artifact'],
];

/** The same workflow, with other actions: only what comes after `uses:` differs. */
export function staged(workflow: string): string {
  return workflow.replaceAll(/(?<=\n *(?:- )?uses: )(\S+)(?: #[^\n]*)?/g, (_, action: string) => {
    const replacement = replacements.find(([pattern]) => pattern.test(action));
    assert.ok(replacement, `nothing stands in for ${action}`);
    return action.replace(...replacement);
  });
}

/** Keeps what is uploaded where the test finds it; a name may be taken once in a run, as on GitHub. */
const uploadArtifact = `name: upload
inputs: { name: { required: true }, path: { required: true }, retention-days: {}, if-no-files-found: {} }
runs:
  using: composite
  steps:
    - shell: bash
      env: { NAME: '\${{ inputs.name }}', FILE: '\${{ inputs.path }}' }
      run: mkdir -p .stage/artifacts && mkdir ".stage/artifacts/$NAME" && cp $FILE ".stage/artifacts/$NAME"
`;

export interface Play {
  /** A caller: its text, as a user has it in a repository. */
  caller: string;
  event?: string;
  payload?: object;
  /** An empty one is not set. */
  secrets?: Readonly<Record<string, string>>;
  vars?: Readonly<Record<string, string>>;
  /** Of a workflow that is started by hand. */
  inputs?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** The run is cancelled as soon as this is printed. */
  cancelsAt?: string;
}

export interface Played {
  status: number | null;
  /** All that was printed. */
  output: string;
  /** What each job came to, by its name as act writes it. */
  jobs: Record<string, 'succeeded' | 'failed'>;
}

/** A repository of a user, with the shipped workflows in it. */
export interface Stage {
  folder: string;
  /** Commits what is in the folder, and gives the hash. */
  commit(files?: Readonly<Record<string, string>>): Promise<string>;
  git(...args: string[]): string;
  play(play: Play): Promise<Played>;
}

/** Makes a repository that is gone after the test. */
export async function openStage(t: TestContext): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-act-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const part of ['action.yml', 'dist']) await cp(join(root, part), join(folder, part), { recursive: true });
  await write(folder, '.stage/upload-artifact/action.yml', uploadArtifact);
  const workflows = join(root, '.github/workflows');
  for (const file of await readdir(workflows))
    if (!file.startsWith('.'))
      await write(folder, `.github/workflows/${file}`, staged(await readFile(join(workflows, file), 'utf8')));
  const git = (...args: string[]) => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
    const ran = spawnSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
    assert.equal(ran.status, 0, `git ${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout.trim();
  };
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', 'https://github.com/me/shop');
  const commit: Stage['commit'] = async (files = {}) => {
    for (const [path, content] of Object.entries(files)) await write(folder, path, content);
    git('add', '-A');
    git('commit', '-qm', 'x', '--allow-empty');
    return git('rev-parse', 'HEAD');
  };
  await commit();
  return { folder, git, commit, play: play => playIn(folder, play) };
}

async function write(folder: string, path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function playIn(folder: string, play: Play): Promise<Played> {
  const { caller, event = 'workflow_dispatch', payload = {}, secrets = {}, vars = {}, inputs = {}, env = {} } = play;
  const outside = await mkdtemp(join(tmpdir(), 'lifeboat-play-'));
  try {
    await rm(join(folder, '.stage/artifacts'), { recursive: true, force: true });
    const unique = `-${basename(folder).toLowerCase()}`;
    await write(folder, '.github/workflows/caller.yml', named(staged(caller), unique));
    await writeFile(join(outside, 'event.json'), JSON.stringify({ ...payload, inputs }));
    const args = [event, '-W', '.github/workflows/caller.yml', '-e', join(outside, 'event.json')];
    args.push(
      '-P',
      `ubuntu-24.04=${image}`,
      '-P',
      `ubuntu-latest=${image}`,
      '--bind',
      '--pull=false',
      '--action-offline-mode',
      // a service of a job that failed would keep its port
      '--rm',
    );
    for (const [name, value] of Object.entries(secrets)) if (value !== '') args.push('-s', name);
    for (const [name, value] of Object.entries(vars)) args.push('--var', `${name}=${value}`);
    for (const [name, value] of Object.entries(inputs)) args.push('--input', `${name}=${value}`);
    for (const [name, value] of Object.entries(env)) args.push('--env', `${name}=${value}`);
    const child = spawn('act', args, { cwd: folder, env: { ...process.env, ...secrets } });
    let output = '';
    const read = (text: Buffer) => {
      const wasThere = play.cancelsAt === undefined || output.includes(play.cancelsAt);
      output += text.toString();
      if (!wasThere && output.includes(play.cancelsAt ?? '')) child.kill('SIGINT');
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', read);
    const status = await new Promise<number | null>(resolve => child.once('close', resolve));
    const said = output.replaceAll(unique, '');
    return { status, output: said, jobs: jobsIn(said) };
  } finally {
    await rm(outside, { recursive: true });
  }
}

/**
 * The caller with something more in the name of each of its jobs: act names its containers after them, and other tests play the same
 * caller at the same time.
 */
function named(caller: string, unique: string): string {
  const [before = '', jobs = ''] = caller.split(/(?<=^jobs:\n)/m);
  const renamed = jobs.replaceAll(/^ {2}([\w-]+):\n((?: {4}.*\n|\n)*)/gm, (_, id: string, body: string) =>
    /^ {4}name: /m.test(body)
      ? `  ${id}:\n${body.replace(/(?<=^ {4}name: )(.*?)(?= #|$)/m, name => name + unique)}`
      : `  ${id}:\n    name: ${id}${unique}\n${body}`,
  );
  return before + renamed;
}

function jobsIn(output: string): Played['jobs'] {
  const ended = [...output.matchAll(/^\[(.+?)\] +🏁 {2}Job (succeeded|failed)/gmu)];
  return Object.fromEntries(ended.map(([, name = '', outcome]) => [name.trim(), outcome as 'succeeded' | 'failed']));
}
