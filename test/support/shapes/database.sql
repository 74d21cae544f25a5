-- What belongs to the database as a whole: settings, rights, owner, comment, limit, template flag.
DO $roles$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY['CREATE ROLE shape_db_owner NOLOGIN', 'CREATE ROLE shape_db_user LOGIN', 'CREATE ROLE "shape db ""odd"" user" NOLOGIN', 'CREATE ROLE shape_db_other LOGIN CONNECTION LIMIT 3'] LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END;
  END LOOP;
END
$roles$;
GRANT shape_db_user TO shape_db_other WITH ADMIN OPTION;
ALTER ROLE shape_db_user SET search_path = '';
GRANT SET ON PARAMETER log_statement TO shape_db_user WITH GRANT OPTION;
ALTER ROLE shape_db_user SET "app.größe" = E'it''s\n"quoted" \\ , and more';

CREATE SCHEMA "Odd, schema";
CREATE TABLE "Odd, schema".rows (id integer PRIMARY KEY, at timestamptz DEFAULT '2026-07-01 12:00:00+00', spent interval DEFAULT '-1 mon +2 days -03:04:05', v double precision DEFAULT 0.1, b bytea DEFAULT '\x00ff5c', CHECK (at > '2001-01-01 00:00:00+00'));
INSERT INTO "Odd, schema".rows SELECT n, timestamptz '2026-03-29 00:30:00+00' + n * interval '10 minutes', n * interval '-1 mon +1 day -00:00:01', n / 3.0, decode(md5(n::text), 'hex') FROM generate_series(1, 100) AS n;
CREATE VIEW "Odd, schema".seen AS SELECT id, at::date AS day, 'a\b' AS t FROM "Odd, schema".rows WHERE at > '2026-01-01 00:00:00+00';
CREATE TABLE public.in_time (at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE public.in_time_2026 PARTITION OF public.in_time FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
INSERT INTO public.in_time SELECT at FROM "Odd, schema".rows;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO shape_db_user WITH GRANT OPTION;
COMMENT ON SCHEMA public IS NULL;

DO $database$
DECLARE
  name text := current_database();
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY[
    'COMMENT ON DATABASE %I IS E''it''''s\n"mine" \\ ☃''',
    'ALTER DATABASE %I SET search_path = "Odd, schema", "$user", "it''s"',
    'ALTER DATABASE %I SET default_transaction_read_only = on',
    'ALTER DATABASE %I SET default_transaction_isolation = serializable',
    'ALTER DATABASE %I SET timezone = ''Asia/Kathmandu''',
    'ALTER DATABASE %I SET datestyle = ''German, DMY''',
    'ALTER DATABASE %I SET intervalstyle = sql_standard',
    'ALTER DATABASE %I SET bytea_output = escape',
    'ALTER DATABASE %I SET extra_float_digits = -15',
    'ALTER DATABASE %I SET statement_timeout = ''20s''',
    'ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''700ms''',
    'ALTER DATABASE %I SET idle_session_timeout = ''3s''',
    'ALTER DATABASE %I SET lock_timeout = ''900ms''',
    'ALTER DATABASE %I SET row_security = off',
    'ALTER DATABASE %I SET quote_all_identifiers = on',
    'ALTER DATABASE %I SET standard_conforming_strings = off',
    'ALTER DATABASE %I SET escape_string_warning = off',
    'ALTER DATABASE %I SET xmloption = document',
    'ALTER DATABASE %I SET "app.größe" = E''it''''s\n"quoted" \\ , and more''',
    'ALTER DATABASE %I SET "app.empty" = ''''',
    'ALTER DATABASE %I SET temp_tablespaces = ''''',
    'ALTER DATABASE %I CONNECTION LIMIT 70',
    'ALTER ROLE shape_db_user IN DATABASE %I SET search_path = a, "B b"',
    'ALTER ROLE "shape db ""odd"" user" IN DATABASE %I SET work_mem = ''8MB''',
    'REVOKE ALL ON DATABASE %I FROM PUBLIC',
    'ALTER DATABASE %I OWNER TO shape_db_owner',
    'GRANT CONNECT, CREATE ON DATABASE %I TO shape_db_user WITH GRANT OPTION',
    'GRANT TEMPORARY ON DATABASE %I TO PUBLIC',
    'SET ROLE shape_db_user',
    'GRANT CONNECT ON DATABASE %I TO shape_db_other WITH GRANT OPTION',
    'SET ROLE shape_db_other',
    'GRANT CONNECT ON DATABASE %I TO "shape db ""odd"" user"',
    'RESET ROLE',
    'ALTER DATABASE %I IS_TEMPLATE true'
  ] LOOP
    EXECUTE format(statement, name);
  END LOOP;
END
$database$;
