import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { actionYaml, withFindings, withTables } from '../../scripts/readme.ts';
import { definitions } from '../../src/inputs/definitions.ts';
import { findingCodes } from '../../src/finding.ts';
import { outputDefinitions } from '../../src/inputs/outputs.ts';
import { readDocument } from './documents.ts';

interface Action {
  inputs: Record<string, { description: string; default?: string }>;
  outputs: Record<string, { description: string }>;
  runs: { using: string; main: string };
}

describe('action.yml and README.md', () => {
  it('action.yml is what `npm run readme` makes', async () => {
    assert.equal((await readDocument('action.yml')).text, await actionYaml());
  });

  it('the tables of README.md are what `npm run readme` makes', async () => {
    const { text } = await readDocument('README.md');
    assert.equal(text, await withTables(text));
  });

  it('docs/findings.md has every code, and is what `npm run readme` makes', async () => {
    const { text } = await readDocument('docs/findings.md');
    assert.equal(text, await withFindings(text));
    for (const code of Object.keys(findingCodes)) assert.ok(text.includes(`\`${code}\``), code);
  });

  it('action.yml has every input and output, in the same order, and says the same', async () => {
    const action = parse((await readDocument('action.yml')).text) as Action;
    assert.deepEqual(
      Object.entries(action.inputs).map(([name, one]) => [name, one.description, one.default]),
      definitions.map(({ name, description, default: value }) => [name, description, value]),
    );
    assert.deepEqual(
      Object.entries(action.outputs).map(([name, { description }]) => ({ name, description })),
      [...outputDefinitions],
    );
    assert.deepEqual(action.runs, { using: 'node24', main: 'dist/index.js' });
  });
});
