import { Failure } from '../failure.ts';

/** Names of files that a put has not finished; no object may be called like that. */
const partialName = /^\..*\.[0-9a-f]{16}\.partial$/s;
const longestKeyBytes = 1024; // the limit of S3

/** Returns an object's key as it is, or throws a `Failure` when it could leave the store's root or exists in no store. */
export function checkKey(key: string): string {
  const problem = problemOfKey(key);
  if (problem !== undefined) throw new Failure(`object key ${JSON.stringify(key)} ${problem}`);
  return key;
}

/** The same for the beginning of keys, whose last segment may be empty or cut short. */
export function checkPrefix(prefix: string): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const problem = problemOfText(prefix) ?? (folder === '' ? undefined : problemOfKey(folder.slice(0, -1)));
  if (problem !== undefined) throw new Failure(`key prefix ${JSON.stringify(prefix)} ${problem}`);
  return prefix;
}

/** True for the name of a file that a put has not finished. */
export function isPartialName(name: string): boolean {
  return partialName.test(name);
}

/** Compares two keys by their bytes in UTF-8, which is the order of every listing (JavaScript's own order is by UTF-16). */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function problemOfKey(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (Buffer.byteLength(key) > longestKeyBytes) return `is longer than ${longestKeyBytes} bytes`;
  return problemOfText(key) ?? key.split('/').map(problemOfSegment).find(Boolean);
}

function problemOfText(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL';
  if (text.includes('\\')) return 'holds a backslash';
  if (text.startsWith('/')) return 'starts with a slash';
  if (!text.isWellFormed()) return 'is not valid Unicode';
  return undefined;
}

function problemOfSegment(segment: string): string | undefined {
  if (segment === '') return 'has an empty segment';
  if (segment === '.' || segment === '..') return `has the segment ${segment}`;
  if (isPartialName(segment)) return 'looks like an unfinished file';
  return undefined;
}
