/** The action's outputs, in the order of action.yml and the README. */
export const outputDefinitions: readonly { name: string; description: string }[] = [
  {
    name: 'backup-id',
    description: 'The backup that was made, verified, drilled or restored; for `list` the one that `backup` means.',
  },
  { name: 'name', description: "The database's folder in the store." },
  { name: 'verdict', description: '`passed`, `failed` or `could-not-verify`.' },
  { name: 'manifest', description: 'Key of the manifest in the store.' },
  { name: 'size-bytes', description: 'Stored bytes of the backup.' },
  { name: 'tables', description: 'How many tables the backup holds.' },
  { name: 'rows', description: 'How many rows, counted in the snapshot; empty with `fingerprint: none`.' },
  { name: 'duration-seconds', description: 'How long it took.' },
  { name: 'rto-seconds', description: 'How long the restore of a drill took, from the first byte to the last index.' },
  {
    name: 'rpo-seconds',
    description: 'The longest time without a whole backup in the last 30 days, now included.',
  },
  {
    name: 'outcomes',
    description:
      'What a watch of one database came to, one line a code, for the input `outcomes` of `alert`; empty where several were watched.',
  },
  { name: 'report', description: 'Path of the HTML report of a drill, of a rehearsal, or of the backup log.' },
  { name: 'log', description: 'Path of the backup log, in the format that `format` says.' },
  { name: 'scratch', description: 'The scratch database of a drill, where `keep-scratch` left it.' },
  { name: 'migrations', description: 'How many migrations a change brings.' },
  {
    name: 'untrusted',
    description: '`true` for the pull request of a fork or of Dependabot, whose run has no secrets.',
  },
  { name: 'pull-request', description: 'The number of the pull request that brings the change.' },
  { name: 'image', description: "A Postgres image of the backup's major that has its extensions." },
  { name: 'reused', description: '`true` where `reuse-within` found a backup that is young enough.' },
  { name: 'kept', description: 'How many backups a prune kept.' },
  { name: 'removed', description: 'How many backups a prune removed.' },
  { name: 'comment', description: 'The report of a rehearsal as Markdown, short enough for a comment.' },
  { name: 'comment-url', description: 'Where the comment is.' },
  { name: 'issue-url', description: 'The issue that `alert` keeps.' },
  {
    name: 'problem',
    description:
      'Why the step failed, in one line for `alert`, without what stands in quotes; empty where it did not fail.',
  },
  { name: 'json', description: 'Everything, as JSON.' },
];
