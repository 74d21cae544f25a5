import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ListResult } from '../../src/commands/list.ts';
import { outputDefinitions } from '../../src/inputs/outputs.ts';
import { writeOutputs, writeSummary } from '../../src/report/outputs.ts';
import { present } from '../../src/report/present.ts';

describe('outputs and summary', () => {
  let folder = '';
  const file = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-report-'));
    await writeFile(file('summary'), '');
    await writeFile(file('outputs'), '');
    process.env.GITHUB_STEP_SUMMARY = file('summary');
    process.env.GITHUB_OUTPUT = file('outputs');
  });

  after(async () => {
    delete process.env.GITHUB_STEP_SUMMARY;
    delete process.env.GITHUB_OUTPUT;
    await rm(folder, { recursive: true });
  });

  it('are written for the runner, the whole result as JSON', async () => {
    const result: ListResult = {
      command: 'list',
      chosen: null,
      location: 'file:///b\nx=y',
      backups: [],
      databases: [],
    };
    const presentation = present(result, []);
    writeOutputs(result, presentation);
    await writeSummary(presentation.summary);
    const written = await readFile(file('outputs'), 'utf8');
    const outputs = [...written.matchAll(/^([\w-]+)<<(\S+)\n(.*?)\n\2$/gms)].map(([, name, , value]) => [name, value]);
    assert.deepEqual(Object.fromEntries(outputs), { 'backup-id': '', image: '', json: JSON.stringify(result) });
    for (const [name] of outputs)
      assert.ok(
        outputDefinitions.some(one => one.name === name),
        name,
      );
    assert.equal(await readFile(file('summary'), 'utf8'), `${presentation.summary}\n`.replace(/\n\n$/, '\n\n'));
  });

  it('are cut where the runner takes no more, and say so', async () => {
    await writeFile(file('summary'), '');
    await writeSummary('€'.repeat(700_000));
    const written = await readFile(file('summary'));
    assert.ok(written.length < 1024 * 1024);
    assert.match(written.toString('utf8').slice(-60), /\(cut: the summary was too long\)\s+$/);
  });
});
