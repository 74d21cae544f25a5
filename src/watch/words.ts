/** `2026-11-20 03:17 UTC`. */
export function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `2026-11-20`, the day in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
