/** Clocks of two machines may differ by so much before one of them is called wrong. */
const skewMilliseconds = 10 * 60_000;

/** Whether a time lies in the future, further than two clocks may differ. */
export function isFuture(at: Date, now: Date): boolean {
  return at.getTime() > now.getTime() + skewMilliseconds;
}

/** Seconds since a time, not less than none. */
export function secondsSince(at: Date, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000));
}

/** `40 min`, `26 h`, `26 h 1 min`, `35 d`: rounded down, in the largest unit of which there are at least two. */
export function formatAge(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return withRest(hours, 'h', Math.floor((seconds % 3600) / 60), 'min');
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;
}
