-- Foreign tables, one of them a partition: their server cannot be reached, neither by the backup nor by the restore.
DO $roles$
BEGIN
  CREATE ROLE shape_far NOLOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END
$roles$;
CREATE TABLE public.flags (flag boolean, d date) PARTITION BY LIST (flag);
CREATE TABLE public.flags_true PARTITION OF public.flags FOR VALUES IN (true);
INSERT INTO public.flags SELECT true, date '2026-01-01' + n FROM generate_series(1, 20) AS n;
CREATE TABLE public.parent (id integer);
INSERT INTO public.parent VALUES (1);

-- where the server has the module for it
DO $foreign$
BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw') THEN
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER "far away" TYPE 'pg' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', connect_timeout '2');
    CREATE USER MAPPING FOR shape_far SERVER "far away" OPTIONS ("user" 'me', password 'se''cret\');
    CREATE USER MAPPING FOR PUBLIC SERVER "far away";
    CREATE FOREIGN TABLE public.flags_far PARTITION OF public.flags DEFAULT SERVER "far away" OPTIONS (table_name 'flags');
    CREATE FOREIGN TABLE public.far (id integer OPTIONS (column_name 'ID') NOT NULL, v text COLLATE "C" DEFAULT 'x') SERVER "far away" OPTIONS (schema_name 'a.b');
    CREATE FOREIGN TABLE public.far_child () INHERITS (public.parent) SERVER "far away";
    GRANT USAGE ON FOREIGN SERVER "far away" TO shape_far WITH GRANT OPTION;
    GRANT SELECT ON public.far TO shape_far;
  END IF;
END
$foreign$;
