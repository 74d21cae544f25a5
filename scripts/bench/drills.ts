import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import { generateIdentity } from '../../src/crypto/age.ts';
import { type Cluster, startCluster } from '../setup/cluster.ts';
import { fillBench } from './fill.ts';
import { measure, median } from './measure.ts';
import { startS3Server } from '../../test/support/s3-server.ts';

/** As a drill tunes a server that is its own, so that both sides have the same. */
const tuned = { autovacuum: false, max_wal_size: '8GB', checkpoint_timeout: '1h', maintenance_work_mem: '256MB' };
/** As a server comes: a restore in production must wait for its disk. */
const durable = { fsync: true, synchronous_commit: true, full_page_writes: true, autovacuum: true };

interface Restored {
  seconds: number;
  compareSeconds: number;
  peakBytes: number;
}

/**
 * Measures the restore of a drill (fetch, decrypt, load, index) against `pg_restore -j` of a local plain archive, in turn on one server.
 * Gives a section of Markdown.
 */
export async function benchDrills(major: number, scale: number, rounds: number, folder: string): Promise<string> {
  const keys = await generateIdentity();
  const server = await startS3Server({ buckets: ['drills'] });
  const source = await startCluster({ major, settings: { shared_buffers: '512MB', max_wal_size: '8GB' } });
  const target = await startCluster({ major, settings: { shared_buffers: '512MB', ...tuned } });
  const production = await startCluster({ major, settings: { shared_buffers: '512MB', ...durable } });
  try {
    const sizeBytes = await fillBench(source, scale, 'bench');
    await fillBench(source, scale / 10, 'tenth');
    const archive = join(folder, 'plain.dump');
    const store = {
      LIFEBOAT_STORE: server.url('drills', 'lifeboat'),
      LIFEBOAT_ACCESS_KEY_ID: server.accessKeyId,
      LIFEBOAT_SECRET_ACCESS_KEY: server.secretAccessKey,
      LIFEBOAT_CLIENT: source.bin,
    };
    const lifeboat = (command: string, variables: Record<string, string>) =>
      measure({ script: `${process.execPath} dist/cli/index.js ${command} --json >${folder}/out.json`, env: { ...store, ...variables } });
    for (const [name, database, jobs] of [['one', 'bench', '1'], ['two', 'bench', '2'], ['tenth', 'tenth', '1']] as const)
      await lifeboat('backup', {
        LIFEBOAT_DATABASE_URL: source.url(database),
        LIFEBOAT_NAME: name,
        LIFEBOAT_RECIPIENTS: keys.recipient,
        LIFEBOAT_JOBS: jobs,
      });
    run(source, 'pg_dump', ['-Fc', `--compress=${major < 16 ? '1' : 'zstd:1'}`, '-f', archive, '-d', source.url('bench')]);

    const drill = async (name: string, cluster: Cluster): Promise<Restored> => {
      const variables = { LIFEBOAT_NAME: name, LIFEBOAT_TARGET_URL: cluster.url(), LIFEBOAT_IDENTITY: keys.identity, LIFEBOAT_TUNE: 'off', LIFEBOAT_JOBS: '2' };
      const { peakBytes = 0 } = await lifeboat('drill', variables);
      const result = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as DrillResult;
      if (result.verdict !== 'passed') throw new Error(JSON.stringify(result.findings));
      const compareSeconds = result.stages.find(stage => stage.name === 'compare')?.seconds ?? 0;
      return { seconds: result.rtoSeconds ?? 0, compareSeconds, peakBytes };
    };
    const byHand = async (cluster: Cluster): Promise<Restored> => {
      await cluster.createDatabase('by_hand', { template: 'template0' });
      const { seconds } = await measure({ script: `${join(cluster.bin, 'pg_restore')} --exit-on-error -j2 -d "$URL" ${archive}`, env: { URL: cluster.url('by_hand') } });
      await cluster.dropDatabase('by_hand');
      return { seconds, compareSeconds: 0, peakBytes: 0 };
    };
    const all = [
      { title: '`pg_restore -j2` of a local plain archive', run: () => byHand(target) },
      { title: 'drill of a backup made with jobs 1', run: () => drill('one', target) },
      { title: 'drill of a backup made with jobs 2', run: () => drill('two', target) },
      { title: 'drill of a backup made with jobs 1, server not tuned', run: () => drill('one', production) },
    ];
    const results = new Map<string, Restored[]>(all.map(({ title }) => [title, []]));
    for (let round = 0; round <= rounds; round += 1)
      for (const side of all) {
        const measured = await side.run();
        console.error(`PostgreSQL ${major} round ${round}: ${side.title}: ${measured.seconds.toFixed(2)} s, compare ${measured.compareSeconds.toFixed(2)} s`);
        // the first round only warms the caches
        if (round > 0) results.get(side.title)?.push(measured);
      }
    const tenth = await drill('tenth', target);
    const figures = (title: string) => {
      const runs = results.get(title) ?? [];
      const of = (key: keyof Restored) => median(runs.map(one => one[key]));
      return { seconds: of('seconds'), compareSeconds: of('compareSeconds'), peakBytes: of('peakBytes') };
    };
    const base = figures(all[0]?.title ?? '').seconds;
    const rows = all.map(({ title }) => {
      const { seconds, compareSeconds, peakBytes } = figures(title);
      return `| ${title} | ${seconds.toFixed(2)} | ${(seconds / base).toFixed(2)} | ${compareSeconds === 0 ? '' : compareSeconds.toFixed(2)} | ${peakBytes === 0 ? '' : Math.round(peakBytes / 1e6)} |`;
    });
    return [
      `## Drill on PostgreSQL ${major}, ${Math.round(sizeBytes / 1e6)} MB in tables\n`,
      'Restore: from the first byte fetched to the last index built, jobs 2, S3 server on the same machine; the comparison reads everything once more.\n',
      '| What | Restore s | of `pg_restore` | Compare s | Node peak MB |',
      '| :-- | --: | --: | --: | --: |',
      ...rows,
      `\nWith a tenth of the data the node process peaks at ${Math.round(tenth.peakBytes / 1e6)} MB.\n`,
    ].join('\n');
  } finally {
    await Promise.all([source.stop(), target.stop(), production.stop(), server.stop()]);
    await rm(join(folder, 'plain.dump'), { force: true });
  }
}

function run(cluster: Cluster, program: string, args: readonly string[]): void {
  const ran = spawnSync(join(cluster.bin, program), args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${program}: ${ran.stderr}`);
}
