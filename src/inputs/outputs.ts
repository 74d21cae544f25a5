/** The action's outputs, in the order of action.yml and the README. */
export const outputDefinitions: readonly { name: string; description: string }[] = [
  {
    name: 'backup-id',
    description: 'The backup that was made, verified, drilled or restored; for `list` the newest one.',
  },
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
  { name: 'report', description: 'Path of the HTML report of a drill.' },
  { name: 'json', description: 'Everything, as JSON.' },
];
