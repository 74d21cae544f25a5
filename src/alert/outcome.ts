/** How something ended, in the words of GitHub's `needs.<job>.result`, or that it began. */
export const outcomes = ['success', 'failure', 'cancelled', 'skipped', 'started'] as const;
export type Outcome = (typeof outcomes)[number];

/** What became of one condition: `backup`, `drill`, or a code of the watch. */
export interface ConditionOutcome {
  /** Letters, digits, dashes and underscores. */
  condition: string;
  outcome: Outcome;
  /** Why, in one line, as the caller has it; null where nobody said. */
  cause: string | null;
}

/** Whether people must know: a run that was cancelled, or ran out of time, made no backup either. */
export function isFailing({ outcome }: ConditionOutcome): boolean {
  return outcome === 'failure' || outcome === 'cancelled';
}

/** Why, as far as it is known: GitHub has one word for a run that somebody cancelled and for one that ran out of time. */
export function causeOf({ outcome, cause }: ConditionOutcome): string | null {
  return cause ?? (outcome === 'cancelled' ? 'somebody cancelled it, or it took longer than it may' : null);
}

/** Conditions that are told of however they end: a restore overwrites a database. */
export function isAlwaysTold({ condition, outcome }: ConditionOutcome): boolean {
  return condition === 'restore' && outcome !== 'skipped';
}

/** What an outcome is called in a sentence. */
export const outcomeWords: Readonly<Record<Outcome, string>> = {
  success: 'went well',
  failure: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
  started: 'started',
};
