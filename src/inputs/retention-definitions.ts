import type { InputDefinition } from './definition.ts';

/** What a policy is made of, for the store as `keep…`, for the replica as `replica-keep…`. */
const rules = {
  keep: 'The policy in short, such as `7d 4w 12m` or `30d 12m`: so many daily, weekly, monthly and yearly (`y`) backups.',
  'keep-last': 'So many of the newest backups.',
  'keep-daily': 'The newest of each day, for so many days that have a backup.',
  'keep-weekly': 'The newest of each week, which begins on Monday, for so many weeks.',
  'keep-monthly': 'The newest of each month, for so many months.',
  'keep-yearly': 'The newest of each year, for so many years.',
  'keep-within': 'Every backup of so long before the newest good one, for example `14d`.',
  'keep-pre-migration':
    'How long a backup that was made before a migration is kept besides; of one pull request only the newest.',
} as const;

/** The inputs of a policy, as the store has them. */
export const ruleNames = Object.keys(rules) as (keyof typeof rules)[];

const more: Partial<Record<keyof typeof rules, string>> = { keep: ' `list` shows what it would do.' };
const moreOfReplica: Partial<Record<keyof typeof rules, string>> = {
  keep: ' Default: nothing in the replica is ever removed.',
  'keep-pre-migration': ' Default: as `keep-pre-migration`.',
};

const ofStore = ruleNames.map((name): InputDefinition => ({
  name,
  group: 'retention',
  commands: ['backup', 'list', 'prune'],
  ...(name === 'keep-pre-migration' ? { default: '90d' } : {}),
  description: `${rules[name]}${more[name] ?? ''}`,
}));

const ofReplica = ruleNames.map((name): InputDefinition => ({
  name: `replica-${name}`,
  group: 'retention',
  commands: ['backup', 'prune'],
  description: `In the replica: ${rules[name].replace(/^./, first => first.toLowerCase())}${moreOfReplica[name] ?? ''}`,
}));

/** The inputs of the group `retention`. */
export const retentionDefinitions: readonly InputDefinition[] = [
  {
    name: 'retain',
    group: 'retention',
    commands: ['backup', 'retain'],
    description: 'Keep this backup at least so long whatever the policy says: `90d`, `8w`, `6mo`, `2y` or `forever`.',
  },
  ...ofStore,
  {
    name: 'minimum',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    default: '3',
    description: 'Never fewer than so many whole backups that nothing found wrong.',
  },
  {
    name: 'timezone',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    default: 'UTC',
    description: 'Where a day begins, for example `Europe/Berlin`.',
  },
  ...ofReplica,
];
