import { readFile, writeFile } from 'node:fs/promises';
import { type InputDefinition, type InputGroup, definitions } from '../src/inputs/definitions.ts';
import { outputDefinitions } from '../src/inputs/outputs.ts';

/** Every input, in its groups, as action.yml says it. */
export function actionYaml(): string {
  const inputs = definitions.map(
    ({ name, description, default: value }) =>
      `  ${name}:\n    description: ${JSON.stringify(description)}\n    required: false\n${value === undefined ? '' : `    default: ${JSON.stringify(value)}\n`}`,
  );
  const outputs = outputDefinitions.map(
    ({ name, description }) => `  ${name}:\n    description: ${JSON.stringify(description)}\n`,
  );
  return `# made by \`npm run readme\` from src/inputs/definitions.ts
name: pg-lifeboat
description: Postgres backups you have already restored - dump, encrypt, store, verify and restore a Postgres database
author: pg-lifeboat
branding:
  icon: life-buoy
  color: blue

inputs:
${inputs.join('')}
outputs:
${outputs.join('')}
runs:
  using: node24
  main: dist/index.js
`;
}

const groupTitles: Record<InputGroup, string> = {
  what: 'What',
  databases: 'Databases',
  encryption: 'Encryption',
  where: 'Where',
  dump: 'Dump',
  proof: 'Proof',
  restore: 'Restore',
  retention: 'Retention',
};

/** The README's table of inputs. */
export function inputTables(): string {
  const groups = [...new Set(definitions.map(({ group }) => group))];
  return groups
    .map(group => `**${groupTitles[group]}**\n\n${tableOf(definitions.filter(one => one.group === group))}`)
    .join('\n\n');
}

/** The README's table of outputs. */
export function outputTable(): string {
  return [
    '| Output | What it is |',
    '| :-- | :-- |',
    ...outputDefinitions.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ].join('\n');
}

/** A text with the parts between `<!-- NAME -->` and `<!-- /NAME -->` replaced. Throws when a marker is missing. */
export function withTables(readme: string): string {
  return replaced(replaced(readme, 'inputs', inputTables()), 'outputs', outputTable());
}

function tableOf(group: readonly InputDefinition[]): string {
  const rows = group.map(({ name, commands, default: value, description }) => {
    const used = commands.length === 4 ? 'all' : commands.map(command => `\`${command}\``).join(', ');
    return `| \`${name}\` | ${description.replaceAll('|', '\\|')}${value === undefined || value === 'false' ? '' : ` Default: \`${value}\`.`} | ${used} |`;
  });
  return ['| Input | What it says | Used by |', '| :-- | :-- | :-- |', ...rows].join('\n');
}

function replaced(text: string, name: string, content: string): string {
  const start = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

if (import.meta.main) {
  await writeFile('action.yml', actionYaml());
  await writeFile('README.md', withTables(await readFile('README.md', 'utf8')));
}
