import { type Means, NotYet, beginningOf, describeFault, insistently, refusalOf } from '../delivery.ts';
import { Failure, wrongInput } from '../failure.ts';

export interface ManagementOptions {
  /** Default: `https://api.supabase.com`. */
  apiUrl?: string | undefined;
  /** A personal access token. */
  token: string;
  means: Means;
}

/** Supabase's Management API with one token (supabase.com/docs/reference/api). */
export interface Management {
  /** Supabase's word for how the project is, such as `ACTIVE_HEALTHY`. Throws a `Failure` where it does not tell. */
  readStatus(project: string): Promise<string>;
  /** The backups that Supabase made of the project. Throws a `Failure` where it does not tell. */
  readBackups(project: string): Promise<ProjectBackups>;
}

export interface ProjectBackups {
  /** `status` is Supabase's word; only `COMPLETED` is a backup. */
  backups: { status: string; at: Date }[];
  hasPitr: boolean;
  /** How far recovery to a point in time reaches; null where none is named. */
  latestPointAt: Date | null;
}

type Content = Record<string, unknown>;

/** A month of daily backups has some 5 kB. */
const mostBytesRead = 1024 * 1024;
const longestReason = 200;

/** Opens the API. The token stands in one header of requests to this host alone, and in no error. */
export function openManagement({ apiUrl = 'https://api.supabase.com', token, means }: ManagementOptions): Management {
  // fetch puts a header that it cannot send into its error
  if (!/^[\x21-\x7e]+$/.test(token))
    throw wrongInput(
      'supabase-access-token',
      'is no token: it has characters that none has',
      'give it as it was shown',
    );
  const get = (path: string) =>
    insistently(means, async () => contentOf(await ask(new URL(path, apiUrl), token, means), path));
  return {
    async readStatus(project) {
      const path = `/v1/projects/${project}`;
      const { status } = await get(path);
      if (typeof status !== 'string' || status === '') throw nonsense(path);
      return status;
    },
    async readBackups(project) {
      const path = `/v1/projects/${project}/database/backups`;
      return backupsOf(await get(path), path);
    },
  };
}

async function ask(url: URL, token: string, means: Means): Promise<string> {
  const { signal, timeoutMilliseconds, version } = means;
  const what = `GET ${url.pathname}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      // nothing of this API leads elsewhere, and the token would go along
      redirect: 'manual',
      headers: { accept: 'application/json', authorization: `Bearer ${token}`, 'user-agent': `pg-lifeboat/${version}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
    });
    text = await textOf(response);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw new NotYet(`Supabase did not do ${what}: ${describeFault(error, timeoutMilliseconds)}`);
  }
  if (response.status === 200) return text;
  const reason = reasonOf(text).replaceAll(token, '***');
  const problem = `Supabase refused ${what} with status ${response.status}${reason === '' ? '' : `: ${reason}`}`;
  throw refusalOf(response, problem);
}

async function textOf(response: Response): Promise<string> {
  const bytes = await beginningOf(response, mostBytesRead + 1);
  if (bytes.length > mostBytesRead) throw new Failure('Supabase answered with more than 1 MiB');
  return bytes.toString('utf8');
}

function contentOf(text: string, path: string): Content {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Failure(`Supabase answered GET ${path} with something that is no JSON`);
  }
  return record(content, path);
}

function backupsOf(content: Content, path: string): ProjectBackups {
  const { backups, pitr_enabled: hasPitr, physical_backup_data: physical } = content;
  if (!Array.isArray(backups) || typeof hasPitr !== 'boolean') throw nonsense(path);
  const { latest_physical_backup_date_unix: seconds } = record(physical ?? {}, path);
  return {
    backups: backups.map(backup => {
      const { status, inserted_at: at } = record(backup, path);
      if (typeof status !== 'string') throw nonsense(path);
      return { status, at: dateOf(typeof at === 'string' ? at : Number.NaN, path) };
    }),
    hasPitr,
    latestPointAt: seconds === undefined || seconds === null ? null : dateOf(Number(seconds) * 1000, path),
  };
}

function record(value: unknown, path: string): Content {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw nonsense(path);
  return value as Content;
}

function dateOf(value: string | number, path: string): Date {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) throw nonsense(path);
  return at;
}

function nonsense(path: string): Failure {
  return new Failure(`Supabase answered GET ${path} with something else than its API says`);
}

/** A 403 names the permissions that a scoped token lacks (supabase.com/changelog, "Scoped personal access tokens"). */
function reasonOf(text: string): string {
  try {
    const { message, missing_permissions: missing } = JSON.parse(text) as Content;
    const lacking = Array.isArray(missing) ? `missing permissions: ${missing.map(String).join(', ')}` : '';
    return [typeof message === 'string' ? message : '', lacking]
      .filter(part => part !== '')
      .join('; ')
      .slice(0, longestReason);
  } catch {
    return '';
  }
}
