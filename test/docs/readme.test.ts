import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { differences, rowCounts } from '../../scripts/setup/row-counts.ts';
import { openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { fromSources, runShell, shellBelow, withValues } from './shell.ts';

/** A URL that may stand in single quotes. */
const quotable = (url: string) => url.replaceAll("'", '%27');

describe('README.md', () => {
  it('the commands of "From a terminal", "List" and "Restore" bring a database back', async t => {
    const major = majors().at(-1) ?? 17;
    const cluster = await needsPostgres(t, major);
    const age = await needsProgram(t, 'age');
    if (!cluster || age === undefined) return;
    const { folder } = await openHarbor(t);
    const database = await createSampleDatabase(cluster);
    const other = await startCluster({ major });
    t.after(() => other.stop());
    const copy = await other.createDatabase();
    const shell = withValues(await shellBelow('README.md', 'From a terminal', 'List', 'Restore'), {
      'file:///srv/backups': pathToFileURL(join(folder, 'backups')).href,
      'postgresql://postgres:PASSWORD@localhost:5432/shop': quotable(cluster.url(database)),
      'postgresql://postgres:PASSWORD@localhost:5433/shop_restored': quotable(other.url(copy)),
    });
    const env = { LIFEBOAT_CLIENT: cluster.bin };

    const said = await runShell(fromSources(shell), folder, { age, cluster, env });

    assert.match(said, /before the upgrade/);
    assert.match(said, /verify of shop\/\S+: passed/);
    assert.match(said, /: planned, nothing changed/);
    assert.match(said, /: restored\n/);
    assert.deepEqual(differences(await rowCounts(cluster, database), await rowCounts(other, copy)), []);
  });
});
