import type { InputDefinition } from './definition.ts';

/** The inputs of the group `migration`. */
export const migrationDefinitions: readonly InputDefinition[] = [
  {
    name: 'paths',
    group: 'migration',
    commands: ['detect', 'rehearse'],
    description:
      'Where migrations lie, one glob a line, such as `db/migrations/**`. Default: the folders of the migration tools that are known.',
  },
  {
    name: 'base',
    group: 'migration',
    commands: ['detect', 'rehearse'],
    description: 'The commit to compare with. Default: what the pull request, the merge queue or the push says.',
  },
  {
    name: 'head',
    group: 'migration',
    commands: ['detect', 'rehearse'],
    description: 'The commit that brings the migrations. Default: what the event says, else `HEAD`.',
  },
  {
    name: 'migrate-command',
    group: 'migration',
    commands: ['rehearse'],
    description:
      "A shell command that applies the migrations to the database in `DATABASE_URL`, which is all that it finds in its environment. Default: the known tool's own, or `psql` for plain SQL.",
  },
  {
    name: 'migrate-role',
    group: 'migration',
    commands: ['rehearse'],
    description:
      'The role that applies migrations in production, so that its rights are rehearsed too. Default: the user of `target-url`.',
  },
  {
    name: 'migrate-timeout',
    group: 'migration',
    commands: ['rehearse'],
    default: '30m',
    description: 'How long each command may take.',
  },
  {
    name: 'down-command',
    group: 'migration',
    commands: ['rehearse'],
    description: 'A shell command that takes the migrations back; afterwards the definitions must be what they were.',
  },
  {
    name: 'repeat',
    group: 'migration',
    commands: ['rehearse'],
    default: 'false',
    description: '`true`: `migrate-command` runs a second time, and must change nothing.',
  },
  {
    name: 'max-lock',
    group: 'migration',
    commands: ['rehearse'],
    description: 'The longest that readers or writers of a table may be locked out, for example `5s`; else it fails.',
  },
  {
    name: 'pull-request',
    group: 'migration',
    commands: ['comment'],
    description: "The pull request's number. Default: what the event says.",
  },
  {
    name: 'body',
    group: 'migration',
    commands: ['comment'],
    description: 'The comment, as Markdown.',
  },
  {
    name: 'update-only',
    group: 'migration',
    commands: ['comment'],
    default: 'false',
    description: '`true`: a comment that is there is written anew, and none is begun.',
  },
];
