import type { RehearseInputs } from '../inputs/inputs.ts';
import type { Context } from './context.ts';

export interface RehearseResult {
  command: 'rehearse';
  verdict: 'passed' | 'failed' | 'could-not-verify';
  report?: string;
}

export async function rehearse(inputs: RehearseInputs, context: Context): Promise<RehearseResult> {
  throw new Error(`${inputs.command} ${context.version}`);
}
