import type { DetectInputs } from '../inputs/inputs.ts';
import { type Change, readChange } from '../migrations/change.ts';
import type { Context } from './context.ts';

export type { ChangedMigration } from '../migrations/change.ts';

export interface DetectResult extends Change {
  command: 'detect';
  pullRequest: number | null;
  /** The pull request of a fork or of Dependabot, whose run has no secrets. */
  untrusted: boolean;
}

/** Finds the migrations that a change of the repository in the working directory brings, against the merge base. */
export async function detect(inputs: DetectInputs, { folder, log, signal }: Context): Promise<DetectResult> {
  const { event } = inputs;
  const change = await readChange({ ...inputs, folder: process.cwd(), workFolder: folder }, signal);
  log.debug(`compared ${change.head} with ${change.mergeBase}, its merge base with ${change.base}`);
  return {
    command: 'detect',
    ...change,
    pullRequest: event.pullRequest ?? null,
    untrusted: event.isFork || event.isOfDependabot,
  };
}
