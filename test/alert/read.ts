import { alarmDefinitions } from '../../src/inputs/alarm-definitions.ts';
import { type AlertInputs, readAlert } from '../../src/inputs/alert.ts';
import { reader } from '../../src/inputs/reader.ts';

/** What a workflow's run has in its environment. */
export const workflow = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'me/shop',
  GITHUB_RUN_ID: '7',
  GITHUB_RUN_ATTEMPT: '2',
};

/** Reads inputs over the defaults, as the command line hands them on. */
export function read(inputs: Record<string, string>, environment: Record<string, string> = workflow): AlertInputs {
  const given = { name: 'shop', outcomes: 'backup: failure', ...inputs };
  const defaults = alarmDefinitions.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]]));
  const values = new Map([
    ...(defaults as [string, string][]),
    ...Object.entries(given).filter(([, value]) => value !== ''),
  ]);
  return readAlert(reader({ command: 'alert', values, warnings: [] }), environment);
}
