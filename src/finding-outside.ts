import { failed, unknown } from './finding-meaning.ts';

/** Codes of what a watch finds around the backups: the workflow's schedule, the platform's own backups, the bucket. */
export const outside = {
  WORKFLOW_DISABLED: failed(
    'GitHub runs the backup workflow no more',
    'enable the workflow on the Actions page of the repository, or move it to a repository that is in use',
  ),
  WORKFLOW_MISSING: unknown(
    'GitHub shows no such workflow to this token',
    'check backup-workflow (the file in .github/workflows on the default branch), watch-repository, and the right actions: read of github-token',
  ),
  SCHEDULE_NOT_RUNNING: failed(
    'the backup workflow has not been started by its schedule for longer than max-age',
    "look at the workflow's schedule and its runs; it must be on the default branch",
  ),
  SCHEDULE_RUN_FAILED: failed(
    'the last scheduled run of the backup workflow did not go well',
    'look at its log, mend what failed, and run it again',
  ),
  SCHEDULE_RUN_STUCK: failed(
    'a scheduled run of the backup workflow has been waiting for too long to begin',
    'look whether its runner is online, whether it waits for an approval, and what else holds its concurrency group',
  ),
  SCHEDULE_ENDS_SOON: failed(
    'GitHub will soon disable the schedule, since nothing happens in this public repository',
    'push a commit, or enable the workflow once more, before that day',
  ),
  GITHUB_NOT_READ: unknown(
    'GitHub could not be asked about the backup workflow',
    'read the reason; github-token needs actions: read, and for another repository a token of its own',
  ),
  PLATFORM_BACKUP_NONE: failed(
    'Supabase shows no backup of its own of this project',
    'take a plan with backups; where yours are enough for you, accept it by name',
  ),
  PLATFORM_BACKUP_TOO_OLD: failed(
    "Supabase's own newest backup is old",
    "look at the project's backups in Supabase's dashboard, and ask its support",
  ),
  PITR_OFF: failed(
    'point-in-time recovery is off, though expect-pitr is true',
    "turn it on in the project's add-ons, or leave expect-pitr out",
  ),
  PITR_BEHIND: failed(
    "Supabase's point-in-time recovery reaches less far than it should",
    'a database that nobody writes to has no newer point; else ask the support of Supabase',
  ),
  PROJECT_NOT_ACTIVE: failed(
    'the Supabase project is not up',
    'restore a paused project in the dashboard while that is possible, or look at its state there',
  ),
  SUPABASE_NOT_READ: unknown(
    'Supabase could not be asked about the project',
    'read the reason; check supabase-project, and that supabase-access-token may read the project and its backups',
  ),
  BUCKET_PUBLIC: failed(
    'others can read the bucket, or list it, without credentials',
    'take away the public policy or grant, and block public access; who has the encryption key decides what they learned',
  ),
  BUCKET_NOT_VERSIONED: failed(
    'the bucket keeps neither versions nor locks: whoever may write there can destroy all backups',
    'enable versioning or object lock; where the store has another way, accept it by name',
  ),
  LIFECYCLE_EATS_BACKUPS: failed(
    'a lifecycle rule of the bucket removes or archives backups by their age alone, the last good one too',
    'take the rule away, or keep it off this prefix; prune removes backups by a policy',
  ),
  BUCKET_NOT_READ: unknown(
    'a setting of the bucket could not be read',
    'give the credentials the right that is named; where the store does not offer it, look yourself and accept it by name',
  ),
} as const;
