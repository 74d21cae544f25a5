import { backupsOf, choose } from '../catalog/backups.ts';
import type { Contents } from '../catalog/contents.ts';
import { locationOf } from '../catalog/key.ts';
import { isRepeated } from '../catalog/manifest.ts';
import { messageOf } from '../failure.ts';
import { type Finding, explained, judge } from '../finding.ts';
import type { DrillInputs } from '../inputs/inputs.ts';
import { analyze } from '../postgres/analyze.ts';
import { type Session, connect } from '../postgres/connection.ts';
import { identifier } from '../postgres/quote.ts';
import { dropScratch, keepScratch } from '../postgres/scratch.ts';
import { dropRoles } from '../postgres/roles.ts';
import { formatUrl } from '../postgres/url.ts';
import { digest } from '../streams.ts';
import type { Context } from './context.ts';
import { type CheckToRun, readChecks, runCheckCommand, runChecks } from './drill-checks.ts';
import { compareScratch } from './drill-compare.ts';
import { DrillEnded, findingsOf } from './drill-end.ts';
import { withoutNames, writeEvidence } from './drill-evidence.ts';
import { estimateRto, type History, judgeLineage, readHistory, trendOf } from './drill-history.ts';
import { type Proof, newProof } from './drill-proof.ts';
import { type Restoring, fetchDescriptions } from './drill-fetch.ts';
import { type Restored, restoreScratch } from './drill-restore.ts';
import type { DrillResult } from './drill-result.ts';
import { type DrillServer, inDatabase, openServer } from './drill-server.ts';
import { hasFiles, lookAtFiles } from './files-look.ts';
import { type OpenKeys, openKeys } from './keys.ts';
import { findRequired, rowsOf } from './described.ts';
import { StoredBackup, readManifest } from './stored-backup.ts';
import { onlyName } from './stores.ts';

/**
 * Proves a backup: restores it into a scratch database of a throw-away server, holds everything against what the dump's snapshot held,
 * runs the user's checks, and leaves the evidence beside the backup. What is wrong, or could not be looked at, is a finding; only a
 * wrong input, a refusal and a cancel throw.
 */
export async function drill(inputs: DrillInputs, context: Context): Promise<DrillResult> {
  const startedAt = context.now();
  const { log, signal } = context;
  const checks = await readChecks(inputs.checks ?? '', process.cwd());
  const store = context.openStore(inputs.store);
  const name = await onlyName(store, inputs.name, signal);
  const listed = await backupsOf(store.list(`${name}/`, signal));
  const chosen = choose(listed, inputs.backup, name);
  const backup = new StoredBackup(store, chosen, await readManifest(store, chosen, signal));
  const history = await readHistory(store, listed, backup, startedAt, signal);
  await checkKeyFile(backup, inputs, signal);
  const keys = await openKeys(inputs.keys, backup.manifest, store, signal);
  try {
    const proof = newProof(line => log.info(line));
    proof.findings.push(...judgeLineage(backup, history, inputs));
    for (const unread of history.unread) proof.notices.push(`an earlier backup or drill cannot be read: ${unread}`);
    await log.group(`Drill ${name}/${chosen.id}`, () => prove({ inputs, backup, keys, checks, proof }, context));
    const result = conclude({ inputs, backup, history, proof, startedAt }, context);
    const encryption = canReadDetails(proof) ? keys.encryption : undefined;
    const evidence = inputs.schemaOnly ? null : await writeEvidence({ result, backup, inputs, encryption }, context);
    return { ...(inputs.hideNames ? withoutNames(result) : result), evidence };
  } finally {
    await keys.close();
  }
}

/** A passphrase that fits may not open a key file that was damaged: that must not look like a wrong passphrase. */
async function checkKeyFile(backup: StoredBackup, { keys }: DrillInputs, signal: AbortSignal): Promise<void> {
  const object = backup.manifest.objects.find(({ purpose }) => purpose === 'key');
  if (object && keys.passphrase !== undefined) await digest(await backup.read(object, signal));
}

/** Recipients that somebody wrote into the manifest, and that the contents do not name, must not read the details. */
function canReadDetails({ contents, findings }: Proof): boolean {
  return (
    contents !== undefined &&
    !findings.some(({ code, object }) => code === 'CONTENTS_DIFFER' && object === 'recipients')
  );
}

interface Proving {
  inputs: DrillInputs;
  backup: StoredBackup;
  keys: OpenKeys;
  checks: readonly CheckToRun[];
  proof: Proof;
}

/** Everything that needs the server. Whatever ends it early becomes a finding; the server is left as it was. */
async function prove(proving: Proving, context: Context): Promise<void> {
  const { inputs, backup, proof } = proving;
  const { signal } = context;
  const server = await openServer(inputs, backup.manifest, context).catch(async (error: unknown) => {
    if (!(error instanceof DrillEnded)) throw error;
    proof.findings.push(error.finding);
    return undefined;
  });
  if (server === undefined) return;
  proof.serverVersion = server.version;
  proof.tuned = server.tuned;
  if (server.admin.major !== backup.manifest.server.major)
    proof.excluded.push(
      `upgrade is accepted: the backup is of PostgreSQL ${backup.manifest.server.major}, the server is ${server.admin.major}`,
    );
  try {
    await proveOn({ ...proving, server }, context);
    proof.isComplete = true;
  } catch (error) {
    proof.findings.push(...(await findingsOf(error, backup, signal)));
  } finally {
    await leaveServer(server, proving, context);
  }
}

async function proveOn(proving: Proving & Restoring, context: Context): Promise<void> {
  const { inputs, proof, server } = proving;
  const fetched = await fetchDescriptions(proving, context);
  proof.findings.push(...contradictions(proving), ...findRequired(inputs.requiredTables, fetched.contents));
  if (inputs.schemaOnly)
    proof.excluded.push('schema-only: no row was restored or compared; this drill does not prove the backup');
  const restored = await restoreScratch(proving, fetched, context);
  await proof.clock.time('compare', () => compareScratch(proving, fetched, restored, context));
  if (hasFiles(proving.backup.manifest)) await proof.clock.time('files', () => proveFiles(proving, context));
  if (proving.checks.length === 0 && inputs.checkCommand === undefined) return;
  await proof.clock.time('checks', () => check(proving, restored, server, context));
}

/** Files are not restored: each is read and decrypted, and held against what it was. */
async function proveFiles({ backup, keys, proof }: Proving, { signal }: Context): Promise<void> {
  const { findings, proven } = await lookAtFiles(backup, keys.decryption, signal);
  proof.findings.push(...findings);
  proof.filesProven = proven;
}

/** The manifest is plain text that anyone who writes to the store can edit; the contents repeat what matters. */
function contradictions({ backup, proof }: Proving): Finding[] {
  const { manifest } = backup;
  const { contents } = proof;
  if (contents === undefined) return [];
  const differs = (object: string, expected: string, found: string): Finding[] =>
    expected === found ? [] : [{ code: 'CONTENTS_DIFFER', object, expected, found }];
  const hashes = new Map(contents.archives.map(({ object, sha256 }) => [object, sha256]));
  const listed = manifest.objects.filter(({ purpose }) => isRepeated(purpose));
  const unlisted = [...hashes.keys()].filter(object => !listed.some(one => one.object === object));
  return [
    ...listed.flatMap(({ object, sha256 }) => differs(object, hashes.get(object) ?? 'not in the contents', sha256)),
    ...unlisted.flatMap(object => differs(object, 'in the manifest', 'only in the contents')),
    ...differs('snapshot', contents.snapshotAt, manifest.snapshotAt),
    ...differs('source', sourceOf(contents.source), sourceOf(manifest.source)),
    ...differs('fingerprint', contents.fingerprint.level, manifest.fingerprint),
    ...differs('tables', String(contents.tables.length), String(manifest.totals.tables)),
    ...differs('rows', String(rowsOf(contents)), String(manifest.totals.rows)),
    ...differs('recipients', contents.recipients.join(' '), manifest.encryption.recipients.join(' ')),
  ];
}

function sourceOf(source: Contents['source']): string {
  return source === null ? 'hidden' : `${source.systemIdentifier}/${source.databaseOid}`;
}

async function check(proving: Proving, { target }: Restored, server: DrillServer, context: Context): Promise<void> {
  const { inputs, backup, proof, checks } = proving;
  const { log, signal } = context;
  // somebody's own database may not let everybody in
  await server.admin.query(`ALTER DATABASE ${identifier(target.address.database)} CONNECTION LIMIT -1`);
  const admin = await connect(target, signal);
  const cut = () => admin.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await analyze(admin);
    const { snapshotAt } = backup.manifest;
    const timeoutSeconds = inputs.checkTimeoutSeconds;
    const ran = await runChecks({ admin, checks, timeoutSeconds, snapshotAt, log: quiet(inputs, log), signal });
    proof.checks.push(...ran.results);
    proof.findings.push(...ran.findings);
  } finally {
    signal.removeEventListener('abort', cut);
    await admin.close();
  }
  if (inputs.checkCommand === undefined) return;
  const ran = await runCheckCommand({
    command: inputs.checkCommand,
    url: formatUrl(target.address),
    timeoutSeconds: inputs.checkTimeoutSeconds,
    log,
    signal,
  });
  proof.checks.push(...ran.results);
  proof.findings.push(...ran.findings);
}

/** The titles of checks are names of the database, too. */
function quiet({ hideNames }: DrillInputs, log: Context['log']): Context['log'] {
  return hideNames ? { ...log, info: () => {} } : log;
}

/** Drops what the drill made, or says where it is; also after a failure and a cancel. */
async function leaveServer(server: DrillServer, { inputs, proof }: Proving, { log }: Context): Promise<void> {
  const { scratch } = proof;
  let again: Session | undefined;
  try {
    // a server that crashed may be back, with all that was made on it
    if (await server.admin.findLoss()) again = await connect(server.admin.target);
    const admin = again ?? server.admin;
    if (scratch !== undefined && inputs.keepScratch) {
      proof.scratch = await keepScratch(admin, scratch);
      log.info(`the scratch database ${proof.scratch} is kept, with the roles that it needs`);
    } else {
      if (scratch !== undefined) await dropScratch(admin, scratch, () => connect(inDatabase(admin.target, scratch)));
      await dropRoles(admin, proof.rolesMade);
    }
  } catch (error) {
    log.warn(`the scratch database ${scratch ?? ''} or its roles stay on the server: ${messageOf(error)}`);
  } finally {
    await again?.close();
    await server.close();
  }
}

interface Concluding {
  inputs: DrillInputs;
  backup: StoredBackup;
  history: History;
  proof: Proof;
  startedAt: Date;
}

/** Budgets, what the user accepts, and the verdict. */
function conclude({ inputs, backup, history, proof, startedAt }: Concluding, context: Context): DrillResult {
  const { manifest } = backup;
  const { maxRtoSeconds, maxRpoSeconds } = inputs;
  const rtoSeconds = proof.isRestored && !inputs.schemaOnly ? proof.clock.between('fetch', 'post-data') : null;
  if (rtoSeconds !== null && maxRtoSeconds !== undefined && rtoSeconds > maxRtoSeconds)
    proof.findings.push({
      code: 'RTO_EXCEEDED',
      object: 'restore',
      expected: `at most ${maxRtoSeconds} s`,
      found: `${rtoSeconds} s`,
    });
  const { findings, accepted, unused } = sortOut(proof.findings, inputs);
  const notices = [
    ...proof.notices,
    ...unused.map(({ code, object }) => `accept ${code} ${object} met nothing: take it out`),
    ...(proof.contents?.notCaptured.map(({ what, reason }) => `not in the backup: ${what} (${reason})`) ?? []),
  ];
  // a finding that ended the drill may be accepted, but nothing after it was looked at
  const verdict = proof.isComplete || findings.length > 0 ? judge(findings) : 'could-not-verify';
  return {
    command: 'drill',
    name: manifest.name,
    backupId: manifest.id,
    location: locationOf(backup.store.location, manifest.name, manifest.id),
    snapshotAt: manifest.snapshotAt,
    at: startedAt.toISOString(),
    verdict,
    excluded: [...proof.excluded, ...accepted],
    findings: findings.map(explained),
    notices,
    stages: proof.clock.stages(),
    rtoSeconds,
    maxRtoSeconds: maxRtoSeconds ?? null,
    rtoEstimateSeconds: estimateRto(rtoSeconds, proof.tuned, manifest, history),
    rpoSeconds: history.rpoSeconds,
    maxRpoSeconds: maxRpoSeconds ?? null,
    backupAgeSeconds: Math.round((startedAt.getTime() - new Date(manifest.snapshotAt).getTime()) / 1000),
    totals: {
      tables: manifest.totals.tables,
      rows: manifest.totals.rows,
      databaseBytes: manifest.totals.databaseBytes,
      byContent: proof.tables.filter(({ compared }) => compared === 'content').length,
      byCount: proof.tables.filter(({ compared }) => compared === 'counts').length,
      different: proof.tables.filter(({ same }) => !same).length,
      files: manifest.totals.files,
      filesProven: proof.filesProven,
    },
    tables: proof.tables,
    checks: proof.checks,
    sourceVersion: manifest.server.version,
    serverVersion: proof.serverVersion,
    tuned: proof.tuned,
    scratch: inputs.keepScratch ? (proof.scratch ?? null) : null,
    provenRecipients: proof.provenRecipients,
    earlierDrills: history.earlierDrills,
    earlierBackups: trendOf(history),
    evidence: null,
    report: null,
    namesHidden: false,
    durationSeconds: Math.round((context.now().getTime() - startedAt.getTime()) / 100) / 10,
  };
}

function sortOut(findings: readonly Finding[], { accept }: DrillInputs) {
  const isAccepted = (one: Finding) => accept.some(({ code, object }) => code === one.code && object === one.object);
  const once = eachOnce(findings);
  return {
    findings: once.filter(one => !isAccepted(one)),
    accepted: once.filter(isAccepted).map(({ code, object }) => `accepted: ${code} ${object}`),
    unused: accept.filter(({ code, object }) => !once.some(one => one.code === code && one.object === object)),
  };
}

/** Findings without those that say the same once more: several parts of a drill may come upon one thing. */
export function eachOnce(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(one => [JSON.stringify([one.code, one.object, one.found]), one])).values()];
}
