import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lifeboat, openHarbor } from '../support/lifeboat.ts';
import { createSampleDatabase, majors, needsPostgres } from '../support/postgres.ts';

const programs = ['pg_dump', 'pg_dumpall', 'pg_restore'];

describe('a program that ends well and writes nothing', () => {
  for (const silent of ['pg_dump', 'pg_dumpall']) {
    it(`fails the backup: ${silent}`, async t => {
      const cluster = await needsPostgres(t, majors()[0] ?? 15);
      if (!cluster) return;
      const harbor = await openHarbor(t);
      const client = join(harbor.folder, 'client');
      await mkdir(client);
      for (const program of programs.filter(name => name !== silent))
        await symlink(join(cluster.bin, program), join(client, program));
      const script = `#!/bin/sh\n[ "$1" = --version ] && exec ${join(cluster.bin, silent)} --version\nexit 0\n`;
      await writeFile(join(client, silent), script, { mode: 0o755 });
      const database = await createSampleDatabase(cluster);
      const ran = await lifeboat('backup', harbor.backupInputs(cluster, database, { client }));
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, new RegExp(`error: ${silent} ended well but wrote nothing`));
    });
  }
});
