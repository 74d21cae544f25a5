import { type Stage, type StageName, stageNames } from './drill-result.ts';

/** Times the stages of a drill. Stages may overlap: while the rows stream, bytes are fetched, checked and decrypted. */
export class StageClock {
  readonly #startedAt = performance.now();
  readonly #times = new Map<StageName, { start: number; end: number }>();
  readonly #onEnd: (line: string) => void;

  /** `onEnd` is told of each stage that ended well, in a line for the log. */
  constructor(onEnd: (line: string) => void = () => {}) {
    this.#onEnd = onEnd;
  }

  /** Runs a stage. One that runs again goes on: its end moves. */
  async time<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    this.mark(name);
    try {
      const result = await work();
      this.mark(name);
      this.end(name);
      return result;
    } finally {
      this.mark(name);
    }
  }

  /** Says that a stage goes on now: the first mark is its begin, the last its end. */
  mark(name: StageName): void {
    const now = this.#now();
    this.#times.set(name, { start: this.#times.get(name)?.start ?? now, end: now });
  }

  /** Tells that a stage has come to its end, and how long it took. */
  end(name: StageName): void {
    const times = this.#times.get(name);
    if (times) this.#onEnd(`${name}: ${(times.end - times.start).toFixed(1)} s`);
  }

  /** The stages that began, in their order. */
  stages(): Stage[] {
    return stageNames.flatMap(name => {
      const times = this.#times.get(name);
      return times ? [{ name, startSeconds: rounded(times.start), seconds: rounded(times.end - times.start) }] : [];
    });
  }

  /** Seconds from the begin of one stage to the end of another; null unless both have been. */
  between(first: StageName, last: StageName): number | null {
    const [from, to] = [this.#times.get(first), this.#times.get(last)];
    return from && to ? rounded(to.end - from.start) : null;
  }

  #now(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
