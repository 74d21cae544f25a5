import type { Finding } from '../finding.ts';
import { isFuture, secondsSince } from './clock.ts';
import {
  type Look,
  type WatchedBackup,
  type WatchedManifest,
  joined,
  looked,
  unanswered,
  unjudged,
  wholeOf,
} from './look.ts';
import { findDamages } from './objects.ts';

/** One database as the store holds it, and as its replica does, which was listed after it. */
export interface ReplicaFacts {
  name: string;
  backups: readonly WatchedBackup[];
  replica: readonly WatchedBackup[];
  /** Of sealed backups of the store; the manifest itself is among the objects. */
  manifests: readonly Pick<WatchedManifest, 'id' | 'objects' | 'files'>[];
}

/** The replica is sealed first: what it sealed less than so long ago, the store may have sealed since it was listed, or seal yet. */
const sealingSeconds = 15 * 60;

/** Whether store and replica have the same newest backup, and whether the replica has all objects of those that are in both. */
export function judgeReplica(facts: ReplicaFacts, now: Date): Look {
  return joined(judgeNewest(facts, now), judgeStore(facts, now), judgeCopies(facts));
}

/** A replica that gave no listing, and why. */
export function replicaUnreachable(problem: string): Look {
  const finding: Finding = {
    code: 'REPLICA_UNREACHABLE',
    object: 'replica',
    expected: 'a listing',
    found: problem,
  };
  return joined(looked([], [finding]), unanswered('OBJECT_MISSING', 'SIZE_DIFFERS'));
}

/** The same look at the replica's own place: its findings name it. */
export function ofReplica(look: Look): Look {
  return { ...look, findings: look.findings.map(one => ({ ...one, object: `${one.object} of the replica` })) };
}

function judgeNewest({ name, backups, replica }: ReplicaFacts, now: Date): Look {
  const whole = pastOf(backups, now);
  const [newest] = whole;
  if (newest === undefined) return looked([], []);
  const copied = sealedIn(replica);
  const lacking = whole.findIndex(({ id }) => copied.has(id));
  if (lacking === 0) return looked(['REPLICA_BEHIND'], []);
  const [there] = pastOf(replica, now);
  const count = lacking < 0 ? `all ${whole.length}` : lacking === 1 ? 'the newest' : `the ${lacking} newest`;
  const behind: Finding = {
    code: 'REPLICA_BEHIND',
    object: `replica of ${name}`,
    expected: newest.id,
    found: `${there ? `the newest there is ${there.id}` : 'no whole sealed backup'}; it lacks ${count} of the store`,
  };
  return looked([], [behind]);
}

function judgeStore({ name, backups, replica }: ReplicaFacts, now: Date): Look {
  const [newest] = pastOf(backups, now);
  const newer = pastOf(replica, now).filter(({ facts }) => newest === undefined || facts.at > newest.facts.at);
  const [first, ...others] = newer.filter(one => !isBeingSealed(one, now));
  if (first === undefined && newer[0] !== undefined)
    return unjudged(`whether the store of ${name} has ${newer[0].id}: the replica got it only just now`);
  if (first === undefined) return looked(['STORE_BEHIND'], []);
  const count = others.length === 0 ? 'one newer' : `${others.length + 1} newer ones`;
  const behind: Finding = {
    code: 'STORE_BEHIND',
    object: `store of ${name}`,
    expected: first.id,
    found: `${newest ? `the newest there is ${newest.id}` : 'no whole sealed backup'}; the replica has ${count}`,
  };
  return looked([], [behind]);
}

function judgeCopies({ replica, manifests }: ReplicaFacts): Look {
  const copied = sealedIn(replica);
  const both = manifests.filter(({ id }) => copied.has(id));
  if (both.length === 0) return unanswered('OBJECT_MISSING', 'SIZE_DIFFERS');
  return looked(
    ['OBJECT_MISSING', 'SIZE_DIFFERS'],
    findDamages(both, replica, id => `replica of backup ${id}`),
  );
}

/** Whole sealed backups that are not dated in the future, newest first. */
function pastOf(backups: readonly WatchedBackup[], now: Date): WatchedBackup[] {
  return wholeOf(backups).filter(({ facts }) => !isFuture(facts.at, now));
}

function sealedIn(backups: readonly WatchedBackup[]): Set<string> {
  return new Set(backups.filter(({ sealed }) => sealed).map(({ id }) => id));
}

function isBeingSealed({ modifiedAt }: WatchedBackup, now: Date): boolean {
  return !isFuture(modifiedAt, now) && secondsSince(modifiedAt, now) < sealingSeconds;
}
