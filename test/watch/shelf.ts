import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Evidence, formatEvidence } from '../../src/catalog/evidence.ts';
import { type DrillKey, type Kind, formatBackupId, formatDrillObject } from '../../src/catalog/key.ts';
import { type Manifest, formatManifest } from '../../src/catalog/manifest.ts';
import type { Context } from '../../src/commands/context.ts';
import { openInputStore } from '../../src/commands/stores.ts';
import { watch } from '../../src/commands/watch.ts';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { type Environment, readTerminal } from '../../src/inputs/raw.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import type { WatchInputs } from '../../src/inputs/watch.ts';
import type { Store } from '../../src/store/store.ts';
import { sampleManifest } from '../catalog/samples.ts';
import { ago, now } from './facts.ts';

export interface Put {
  name?: string;
  kind?: Kind;
  partial?: boolean;
  sealed?: boolean;
  manifest?: Partial<Omit<Manifest, 'totals'>> & { totals?: Partial<Manifest['totals']> };
  drills?: readonly (DrillKey & { proven?: readonly string[] })[];
  /** Beside the usual ones. */
  more?: Readonly<Record<string, string>>;
}

/** What a run of the command said beside its result. */
export interface Watched {
  result: WatchResult;
  warnings: string[];
  /** Keys that were read. */
  reads: string[];
}

const usual = { 'main.dump.age': 'rows', 'roles.sql.age': 'roles', 'schema.sql.age': 'x', 'contents.json.age': 'x' };

/** A directory store with backups that were never made, but whose manifests and evidence are as real ones. */
export class Shelf {
  readonly folder: string;
  #made = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  get store(): string {
    return pathToFileURL(this.folder).href;
  }

  /** A backup of so many seconds before `now`; gives its id. */
  async put(seconds: number, options: Put = {}): Promise<string> {
    const { name = 'shop', kind = 'scheduled', partial = false, sealed = true, drills = [], more = {} } = options;
    const at = ago(seconds);
    const digits = [...(this.#made++).toString(6).padStart(6, '0')];
    const random = digits.map(digit => 'abcdef'[Number(digit)]).join('');
    const id = formatBackupId({ at, kind, partial, random });
    const objects = Object.entries(usual).map(([object, text]) => ({
      ...sampleManifest.objects[0]!,
      object,
      sizeBytes: text.length,
    }));
    const { totals, ...rest } = options.manifest ?? {};
    const manifest: Manifest = {
      ...sampleManifest,
      id,
      name,
      kind,
      partial,
      startedAt: at.toISOString(),
      snapshotAt: at.toISOString(),
      sealedAt: at.toISOString(),
      objects,
      ...rest,
      totals: { tables: 10, rows: 1000, databaseBytes: 9_000_000, storedBytes: 5_000_000, files: 0, ...totals },
    };
    const evidence = drills.map(({ proven = ['age1example'], ...drill }) => [
      formatDrillObject(drill),
      formatEvidence(evidenceOf(id, name, drill, proven)),
    ]);
    const files: Record<string, string> = {
      ...usual,
      ...(sealed ? { 'manifest.json': formatManifest(manifest) } : {}),
      ...(Object.fromEntries(evidence) as Record<string, string>),
      ...more,
    };
    for (const [object, text] of Object.entries(files)) await this.write(`${name}/${id}/${object}`, text, at);
    return id;
  }

  async write(key: string, text: string, at = now): Promise<void> {
    const file = join(this.folder, key);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
    await utimes(file, at, at);
  }

  async read(key: string): Promise<string> {
    return readFile(join(this.folder, key), 'utf8');
  }

  async remove(key: string): Promise<void> {
    await rm(join(this.folder, key));
  }

  /** So many nightly backups, the newest of six hours ago and drilled a day ago; gives their ids, newest first. */
  async nights(count: number, options: Put = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let night = 0; night < count; night += 1)
      ids.push(
        await this.put((night + 0.25) * 86_400, {
          ...(night === 1 ? { drills: [{ at: ago(86_400), verdict: 'passed' }] } : {}),
          ...options,
        }),
      );
    return ids;
  }

  watch(more: Record<string, string> = {}, options: WatchOptions = {}): Promise<Watched> {
    return watchStore({ store: this.store, ...more }, options);
  }
}

export interface WatchOptions {
  environment?: Environment;
  now?: Date;
  signal?: AbortSignal;
  /** Something between the command and its store. */
  through?: (store: Store) => Store;
}

/** Runs the command in this process, from inputs as a terminal takes them. */
export async function watchStore(inputs: Record<string, string>, options: WatchOptions = {}): Promise<Watched> {
  const { environment = {}, through = store => store } = options;
  const args = Object.entries(inputs).map(([name, value]) => `--${name}=${value}`);
  const { inputs: raw } = readTerminal(['watch', ...args], {});
  const warnings: string[] = [...raw.warnings];
  const reads: string[] = [];
  const silent = () => {};
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-watch-'));
  const context: Context = {
    log: {
      info: silent,
      debug: silent,
      warn: line => void warnings.push(line),
      group: (_title, work) => work(),
      progress: (label, totalBytes) => ({ label, totalBytes, add: silent, end: silent }),
    },
    signal: options.signal ?? new AbortController().signal,
    now: () => options.now ?? now,
    version: '0.0.0',
    folder,
    openStore: given => {
      const store = through(openInputStore(given, () => Promise.reject(new Error('there is none'))));
      const get = store.get.bind(store);
      store.get = (key, signal) => {
        reads.push(key);
        return get(key, signal);
      };
      return store;
    },
  };
  try {
    const result = await watch(readInputs(raw, environment) as WatchInputs, context);
    return { result, warnings, reads };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a shelf that is gone after the test. */
export async function openShelf(t: TestContext): Promise<Shelf> {
  const parent = await mkdtemp(join(tmpdir(), 'lifeboat-shelf-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'store');
  await mkdir(folder);
  return new Shelf(folder);
}

function evidenceOf(backupId: string, name: string, { at, verdict }: DrillKey, proven: readonly string[]): Evidence {
  return {
    format: 1,
    backupId,
    name,
    at: at.toISOString(),
    verdict,
    codes: [],
    excluded: 0,
    stages: [],
    durationSeconds: 1,
    rtoSeconds: 1,
    maxRtoSeconds: null,
    rtoEstimateSeconds: null,
    rpoSeconds: null,
    maxRpoSeconds: null,
    backupAgeSeconds: 1,
    tables: 1,
    comparedByContent: 1,
    comparedByCount: 0,
    rows: 1,
    databaseBytes: 1,
    storedBytes: 1,
    files: 0,
    filesProven: 0,
    checks: { passed: 0, failed: 0, notVerified: 0 },
    sourceVersion: '17.5',
    serverVersion: '17.5',
    tuned: [],
    provenRecipients: [...proven],
    tool: { name: 'pg-lifeboat', version: '0.0.0' },
    machine: { system: 'Linux', cores: 2 },
    run: null,
    details: null,
  };
}
