import { type ListedBackup, longestGap, provenBy } from '../catalog/backups.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { wrongInput } from '../failure.ts';
import { type Finding, explained, judge } from '../finding.ts';
import type { WatchInputs } from '../inputs/watch.ts';
import type { Store } from '../store/store.ts';
import { isFuture, secondsSince } from '../watch/clock.ts';
import { judgeFreshness } from '../watch/freshness.ts';
import { judgeGaps } from '../watch/gap.ts';
import { type Look, joined, looked, median, unjudged, wholeOf } from '../watch/look.ts';
import { judgeObjects } from '../watch/objects.ts';
import { judgeDrills, judgeRecipients, judgeVerifies } from '../watch/proof.ts';
import { judgeRequired, judgeSource, judgeTrend } from '../watch/trend.ts';
import { answerOf } from './answer.ts';
import type { Context } from './context.ts';
import { shortRecipient } from './recipients.ts';
import { lookAtDatabase } from './watch-database.ts';
import { lookOutside } from './watch-outside.ts';
import { type ReadDatabase, readDatabases } from './watch-read.ts';
import { lookAtReplica } from './watch-replica.ts';
import type { Newest, Trend, WatchResult, WatchedDatabase } from './watch-result.ts';

const rpoDays = 30;
/** What is usual is told from so many backups before the newest. */
const usualOf = 10;

/**
 * Notices that backups stopped, or are not what they were: looks at the listing, manifests and evidence of every database in the store,
 * or of one, at the database itself if its address is given, and at what the backups rest on. Reads no archive, needs no key, and
 * writes nothing.
 */
export async function watch(inputs: WatchInputs, context: Context): Promise<WatchResult> {
  const at = context.now();
  const store = context.openStore(inputs.store);
  const read = await readStore(store, inputs, context);
  const replica = await lookAtReplica(read.isListed ? read.databases : null, inputs, context);
  const name = inputs.name ?? (read.databases.length === 1 ? read.databases[0]?.name : undefined);
  if (inputs.databaseUrl !== undefined && read.databases.length > 1)
    throw wrongInput(
      'name',
      'is missing',
      `database-url is one database, and the store holds ${read.databases.map(one => one.name).join(', ')}`,
    );
  const newest = read.databases[0] && newestManifest(read.databases[0], at);
  const { look, asked } = await lookAtDatabase(name ?? 'no name', newest, inputs, context);
  const ofBackups = [
    ...read.databases.map(database => ({ name: database.name, look: lookAtBackups(database, inputs, at) })),
    ...replica.databases,
  ].map(({ name: one, look: seen }) => (read.databases.length === 1 ? seen : withName(seen, one)));
  const looks = [read.look, ...ofBackups, look, replica.look, await lookOutside(inputs, context)];
  return {
    ...conclude(joined(...looks), inputs),
    command: 'watch',
    location: store.location,
    replica: inputs.replica ? context.openStore(inputs.replica).location : null,
    at: at.toISOString(),
    name: name ?? null,
    databases: read.databases.map(database => describe(database, at)),
    database: asked,
    durationSeconds: Math.round((context.now().getTime() - at.getTime()) / 100) / 10,
  };
}

/** A store that gives no listing is a finding, for whoever is alarmed must hear of it. */
async function readStore(
  store: Store,
  { name }: WatchInputs,
  { signal }: Context,
): Promise<{ isListed: boolean; databases: ReadDatabase[]; look: Look }> {
  const read = await answerOf(() => readDatabases(store, name, signal), signal);
  if (read.outcome === 'not read') {
    const unreachable = { object: 'store', expected: 'a listing', found: read.problem };
    return { isListed: false, databases: [], look: looked([], [{ code: 'STORE_UNREACHABLE', ...unreachable }]) };
  }
  const databases = read.value;
  if (databases.length > 0) return { isListed: true, databases, look: looked(['STORE_UNREACHABLE'], []) };
  const none = { object: 'backups', expected: 'those of a database', found: 'none at all' };
  return { isListed: true, databases, look: looked(['STORE_UNREACHABLE'], [{ code: 'NO_BACKUP', ...none }]) };
}

/** An id alone does not tell where it lies, once there are several databases. */
function withName(look: Look, name: string): Look {
  const hasName = (text: string) => text.split(/[ :]/).includes(name);
  return {
    ...look,
    findings: look.findings.map(one => (hasName(one.object) ? one : { ...one, object: `${one.object} of ${name}` })),
    notes: look.notes.map(note => (hasName(note) ? note : `${name}: ${note}`)),
  };
}

/** Everything that the store tells of the backups of one database. */
function lookAtBackups(database: ReadDatabase, inputs: WatchInputs, now: Date): Look {
  const { name, backups, manifests, proven, notRead } = database;
  const facts = { name, backups };
  if (!backups.some(({ sealed, facts: { partial } }) => sealed && !partial))
    return joined(judgeFreshness(facts, inputs, now), judgeObjects(database));
  const newest = newestManifest(database, now);
  const whole = newest === undefined ? [] : wholeManifests(manifests, newest);
  const trend = { name, newest, before: whole.slice(1) };
  return joined(
    judgeFreshness(facts, inputs, now),
    judgeDrills(facts, inputs, now),
    judgeVerifies(facts),
    judgeRecipients({ name, manifests: whole, proven: proven.recipients, show: shortRecipient }, inputs, now),
    judgeObjects(database),
    judgeTrend(trend, inputs),
    judgeRequired(trend),
    judgeSource(trend, inputs),
    judgeGaps({ ...facts, rpoSeconds: rpoOf(backups, now) }, inputs, now),
    unjudged(
      ...proven.unread,
      ...(notRead > 0 ? [`objects of ${notRead} older backups of ${name}: only the newest ones are looked at`] : []),
    ),
  );
}

/** Of the newest whole backup that is not dated in the future; undefined where it cannot be read. */
function newestManifest({ backups, manifests }: ReadDatabase, now: Date): Manifest | undefined {
  const newest = wholeOf(backups).find(({ facts }) => !isFuture(facts.at, now));
  return newest && manifests.find(({ id }) => id === newest.id);
}

/** Of whole backups, from the newest one on. */
function wholeManifests(manifests: readonly Manifest[], newest: Manifest): Manifest[] {
  return manifests.slice(manifests.indexOf(newest)).filter(({ partial }) => !partial);
}

/** By the times in the ids. */
function rpoOf(backups: readonly ListedBackup[], now: Date): number | null {
  const past = backups.filter(({ facts }) => !isFuture(facts.at, now));
  return longestGap(past, now, rpoDays)?.seconds ?? null;
}

/** What the user accepts, and the verdict on the rest. */
function conclude(
  look: Look,
  { accept, hideNames, databaseUrl }: WatchInputs,
): Pick<WatchResult, 'verdict' | 'accepted' | 'findings' | 'notices' | 'leftOut' | 'looked' | 'namesHidden'> {
  const isAccepted = (one: Finding) => accept.some(({ code, object }) => code === one.code && object === one.object);
  const shownAs = (one: Finding): Finding => (hideNames ? withoutName(one) : one);
  const findings = look.findings.filter(one => !isAccepted(one));
  const unused = accept.filter(
    ({ code, object }) => !look.findings.some(one => one.code === code && one.object === object),
  );
  return {
    verdict: judge(findings),
    accepted: look.findings
      .filter(isAccepted)
      .map(shownAs)
      .map(({ code, object }) => `accepted: ${code} ${object}`),
    findings: findings.map(shownAs).map(explained),
    notices: [
      ...new Set(look.notes.map(note => `not judged: ${note}`)),
      ...unused.map(one => `accept ${one.code} ${hideNames ? '…' : one.object} met nothing: take it out`),
    ],
    leftOut: [...new Set(look.leftOut)],
    looked: [...look.codes],
    // the store alone tells no name
    namesHidden: hideNames && databaseUrl !== undefined,
  };
}

/** Only these objects are named by the database, and the server's reasons repeat the names. */
function withoutName(finding: Finding): Finding {
  if (!finding.code.startsWith('DATABASE_TABLE_')) return finding;
  const found = finding.code === 'DATABASE_TABLE_NOT_READ' ? 'none' : finding.found;
  return { ...finding, object: 'a required table', found };
}

function describe(database: ReadDatabase, now: Date): WatchedDatabase {
  const { name, backups, manifests, unreadable } = database;
  const sealed = backups.filter(backup => backup.sealed);
  const whole = wholeOf(backups);
  const newest = whole.find(({ facts }) => !isFuture(facts.at, now));
  const proven = whole.find(backup => provenBy(backup) !== undefined);
  const drills = whole.flatMap(({ id, drills: all }) => all.map(drill => ({ id, ...drill })));
  const newestDrill = drills.sort((a, b) => b.at.getTime() - a.at.getTime())[0];
  const manifest = newestManifest(database, now);
  const trendOf = (value: (totals: Manifest['totals']) => number | null): Trend => {
    const before = manifest ? wholeManifests(manifests, manifest).slice(1, usualOf + 1) : [];
    const values = before.flatMap(({ totals }) => value(totals) ?? []);
    return {
      newest: manifest ? value(manifest.totals) : null,
      usual: values.length === 0 ? null : Math.round(median(values)),
    };
  };
  return {
    name,
    sealed: sealed.length,
    manifestsRead: manifests.length + unreadable.length,
    newest: newest ? newestOf(newest.id, newest.facts.at, now) : null,
    newestProven: proven ? newestOf(proven.id, provenBy(proven)?.at ?? proven.facts.at, now) : null,
    newestDrill: newestDrill
      ? { ...newestOf(newestDrill.id, newestDrill.at, now), verdict: newestDrill.verdict }
      : null,
    databaseBytes: trendOf(({ databaseBytes }) => databaseBytes),
    storedBytes: trendOf(({ storedBytes }) => storedBytes),
    rows: trendOf(({ rows }) => rows),
    tables: trendOf(({ tables }) => tables),
    rpoSeconds: rpoOf(backups, now),
  };
}

function newestOf(backupId: string, at: Date, now: Date): Newest {
  return { backupId, at: at.toISOString(), ageSeconds: secondsSince(at, now) };
}
