import type { StoreCost } from '../commands/log-cost.ts';
import type { Cost } from '../cost/estimate.ts';
import { formatBytes, formatCount, plural } from './format.ts';

/** `$0.28`, `$1,240`; what is less than a cent is `<$0.01`. */
export function formatDollars(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars < 0.01) return '<$0.01';
  if (dollars >= 1000) return `$${formatCount(Math.round(dollars))}`;
  return `$${dollars.toFixed(2)}`;
}

/** What the store's own place costs, in one line; null where its URL tells no place on our list. */
export function costLine(cost: StoreCost): string | null {
  const here = cost.all.find(({ priceId }) => priceId === cost.here);
  if (here === undefined) return null;
  const later =
    here.steady === null || cost.steadyBytes === null
      ? ''
      : `, ${formatDollars(here.steady)} once the policy has settled (${formatBytes(cost.steadyBytes)})`;
  return `about ${formatBytes(cost.storedBytes)} stored: ${formatDollars(here.today)} a month on ${here.name}${later}; one restore ${formatDollars(here.restore)}`;
}

export const costColumns = ['Place', 'Today', 'In the end', 'Reads', 'One restore'];

/** One place in a table: a month of what is stored today and in the end, of reads, and one restore. */
export function costCells({ name, today, steady, reads, restore }: Cost): string[] {
  return [
    name,
    formatDollars(today),
    steady === null ? '?' : formatDollars(steady),
    formatDollars(reads),
    formatDollars(restore),
  ];
}

/** What the columns mean, and what is not in them. */
export function costNotes(cost: StoreCost): string[] {
  const readings = `${plural(cost.drills, 'drill')} and ${formatCount(cost.verifies)} ${cost.verifies === 1 ? 'verify' : 'verifies'}`;
  const end =
    cost.steadyBytes === null
      ? `What it costs in the end is not known: ${cost.steadyUnknown ?? ''}.`
      : `In the end the policy keeps about ${formatBytes(cost.steadyBytes)}, if backups go on as they do and do not grow.`;
  const seen = [...new Set(cost.all.map(({ seenOn }) => seenOn))].sort();
  return [
    `A month of ${formatBytes(cost.storedBytes)}, in US dollars. ${end}`,
    `Reads are ${readings} of the last 30 days (${formatBytes(cost.readBytes)}); a restore reads ${formatBytes(cost.restoreBytes)}.`,
    `List prices as seen on ${seen.join(' and ')}, without taxes, requests and free allowances.`,
    `If the databases are on Supabase, backups of 30 days take at most ${formatBytes(cost.dumpedBytes)} out of them: ${formatDollars(cost.supabaseEgress)} once the plan's egress is used up.`,
  ];
}
