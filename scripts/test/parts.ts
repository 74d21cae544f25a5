import { clustersVariable, majors } from '../../test/support/postgres.ts';
import { startCluster, type ClusterAddress, type OwnCluster } from '../setup/cluster.ts';
import { installedProgram, programNames } from '../setup/programs.ts';
import { serverFolder } from '../setup/postgres.ts';

/** What a test run started and must stop. */
export interface Parts {
  stop(): Promise<void>;
}

/** Finds or installs the real parts of the tests, starts the shared clusters, and says in a line each how that went. */
export async function setUp(say: (line: string) => void): Promise<Parts> {
  const clusters: OwnCluster[] = [];
  const addresses: Record<string, ClusterAddress | string> = {};
  for (const major of majors()) {
    try {
      const { bin, source } = await serverFolder(major);
      const own = await startCluster({ major });
      clusters.push(own);
      addresses[major] = own.address;
      say(`postgres ${major}: ${source}: ${bin}`);
    } catch (error) {
      addresses[major] = `not available: ${messageOf(error)}`;
      say(`postgres ${major}: not available: ${messageOf(error)}`);
    }
  }
  process.env[clustersVariable] = JSON.stringify(addresses);
  for (const name of programNames) {
    try {
      const { file, source } = await installedProgram(name);
      say(`${name}: ${source}: ${file}`);
    } catch (error) {
      say(`${name}: not available: ${messageOf(error)}`);
    }
  }
  return {
    stop: async () => {
      await Promise.all(clusters.map(own => own.stop()));
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
