import { Failure, explanationOf, messageOf } from '../failure.ts';
import type { Log } from '../log.ts';
import type { PutOptions, Store, StoredObject } from '../store/store.ts';
import { shared } from '../streams.ts';

/** One of the stores that a backup goes into. */
export interface Place {
  role: 'store' | 'replica';
  store: Store;
  /** Why the backup does not get there. */
  loss: unknown;
}

/** What one place came to. */
export interface Reached<T> {
  place: Place;
  value: T;
}

/** How far one store may be ahead of the other, so that each can be read in good chunks. */
const aheadBytes = 1024 * 1024;

/**
 * The store, and the replica if there is one. Everything is done in both; a place where something fails is lost, which is said, and the
 * backup goes on in the other one. Only when none is left does the failure end the backup.
 */
export class Places {
  readonly all: readonly Place[];
  readonly #log: Log;
  readonly #signal: AbortSignal;

  constructor(stores: { store: Store; replica: Store | undefined }, log: Log, signal: AbortSignal) {
    const { store, replica } = stores;
    this.all = [
      { role: 'store', store, loss: undefined },
      ...(replica ? [{ role: 'replica' as const, store: replica, loss: undefined }] : []),
    ];
    this.#log = log;
    this.#signal = signal;
  }

  /** Those that are not lost, the store first. */
  get left(): Place[] {
    return this.all.filter(({ loss }) => loss === undefined);
  }

  get lost(): Place[] {
    return this.all.filter(({ loss }) => loss !== undefined);
  }

  /** Where the backup is read, and looked for: the store, unless it is lost. */
  get first(): Store {
    const [place] = [...this.left, ...this.all];
    if (!place) throw new TypeError('a backup without a store');
    return place.store;
  }

  /** Does the same in each place that is left, side by side. */
  async each<T>(work: (store: Store, index: number) => Promise<T>): Promise<Reached<T>[]> {
    const places = this.left;
    return this.#conclude(places, await Promise.allSettled(places.map(async ({ store }, index) => work(store, index))));
  }

  /** Does the same in each place that is left, one after the other, the replica first. */
  async eachInTurn(work: (place: Place) => Promise<void>): Promise<void> {
    const places = this.left.reverse();
    const settled: PromiseSettledResult<void>[] = [];
    for (const place of places) settled.push(...(await Promise.allSettled([work(place)])));
    this.#conclude(places, settled);
  }

  /** Writes one object into each place that is left, from one body; a failure of the body itself is thrown as it is. */
  async put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject> {
    if (this.left.length === 1) return this.first.put(key, body, options);
    const source = new Remembering(body);
    const readers = shared(source, this.left.length, aheadBytes);
    try {
      const [stored] = await this.each(async (store, index) => {
        const reader = readers[index];
        if (!reader) throw new TypeError('there are fewer readers than places');
        try {
          return await store.put(key, Object.assign(reader, { destroy: () => reader.close() }), options);
        } finally {
          reader.close();
        }
      });
      return (stored as Reached<StoredObject>).value;
    } catch (error) {
      throw source.thrown ? source.thrown.error : error;
    }
  }

  #conclude<T>(places: readonly Place[], settled: readonly PromiseSettledResult<T>[]): Reached<T>[] {
    const failed = settled.filter(result => result.status === 'rejected');
    if (failed.length === places.length) {
      this.#signal.throwIfAborted();
      throw places.length === 1
        ? failed[0]?.reason
        : nowhere(
            places,
            failed.map(({ reason }) => reason as unknown),
          );
    }
    for (const [index, place] of places.entries()) {
      const result = settled[index];
      if (result?.status === 'rejected') this.#lose(place, result.reason);
    }
    // what is done side by side may have lost one place here and the other there
    if (this.left.length === 0)
      throw nowhere(
        this.all,
        this.all.map(({ loss }) => loss),
      );
    return places.flatMap((place, index) => {
      const result = settled[index];
      return result?.status === 'fulfilled' ? [{ place, value: result.value }] : [];
    });
  }

  #lose(place: Place, reason: unknown): void {
    if (place.loss !== undefined) return;
    place.loss = reason;
    this.#log.warn(
      `the backup does not get into the ${place.role} (${place.store.location}): ${explanationOf(reason)}; it goes on in the ${place.role === 'store' ? 'replica' : 'store'} alone`,
    );
  }
}

/** Knows afterwards whether it was the body that failed, and not a store. */
class Remembering implements AsyncIterable<Buffer> {
  thrown: { error: unknown } | undefined;
  readonly #body: AsyncIterable<Uint8Array>;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of this.#body) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
  }
}

function nowhere(places: readonly Place[], reasons: readonly unknown[]): unknown {
  if (new Set(reasons).size === 1) return reasons[0];
  const parts = places.map(({ role }, index) => `the ${role}: ${messageOf(reasons[index])}`);
  const hint = reasons.find(reason => reason instanceof Failure)?.hint;
  return new Failure(`neither store takes the backup; ${parts.join('; ')}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: reasons[0],
  });
}
