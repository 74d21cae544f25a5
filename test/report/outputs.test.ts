import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Log } from '../../src/log.ts';
import { outputDefinitions } from '../../src/inputs/outputs.ts';
import { writeLog, writeOutputs, writeSummary } from '../../src/report/outputs.ts';
import { present } from '../../src/report/present.ts';
import { listOf, now } from './log-sample.ts';

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
    const result = { ...(await listOf([])), location: 'file:///b\nx=y' };
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

  it('name the files of the backup log: in its format, and as a page', async () => {
    const log = { warn: (line: string) => assert.fail(line) } as unknown as Log;
    for (const [format, extension, begin] of [
      ['table', 'txt', /^shop: 1 backup/],
      ['csv', 'csv', /^name,backup,made_at/],
      ['markdown', 'md', /^### Backups of shop/],
      ['html', 'html', /^<!doctype html>/],
    ] as const) {
      const result = await writeLog(await listOf([{ at: now }], { format }), folder, log);
      const { outputs } = present(result, []);
      assert.deepEqual(outputs.log, file(`pg-lifeboat-log-shop.${extension}`));
      assert.match(await readFile(outputs.log, 'utf8'), begin);
      assert.deepEqual(outputs.report, file('pg-lifeboat-log-shop.html'));
      assert.match(await readFile(outputs.report, 'utf8'), /<title>Backups of shop<\/title>/);
      assert.equal((await stat(outputs.log)).mode & 0o777, 0o600);
    }
    const drills = await writeLog(await listOf([], { drills: 'true' }), folder, log);
    assert.equal(present(drills, []).outputs.log, file('pg-lifeboat-drills-all.txt'));
  });

  it('do without the files where the folder takes none, and say so', async () => {
    const warnings: string[] = [];
    const log = { warn: (line: string) => void warnings.push(line) } as unknown as Log;
    const { outputs } = present(await writeLog(await listOf([{ at: now }]), file('nowhere'), log), []);
    assert.deepEqual([outputs.log, outputs.report, warnings.length], [undefined, undefined, 1]);
    assert.match(warnings[0] ?? '', /^the backup log could not be written to /);
  });

  it('are cut where the runner takes no more, and say so', async () => {
    await writeFile(file('summary'), '');
    await writeSummary('€'.repeat(700_000));
    const written = await readFile(file('summary'));
    assert.ok(written.length < 1024 * 1024);
    assert.match(written.toString('utf8').slice(-60), /\(cut: the summary was too long\)\s+$/);
  });
});
