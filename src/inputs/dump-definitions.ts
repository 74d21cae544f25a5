import type { InputDefinition } from './definition.ts';

/** The inputs of the group `dump`. */
export const dumpDefinitions: readonly InputDefinition[] = [
  {
    name: 'jobs',
    group: 'dump',
    commands: ['backup', 'drill', 'restore', 'rehearse'],
    description:
      'How much is dumped or loaded side by side, 1 to 16. Default: 1; for a drill as many as the machine has cores.',
  },
  {
    name: 'compression',
    group: 'dump',
    commands: ['backup'],
    default: 'auto',
    description: '`auto` (`zstd:1`), `none`, `gzip:1` to `gzip:9`, `zstd:1` to `zstd:19`, or `lz4`.',
  },
  {
    name: 'fingerprint',
    group: 'dump',
    commands: ['backup', 'drill', 'restore'],
    default: 'content',
    description: 'What is known of each table: its `content` and exact count, `counts` only, or `none`.',
  },
  {
    name: 'schemas',
    group: 'dump',
    commands: ['backup'],
    description: 'Only these schemas, one a line; `*` stands for anything. The backup is then partial.',
  },
  {
    name: 'exclude-schemas',
    group: 'dump',
    commands: ['backup'],
    description: 'Not these schemas. The backup is then partial.',
  },
  {
    name: 'tables',
    group: 'dump',
    commands: ['backup'],
    description: 'Only these tables, `schema.table`, one a line; without a schema `public` is meant. Partial.',
  },
  { name: 'exclude-tables', group: 'dump', commands: ['backup'], description: 'Not these tables. Partial.' },
  {
    name: 'exclude-table-data',
    group: 'dump',
    commands: ['backup'],
    description: 'These tables without their rows. Partial.',
  },
  {
    name: 'schema-only',
    group: 'dump',
    commands: ['backup', 'drill'],
    default: 'false',
    description:
      '`true`: definitions without rows. Such a backup is partial, and such a drill proves nothing and leaves no evidence.',
  },
  {
    name: 'data-only',
    group: 'dump',
    commands: ['backup'],
    default: 'false',
    description: '`true`: rows without definitions. Partial.',
  },
  {
    name: 'files',
    group: 'dump',
    commands: ['backup'],
    description:
      'Files that travel with the backup, one glob a line, such as `uploads/**`: relative to the working folder or absolute; `!` takes out again.',
  },
  {
    name: 'files-key',
    group: 'dump',
    commands: ['backup'],
    secret: true,
    description:
      'A secret by which a file that has not changed is known again and stored once, with `recipients` or GPG: make one with `openssl rand -hex 32`, and keep it.',
  },
  {
    name: 'queue-timeout',
    group: 'dump',
    commands: ['backup'],
    default: '1h',
    description: 'How long to wait for another backup of the same database that is still running.',
  },
  {
    name: 'lock-timeout',
    group: 'dump',
    commands: ['backup'],
    default: '30s',
    description: 'How long to wait for the lock on a table.',
  },
  {
    name: 'yield-after',
    group: 'dump',
    commands: ['backup'],
    default: '10s',
    description:
      'How long somebody may wait behind our locks before the dump is dropped and started again, at most three times.',
  },
  {
    name: 'client',
    group: 'dump',
    commands: ['backup', 'verify', 'drill', 'restore', 'rehearse'],
    default: 'auto',
    description:
      "Where pg_dump and pg_restore of the server's major come from: `auto`, `system`, `install`, `docker`, or a folder.",
  },
];
