import type { InputDefinition } from './definition.ts';

/** The inputs of the group `alarm`. */
export const alarmDefinitions: readonly InputDefinition[] = [
  {
    name: 'max-age',
    group: 'alarm',
    commands: ['watch'],
    default: '26h',
    description: 'How old the newest whole backup may be: the time between two of them, and what a late run needs.',
  },
  {
    name: 'max-drill-age',
    group: 'alarm',
    commands: ['watch'],
    default: '35d',
    description:
      'How long ago a drill may have passed, and how long a new recipient may stay unproven; `off` for a team that does not drill, which each report then says.',
  },
  {
    name: 'max-shrink',
    group: 'alarm',
    commands: ['watch'],
    default: '30%',
    description:
      'By how much size, rows or tables of the newest backup may be less than what is usual: the median of the ten before it, of which there must be three.',
  },
  {
    name: 'max-size',
    group: 'alarm',
    commands: ['watch'],
    description: 'How large the database itself may be, for example `400GB`; needs `database-url`.',
  },
  {
    name: 'backup-workflow',
    group: 'alarm',
    commands: ['watch'],
    description:
      'The workflow with the schedule of your backups, the name of its file such as `backup.yml`, one a line: is it enabled, did it run within `max-age`, did it go well. Needs `github-token` with `permissions: actions: read`.',
  },
  {
    name: 'watch-repository',
    group: 'alarm',
    commands: ['watch'],
    description: 'Where `backup-workflow` lies, `owner/name`, if it is another repository than this one.',
  },
  {
    name: 'supabase-project',
    group: 'alarm',
    commands: ['watch'],
    description:
      "A Supabase project's reference, 20 letters: is it up, and does Supabase make its own backups. Needs `supabase-access-token`.",
  },
  {
    name: 'supabase-access-token',
    group: 'alarm',
    commands: ['watch'],
    secret: true,
    description: 'A personal access token of Supabase; one that may only read this project and its backups is enough.',
  },
  {
    name: 'expect-pitr',
    group: 'alarm',
    commands: ['watch'],
    default: 'false',
    description: '`true`: it is a finding when point-in-time recovery of `supabase-project` is off.',
  },
  {
    name: 'check-bucket',
    group: 'alarm',
    commands: ['watch'],
    default: 'true',
    description:
      '`true`: of a store in a bucket it is looked at whether others can read it, whether it keeps versions, and whether lifecycle rules remove backups; `false`: never.',
  },
  {
    name: 'outcomes',
    group: 'alarm',
    commands: ['alert'],
    description:
      'What is told of, one a line: a condition, how it ended (`success`, `failure`, `cancelled`, `skipped` or `started`), and after that why, as in `backup: failure the disk is full`.',
  },
  {
    name: 'details',
    group: 'alarm',
    commands: ['alert'],
    description:
      'Free text for what is told of a failure. Whoever reads an alert reads it: no data, no names of tables.',
  },
  {
    name: 'alert-on',
    group: 'alarm',
    commands: ['alert'],
    default: 'failure',
    description:
      'What webhook and mail tell: `failure` (what failed, what recovered as far as `alert-issue` knows it, and every restore) or `always`.',
  },
  {
    name: 'alert-issue',
    group: 'alarm',
    commands: ['alert'],
    default: 'false',
    description:
      '`true`: one GitHub issue for each database, opened at a failure, closed when all that failed went well again.',
  },
  {
    name: 'alert-labels',
    group: 'alarm',
    commands: ['alert'],
    description: 'Labels of a new issue, one a line.',
  },
  {
    name: 'alert-assignees',
    group: 'alarm',
    commands: ['alert'],
    description: 'Who is assigned to a new issue, one GitHub login a line, at most ten.',
  },
  {
    name: 'alert-webhook',
    group: 'alarm',
    commands: ['alert'],
    secret: true,
    description:
      'The address of a webhook: Slack, Discord, Teams, Mattermost, Google Chat, or anything that takes JSON.',
  },
  {
    name: 'alert-webhook-format',
    group: 'alarm',
    commands: ['alert'],
    default: 'auto',
    description:
      'What the webhook takes: `auto` (by its address), `slack`, `discord`, `teams`, `mattermost`, `google-chat` or `json`.',
  },
  {
    name: 'alert-webhook-secret',
    group: 'alarm',
    commands: ['alert'],
    secret: true,
    isVerbatim: true,
    description:
      'Signs plain JSON: the header `x-lifeboat-signature-256` is `sha256=` and the HMAC-SHA256 of the body in hex.',
  },
  {
    name: 'alert-mail',
    group: 'alarm',
    commands: ['alert'],
    description: 'Who gets an e-mail, one address a line.',
  },
  {
    name: 'alert-mail-from',
    group: 'alarm',
    commands: ['alert'],
    description: 'The address that e-mails come from. Default: the user of `smtp-url`, where that is an address.',
  },
  {
    name: 'smtp-url',
    group: 'alarm',
    commands: ['alert'],
    secret: true,
    description:
      'The mail server: `smtps://user:password@host:465`, or `smtp://user:password@host:587` for STARTTLS, which must succeed.',
  },
  {
    name: 'heartbeat-url',
    group: 'alarm',
    commands: ['alert'],
    secret: true,
    description:
      'A monitor outside that raises the alarm when nothing comes: called on success, with `/fail` on a failure, with `/start` on `started`, as healthchecks.io has it; Uptime Kuma and Cronitor by their own forms.',
  },
];
