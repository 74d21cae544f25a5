import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../scripts/setup/cluster.ts';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import { type Harbor, type Ran, type RunOptions, lifeboat, openHarbor, resultOf } from './lifeboat.ts';
import { majors, needsPostgres } from './postgres.ts';

const major = majors().at(-1) ?? 17;

/** The input `files-key` of a yard's backups. */
export const filesKey = 'a secret of thirty-two characters';

/** A small database, and a working folder with files. */
export interface Yard {
  cluster: Cluster;
  harbor: Harbor;
  work: string;
  put(files: Record<string, string | Buffer>): Promise<void>;
  run(more?: Record<string, string>, options?: RunOptions): Promise<Ran>;
  backup(more?: Record<string, string>): Promise<Manifest>;
  /** The database's folder in the store. */
  folder: string;
  database: string;
  /** Names of all file objects in the store. */
  stored(): Promise<string[]>;
}

/** Makes a yard that is gone after the test; undefined where there is no Postgres. */
export async function openYard(t: TestContext): Promise<Yard | undefined> {
  const cluster = await needsPostgres(t, major);
  if (!cluster) return undefined;
  const harbor = await openHarbor(t);
  const database = await cluster.createDatabase();
  t.after(() => cluster.dropDatabase(database));
  await cluster.query('CREATE TABLE one AS SELECT 1 AS i', undefined, database);
  const work = join(harbor.folder, 'work');
  await mkdir(work);
  const folder = fileURLToPath(harbor.store);
  const run: Yard['run'] = (more = {}, options = {}) => {
    const inputs = { ...harbor.backupInputs(cluster, database), files: 'up/**', 'files-key': filesKey, ...more };
    if ('passphrase' in more || more.encryption !== undefined) delete (inputs as Record<string, string>).recipients;
    return lifeboat('backup', inputs, { cwd: work, ...options });
  };
  return {
    cluster,
    harbor,
    work,
    folder: join(folder, 'shop'),
    database,
    put: async files => {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(work, path)), { recursive: true });
        await writeFile(join(work, path), content);
      }
    },
    run,
    backup: async more => {
      const made = resultOf<BackupResult>(await run(more));
      return parseManifest(await readFile(join(folder, made.manifestKey), 'utf8'), made.name, made.backupId);
    },
    stored: async () => {
      const all = await readdir(join(folder, 'shop/files'), { recursive: true }).catch(() => []);
      return all
        .filter(path => path.includes('/'))
        .map(path => `files/${path}`)
        .sort();
    },
  };
}

/** Names of the file objects that a backup refers to. */
export const objectsOf = ({ files }: Manifest): string[] => files.map(({ object }) => object);
