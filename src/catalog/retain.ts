import * as v from 'valibot';
import { parseDocument, timestamp } from './schema.ts';

/** How long one backup is kept whatever the policy says: an object of its own beside the manifest, so that it can be changed later. */
export const retainSchema = v.object({
  format: v.literal(1),
  retain: v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,4}(?:d|w|mo|y)|forever)$/)),
  at: timestamp,
});

export type Retain = v.InferOutput<typeof retainSchema>;

/** The largest such object that is read. */
export const retainLimitBytes = 64 * 1024;

/** Parses the object; throws a `Failure` that names the backup. */
export function parseRetain(text: string, id: string): Retain {
  return parseDocument(retainSchema, text, `retain.json of ${id}`);
}

/** The text as it is stored. */
export function formatRetain(retain: string, at: Date): string {
  return `${JSON.stringify({ format: 1, retain, at: at.toISOString() })}\n`;
}
