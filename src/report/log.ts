import * as core from '@actions/core';
import type { Log, Progress } from '../log.ts';
import { plainLine } from './format.ts';
import { bar, describeProgress } from './progress.ts';

/** A log that also remembers its warnings, for the summary. */
export interface RememberingLog extends Log {
  readonly warnings: readonly string[];
}

const progressEveryMilliseconds = 5_000;
const barEveryMilliseconds = 200;
const barCells = 24;

/** The runner's log: groups, annotations, a progress line every few seconds. */
export function actionsLog(secrets: readonly string[]): RememberingLog {
  const clean = cleaner(secrets);
  const warnings: string[] = [];
  const info = (line: string) => core.info(clean(line));
  return {
    warnings,
    info,
    warn(line) {
      warnings.push(clean(line));
      core.warning(clean(line));
    },
    debug: line => core.debug(clean(line)),
    async group(title, work) {
      core.startGroup(clean(title));
      try {
        return await work();
      } finally {
        core.endGroup();
      }
    },
    progress: (label, totalBytes) => lineProgress(label, totalBytes, info),
  };
}

/** The terminal's log, all on stderr: what stdout carries is the result. A real bar where stderr is a terminal. */
export function terminalLog(secrets: readonly string[], stream: NodeJS.WriteStream, debug: boolean): RememberingLog {
  const clean = cleaner(secrets);
  const warnings: string[] = [];
  const write = (line: string) => void stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}${line}\n`);
  return {
    warnings,
    info: line => write(`  ${clean(line)}`),
    warn(line) {
      warnings.push(clean(line));
      write(`warning: ${clean(line)}`);
    },
    debug: line => void (debug && write(`debug: ${clean(line)}`)),
    async group(title, work) {
      write(clean(title));
      return work();
    },
    progress(label, totalBytes) {
      if (!stream.isTTY) return lineProgress(label, totalBytes, line => write(`  ${line}`));
      return barProgress(label, totalBytes, stream);
    },
  };
}

/** Masks secrets, though none should ever come here, and makes foreign text harmless. */
export function cleaner(secrets: readonly string[]): (line: string) => string {
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return line => plainLine(longestFirst.reduce((text, secret) => text.replaceAll(secret, '***'), line));
}

function lineProgress(label: string, totalBytes: number | undefined, write: (line: string) => void): Progress {
  return drawnEvery(progressEveryMilliseconds, label, totalBytes, (passed, isEnd) => {
    if (!isEnd || passed.doneBytes > 0)
      write(`${label}: ${describeProgress(isEnd ? { ...passed, totalBytes: undefined } : passed)}`);
  });
}

function barProgress(label: string, totalBytes: number | undefined, stream: NodeJS.WriteStream): Progress {
  return drawnEvery(barEveryMilliseconds, label, totalBytes, (passed, isEnd) => {
    const line = `  ${label}: ${isEnd ? '' : bar(passed, barCells)}${describeProgress(isEnd ? { ...passed, totalBytes: undefined } : passed)}`;
    stream.write(`\r\u001b[K${line.slice(0, (stream.columns || 80) - 1)}${isEnd ? '\n' : ''}`);
  });
}

function drawnEvery(
  milliseconds: number,
  label: string,
  totalBytes: number | undefined,
  draw: (passed: { doneBytes: number; totalBytes: number | undefined; seconds: number }, isEnd: boolean) => void,
): Progress {
  const startedAt = performance.now();
  let doneBytes = 0;
  const passed = () => ({ doneBytes, totalBytes, seconds: (performance.now() - startedAt) / 1000 });
  const timer = setInterval(() => draw(passed(), false), milliseconds);
  timer.unref();
  return {
    label,
    totalBytes,
    add(bytes) {
      doneBytes += bytes;
    },
    end() {
      clearInterval(timer);
      draw(passed(), true);
    },
  };
}
