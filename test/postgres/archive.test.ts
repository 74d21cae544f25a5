import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { type TestContext, describe, it } from 'node:test';
import { parseToc, readHead, restingOn } from '../../src/postgres/archive.ts';
import { findClient } from '../../src/postgres/client.ts';
import { silentContext } from '../faults/drill-support.ts';
import { type Cluster, majors, needsPostgres } from '../support/postgres.ts';

const { signal } = new AbortController();

function archiveOf(cluster: Cluster, database: string, ...args: string[]): Buffer {
  const url = cluster.url(database);
  const ended = spawnSync(`${cluster.bin}/pg_dump`, ['--format=custom', ...args, url], { maxBuffer: 1 << 28 });
  assert.equal(ended.status, 0, ended.stderr.toString());
  return ended.stdout;
}

/** Pieces of so many bytes, and how many bytes were asked for. */
function pieces(content: Buffer, sizeBytes: number): { stream: Readable; read: () => number } {
  let readBytes = 0;
  const parts = function* () {
    for (let at = 0; at < content.length; at += sizeBytes) {
      readBytes = Math.min(at + sizeBytes, content.length);
      yield content.subarray(at, at + sizeBytes);
    }
  };
  return { stream: Readable.from(parts(), { objectMode: true, highWaterMark: 1 }), read: () => readBytes };
}

async function open(t: TestContext, major: number) {
  const cluster = await needsPostgres(t, major);
  if (!cluster) return undefined;
  const { log } = silentContext('', () => {});
  const client = await findClient({ major, choice: cluster.bin, log, signal });
  return { cluster, client, database: await cluster.createDatabase() };
}

for (const major of majors())
  describe(`the head of an archive of PostgreSQL ${major}`, () => {
    it('of some thousand tables is read whole, and hardly any of the rows after it', async t => {
      const place = await open(t, major);
      if (!place) return;
      const { cluster, client, database } = place;
      await cluster.query(
        `DO $$ BEGIN FOR i IN 1..3000 LOOP EXECUTE format('CREATE TABLE t%s (i int)', i); END LOOP; END $$;
         CREATE TABLE rows AS SELECT i, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 100000) i`,
        [],
        database,
      );
      const archive = archiveOf(cluster, database, '--compress=0');
      for (const sizeBytes of [1000, 64 * 1024, archive.length]) {
        const { stream, read } = pieces(archive, sizeBytes);
        const head = await readHead(client, stream, signal);
        const tables = head.entries.filter(({ text }) => /^TABLE public /.test(text));
        assert.equal(tables.length, 3001);
        assert.deepEqual(head.bytes, archive.subarray(0, head.bytes.length));
        assert.ok(head.bytes.length < archive.length / 2, `${head.bytes.length} of ${archive.length} bytes`);
        if (sizeBytes < archive.length) assert.ok(read() < archive.length, 'it was read to its end');
      }
    });

    it('of an archive that holds nothing', async t => {
      const place = await open(t, major);
      if (!place) return;
      const { cluster, client, database } = place;
      const archive = archiveOf(cluster, database);
      const head = await readHead(client, pieces(archive, 100).stream, signal);
      assert.ok(head.entries.every(({ text }) => !/^TABLE /.test(text)));
      const { status } = spawnSync(`${cluster.bin}/pg_restore`, ['--section=pre-data', '--file=-'], {
        input: head.bytes,
      });
      assert.equal(status, 0);
    });

    it('that is cut off anywhere in its table of contents is refused', async t => {
      const place = await open(t, major);
      if (!place) return;
      const { cluster, client, database } = place;
      await cluster.query('CREATE TABLE one (i int); CREATE TABLE two (i int)', [], database);
      const archive = archiveOf(cluster, database);
      const whole = await readHead(client, pieces(archive, 50).stream, signal);
      for (const sizeBytes of [0, 1, 5, 30, 300, whole.bytes.length >> 1]) {
        const { stream } = pieces(archive.subarray(0, sizeBytes), 50);
        await assert.rejects(readHead(client, stream, signal), {
          message: 'pg_restore cannot read the table of contents of the archive',
        });
      }
    });

    it('gives what each entry rests on, so that an extension takes along what needs it', async t => {
      const place = await open(t, major);
      if (!place) return;
      const { cluster, client, database } = place;
      await cluster.query(
        `CREATE EXTENSION hstore; CREATE EXTENSION citext; COMMENT ON EXTENSION hstore IS 'mine';
         CREATE TABLE plain (i int PRIMARY KEY, c citext);
         CREATE TABLE pairs (i int PRIMARY KEY REFERENCES plain, h hstore);
         CREATE INDEX ON pairs USING gin (h);
         CREATE VIEW of_pairs AS SELECT h FROM pairs; CREATE VIEW of_view AS SELECT * FROM of_pairs;
         COMMENT ON VIEW of_view IS 'far'; GRANT SELECT ON pairs TO PUBLIC`,
        [],
        database,
      );
      const { entries } = await readHead(client, pieces(archiveOf(cluster, database), 4096).stream, signal);
      const resting = [...restingOn(entries, ['hstore'])].map(({ text }) => text.replace(/ \S*$/, ''));
      assert.deepEqual(resting.sort(), [
        'ACL public TABLE pairs',
        'COMMENT - EXTENSION hstore',
        'COMMENT public VIEW of_view',
        'CONSTRAINT public pairs pairs_pkey',
        'EXTENSION - hstore',
        'FK CONSTRAINT public pairs pairs_i_fkey',
        'INDEX public pairs_h_idx',
        'TABLE DATA public pairs',
        'TABLE public pairs',
        'VIEW public of_pairs',
        'VIEW public of_view',
      ]);
      assert.equal(restingOn(entries, []).size, 0);
      assert.equal(restingOn(entries, ['hsto', 'store']).size, 0);
    });
  });

describe('a printed table of contents', () => {
  it('is numbers, texts and what each entry depends on', () => {
    const list = `;
; Archive created at 2026-11-25
;
5; 2615 16385 SCHEMA - app owner
200; 1259 16386 TABLE app Odd Name owner
;\tdepends on: 5
201; 1259 16390 VIEW app v owner
;\tdepends on: 200 5
4000; 0 0 ENCODING - ENCODING 
`;
    assert.deepEqual(parseToc(list), [
      { id: 5, text: 'SCHEMA - app owner', dependsOn: [] },
      { id: 200, text: 'TABLE app Odd Name owner', dependsOn: [5] },
      { id: 201, text: 'VIEW app v owner', dependsOn: [200, 5] },
      { id: 4000, text: 'ENCODING - ENCODING ', dependsOn: [] },
    ]);
    assert.deepEqual(parseToc(''), []);
  });

  it('may hold what depends on each other in a ring', () => {
    const entries = [
      { id: 1, text: 'EXTENSION - x ', dependsOn: [] },
      { id: 3, text: 'VIEW a v o', dependsOn: [2] },
      { id: 2, text: 'RULE a r o', dependsOn: [3, 1] },
      { id: 4, text: 'TABLE a t o', dependsOn: [9] },
    ];
    assert.deepEqual([...restingOn(entries, ['x'])].map(({ id }) => id).sort(), [1, 2, 3]);
  });
});
