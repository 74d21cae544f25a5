import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import packageJson from '../package.json' with { type: 'json' };
import { alert } from './commands/alert.ts';
import { backup } from './commands/backup.ts';
import { comment } from './commands/comment.ts';
import type { Context } from './commands/context.ts';
import { detect } from './commands/detect.ts';
import { drill } from './commands/drill.ts';
import { list } from './commands/list.ts';
import { prune } from './commands/prune.ts';
import { rehearse } from './commands/rehearse.ts';
import { restore } from './commands/restore.ts';
import { retain } from './commands/retain.ts';
import { openInputStore } from './commands/stores.ts';
import { verify } from './commands/verify.ts';
import { watch } from './commands/watch.ts';
import { type ExitStatus, Failure, explanationOf, messageOf } from './failure.ts';
import { helpText } from './inputs/help.ts';
import { type Inputs, readInputs } from './inputs/inputs.ts';
import { type Environment, type RawInputs, readAction, readTerminal } from './inputs/raw.ts';
import { secretsIn } from './inputs/secrets.ts';
import { escapeMarkdown } from './report/format.ts';
import { type RememberingLog, actionsLog, cleaner, terminalLog } from './report/log.ts';
import { writeLog, writeOutputs, writePage, writeProblem, writeSummary } from './report/outputs.ts';
import { type Result, present } from './report/present.ts';

const { version } = packageJson;

/** Runs one step of a workflow, and gives the exit status of the process. Outputs and summary are written. */
export async function runAction(environment: Environment): Promise<ExitStatus> {
  const hasSummary = environment.GITHUB_STEP_SUMMARY !== undefined;
  let secrets: string[] = [];
  try {
    const raw = readAction(environment);
    secrets = secretsIn(raw);
    for (const secret of secrets) core.setSecret(secret);
    const log = actionsLog(secrets);
    const ran = await run(raw, environment, log, () => core.getIDToken('sts.amazonaws.com'));
    const result = await writeLog(ran, environment.RUNNER_TEMP ?? tmpdir(), log);
    const presentation = present(result, log.warnings);
    core.info(presentation.text);
    writeOutputs(result, presentation);
    if (hasSummary) await writeSummary(presentation.summary);
    if (presentation.exitStatus !== 0) {
      writeProblem(presentation.text);
      core.setFailed(presentation.text.split('\n')[0] ?? 'failed');
    }
    return presentation.exitStatus;
  } catch (error) {
    const { text, exitStatus } = explain(error, cleaner(secrets));
    writeProblem(text);
    core.setFailed(text);
    if (error instanceof Error) core.debug(cleaner(secrets)(error.stack ?? ''));
    if (hasSummary) await writeSummary(`### pg-lifeboat failed\n\n${escapeMarkdown(text)}\n`);
    return exitStatus;
  }
}

/** Runs one command of a terminal, and gives the exit status. The result goes to stdout, everything else to stderr. */
export async function runTerminal(args: readonly string[], environment: Environment): Promise<ExitStatus> {
  let secrets: string[] = [];
  try {
    if (args.includes('--version')) return print(version);
    if (args.includes('--help') || args.length === 0) return print(helpText());
    const { inputs: raw, json } = readTerminal(args, environment);
    secrets = secretsIn(raw);
    const log = terminalLog(secrets, process.stderr, environment.LIFEBOAT_DEBUG === 'true');
    const result = await run(raw, environment, log, async () => {
      throw new Failure('input role-to-assume works only in a workflow', {
        hint: 'give access-key-id and secret-access-key, or an AWS profile',
        exitStatus: 64,
      });
    });
    const { text, document = text, exitStatus } = present(result, log.warnings);
    print(json ? JSON.stringify(result) : document);
    return exitStatus;
  } catch (error) {
    const { text, exitStatus } = explain(error, cleaner(secrets));
    process.stderr.write(`error: ${text}\n`);
    if (environment.LIFEBOAT_DEBUG === 'true' && error instanceof Error)
      process.stderr.write(`${cleaner(secrets)(error.stack ?? '')}\n`);
    return exitStatus;
  }
}

async function run(
  raw: RawInputs,
  environment: Environment,
  log: RememberingLog,
  webIdentityToken: () => Promise<string>,
): Promise<Result> {
  for (const warning of raw.warnings) log.warn(warning);
  const inputs = readInputs(raw, environment);
  const cancelling = new AbortController();
  const stopListening = cancelOnSignals(cancelling, log);
  const temporary = environment.RUNNER_TEMP ?? tmpdir();
  const folder = await mkdtemp(join(temporary, 'pg-lifeboat-'));
  try {
    const result = await runCommand(inputs, {
      log,
      signal: cancelling.signal,
      now: () => new Date(),
      version,
      folder,
      openStore: store => openInputStore(store, webIdentityToken),
    });
    return await writePage(result, temporary, new Date(), log);
  } finally {
    await rm(folder, { recursive: true, force: true });
    stopListening();
  }
}

function runCommand(inputs: Inputs, context: Context): Promise<Result> {
  switch (inputs.command) {
    case 'backup':
      return backup(inputs, context);
    case 'list':
      return list(inputs, context);
    case 'verify':
      return verify(inputs, context);
    case 'drill':
      return drill(inputs, context);
    case 'restore':
      return restore(inputs, context);
    case 'watch':
      return watch(inputs, context);
    case 'prune':
      return prune(inputs, context);
    case 'retain':
      return retain(inputs, context);
    case 'detect':
      return detect(inputs, context);
    case 'rehearse':
      return rehearse(inputs, context);
    case 'comment':
      return comment(inputs, context);
    case 'alert':
      return alert(inputs, context);
  }
}

/** The first signal cancels in good order, the second ends the process at once. */
function cancelOnSignals(cancelling: AbortController, log: RememberingLog): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (cancelling.signal.aborted) process.exit(1);
    log.info(`${signal}: cancelling`);
    cancelling.abort(
      new Failure(`cancelled by ${signal}`, { hint: 'nothing of this run counts as a backup; run it again' }),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}

function explain(error: unknown, clean: (line: string) => string): { text: string; exitStatus: ExitStatus } {
  if (!(error instanceof Failure))
    return { text: clean(`unexpected: ${messageOf(error)} (please report this, with the debug log)`), exitStatus: 1 };
  return {
    text: clean(explanationOf(error)),
    exitStatus: error.exitStatus,
  };
}

function print(text: string): ExitStatus {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}
