import { commandNames, definitionsFor } from './definitions.ts';

const purposes = {
  backup: 'dump, encrypt and store a database',
  list: 'show the backup log',
  verify: 'check a stored backup without any database',
  drill: 'prove a backup: restore it into a scratch database and compare everything',
  restore: 'restore a whole backup into an empty database',
  watch: 'notice that backups stopped, shrank or were never proven; for a schedule of its own',
  prune: 'remove the backups that a policy does not keep',
  retain: 'keep one backup longer than the policy does',
  detect: 'find the migrations that a change of the repository brings',
  rehearse: 'apply migrations to a restored copy, and say what they did',
  comment: "write a report into a pull request's comment, and keep that up to date",
  alert: 'tell people what a run came to: issue, webhook, e-mail, heartbeat',
};

/** The text of `pg-lifeboat --help`. */
export function helpText(): string {
  const commands = commandNames.map(command => {
    const inputs = definitionsFor(command)
      .filter(({ name }) => name !== 'command')
      .map(({ name, default: value }) => `--${name}${value === undefined ? '' : `=${value}`}`);
    return `  ${command.padEnd(8)} ${purposes[command]}\n${wrap(inputs, 11)}`;
  });
  return [
    'pg-lifeboat <command> --input=value …',
    'pg-lifeboat retain <backup> <time>|forever --input=value …',
    '',
    ...commands,
    '',
    'Each input may also come from the environment, where secrets belong: LIFEBOAT_DATABASE_URL, LIFEBOAT_IDENTITY, …',
    '--json prints the result as JSON on stdout; everything else goes to stderr. LIFEBOAT_DEBUG=true says more.',
    'Exit status: 0 done and good, 1 failed, 2 could not verify, 64 wrong input.',
  ].join('\n');
}

function wrap(words: readonly string[], indent: number): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length + 1 <= 110) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${' '.repeat(indent)}${word}`);
  }
  return lines.join('\n');
}
