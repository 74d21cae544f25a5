import { wrongInput } from '../failure.ts';

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** One of a list of words. */
export function choice<const T extends string>(input: string, value: string, choices: readonly T[]): T {
  const found = choices.find(one => one === value);
  if (found !== undefined) return found;
  throw wrongInput(input, `is "${shown(value)}"`, `it may be ${choices.join(', ')}`);
}

/** `true` or `false`. */
export function flag(input: string, value: string): boolean {
  return choice(input, value, ['true', 'false']) === 'true';
}

/** A whole number between two bounds, both allowed. */
export function wholeNumber(input: string, value: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw wrongInput(input, `is "${shown(value)}"`, `it may be a whole number from ${least} to ${most}`);
}

/** A short time, `30s`, `5m`, `2h` or `1d`, in seconds; not zero. */
export function seconds(input: string, value: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})\s*([a-z]+)$/.exec(value) ?? [];
  const result = Number(amount) * (secondsPerUnit[unit] ?? Number.NaN);
  if (result > 0) return result;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be a time such as 30s, 5m, 2h or 1d');
}

/** A size such as `10MB` or `2GiB`, in bytes. */
export function sizeBytes(input: string, value: string): number {
  const [, amount, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]*)$/.exec(value) ?? [];
  const result = Math.round(Number(amount) * (bytesPerUnit[unit.toLowerCase()] ?? Number.NaN));
  if (result >= 0) return result;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be a size such as 500KB, 10MB or 2GB');
}

/** How long to keep something: `90d`, `8w`, `6mo`, `2y` or `forever`, as it was given. */
export function keepTime(input: string, value: string): string {
  if (/^(?:[1-9]\d{0,4}(?:d|w|mo|y)|forever)$/.test(value)) return value;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be 90d, 8w, 6mo, 2y or forever');
}

/** One entry a line; blank lines and lines that begin with `#` do not count. */
export function lines(value: string): string[] {
  return value
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
}

/** How pg_dump compresses: `auto`, or the value for its `--compress`. */
export function compression(input: string, value: string): string {
  if (['auto', 'none', 'lz4'].includes(value)) return value;
  const [, method, level] = /^(gzip|zstd):(\d{1,2})$/.exec(value) ?? [];
  if (method !== undefined && Number(level) >= 1 && Number(level) <= (method === 'gzip' ? 9 : 19)) return value;
  throw wrongInput(input, `is "${shown(value)}"`, 'it may be auto, none, gzip:1 to gzip:9, zstd:1 to zstd:19, or lz4');
}

/** A wrong value in a message: a word as it is, of anything else only its length, for it may be a secret in the wrong input. */
export function shown(value: string): string {
  return /^[\w .-]{1,24}$/.test(value) ? value : `${value.slice(0, 2)}… (${value.length} characters)`;
}
