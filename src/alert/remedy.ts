import { findingCodes, isFindingCode } from '../finding.ts';

const remedies: Readonly<Record<string, readonly string[]>> = {
  backup: [
    'Open the run and read its first error: it names the cause, and what to do.',
    'Put it right and run the workflow again. Until a backup is sealed, the newest one is older than you think.',
    'Before the next migration or deployment, see that there is a new one.',
  ],
  verify: [
    'Open the run: it names each object that is damaged or missing.',
    'Do not rely on this backup: make a new one, and verify it.',
    'Find out who, or what, can write to the store.',
  ],
  prune: [
    'Open the run: it names what could not be removed, and why.',
    'No backup is in danger; the store grows until this works again.',
  ],
  drill: [
    'Open the run and its report: each finding names an object, and what to do.',
    'Until a drill passes, rely on the newest backup that an earlier one proved.',
    'Make a new backup and drill that one.',
  ],
  restore: [
    'Open the run: it says whether anything was changed in the target.',
    'Let nobody work with the target before a restore into it went well.',
  ],
  rehearsal: [
    'Open the run: it names the migration, and what happened to the copy.',
    'Change the migration before it is merged; only a copy was touched.',
  ],
};

/** What to do about a condition that fails: a few sentences, in order. */
export function remediesFor(condition: string): readonly string[] {
  if (isFindingCode(condition)) {
    const { means, remedy } = findingCodes[condition];
    return [`Open the run. What it found: ${means}.`, `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`];
  }
  const own = Object.hasOwn(remedies, condition) ? remedies[condition] : undefined;
  return own ?? ['Open the run and read its first error.'];
}
