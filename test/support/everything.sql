-- One database with every kind of object that pg_dump can write down and a stock server can hold, each at least once in
-- an odd state or under an odd name. For a superuser, in an empty database; its roles may be there already.

DO $roles$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY[
    'CREATE ROLE every_owner NOLOGIN',
    'CREATE ROLE every_other NOLOGIN',
    'CREATE ROLE every_reader NOLOGIN',
    'CREATE ROLE every_writer NOLOGIN',
    'CREATE ROLE every_boss NOLOGIN SUPERUSER',
    'CREATE ROLE "every ""Odd"" role; Type: x" NOLOGIN'
  ] LOOP
    BEGIN
      EXECUTE statement;
    -- a unique violation where two sessions make it at once
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END
$roles$;

CREATE SCHEMA every AUTHORIZATION every_owner;
CREATE SCHEMA every_second AUTHORIZATION every_other;
CREATE SCHEMA every_published;
CREATE SCHEMA every_extensions;
CREATE SCHEMA "Every ""Odd"" Schema; Type: TABLE" AUTHORIZATION "every ""Odd"" role; Type: x";
COMMENT ON SCHEMA every IS 'holds ''nearly'' everything';
COMMENT ON SCHEMA public IS 'another comment than initdb gives';
GRANT USAGE ON SCHEMA every TO every_reader, every_writer WITH GRANT OPTION;
GRANT CREATE ON SCHEMA public TO every_writer;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- extensions that the usual packages bring; their schema need not be public, and rights on their members change
DO $extensions$
DECLARE
  module text;
BEGIN
  FOR module IN SELECT name FROM pg_available_extensions
    WHERE name IN ('btree_gist', 'citext', 'hstore', 'pg_trgm', 'pgcrypto', 'postgres_fdw') ORDER BY name LOOP
    EXECUTE format('CREATE EXTENSION %I SCHEMA every_extensions', module);
  END LOOP;
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pgcrypto') THEN
    REVOKE EXECUTE ON FUNCTION every_extensions.digest(text, text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION every_extensions.digest(text, text) TO every_reader, every_owner;
    COMMENT ON EXTENSION pgcrypto IS 'another comment than the extension''s own';
  END IF;
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'hstore') THEN
    COMMENT ON EXTENSION hstore IS NULL;
    CREATE TABLE every.with_hstore (id int PRIMARY KEY, pairs every_extensions.hstore DEFAULT 'a=>1');
    INSERT INTO every.with_hstore VALUES (1, 'b=>"2"'), (2, DEFAULT), (3, NULL);
    CREATE INDEX with_hstore_pairs ON every.with_hstore USING gist (pairs every_extensions.gist_hstore_ops (siglen = 32));
    CREATE FUNCTION every.needs_hstore() RETURNS int LANGUAGE sql AS 'SELECT 1';
    ALTER FUNCTION every.needs_hstore() DEPENDS ON EXTENSION hstore;
    ALTER INDEX every.with_hstore_pairs DEPENDS ON EXTENSION hstore;
  END IF;
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citext') THEN
    CREATE TABLE every.with_citext (word every_extensions.citext UNIQUE);
    INSERT INTO every.with_citext VALUES ('One'), ('two');
  END IF;
END
$extensions$;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO every_reader;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO every_reader;

ALTER DEFAULT PRIVILEGES FOR ROLE every_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA every GRANT SELECT ON TABLES TO every_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA every GRANT ALL ON TABLES TO every_writer WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE every_other IN SCHEMA every GRANT SELECT ON TABLES TO every_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner GRANT USAGE ON SEQUENCES TO every_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE every_other REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE every_other GRANT CREATE ON SCHEMAS TO every_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE "every ""Odd"" role; Type: x" REVOKE ALL ON TABLES FROM "every ""Odd"" role; Type: x";

SET ROLE every_owner;

-- types
CREATE TYPE every.mood AS ENUM ('sad', 'it''s "ok"', 'happy ☂', E'two\nlines');
ALTER TYPE every.mood ADD VALUE 'between' BEFORE 'happy ☂';
CREATE TYPE every.pair AS (a int, b text COLLATE "C", "odd ""name""" numeric(10, 2)[]);
COMMENT ON TYPE every.pair IS 'a pair';
COMMENT ON COLUMN every.pair.b IS 'its second half';
CREATE TYPE every.float_range AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = every.float_ranges);
CREATE TYPE every.text_range AS RANGE (subtype = text, collation = "C");
CREATE DOMAIN every.positive AS int DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN every.small_positive AS every.positive CONSTRAINT small CHECK (VALUE < 100);
CREATE DOMAIN every.codes AS varchar(7)[] COLLATE "C" CONSTRAINT filled CHECK (array_length(VALUE, 1) > 0);
CREATE DOMAIN every.year AS smallint;
ALTER DOMAIN every.year ADD CONSTRAINT recent CHECK (VALUE > 1900) NOT VALID;
COMMENT ON DOMAIN every.positive IS 'above nothing';
COMMENT ON CONSTRAINT small ON DOMAIN every.small_positive IS 'but not by much';
GRANT USAGE ON TYPE every.mood TO every_reader;
REVOKE USAGE ON DOMAIN every.positive FROM PUBLIC;
GRANT USAGE ON DOMAIN every.positive TO every_writer;
RESET ROLE;
CREATE TYPE every.announced;
CREATE TYPE every.raw;
CREATE FUNCTION every.raw_in(cstring) RETURNS every.raw LANGUAGE internal STRICT IMMUTABLE AS 'int4in';
CREATE FUNCTION every.raw_out(every.raw) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'int4out';
CREATE TYPE every.raw (
  INPUT = every.raw_in, OUTPUT = every.raw_out, INTERNALLENGTH = 4, ALIGNMENT = int4, DEFAULT = '42', PASSEDBYVALUE
);
CREATE COLLATION every.bytewise (provider = libc, locale = 'C');
COMMENT ON COLLATION every.bytewise IS 'byte by byte';
DO $icu$
BEGIN
  CREATE COLLATION every.numbers (provider = icu, locale = 'en-u-kn', deterministic = false);
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'no ICU';
END
$icu$;

-- functions
SET ROLE every_owner;
CREATE FUNCTION every.plus(a int, b int DEFAULT 1, VARIADIC more int[] DEFAULT '{}') RETURNS int
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 SET search_path = every, "$user", pg_temp SET work_mem = '8MB'
  AS $body$ SELECT a + b + coalesce((SELECT sum(m) FROM unnest(more) AS m), 0)::int $body$;
CREATE FUNCTION every.standard(a int, OUT twice int, OUT label text) LANGUAGE sql STABLE
  BEGIN ATOMIC
    SELECT a * 2, a::text || ';' || E'\n--\n-- Name: x; Type: TABLE; Schema: y; Owner: z\n--\n';
  END;
CREATE FUNCTION every.simple(a int) RETURNS TABLE (n int, m every.mood) LANGUAGE sql ROWS 3
  RETURN (a, 'sad'::every.mood);
CREATE FUNCTION every.looks_like_a_dump() RETURNS text LANGUAGE sql AS $dump$
SELECT 'a body that looks like what pg_dump writes
$$;

--
-- Name: DATABASE x; Type: ACL; Schema: -; Owner: postgres
--

\connect nowhere
\restrict abc
SET default_tablespace = nowhere;

--
-- PostgreSQL database dump complete
--

$$' -- it's
$dump$;
CREATE FUNCTION every.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION every."Odd ""function"" 🐘"("a ""b""" text, every.pair) RETURNS SETOF every.pair LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT $2;
END
$$;
CREATE PROCEDURE every.proceed(INOUT a int, b text DEFAULT 'it''s') LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE FUNCTION every.overloaded(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION every.overloaded(text) RETURNS int LANGUAGE sql AS 'SELECT 2';
COMMENT ON FUNCTION every.overloaded(text) IS 'the second';
COMMENT ON PROCEDURE every.proceed(int, text) IS 'a procedure';
GRANT EXECUTE ON FUNCTION every.plus(int, int, int[]) TO every_reader;
GRANT EXECUTE ON PROCEDURE every.proceed(int, text) TO every_writer WITH GRANT OPTION;
CREATE AGGREGATE every.joined (text) (sfunc = textcat, stype = text, initcond = '');
CREATE AGGREGATE every.total (int4) (
  sfunc = int4pl, stype = int4, combinefunc = int4pl, msfunc = int4pl, minvfunc = int4mi, mstype = int4, parallel = safe
);
CREATE AGGREGATE every.count_all (*) (sfunc = int8inc, stype = int8, initcond = '0');
COMMENT ON AGGREGATE every.joined(text) IS 'all of it';
RESET ROLE;
CREATE AGGREGATE every.share (float8 ORDER BY anyelement) (
  sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra
);
ALTER FUNCTION every.raw_in(cstring) OWNER TO every_owner;
CREATE FUNCTION every.row_number() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE LEAKPROOF AS 'window_row_number';

-- languages, transforms, casts, operators, access methods, conversions
CREATE FUNCTION every.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION every.inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION every.validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE every_language HANDLER every.handler INLINE every.inline VALIDATOR every.validator;
COMMENT ON LANGUAGE every_language IS 'plpgsql by another name';
GRANT USAGE ON LANGUAGE every_language TO every_writer;
CREATE FUNCTION every.by_own_language() RETURNS int LANGUAGE every_language AS 'BEGIN RETURN 1; END';
CREATE FUNCTION every.raw_from(internal) RETURNS every.raw LANGUAGE internal STRICT IMMUTABLE AS 'int4recv';
CREATE TRANSFORM FOR every.raw LANGUAGE every_language (
  FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal), TO SQL WITH FUNCTION every.raw_from(internal)
);
COMMENT ON TRANSFORM FOR every.raw LANGUAGE every_language IS 'never called';
CREATE FUNCTION every.mood_number(every.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)';
CREATE CAST (every.mood AS int) WITH FUNCTION every.mood_number(every.mood) AS ASSIGNMENT;
CREATE CAST (every.raw AS int) WITHOUT FUNCTION;
CREATE CAST (every.pair AS varchar) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (every.mood AS int) IS 'its length';
CREATE FUNCTION every.pair_less(every.pair, every.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a < $2.a';
CREATE FUNCTION every.pair_more(every.pair, every.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a > $2.a';
CREATE FUNCTION every.pair_same(every.pair, every.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a';
CREATE FUNCTION every.pair_order(every.pair, every.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a - $2.a';
CREATE OPERATOR every.<# (FUNCTION = every.pair_less, LEFTARG = every.pair, RIGHTARG = every.pair, COMMUTATOR = OPERATOR(every.>#));
CREATE OPERATOR every.># (FUNCTION = every.pair_more, LEFTARG = every.pair, RIGHTARG = every.pair, RESTRICT = scalargtsel);
CREATE OPERATOR every.=# (FUNCTION = every.pair_same, LEFTARG = every.pair, RIGHTARG = every.pair, HASHES, MERGES, JOIN = eqjoinsel);
CREATE OPERATOR every.!! (FUNCTION = every.mood_number, RIGHTARG = every.mood);
COMMENT ON OPERATOR every.!! (NONE, every.mood) IS 'how long it is';
CREATE OPERATOR FAMILY every.pairs USING btree;
CREATE OPERATOR CLASS every.pair_by_number FOR TYPE every.pair USING btree FAMILY every.pairs AS
  OPERATOR 1 every.<#, OPERATOR 3 every.=#, OPERATOR 5 every.>#, FUNCTION 1 every.pair_order(every.pair, every.pair);
CREATE OPERATOR CLASS every.alone FOR TYPE every.pair USING hash AS OPERATOR 1 every.=#;
CREATE OPERATOR FAMILY every.empty USING gin;
CREATE FUNCTION every.number_pair_order(int, every.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2.a';
ALTER OPERATOR FAMILY every.pairs USING btree ADD FUNCTION 1 (int, every.pair) every.number_pair_order(int, every.pair);
COMMENT ON OPERATOR CLASS every.pair_by_number USING btree IS 'by the first half';
COMMENT ON OPERATOR FAMILY every.pairs USING btree IS 'a family';
ALTER OPERATOR every.<# (every.pair, every.pair) OWNER TO every_other;
ALTER OPERATOR CLASS every.alone USING hash OWNER TO every_other;
CREATE ACCESS METHOD every_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD every_gist TYPE INDEX HANDLER gisthandler;
COMMENT ON ACCESS METHOD every_heap IS 'heap by another name';
CREATE DEFAULT CONVERSION every.from_latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION every.from_latin IS 'one way';

-- text search
CREATE TEXT SEARCH TEMPLATE every.plain (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY every.words (TEMPLATE = every.plain, stopwords = 'english', accept = false);
CREATE TEXT SEARCH PARSER every.parser (
  START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, HEADLINE = prsd_headline, LEXTYPES = prsd_lextype
);
CREATE TEXT SEARCH CONFIGURATION every.search (PARSER = every.parser);
ALTER TEXT SEARCH CONFIGURATION every.search ADD MAPPING FOR asciiword, word WITH every.words, simple;
ALTER TEXT SEARCH CONFIGURATION every.search ADD MAPPING FOR email, url WITH simple;
CREATE TEXT SEARCH CONFIGURATION every.english (COPY = pg_catalog.english);
COMMENT ON TEXT SEARCH CONFIGURATION every.search IS 'a configuration';
COMMENT ON TEXT SEARCH DICTIONARY every.words IS 'a dictionary';
COMMENT ON TEXT SEARCH PARSER every.parser IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE every.plain IS 'a template';
ALTER TEXT SEARCH CONFIGURATION every.search OWNER TO every_owner;
ALTER TEXT SEARCH DICTIONARY every.words OWNER TO every_owner;

-- foreign data
CREATE FOREIGN DATA WRAPPER every_wrapper OPTIONS (debug 'it''s true');
CREATE SERVER every_server TYPE 'odd "type"' VERSION '1.0' FOREIGN DATA WRAPPER every_wrapper OPTIONS (host 'far; away', password 'server-secret');
CREATE USER MAPPING FOR every_owner SERVER every_server OPTIONS (user 'me', password 'mapping-secret');
CREATE USER MAPPING FOR PUBLIC SERVER every_server;
COMMENT ON FOREIGN DATA WRAPPER every_wrapper IS 'wraps';
COMMENT ON SERVER every_server IS 'serves';
GRANT USAGE ON FOREIGN DATA WRAPPER every_wrapper TO every_owner WITH GRANT OPTION;
GRANT USAGE ON FOREIGN SERVER every_server TO every_owner, every_reader;
ALTER SERVER every_server OWNER TO every_boss;
CREATE FOREIGN TABLE every.far (
  id int OPTIONS (column_name 'ID') NOT NULL,
  word text COLLATE "C" DEFAULT 'x',
  long text,
  CHECK (id > 0)
) SERVER every_server OPTIONS (schema_name 's', password 'table-secret');
COMMENT ON FOREIGN TABLE every.far IS 'far away';
COMMENT ON COLUMN every.far.word IS 'its word';
GRANT SELECT ON every.far TO every_reader;
CREATE TRIGGER touch BEFORE INSERT ON every.far FOR EACH ROW EXECUTE FUNCTION every.touch();
ALTER FOREIGN TABLE every.far DISABLE TRIGGER touch;

-- tables
SET ROLE every_owner;
CREATE SEQUENCE every.past AS bigint INCREMENT BY 10 MINVALUE -5 MAXVALUE 1000 START WITH 100 CACHE 3 CYCLE;
CREATE SEQUENCE every.down INCREMENT BY -1;
CREATE SEQUENCE every.untouched AS smallint;
SELECT nextval('every.past'), nextval('every.down'), nextval('every.down');
COMMENT ON SEQUENCE every.down IS 'counts down';
GRANT USAGE, SELECT ON SEQUENCE every.past TO every_reader;
REVOKE ALL ON SEQUENCE every.untouched FROM every_owner;

CREATE TABLE every.things (
  id serial PRIMARY KEY,
  gone text,
  word varchar(40) COLLATE every.bytewise NOT NULL DEFAULT E'it''s\n"a" word, or \\ two;',
  amount numeric(12, 2) DEFAULT every.plus(1, 2) CHECK (amount >= 0),
  twice numeric GENERATED ALWAYS AS (amount * 2) STORED,
  always_number bigint GENERATED ALWAYS AS IDENTITY (START WITH 7 INCREMENT BY 3 MINVALUE 2 CACHE 5),
  default_number int GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME every."odd identity ""name""" MAXVALUE 9999),
  small every.small_positive,
  feeling every.mood DEFAULT 'sad',
  pair every.pair DEFAULT '(1,a,{1.5})',
  spans every.float_ranges,
  "odd ""column"" ; Type: TABLE 🐘" int,
  moods every.mood[] DEFAULT '{}',
  raw every.raw,
  stored text,
  document xml,
  search tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple'::regconfig, word)) STORED,
  at timestamptz(3) DEFAULT now(),
  CONSTRAINT "odd ""constraint""" CHECK (word <> 'a;b' AND (amount > 1 OR id > 0)),
  CONSTRAINT deferred UNIQUE (id, word) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 71, autovacuum_enabled = false, toast.autovacuum_vacuum_scale_factor = 0.5);
ALTER TABLE every.things DROP COLUMN gone;
ALTER TABLE every.things ALTER COLUMN stored SET STORAGE EXTERNAL, ALTER COLUMN stored SET COMPRESSION pglz;
ALTER TABLE every.things ALTER COLUMN word SET STATISTICS 321, ALTER COLUMN amount SET (n_distinct = -0.5, n_distinct_inherited = 7);
ALTER TABLE every.things ADD CONSTRAINT not_valid CHECK (amount < 1000000) NOT VALID;
ALTER TABLE every.things ADD CONSTRAINT not_inherited CHECK (id > -1) NO INHERIT;
INSERT INTO every.things (amount, small, feeling, pair, spans, "odd ""column"" ; Type: TABLE 🐘", moods, raw, stored)
SELECT n, 1 + n % 9, (ARRAY['sad', 'happy ☂', NULL]::every.mood[])[1 + n % 3], ROW(n, 'b' || n, ARRAY[n / 3.0])::every.pair,
  every.float_ranges(every.float_range(n, n + 1)), n, '{sad}', '7', repeat('x', n * 100)
FROM generate_series(1, 20) AS n;
SELECT setval('every.things_id_seq', 5);
CREATE INDEX things_partly ON every.things USING btree (lower(word) COLLATE "POSIX" text_pattern_ops DESC NULLS LAST, (amount + 1))
  INCLUDE (feeling) WITH (fillfactor = 55) WHERE amount > 3;
CREATE INDEX things_by_pair ON every.things (pair every.pair_by_number);
CREATE UNIQUE INDEX things_unique ON every.things (always_number);
CREATE INDEX "odd ""index"" 🐘" ON every.things USING gin (search) WITH (fastupdate = off);
CREATE INDEX things_block ON every.things USING brin (at) WITH (pages_per_range = 7);
ALTER INDEX every.things_partly ALTER COLUMN 2 SET STATISTICS 99;
ALTER TABLE every.things CLUSTER ON things_pkey;
ALTER TABLE every.things REPLICA IDENTITY USING INDEX things_unique;
ALTER TABLE every.things ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON every.things TO every_owner USING (true);
CREATE POLICY "odd ""policy""" ON every.things AS RESTRICTIVE FOR UPDATE TO every_reader, "every ""Odd"" role; Type: x"
  USING (word <> ';') WITH CHECK (amount < (SELECT max(t.amount) FROM every.things t));
CREATE POLICY only_insert ON every.things FOR INSERT TO PUBLIC WITH CHECK (small > 1);
COMMENT ON POLICY all_of_it ON every.things IS 'all';
CREATE STATISTICS every.of_things (ndistinct, dependencies, mcv) ON small, feeling, id FROM every.things;
CREATE STATISTICS every.of_expressions ON lower(word), (amount + 1) FROM every.things;
ALTER STATISTICS every.of_things SET STATISTICS 77;
COMMENT ON STATISTICS every.of_things IS 'of things';
CREATE TRIGGER touch BEFORE UPDATE OF word, amount ON every.things FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION every.touch('an argument', E'\\ '' 2');
CREATE TRIGGER disabled AFTER INSERT ON every.things FOR EACH ROW EXECUTE FUNCTION every.touch();
CREATE TRIGGER always AFTER DELETE ON every.things FOR EACH STATEMENT EXECUTE FUNCTION every.touch();
CREATE TRIGGER "odd ""trigger"" 🐘" AFTER UPDATE ON every.things REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION every.touch();
CREATE CONSTRAINT TRIGGER constrained AFTER INSERT ON every.things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION every.touch();
ALTER TABLE every.things DISABLE TRIGGER disabled, ENABLE ALWAYS TRIGGER always, ENABLE REPLICA TRIGGER "odd ""trigger"" 🐘";
CREATE TABLE every.log (what text, id int);
CREATE RULE logged AS ON UPDATE TO every.log WHERE OLD.id <> NEW.id DO ALSO (INSERT INTO every.log VALUES ('a;b', NEW.id); DELETE FROM every.log WHERE log.id = OLD.id);
CREATE RULE asleep AS ON DELETE TO every.log DO INSTEAD NOTHING;
CREATE RULE notifies AS ON INSERT TO every.log DO ALSO NOTIFY every_log;
ALTER TABLE every.log DISABLE RULE asleep, REPLICA IDENTITY FULL;
COMMENT ON TABLE every.things IS E'several\nlines; ''quoted''\n\n--\n-- Name: fake; Type: TABLE; Schema: every; Owner: x\n--\n\nCREATE';
COMMENT ON COLUMN every.things."odd ""column"" ; Type: TABLE 🐘" IS 'odd';
COMMENT ON CONSTRAINT not_valid ON every.things IS 'not yet';
COMMENT ON INDEX every.things_partly IS 'an index';
COMMENT ON TRIGGER touch ON every.things IS 'a trigger';
COMMENT ON RULE logged ON every.log IS 'a rule';

GRANT SELECT ON every.things TO every_reader WITH GRANT OPTION;
GRANT SELECT (id, word), INSERT (word), REFERENCES (id) ON every.things TO every_writer;
GRANT UPDATE (amount) ON every.things TO every_reader WITH GRANT OPTION;
REVOKE TRUNCATE ON every.things FROM every_owner;
SET ROLE every_reader;
GRANT SELECT ON every.things TO "every ""Odd"" role; Type: x" WITH GRANT OPTION;
GRANT UPDATE (amount) ON every.things TO every_other;
GRANT USAGE ON SCHEMA every TO every_other, "every ""Odd"" role; Type: x";
SET ROLE "every ""Odd"" role; Type: x";
GRANT SELECT ON every.things TO every_other;
SET ROLE every_owner;

-- odd tables
CREATE TABLE every.nothing ();
INSERT INTO every.nothing DEFAULT VALUES;
CREATE TABLE every.a_name_that_is_exactly_as_long_as_a_name_can_be_of_63_bytes____ (
  "a column's name that is exactly as long as a name can be: 63 b." int CONSTRAINT "a constraint's name that is exactly as long as a name can be. " CHECK (true)
);
CREATE TABLE every."x; Type: TABLE; Schema: x; Owner: y" ("x; Type: ACL" int PRIMARY KEY);
CREATE TABLE every."two
lines" ("col
umn" int DEFAULT 1, CHECK ("col
umn" > 0));
CREATE TRIGGER "trig
ger" BEFORE INSERT ON every."two
lines" FOR EACH ROW EXECUTE FUNCTION every.touch();
ALTER TABLE every."two
lines" DISABLE TRIGGER "trig
ger";
CREATE TABLE every."two lines" ("col umn" text);
COMMENT ON TABLE every."two lines" IS 'the one with a space';
COMMENT ON TABLE every."two
lines" IS 'the one with a line break';
CREATE TABLE every."dot.dot $1 \ % 'q' -- /* */" ("a.b" int, "dot.dot" int);
CREATE TABLE every."DATABASE x" (id int);
GRANT SELECT ON every."DATABASE x", every."x; Type: TABLE; Schema: x; Owner: y" TO every_reader;
INSERT INTO every."x; Type: TABLE; Schema: x; Owner: y" VALUES (1), (2);
CREATE UNLOGGED TABLE every.unlogged (id int GENERATED ALWAYS AS IDENTITY);
INSERT INTO every.unlogged DEFAULT VALUES;
CREATE TABLE every.typed OF every.pair (a WITH OPTIONS PRIMARY KEY, b DEFAULT 'x' NOT NULL, CHECK (a > 0)) WITH (fillfactor = 90);
INSERT INTO every.typed (a) VALUES (1), (2);
CREATE TABLE every.counted (id int GENERATED ALWAYS AS IDENTITY, down smallint GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -1));
CREATE TABLE every.like_counted (LIKE every.counted INCLUDING IDENTITY);
INSERT INTO every.like_counted DEFAULT VALUES;
CREATE TABLE every.like_counted_wide (LIKE every.counted INCLUDING IDENTITY);
ALTER TABLE every.like_counted_wide ALTER id SET MINVALUE -2147483648, ALTER down SET MAXVALUE 32767;
CREATE TABLE every.excluded (during int4range, EXCLUDE USING gist (during WITH &&) WHERE (NOT isempty(during)));
INSERT INTO every.excluded VALUES ('[1,3)'), ('[3,4)');

-- inheritance, with columns that a restore puts in another order
CREATE TABLE every.parent (a int CHECK (a > 0), b text DEFAULT 'parent' NOT NULL, c int CONSTRAINT parent_c CHECK (c < 100));
CREATE TABLE every.second_parent (d date, b text);
CREATE TABLE every.child (e int, b text DEFAULT 'child', CHECK (e > 0)) INHERITS (every.parent, every.second_parent);
CREATE TABLE every.adopted (z text DEFAULT 'a, b', c int CONSTRAINT parent_c CHECK (c < 100), b text DEFAULT E'x,\n    y' NOT NULL, a int CONSTRAINT parent_a_check CHECK (a > 0), y text);
ALTER TABLE every.adopted ALTER COLUMN z SET STATISTICS 5, ALTER COLUMN b SET STATISTICS 6, ALTER COLUMN a SET (n_distinct = 3),
  ALTER COLUMN y SET STORAGE EXTERNAL;
ALTER TABLE every.adopted INHERIT every.parent;
CREATE TABLE every.grandchild (f int, b text DEFAULT 'grand') INHERITS (every.adopted, every.child);
ALTER TABLE every.parent ADD COLUMN late text DEFAULT 'late';
ALTER TABLE ONLY every.grandchild ALTER COLUMN late SET DEFAULT 'own', ALTER COLUMN f SET NOT NULL;
ALTER TABLE every.child DROP CONSTRAINT child_e_check;
CREATE TABLE every.left_home () INHERITS (every.parent);
ALTER TABLE every.left_home NO INHERIT every.parent;
INSERT INTO every.parent VALUES (1, 'p', 1);
INSERT INTO every.adopted (a, b, c, z) VALUES (2, 'q', 2, 'z');
INSERT INTO every.grandchild (a, f) VALUES (3, 3);
CREATE STATISTICS every.of_adopted ON z, c, a FROM every.adopted;
CREATE INDEX adopted_by_several ON every.adopted (y, z, a);
CREATE VIEW every.all_adopted AS SELECT * FROM every.adopted;
CREATE VIEW every.whole_adopted AS SELECT ad, ad.a + 1 AS n FROM every.adopted ad WHERE ad.* IS NOT NULL;
COMMENT ON COLUMN every.adopted.z IS 'the last';
GRANT SELECT (z, a), UPDATE (c) ON every.adopted TO every_reader;

-- partitions: several levels, columns in another order, one that was detached, one of its own mind
CREATE TABLE every.parts (id bigint GENERATED BY DEFAULT AS IDENTITY, at date NOT NULL, kind text COLLATE "C" DEFAULT 'k', n int, CHECK (n > 0))
  PARTITION BY RANGE (at, (n + 1) int4_ops);
CREATE TABLE every.parts_1 PARTITION OF every.parts (kind DEFAULT 'one', n NOT NULL, CONSTRAINT ones CHECK (n < 100))
  FOR VALUES FROM ('2026-01-01', MINVALUE) TO ('2026-01-31', MAXVALUE) PARTITION BY LIST (kind);
CREATE TABLE every.parts_1_a PARTITION OF every.parts_1 FOR VALUES IN ('a', 'it''s "b"', NULL) WITH (fillfactor = 80);
CREATE TABLE every.parts_1_other PARTITION OF every.parts_1 DEFAULT PARTITION BY HASH (n);
CREATE TABLE every.parts_1_other_0 PARTITION OF every.parts_1_other FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE every.parts_1_other_1 PARTITION OF every.parts_1_other FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE every.parts_2 (n int CONSTRAINT parts_n_check CHECK (n > 0), gone int, kind text COLLATE "C" DEFAULT 'two', at date NOT NULL, id bigint NOT NULL);
ALTER TABLE every.parts_2 DROP COLUMN gone;
ALTER TABLE every.parts ATTACH PARTITION every.parts_2 FOR VALUES FROM ('2026-02-01', MINVALUE) TO ('2026-03-01', 5);
CREATE TABLE every.parts_3 PARTITION OF every.parts FOR VALUES FROM ('2026-04-01', 1) TO (MAXVALUE, MAXVALUE);
CREATE INDEX parts_by_kind ON every.parts (kind, at);
CREATE INDEX parts_only ON ONLY every.parts (n);
CREATE INDEX parts_2_own ON every.parts_2 (id);
CREATE TABLE every.keyed (id int CONSTRAINT keyed_key PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE every.keyed_1 PARTITION OF every.keyed FOR VALUES FROM (0) TO (10);
CREATE TABLE every.keyed_2 (n int, id int NOT NULL, CONSTRAINT own_key PRIMARY KEY (id));
ALTER TABLE every.keyed ATTACH PARTITION every.keyed_2 FOR VALUES FROM (10) TO (20);
INSERT INTO every.keyed VALUES (1, 1), (11, 11);
CREATE TABLE every.refers (id int REFERENCES every.keyed ON DELETE CASCADE, other int REFERENCES every.things) PARTITION BY HASH (id);
CREATE TABLE every.refers_0 PARTITION OF every.refers FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO every.refers VALUES (1, 1), (11, 2);
CREATE TRIGGER parted AFTER INSERT ON every.parts FOR EACH ROW EXECUTE FUNCTION every.touch();
ALTER TABLE every.parts_2 DISABLE TRIGGER parted;
ALTER TABLE every.parts_1_a ENABLE ALWAYS TRIGGER parted;
INSERT INTO every.parts (at, kind, n) SELECT '2026-01-01'::date + n % 30, (ARRAY['a', 'b', NULL])[1 + n % 3], n FROM generate_series(1, 30) AS n;
INSERT INTO every.parts (at, n) VALUES ('2026-02-07', 3), ('2026-05-01', 7);
ALTER TABLE every.parts DETACH PARTITION every.parts_3;
COMMENT ON TABLE every.parts_1_a IS 'a leaf';
GRANT SELECT ON every.parts_1_a TO every_other;
CREATE STATISTICS every.of_parts ON n, kind FROM every.parts_2;
ALTER TABLE every.parts_1 ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_part ON every.parts_1 USING (n > 1);

-- foreign keys in a circle over two schemas
RESET ROLE;
GRANT CREATE, USAGE ON SCHEMA every_second TO every_owner;
SET ROLE every_owner;
CREATE TABLE every.hen (id int PRIMARY KEY, egg int, other int, UNIQUE (id, other));
CREATE TABLE every_second.egg (
  id int PRIMARY KEY, hen int REFERENCES every.hen ON UPDATE SET DEFAULT ON DELETE SET NULL DEFERRABLE,
  FOREIGN KEY (id, hen) REFERENCES every.hen (id, other) MATCH FULL NOT VALID
);
ALTER TABLE every_second.egg DROP CONSTRAINT egg_id_hen_fkey;
INSERT INTO every.hen VALUES (1, 1), (2, 2);
INSERT INTO every_second.egg VALUES (1, 2), (2, 1);
ALTER TABLE every.hen ADD FOREIGN KEY (egg) REFERENCES every_second.egg DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE every.hen ADD CONSTRAINT hen_never CHECK (id < 0) NO INHERIT NOT VALID;
ALTER TABLE every.hen ADD CONSTRAINT hen_other FOREIGN KEY (other) REFERENCES every.hen NOT VALID;

-- views, also such as depend on one another or on a constraint
CREATE VIEW every.plain WITH (security_barrier) AS SELECT t.*, 'a;b'::text AS "odd ""name""" FROM every.things t;
CREATE VIEW every.updatable AS SELECT id, amount FROM every.things WHERE amount > 1 WITH CASCADED CHECK OPTION;
ALTER VIEW every.updatable ALTER COLUMN amount SET DEFAULT 9;
CREATE TRIGGER instead INSTEAD OF DELETE ON every.updatable FOR EACH ROW EXECUTE FUNCTION every.touch();
CREATE RECURSIVE VIEW every.recursive (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM recursive WHERE n < 5;
CREATE VIEW every.by_key AS SELECT id, word, count(*) AS n FROM every.things GROUP BY id;
CREATE VIEW every.on_by_key AS SELECT * FROM every.by_key JOIN every.hen USING (id);
CREATE VIEW every.circle_a AS SELECT 1 AS n;
CREATE FUNCTION every.circle() RETURNS SETOF every.circle_a LANGUAGE sql BEGIN ATOMIC SELECT n FROM every.circle_a; END;
CREATE VIEW every.circle_b AS SELECT n FROM every.circle();
CREATE OR REPLACE VIEW every.circle_a AS SELECT n FROM every.circle_b;
CREATE VIEW every.joined_view AS
  SELECT x.*, j.id AS of_join FROM (every.hen h JOIN every_second.egg e USING (id)) AS j (id, q, w, v)
  JOIN every.log AS x (first, second) ON x.second = j.id;
-- of a table that forces row security on its owner pg_restore could not refresh it
CREATE MATERIALIZED VIEW every.filled WITH (fillfactor = 60) AS SELECT id, egg AS feeling FROM every.hen;
CREATE UNIQUE INDEX filled_id ON every.filled (id);
ALTER MATERIALIZED VIEW every.filled CLUSTER ON filled_id;
ALTER MATERIALIZED VIEW every.filled ALTER COLUMN id SET STATISTICS 3;
CREATE MATERIALIZED VIEW every.on_filled AS SELECT count(*) AS n FROM every.filled;
CREATE MATERIALIZED VIEW every.unpopulated AS SELECT 1 AS n WITH NO DATA;
COMMENT ON VIEW every.plain IS 'a view';
COMMENT ON COLUMN every.plain.id IS 'of a view';
COMMENT ON MATERIALIZED VIEW every.filled IS 'a materialized view';
GRANT SELECT ON every.plain, every.filled TO every_reader;
GRANT UPDATE (amount) ON every.updatable TO every_writer;
RESET ROLE;

-- owners and access methods of many kinds
CREATE TABLE every.own_method (id int) USING every_heap;
INSERT INTO every.own_method VALUES (1);
CREATE MATERIALIZED VIEW every.own_method_too USING every_heap AS SELECT 1 AS n;
CREATE TABLE every."z after it" (id int);
CREATE TABLE "Every ""Odd"" Schema; Type: TABLE"."x; Type: ACL; Schema: -" ("y" serial);
INSERT INTO "Every ""Odd"" Schema; Type: TABLE"."x; Type: ACL; Schema: -" DEFAULT VALUES;
ALTER TABLE "Every ""Odd"" Schema; Type: TABLE"."x; Type: ACL; Schema: -" OWNER TO "every ""Odd"" role; Type: x";
CREATE SEQUENCE every_second.free;
CREATE TABLE every_second.owns (n int DEFAULT nextval('every_second.free'));
ALTER SEQUENCE every_second.free OWNED BY every_second.owns.n;
GRANT SELECT ON every_second.owns TO PUBLIC;

-- tables elsewhere, where that place is there
DO $space$
BEGIN
  IF EXISTS (SELECT FROM pg_tablespace WHERE spcname = 'every_space') THEN
    CREATE TABLE every.elsewhere (id int PRIMARY KEY USING INDEX TABLESPACE every_space, n int) TABLESPACE every_space;
    CREATE INDEX elsewhere_n ON every.elsewhere (n) TABLESPACE every_space;
    CREATE TABLE every.elsewhere_parts (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id) TABLESPACE every_space;
    CREATE TABLE every.elsewhere_1 PARTITION OF every.elsewhere_parts FOR VALUES FROM (0) TO (9);
    CREATE MATERIALIZED VIEW every.elsewhere_view TABLESPACE every_space AS SELECT 1 AS n;
    CREATE TABLE every.elsewhere_not (id int PRIMARY KEY);
    INSERT INTO every.elsewhere VALUES (1, 1);
  END IF;
END
$space$;

-- publications
CREATE TABLE every_published.a (id int PRIMARY KEY, word text, n int);
CREATE TABLE every_published.b (id int PRIMARY KEY);
INSERT INTO every_published.a VALUES (1, 'a', 1);
CREATE PUBLICATION every_all FOR ALL TABLES WITH (publish = 'insert, truncate');
CREATE PUBLICATION every_empty WITH (publish_via_partition_root);
CREATE PUBLICATION "every ""odd"" publication" FOR TABLE every_published.b, every.parent WITH (publish = 'insert');
COMMENT ON PUBLICATION every_all IS 'all';
ALTER PUBLICATION every_empty OWNER TO every_boss;

-- since 15
DO $since15$
BEGIN
  IF current_setting('server_version_num')::int < 150000 THEN RETURN; END IF;
  EXECUTE 'CREATE PUBLICATION every_filtered FOR TABLE every_published.a (n, id) WHERE (n > 0 AND id <> 7), every.log WITH (publish = ''insert'')';
  EXECUTE 'CREATE PUBLICATION every_schema FOR TABLES IN SCHEMA every_published, "Every ""Odd"" Schema; Type: TABLE" WITH (publish = ''insert'')';
  EXECUTE 'CREATE PUBLICATION every_adopted FOR TABLE ONLY every.adopted (z, c, a) WITH (publish = ''insert'')';
  EXECUTE 'CREATE UNIQUE INDEX things_not_distinct ON every.things (default_number) NULLS NOT DISTINCT';
  EXECUTE 'CREATE VIEW every.invoker WITH (security_invoker = true) AS SELECT id FROM every.things';
  EXECUTE 'ALTER TABLE every.hen ADD CONSTRAINT hen_egg_set FOREIGN KEY (id, other) REFERENCES every.hen (id, other) ON DELETE SET NULL (other)';
END
$since15$;

-- since 17
DO $since17$
BEGIN
  IF current_setting('server_version_num')::int < 170000 THEN RETURN; END IF;
  EXECUTE 'CREATE COLLATION every.built_in (provider = builtin, locale = ''C.UTF-8'')';
  EXECUTE 'CREATE TABLE every.parts_of_method (id int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (id) USING every_heap';
  EXECUTE 'CREATE TABLE every.part_of_method PARTITION OF every.parts_of_method FOR VALUES FROM (0) TO (100)';
  EXECUTE 'GRANT MAINTAIN ON every.things TO every_writer';
END
$since17$;

-- large objects
SELECT lo_from_bytea(770001, 'hello'), lo_from_bytea(770002, ''), lo_from_bytea(770003, decode(repeat('00ff', 5000), 'hex'));
ALTER LARGE OBJECT 770001 OWNER TO every_owner;
GRANT SELECT ON LARGE OBJECT 770001 TO every_reader;
REVOKE ALL ON LARGE OBJECT 770003 FROM CURRENT_USER;
COMMENT ON LARGE OBJECT 770002 IS 'empty';

-- acts only on what bears its mark
CREATE FUNCTION every.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_query() LIKE '%every-ddl-marker%' THEN
    RAISE NOTICE 'every: %', tg_tag;
  END IF;
END
$$;
CREATE EVENT TRIGGER every_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION every.on_ddl();
CREATE EVENT TRIGGER every_ddl_off ON sql_drop EXECUTE FUNCTION every.on_ddl();
CREATE EVENT TRIGGER every_ddl_always ON ddl_command_start EXECUTE FUNCTION every.on_ddl();
ALTER EVENT TRIGGER every_ddl_off DISABLE;
ALTER EVENT TRIGGER every_ddl_always ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER every_ddl IS 'harmless';
ALTER EVENT TRIGGER every_ddl OWNER TO every_boss;
