import { type Kept, plan } from '../../src/retention/plan.ts';
import type { Policy } from '../../src/retention/policy.ts';

export const day = 86_400_000;
export const now = new Date('2026-11-25T12:00:00Z');

/** A policy that keeps the newest one alone, unless said otherwise. */
export function policyOf(more: Partial<Policy> = {}): Policy {
  return {
    last: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    yearly: 0,
    within: null,
    preMigration: { amount: 30, unit: 'd' },
    minimum: 1,
    timeZone: 'UTC',
    ...more,
  };
}

let counter = 0;

/** A good, whole, scheduled backup, unless said otherwise; each has an id of its own. */
export function backupAt(at: string | number | Date, more: Partial<Kept> = {}): Kept {
  return {
    id: `backup-${(counter += 1)}`,
    at: new Date(at),
    kind: 'scheduled',
    partial: false,
    pullRequest: null,
    retain: null,
    isProven: false,
    isWrong: false,
    isDoubted: false,
    isDamaged: false,
    ...more,
  };
}

/** What a policy keeps. */
export function kept(backups: readonly Kept[], policy: Policy, at = now): Kept[] {
  return plan(backups, policy, at)
    .filter(({ keep }) => keep)
    .map(({ backup }) => backup);
}
