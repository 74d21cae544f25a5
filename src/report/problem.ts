import { plainLine, shorten } from './format.ts';

const longest = 300;

/**
 * Why a run ended badly, in one line that may go where alerts go. What stands in quotes, or as the value of a key, can be a value of a row
 * or a name that somebody else must not read: it becomes `…`.
 */
export function problemOf(text: string): string {
  const [line = ''] = text.split('\n');
  const without = line.replaceAll(/"[^"]*("|$)/g, '"…$1').replaceAll(/=\([^)]*\)/g, '=(…)');
  return shorten(plainLine(without), longest);
}
