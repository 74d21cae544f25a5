const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `17 bytes`, `4.2 MB`: three figures, powers of 1000. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, '')} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, and from two days on `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 2 * 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A duration that somebody chose, `30 min` or `2 h`: without a last part that is zero. */
export function formatBudget(seconds: number): string {
  return formatSeconds(seconds).replace(/(?<=[a-z]) 0 [a-z]+$/, '');
}

/** `1,234,567`; `?` for what is not known. */
export function formatCount(count: number | null): string {
  return count === null ? '?' : count.toLocaleString('en-US');
}

/** `1 table`, `1,234 tables`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `2026-11-20 03:17 UTC`. */
export function formatTime(at: Date | string): string {
  const iso = typeof at === 'string' ? at : at.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** Characters that turn the order of those around them, so that a line reads as another one (Unicode TR 36, CVE-2021-42574). */
export const turningCharacters = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Foreign text on one line of a log: control characters become `?`, and nothing of it can be a command for the runner, which obeys
 * `::` at the start of a line and `##[` anywhere (actions/runner, ActionCommand.cs).
 */
export function plainLine(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, ' | ')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
    .replaceAll(turningCharacters, '?')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '## [');
}

/** Foreign text in Markdown: shown as it is, never as markup, a link or HTML. */
export function escapeMarkdown(text: string): string {
  return plainLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()#+\-.!|~@:/$]/g, String.raw`\$&`);
}

/** Foreign text as code in Markdown: inside of HTML's tags Markdown goes on. */
export function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

/** At most `most` characters of a text, the last one `…` where there was more. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
