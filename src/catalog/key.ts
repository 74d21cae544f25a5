import { createHash, randomInt } from 'node:crypto';
import { type Verdict, verdicts } from '../finding.ts';

/** Why a backup was made; retention is decided by it. */
export const kinds = ['scheduled', 'manual', 'pre-migration', 'pre-deployment', 'pre-restore', 'config'] as const;
export type Kind = (typeof kinds)[number];

/** How deep a verify looked: `bytes` of the stored objects, or the decrypted `archive` too. */
export const depths = ['bytes', 'archive'] as const;
export type Depth = (typeof depths)[number];

/** What a backup's id says: when it began (to the second), why, and whether anything was left out by filters. */
export interface BackupId {
  at: Date;
  kind: Kind;
  partial: boolean;
  random: string;
}

/** What a key in the store is: an object of a backup (`object` may have one more folder: `checks/…`). */
export interface ObjectKey {
  name: string;
  id: string;
  object: string;
}

/** What the key of a verify's evidence says. */
export interface CheckKey {
  at: Date;
  depth: Depth;
  verdict: Verdict;
}

/** What the key of a drill's evidence says. */
export interface DrillKey {
  at: Date;
  verdict: Verdict;
}

/**
 * What the key of a file object says. Files lie beside the backups of a database, in a folder for each set of recipients, so that several
 * backups may refer to one.
 */
export interface FileKey {
  /** `recipientsIdOf`. */
  recipientsId: string;
  /** Of the plaintext, 64 hex digits; whoever does not know its key cannot tell what it is of. */
  hmac: string;
  /** Nothing stored is ever overwritten: the same file anew is another object. */
  random: string;
  suffix: '.age' | '.gpg' | '';
}

const randomAlphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const idPattern = new RegExp(`^(\\d{8}T\\d{6}Z)-(${kinds.join('|')})(-partial)?-([${randomAlphabet}]{6})$`);
const checkPattern = new RegExp(`^checks/(\\d{8}T\\d{6}Z)-(${depths.join('|')})-(${verdicts.join('|')})\\.json$`);
const drillPattern = new RegExp(`^drills/(\\d{8}T\\d{6}Z)-(${verdicts.join('|')})\\.json$`);
/** What `formatFileObject` writes. */
export const fileObjectPattern =
  /^files\/([0-9a-f]{16})\/([0-9a-f]{64})-([abcdefghijkmnpqrstuvwxyz23456789]{6})(\.age|\.gpg|)$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The object whose presence makes a backup: written last. */
export const manifestObject = 'manifest.json';
/** Says by hand how long a backup is kept. */
export const retainObject = 'retain.json';

/** A new id; two of the same second differ by their six random characters. */
export function newBackupId(at: Date, kind: Kind, partial: boolean): string {
  return formatBackupId({ at, kind, partial, random: newRandom() });
}

function newRandom(): string {
  return Array.from({ length: 6 }, () => randomAlphabet[randomInt(randomAlphabet.length)]).join('');
}

/** `20261120T031742Z-scheduled-k3f9q2`; partial ones read `…-scheduled-partial-k3f9q2`. */
export function formatBackupId({ at, kind, partial, random }: BackupId): string {
  return `${formatTime(at)}-${kind}${partial ? '-partial' : ''}-${random}`;
}

/** The inverse of `formatBackupId`; undefined for anything that it does not write. */
export function parseBackupId(text: string): BackupId | undefined {
  const [, time, kind, partial, random] = idPattern.exec(text) ?? [];
  const at = time === undefined ? undefined : parseTime(time);
  if (at === undefined || kind === undefined || random === undefined) return undefined;
  return { at, kind: kind as Kind, partial: partial !== undefined, random };
}

/** `<name>/<id>/<object>`. */
export function formatObjectKey({ name, id, object }: ObjectKey): string {
  return `${name}/${id}/${object}`;
}

/** A backup's folder as people see it: `store` is the store's location, whose query, if any, stays at the end. */
export function locationOf(store: string, name: string, id: string): string {
  const [root = '', query] = store.split('?', 2);
  return `${root.replace(/\/$/, '')}/${name}/${id}${query === undefined ? '' : `?${query}`}`;
}

/** The inverse of `formatObjectKey`; undefined for foreign objects, which nothing of ours touches. */
export function parseObjectKey(key: string): ObjectKey | undefined {
  const [name, id, ...rest] = key.split('/');
  const isOdd = rest.length === 0 || rest.some(segment => segment === '' || segment === '.' || segment === '..');
  if (name === undefined || id === undefined || isOdd) return undefined;
  if (!isName(name) || parseBackupId(id) === undefined) return undefined;
  return { name, id, object: rest.join('/') };
}

/** `checks/<time>-<depth>-<verdict>.json`. */
export function formatCheckObject({ at, depth, verdict }: CheckKey): string {
  return `checks/${formatTime(at)}-${depth}-${verdict}.json`;
}

/** The inverse of `formatCheckObject`. */
export function parseCheckObject(object: string): CheckKey | undefined {
  const [, time, depth, verdict] = checkPattern.exec(object) ?? [];
  const at = time === undefined ? undefined : parseTime(time);
  if (at === undefined) return undefined;
  return { at, depth: depth as Depth, verdict: verdict as Verdict };
}

/** `drills/<time>-<verdict>.json`. */
export function formatDrillObject({ at, verdict }: DrillKey): string {
  return `drills/${formatTime(at)}-${verdict}.json`;
}

/** The inverse of `formatDrillObject`. */
export function parseDrillObject(object: string): DrillKey | undefined {
  const [, time, verdict] = drillPattern.exec(object) ?? [];
  const at = time === undefined ? undefined : parseTime(time);
  return at === undefined ? undefined : { at, verdict: verdict as Verdict };
}

/** Names a set of recipients: 16 hex digits of a SHA-256 over the scheme and them, whatever their order. */
export function recipientsIdOf(scheme: string, recipients: readonly string[]): string {
  const text = [scheme, ...[...recipients].sort()].join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The name of a new file object. */
export function newFileObject(key: Omit<FileKey, 'random'>): string {
  return formatFileObject({ ...key, random: newRandom() });
}

/** `files/<recipients' id>/<hmac>-<random>.age`, below the database's folder. */
export function formatFileObject({ recipientsId, hmac, random, suffix }: FileKey): string {
  return `files/${recipientsId}/${hmac}-${random}${suffix}`;
}

/** The inverse of `formatFileObject`. */
export function parseFileObject(object: string): FileKey | undefined {
  const [, recipientsId, hmac, random, suffix] = fileObjectPattern.exec(object) ?? [];
  if (recipientsId === undefined || hmac === undefined || random === undefined) return undefined;
  return { recipientsId, hmac, random, suffix: suffix as FileKey['suffix'] };
}

/** `<name>/<file object>`. */
export function formatFileKey({ name, object }: { name: string; object: string }): string {
  return `${name}/${object}`;
}

/** The inverse of `formatFileKey`; undefined for foreign objects. */
export function parseFileKey(key: string): { name: string; object: string } | undefined {
  const slash = key.indexOf('/');
  const [name, object] = [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)];
  return isName(name) && parseFileObject(object) !== undefined ? { name, object } : undefined;
}

/** Whether a text may be the name of a database in the store: one path segment of plain characters, at most 100. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

function formatTime(at: Date): string {
  return at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function parseTime(text: string): Date | undefined {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) || formatTime(at) !== text ? undefined : at;
}
