import { Failure, explanationOf } from '../failure.ts';

/** What a place was asked for, or why it gave no answer. */
export type Answer<T> = { outcome: 'read'; value: T } | { outcome: 'not read'; problem: string };

/** The answer, or why there is none; a wrong input is still thrown, and so is the end of the run. */
export async function answerOf<T>(work: () => Promise<T>, signal: AbortSignal): Promise<Answer<T>> {
  try {
    return { outcome: 'read', value: await work() };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.exitStatus === 64) throw error;
    return { outcome: 'not read', problem: explanationOf(error) };
  }
}
