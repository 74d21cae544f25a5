import { Failure } from '../failure.ts';

/** What a dump's stderr said although it ended well. */
export interface DumpWarnings {
  /** Known and harmless, or accepted by the user: said and recorded. */
  said: string[];
  /** Parts of the database that the dump leaves out by its own words. */
  notCaptured: { what: string; reason: string }[];
}

const harmless = [
  /has (?:a )?collation version mismatch|has no actual collation version/,
  /there are circular foreign-key constraints (?:on|among)/,
];
const leavesOut = [
  {
    pattern: /subscriptions not dumped because current user is not a superuser/,
    what: 'subscriptions',
    reason: 'only a superuser may read them',
  },
];

/**
 * Judges what a pg_dump that ended with status 0 wrote to stderr. A warning that we do not know, and that the user did not accept by
 * a part of its text, fails the backup: silence about it would be a false green.
 */
export function judgeWarnings(program: string, stderr: string, accepted: readonly string[]): DumpWarnings {
  const said: string[] = [];
  const notCaptured: DumpWarnings['notCaptured'] = [];
  for (const message of messages(stderr)) {
    const left = leavesOut.find(({ pattern }) => pattern.test(message));
    if (left) notCaptured.push({ what: left.what, reason: left.reason });
    else if (harmless.some(pattern => pattern.test(message)) || accepted.some(text => message.includes(text)))
      said.push(message);
    else {
      throw new Failure(`${program} ended well but warned: ${message.slice(0, 300)}`, {
        hint: 'look into it; if it is harmless, give the input accept the line DUMP_WARNING and a part of this text',
      });
    }
  }
  return { said, notCaptured };
}

/** One message each: a line, with the DETAIL and HINT lines and indented lines that belong to it. */
function messages(stderr: string): string[] {
  const result: string[] = [];
  for (const line of stderr.split('\n').filter(text => text.trim() !== '')) {
    const continues = /^(?:\s|DETAIL:|HINT:|CONTEXT:|LINE \d|\w+: (?:detail|hint):)/.test(line);
    if (continues && result.length > 0) result.push(`${result.pop()} ${line.trim()}`);
    else result.push(line.trim());
  }
  return result;
}
