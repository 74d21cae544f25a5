import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../../scripts/setup/cluster.ts';
import { differences, rowCounts } from '../../scripts/setup/row-counts.ts';
import { openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';
import { needsProgram } from '../support/programs.ts';
import { blocksOf, readDocument } from '../contract/documents.ts';
import { runShell, withValues } from './shell.ts';

const path = 'docs/recover-by-hand.md';

/** The one block of the document that contains a text. */
async function block(text: string): Promise<string> {
  const found = blocksOf(await readDocument(path)).filter(one => one.text.includes(text));
  if (found.length !== 1) throw new Error(`${found.length} blocks of ${path} contain "${text}"`);
  return found[0]?.text ?? '';
}

describe('docs/recover-by-hand.md', () => {
  for (const { title, more, restore } of [
    { title: 'one archive', more: {}, restore: 'main.dump.age | pg_restore -d restored --exit-on-error\n' },
    { title: 'several archives', more: { jobs: '3' }, restore: 'for part in' },
  ]) {
    it(`its commands bring a backup of ${title} back without pg-lifeboat`, async t => {
      const major = majors().at(-1) ?? 17;
      const cluster = await needsPostgres(t, major);
      const age = await needsProgram(t, 'age');
      if (!cluster || age === undefined) return;
      const harbor = await openHarbor(t);
      const database = await createSampleDatabase(cluster);
      if (title === 'several archives')
        for (const table of ['public.large', 'public.larger'])
          await cluster.query(
            `CREATE TABLE ${table} AS SELECT i, repeat(md5(i::text), 4) AS t FROM generate_series(1, 80000) i`,
            [],
            database,
          );
      const made = await harbor.backup(cluster, database, { compression: 'gzip:1', ...more });
      assert.equal(
        made.objects.some(({ object }) => object === 'data-001.dump.age'),
        title === 'several archives',
      );
      const folder = join(harbor.folder, 'by-hand');
      await mkdir(folder);
      await writeFile(join(folder, 'key.txt'), `${harbor.keys.identity}\n`, { mode: 0o600 });
      const other = await startCluster({ major });
      t.after(() => other.stop());
      const fetching = withValues(await block('cp /srv/backups/'), {
        '/srv/backups/NAME/20261120T031742Z-scheduled-k3f9q2': fileURLToPath(made.location),
      });
      const steps = [fetching, await block('sha256sum'), await block('createdb'), await block(restore)];
      const looking = [
        await block('contents.json.age'),
        withValues(await block('count(*)'), { 'public.users': 'app.users' }),
      ];

      const run = (shell: string) => runShell(shell, folder, { age, cluster: other });
      await run(steps.join('\n'));
      const said = await run(looking.join('\n'));

      assert.deepEqual(differences(await rowCounts(cluster, database), await rowCounts(other, 'restored')), []);
      assert.match(said, /"backupId"/);
      const single = await block('pg_restore --list');
      assert.match(await run(single.replace(/^pg_restore -d .*$/m, '')), /TABLE DATA app users/);
    });
  }
});
