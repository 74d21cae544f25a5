import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One run of one side. */
export interface Measured {
  seconds: number;
  /** User and system time of the side's own processes, servers left out. */
  cpuSeconds: number;
  /** Largest resident set of the node process, where there is one. */
  peakBytes: number | undefined;
}

export interface Measurable {
  /** A line for bash, with pipefail on. */
  script: string;
  env: Record<string, string>;
}

const pollMilliseconds = 50;

/** Runs a script under bash's `time`, and watches the peak of the node process among its children (Linux). */
export async function measure({ script, env }: Measurable): Promise<Measured> {
  const timed = `set -o pipefail; TIMEFORMAT='%R %U %S'; exec 4>&2; { time { ${script}; } 2>&4; } 2>&3`;
  const child = spawn('bash', ['-c', timed], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let times = '';
  let errors = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => (times += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let peakBytes: number | undefined;
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes ?? 0, peakOfNode(child.pid ?? 0)) || peakBytes), pollMilliseconds);
  const status = await new Promise<number | null>(resolve => child.once('close', resolve));
  clearInterval(timer);
  if (status !== 0) throw new Error(`status ${status}: ${errors}`);
  const [real = 0, user = 0, system = 0] = (times.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds: real, cpuSeconds: user + system, peakBytes };
}

/** The middle one of the values; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function peakOfNode(pid: number): number {
  let peak = 0;
  for (const child of [pid, ...childrenOf(pid)]) {
    try {
      const status = readFileSync(`/proc/${child}/status`, 'utf8');
      if (!/^Name:\s+(?:node|MainThread)/m.test(status)) continue;
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // it has just ended
    }
  }
  return peak;
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    return [...children, ...children.flatMap(childrenOf)];
  } catch {
    return [];
  }
}
