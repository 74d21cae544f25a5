import { availableParallelism, release, type as systemType } from 'node:os';
import { type Evidence, type EvidenceDetails, formatEvidence } from '../catalog/evidence.ts';
import { formatDrillObject } from '../catalog/key.ts';
import type { Encryption } from '../crypto/crypto.ts';
import { messageOf } from '../failure.ts';
import type { FindingCode } from '../finding.ts';
import type { DrillInputs } from '../inputs/inputs.ts';
import { bytes, collect } from '../streams.ts';
import type { Context } from './context.ts';
import type { DrillResult } from './drill-result.ts';
import type { StoredBackup } from './stored-backup.ts';

export interface Evidencing {
  result: DrillResult;
  backup: StoredBackup;
  inputs: DrillInputs;
  /** To the recipients of the backup; undefined where no key fitted. */
  encryption: Encryption | undefined;
}

const detailsLimitBytes = 40 * 1024 * 1024;

/**
 * Writes the evidence beside the backup; needs only the right to write new objects. Gives its key, or null where it could not be written:
 * then the backup does not count as proven, which is said.
 */
export async function writeEvidence(evidencing: Evidencing, context: Context): Promise<string | null> {
  const { backup, result } = evidencing;
  const at = context.now();
  const key = backup.keyOf(formatDrillObject({ at, verdict: result.verdict }));
  try {
    const evidence = await evidenceOf(evidencing, at, context);
    const { signal } = context;
    await backup.store.put(key, bytes(formatEvidence(evidence)), { signal, contentType: 'application/json' });
    return key;
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn(
      `the evidence of this drill could not be written, so it proves nothing later: ${messageOf(error)}`,
    );
    return null;
  }
}

async function evidenceOf(
  { result, backup, inputs, encryption }: Evidencing,
  at: Date,
  context: Context,
): Promise<Evidence> {
  const { totals } = backup.manifest;
  const outcomes = (outcome: string) => result.checks.filter(check => check.outcome === outcome).length;
  return {
    format: 1,
    backupId: result.backupId,
    name: result.name,
    at: at.toISOString(),
    verdict: result.verdict,
    codes: countCodes(result.findings),
    excluded: result.excluded.length,
    stages: result.stages,
    durationSeconds: result.durationSeconds,
    rtoSeconds: result.rtoSeconds,
    maxRtoSeconds: result.maxRtoSeconds,
    rtoEstimateSeconds: result.rtoEstimateSeconds,
    rpoSeconds: result.rpoSeconds,
    maxRpoSeconds: result.maxRpoSeconds,
    backupAgeSeconds: result.backupAgeSeconds,
    tables: totals.tables,
    comparedByContent: result.totals.byContent,
    comparedByCount: result.totals.byCount,
    rows: totals.rows,
    databaseBytes: totals.databaseBytes,
    storedBytes: totals.storedBytes,
    files: result.totals.files,
    filesProven: result.totals.filesProven,
    checks: { passed: outcomes('passed'), failed: outcomes('failed'), notVerified: outcomes('could-not-verify') },
    sourceVersion: result.sourceVersion,
    serverVersion: result.serverVersion,
    tuned: result.tuned,
    provenRecipients: result.provenRecipients,
    tool: { name: 'pg-lifeboat', version: context.version },
    machine: { system: `${systemType()} ${release()}`, cores: availableParallelism() },
    run: inputs.run,
    details: encryption === undefined ? null : await encryptDetails(result, encryption),
  };
}

function countCodes(findings: DrillResult['findings']): Evidence['codes'] {
  const counts = new Map<FindingCode, number>();
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => ({ code, count }));
}

async function encryptDetails(result: DrillResult, encryption: Encryption): Promise<Evidence['details']> {
  const { backupId, excluded, notices, checks, tables } = result;
  const findings = result.findings.map(({ code, object, expected, found }) => ({ code, object, expected, found }));
  const details: EvidenceDetails = { format: 1, backupId, findings, excluded, notices, checks, tables };
  const sealing = await encryption.encrypt();
  sealing.end(Buffer.from(JSON.stringify(details)));
  const sealed = await collect(sealing, detailsLimitBytes);
  return { scheme: encryption.scheme, base64: sealed.toString('base64') };
}

/** Codes whose objects are those of the store or of the run, which name nothing of the database. */
const openCodes: ReadonlySet<FindingCode> = new Set([
  'OBJECT_MISSING',
  'SIZE_DIFFERS',
  'HASH_DIFFERS',
  'WRONG_KEY',
  'NOT_DECRYPTABLE',
  'NOT_READABLE',
  'FILE_DIFFERS',
  'SERVER_MAJOR_DIFFERS',
  'EXTENSION_UNAVAILABLE',
  'SOURCE_CHANGED',
  'SOURCE_STALE',
  'BACKUP_EMPTY',
  'BACKUP_STALE',
  'RTO_EXCEEDED',
  'RPO_EXCEEDED',
]);

/** The result without any name of the database, for a log that others can read; the evidence has them, encrypted. */
export function withoutNames(result: DrillResult): DrillResult {
  const hidden = '(hidden)';
  const many = (count: number, what: string) => (count === 0 ? [] : [`${count} ${what}, whose names are hidden`]);
  return {
    ...result,
    namesHidden: true,
    findings: result.findings.map(finding =>
      openCodes.has(finding.code) ? finding : { ...finding, object: hidden, expected: hidden, found: hidden },
    ),
    excluded: many(result.excluded.length, 'things that were left out or accepted by name'),
    notices: many(result.notices.length, 'notices'),
    checks: result.checks.map((check, index) => ({
      ...check,
      title: `check ${index + 1}`,
      reason: check.reason === null ? null : hidden,
    })),
    tables: [],
  };
}
