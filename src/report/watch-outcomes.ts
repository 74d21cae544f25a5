import type { WatchResult } from '../commands/watch-result.ts';
import type { ExplainedFinding, FindingCode } from '../finding.ts';
import { plainLine, plural, shorten } from './format.ts';

/** As long as an alert shows it. */
const longestCause = 300;

/** What is counted instead of told, where objects or reasons may hold names of the database, its users or its keys. */
const counted: Partial<Record<FindingCode, (count: number) => string>> = {
  STORE_UNREACHABLE: () => 'the store gave no listing',
  REPLICA_UNREACHABLE: () => 'the replica gave no listing',
  NOT_READABLE: () => 'the store lists manifests and does not give them',
  DATABASE_UNREACHABLE: () => 'the database gave no answer',
  DATABASE_TABLE_MISSING: count => `missing: ${plural(count, 'required table')}`,
  DATABASE_TABLE_EMPTY: count => `empty: ${plural(count, 'required table')}`,
  DATABASE_TABLE_NOT_READ: count => `could not be read: ${plural(count, 'required table')}`,
  RECIPIENT_NEVER_PROVEN: count => `never proven: ${plural(count, 'recipient')}`,
  // whoever reads an alert need not learn which bucket is open
  BUCKET_PUBLIC: () => 'others get into the bucket',
  BUCKET_NOT_VERSIONED: () => 'the bucket keeps neither versions nor locks',
  LIFECYCLE_EATS_BACKUPS: count => `by ${plural(count, 'rule')} of the bucket`,
  BUCKET_NOT_READ: count => `no answer to ${plural(count, 'question')} about the bucket`,
};

/** Objects whose found part repeats what somebody wrote into the store. */
const objectsOnly: readonly FindingCode[] = ['MANIFEST_UNREADABLE', 'OBJECT_MISSING', 'SIZE_DIFFERS'];

/**
 * One line for each code that was looked for, as the input `outcomes` of `alert` takes it: `CODE: success`, or `CODE: failure` and the
 * cause, which holds counts, times and ids, and no name of a table or a role. A code that nobody looked for has no line: nothing closes.
 */
export function watchOutcomes({ looked, findings }: WatchResult): string {
  return looked
    .map(code => {
      const found = findings.filter(one => one.code === code);
      return found.length === 0 ? `${code}: success` : `${code}: failure ${causeOf(code, found)}`;
    })
    .join('\n');
}

function causeOf(code: FindingCode, found: readonly ExplainedFinding[]): string {
  const count = counted[code];
  const [first] = found;
  if (count !== undefined || first === undefined) return count?.(found.length) ?? '';
  const cause = objectsOnly.includes(code)
    ? first.object
    : `${first.object}: ${first.found}, expected ${first.expected}`;
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  return `${shorten(plainLine(cause), longestCause - more.length)}${more}`;
}
