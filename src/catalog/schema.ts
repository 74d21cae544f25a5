import * as v from 'valibot';
import { Failure } from '../failure.ts';

/** The format that this release writes; it reads this one and every older one. */
export const currentFormat = 1;

/** A time in UTC as `2026-11-20T03:17:42.123Z`. */
export const timestamp = v.pipe(v.string(), v.isoTimestamp());
/** A count that JSON carries exactly. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** A 64-bit or larger number, as decimal text: JavaScript's numbers would round it. */
export const bigNumber = v.pipe(v.string(), v.regex(/^-?\d+$/));

/**
 * Parses one of our JSON documents. `what` names it in errors. A newer format is refused by its number, anything else that
 * does not fit by the first place that is wrong.
 */
export function parseDocument<T>(schema: v.GenericSchema<unknown, T>, text: string, what: string): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Failure(`${what} is not JSON`, {
      hint: 'it was damaged or edited; use another backup',
      exitStatus: 1,
      cause: error,
    });
  }
  const format = (document as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > currentFormat) {
    throw new Failure(`${what} has format ${format}, and this release reads formats up to ${currentFormat}`, {
      hint: 'use the release of pg-lifeboat that made it, or a newer one',
      exitStatus: 2,
    });
  }
  const result = v.safeParse(schema, document);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new Failure(
    `${what} is not what this release writes, at ${v.getDotPath(issue) ?? 'its top'}: ${issue.message.slice(0, 200)}`,
    {
      hint: 'it was damaged or edited; use another backup',
    },
  );
}
