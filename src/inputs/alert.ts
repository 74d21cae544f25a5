import type { IssueTarget } from '../alert/issue.ts';
import type { Mail } from '../alert/mail.ts';
import { type ConditionOutcome, outcomes } from '../alert/outcome.ts';
import { secretsOfAddress } from '../alert/secrets.ts';
import { type SmtpServer, parseSmtpUrl } from '../alert/smtp-url.ts';
import { serviceOf, services } from '../alert/webhook-service.ts';
import type { Webhook } from '../alert/webhook.ts';
import { isName } from '../catalog/key.ts';
import { wrongInput } from '../failure.ts';
import type { Environment } from './raw.ts';
import { type Reader, readName } from './reader.ts';
import { choice, flag, lines, shown } from './values.ts';

export interface IssueInputs extends IssueTarget {
  token: string;
  /** For example `https://api.github.com`. */
  apiUrl: string;
}

export interface AlertInputs {
  command: 'alert';
  /** Of the database. */
  name: string;
  outcomes: readonly ConditionOutcome[];
  /**
   * Free text, told as it is. Alerts go where more people read than know the database: whoever calls this puts neither content of a table
   * nor a table's name into it.
   */
  details: string | undefined;
  /** Webhook and mail also tell that all is well. */
  tellAlways: boolean;
  runUrl: string | null;
  issue: IssueInputs | undefined;
  webhook: Webhook | undefined;
  mail: Mail | undefined;
  heartbeatUrl: URL | undefined;
  /** What of the inputs must stand in nothing that is shown or told. */
  secrets: readonly string[];
}

/** As long as a key of 96 bits in base64. */
const leastSecret = 16;
const mostOutcomes = 100;
const mostAssignees = 10;

/** Understands the inputs of `alert`. */
export function readAlert(read: Reader, environment: Environment): AlertInputs {
  const secrets = ['alert-webhook', 'heartbeat-url', 'smtp-url'].flatMap(input =>
    secretsOfAddress(read.optional(input) ?? ''),
  );
  const words = ['alert-webhook-secret', 'github-token'].flatMap(input => read.optional(input) ?? []);
  return {
    command: 'alert',
    name: readDatabase(read, environment),
    outcomes: readOutcomes(read),
    details: read.optional('details'),
    tellAlways: choice('alert-on', read.text('alert-on'), ['failure', 'always']) === 'always',
    runUrl: readRunUrl(environment),
    issue: readIssue(read, environment),
    webhook: readWebhook(read),
    mail: readMail(read),
    heartbeatUrl: readAddress(read, 'heartbeat-url'),
    secrets: [...secrets, ...words],
  };
}

/** A workflow that was given no name has one database, as far as anybody knows; a failure may come before its name is known. */
function readDatabase(read: Reader, environment: Environment): string {
  const repository = environment.GITHUB_REPOSITORY?.split('/')[1] ?? '';
  const name = readName(read) ?? (isName(repository) ? repository : undefined);
  if (name !== undefined) return name;
  throw wrongInput('name', 'is missing', 'alerts are kept by database; give the name that its backups have');
}

function readOutcomes(read: Reader): ConditionOutcome[] {
  const told = lines(read.text('outcomes')).map(line => {
    const [, condition, word, cause] = /^([A-Za-z0-9_-]{1,64})\s*:\s*([a-z]+)(?:\s+(\S.*))?$/.exec(line) ?? [];
    const outcome = outcomes.find(one => one === word);
    if (condition !== undefined && outcome !== undefined) return { condition, outcome, cause: cause ?? null };
    throw wrongInput(
      'outcomes',
      `has the line "${shown(line)}"`,
      `it may be a condition, a colon, and ${outcomes.join(', ')}, such as backup: success`,
    );
  });
  if (told.length > mostOutcomes)
    throw wrongInput('outcomes', `has ${told.length} lines`, `it may have ${mostOutcomes}`);
  const double = told.find(({ condition }, index) => told.findIndex(one => one.condition === condition) !== index);
  if (double !== undefined)
    throw wrongInput('outcomes', `has ${double.condition} twice`, 'each condition ends in one way');
  return told;
}

function readIssue(read: Reader, environment: Environment): IssueInputs | undefined {
  const isWanted = flag('alert-issue', read.text('alert-issue'));
  const labels = lines(read.optional('alert-labels') ?? '');
  const assignees = lines(read.optional('alert-assignees') ?? '').map(login => login.replace(/^@/, ''));
  const token = read.optional('github-token');
  const wrong = assignees.find(login => !/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})$/.test(login));
  if (wrong !== undefined)
    throw wrongInput('alert-assignees', `has the line "${shown(wrong)}"`, 'it may be a GitHub login, one a line');
  if (assignees.length > mostAssignees)
    throw wrongInput('alert-assignees', `has ${assignees.length} lines`, `GitHub takes ${mostAssignees}`);
  if (!isWanted) return undefined;
  if (token === undefined)
    throw wrongInput('github-token', 'is missing', 'alert-issue: true needs it, with permissions: issues: write');
  const repository = environment.GITHUB_REPOSITORY ?? '';
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw wrongInput('alert-issue', 'works only in a workflow', 'it needs GITHUB_REPOSITORY, owner/name');
  const apiUrl = environment.GITHUB_API_URL ?? 'https://api.github.com';
  return { repository, name: readDatabase(read, environment), labels, assignees, token, apiUrl };
}

function readWebhook(read: Reader): Webhook | undefined {
  const url = readAddress(read, 'alert-webhook');
  const format = choice('alert-webhook-format', read.text('alert-webhook-format'), ['auto', ...services]);
  const secret = read.optional('alert-webhook-secret');
  if (url === undefined) {
    if (secret !== undefined) throw wrongInput('alert-webhook', 'is missing', 'alert-webhook-secret is given');
    return undefined;
  }
  const service = format === 'auto' ? serviceOf(url) : format;
  if (secret !== undefined && secret.length < leastSecret)
    throw wrongInput('alert-webhook-secret', 'is too short', `it may be any ${leastSecret} characters or more`);
  if (secret !== undefined && service !== 'json')
    throw wrongInput(
      'alert-webhook-secret',
      `is given for a webhook of ${service}`,
      'only plain JSON is signed; leave it out, or say alert-webhook-format: json',
    );
  return { url, service, secret };
}

function readMail(read: Reader): Mail | undefined {
  const recipients = lines(read.optional('alert-mail') ?? '');
  const wrong = recipients.find(address => !isAddress(address));
  if (wrong !== undefined)
    throw wrongInput('alert-mail', `has the line "${shown(wrong)}"`, 'it may be an address such as team@example.com');
  const given = read.optional('alert-mail-from');
  const url = read.optional('smtp-url');
  if (url === undefined && recipients.length > 0)
    throw wrongInput('smtp-url', 'is missing', 'alert-mail needs a server that takes its e-mails');
  if (url === undefined) return undefined;
  const server = parseSmtpUrl(url, 'smtp-url');
  if (recipients.length === 0)
    throw wrongInput('alert-mail', 'is missing', 'smtp-url is given; say who gets the e-mail');
  return { server, recipients, from: readSender(given, server) };
}

function readSender(given: string | undefined, { user }: SmtpServer): string {
  const from = given ?? user ?? '';
  if (isAddress(from)) return from;
  if (given === undefined)
    throw wrongInput('alert-mail-from', 'is missing', 'the user of smtp-url is no address to send from');
  throw wrongInput('alert-mail-from', `is "${shown(given)}"`, 'it may be an address such as backups@example.com');
}

/** Plain addresses only: no names, comments or lists, and nothing that could begin another header. */
function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\],;:\\"\p{C}]+@[^\s@<>()[\],;:\\"\p{C}]+$/u.test(text);
}

function readAddress(read: Reader, input: string): URL | undefined {
  const text = read.optional(input);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && isPercentEncoded(url)) return url;
  throw wrongInput(input, 'is no address', 'it may be an address that begins with https://');
}

function isPercentEncoded({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** Of this very attempt, since a later one has its own log. */
function readRunUrl(environment: Environment): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  const attempt = environment.GITHUB_RUN_ATTEMPT;
  const text = `${server}/${repository}/actions/runs/${run}${attempt ? `/attempts/${attempt}` : ''}`;
  return server && repository && run && URL.canParse(text) ? new URL(text).href : null;
}
