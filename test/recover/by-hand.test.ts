import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BackupResult } from '../../src/commands/backup.ts';
import { type Cluster, startCluster } from '../../scripts/setup/cluster.ts';
import { rowCounts } from '../../scripts/setup/row-counts.ts';
import { type Harbor, openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';

/** The shell blocks of RECOVER.md, by the number or name of their section. */
function blocks(markdown: string): Map<string, string> {
  const sections = markdown.split(/^## /m).slice(1);
  return new Map(
    sections.map(section => {
      const title = section.split('\n')[0] ?? '';
      return [title, [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code).join('\n')];
    }),
  );
}

function section(markdown: string, start: string): string {
  const found = [...blocks(markdown)].find(([title]) => title.startsWith(start));
  assert.ok(found, `RECOVER.md has no section ${start}`);
  return found[1];
}

/** Runs shell lines as the reader would: in an empty folder, with the programs of the server and libpq's variables. */
function runShell(script: string, folder: string, cluster: Cluster): string {
  const { host, port, user, password } = cluster.address;
  const ran = spawnSync('bash', ['-e', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: `${cluster.bin}:${process.env.PATH}`,
      HOME: folder,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
    },
  });
  assert.equal(ran.status, 0, `${script}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

/** Everything that pg_dump and pg_dumpall say of definitions, owners, grants, policies and roles. */
function definitions(cluster: Cluster, database: string, folder: string): string {
  const schema = runShell(`pg_dump --schema-only --dbname=${database}`, folder, cluster);
  return schema.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}

/** By pipes or through files, or by pipes from the replica while the store is gone. */
type How = 'pipes' | 'files' | 'replica';

const replicaOf = ({ folder }: Harbor) => pathToFileURL(join(folder, 'replica')).href;

async function recovered(
  t: TestContext,
  cluster: Cluster,
  harbor: Harbor,
  made: BackupResult,
  how: How,
): Promise<{ other: Cluster; folder: string }> {
  const other = await startCluster({ major: cluster.major });
  t.after(() => other.stop());
  const folder = join(harbor.folder, 'by-hand');
  await mkdir(folder);
  await writeFile(join(folder, 'key.txt'), `${harbor.keys.identity}\n`);
  const found = how === 'replica' ? replicaOf(harbor) : harbor.store;
  const markdown = await readFile(join(dirname(join(fileURLToPath(found), made.manifestKey)), 'RECOVER.md'), 'utf8');
  if (how === 'replica') await rm(fileURLToPath(harbor.store), { recursive: true });
  const checking = section(markdown, '2.').replace(/^[^]*?(?=^sha256sum)/m, '');
  const steps = {
    pipes: [section(markdown, '2.'), section(markdown, '3.'), section(markdown, '4.')],
    files: [
      section(markdown, '2.'),
      section(markdown, '3.').split('\n').slice(1).join('\n'),
      section(markdown, 'Without pipes'),
    ],
    replica: [
      how === 'replica' ? section(markdown, '2, if that store is gone') : '',
      checking,
      section(markdown, '3.'),
      section(markdown, '4.'),
    ],
  };
  for (const step of steps[how]) runShell(step, folder, other);
  return { other, folder };
}

describe('with RECOVER.md alone, the age command and pg_restore', () => {
  for (const major of majors()) {
    for (const [how, jobs] of [
      ['pipes', '1'],
      ['pipes', '3'],
      ['files', '3'],
      ['replica', '1'],
    ] as const) {
      it(`the data of PostgreSQL ${major} are back by ${how}, made with ${jobs} jobs`, async t => {
        const cluster = await needsPostgres(t, major);
        if (!cluster) return;
        // before 16 a zstd layer lies around the archive
        for (const program of ['age', 'zstd'] as const) if ((await needsProgram(t, program)) === undefined) return;
        const harbor = await openHarbor(t);
        const database = await createSampleDatabase(cluster);
        await cluster.query(
          'CREATE TABLE app.big AS SELECT i, repeat(md5(i::text), 30) AS text FROM generate_series(1, 12000) i',
          undefined,
          database,
        );
        const made = await harbor.backup(cluster, database, {
          jobs,
          ...(how === 'replica' ? { replica: replicaOf(harbor) } : {}),
        });
        assert.equal(
          made.objects.some(({ purpose }) => purpose === 'shard'),
          jobs === '3',
        );

        const { other, folder } = await recovered(t, cluster, harbor, made, how);
        assert.deepEqual(await rowCounts(other, 'restored'), await rowCounts(cluster, database));
        assert.equal(definitions(other, 'restored', folder), definitions(cluster, database, folder));
      });
    }
  }
});
