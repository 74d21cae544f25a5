-- Partitions of all kinds and depths, and inheritance.
DO $roles$
BEGIN
  CREATE ROLE shape_parts NOLOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END
$roles$;
CREATE SCHEMA parts;
CREATE SCHEMA elsewhere;
CREATE FUNCTION parts.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.note := coalesce(NEW.note, '') || TG_ARGV[0];
  RETURN NEW;
END
$$;
CREATE TABLE parts.kinds (kind text PRIMARY KEY);
INSERT INTO parts.kinds VALUES ('a'), ('b'), ('c'), ('☃'), (' ');

-- list of ranges of hashes, with defaults at each level
CREATE TABLE parts.events (
  id bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL REFERENCES parts.kinds,
  at timestamptz NOT NULL,
  note text DEFAULT 'of the parent',
  twice integer GENERATED ALWAYS AS (length(kind) * 2) STORED,
  CONSTRAINT long_enough CHECK (length(kind) > 0)
) PARTITION BY LIST (kind);
CREATE TABLE parts.events_a PARTITION OF parts.events FOR VALUES IN ('a', ' ') PARTITION BY RANGE (at);
CREATE TABLE parts.events_b PARTITION OF parts.events FOR VALUES IN ('b');
CREATE TABLE parts.events_rest PARTITION OF parts.events DEFAULT;
CREATE TABLE parts.events_a_old PARTITION OF parts.events_a FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00:00+00');
CREATE TABLE parts.events_a_2026 PARTITION OF parts.events_a FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00') PARTITION BY HASH (id);
CREATE TABLE parts.events_a_2026_0 PARTITION OF parts.events_a_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE elsewhere.events_a_2026_1 PARTITION OF parts.events_a_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parts.events_a_future PARTITION OF parts.events_a DEFAULT;
-- its columns stand in another order, among them a dropped one, and its defaults are its own
CREATE TABLE elsewhere."late" (note text DEFAULT 'of the child', gone date, at timestamptz NOT NULL, twice integer GENERATED ALWAYS AS (length(kind) * 2) STORED, id bigint NOT NULL, kind text NOT NULL DEFAULT 'c', CONSTRAINT long_enough CHECK (length(kind) > 0));
ALTER TABLE elsewhere."late" DROP COLUMN gone;
INSERT INTO elsewhere."late" (id, at) SELECT -n, timestamptz '2026-05-01 00:00:00+00' + n * interval '1 day' FROM generate_series(1, 7) AS n;
ALTER TABLE parts.events ATTACH PARTITION elsewhere."late" FOR VALUES IN ('c');
ALTER TABLE ONLY parts.events_b ALTER COLUMN note SET DEFAULT 'of b';
ALTER TABLE parts.events_b ADD CONSTRAINT only_here CHECK (id <> 12345) NOT VALID;
CREATE TRIGGER touch BEFORE INSERT ON parts.events FOR EACH ROW EXECUTE FUNCTION parts.touch('!');
CREATE TRIGGER touch_more BEFORE UPDATE ON parts.events FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note) EXECUTE FUNCTION parts.touch('?');
ALTER TABLE parts.events_rest DISABLE TRIGGER touch;
ALTER TABLE parts.events_b ENABLE ALWAYS TRIGGER touch_more;
INSERT INTO parts.events (kind, at) SELECT (ARRAY['a', 'b', 'c', '☃', ' '])[1 + n % 5], timestamptz '2025-06-01 00:00:00+00' + n * interval '2 days' FROM generate_series(1, 400) AS n;
CREATE INDEX events_at ON parts.events (at DESC, kind);
-- an index of the parent that is made of those of the children, one of them under a name of its own; and one that only one child has
CREATE INDEX events_note ON ONLY parts.events (note);
CREATE INDEX my_own_name ON parts.events_b (note);
ALTER INDEX parts.events_note ATTACH PARTITION parts.my_own_name;
CREATE INDEX events_rest_only ON parts.events_rest (lower(note));
ALTER TABLE parts.events_b ALTER COLUMN note SET STATISTICS 500;
ALTER TABLE parts.events_b SET (fillfactor = 70, autovacuum_enabled = off);
ALTER TABLE parts.events_rest ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON parts.events_rest USING (true);
GRANT SELECT ON parts.events TO shape_parts;
GRANT INSERT ON parts.events_b TO shape_parts WITH GRANT OPTION;
ALTER TABLE elsewhere."late" OWNER TO shape_parts;
COMMENT ON TABLE elsewhere."late" IS 'came later';

-- several columns, infinite bounds, expressions, other operator classes and collations
CREATE TABLE parts.spans (a integer, b text COLLATE "C", c numeric) PARTITION BY RANGE (a, b text_pattern_ops, (c + 1));
CREATE TABLE parts.spans_low PARTITION OF parts.spans FOR VALUES FROM (MINVALUE, MINVALUE, MINVALUE) TO (0, MINVALUE, MINVALUE);
CREATE TABLE parts.spans_mid PARTITION OF parts.spans FOR VALUES FROM (0, 'it''s', -1.5) TO (10, MAXVALUE, MAXVALUE);
CREATE UNLOGGED TABLE parts.spans_rest PARTITION OF parts.spans DEFAULT WITH (fillfactor = 50);
INSERT INTO parts.spans SELECT n - 20, CASE WHEN n % 4 > 0 THEN 'v' || n END, n / 3.0 FROM generate_series(0, 60) AS n;
CREATE TABLE parts.flags (flag boolean, d date) PARTITION BY LIST (flag);
CREATE TABLE parts.flags_true PARTITION OF parts.flags FOR VALUES IN (true);
CREATE TABLE parts.flags_null PARTITION OF parts.flags FOR VALUES IN (NULL, false);
INSERT INTO parts.flags VALUES (true, '2026-01-01'), (false, 'infinity'), (NULL, NULL);
CREATE TABLE parts.no_partitions (id integer) PARTITION BY RANGE (id);
CREATE TABLE parts.detached (LIKE parts.spans_low INCLUDING ALL);
INSERT INTO parts.detached SELECT n, 'd', n FROM generate_series(1, 5) AS n;

-- keys from and to partitioned tables
CREATE TABLE parts.orders (id bigint, day date, total numeric, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parts.orders_1 PARTITION OF parts.orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parts.orders_2 PARTITION OF parts.orders FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE parts.lines (order_id bigint, day date, line integer, FOREIGN KEY (order_id, day) REFERENCES parts.orders ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED) PARTITION BY HASH (order_id);
CREATE TABLE parts.lines_0 PARTITION OF parts.lines FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parts.lines_1 PARTITION OF parts.lines FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parts.lines_2 PARTITION OF parts.lines FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE parts.invoices (order_id bigint, day date, FOREIGN KEY (order_id, day) REFERENCES parts.orders MATCH FULL);
INSERT INTO parts.orders SELECT n, date '2026-01-01' + n % 59, n FROM generate_series(1, 120) AS n;
INSERT INTO parts.lines SELECT id, day, line FROM parts.orders, generate_series(1, 3) AS line;
INSERT INTO parts.invoices SELECT id, day FROM parts.orders WHERE id % 3 = 0;
-- a partition that refers to its own parent
CREATE TABLE parts.tree (id integer, branch integer, up integer, PRIMARY KEY (branch, id), FOREIGN KEY (branch, up) REFERENCES parts.tree) PARTITION BY LIST (branch);
CREATE TABLE parts.tree_1 PARTITION OF parts.tree FOR VALUES IN (1);
CREATE TABLE parts.tree_2 PARTITION OF parts.tree FOR VALUES IN (2);
INSERT INTO parts.tree SELECT n, 1 + n % 2, CASE WHEN n > 2 THEN n - 2 END FROM generate_series(1, 40) AS n;
CREATE PUBLICATION shape_parts_root FOR TABLE parts.orders WITH (publish_via_partition_root = true);
CREATE PUBLICATION shape_parts_leaf FOR TABLE parts.events_b (id, kind) WHERE (kind = 'b');

-- inheritance: of one, of several, over generations, with columns that came later
CREATE TABLE parts.animal (name text DEFAULT 'nobody', born date, CONSTRAINT named CHECK (name <> ''), CONSTRAINT not_inherited CHECK (born > '1900-01-01') NO INHERIT);
CREATE TABLE parts.swimmer (name text, depth numeric NOT NULL);
CREATE TABLE parts.duck (feathers integer DEFAULT 1000) INHERITS (parts.animal, parts.swimmer);
CREATE TABLE parts.mallard (depth numeric DEFAULT 1, green boolean) INHERITS (parts.duck);
CREATE TABLE parts.robot_duck (battery text, depth numeric NOT NULL, name text, born date, feathers integer, CONSTRAINT named CHECK (name <> ''));
ALTER TABLE parts.robot_duck INHERIT parts.duck;
ALTER TABLE parts.animal ADD COLUMN legs smallint DEFAULT 4;
ALTER TABLE parts.duck ALTER COLUMN legs SET DEFAULT 2;
ALTER TABLE parts.swimmer ADD COLUMN "Salt" boolean;
INSERT INTO parts.animal (name) VALUES ('cat'), (NULL);
INSERT INTO parts.swimmer VALUES ('eel', 30, true);
INSERT INTO parts.duck (name, depth) VALUES ('Donald', 1.10);
INSERT INTO parts.mallard (name, green) SELECT 'mallard ' || n, n % 2 = 0 FROM generate_series(1, 20) AS n;
INSERT INTO parts.robot_duck (battery, depth, name) VALUES ('full', 0, 'R2');
CREATE INDEX mallard_name ON parts.mallard (name);
CREATE VIEW parts.all_ducks AS SELECT tableoid::regclass AS kind, name, legs FROM parts.duck;
CREATE MATERIALIZED VIEW parts.per_kind AS SELECT kind, count(*) AS events FROM parts.events GROUP BY 1;
CREATE TABLE parts.typed_source AS SELECT 1 AS a;
CREATE TYPE parts.row_type AS (id integer, note text);
CREATE TABLE parts.typed OF parts.row_type (PRIMARY KEY (id), note WITH OPTIONS DEFAULT 'typed');
INSERT INTO parts.typed SELECT n FROM generate_series(1, 5) AS n;
