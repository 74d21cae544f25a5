import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, aptKnows, aptReaches, asRoot, brewInstall, executable, firstOf, output, which } from './system.ts';
import { fromDebian, fromDocker, unpacked } from './unpacked-postgres.ts';

/** A Postgres server and its client programs. */
export interface ServerFolder {
  /** The folder of `initdb`, `postgres`, `psql`, `pg_dump` and the others. */
  bin: string;
  major: number;
  /** How it came here, for a line of the log: `found` or what installed it. */
  source: string;
}

/** The majors that we support, the preferred first. */
export const supportedMajors: readonly number[] = [17, 18, 16, 15, 14];

const preferredMajor = 17;
const programs = ['initdb', 'postgres', 'pg_ctl', 'psql', 'pg_dump', 'pg_restore'];
const clusterSettings = '/etc/postgresql-common/createcluster.conf';
const pgdgScript = '/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh';
const pgdgArchive = 'https://apt.postgresql.org/pub/repos/apt/dists';

/**
 * Finds a Postgres server of this major, or installs one: by apt-get (with PGDG's archive where the distribution lacks
 * it), by Homebrew, or unpacked beside the system from packages or an image. Without a major any supported one will do.
 */
export async function serverFolder(major?: number): Promise<ServerFolder> {
  for (const candidate of major === undefined ? supportedMajors : [major]) {
    const folder = await find(candidate);
    if (folder !== undefined) return folder;
  }
  return install(major ?? (await majorOfDistribution()) ?? preferredMajor);
}

async function find(major: number): Promise<ServerFolder | undefined> {
  const ofPath = await output('pg_config', ['--bindir']).catch(() => undefined);
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/home/linuxbrew/.linuxbrew/opt/postgresql@${major}/bin`,
    ...(ofPath === undefined ? [] : [ofPath]),
  ];
  for (const bin of folders) {
    if (await isServer(bin, major)) return { bin, major, source: 'found' };
  }
  const bin = await unpacked(major);
  return bin === undefined ? undefined : { bin, major, source: 'found, unpacked earlier' };
}

async function isServer(bin: string, major: number): Promise<boolean> {
  for (const program of programs) {
    if (!(await executable(join(bin, program)))) return false;
  }
  return majorOf(await output(join(bin, 'postgres'), ['--version'])) === major;
}

/** The major in what `postgres --version` prints. */
export function majorOf(version: string): number | undefined {
  const match = /\(PostgreSQL\) (\d+)/.exec(version);
  return match === null ? undefined : Number(match[1]);
}

async function install(major: number): Promise<ServerFolder> {
  const found = async (done: true | undefined, source: string) => {
    if (done === undefined) return undefined;
    const folder = await find(major);
    if (folder === undefined) throw new Error(`installed, but there is no server ${major} in its folder`);
    return { ...folder, source };
  };
  const unpackedBy = async (bin: string | undefined, source: string) =>
    bin === undefined ? undefined : { bin, major, source };
  return firstOf(`Postgres server ${major}`, [
    { name: 'apt-get', try: async () => found(await installByApt(major), 'installed by apt-get') },
    {
      name: 'packages',
      try: async () => unpackedBy(await fromDebian(major), "unpacked from another Debian's packages"),
    },
    { name: 'PGDG', try: async () => found(await installFromPgdg(major), "installed from PGDG's archive") },
    { name: 'brew', try: async () => found(await brewInstall(`postgresql@${major}`), 'installed by brew') },
    { name: 'docker', try: async () => unpackedBy(await fromDocker(major), `unpacked from image postgres:${major}`) },
  ]);
}

async function majorOfDistribution(): Promise<number | undefined> {
  if ((await which('apt-cache')) === undefined) return undefined;
  for (const major of supportedMajors) if (await aptKnows(`postgresql-${major}`)) return major;
  return undefined;
}

async function installByApt(major: number): Promise<true | undefined> {
  if ((await which('apt-get')) === undefined) return undefined;
  const name = `postgresql-${major}`;
  if (!(await aptKnows(name))) await asRoot('apt-get', ['update', '-qq']);
  if (!(await aptKnows(name))) throw new Error(`this system has no package ${name}`);
  await aptInstall('postgresql-common');
  return withoutMainCluster(() => aptInstall(name));
}

async function installFromPgdg(major: number): Promise<true | undefined> {
  if ((await which('apt-get')) === undefined) return undefined;
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  // its script would leave a source behind that every later apt-get update stumbles over
  if (!(await aptReaches(`${pgdgArchive}/${codename}-pgdg/InRelease`)))
    throw new Error('its archive cannot be reached');
  await aptInstall('postgresql-common');
  await asRoot(pgdgScript, ['-y']);
  return installByApt(major);
}

/** The package would make and start a cluster that nobody asked for. */
async function withoutMainCluster(work: () => Promise<true | undefined>): Promise<true | undefined> {
  const before = await readFile(clusterSettings, 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-'));
  const replace = async (text: string) => {
    await writeFile(join(folder, 'settings'), text);
    await asRoot('cp', [join(folder, 'settings'), clusterSettings]);
  };
  try {
    await replace(`${before.replaceAll(/^create_main_cluster.*$/gm, '')}\ncreate_main_cluster = false\n`);
    return await work();
  } finally {
    await replace(before);
    await rm(folder, { recursive: true });
  }
}
