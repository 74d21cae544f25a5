import type { StoreInputs } from '../inputs/inputs.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/** What every command is handed beside its inputs. */
export interface Context {
  log: Log;
  signal: AbortSignal;
  now: () => Date;
  /** The release of pg-lifeboat, for example `1.4.0`. */
  version: string;
  /** A folder of this run's own, mode 0700, removed at its end. Nothing secret is written there. */
  folder: string;
  openStore: (inputs: StoreInputs) => Store;
}
