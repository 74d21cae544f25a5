import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { backupsOf, choose } from '../../src/catalog/backups.ts';
import { compareScratch } from '../../src/commands/drill-compare.ts';
import { type Restoring, fetchDescriptions } from '../../src/commands/drill-fetch.ts';
import { newProof } from '../../src/commands/drill-proof.ts';
import { isSetting, restoreScratch } from '../../src/commands/drill-restore.ts';
import { inDatabase, inScratch, openServer } from '../../src/commands/drill-server.ts';
import { eachOnce } from '../../src/commands/drill.ts';
import { openKeys } from '../../src/commands/keys.ts';
import { StoredBackup, readManifest } from '../../src/commands/stored-backup.ts';
import type { Finding } from '../../src/finding.ts';
import type { DrillInputs } from '../../src/inputs/inputs.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import { type Target, connect } from '../../src/postgres/connection.ts';
import { identifier } from '../../src/postgres/quote.ts';
import { databaseStatements, dropRoles, runEach } from '../../src/postgres/roles.ts';
import { dropScratch, newScratchName } from '../../src/postgres/scratch.ts';
import { silentContext } from '../faults/drill-support.ts';
import { type CopyDamage, type ProvingGround, damagingClient, writeDamage } from './drill-damage.ts';

/** A copy of what was restored, for one comparison. */
export interface BenchCopy {
  target: Target;
  /** What the drill's own stage `compare` says of the copy, with damage done to it as `drill` does it. */
  compared(damage?: Omit<CopyDamage, 'sqlBeforeRows'>): Promise<Finding[]>;
}

/** A backup that was restored once, by the parts of a drill, to be compared as often as one wants. */
export interface DrillBench {
  /** Makes a copy, which is gone after the work. */
  withCopy<T>(work: (copy: BenchCopy) => Promise<T>): Promise<T>;
  /** Leaves the server as a drill does. */
  close(): Promise<void>;
}

/**
 * Restores the backup of a ground on its server as a drill does, stage by stage, and stops before the comparison: a whole drill for each
 * of many damages would take several times as long. Nobody else drills on that server until it is closed.
 */
export async function openDrillBench(t: TestContext, ground: ProvingGround): Promise<DrillBench> {
  const { harbor, server: cluster, configuration } = ground;
  const folder = join(harbor.folder, 'bench');
  await mkdir(folder);
  const context = silentContext(folder, () => {});
  const { signal } = context;
  const client = await damagingClient(harbor.folder, cluster, { sqlBeforeRows: configuration });
  const inputs = readInputs(
    readTerminal(
      [
        'drill',
        ...Object.entries({
          'target-url': cluster.url(),
          store: harbor.store,
          identity: harbor.keys.identity,
          client,
        }).map(([name, value]) => `--${name}=${value}`),
      ],
      {},
    ).inputs,
    {},
  ) as DrillInputs;
  const store = context.openStore(inputs.store);
  const chosen = choose(await backupsOf(store.list('shop/', signal)), inputs.backup, 'shop');
  const backup = new StoredBackup(store, chosen, await readManifest(store, chosen, signal));
  const keys = await openKeys(inputs.keys, backup.manifest, store, signal);
  const server = await openServer(inputs, backup.manifest, context);
  const restoring: Restoring = { inputs, backup, keys, server, proof: newProof() };
  const { admin } = server;

  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    const { scratch, rolesMade } = restoring.proof;
    if (scratch !== undefined) await dropScratch(admin, scratch, () => connect(inDatabase(admin.target, scratch)));
    await dropRoles(admin, rolesMade);
    await server.close();
    await keys.close();
  };
  t.after(close);

  const fetched = await fetchDescriptions(restoring, context);
  const restored = await restoreScratch(restoring, fetched, context);
  const compare = async (target: Target, damage: CopyDamage): Promise<Finding[]> => {
    await writeDamage(client, damage);
    const proof = newProof();
    await compareScratch({ ...restoring, proof }, fetched, { ...restored, target }, context);
    return eachOnce(proof.findings);
  };
  return {
    close,
    withCopy: async work => {
      const name = newScratchName();
      const from = `TEMPLATE ${identifier(restored.target.address.database)} OWNER ${identifier(admin.target.address.user)}`;
      const strategy = admin.major >= 15 ? 'STRATEGY file_copy' : ''; // twice as fast as by the log
      await admin.query(`CREATE DATABASE ${identifier(name)} ${from} ${strategy}`);
      try {
        // which a template does not hand on
        const statements = databaseStatements(fetched.contents.database, name).filter(one => !isSetting(one));
        const [refused] = await runEach(admin, statements);
        if (refused) throw new Error(`${refused.statement}: ${refused.reason}`);
        const target = inScratch(admin.target, name);
        return await work({ target, compared: (damage = {}) => compare(target, damage) });
      } finally {
        await dropScratch(admin, name, () => connect(inDatabase(admin.target, name)));
      }
    },
  };
}
