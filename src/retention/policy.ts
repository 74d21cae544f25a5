import { wrongInput } from '../failure.ts';

/** How long: so many days, weeks, months or years, or for ever. */
export type KeepTime = { amount: number; unit: 'd' | 'w' | 'mo' | 'y' } | 'forever';

/** What is to be kept. Numbers of buckets count days, weeks, months and years that have a backup, not those of the calendar. */
export interface Policy {
  last: number;
  daily: number;
  weekly: number;
  monthly: number;
  yearly: number;
  within: KeepTime | null;
  preMigration: KeepTime;
  /** So many of the newest good whole backups are kept whatever else is said; at least 1. */
  minimum: number;
  /** Where a day begins and ends, for example `Europe/Berlin`. */
  timeZone: string;
}

/** A time such as `90d`, `8w`, `6mo`, `2y` or `forever`; throws a `RangeError` for anything else. */
export function parseKeepTime(text: string): KeepTime {
  if (text === 'forever') return 'forever';
  const [, amount, unit] = /^([1-9]\d{0,4})(d|w|mo|y)$/.exec(text) ?? [];
  if (unit === undefined) throw new RangeError('no time to keep something');
  return { amount: Number(amount), unit: unit as 'd' | 'w' | 'mo' | 'y' };
}

/** The moment at which a time that begins `from` is over; undefined for one that never is. By the calendar, in UTC. */
export function endOf(from: Date, time: KeepTime): Date | undefined {
  if (time === 'forever') return undefined;
  const end = new Date(from);
  const { amount, unit } = time;
  if (unit === 'd' || unit === 'w') end.setUTCDate(end.getUTCDate() + amount * (unit === 'w' ? 7 : 1));
  else end.setUTCMonth(end.getUTCMonth() + amount * (unit === 'y' ? 12 : 1));
  return end;
}

const ofLetter = { d: 'daily', w: 'weekly', m: 'monthly', y: 'yearly' } as const;

/** A plan in short, such as `7d 4w 12m`: daily, weekly, monthly and yearly backups. Throws where it is none, and names the input. */
export function parsePlan(text: string, input = 'keep'): Pick<Policy, 'daily' | 'weekly' | 'monthly' | 'yearly'> {
  const plan = { daily: 0, weekly: 0, monthly: 0, yearly: 0 };
  for (const word of text.split(/\s+/)) {
    const [, amount, letter] = /^([1-9]\d{0,3})([dwmy])$/.exec(word) ?? [];
    const bucket = letter === undefined ? undefined : ofLetter[letter as keyof typeof ofLetter];
    if (bucket === undefined || plan[bucket] > 0)
      throw wrongInput(input, `has the word "${word.slice(0, 12)}"`, 'it may be a plan such as 7d 4w 12m or 30d 12m');
    plan[bucket] = Number(amount);
  }
  return plan;
}

/** The policy in words. */
export function describe(policy: Policy): string {
  const counted = [
    ['newest', policy.last],
    ['daily', policy.daily],
    ['weekly', policy.weekly],
    ['monthly', policy.monthly],
    ['yearly', policy.yearly],
  ] as const;
  const parts = counted.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  const within = policy.within === null ? [] : [`all of ${describeTime(policy.within)}`];
  return [
    ...parts,
    ...within,
    `before migrations ${describeTime(policy.preMigration)}`,
    `never fewer than ${policy.minimum}`,
  ].join(', ');
}

function describeTime(time: KeepTime): string {
  return time === 'forever' ? 'for ever' : `${time.amount}${time.unit}`;
}
