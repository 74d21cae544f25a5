import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { blocksOf, readDocument } from '../contract/documents.ts';
import { lifeboat, openHarbor } from '../support/lifeboat.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { fromSources, runShell, shellBelow, withValues } from './shell.ts';

/** A URL that may stand in single quotes. */
const quotable = (url: string) => url.replaceAll("'", '%27');

describe('docs/drill.md', () => {
  it('has commands that drill a backup, and checks that pass and fail as it says', async t => {
    const major = majors().at(-1) ?? 17;
    const cluster = await needsPostgres(t, major);
    const age = await needsProgram(t, 'age');
    if (!cluster || age === undefined) return;
    const harbor = await openHarbor(t);
    const database = await cluster.createDatabase();
    t.after(() => cluster.dropDatabase(database));
    const orders = 'CREATE TABLE orders (id int, user_id int, created_at timestamptz DEFAULT now())';
    await cluster.query(
      `CREATE TABLE users (id int); INSERT INTO users VALUES (1); ${orders}; INSERT INTO orders VALUES (7, 1)`,
      undefined,
      database,
    );
    await harbor.backup(cluster, database);
    const other = await startCluster({ major });
    t.after(() => other.stop());

    const shell = withValues(await shellBelow('docs/drill.md', 'A monthly drill'), {
      'file:///srv/backups': harbor.store,
      '"$(cat key.txt)"': `'${harbor.keys.identity}'`,
      'postgresql://postgres:PASSWORD@localhost:5433/postgres': quotable(other.url()),
    });
    const said = await runShell(fromSources(shell), harbor.folder, {
      age,
      cluster,
      env: { LIFEBOAT_CLIENT: cluster.bin, TMPDIR: harbor.folder },
    });
    assert.match(said, /^drill of shop\/\S+: passed/m);

    const document = await readDocument('docs/drill.md');
    const checks = blocksOf(document)
      .filter(({ language, heading }) => language === 'sql' && heading === 'Checks')
      .map(({ text }) =>
        text
          .split('\n')
          .filter(line => !line.startsWith('--'))
          .join(' ')
          .trim(),
      );
    assert.equal(checks.length, 2);
    const drill = () =>
      lifeboat('drill', {
        'target-url': other.url(),
        store: harbor.store,
        identity: harbor.keys.identity,
        client: cluster.bin,
        checks: checks.join('\n'),
      });
    const passed = await drill();
    assert.equal(passed.status, 0, passed.stderr + passed.stdout);
    await cluster.query('DELETE FROM users', undefined, database);
    await harbor.backup(cluster, database);
    const failed = await drill();
    assert.equal(failed.status, 1, failed.stderr);
    assert.match(failed.stdout, /CHECK_FAILED/);
  });
});
