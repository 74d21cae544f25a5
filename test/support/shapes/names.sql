-- Every kind of object under every kind of odd name. Postgres cuts names at 63 bytes.
DO $names$
DECLARE
  names text[] := ARRAY[
    'a "quoted" name', 'it''s', 'a.b', 'a.b.c', '*', '?', '%', '%s %I %L', '$$', '$1', '$body$', '\', '\\n', 'a\', E'two\nlines', E'carriage\r\nreturn', E'tab\there', ' leading', 'trailing ',
    '   ', 'select', 'user', 'table', 'null', 'integer', 'text', 'timestamp with time zone', 'CamelCase', 'UPPER', 'größe', '雪だるま', '☃👩‍👩‍👧‍👦', 'שלום', E'e\u0301', E'\u00e9',
    E'\u202eright to left', '--', '/*', '*/', ';', '); DROP TABLE x; --', '::warning::x', '<b>|`', '"', '""', '''''', '0', '1a', '-', '=', '(', '[', '{', '~', '.', '..', '/', ':', '#', '!', '+', '^(a|b)$',
    repeat('x', 63), repeat('ü', 31), 'x' || repeat('☃', 20), 'oid', 'ctid_', 'public', 'information', 'NaN', 'true', ',', '&', '@', '|'
  ];
  roles text[] := ARRAY['shape "quoted" role', 'shape it''s', 'shape.a.b', 'shape \', 'shape %s', 'shape $1', 'shape ☃', 'shape trailing ', 'Shape', 'shape select', 'shape' || repeat('r', 58)];
  name text;
  role text;
  at integer;
BEGIN
  FOREACH role IN ARRAY roles LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role);
    EXCEPTION WHEN duplicate_object THEN NULL;
    END;
    EXECUTE format('COMMENT ON ROLE %I IS %L', role, 'of ' || role);
    EXECUTE format('ALTER ROLE %I SET search_path = %I, public', role, role);
  END LOOP;
  FOR at IN 1 .. array_length(names, 1) LOOP
    name := names[at];
    role := roles[1 + at % array_length(roles, 1)];
    IF name <> 'public' THEN EXECUTE format('CREATE SCHEMA %I', name); END IF;
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', name, role);
    EXECUTE format('CREATE TYPE %1$I.%2$I AS ENUM (%1$L, %2$L)', name, CASE WHEN octet_length(name) < 60 THEN name || '_e' ELSE 'e' END);
    EXECUTE format('CREATE SEQUENCE %I.%I', name, CASE WHEN octet_length(name) < 60 THEN name || '_s' ELSE 's' END);
    EXECUTE format('CREATE FUNCTION %1$I.%1$I(%1$I text, %2$I text DEFAULT %1$L) RETURNS text LANGUAGE sql IMMUTABLE AS %3$L', name,
      CASE WHEN octet_length(name) < 60 THEN name || '2' ELSE 'b' END, 'SELECT $1 -- ' || translate(name, E'\r\n', '  '));
    EXECUTE format('CREATE FUNCTION %I.%I() RETURNS trigger LANGUAGE plpgsql AS %L', name, CASE WHEN octet_length(name) < 60 THEN name || '_t' ELSE 't' END, 'BEGIN RETURN NEW; END');
    EXECUTE format('CREATE TABLE %1$I.%1$I (%1$I text DEFAULT %1$L, %2$I serial, row integer, CONSTRAINT %1$I CHECK (%1$I <> %3$L))', name,
      CASE WHEN octet_length(name) < 60 THEN name || '_id' ELSE 'id' END, name || '!');
    EXECUTE format('CREATE INDEX %2$I ON %1$I.%1$I (%1$I, %1$I.%1$I(%1$I)) WHERE %1$I > %1$L', name, CASE WHEN octet_length(name) < 60 THEN name || '_i' ELSE 'i' END);
    EXECUTE format('INSERT INTO %1$I.%1$I (%1$I, row) SELECT %1$L || n, n FROM generate_series(1, 5) AS n', name);
    EXECUTE format('INSERT INTO %1$I.%1$I DEFAULT VALUES', name);
    EXECUTE format('COMMENT ON TABLE %1$I.%1$I IS %1$L', name);
    EXECUTE format('COMMENT ON COLUMN %1$I.%1$I.%1$I IS %2$L', name, name || E'\n-- Name: x; Type: TABLE; Schema: y; Owner: z\n');
    EXECUTE format('CREATE TRIGGER %1$I BEFORE UPDATE ON %1$I.%1$I FOR EACH ROW EXECUTE FUNCTION %1$I.%2$I()', name, CASE WHEN octet_length(name) < 60 THEN name || '_t' ELSE 't' END);
    EXECUTE format('ALTER TABLE %1$I.%1$I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %1$I ON %1$I.%1$I TO %2$I USING (%1$I = %1$L)', name, role);
    EXECUTE format('CREATE RULE %1$I AS ON DELETE TO %1$I.%1$I WHERE old.%1$I = %1$L DO INSTEAD NOTHING', name);
    EXECUTE format('GRANT SELECT (%1$I), UPDATE (row) ON %1$I.%1$I TO %2$I', name, role);
    EXECUTE format('CREATE VIEW %1$I.%2$I (%1$I) AS SELECT %1$I FROM %1$I.%1$I', name, CASE WHEN octet_length(name) < 60 THEN name || '_v' ELSE 'v' END);
    EXECUTE format('CREATE MATERIALIZED VIEW %1$I.%2$I AS SELECT %1$I.*, %1$L::text AS %3$I FROM %1$I.%1$I', name, CASE WHEN octet_length(name) < 60 THEN name || '_m' ELSE 'm' END,
      CASE WHEN octet_length(name) < 60 THEN name || '3' ELSE 'c' END);
    EXECUTE format('CREATE DOMAIN %1$I.%2$I AS text CONSTRAINT %1$I CHECK (VALUE <> %1$L)', name, CASE WHEN octet_length(name) < 60 THEN name || '_d' ELSE 'd' END);
    EXECUTE format('CREATE STATISTICS %1$I.%1$I ON %1$I, row FROM %1$I.%1$I', name);
    EXECUTE format('ALTER TABLE %1$I.%1$I OWNER TO %2$I', name, role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %2$I IN SCHEMA %1$I GRANT SELECT ON TABLES TO %3$I', name, role, roles[1 + (at + 3) % array_length(roles, 1)]);
    IF at > 1 THEN
      EXECUTE format('ALTER TABLE %1$I.%1$I ADD UNIQUE (row)', name);
      EXECUTE format('ALTER TABLE %1$I.%1$I ADD COLUMN up integer CONSTRAINT %3$I REFERENCES %2$I.%2$I (row)', name, names[greatest(at - 1, 2)], CASE WHEN octet_length(name) < 60 THEN name || '_f' ELSE 'f' END);
    END IF;
  END LOOP;
  FOREACH name IN ARRAY names LOOP
    EXECUTE format('CREATE PUBLICATION %1$I FOR TABLE %1$I.%1$I WHERE (row > 0)', name);
  END LOOP;
END
$names$;
