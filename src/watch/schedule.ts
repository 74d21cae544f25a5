import type { Finding, FindingCode } from '../finding.ts';
import { formatAge, secondsSince } from './clock.ts';
import { type Look, looked } from './look.ts';
import { dayOf, timeOf } from './words.ts';

/** A run that the schedule started. */
export interface ScheduledRun {
  createdAt: Date;
  /** GitHub's word, such as `queued`, `in_progress` or `completed`. */
  status: string;
  /** GitHub's word, such as `success`; null as long as it goes on. */
  conclusion: string | null;
  url: string;
}

/** What GitHub tells of one workflow. `state` is GitHub's word; `runs` are the newest that the schedule started, newest first. */
export type WorkflowFacts =
  | { outcome: 'read'; file: string; state: string; runs: readonly ScheduledRun[] }
  | { outcome: 'missing'; file: string }
  | { outcome: 'not read'; file: string; problem: string };

/** What GitHub tells of the repository that makes the backups. */
export type RepositoryFacts =
  | { outcome: 'read'; name: string; isPublic: boolean; isArchived: boolean; pushedAt: Date | null }
  | { outcome: 'not read'; name: string; problem: string };

export interface ScheduleFacts {
  repository: RepositoryFacts;
  workflows: readonly WorkflowFacts[];
}

export interface ScheduleLimits {
  /** How old the newest scheduled run may be. */
  maxAgeSeconds: number;
}

/** GitHub's words for a run that has not begun (docs.github.com, "REST API endpoints for workflow runs"). */
const waiting = ['queued', 'requested', 'waiting', 'pending', 'action_required'];
const longestWaitSeconds = 3 * 3600;
const daySeconds = 86_400;
/** "In a public repository, scheduled workflows are automatically disabled when no repository activity has occurred in 60 days" (docs.github.com). */
const inactiveDays = 60;
const warningDays = 45;

/** Whether the schedule of workflows still starts them, and goes on to. A workflow that does not run any more says only that. */
export function judgeSchedule(facts: ScheduleFacts, limits: ScheduleLimits, now: Date): Look {
  const { repository, workflows } = facts;
  const object = `repository ${repository.name}`;
  const codes = codesOf(facts);
  if (repository.outcome === 'read' && repository.isArchived) {
    const expected = 'a repository in use';
    return looked(codes, [{ code: 'WORKFLOW_DISABLED', object, expected, found: 'it is archived' }]);
  }
  const ofWorkflows = workflows.flatMap(workflow => judgeWorkflow(workflow, repository.name, limits, now));
  if (repository.outcome === 'read')
    return looked(codes, [...ofWorkflows, ...judgeActivity(repository, workflows, now)]);
  const unread: Finding = { code: 'GITHUB_NOT_READ', object, expected: 'an answer', found: repository.problem };
  return looked(codes, [unread, ...ofWorkflows]);
}

/** What was really looked at: a workflow that is disabled, or hidden, tells nothing of its runs. */
function codesOf({ repository, workflows }: ScheduleFacts): FindingCode[] {
  const isRead = repository.outcome === 'read';
  const areAllRead = workflows.every(({ outcome }) => outcome === 'read');
  const areAllActive = workflows.every(isActive) && !(isRead && repository.isArchived);
  return [
    'GITHUB_NOT_READ',
    ...(workflows.every(({ outcome }) => outcome !== 'not read') ? (['WORKFLOW_MISSING'] as const) : []),
    ...(isRead && (areAllRead || repository.isArchived) ? (['WORKFLOW_DISABLED'] as const) : []),
    ...(areAllActive ? (['SCHEDULE_NOT_RUNNING'] as const) : []),
    ...(areAllActive && workflows.every(hasEnded) ? (['SCHEDULE_RUN_FAILED'] as const) : []),
    ...(areAllActive ? (['SCHEDULE_RUN_STUCK'] as const) : []),
    ...(areAllActive && isRead ? (['SCHEDULE_ENDS_SOON'] as const) : []),
  ];
}

function isActive(workflow: WorkflowFacts): boolean {
  return workflow.outcome === 'read' && workflow.state === 'active';
}

/** Of a run that goes on nobody can say how it ends. */
function hasEnded(workflow: WorkflowFacts): boolean {
  return workflow.outcome === 'read' && workflow.runs.some(({ status }) => status === 'completed');
}

function judgeWorkflow(workflow: WorkflowFacts, repository: string, limits: ScheduleLimits, now: Date): Finding[] {
  const object = `workflow ${workflow.file} of ${repository}`;
  switch (workflow.outcome) {
    case 'not read':
      return [{ code: 'GITHUB_NOT_READ', object, expected: 'an answer', found: workflow.problem }];
    case 'missing': {
      const found = 'GitHub knows none of this name, or the token may not see it';
      return [{ code: 'WORKFLOW_MISSING', object, expected: 'a workflow', found }];
    }
    case 'read':
      if (workflow.state !== 'active')
        return [{ code: 'WORKFLOW_DISABLED', object, expected: 'active', found: workflow.state }];
      return judgeRuns(workflow.runs, object, limits, now);
  }
}

function judgeRuns(
  runs: readonly ScheduledRun[],
  object: string,
  { maxAgeSeconds }: ScheduleLimits,
  now: Date,
): Finding[] {
  const [newest] = runs;
  const expected = `a scheduled run in the last ${formatAge(maxAgeSeconds)}`;
  if (newest === undefined)
    return [{ code: 'SCHEDULE_NOT_RUNNING', object, expected, found: 'its schedule has never started it' }];
  const stuck = runs.filter(run => isStuck(run, now)).map(run => stuckRun(run, object, now));
  if (secondsSince(newest.createdAt, now) > maxAgeSeconds) {
    const found = `the last one was at ${timeOf(newest.createdAt)}, ${agoOf(newest.createdAt, now)}`;
    return [{ code: 'SCHEDULE_NOT_RUNNING', object, expected, found }, ...stuck];
  }
  const ended = runs.find(({ status }) => status === 'completed');
  if (ended === undefined || ended.conclusion === 'success') return stuck;
  const found = `${ended.conclusion ?? 'no conclusion'}, the run of ${timeOf(ended.createdAt)} (${ended.url})`;
  return [{ code: 'SCHEDULE_RUN_FAILED', object, expected: 'success', found }, ...stuck];
}

function isStuck({ status, createdAt }: ScheduledRun, now: Date): boolean {
  return waiting.includes(status) && secondsSince(createdAt, now) > longestWaitSeconds;
}

function stuckRun({ status, createdAt, url }: ScheduledRun, object: string, now: Date): Finding {
  const expected = `a run that begins within ${formatAge(longestWaitSeconds)}`;
  const found = `${status} since ${timeOf(createdAt)}, ${agoOf(createdAt, now)} (${url})`;
  return { code: 'SCHEDULE_RUN_STUCK', object, expected, found };
}

/** Pushes are what the API shows of GitHub's "activity"; a schedule that has been disabled already is told as such. */
function judgeActivity(
  { name, isPublic, pushedAt }: RepositoryFacts & { outcome: 'read' },
  workflows: readonly WorkflowFacts[],
  now: Date,
): Finding[] {
  if (!isPublic || !workflows.some(isActive)) return [];
  const object = `repository ${name}`;
  const expected = `a push in the last ${warningDays} days`;
  if (pushedAt === null)
    return [{ code: 'SCHEDULE_ENDS_SOON', object, expected, found: 'GitHub shows no push at all' }];
  if (secondsSince(pushedAt, now) <= warningDays * daySeconds) return [];
  const end = new Date(pushedAt.getTime() + inactiveDays * daySeconds * 1000);
  const when = end > now ? `GitHub disables the schedule on ${dayOf(end)}` : 'GitHub may disable the schedule any day';
  const found = `the last push was on ${dayOf(pushedAt)}, ${agoOf(pushedAt, now)}: ${when}`;
  return [{ code: 'SCHEDULE_ENDS_SOON', object, expected, found }];
}

function agoOf(at: Date, now: Date): string {
  return `${formatAge(secondsSince(at, now))} ago`;
}
