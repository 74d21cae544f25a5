import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertNotPassed, assertNothingLeft, assertPassed, drilled, openRange } from '../faults/drill-support.ts';
import { scriptedClient } from '../faults/support.ts';
import { type Cluster, majors } from '../support/postgres.ts';

/**
 * An extension that no server has the files of: its rows in the catalogs are what CREATE EXTENSION leaves. Beside it, things that rest on
 * it in every way, and things that do not.
 */
const sql = `
CREATE SCHEMA shapes;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  SELECT 999999, 'shapes', 10, 'shapes'::regnamespace, false, '1.0';
INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
  VALUES ('pg_extension'::regclass, 999999, 0, 'pg_namespace'::regclass, 'shapes'::regnamespace, 0, 'n');
CREATE SCHEMA shapes_own;
CREATE DOMAIN shapes.shape AS text CHECK (VALUE <> '');
CREATE TYPE shapes.corner AS (x int, y int);
CREATE FUNCTION shapes.area(shapes.shape) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)';
CREATE TABLE shapes.known (id int PRIMARY KEY, what text);
ALTER EXTENSION shapes ADD SCHEMA shapes_own;
ALTER EXTENSION shapes ADD DOMAIN shapes.shape;
ALTER EXTENSION shapes ADD TYPE shapes.corner;
ALTER EXTENSION shapes ADD FUNCTION shapes.area(shapes.shape);
ALTER EXTENSION shapes ADD TABLE shapes.known;
UPDATE pg_extension SET extconfig = ARRAY['shapes.known'::regclass::oid], extcondition = ARRAY['WHERE id > 100'] WHERE extname = 'shapes';
COMMENT ON EXTENSION shapes IS 'of a test';
INSERT INTO shapes.known VALUES (1, 'its own'), (101, 'the user''s');

CREATE TABLE plain (id int PRIMARY KEY, note text);
INSERT INTO plain SELECT i, 'note ' || i FROM generate_series(1, 50) i;
CREATE INDEX plain_note ON plain (note);
CREATE TABLE drawn (id serial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY, shape shapes.shape, plain int REFERENCES plain);
INSERT INTO drawn (shape, plain) SELECT repeat('o', i), i FROM generate_series(1, 20) i;
CREATE INDEX drawn_shape ON drawn (shape);
ALTER TABLE drawn ADD CONSTRAINT has_area CHECK (shapes.area(shape) > 0);
COMMENT ON TABLE drawn IS 'rests on it';
COMMENT ON COLUMN drawn.shape IS 'rests on it, too';
GRANT SELECT ON drawn TO PUBLIC;
CREATE TABLE points_there (id int PRIMARY KEY, drawn int);
INSERT INTO points_there VALUES (1, 2);
ALTER TABLE points_there ADD CONSTRAINT to_drawn FOREIGN KEY (drawn) REFERENCES drawn;
CREATE VIEW all_drawn AS SELECT id, shapes.area(shape) FROM drawn;
CREATE VIEW of_view AS SELECT count(*) FROM all_drawn;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM all_drawn;
CREATE FUNCTION bigger(shapes.shape) RETURNS shapes.shape LANGUAGE sql AS $$ SELECT ($1 || 'o')::shapes.shape $$;
COMMENT ON FUNCTION bigger IS 'rests on it';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE INSERT ON drawn FOR EACH ROW EXECUTE FUNCTION note();
CREATE POLICY everyone ON drawn USING (true);
ALTER TABLE drawn ENABLE ROW LEVEL SECURITY;
CREATE STATISTICS of_drawn ON id, plain FROM drawn;
CREATE PUBLICATION changes FOR TABLE plain, drawn;
CREATE TABLE split (id int, shape shapes.shape) PARTITION BY RANGE (id);
CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (1) TO (10);
INSERT INTO split VALUES (3, 'o');`;

/** Rows enough for shards of their own. */
const large = `
CREATE TABLE large_drawn (id int PRIMARY KEY, shape shapes.shape, text text);
INSERT INTO large_drawn SELECT i, 'o', repeat(md5(i::text), 30) FROM generate_series(1, 12000) i;
CREATE TABLE large_plain AS SELECT i, repeat(md5((-i)::text), 30) AS text FROM generate_series(1, 12000) i;`;

async function fill(source: Cluster, more = ''): Promise<string> {
  const database = await source.createDatabase();
  await source.query(sql + more, [], database);
  return database;
}

for (const major of majors())
  describe(`an extension that the server of a drill lacks, PostgreSQL ${major}`, () => {
    it('ends the drill, with its name and what to do', async t => {
      const range = await openRange(t, { major, fill });
      if (!range) return;
      const findings = [['EXTENSION_UNAVAILABLE', 'extension shapes']] as const;
      const result = await assertNotPassed(await range.drill(), 'could-not-verify', findings, range.folder);
      const [finding] = result.findings;
      assert.equal(finding?.expected, 'a server that has it');
      assert.equal(finding.remedy, 'use an image that has it, or name it in optional-extensions');
      await assertNothingLeft(range);
      const other = await range.drill({ 'optional-extensions': 'postgis' });
      assert.equal(drilled(other).verdict, 'could-not-verify');
    });

    it('that is named as optional is left out with all that rests on it, and the rest is compared', async t => {
      const range = await openRange(t, { major, fill });
      if (!range) return;
      const result = assertPassed(await range.drill({ 'optional-extensions': 'shapes' }));
      assert.equal(result.excluded.length, 1);
      const [excluded = ''] = result.excluded;
      assert.match(excluded, /^the server lacks shapes, named in optional-extensions: \d+ objects that rest on it/);
      for (const left of [
        'TABLE public drawn',
        'VIEW public all_drawn',
        'VIEW public of_view',
        'MATERIALIZED VIEW public kept',
        'FUNCTION public bigger(shapes.shape)',
        'FK CONSTRAINT public points_there to_drawn',
        'INDEX public drawn_shape',
        'TABLE public split',
      ])
        assert.ok(excluded.includes(left), `${left} is not in: ${excluded}`);
      assert.ok(!/ plain /.test(excluded.replaceAll('drawn plain', '')), excluded);
      const compared = Object.fromEntries(result.tables.map(({ name, compared: by }) => [name, by]));
      assert.deepEqual(compared, {
        drawn: 'not',
        known: 'not',
        plain: 'content',
        points_there: 'content',
        split: 'not',
        split_1: 'not',
      });
      await assertNothingLeft(range);
    });

    it('that is optional hides no damage elsewhere', async t => {
      const range = await openRange(t, { major, fill });
      if (!range) return;
      const { server } = range;
      const client = await scriptedClient(t, server, {
        restore: `case "$*" in *--section=post-data*) "$real" "$@" || exit
          "\${real%/*}/psql" -qX -c 'DELETE FROM public.plain WHERE id = 7; DROP INDEX public.plain_note; GRANT SELECT ON public.plain TO PUBLIC'; exit ;; esac`,
      });
      const ran = await range.drill({ client, 'optional-extensions': 'shapes' });
      const result = drilled(ran);
      assert.deepEqual([result.verdict, ran.status], ['failed', 1]);
      assert.deepEqual(result.findings.map(({ code }) => code).sort(), [
        'GRANTS_EXTRA',
        'INDEX_MISSING',
        'ROWS_DIFFER',
      ]);
      await assertNothingLeft(range);
    });

    it('also when rows are in shards', async t => {
      const range = await openRange(t, { major, fill: source => fill(source, large), backup: { jobs: '3' } });
      if (!range) return;
      assert.equal(range.made.objects.filter(({ purpose }) => purpose === 'shard').length, 2);
      const result = assertPassed(await range.drill({ 'optional-extensions': 'shapes', jobs: '3' }));
      const compared = Object.fromEntries(result.tables.map(({ name, compared: by }) => [name, by]));
      assert.deepEqual([compared.large_drawn, compared.large_plain, compared.plain], ['not', 'content', 'content']);
      await assertNothingLeft(range);
    });
  });
