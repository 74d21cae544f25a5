import { Duplex } from 'node:stream';
import { Failure } from '../failure.ts';
import { ProcessFailure, type Running } from '../process.ts';

/** Says what is wrong with a run of gpg that ended by itself, from its status and stderr; undefined if nothing is. */
export type Judge = (succeeded: boolean, stderr: string) => Failure | undefined;

const bufferBytes = 256 * 1024;

/**
 * A running gpg as one stream: what is written goes to its stdin, what is read comes from its stdout. The stream ends
 * cleanly only once gpg has ended and was judged good; otherwise it ends with the error, though bytes may have come out
 * before. Destroying it ends gpg.
 */
export class GpgStream extends Duplex {
  readonly #child: Running;
  readonly #abort: AbortController;
  readonly #outcome: Promise<void>;

  constructor(launch: (signal: AbortSignal) => Running, judge: Judge) {
    super({ highWaterMark: bufferBytes });
    this.#abort = new AbortController();
    this.#child = launch(this.#abort.signal);
    const { stdin, stdout } = this.#child;
    stdin.on('error', () => {}); // gpg says by its status why it reads no more
    stdout.on('error', () => {}); // read to its end or not is asked in #judged
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    this.#outcome = this.#judged(judge);
    this.#outcome.then(
      () => this.push(null),
      error => this.destroy(error as Error),
    );
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, error => this.#written(error, done));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end((error?: Error | null) => this.#written(error, done));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#abort.abort();
    this.#child.stdin.destroy();
    this.#child.stdout.destroy(); // unread output would keep the child's end from being seen
    const end = () => done(error);
    this.#outcome.then(end, end);
  }

  /** A broken pipe is only the consequence; gpg's own end is the reason. */
  #written(error: Error | null | undefined, done: (error?: Error | null) => void): void {
    if (error === null || error === undefined) done();
    else this.#outcome.then(() => done(new Failure('gpg ended before it had read everything')), done);
  }

  async #judged(judge: Judge): Promise<void> {
    let failure: Failure | undefined;
    try {
      const { stderr } = await this.#child.done;
      failure = judge(true, stderr);
    } catch (error) {
      if (!(error instanceof ProcessFailure) || error.status === null) throw error;
      failure = judge(false, error.stderr) ?? error;
    }
    if (failure !== undefined) throw failure;
    if (!this.#child.stdout.readableEnded) throw new Failure('the output of gpg broke off');
  }
}
