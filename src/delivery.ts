import { setTimeout as wait } from 'node:timers/promises';
import { Failure, messageOf } from './failure.ts';

/** How things are sent. */
export interface Means {
  signal: AbortSignal;
  /** Waits so many milliseconds between two tries. */
  pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** How long one try may take. */
  timeoutMilliseconds: number;
  /** The release of pg-lifeboat. */
  version: string;
}

/** One try that came to nothing, though another may do better: an outage, a server that is busy. */
export class NotYet extends Failure {
  /** How long the other side asks to be left alone. */
  readonly waitSeconds: number | undefined;

  constructor(problem: string, waitSeconds?: number) {
    super(problem);
    this.waitSeconds = waitSeconds;
  }
}

const mostTries = 3;
/** Nothing that is sent so is worth a job that waits for longer. */
const longestWaitSeconds = 60;

/** The means of a run: real waiting, ten seconds a try. */
export function meansOf(signal: AbortSignal, version: string): Means {
  const pause: Means['pause'] = (milliseconds, signal) => wait(milliseconds, undefined, { signal });
  return { signal, pause, timeoutMilliseconds: 10_000, version };
}

/**
 * Tries three times, and waits 2 and 4 seconds between, or as long as the other side asks, up to a minute. What is no `NotYet` is thrown
 * at once. A try whose answer was lost is made again, so that something may arrive twice; never not at all.
 */
export async function insistently<T>({ signal, pause }: Means, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      if (tries === mostTries) throw new Failure(`${error.message}, in each of ${tries} tries`, { cause: error });
      const { waitSeconds = 2 ** tries } = error;
      if (waitSeconds > longestWaitSeconds)
        throw new Failure(`${error.message}, and it asks to be left alone for ${waitSeconds} s`, { cause: error });
      await pause(waitSeconds * 1000, signal);
    }
  }
}

/** A fault of the network in a few words. What lies below fetch's own "fetch failed" says more. */
export function describeFault(error: unknown, timeoutMilliseconds: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMilliseconds / 1000} s`;
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** The bytes that an answer begins with: once there are so many, the rest is left where it is. */
export async function beginningOf(response: Response, mostBytes: number): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    // leaving the loop cancels the rest
    if (sizeBytes >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes);
}

/** The failure of an answer that is no success: a `NotYet` where the status says that it may pass by. */
export function refusalOf({ status, headers }: Response, problem: string): Failure {
  const mayPass = [408, 425, 429].includes(status) || status >= 500;
  return mayPass ? new NotYet(problem, retryAfter(headers.get('retry-after'))) : new Failure(problem);
}

/** What a Retry-After header asks for, in seconds: it has a number of them, or a date; undefined where it has neither. */
export function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(1, Math.ceil(seconds));
}
