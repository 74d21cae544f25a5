import { type CommandName, type InputDefinition, commandNames } from './definition.ts';
import { alarmDefinitions } from './alarm-definitions.ts';
import { dumpDefinitions } from './dump-definitions.ts';
import { migrationDefinitions } from './migration-definitions.ts';
import { retentionDefinitions } from './retention-definitions.ts';

export { type CommandName, type InputDefinition, type InputGroup, commandNames } from './definition.ts';

const all = commandNames;
const ofStore = ['backup', 'list', 'verify', 'drill', 'restore', 'watch', 'prune', 'retain'] as const;
const ofReplica = ['backup', 'list', 'watch', 'prune'] as const;

/** Every input, in groups, in the order of action.yml and the README. The one list that everything else is held against. */
export const definitions: readonly InputDefinition[] = [
  {
    name: 'command',
    group: 'what',
    commands: all,
    default: 'backup',
    description:
      'What to do: `backup`, `list`, `verify`, `drill`, `restore`, `watch`, `prune`, `retain`, `detect`, `rehearse`, `comment` or `alert`.',
  },
  {
    name: 'name',
    group: 'what',
    commands: [...ofStore, 'comment', 'alert'],
    description:
      "The database's folder in the store. Default for a backup: what tells databases apart at their provider, and the database's name; for `alert`: the repository's; for a watch: every one in the store; for the other commands: the only one in the store.",
  },
  {
    name: 'backup',
    group: 'what',
    commands: ['list', 'verify', 'drill', 'restore', 'retain'],
    default: 'latest',
    description:
      'Which backup: an id as `list` shows it; `latest`, the newest whole one; `latest-proven`, the newest that passed a drill; or, to read one, `random`: any older one.',
  },
  {
    name: 'kind',
    group: 'what',
    commands: ['backup'],
    description:
      'Why the backup is made: `scheduled`, `manual`, `pre-migration`, `pre-deployment`, `pre-restore` or `config`. Default: `scheduled` in a scheduled run, else `manual`.',
  },
  {
    name: 'reason',
    group: 'what',
    commands: ['backup'],
    description: 'Free text for the log. It is stored readable for anyone who can read the store.',
  },
  {
    name: 'new-source',
    group: 'what',
    commands: ['backup'],
    description:
      'The name once more, when another database (a new project, an upgraded server) may from now on be backed up under it.',
  },
  {
    name: 'reuse-within',
    group: 'what',
    commands: ['backup'],
    description:
      'A whole backup of this database that is younger, for example `24h`, and that no drill or verify found wrong, is taken in place of a new one.',
  },
  {
    name: 'limit',
    group: 'what',
    commands: ['list'],
    default: '30',
    description: 'How many backups, or drills, of each database to show.',
  },
  {
    name: 'drills',
    group: 'what',
    commands: ['list'],
    default: 'false',
    description: '`true`: the history of drills in place of the backups.',
  },
  {
    name: 'format',
    group: 'what',
    commands: ['list'],
    default: 'table',
    description:
      'How the log is written, to the file `log` of a step or to the terminal: `table`, `csv`, `markdown` or `html`. JSON is the output `json`, or `--json`.',
  },
  {
    name: 'database-url',
    group: 'databases',
    commands: ['backup', 'watch'],
    secret: true,
    description:
      'The database that is read: `postgresql://user:password@host:5432/database?sslmode=verify-full`. Without it a watch does not ask the database itself.',
  },
  {
    name: 'target-url',
    group: 'databases',
    commands: ['drill', 'restore', 'rehearse'],
    secret: true,
    description:
      'The database that is written; for a drill any database of a throw-away server, in which a scratch database is made; for a rehearsal the restored copy.',
  },
  {
    name: 'ssl-root-cert',
    group: 'databases',
    commands: ['backup', 'drill', 'restore', 'watch', 'rehearse'],
    description:
      "The certificate authority of the server, as PEM text or a file's path; Supabase and RDS publish theirs.",
  },
  {
    name: 'encryption',
    group: 'encryption',
    commands: ['backup'],
    default: 'age',
    description: 'How objects are encrypted: `age`, `gpg`, or, said in so many words, `none`.',
  },
  {
    name: 'recipients',
    group: 'encryption',
    commands: ['backup'],
    description: 'Public age keys (`age1…`), one a line. Two are better: one of them in a safe.',
  },
  {
    name: 'passphrase',
    group: 'encryption',
    commands: ['backup', 'verify', 'drill', 'restore'],
    secret: true,
    isVerbatim: true,
    description: 'A passphrase instead of recipients (or for gpg). Who makes backups with it can read them too.',
  },
  {
    name: 'identity',
    group: 'encryption',
    commands: ['verify', 'drill', 'restore'],
    secret: true,
    description:
      'The secret age key (`AGE-SECRET-KEY-1…`), or the whole key file. Give it only to the step that needs it.',
  },
  {
    name: 'gpg-recipients',
    group: 'encryption',
    commands: ['backup'],
    description: 'Public GPG keys, ASCII-armored, for `encryption: gpg`.',
  },
  {
    name: 'gpg-private-key',
    group: 'encryption',
    commands: ['verify', 'drill', 'restore'],
    secret: true,
    description: 'The secret GPG key, ASCII-armored; `passphrase` opens it.',
  },
  {
    name: 'store',
    group: 'where',
    commands: ofStore,
    description: 'Where backups live: `s3://bucket/prefix?region=…&endpoint=…` or `file:///folder`.',
  },
  {
    name: 'access-key-id',
    group: 'where',
    commands: ofStore,
    secret: true,
    description: 'S3 access key. Default: what the AWS SDK finds by itself.',
  },
  { name: 'secret-access-key', group: 'where', commands: ofStore, secret: true, description: 'S3 secret key.' },
  {
    name: 'session-token',
    group: 'where',
    commands: ofStore,
    secret: true,
    description: 'S3 session token, with temporary keys.',
  },
  {
    name: 'role-to-assume',
    group: 'where',
    commands: ofStore,
    description: "ARN of an AWS role that the workflow's OIDC token may assume (`permissions: id-token: write`).",
  },
  {
    name: 'replica',
    group: 'where',
    commands: ofReplica,
    description:
      'A second store, written like the first, for every backup: best in another account, so that nobody can remove both.',
  },
  {
    name: 'replica-access-key-id',
    group: 'where',
    commands: ofReplica,
    secret: true,
    description: 'S3 access key of the replica. Default: what the AWS SDK finds by itself.',
  },
  {
    name: 'replica-secret-access-key',
    group: 'where',
    commands: ofReplica,
    secret: true,
    description: 'S3 secret key of the replica.',
  },
  {
    name: 'replica-session-token',
    group: 'where',
    commands: ofReplica,
    secret: true,
    description: 'S3 session token of the replica, with temporary keys.',
  },
  {
    name: 'replica-role-to-assume',
    group: 'where',
    commands: ofReplica,
    description: "ARN of an AWS role for the replica that the workflow's OIDC token may assume.",
  },
  ...dumpDefinitions,
  {
    name: 'required-tables',
    group: 'proof',
    commands: ['backup', 'verify', 'drill', 'watch'],
    description:
      'Tables that must be there, and hold rows, one a line; else it fails. A watch looks for them in the database itself.',
  },
  {
    name: 'minimum-size',
    group: 'proof',
    commands: ['backup'],
    description: 'The least that the stored backup may weigh, for example `10MB`.',
  },
  {
    name: 'checks',
    group: 'proof',
    commands: ['drill', 'rehearse'],
    description:
      'Your own checks of the restored data, one a line: a query that gives `true` or no rows, or files that hold one each, such as `lifeboat/checks/*.sql`.',
  },
  {
    name: 'check-command',
    group: 'proof',
    commands: ['drill', 'rehearse'],
    description:
      'A shell command that must succeed against the restored copy; it finds its address in `DATABASE_URL`, and nothing else of the environment.',
  },
  {
    name: 'check-timeout',
    group: 'proof',
    commands: ['drill', 'rehearse'],
    default: '5m',
    description: 'How long each check, and `check-command`, may take. A file may say otherwise: `-- timeout: 30m`.',
  },
  {
    name: 'max-rto',
    group: 'proof',
    commands: ['drill'],
    description: 'The longest that the restore may take, for example `30m`; else the drill fails.',
  },
  {
    name: 'max-rpo',
    group: 'proof',
    commands: ['drill', 'watch'],
    description:
      'The longest time without a backup in the last 30 days, for example `25h`; else the drill or the watch fails. Default for a drill: the newest backup must not be older than 8 days.',
  },
  {
    name: 'optional-extensions',
    group: 'proof',
    commands: ['drill'],
    description: 'Extensions, one a line, that the server may lack; what rests on them is then left out, and said.',
  },
  {
    name: 'accept',
    group: 'proof',
    commands: ['backup', 'drill', 'watch', 'rehearse'],
    description:
      'What you know and accept, one a line. For a backup: `DUMP_WARNING` and a part of a warning of pg_dump. For a drill or a watch: a finding as it is printed, `CODE object`; for a drill also `upgrade`, for a server of a newer major.',
  },
  {
    name: 'keep-scratch',
    group: 'proof',
    commands: ['drill'],
    default: 'false',
    description: '`true`: leave the scratch database for a look.',
  },
  {
    name: 'tune',
    group: 'proof',
    commands: ['drill'],
    default: 'auto',
    description:
      '`auto`: a server on this machine that holds nothing else is tuned for speed during the drill, and the evidence says so; `off`: never.',
  },
  {
    name: 'report',
    group: 'proof',
    commands: ['list', 'drill', 'watch', 'rehearse'],
    default: 'auto',
    description:
      '`auto`: names of tables and other objects, and of `list` reasons and people, are hidden where a repository is public, or may be; `public`: never.',
  },
  {
    name: 'confirm',
    group: 'restore',
    commands: ['drill', 'restore'],
    description:
      "The backup's name, typed in full, when the target is the very database that it was made from, or for a drill its server.",
  },
  {
    name: 'files-to',
    group: 'restore',
    commands: ['restore'],
    description:
      'The folder that the files of the backup are written to; it must be new or empty. Without `target-url` the files alone are restored.',
  },
  {
    name: 'dry-run',
    group: 'restore',
    commands: ['restore', 'prune'],
    default: 'false',
    description: '`true`: print the plan, check everything, change nothing.',
  },
  ...migrationDefinitions,
  ...retentionDefinitions,
  ...alarmDefinitions,
  {
    name: 'github-token',
    group: 'alarm',
    commands: ['watch', 'comment', 'alert'],
    secret: true,
    description:
      'A token that may write comments (`permissions: pull-requests: write`), for `alert-issue` issues (`issues: write`), or for `backup-workflow` read runs (`actions: read`).',
  },
];

/** The inputs that one command uses. */
export function definitionsFor(command: CommandName): readonly InputDefinition[] {
  return definitions.filter(definition => definition.commands.includes(command));
}
