import type { InputDefinition } from './definition.ts';

/** The inputs of the group `retention`. */
export const retentionDefinitions: readonly InputDefinition[] = [
  {
    name: 'retain',
    group: 'retention',
    commands: ['backup', 'retain'],
    description: 'Keep this backup at least so long whatever the policy says: `90d`, `8w`, `6mo`, `2y` or `forever`.',
  },
  {
    name: 'keep',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description:
      'The policy in short, such as `7d 4w 12m` or `30d 12m`: so many daily, weekly, monthly and yearly (`y`) backups. `list` shows what it would do.',
  },
  {
    name: 'keep-last',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'So many of the newest backups.',
  },
  {
    name: 'keep-daily',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'The newest of each day, for so many days that have a backup.',
  },
  {
    name: 'keep-weekly',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'The newest of each week, which begins on Monday, for so many weeks.',
  },
  {
    name: 'keep-monthly',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'The newest of each month, for so many months.',
  },
  {
    name: 'keep-yearly',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'The newest of each year, for so many years.',
  },
  {
    name: 'keep-within',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    description: 'Every backup of so long before the newest good one, for example `14d`.',
  },
  {
    name: 'keep-pre-migration',
    group: 'retention',
    commands: ['backup', 'list', 'prune'],
    default: '90d',
    description:
      'How long a backup that was made before a migration is kept besides; of one pull request only the newest.',
  },
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
];
