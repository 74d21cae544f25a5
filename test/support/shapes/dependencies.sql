-- Objects that lean on one another across schemas, also in circles that pg_dump has to break, and kinds that few databases have.
DO $roles$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY['CREATE ROLE shape_deps NOLOGIN', 'CREATE ROLE shape_deps_other NOLOGIN'] LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END;
  END LOOP;
END
$roles$;
CREATE SCHEMA zebra AUTHORIZATION shape_deps;
CREATE SCHEMA alpha AUTHORIZATION shape_deps_other;
GRANT ALL ON SCHEMA alpha TO shape_deps;
ALTER DEFAULT PRIVILEGES FOR ROLE shape_deps REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE shape_deps REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE shape_deps GRANT USAGE ON SCHEMAS TO shape_deps_other WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE shape_deps IN SCHEMA zebra GRANT SELECT, INSERT ON TABLES TO PUBLIC;
SET ROLE shape_deps;

-- types, domains with functions, functions with domains
CREATE FUNCTION alpha.is_even(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 % 2 = 0 $$;
CREATE DOMAIN zebra.even AS integer DEFAULT 2 CONSTRAINT is_even CHECK (alpha.is_even(VALUE));
CREATE DOMAIN zebra.evens AS zebra.even[] NOT NULL CONSTRAINT not_empty CHECK (cardinality(VALUE) > 0);
ALTER DOMAIN zebra.even ADD CONSTRAINT not_thirteen CHECK (VALUE <> 13) NOT VALID;
CREATE FUNCTION zebra.next_even(zebra.even) RETURNS zebra.even LANGUAGE sql IMMUTABLE AS $$ SELECT ($1 + 2)::zebra.even $$;
CREATE FUNCTION zebra.standard(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + b;
CREATE FUNCTION zebra.standard_body(a integer) RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC
  SELECT zebra.standard(a);
  SELECT zebra.standard(a, 2) + generate_series(1, 2);
END;
CREATE PROCEDURE zebra.nothing(INOUT a integer, VARIADIC b text[] DEFAULT '{}') LANGUAGE plpgsql SET work_mem = '8MB' SET search_path = zebra, "odd ""one""", pg_temp AS $$ BEGIN a := a + 1; END $$;
CREATE FUNCTION zebra.many(IN a anyelement, OUT b anyelement, OUT c text) LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 5 AS $_$ BEGIN b := a; c := $$x$$; END $_$;
CREATE FUNCTION zebra.rows() RETURNS TABLE (x integer, "select" text) LANGUAGE sql ROWS 5 AS $$ VALUES (1, 'a') $$;
CREATE FUNCTION alpha.tag(anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'tag ' || $1::text $$;
CREATE FUNCTION alpha.next_number() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  -- a table that is made later, and whose default this is
  RETURN coalesce((SELECT max(number) FROM zebra.numbered), 0) + 1;
END
$$;

-- functions in defaults, checks, indexes, generated columns, rows as arguments
CREATE TABLE zebra.numbered (number integer DEFAULT alpha.next_number() PRIMARY KEY, even zebra.even, evens zebra.evens DEFAULT '{2,4}', tag text GENERATED ALWAYS AS (alpha.tag(even::integer)) STORED, CHECK (alpha.is_even(even)));
INSERT INTO zebra.numbered SELECT n, n * 2, ARRAY[n * 2, NULL]::zebra.even[] FROM generate_series(1, 50) AS n;
CREATE INDEX numbered_tag ON zebra.numbered (alpha.tag(number), zebra.standard(number, 3));
CREATE FUNCTION zebra.whole(zebra.numbered) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.tag || $1.number $$;
CREATE VIEW alpha.whole AS SELECT zebra.whole(n), n AS row FROM zebra.numbered AS n;
CREATE TABLE alpha.of_rows (one zebra.numbered, several zebra.numbered[], seen alpha.whole);
INSERT INTO alpha.of_rows SELECT n, ARRAY[n, NULL], NULL FROM zebra.numbered AS n LIMIT 5;

-- keys in circles, over schemas
CREATE TABLE zebra.hens (id integer PRIMARY KEY, egg integer NOT NULL);
CREATE TABLE alpha.eggs (id integer PRIMARY KEY, hen integer NOT NULL REFERENCES zebra.hens DEFERRABLE INITIALLY DEFERRED, self integer REFERENCES alpha.eggs);
ALTER TABLE zebra.hens ADD CONSTRAINT came_first FOREIGN KEY (egg) REFERENCES alpha.eggs ON UPDATE SET NULL ON DELETE SET DEFAULT DEFERRABLE;
ALTER TABLE zebra.hens DISABLE TRIGGER USER;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO zebra.hens SELECT n, 101 - n FROM generate_series(1, 100) AS n;
INSERT INTO alpha.eggs SELECT n, 101 - n, nullif(n - 1, 0) FROM generate_series(1, 100) AS n;
SET CONSTRAINTS ALL IMMEDIATE;

-- views on views; a view and a function that need one another; a view over a primary key that its GROUP BY rests on
CREATE VIEW zebra.v1 AS SELECT number, even FROM zebra.numbered;
CREATE VIEW alpha.v2 AS SELECT v.*, w.whole FROM zebra.v1 AS v JOIN alpha.whole AS w ON true;
CREATE RECURSIVE VIEW alpha.v3 (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v3 WHERE n < (SELECT count(*) FROM zebra.v1);
CREATE VIEW zebra.grouped AS SELECT number, even, count(*) AS n FROM zebra.numbered GROUP BY number;
CREATE MATERIALIZED VIEW alpha.grouped_kept AS SELECT * FROM zebra.grouped;
CREATE VIEW zebra.circle AS SELECT 1 AS id, NULL::text AS name;
CREATE FUNCTION zebra.circle_name(zebra.circle) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'circle' $$;
CREATE OR REPLACE VIEW zebra.circle AS SELECT c.number AS id, zebra.circle_name(ROW(c.number, '')::zebra.circle) AS name FROM zebra.numbered AS c;
CREATE FUNCTION zebra.circle_rows() RETURNS SETOF zebra.circle LANGUAGE sql STABLE AS $$ SELECT * FROM zebra.circle $$;
CREATE VIEW alpha.with_all AS
  WITH w AS MATERIALIZED (SELECT number, row_number() OVER (PARTITION BY even % 3 ORDER BY number DESC ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) AS r FROM zebra.numbered)
  SELECT w.number, CASE WHEN r > 1 THEN E'it''s \\ "x"' ELSE U&'\2603' END AS text, ARRAY(SELECT 1) AS list, (w.number, w.r)::text AS pair, x.*
  FROM w LEFT JOIN LATERAL (VALUES (1, 'a'), (2, NULL)) AS x (a, "B b") ON x.a = w.r ORDER BY 1 DESC NULLS FIRST LIMIT 3;
CREATE VIEW zebra.checked WITH (security_barrier = true, check_option = cascaded, security_invoker = true) AS SELECT * FROM zebra.numbered WHERE number > 0;
CREATE TABLE zebra.from_a_view AS SELECT * FROM alpha.v2;

-- a default that needs the table's own sequence, renamed since; a column's sequence in another schema
CREATE TABLE alpha.renamed (id serial, old_name text);
ALTER TABLE alpha.renamed RENAME COLUMN old_name TO new_name;
ALTER SEQUENCE alpha.renamed_id_seq RENAME TO "its Sequence";
INSERT INTO alpha.renamed (new_name) SELECT 'n' || n FROM generate_series(1, 9) AS n;
RESET ROLE;

-- operators, their classes and families, casts, aggregates, base and shell types, ranges with their own functions
CREATE TYPE alpha.complex AS (re double precision, im double precision);
CREATE FUNCTION alpha.modulus(alpha.complex) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT sqrt($1.re ^ 2 + $1.im ^ 2) $$;
CREATE FUNCTION alpha.complex_lt(alpha.complex, alpha.complex) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT alpha.modulus($1) < alpha.modulus($2) $$;
CREATE FUNCTION alpha.complex_le(alpha.complex, alpha.complex) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT alpha.modulus($1) <= alpha.modulus($2) $$;
CREATE FUNCTION alpha.complex_eq(alpha.complex, alpha.complex) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT alpha.modulus($1) = alpha.modulus($2) $$;
CREATE FUNCTION alpha.complex_ge(alpha.complex, alpha.complex) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT alpha.modulus($1) >= alpha.modulus($2) $$;
CREATE FUNCTION alpha.complex_gt(alpha.complex, alpha.complex) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT alpha.modulus($1) > alpha.modulus($2) $$;
CREATE FUNCTION alpha.complex_cmp(alpha.complex, alpha.complex) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT sign(alpha.modulus($1) - alpha.modulus($2))::integer $$;
CREATE FUNCTION alpha.complex_add(alpha.complex, alpha.complex) RETURNS alpha.complex LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT ROW($1.re + $2.re, $1.im + $2.im)::alpha.complex $$;
CREATE OPERATOR alpha.|<| (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_lt, commutator = OPERATOR(alpha.|>|), negator = OPERATOR(alpha.|>=|), restrict = scalarltsel, join = scalarltjoinsel);
CREATE OPERATOR alpha.|<=| (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_le);
CREATE OPERATOR alpha.|=| (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_eq, commutator = OPERATOR(alpha.|=|));
CREATE OPERATOR alpha.|>=| (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_ge);
CREATE OPERATOR alpha.|>| (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_gt);
CREATE OPERATOR alpha.+ (leftarg = alpha.complex, rightarg = alpha.complex, function = alpha.complex_add, commutator = OPERATOR(alpha.+));
CREATE OPERATOR alpha.@@@ (rightarg = alpha.complex, function = alpha.modulus);
CREATE OPERATOR FAMILY alpha.moduli USING btree;
CREATE OPERATOR CLASS alpha.by_modulus FOR TYPE alpha.complex USING btree FAMILY alpha.moduli AS
  OPERATOR 1 alpha.|<|, OPERATOR 2 alpha.|<=|, OPERATOR 3 alpha.|=|, OPERATOR 4 alpha.|>=|, OPERATOR 5 alpha.|>|, FUNCTION 1 alpha.complex_cmp(alpha.complex, alpha.complex);
CREATE OPERATOR FAMILY alpha.of_nothing USING hash;
CREATE AGGREGATE alpha.total (alpha.complex) (sfunc = alpha.complex_add, stype = alpha.complex, initcond = '(0,0)', combinefunc = alpha.complex_add, parallel = safe);
CREATE AGGREGATE alpha.middle (double precision ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra, finalfunc_modify = read_write);
CREATE FUNCTION alpha.to_complex(double precision) RETURNS alpha.complex LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT ROW($1, 0)::alpha.complex $$;
CREATE CAST (double precision AS alpha.complex) WITH FUNCTION alpha.to_complex(double precision) AS ASSIGNMENT;
CREATE CAST (alpha.complex AS text) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (double precision AS alpha.complex) IS 'real numbers are complex';
CREATE TABLE alpha.complexes (c alpha.complex, CONSTRAINT unique_modulus EXCLUDE USING btree (c alpha.by_modulus WITH OPERATOR(alpha.|=|)));
CREATE INDEX complexes_by_modulus ON alpha.complexes (c alpha.by_modulus DESC);
INSERT INTO alpha.complexes SELECT ROW(n, -n)::alpha.complex FROM generate_series(1, 20) AS n;
CREATE VIEW alpha.complex_sums AS SELECT alpha.total(c) AS sum, max(OPERATOR(alpha.@@@) c) AS longest FROM alpha.complexes;
CREATE TYPE alpha.shell;
CREATE TYPE alpha.times_with_diff;
CREATE FUNCTION alpha.time_diff(time, time) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT extract(epoch FROM $1 - $2)::double precision $$;
CREATE FUNCTION alpha.canonical(alpha.times_with_diff) RETURNS alpha.times_with_diff LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
DROP FUNCTION alpha.canonical;
DROP TYPE alpha.times_with_diff;
CREATE TYPE alpha.times AS RANGE (subtype = time, subtype_diff = alpha.time_diff);
CREATE TABLE alpha.slots (during alpha.times, EXCLUDE USING gist (during WITH &&));
INSERT INTO alpha.slots VALUES ('[08:00,09:00)'), ('[09:00,24:00]'), ('empty');

-- text search, collations, conversions, statistics, languages, access methods
CREATE TEXT SEARCH DICTIONARY alpha.plain (TEMPLATE = pg_catalog.simple, STOPWORDS = english, ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION alpha.german (COPY = pg_catalog.german);
ALTER TEXT SEARCH CONFIGURATION alpha.german ALTER MAPPING FOR asciiword, word WITH alpha.plain, german_stem;
ALTER TEXT SEARCH CONFIGURATION alpha.german DROP MAPPING FOR url, url_path;
CREATE TABLE alpha.texts (body text, search tsvector GENERATED ALWAYS AS (to_tsvector('alpha.german', body)) STORED);
INSERT INTO alpha.texts SELECT 'Die Bücher the ' || n FROM generate_series(1, 10) AS n;
CREATE COLLATION alpha.bytes (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');
CREATE TABLE alpha.sorted (t text COLLATE alpha.bytes, PRIMARY KEY (t)) PARTITION BY RANGE (t);
CREATE TABLE alpha.sorted_all PARTITION OF alpha.sorted FOR VALUES FROM ('A') TO ('ß');
INSERT INTO alpha.sorted VALUES ('A'), ('a'), ('z');
CREATE DEFAULT CONVERSION alpha.to_utf8 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE STATISTICS alpha.on_expressions (mcv, ndistinct) ON (number % 3), even, tag FROM zebra.numbered;
ALTER STATISTICS alpha.on_expressions SET STATISTICS 200;
CREATE ACCESS METHOD shape_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE alpha.other_method (id integer) USING shape_heap;
INSERT INTO alpha.other_method SELECT generate_series(1, 5);
CREATE FUNCTION alpha.call_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION alpha.inline_handler(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION alpha.validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE shape_plpgsql HANDLER alpha.call_handler INLINE alpha.inline_handler VALIDATOR alpha.validator;
CREATE FUNCTION alpha.in_own_language() RETURNS integer LANGUAGE shape_plpgsql AS $$ BEGIN RETURN 1; END $$;
REVOKE USAGE ON LANGUAGE shape_plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE shape_plpgsql TO shape_deps WITH GRANT OPTION;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE FOREIGN DATA WRAPPER shape_wrapper OPTIONS (debug 'true');
CREATE SERVER shape_server FOREIGN DATA WRAPPER shape_wrapper;
CREATE FOREIGN TABLE alpha.foreign_table (id integer CHECK (id > 0)) SERVER shape_server OPTIONS (a 'b''c');

-- publications and a subscription that is asleep
CREATE PUBLICATION shape_deps_all FOR ALL TABLES;
CREATE PUBLICATION shape_deps_schema FOR TABLES IN SCHEMA alpha WITH (publish = 'insert, truncate');
CREATE SUBSCRIPTION shape_deps_subscription CONNECTION 'host=127.0.0.1 port=1 dbname=''no where''' PUBLICATION a, "B b" WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION shape_deps_subscription IS 'asleep';
