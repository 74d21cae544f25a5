import type { Contents, TableContents } from '../catalog/contents.ts';
import { type Session, connect } from '../postgres/connection.ts';
import { type SequenceValue, readFacts, readLargeObjects } from '../postgres/contents.ts';
import { countInSnapshot, countLocked, importSnapshot } from '../postgres/count.ts';
import { type CountedTable, checkSelfTest, fingerprintAlgorithm } from '../postgres/fingerprint.ts';
import { coverageOf } from '../postgres/coverage.ts';
import type { SourceIdentity } from '../postgres/facts.ts';
import { notCaptured } from '../postgres/not-captured.ts';
import { providerOf } from '../postgres/provider.ts';
import type { Selected } from '../postgres/relations.ts';
import type { Attempt } from './backup-dump.ts';
import type { Context } from './context.ts';

/**
 * Reads, in the snapshot, everything that a restored copy will be held against: by the leader, which has locked every table; where it
 * could not, by a session of its own, which locks a few at a time.
 */
export async function describeSnapshot(attempt: Attempt, context: Context): Promise<Omit<Contents, 'archives'>> {
  const { snapshot, leader, watch, prepared } = attempt;
  const { signal } = context;
  if (snapshot.locked) return watch.whileLeaderWorks(() => describe(attempt, leader, signal));
  const session = await connect(prepared.target, signal);
  const cut = () => session.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await importSnapshot(session, snapshot.id);
    return await describe(attempt, session, signal);
  } finally {
    signal.removeEventListener('abort', cut);
    await session.close();
  }
}

/** `session` is in a transaction of the snapshot; unless that has locked the tables, it is ended before they are counted. */
async function describe(attempt: Attempt, session: Session, signal: AbortSignal): Promise<Omit<Contents, 'archives'>> {
  const { inputs, prepared, snapshot, selected, sizeOf, backupId } = attempt;
  const level = inputs.fingerprint;
  const coverage = coverageOf(inputs.filters, selected);
  const selfTest = level === 'content' ? await checkSelfTest(session) : null;
  const facts = await readFacts(session);
  const largeObjects = await readLargeObjects(session, level === 'content');
  const toCount = selected.filter(({ data }) => data).map(({ relation }) => relation);
  if (!snapshot.locked) await session.query('COMMIT');
  const counting = { snapshotId: snapshot.id, level, sizeOf, signal };
  const count = snapshot.locked ? countLocked : countInSnapshot;
  const counted = level === 'none' ? [] : await count(session, toCount, { ...counting, level });
  const byOid = new Map(toCount.map((relation, index) => [relation.oid, counted[index]]));
  return {
    format: 1,
    backupId,
    snapshotAt: snapshot.at.toISOString(),
    recipients: [...prepared.encryption.recipients],
    source: prepared.identity ? sourceOf(prepared.identity) : null,
    fingerprint: { level, algorithm: level === 'content' ? fingerprintAlgorithm : null, selfTest },
    ...facts,
    tables: selected.map(one => tableOf(one, byOid.get(one.relation.oid), sizeOf(one.relation))),
    sequences: attempt.sequences.filter(sequence => coverage.sequence(sequence)).map(valueOf),
    materializedViews: facts.materializedViews.flatMap(view => {
      const how = coverage.view(view);
      return how === 'absent' ? [] : [{ ...view, populated: view.populated && how === 'filled' }];
    }),
    largeObjects: coverage.largeObjects ? largeObjects : { count: 0, fingerprint: null, rights: null },
    notCaptured: notCaptured(
      selected,
      providerOf(prepared.target.address),
      prepared.identity?.standby ?? false,
      facts.tablespaces,
    ),
    warnings: [],
  };
}

function tableOf({ relation, data }: Selected, counted: CountedTable | undefined, sizeBytes: number): TableContents {
  const { schema, name, kind, condition } = relation;
  return {
    schema,
    name,
    kind,
    dataCaptured: data,
    rows: counted?.rows ?? null,
    fingerprint: counted?.fingerprint ?? null,
    fingerprintBy: counted?.fingerprintBy ?? null,
    condition,
    sizeBytes,
  };
}

function sourceOf({ systemIdentifier, databaseOid }: SourceIdentity): Contents['source'] {
  return { systemIdentifier, databaseOid };
}

function valueOf({ schema, name, lastValue, isCalled, ascending }: SequenceValue): Contents['sequences'][number] {
  return { schema, name, lastValue, isCalled, ascending, later: null };
}
