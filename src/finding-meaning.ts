/** What a code of a finding means, and one sentence on what to do. */
export interface Meaning {
  /** What one such finding makes of the verdict: something is wrong, or something could not be looked at. */
  verdict: 'failed' | 'could-not-verify';
  means: string;
  remedy: string;
}

/** Of something that is wrong. */
export const failed = (means: string, remedy: string): Meaning => ({ verdict: 'failed', means, remedy });

/** Of something that could not be looked at. */
export const unknown = (means: string, remedy: string): Meaning => ({ verdict: 'could-not-verify', means, remedy });
