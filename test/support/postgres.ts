import type { TestContext } from 'node:test';
import { messageOf } from '../../src/failure.ts';
import { Cluster, startCluster, type ClusterAddress } from '../../scripts/setup/cluster.ts';
import { fillSample } from '../../scripts/setup/sample.ts';

export {
  Cluster,
  freePort,
  OwnCluster,
  startCluster,
  type As,
  type ClusterAddress,
  type ClusterOptions,
  type DatabaseOptions,
} from '../../scripts/setup/cluster.ts';

/** The variable by which a test run hands its clusters to the test files: major → address, or why there is none. */
export const clustersVariable = 'LIFEBOAT_TEST_CLUSTERS';

/** The majors that tests must pass on: `LIFEBOAT_TEST_MAJORS`, or 15 and 17. */
export function majors(): number[] {
  return (process.env.LIFEBOAT_TEST_MAJORS ?? '15,17').split(',').map(Number);
}

const shared = new Map<number, Promise<Cluster>>();

/** The cluster of this major that the tests share: the one of the test run, else one that ends with this process. */
export async function cluster(major: number): Promise<Cluster> {
  const known = shared.get(major) ?? openCluster(major);
  shared.set(major, known);
  return known;
}

async function openCluster(major: number): Promise<Cluster> {
  const given = JSON.parse(process.env[clustersVariable] ?? '{}') as Record<string, ClusterAddress | string>;
  const address = given[String(major)];
  if (typeof address === 'string') throw new Error(address);
  return address === undefined ? startCluster({ major }) : new Cluster(address);
}

/** The shared cluster, or undefined after the test was marked as skipped, with the reason. */
export async function needsPostgres(t: TestContext, major: number): Promise<Cluster | undefined> {
  try {
    return await cluster(major);
  } catch (error) {
    t.skip(`no Postgres ${major}: ${messageOf(error)}`);
    return undefined;
  }
}

const sampleTemplate = 'sample_template';

/** A fresh database with the sample of the quickstart in it, owned by roles of the whole cluster (`shop_…`). */
export async function createSampleDatabase(postgres: Cluster, name?: string): Promise<string> {
  const session = await postgres.connect();
  try {
    // test files run side by side, and the first that wants it makes the template
    await session.query('SELECT pg_advisory_lock(1)');
    const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1', [sampleTemplate]);
    if (rowCount === 0) await makeSampleTemplate(postgres);
  } finally {
    await session.end();
  }
  return postgres.createDatabase(name, { template: sampleTemplate });
}

async function makeSampleTemplate(postgres: Cluster): Promise<void> {
  const unfinished = await postgres.createDatabase();
  await fillSample(sql => postgres.query(sql, undefined, unfinished));
  await postgres.query(`ALTER DATABASE ${unfinished} RENAME TO ${sampleTemplate}`);
}
