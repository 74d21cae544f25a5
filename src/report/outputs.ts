import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { Log } from '../log.ts';
import { messageOf } from '../failure.ts';
import { drillPage } from './drill-page.ts';
import { logPage } from './log-page.ts';
import { logDocument } from './present-list.ts';
import type { Presentation, Result } from './present.ts';
import { problemOf } from './problem.ts';
import { rehearsalPage } from './rehearsal-page.ts';

/** The largest summary that the runner takes is 1 MiB a step; the rest is cut and said. */
const summaryLimitBytes = 900 * 1024;

/** Writes the outputs of an action's step: the only place that does. */
export function writeOutputs(result: Result, { outputs }: Presentation): void {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  core.setOutput('json', JSON.stringify(result));
}

/** Writes the output that says why a step ended badly, which a job that alerts hands on. */
export function writeProblem(text: string): void {
  core.setOutput('problem', problemOf(text));
}

/** Adds Markdown to the job summary, where the runner has one. */
export async function writeSummary(markdown: string): Promise<void> {
  const bytes = Buffer.from(markdown);
  const text =
    bytes.length <= summaryLimitBytes
      ? markdown
      : `${bytes.subarray(0, summaryLimitBytes).toString('utf8')}\n\n(cut: the summary was too long)\n`;
  await core.summary.addRaw(text, true).write();
}

/**
 * Writes the HTML page of a result that has one, beside it the result itself as JSON, and gives the result with the page's path; a folder
 * that takes none is only warned of.
 */
export async function writePage(result: Result, folder: string, at: Date, log: Log): Promise<Result> {
  if (result.command === 'drill')
    return withPage(result, join(folder, `pg-lifeboat-drill-${result.backupId}`), () => drillPage(result), log);
  if (result.command === 'rehearse')
    return withPage(result, join(folder, 'pg-lifeboat-rehearsal'), () => rehearsalPage(result, at), log);
  return result;
}

async function withPage<R extends Result>(result: R, path: string, page: () => string, log: Log): Promise<R> {
  const report = `${path}.html`;
  try {
    await writeFile(report, page(), { mode: 0o600 });
    await writeFile(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 });
    return { ...result, report };
  } catch (error) {
    log.warn(`the report could not be written to ${report}: ${messageOf(error)}`);
    return result;
  }
}

/**
 * Writes the backup log of a list in its format, and as an HTML page, and gives the result with their paths; a folder that takes none is
 * only warned of.
 */
export async function writeLog(result: Result, folder: string, log: Log): Promise<Result> {
  if (result.command !== 'list') return result;
  const [only, ...others] = result.databases;
  const of = only !== undefined && others.length === 0 ? only.name : 'all';
  const base = join(folder, `pg-lifeboat-${result.shows === 'backups' ? 'log' : 'drills'}-${of}`);
  const { text, extension } = logDocument(result);
  const paths = { log: `${base}.${extension}`, report: `${base}.html` };
  try {
    await writeFile(paths.log, text, { mode: 0o600 });
    await writeFile(paths.report, logPage(result), { mode: 0o600 });
    return { ...result, ...paths };
  } catch (error) {
    log.warn(`the backup log could not be written to ${folder}: ${messageOf(error)}`);
    return result;
  }
}
