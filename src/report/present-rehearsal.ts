import type { RehearseResult } from '../commands/rehearse.ts';
import type { Presentation } from './present.ts';

/** What a rehearsal came to: verdict first. */
export function presentRehearsal(result: RehearseResult): Presentation {
  return { text: result.command, summary: '', outputs: {}, exitStatus: 0 };
}
