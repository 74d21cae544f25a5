import type { AlertResult } from '../commands/alert.ts';
import { escapeMarkdown, plainLine } from './format.ts';
import type { Presentation } from './present.ts';
import { markdownTable } from './table.ts';

/** Who was told of what, and which channel did not work. It never makes a run red: something else did, or nothing is wrong. */
export function presentAlert({ name, outcomes, recovered, channels, issueUrl }: AlertResult): Presentation {
  const told = outcomes.map(({ condition, outcome }) => `${condition} ${outcome}`).join(', ');
  const ways = channels.map(({ channel, outcome }) => `${channel} ${outcome}`).join(', ');
  const rows = channels.map(({ channel, outcome, problem }) => [channel, outcome, escapeMarkdown(problem ?? '')]);
  const problems = channels.flatMap(({ channel, problem }) => (problem === null ? [] : [`${channel}: ${problem}`]));
  return {
    text: [
      `alert for ${name}: ${ways === '' ? 'nobody was told, no channel is given' : ways}`,
      `told of: ${told}`,
      ...(recovered.length > 0 ? [`recovered: ${recovered.join(', ')}`] : []),
      ...(issueUrl === null ? [] : [`issue: ${issueUrl}`]),
      ...problems,
    ]
      .map(plainLine)
      .join('\n'),
    summary: [
      `### Alert for ${escapeMarkdown(name)}\n`,
      `Told of: ${escapeMarkdown(told)}.\n`,
      ...(recovered.length > 0 ? [`Recovered: ${escapeMarkdown(recovered.join(', '))}.\n`] : []),
      ...(rows.length > 0 ? [markdownTable(['Channel', 'Outcome', 'Problem'], rows), ''] : ['No channel is given.\n']),
    ].join('\n'),
    outputs: issueUrl === null ? {} : { 'issue-url': issueUrl },
    exitStatus: 0,
  };
}
