import { readFileSync } from 'node:fs';
import type { Environment } from './raw.ts';

/**
 * Whether people without any right can read this run's log and summary: those of a public repository. The event that started a workflow
 * says which it is; where it does not, the repository may be public. A terminal is private.
 */
export function mayBeReadByOthers(environment: Environment): boolean {
  if (environment.GITHUB_ACTIONS !== 'true') return false;
  try {
    const event = JSON.parse(readFileSync(environment.GITHUB_EVENT_PATH ?? '', 'utf8')) as {
      repository?: { private?: unknown };
    };
    return event.repository?.private !== true;
  } catch {
    return true;
  }
}
