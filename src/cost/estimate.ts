import { type Price, prices, supabaseDatabaseEgress } from './prices.ts';

/** What a policy keeps of one database once it has been at work for long, backups going on as they do now. */
export interface SteadyUse {
  /** Days since each kept backup was made. */
  keptAgesDays: readonly number[];
  backupsPerDay: number;
  backupBytes: number;
  /** Of backups that stay for ever, beside those. */
  retainedBytes: number;
}

/** What is stored and read. */
export interface Use {
  storedBytes: number;
  /** One for each database; null where nothing says what is removed and when. */
  steady: readonly SteadyUse[] | null;
  /** Read by drills and verifies in the last 30 days. */
  readBytes: number;
  /** Of one restore. */
  restoreBytes: number;
  /** Read from the database by backups of the last 30 days, at most. */
  dumpedBytes: number;
}

/** What one place would cost, in US dollars. */
export interface Cost {
  priceId: string;
  name: string;
  /** A month of what is stored today. */
  today: number;
  /** A month of what the policy will keep; null where none was given. */
  steady: number | null;
  /** Of drills and verifies, a month. */
  reads: number;
  /** Of one restore. */
  restore: number;
  note: string | null;
  page: string;
  seenOn: string;
}

const bytesPerGb = 1e9;

/** What each place on our list of prices would cost. An estimate: no taxes, requests or free allowances, and no growth. */
export function estimateAll(use: Use): Cost[] {
  return prices.map(price => estimate(use, price));
}

/** What one place would cost. */
export function estimate({ storedBytes, steady, readBytes, restoreBytes }: Use, price: Price): Cost {
  const { id, name, note, page, seenOn, minimumGb, perGbMonth, egressPerGb, retrievalPerGb } = price;
  const storage = (bytes: number) => Math.max(bytes / bytesPerGb, minimumGb) * perGbMonth;
  const freeBytes = price.freeEgressTimes * storedBytes;
  const reading = (bytes: number) =>
    (Math.max(0, bytes - freeBytes) * egressPerGb + bytes * retrievalPerGb) / bytesPerGb;
  return {
    priceId: id,
    name,
    today: storage(storedBytes),
    steady: steady === null ? null : storage(billedBytes(steady, price.minimumDays)),
    reads: reading(readBytes),
    restore: reading(restoreBytes),
    note,
    page,
    seenOn,
  };
}

/** What leaves a database on Supabase in a month, if it is there: an upper bound, since an archive holds no indexes. */
export function supabaseEgress({ dumpedBytes }: Use): number {
  return (dumpedBytes / bytesPerGb) * supabaseDatabaseEgress.perGb;
}

/** Bytes of the steady state, as kept. */
export function steadyBytes(steady: readonly SteadyUse[]): number {
  return billedBytes(steady, 0);
}

/** With a minimum of days everything younger is billed, removed or not. */
function billedBytes(steady: readonly SteadyUse[], minimumDays: number): number {
  const parts = steady.map(({ keptAgesDays, backupsPerDay, backupBytes, retainedBytes }) => {
    const young = backupsPerDay * minimumDays;
    const old = keptAgesDays.filter(days => days >= minimumDays).length;
    return (young + old) * backupBytes + retainedBytes;
  });
  return parts.reduce((sum, bytes) => sum + bytes, 0);
}
