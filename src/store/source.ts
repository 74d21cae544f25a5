/**
 * Reads the body of a put chunk by chunk, and can be interrupted while a read or anything else is waited for: a part that
 * failed, or an abort, must not wait until a slow dump sends its next byte. One `next` or `until` at a time.
 */
export class Source {
  readonly #body: AsyncIterable<Uint8Array> & { destroy?: () => unknown };
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #isReading = false;
  #isAtEnd = false;
  #interruption: { error: unknown } | undefined;
  #thrown: { error: unknown } | undefined;
  #rejectWait: ((error: unknown) => void) | undefined;

  constructor(body: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
    this.#body = body;
    this.#iterator = body[Symbol.asyncIterator]();
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** The next chunk that is not empty, undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = await this.until(this.#read());
      if (chunk === undefined) return undefined;
      if (!(chunk instanceof Uint8Array))
        throw new TypeError('the body of an object holds something that is not bytes');
      if (chunk.length > 0) return chunk;
    }
  }

  /** Waits for `work`, but no longer than until an interruption, and then throws that one's error. */
  until<T>(work: Promise<T>): Promise<T> {
    // a race with one long-lived promise would keep a reaction for every chunk
    return new Promise<T>((resolve, reject) => {
      this.#rejectWait = reject;
      work.then(value => (this.#interruption ? undefined : resolve(value)), reject);
      if (this.#interruption) this.#rejectWait(this.#interruption.error);
    });
  }

  /** Ends every wait, now and later, with this error; the first one counts. */
  interrupt(error: unknown): void {
    if (this.#interruption) return;
    this.#interruption = { error };
    this.#rejectWait?.(error);
  }

  /** True when this error came from the body itself, or was an interruption's. */
  threw(error: unknown): boolean {
    return error === this.#interruption?.error || error === this.#thrown?.error;
  }

  /** Tells the body that nobody reads on. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#isAtEnd) return;
    const returned = Promise.resolve(this.#iterator.return?.()).catch(() => {});
    // behind a pending read, return() would wait for it
    if (this.#isReading) this.#body.destroy?.();
    else await returned;
  }

  async #read(): Promise<Uint8Array | undefined> {
    this.#isReading = true;
    try {
      const result = await this.#iterator.next();
      if (result.done) this.#isAtEnd = true;
      return result.done ? undefined : result.value;
    } catch (error) {
      this.#isAtEnd = true;
      this.#thrown = { error };
      throw error;
    } finally {
      this.#isReading = false;
    }
  }

  readonly #onAbort = (): void => this.interrupt(this.#signal?.reason);
}
