/** How a run ends, as the exit status of the process: 0 good, 1 failed, 2 could not verify, 64 wrong input. */
export type ExitStatus = 0 | 1 | 2 | 64;

export interface FailureDetails {
  /** What to do about it: one sentence, shown after the message. */
  hint?: string;
  exitStatus?: Exclude<ExitStatus, 0>;
  cause?: unknown;
}

/**
 * The one kind of error that we throw on purpose. `message` is one lower-case clause that names the input or the object;
 * `hint` says what to do. Anything else that is thrown is a defect of ours and is shown with its stack in the debug log.
 */
export class Failure extends Error {
  readonly hint: string | undefined;
  readonly exitStatus: Exclude<ExitStatus, 0>;

  constructor(message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.hint = details.hint;
    this.exitStatus = details.exitStatus ?? 1;
  }
}

/** A refusal of an input, exit status 64: `input` is its kebab-case name, `problem` the clause that follows it. */
export function wrongInput(input: string, problem: string, hint?: string): Failure {
  return new Failure(`input ${input} ${problem}`, { hint, exitStatus: 64 });
}

/** The text of anything thrown, on one line, and what to do about it where that is known. */
export function explanationOf(error: unknown): string {
  const hint = error instanceof Failure ? error.hint : undefined;
  return `${messageOf(error)}${hint === undefined ? '' : ` (${hint})`}`;
}

/** The text of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, ' | ');
}
