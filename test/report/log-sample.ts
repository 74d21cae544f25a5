import { Readable } from 'node:stream';
import { type Evidence, formatEvidence } from '../../src/catalog/evidence.ts';
import {
  type Depth,
  type Kind,
  formatBackupId,
  formatCheckObject,
  formatDrillObject,
  formatObjectKey,
} from '../../src/catalog/key.ts';
import { formatManifest } from '../../src/catalog/manifest.ts';
import { formatRetain } from '../../src/catalog/retain.ts';
import type { Context } from '../../src/commands/context.ts';
import { type ListResult, list } from '../../src/commands/list.ts';
import type { Verdict } from '../../src/finding.ts';
import { type ListInputs, type StoreInputs, readInputs } from '../../src/inputs/inputs.ts';
import { readTerminal } from '../../src/inputs/raw.ts';
import { sampleFile, sampleManifest } from '../catalog/samples.ts';

export const day = 86_400_000;
export const now = new Date('2026-11-25T16:30:00Z');

/** One backup of a shelf; each has a manifest, so that it is sealed, unless its text is null. */
export interface Shelved {
  at: Date;
  name?: string;
  kind?: Kind;
  partial?: boolean;
  reason?: string | null;
  actor?: string | null;
  storedBytes?: number;
  databaseBytes?: number;
  /** Letters, one for each stored file of 1 GB that it refers to. */
  files?: string;
  rows?: number;
  pullRequest?: number;
  retain?: string;
  checks?: readonly { at: Date; depth: Depth; verdict: Verdict }[];
  drills?: readonly (Partial<Evidence> & { at: string; verdict: Verdict })[];
  /** In place of what the manifest says. */
  listedBytes?: number;
  /** In place of the manifest's text; null: none is there. */
  manifest?: string | null;
}

export const sampleEvidence: Evidence = {
  format: 1,
  backupId: '',
  name: 'shop',
  at: '',
  verdict: 'passed',
  codes: [],
  excluded: 0,
  stages: [],
  durationSeconds: 260,
  rtoSeconds: 195,
  maxRtoSeconds: 600,
  rtoEstimateSeconds: null,
  rpoSeconds: 86_700,
  maxRpoSeconds: 93_600,
  backupAgeSeconds: 3600,
  tables: 42,
  comparedByContent: 42,
  comparedByCount: 0,
  rows: 804_110,
  databaseBytes: 2_400_000_000,
  storedBytes: 410_000_000,
  files: 0,
  filesProven: 0,
  checks: { passed: 2, failed: 0, notVerified: 0 },
  sourceVersion: '17.5',
  serverVersion: '17.6',
  tuned: [],
  provenRecipients: ['age1example'],
  tool: { name: 'pg-lifeboat', version: '0.1.0' },
  machine: { system: 'Linux 6', cores: 4 },
  run: { url: 'https://github.com/acme/shop/actions/runs/7', actor: 'octocat', commit: null },
  details: null,
};

/** Objects in memory, as a store lists and gives them; counts what is read, and how much at once. */
export class Shelf {
  readonly objects = new Map<string, string>();
  readonly sizes = new Map<string, number>();
  readonly location: string;
  reads: string[] = [];
  mostAtOnce = 0;
  #reading = 0;

  constructor(backups: readonly Shelved[], location = 's3://backups/acme?region=eu-central-1') {
    this.location = location;
    backups.forEach((backup, index) => this.#put(backup, index));
  }

  async *list(prefix: string) {
    for (const [key, text] of [...this.objects].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (key.startsWith(prefix)) yield { key, sizeBytes: this.sizes.get(key) ?? text.length, modifiedAt: now };
  }

  async get(key: string): Promise<Readable> {
    this.reads.push(key);
    this.#reading += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#reading);
    await new Promise(resolve => setImmediate(resolve));
    this.#reading -= 1;
    const text = this.objects.get(key);
    if (text === undefined) throw new Error(`no object ${key}`);
    return Readable.from([Buffer.from(text)]);
  }

  #put(backup: Shelved, index: number): void {
    const { at, name = 'shop', kind = 'scheduled', partial = false, storedBytes = 400_000_000 } = backup;
    const random = (index + 6 ** 6)
      .toString(6)
      .slice(-6)
      .replaceAll(/\d/g, digit => 'abcdef'[Number(digit)] ?? 'a');
    const id = formatBackupId({ at, kind, partial, random });
    const put = (object: string, text: string, sizeBytes = text.length) => {
      const key = formatObjectKey({ name, id, object });
      this.objects.set(key, text);
      this.sizes.set(key, sizeBytes);
    };
    const files = [...(backup.files ?? '')].map(letter => ({
      ...sampleFile,
      object: sampleFile.object.replace('a'.repeat(64), letter.repeat(64)),
      sizeBytes: 1e9,
    }));
    const manifest = formatManifest({
      ...sampleManifest,
      id,
      name,
      kind,
      partial,
      reason: backup.reason ?? null,
      pullRequest: backup.pullRequest ?? null,
      retain: backup.retain ?? null,
      totals: {
        tables: 42,
        rows: backup.rows ?? 800_000,
        databaseBytes: backup.databaseBytes ?? 2_400_000_000,
        storedBytes,
        files: files.length,
      },
      files,
      objects: [{ ...sampleManifest.objects[0]!, sizeBytes: backup.listedBytes ?? storedBytes }],
      run: {
        url: 'https://github.com/acme/shop/actions/runs/1',
        actor: backup.actor === undefined ? 'octocat' : backup.actor,
        commit: null,
      },
    });
    const text = backup.manifest === undefined ? manifest : backup.manifest;
    for (const { object, sizeBytes } of files) {
      this.objects.set(`${name}/${object}`, '');
      this.sizes.set(`${name}/${object}`, sizeBytes);
    }
    put('main.dump.age', '', storedBytes);
    if (text !== null) put('manifest.json', text);
    if (backup.retain !== undefined) put('retain.json', formatRetain(backup.retain, at));
    for (const check of backup.checks ?? []) put(formatCheckObject(check), '{}');
    for (const drill of backup.drills ?? [])
      put(
        formatDrillObject({ at: new Date(drill.at), verdict: drill.verdict }),
        formatEvidence({ ...sampleEvidence, backupId: id, name, ...drill }),
      );
  }
}

/** What `list` makes of a shelf, with inputs as a command line gives them. */
export async function listOf(
  shelved: readonly Shelved[] | Shelf,
  given: Record<string, string> = {},
  { warnings = [], hideText = false, replica }: { warnings?: string[]; hideText?: boolean; replica?: Shelf } = {},
): Promise<ListResult> {
  const shelf = shelved instanceof Shelf ? shelved : new Shelf(shelved);
  const args = Object.entries({
    store: shelf.location,
    ...(replica ? { replica: replica.location } : {}),
    ...given,
  }).map(([name, value]) => `--${name}=${value}`);
  const inputs = readInputs(readTerminal(['list', ...args], {}).inputs, {}) as ListInputs;
  const openOf = ({ input }: StoreInputs) => (input === 'replica' ? replica : shelf);
  const log = { debug: () => {}, info: () => {}, warn: (line: string) => void warnings.push(line) };
  const context = { log, now: () => now, signal: new AbortController().signal, openStore: openOf };
  return list({ ...inputs, hideText }, context as unknown as Context);
}

/** So many days of backups, some of them odd, and a drill each month: what a year and a half may look like. */
export function seasoned(days: number, more: Partial<Shelved> = {}): Shelved[] {
  return Array.from({ length: days }, (_, age): Shelved[] => {
    const at = new Date(now.getTime() - age * day - 48_000_000);
    const grown = 1 - age / (days * 2.2);
    const nightly: Shelved = {
      at,
      storedBytes: Math.round(410_000_000 * grown + (age % 7) * 1_300_000),
      databaseBytes: Math.round(2_400_000_000 * grown + (age % 5) * 9_000_000),
      rows: Math.round(8_041_100 * grown + (age % 3) * 2100),
      checks: [{ at: new Date(at.getTime() + 600_000), depth: age % 6 === 0 ? 'archive' : 'bytes', verdict: 'passed' }],
      drills: age % 28 === 10 ? [drillAfter(at, age)] : [],
      ...more,
    };
    const others: Shelved[] = [
      ...(age % 9 === 4
        ? [
            {
              ...nightly,
              at: new Date(at.getTime() + 30_000_000),
              kind: 'pre-migration' as const,
              reason: `before #${900 - age}: split the orders`,
              pullRequest: 900 - age,
              drills: [],
            },
          ]
        : []),
      ...(age % 31 === 12 ? [{ ...nightly, at: new Date(at.getTime() + 1000), partial: true, drills: [] }] : []),
      ...(age === 40
        ? [
            {
              ...nightly,
              at: new Date(at.getTime() + 2000),
              kind: 'manual' as const,
              retain: 'forever',
              reason: 'the audit of 2026',
              drills: [],
            },
          ]
        : []),
    ];
    // two nights on which nothing was made
    return age === 77 || age === 78 ? others : [nightly, ...others];
  }).flat();
}

function drillAfter(at: Date, age: number): NonNullable<Shelved['drills']>[number] {
  const isFailed = age === 94;
  return {
    at: new Date(at.getTime() + 5_000_000).toISOString(),
    verdict: isFailed ? 'failed' : age === 150 ? 'could-not-verify' : 'passed',
    codes: isFailed
      ? [
          { code: 'ROWS_DIFFER', count: 2 },
          { code: 'INDEX_MISSING', count: 1 },
        ]
      : [],
    rtoSeconds: 240 - age / 3,
  };
}
