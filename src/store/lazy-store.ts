import type { Readable } from 'node:stream';
import type { ListedObject, PutOptions, Store, StoredObject } from './store.ts';

/** A store whose code is loaded when it is first used. */
export class LazyStore implements Store {
  readonly location: string;
  readonly #open: () => Promise<Store>;
  #opened: Promise<Store> | undefined;

  constructor(location: string, open: () => Promise<Store>) {
    this.location = location;
    this.#open = open;
  }

  async checkWritable(prefix: string, signal?: AbortSignal): Promise<void> {
    return (await this.#store()).checkWritable(prefix, signal);
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject> {
    return (await this.#store()).put(key, body, options);
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    return (await this.#store()).get(key, signal);
  }

  async stat(key: string, signal?: AbortSignal): Promise<ListedObject | undefined> {
    return (await this.#store()).stat(key, signal);
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject> {
    yield* (await this.#store()).list(prefix, signal);
  }

  async *listFolders(prefix: string, signal?: AbortSignal): AsyncIterable<string> {
    yield* (await this.#store()).listFolders(prefix, signal);
  }

  async remove(key: string): Promise<void> {
    return (await this.#store()).remove(key);
  }

  async clearUnfinished(prefix: string, signal?: AbortSignal): Promise<number> {
    return (await this.#store()).clearUnfinished(prefix, signal);
  }

  #store(): Promise<Store> {
    return (this.#opened ??= this.#open());
  }
}
