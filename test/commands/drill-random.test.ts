import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { compareScratch } from '../../src/commands/drill-compare.ts';
import { newProof } from '../../src/commands/drill-proof.ts';
import type { Fetched, Restoring } from '../../src/commands/drill-fetch.ts';
import type { Restored } from '../../src/commands/drill-restore.ts';
import type { Context } from '../../src/commands/context.ts';
import type { Log } from '../../src/log.ts';
import { findClient } from '../../src/postgres/client.ts';
import { type Session, connect } from '../../src/postgres/connection.ts';
import { databaseStatements, runEach } from '../../src/postgres/roles.ts';
import { targetOf } from '../postgres/sessions.ts';
import { type ProvingGround, drill, openProvingGround, readBackup } from '../support/drill-damage.ts';
import { majors, needsPostgres } from '../support/postgres.ts';

const seed = 20_261_125;
const wholeDrills = 5;
const editsAtOnce = 25;

interface Edit {
  about: string;
  statement: string;
}

/** A quick stand-in for a restore: a copy of the source by its own server, held against the backup by the drill's own code. */
interface Bench {
  ground: ProvingGround;
  edits: Edit[];
  /** Edits a copy, and gives what the comparison says of it; undefined where the server refuses the statement, or it changes no row. */
  compared(statement?: string): Promise<string[] | undefined>;
}

const quiet: Log = {
  info: () => {},
  warn: () => {},
  debug: () => {},
  group: (_, work) => work(),
  progress: (label, totalBytes) => ({ label, totalBytes, add: () => {}, end: () => {} }),
};

async function openBench(t: TestContext, ground: ProvingGround): Promise<Bench> {
  const { source, database } = ground;
  const { signal } = new AbortController();
  const client = await findClient({ major: source.major, choice: source.bin, log: quiet, signal });
  const { manifest, contents, definitions, rolesScript } = await readBackup(ground);
  const fetched: Fetched = { contents, definitions, rolesScript, client };
  const admin = await connect(targetOf(source, 'postgres'));
  t.after(() => admin.close());
  const list = await readFile(join(import.meta.dirname, 'drill-edits.sql'), 'utf8');
  const edits = await source.query<Edit>(list, [], database);

  const compare = async (copy: string): Promise<string[]> => {
    const restored = {
      target: targetOf(source, copy),
      rolesMade: new Set(contents.roles.map(({ name }) => name)),
      roles: contents.roles,
      opened: { skipped: new Set<string>() },
      withTablespaces: true,
    } as unknown as Restored; // what the comparison asks of it
    const proof = newProof();
    const restoring = {
      inputs: { jobs: 1, fingerprint: 'content' },
      backup: { manifest },
      server: { admin },
      proof,
    } as unknown as Restoring;
    await compareScratch(restoring, fetched, restored, { log: quiet, signal } as Context);
    return proof.findings.map(({ code, object }) => `${code} ${object}`);
  };
  return {
    ground,
    edits,
    async compared(statement) {
      const copy = await source.createDatabase(undefined, { template: database });
      try {
        await runEach(
          admin,
          databaseStatements(contents.database, copy).filter(one => !one.includes(' SET ')),
        );
        if (statement !== undefined && !(await happens(targetOf(source, copy), statement))) return undefined;
        return await compare(copy);
      } finally {
        await source.dropDatabase(copy);
      }
    },
  };
}

/** Whether the server did what the statement says, and that was something. */
async function happens(target: Session['target'], statement: string): Promise<boolean> {
  const session = await connect(target);
  try {
    // keys and triggers are not what is tried here
    await session.query('SET session_replication_role = replica');
    const rows = await session.query(statement);
    return !statement.endsWith(' RETURNING 1') || rows.length > 0;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return false;
  } finally {
    await session.close();
  }
}

/** One of all kinds of things first, and then one edit of it. */
function anyEdit(edits: readonly Edit[]): fc.Arbitrary<Edit> {
  const abouts = [...new Set(edits.map(({ about }) => about))];
  const about = fc.oneof(fc.constant('row'), fc.constantFrom(...abouts));
  return about.chain(one => fc.constantFrom(...edits.filter(edit => edit.about === one)));
}

describe('a random edit of a copy', { concurrency: 2 }, () => {
  for (const major of majors())
    it(`is never passed on PostgreSQL ${major}, and without one a copy always passes`, async t => {
      const source = await needsPostgres(t, major);
      if (!source) return;
      const ground = await openProvingGround(t, source);
      const bench = await openBench(t, ground);
      assert.deepEqual(await bench.compared(), []);
      const property = fc.asyncProperty(anyEdit(bench.edits), async ({ statement }) => {
        const findings = await bench.compared(statement);
        fc.pre(findings !== undefined);
        assert.notDeepEqual(findings, [], `fooled by: ${statement}`);
      });
      await fc.assert(property, { seed: seed + major, numRuns: editsAtOnce, endOnFailure: true });
      assert.deepEqual(await bench.compared(), []);

      const whole = fc.sample(anyEdit(bench.edits), { seed: seed - major, numRuns: wholeDrills });
      for (const { statement } of whole) {
        if ((await bench.compared(statement)) === undefined) continue;
        const { result } = await drill(ground, { sql: `SET session_replication_role = replica; ${statement}` });
        assert.equal(result.verdict, 'failed', statement);
      }
    });
});
