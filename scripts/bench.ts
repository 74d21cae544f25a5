import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from '../src/crypto/age.ts';
import { type Measured, measure, median } from './bench/measure.ts';
import { type Side, sides } from './bench/sides.ts';
import { benchDrills } from './bench/drills.ts';
import { fillBench } from './bench/fill.ts';
import { startCluster } from './setup/cluster.ts';
import { installedProgram } from './setup/programs.ts';
import { startS3Server } from '../test/support/s3-server.ts';

/** Thousands of events in the big table: 1000 is about 1 GB of rows. */
const scale = Number(process.env.LIFEBOAT_BENCH_SCALE ?? '1000');
const rounds = Number(process.env.LIFEBOAT_BENCH_ROUNDS ?? '3');
/** `backup` or `drill` measures only that. */
const [only] = process.argv.slice(2);
const majors = (process.env.LIFEBOAT_BENCH_MAJORS ?? '15,17').split(',').map(Number);

/** Measures every side in turn, several rounds, and writes ratios of medians to bench/results.md. */
async function bench(): Promise<void> {
  for (const program of ['age', 'versitygw'] as const) await installedProgram(program);
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
  const server = await startS3Server({ buckets: ['bench'] });
  const keys = await generateIdentity();
  const tables: string[] = [];
  try {
    for (const major of only === 'drill' ? [] : majors) {
      const cluster = await startCluster({ major, settings: { shared_buffers: '1GB', max_wal_size: '8GB' } });
      try {
        const sizeBytes = await fillBench(cluster, scale, 'bench');
        await fillBench(cluster, scale / 10, 'tenth');
        const all = sides({ cluster, database: 'bench', folder, keys, server });
        const results = await runRounds(all);
        const [, small] = sides({ cluster, database: 'tenth', folder, keys, server });
        const tenth = small && (await measure(small));
        tables.push(
          `${tableOf(major, sizeBytes, all, results)}\nWith a tenth of the data the node process peaks at ${Math.round((tenth?.peakBytes ?? 0) / 1e6)} MB.\n`,
        );
      } finally {
        await cluster.stop();
      }
    }
    for (const major of only === 'backup' ? [] : majors) tables.push(await benchDrills(major, scale, rounds, folder));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const text = `# Benchmark\n\nRatios within one run on one machine: ${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, S3 server and database on the same machine. Medians of ${rounds} rounds, sides in turn. Made by \`npm run bench\`.\n\n${tables.join('\n')}`;
  await mkdir('bench', { recursive: true });
  await writeFile('bench/results.md', text);
  console.log(text);
}

async function runRounds(all: readonly Side[]): Promise<Map<string, Measured[]>> {
  const results = new Map<string, Measured[]>(all.map(side => [nameOf(side), []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const side of all) {
      if (side.once === true && round !== 1) continue;
      const measured = await measure(side);
      console.error(
        `PostgreSQL round ${round}: ${nameOf(side)}: ${measured.seconds.toFixed(2)} s, cpu ${measured.cpuSeconds.toFixed(2)} s`,
      );
      // the first round only warms the caches
      if (round > 0) results.get(nameOf(side))?.push(measured);
      await side.after?.();
    }
  }
  return results;
}

function tableOf(
  major: number,
  sizeBytes: number,
  all: readonly Side[],
  results: ReadonlyMap<string, readonly Measured[]>,
): string {
  const figures = (side: Side | undefined) => {
    const runs = (side && results.get(nameOf(side))) ?? [];
    return {
      seconds: median(runs.map(run => run.seconds)),
      cpu: median(runs.map(run => run.cpuSeconds)),
      peak: median(runs.map(run => run.peakBytes ?? 0)),
    };
  };
  const limit = figures(all[0]).seconds;
  const rows = all.map(side => {
    const { title, settings } = side;
    const { seconds, cpu, peak } = figures(side);
    return `| ${title} | ${settings} | ${seconds.toFixed(2)} | ${(seconds / limit).toFixed(2)} | ${cpu.toFixed(2)} | ${peak > 0 ? Math.round(peak / 1e6) : ''} |`;
  });
  return [
    `## PostgreSQL ${major}, ${Math.round(sizeBytes / 1e6)} MB in tables\n`,
    '| What | Settings | Wall s | of the limit | Client CPU s | Node peak MB |',
    '| :-- | :-- | --: | --: | --: | --: |',
    ...rows,
    '',
  ].join('\n');
}

function nameOf({ title, settings }: Side): string {
  return `${title} (${settings})`;
}

await bench();
