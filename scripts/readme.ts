import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { definitionKinds, findingCodes } from '../src/finding.ts';
import { type InputDefinition, type InputGroup, commandNames, definitions } from '../src/inputs/definitions.ts';
import { outputDefinitions } from '../src/inputs/outputs.ts';
import { projectFolder } from './build.ts';
import { type Declared, type PublicWorkflow, publicWorkflows } from './public-workflows.ts';

/** action.yml, with every input in its group and every output. */
export async function actionYaml(): Promise<string> {
  const inputs = definitions.map(
    ({ name, description, default: value }) =>
      `  ${name}:\n    description: ${JSON.stringify(description)}\n    required: false\n${value === undefined ? '' : `    default: ${JSON.stringify(value)}\n`}`,
  );
  const outputs = outputDefinitions.map(
    ({ name, description }) => `  ${name}:\n    description: ${JSON.stringify(description)}\n`,
  );
  return formatted(
    'action.yml',
    `# made by \`npm run readme\` from src/inputs/definitions.ts
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
`,
  );
}

const groupTitles: Record<InputGroup, string> = {
  what: 'What',
  databases: 'Databases',
  encryption: 'Encryption',
  where: 'Where',
  dump: 'Dump',
  proof: 'Proof',
  restore: 'Restore',
  migration: 'Migrations',
  retention: 'Retention',
  alarm: 'Alarm',
};

/** README.md with the tables between its markers made anew. Throws when a marker is missing. */
export async function withTables(readme: string): Promise<string> {
  return formatted('README.md', replaced(replaced(readme, 'inputs', inputTables()), 'outputs', outputTable()));
}

/** docs/findings.md with the tables between its markers made anew from src/finding.ts. */
export async function withFindings(document: string): Promise<string> {
  const ofDefinitions = definitionKinds.map(kind => {
    const codes = ['MISSING', 'EXTRA', 'DIFFERS'].map(ending => `\`${kind}_${ending}\``);
    return [kind.toLowerCase().replaceAll('_', ' '), codes.join(' ')];
  });
  const isOfDefinitions = (code: string) =>
    definitionKinds.some(kind => ['MISSING', 'EXTRA', 'DIFFERS'].some(ending => code === `${kind}_${ending}`));
  const others = Object.entries(findingCodes)
    .filter(([code]) => !isOfDefinitions(code))
    .map(([code, { verdict, means, remedy }]) => [`\`${code}\``, verdict, means, remedy]);
  const withOthers = replaced(document, 'findings', table(['Code', 'Verdict', 'What it means', 'What to do'], others));
  return formatted('docs/findings.md', replaced(withOthers, 'definitions', table(['Kind', 'Codes'], ofDefinitions)));
}

/** docs/workflows.md with the tables between its markers made anew from the workflows themselves. */
export async function withWorkflows(document: string): Promise<string> {
  const text = (await publicWorkflows()).reduce(
    (rest, workflow) => replaced(rest, workflow.file, workflowTables(workflow)),
    document,
  );
  return formatted('docs/workflows.md', text);
}

function workflowTables({ inputs, secrets, outputs }: PublicWorkflow): string {
  const needed = ({ required }: Declared) => (required === true ? 'yes' : '');
  const ofInputs = Object.entries(inputs).map(([name, one]) => {
    const value = one.default === undefined ? '' : `\`${one.default}\``;
    return [`\`${name}\``, one.description, one.required === true ? '(needed)' : value];
  });
  const ofSecrets = Object.entries(secrets).map(([name, one]) => [`\`${name}\``, one.description, needed(one)]);
  const ofOutputs = Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]);
  return [
    table(['Input', 'What it says', 'Default'], ofInputs),
    table(['Secret', 'What it is', 'Needed'], ofSecrets),
    ...(ofOutputs.length > 0 ? [table(['Output', 'What it is'], ofOutputs)] : []),
  ].join('\n\n');
}

function inputTables(): string {
  const groups = [...new Set(definitions.map(({ group }) => group))];
  return groups
    .map(group => `**${groupTitles[group]}**\n\n${inputTable(definitions.filter(one => one.group === group))}`)
    .join('\n\n');
}

function inputTable(group: readonly InputDefinition[]): string {
  return table(
    ['Input', 'What it says', 'Default', 'Used by'],
    group.map(({ name, commands, default: value, description }) => [
      `\`${name}\``,
      description,
      value === undefined ? '' : `\`${value}\``,
      commands.length === commandNames.length ? 'all' : commands.map(command => `\`${command}\``).join(', '),
    ]),
  );
}

function outputTable(): string {
  return table(
    ['Output', 'What it is'],
    outputDefinitions.map(({ name, description }) => [`\`${name}\``, description]),
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => ':--')), ...rows.map(line)].join('\n');
}

function replaced(text: string, name: string, content: string): string {
  const start = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document has no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** As `prettier --check` wants it. */
async function formatted(file: string, text: string): Promise<string> {
  const filepath = join(projectFolder, file);
  return format(text, { ...(await resolveConfig(filepath, { editorconfig: true })), filepath });
}

if (process.argv[1] === import.meta.filename) {
  const readme = join(projectFolder, 'README.md');
  await writeFile(join(projectFolder, 'action.yml'), await actionYaml());
  await writeFile(readme, await withTables(await readFile(readme, 'utf8')));
  const workflows = join(projectFolder, 'docs/workflows.md');
  await writeFile(workflows, await withWorkflows(await readFile(workflows, 'utf8')));
  const findings = join(projectFolder, 'docs/findings.md');
  await writeFile(findings, await withFindings(await readFile(findings, 'utf8')));
}
