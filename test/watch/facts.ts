import type { Kind } from '../../src/catalog/key.ts';
import type { FindingCode } from '../../src/finding.ts';
import type { Look, WatchedBackup, WatchedManifest } from '../../src/watch/look.ts';
import { sampleManifest } from '../catalog/samples.ts';

export const now = new Date('2026-11-25T12:00:00Z');
export const hour = 3600;
export const day = 24 * hour;

/** What is not looked at around a store in a folder, where nobody asked for it. */
export const nothingOutside = [
  'whether a replica has the backups too (replica)',
  'whether GitHub still starts the backup workflow (backup-workflow)',
  "the project at Supabase, and Supabase's own backups (supabase-project)",
  'how the store is set up: it is no bucket',
];

/** The time so many seconds before now. */
export function ago(seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000);
}

/** A sealed, whole, scheduled backup of so long ago, unless said otherwise. */
export function backup(
  seconds: number,
  more: Partial<Omit<WatchedBackup, 'facts'>> & { kind?: Kind; partial?: boolean } = {},
): WatchedBackup {
  const { kind = 'scheduled', partial = false, ...rest } = more;
  const at = ago(seconds);
  return {
    id: `at-${seconds}`,
    facts: { at, kind, partial },
    sealed: true,
    sizes: new Map(),
    files: new Map(),
    modifiedAt: at,
    checks: [],
    drills: [],
    ...rest,
  };
}

/** Daily backups, the newest of half a day ago. */
export function daily(count: number): WatchedBackup[] {
  return Array.from({ length: count }, (_, index) => backup((index + 0.5) * day));
}

/** A manifest with these totals over the sample's. */
export function manifest(
  more: Partial<Omit<WatchedManifest, 'totals'>> & { totals?: Partial<WatchedManifest['totals']> } = {},
): WatchedManifest {
  return { ...sampleManifest, ...more, totals: { ...sampleManifest.totals, ...more.totals } };
}

/** Code and object of each finding. */
export function found({ findings }: Look): string[][] {
  return findings.map(({ code, object }) => [code, object]);
}

/** Whether a look answers for a code. */
export function answers({ codes }: Look, code: FindingCode): boolean {
  return codes.includes(code);
}
