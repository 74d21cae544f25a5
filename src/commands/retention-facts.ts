import { type ListedBackup, provenBy } from '../catalog/backups.ts';
import { type CheckKey, formatObjectKey, retainObject } from '../catalog/key.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { parseRetain, retainLimitBytes } from '../catalog/retain.ts';
import { type Kept, plan } from '../retention/plan.ts';
import { type KeepTime, type Policy, endOf, parseKeepTime } from '../retention/policy.ts';
import type { Store } from '../store/store.ts';
import { collect } from '../streams.ts';
import { eachAtOnce } from '../together.ts';
import type { ManifestReader } from './stored-backup.ts';

/** A backup as the policy sees it, and as it was listed. */
export interface RetentionFact extends Kept {
  listed: ListedBackup;
  /** Whether it is whole was asked, and its manifest did not say. */
  isUnread: boolean;
}

/** Where facts are read. */
export interface FactSource {
  store: Store;
  signal: AbortSignal;
  manifestOf: ManifestReader;
}

const readersAtOnce = 16;
const mostOfOnePlan = 100;
const mostLookedAt = 1000;

/**
 * What the plan of a policy needs to know of sealed backups, in their order: the same for a prune and for a look at what one would do. Only
 * manifests of those made before a migration, and what was retained by hand, are read.
 */
export function readRetentionFacts(sealed: readonly ListedBackup[], source: FactSource): Promise<RetentionFact[]> {
  return eachAtOnce(readersAtOnce, sealed, listed => readFact(listed, source));
}

/**
 * The same facts with what another store knows of the same backups: drills and verifies leave their evidence in one store only, and so does
 * `retain`. Of two times to keep a backup the longer counts. What was found wrong there is only doubted here: the bytes are others, and whoever
 * can write there must not be able to have it removed here.
 */
export function withKnown(facts: readonly RetentionFact[], known: readonly RetentionFact[]): RetentionFact[] {
  const others = new Map(known.map(fact => [fact.id, fact]));
  return facts.map(fact => {
    const other = others.get(fact.id);
    if (!other) return fact;
    return {
      ...fact,
      retain: longer(fact.at, fact.retain, other.retain),
      isProven: fact.isProven || other.isProven,
      isDoubted: other.isWrong && !fact.isProven,
    };
  });
}

function longer(at: Date, one: KeepTime | null, other: KeepTime | null): KeepTime | null {
  if (one === null || other === null) return one ?? other;
  const endsAt = (time: KeepTime) => endOf(at, time)?.getTime() ?? Infinity;
  return endsAt(one) >= endsAt(other) ? one : other;
}

async function readFact(listed: ListedBackup, source: FactSource): Promise<RetentionFact> {
  const { id, facts } = listed;
  const { at, kind, partial } = facts;
  return {
    listed,
    id,
    at,
    kind,
    partial,
    // one whose manifest cannot be read is kept as one of no pull request
    pullRequest: kind === 'pre-migration' ? ((await tryManifest(listed, source))?.pullRequest ?? null) : null,
    retain: listed.isRetained ? await readRetain(listed, source) : null,
    isProven: provenBy(listed) !== undefined,
    isWrong: isWrong(listed),
    isDoubted: false,
    isDamaged: false,
    isUnread: false,
  };
}

/**
 * The same facts, those found damaged whose manifest lists what is not in the listing: of what the policy would keep, the newest hundred
 * and what a drill has proven, until no other one takes the place of a damaged one; about a thousand in all. A prune would else keep them
 * and remove the good ones.
 */
export async function findDamaged(
  facts: readonly RetentionFact[],
  policy: Policy,
  now: Date,
  source: FactSource,
): Promise<RetentionFact[]> {
  const looked = new Set<string>();
  const damaged = new Set<string>();
  const unread = new Set<string>();
  for (;;) {
    const seen = facts.map(fact => ({ ...fact, isDamaged: damaged.has(fact.id), isUnread: unread.has(fact.id) }));
    const kept = plan(seen, policy, now).filter(({ keep, backup }) => keep && !backup.isDamaged);
    const wanted = kept.filter(({ backup }, index) => index < mostOfOnePlan || backup.isProven);
    const fresh = wanted.map(({ backup }) => backup).filter(({ id }) => !looked.has(id));
    if (fresh.length === 0 || looked.size > mostLookedAt) return seen;
    await eachAtOnce(readersAtOnce, fresh, async ({ id, listed }) => {
      looked.add(id);
      const manifest = await tryManifest(listed, source);
      if (manifest === undefined) unread.add(id);
      else if (isDamaged(listed, manifest)) damaged.add(id);
    });
  }
}

function isDamaged(listed: ListedBackup, { objects, files }: Manifest): boolean {
  return (
    objects.some(({ object, sizeBytes }) => listed.sizes.get(object) !== sizeBytes) ||
    files.some(({ object, sizeBytes }) => listed.files.get(object)?.sizeBytes !== sizeBytes)
  );
}

/** Undefined where it cannot be read. */
async function tryManifest(listed: ListedBackup, { manifestOf, signal }: FactSource): Promise<Manifest | undefined> {
  return manifestOf(listed).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}

/** A drill takes back whatever was said before it; a verify only what one said that looked no deeper: it reads no row. */
function isWrong({ checks, drills }: ListedBackup): boolean {
  const drill = drills.findLast(({ verdict }) => verdict !== 'could-not-verify');
  if (drill?.verdict === 'failed') return true;
  const stands = (check: CheckKey) =>
    check.verdict === 'failed' &&
    !(drill && drill.at > check.at) &&
    !checks.some(
      ({ at, depth, verdict }) =>
        verdict === 'passed' && at > check.at && (depth === 'archive' || depth === check.depth),
    );
  return checks.some(stands);
}

/** One that cannot be read keeps its backup: somebody wanted that. */
async function readRetain({ name, id }: ListedBackup, { store, signal }: FactSource): Promise<KeepTime> {
  try {
    const body = await store.get(formatObjectKey({ name, id, object: retainObject }), signal);
    return parseKeepTime(parseRetain((await collect(body, retainLimitBytes)).toString('utf8'), id).retain);
  } catch {
    signal.throwIfAborted();
    return 'forever';
  }
}
