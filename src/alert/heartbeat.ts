import { type Means, insistently } from '../delivery.ts';
import { sendOnce } from './http.ts';
import { type ConditionOutcome, isFailing } from './outcome.ts';

/** What a monitor outside learns: that work began, went well, or failed. */
export type Pulse = 'start' | 'success' | 'fail';

/** One pulse for a whole run: anything that failed makes it a failure; undefined where nothing ran. */
export function pulseOf(outcomes: readonly ConditionOutcome[]): Pulse | undefined {
  if (outcomes.some(isFailing)) return 'fail';
  if (outcomes.some(({ outcome }) => outcome === 'success')) return 'success';
  return outcomes.some(({ outcome }) => outcome === 'started') ? 'start' : undefined;
}

/**
 * The address of a pulse in the form of its service; undefined where that has none for it. Cronitor has `?state=`, Uptime Kuma
 * `/api/push/…?status=`, and all others are taken for healthchecks.io: the address itself, `/fail` and `/start`. Other parameters stay.
 */
export function pulseUrl(url: URL, pulse: Pulse): URL | undefined {
  const to = new URL(url);
  if (to.hostname === 'cronitor.link') {
    to.searchParams.set('state', { start: 'run', success: 'complete', fail: 'fail' }[pulse]);
    return to;
  }
  if (/\/api\/push\/[^/]+\/?$/.test(to.pathname)) {
    if (pulse === 'start') return undefined;
    to.searchParams.set('status', pulse === 'success' ? 'up' : 'down');
    to.searchParams.set('msg', pulse === 'success' ? 'OK' : 'failed');
    return to;
  }
  if (pulse !== 'success') to.pathname = `${to.pathname.replace(/\/+$/, '')}/${pulse}`;
  return to;
}

/** Sends a pulse; throws a `Failure` where the monitor did not take it. */
export async function sendPulse(url: URL, means: Means): Promise<void> {
  await insistently(means, () => sendOnce({ url, method: 'GET' }, means));
}
