-- What damages of a drill need beside the sample: values that look alike, a sequence that counts down, materialized views that give
-- something else at another time.

CREATE TABLE app.alike (
  id integer PRIMARY KEY,
  note text,
  other text,
  ratio double precision,
  amount numeric,
  written json,
  at timestamptz,
  spent interval,
  items integer[]
);
INSERT INTO app.alike
SELECT n, CASE WHEN n % 2 = 0 THEN '' END, 'other ' || n % 3, CASE n % 3 WHEN 0 THEN 0 WHEN 1 THEN 'NaN' ELSE 1.5 END, 1.10,
  '{"a": 1, "b": 2}', '2026-05-01 12:00:00.123456+00', interval '1 day', ARRAY[1, 2]
FROM generate_series(1, 12) AS n;
ALTER TABLE app.alike OWNER TO shop_owner;
ALTER TABLE app.alike REPLICA IDENTITY FULL;
CREATE INDEX alike_by_note ON app.alike (note);
CREATE TRIGGER always BEFORE UPDATE ON app.alike FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE app.alike ENABLE ALWAYS TRIGGER always;

CREATE SEQUENCE app.countdown INCREMENT -1;
SELECT nextval('app.countdown'), nextval('app.countdown');

-- not a function of time: only its column is called like one
CREATE MATERIALIZED VIEW app.ages AS SELECT id AS age, note FROM app.alike;
ALTER MATERIALIZED VIEW app.ages OWNER TO shop_owner;
-- other for the drill than for pg_restore, which their own definitions do not show
CREATE VIEW app.asked AS SELECT current_setting('client_min_messages') AS asked_by;
CREATE FUNCTION app.asked_by() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('client_min_messages') $$;
CREATE MATERIALIZED VIEW app.asked_by_view AS SELECT asked_by FROM app.asked;
CREATE MATERIALIZED VIEW app.asked_by_function AS SELECT app.asked_by() AS asked_by;
