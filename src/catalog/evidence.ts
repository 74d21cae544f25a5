import * as v from 'valibot';
import { findingCodes, verdicts, type FindingCode } from '../finding.ts';
import { count, parseDocument, timestamp } from './schema.ts';

const verdict = v.picklist(verdicts);
const seconds = v.pipe(v.number(), v.minValue(0));
const code = v.picklist(Object.keys(findingCodes) as FindingCode[]);

/**
 * Evidence of a drill, beside the backup: readable by anyone who can read the store, so without any name of the database. Names are in
 * `details`, which only the recipients of the backup can read.
 */
export const evidenceSchema = v.object({
  format: v.literal(1),
  backupId: v.string(),
  name: v.string(),
  at: timestamp,
  verdict,
  /** How often each code was found. */
  codes: v.array(v.object({ code, count })),
  /** How many things the user left out or accepted by name. */
  excluded: count,
  stages: v.array(v.object({ name: v.string(), startSeconds: seconds, seconds })),
  durationSeconds: seconds,
  /** From the first byte fetched to the last index built; null when the restore did not end. */
  rtoSeconds: v.nullable(seconds),
  maxRtoSeconds: v.nullable(seconds),
  rtoEstimateSeconds: v.nullable(seconds),
  rpoSeconds: v.nullable(seconds),
  maxRpoSeconds: v.nullable(seconds),
  backupAgeSeconds: seconds,
  tables: count,
  /** Tables whose rows were compared by their content, and by their count alone. */
  comparedByContent: count,
  comparedByCount: count,
  rows: v.nullable(count),
  databaseBytes: count,
  storedBytes: count,
  /** Files in the backup, and those that were read, decrypted and found as they were. */
  files: v.optional(count, 0),
  filesProven: v.optional(count, 0),
  checks: v.object({ passed: count, failed: count, notVerified: count }),
  sourceVersion: v.string(),
  serverVersion: v.nullable(v.string()),
  /** Settings of the server that make it faster than one in production, as `name=value`. */
  tuned: v.array(v.string()),
  /** Recipients whose identity opened the backup. */
  provenRecipients: v.array(v.string()),
  tool: v.object({ name: v.string(), version: v.string() }),
  /** What it ran on. */
  machine: v.object({ system: v.string(), cores: count }),
  run: v.nullable(
    v.object({ url: v.nullable(v.string()), actor: v.nullable(v.string()), commit: v.nullable(v.string()) }),
  ),
  /** Details, encrypted as the backup is: `jq -r .details.base64 … | base64 -d | age -d -i key.txt`. */
  details: v.nullable(v.object({ scheme: v.picklist(['age', 'gpg', 'none']), base64: v.string() })),
});

export type Evidence = v.InferOutput<typeof evidenceSchema>;

/** What the details hold once they are decrypted: everything with names, never values of rows. */
export const evidenceDetailsSchema = v.object({
  format: v.literal(1),
  backupId: v.string(),
  findings: v.array(v.object({ code, object: v.string(), expected: v.string(), found: v.string() })),
  excluded: v.array(v.string()),
  notices: v.array(v.string()),
  checks: v.array(v.object({ title: v.string(), outcome: verdict, reason: v.nullable(v.string()), seconds })),
  tables: v.array(
    v.object({
      schema: v.string(),
      name: v.string(),
      rows: v.nullable(count),
      sizeBytes: count,
      compared: v.picklist(['content', 'counts', 'not']),
      same: v.boolean(),
    }),
  ),
});

export type EvidenceDetails = v.InferOutput<typeof evidenceDetailsSchema>;

/** The largest evidence that is read: details of 100,000 tables fit. */
export const evidenceLimitBytes = 64 * 1024 * 1024;

/** Parses the evidence of a drill. */
export function parseEvidence(text: string, object: string): Evidence {
  return parseDocument(evidenceSchema, text, `the evidence ${object}`);
}

/** The text of evidence as it is stored. */
export function formatEvidence(evidence: Evidence): string {
  return `${JSON.stringify(evidence, null, 2)}\n`;
}
