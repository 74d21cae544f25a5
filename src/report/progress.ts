import { formatBytes, formatSeconds } from './format.ts';

export interface Passed {
  doneBytes: number;
  /** An expectation, undefined when there is none. */
  totalBytes: number | undefined;
  seconds: number;
}

/** `123 MB, 45.1 MB/s, 37 % of about 330 MB, about 5 s left`. More than expected is said as such. */
export function describeProgress({ doneBytes, totalBytes, seconds }: Passed): string {
  const rate = seconds > 0 ? doneBytes / seconds : 0;
  const so = `${formatBytes(doneBytes)}, ${formatBytes(rate)}/s`;
  if (totalBytes === undefined || totalBytes === 0) return so;
  if (doneBytes > totalBytes) return `${so}, more than the ${formatBytes(totalBytes)} of last time`;
  const left = rate > 0 ? `, about ${formatSeconds((totalBytes - doneBytes) / rate)} left` : '';
  return `${so}, ${Math.floor((100 * doneBytes) / totalBytes)} % of about ${formatBytes(totalBytes)}${left}`;
}

/** A bar of `width` cells, empty where nothing is expected. */
export function bar({ doneBytes, totalBytes }: Passed, width: number): string {
  if (totalBytes === undefined || totalBytes === 0) return '';
  const full = Math.min(width, Math.floor((width * doneBytes) / totalBytes));
  return `[${'='.repeat(full)}${' '.repeat(width - full)}] `;
}
