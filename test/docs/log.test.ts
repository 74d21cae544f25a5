import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { costColumns } from '../../src/report/cost-words.ts';
import { readDocument } from '../contract/documents.ts';
import { parseCsv } from '../report/csv-reader.ts';
import { openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { fromSources, runShell, shellBelow, withValues } from './shell.ts';

describe('docs/log.md', () => {
  it('has commands that write the log as it says', async t => {
    const cluster = await needsPostgres(t, majors().at(-1) ?? 17);
    const age = await needsProgram(t, 'age');
    if (!cluster || age === undefined) return;
    const harbor = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    t.after(() => cluster.dropDatabase(database));
    const { backupId } = await harbor.backup(cluster, database, { reason: 'before the upgrade' });
    const shell = withValues(await shellBelow('docs/log.md', 'The backup log'), {
      'file:///srv/backups': harbor.store,
    });
    const said = await runShell(fromSources(shell), harbor.folder, { age, cluster });
    assert.match(said, /^shop: 1 backup, .*\n/);
    assert.match(said, / no policy .* before the upgrade$/m);
    const read = (file: string) => readFile(join(harbor.folder, file), 'utf8');
    const [header = [], row = []] = parseCsv(await read('log.csv'));
    assert.equal(row[header.indexOf('backup')], backupId);
    assert.match(row[header.indexOf('kept_by')] ?? '', /daily, 1 of 7/);
    assert.equal(parseCsv(await read('drills.csv')).length, 1);
    assert.match(await read('log.html'), /<title>Backups of shop<\/title>/);
  });

  it('explains the columns of the cost as they are called', async () => {
    const { text } = await readDocument('docs/log.md');
    for (const title of costColumns.slice(1)) assert.match(text, new RegExp(`^\\| ${title} +\\|`, 'm'));
  });
});
