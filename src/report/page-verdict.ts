import type { Verdict } from '../finding.ts';
import { markup, type Markup } from './markup.ts';

/** A verdict as a heading says it. */
export const headlines: Record<Verdict, string> = {
  passed: 'Passed',
  failed: 'Failed',
  'could-not-verify': 'Could not verify',
};

const icons: Record<Verdict, string> = {
  passed: 'M4.5 12.5l5 5 10-11',
  failed: 'M6 6l12 12M18 6L6 18',
  'could-not-verify': 'M8 9a4 4 0 1 1 5.6 3.7c-1 .5-1.6 1.2-1.6 2.3M12 19v.01',
};

/** A verdict within a sentence. */
export function verdictWord(verdict: Verdict): string {
  return headlines[verdict].toLowerCase();
}

/** The sign of a verdict, beside its word. */
export function icon(verdict: Verdict): Markup {
  return markup`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icons[verdict]}"/></svg>`;
}
