import type { TestContext } from 'node:test';
import { findProgram, type ProgramName } from '../../scripts/setup/programs.ts';

/** The path of a real program, or undefined after the test was marked as skipped. `npm test` installs them all. */
export async function needsProgram(t: TestContext, name: ProgramName): Promise<string | undefined> {
  const file = await findProgram(name);
  if (file === undefined) t.skip(`there is no program ${name}`);
  return file;
}
