import { wrongInput } from '../failure.ts';
import type { Environment } from './raw.ts';
import type { Reader } from './reader.ts';
import { flag, lines, shown } from './values.ts';

/** The workflows that make the backups, and how GitHub is asked about them. */
export interface ScheduleInputs {
  /** `owner/name`. */
  repository: string;
  /** Names of files in `.github/workflows`. */
  workflows: readonly string[];
  token: string;
  /** For example `https://api.github.com`. */
  apiUrl: string;
}

export interface SupabaseInputs {
  /** Its reference: 20 letters. */
  project: string;
  token: string;
  expectPitr: boolean;
}

/** What a watch looks at around the backups; undefined where nobody asked for it. */
export interface OutsideInputs {
  schedule: ScheduleInputs | undefined;
  supabase: SupabaseInputs | undefined;
  checkBucket: boolean;
  /** What of the inputs must stand in nothing that is shown. */
  secrets: readonly string[];
}

const mostWorkflows = 20;

/** Understands what a watch is to look at outside. Half of what a look needs is refused, since it would never be looked at. */
export function readOutside(read: Reader, environment: Environment): OutsideInputs {
  const secrets = ['github-token', 'supabase-access-token'].flatMap(input => read.optional(input) ?? []);
  return {
    schedule: readSchedule(read, environment),
    supabase: readSupabase(read),
    checkBucket: flag('check-bucket', read.text('check-bucket')),
    secrets,
  };
}

function readSchedule(read: Reader, environment: Environment): ScheduleInputs | undefined {
  const workflows = lines(read.optional('backup-workflow') ?? '').map(readWorkflowFile);
  const given = read.optional('watch-repository');
  const token = read.optional('github-token');
  if (workflows.length === 0) {
    if (given === undefined) return undefined;
    throw wrongInput('backup-workflow', 'is missing', 'watch-repository is given; say which of its workflows backs up');
  }
  if (workflows.length > mostWorkflows)
    throw wrongInput('backup-workflow', `has ${workflows.length} lines`, `it may have ${mostWorkflows}`);
  if (token === undefined)
    throw wrongInput('github-token', 'is missing', 'backup-workflow needs it, with permissions: actions: read');
  const repository = given ?? environment.GITHUB_REPOSITORY;
  if (repository === undefined)
    throw wrongInput('watch-repository', 'is missing', 'outside of a workflow backup-workflow needs it, owner/name');
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(repository))
    throw wrongInput('watch-repository', `is "${shown(repository)}"`, 'it may be owner/name');
  return { repository, workflows, token, apiUrl: environment.GITHUB_API_URL ?? 'https://api.github.com' };
}

function readWorkflowFile(line: string): string {
  const file = line.replace(/^\.github\/workflows\//, '');
  if (/^[\w.-]+\.ya?ml$/.test(file)) return file;
  throw wrongInput(
    'backup-workflow',
    `has the line "${shown(line)}"`,
    'it may be the name of a file in .github/workflows, such as backup.yml, one a line',
  );
}

function readSupabase(read: Reader): SupabaseInputs | undefined {
  const token = read.optional('supabase-access-token');
  const project = read.optional('supabase-project');
  const expectPitr = flag('expect-pitr', read.text('expect-pitr'));
  if (token === undefined && project === undefined) {
    if (!expectPitr) return undefined;
    throw wrongInput('supabase-project', 'is missing', 'expect-pitr asks Supabase about a project');
  }
  if (project === undefined) throw wrongInput('supabase-project', 'is missing', 'supabase-access-token is given');
  if (token === undefined) throw wrongInput('supabase-access-token', 'is missing', 'supabase-project is given');
  if (!/^[a-z]{20}$/.test(project))
    throw wrongInput(
      'supabase-project',
      `is "${shown(project)}"`,
      "it may be a project's reference, 20 letters, as in https://<reference>.supabase.co",
    );
  return { token, project, expectPitr };
}
