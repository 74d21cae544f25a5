-- Large and unusual: large objects with owners and grants, long values, tables with no, dropped and very many columns.
DO $roles$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY['CREATE ROLE shape_large NOLOGIN', 'CREATE ROLE shape_large_reader NOLOGIN'] LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END;
  END LOOP;
END
$roles$;

-- large objects: empty, with a hole, of 10 MB, at both ends of the numbers, many small ones
SELECT lo_from_bytea(1, '');
SELECT lo_from_bytea(4294967295, '\x00ff');
SELECT lo_from_bytea(700001, decode(repeat(md5('large'), 327680 * 2), 'hex'));
SELECT lo_from_bytea(700002, '\x01');
SELECT lo_put(700002, 5000000, '\x02');
SELECT lo_from_bytea(0, convert_to('small ' || n, 'UTF8')) FROM generate_series(1, 300) AS n;
ALTER LARGE OBJECT 700001 OWNER TO shape_large;
GRANT SELECT ON LARGE OBJECT 700001 TO shape_large_reader WITH GRANT OPTION;
GRANT SELECT, UPDATE ON LARGE OBJECT 700002 TO PUBLIC;
REVOKE ALL ON LARGE OBJECT 1 FROM CURRENT_USER;
COMMENT ON LARGE OBJECT 700001 IS E'ten ''megabytes''\n☃';
CREATE TABLE public.points_to_large (id integer, object oid);
INSERT INTO public.points_to_large VALUES (1, 700001), (2, 123456789), (3, NULL);

-- long values
CREATE TABLE public.long_values (id integer, value bytea, text text);
ALTER TABLE public.long_values ALTER COLUMN value SET STORAGE EXTERNAL;
INSERT INTO public.long_values SELECT 1, decode(repeat(md5('long'), 1638400 * 2), 'hex'), NULL;
INSERT INTO public.long_values SELECT 2, NULL, repeat('ü', 5 * 1024 * 1024);
INSERT INTO public.long_values SELECT n, decode(repeat(md5(n::text), 200), 'hex'), repeat(md5(n::text), 50) FROM generate_series(3, 200) AS n;

CREATE UNLOGGED TABLE public.unlogged_rows (id serial PRIMARY KEY, v text);
INSERT INTO public.unlogged_rows (v) SELECT 'unlogged ' || n FROM generate_series(1, 200) AS n;
CREATE UNLOGGED SEQUENCE public.unlogged_sequence;
SELECT nextval('public.unlogged_sequence');
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns SELECT FROM generate_series(1, 1000);
CREATE TABLE public.all_dropped (a integer PRIMARY KEY, b text DEFAULT 'x');
INSERT INTO public.all_dropped SELECT n, 'x' FROM generate_series(1, 77) AS n;
ALTER TABLE public.all_dropped DROP COLUMN a, DROP COLUMN b;
CREATE TABLE public.only_generated (a integer GENERATED ALWAYS AS (1 + 1) STORED);
INSERT INTO public.only_generated SELECT FROM generate_series(1, 5);
CREATE TABLE public.some_dropped (a integer, b text, c date, d numeric);
INSERT INTO public.some_dropped SELECT n, 'b' || n, '2026-01-01', n FROM generate_series(1, 20) AS n;
ALTER TABLE public.some_dropped DROP COLUMN b, ADD COLUMN b timestamptz DEFAULT '2026-01-01 00:00:00+00', DROP COLUMN d, ADD COLUMN e text NOT NULL DEFAULT 'added without a rewrite';
UPDATE public.some_dropped SET e = 'changed' WHERE a % 3 = 0;

DO $wide$
BEGIN
  EXECUTE (SELECT 'CREATE TABLE public.wide (' || string_agg('column_' || n || CASE n % 5 WHEN 0 THEN ' smallint DEFAULT ' || n WHEN 1 THEN ' boolean' WHEN 2 THEN ' text' ELSE ' integer' END, ', ') || ')' FROM generate_series(1, 1600) AS n);
  INSERT INTO public.wide DEFAULT VALUES;
  INSERT INTO public.wide (column_1, column_2, column_1600) SELECT true, 'n' || n, n FROM generate_series(1, 5) AS n;
END
$wide$;
-- 1,599 columns were dropped: there is room for no more
CREATE TABLE public.once_wide (id integer);
DO $once$
BEGIN
  EXECUTE (SELECT 'ALTER TABLE public.once_wide ' || string_agg('ADD COLUMN c' || n || ' boolean', ', ') FROM generate_series(1, 1599) AS n);
  EXECUTE (SELECT 'ALTER TABLE public.once_wide ' || string_agg('DROP COLUMN c' || n, ', ') FROM generate_series(1, 1599) AS n);
END
$once$;
INSERT INTO public.once_wide SELECT generate_series(1, 9);
