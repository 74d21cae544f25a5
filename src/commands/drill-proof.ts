import type { Contents } from '../catalog/contents.ts';
import type { Finding } from '../finding.ts';
import type { CheckResult, DrilledTable } from './drill-result.ts';
import { StageClock } from './stage-clock.ts';

/** What a drill has come to know so far; each of its parts adds to it. */
export interface Proof {
  clock: StageClock;
  findings: Finding[];
  /** What the user left out or accepted by name. */
  excluded: string[];
  notices: string[];
  /** The restore came to its end. */
  isRestored: boolean;
  /** Everything that was to be looked at was reached. */
  isComplete: boolean;
  contents: Contents | undefined;
  /** The scratch database, once it may exist. */
  scratch: string | undefined;
  rolesMade: ReadonlySet<string>;
  /** Schemas and extensions that we made under a partial backup, as `TYPE name`. */
  ground: Set<string>;
  provenRecipients: string[];
  tables: DrilledTable[];
  checks: CheckResult[];
  filesProven: number;
  serverVersion: string | null;
  tuned: string[];
}

/** The proof at the begin of a drill: nothing is known. `onStage` is told of each stage's end. */
export function newProof(onStage?: (line: string) => void): Proof {
  return {
    clock: new StageClock(onStage),
    findings: [],
    excluded: [],
    notices: [],
    isRestored: false,
    isComplete: false,
    contents: undefined,
    scratch: undefined,
    rolesMade: new Set(),
    ground: new Set(),
    provenRecipients: [],
    tables: [],
    checks: [],
    filesProven: 0,
    serverVersion: null,
    tuned: [],
  };
}
