-- Healthy states that look ill: what is disabled, invalid, not validated, stale, empty on purpose, or fails when it is asked.
DO $roles$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY['CREATE ROLE shape_states NOLOGIN', 'CREATE ROLE "shape states, odd ""one""" NOLOGIN', 'CREATE ROLE shape_states_member NOLOGIN IN ROLE shape_states'] LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END;
  END LOOP;
END
$roles$;
CREATE SCHEMA states;

-- row security, forced also for the owner, whose rows it hides
CREATE TABLE states.forced (id integer PRIMARY KEY, tenant text, note text);
INSERT INTO states.forced SELECT n, 'tenant ' || n % 3, 'note ' || n FROM generate_series(1, 30) AS n;
ALTER TABLE states.forced OWNER TO shape_states;
ALTER TABLE states.forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY nothing_at_all ON states.forced USING (false);
CREATE POLICY "of the ""tenant""" ON states.forced FOR SELECT TO shape_states_member, shape_states, "shape states, odd ""one""", CURRENT_USER USING (tenant = current_setting('app.tenant'));
CREATE POLICY no_changes ON states.forced AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (false) WITH CHECK (false);
CREATE TABLE states.enabled_without_policy (id integer);
INSERT INTO states.enabled_without_policy VALUES (1), (2);
ALTER TABLE states.enabled_without_policy ENABLE ROW LEVEL SECURITY;
CREATE TABLE states.policy_without_security (id integer);
CREATE POLICY asleep ON states.policy_without_security USING (id > 0);
CREATE TABLE states.only_forced (id integer);
ALTER TABLE states.only_forced FORCE ROW LEVEL SECURITY;

-- constraints that old rows do not meet
CREATE TABLE states.parents (id integer PRIMARY KEY);
CREATE TABLE states.children (id integer, parent integer, amount numeric);
INSERT INTO states.parents VALUES (1);
INSERT INTO states.children VALUES (1, 1, 5), (2, 999, -5), (2, NULL, NULL);
ALTER TABLE states.children ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;
ALTER TABLE states.children ADD CONSTRAINT has_a_parent FOREIGN KEY (parent) REFERENCES states.parents NOT VALID;
ALTER TABLE states.children ADD CONSTRAINT validated CHECK (id > 0);
-- a key whose triggers are off; a unique index that is made concurrently over rows that are not unique comes from the caller
ALTER TABLE states.children ADD COLUMN other_parent integer REFERENCES states.parents;
INSERT INTO states.children (id, other_parent) VALUES (3, 1);

-- materialized views: never filled, stale, built on one another, one whose query would fail now
CREATE TABLE states.base (id integer, v integer);
INSERT INTO states.base SELECT n, n % 7 FROM generate_series(1, 100) AS n;
CREATE MATERIALIZED VIEW states.never_filled AS SELECT * FROM states.base WITH NO DATA;
CREATE MATERIALIZED VIEW states.first AS SELECT v, count(*) AS n FROM states.base GROUP BY v;
CREATE MATERIALIZED VIEW states.a_second AS SELECT sum(n) AS total FROM states.first;
CREATE MATERIALIZED VIEW states.third AS SELECT a.total, f.v FROM states.a_second a, states.first f;
CREATE MATERIALIZED VIEW states.on_unfilled AS SELECT 1 AS one WHERE false;
CREATE UNIQUE INDEX first_v ON states.first (v);
CREATE MATERIALIZED VIEW states.filled_then_emptied AS SELECT * FROM states.base;
REFRESH MATERIALIZED VIEW states.filled_then_emptied WITH NO DATA;
CREATE MATERIALIZED VIEW states.stale AS SELECT count(*) AS n FROM states.base;
INSERT INTO states.base SELECT n, 9 FROM generate_series(101, 150) AS n;
DELETE FROM states.base WHERE id < 20;

-- views that only fail when they are asked
CREATE VIEW states.of_the_tenant AS SELECT * FROM states.base WHERE v = current_setting('app.tenant')::integer;
CREATE VIEW states.divides_by_zero AS SELECT 1 / (v - v) AS never FROM states.base;
CREATE FUNCTION states.not_today() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'not today';
END
$$;
CREATE VIEW states.raises AS SELECT states.not_today() AS never;
CREATE VIEW states.slow AS SELECT count(*) FROM generate_series(1, 20000) AS a, generate_series(1, 20000) AS b;
CREATE VIEW states.no_columns AS SELECT FROM states.base;
CREATE FUNCTION states.refers_to_nothing() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT missing_column FROM missing_table);
END
$$;

-- sequences: ahead of and behind their tables, downwards, cycling, never called, at their end, owned and not
CREATE SEQUENCE states.never_called START 42;
CREATE SEQUENCE states.called;
SELECT setval('states.called', 7);
CREATE SEQUENCE states.set_but_not_called;
SELECT setval('states.set_but_not_called', 7, false);
CREATE SEQUENCE states.downwards INCREMENT -5 MINVALUE -100 MAXVALUE 100 START 50;
SELECT nextval('states.downwards') FROM generate_series(1, 9);
CREATE SEQUENCE states.cycling AS smallint MINVALUE 1 MAXVALUE 3 CYCLE CACHE 5;
SELECT nextval('states.cycling') FROM generate_series(1, 4);
CREATE SEQUENCE states.at_its_end MAXVALUE 2;
SELECT setval('states.at_its_end', 2);
CREATE SEQUENCE states.extremes MINVALUE -9223372036854775808 MAXVALUE 9223372036854775807 START -9223372036854775808;
SELECT setval('states.extremes', 9223372036854775807);
CREATE UNLOGGED TABLE states.unlogged (id serial PRIMARY KEY, big bigserial);
INSERT INTO states.unlogged SELECT FROM generate_series(1, 10);
CREATE TABLE states.behind (id serial PRIMARY KEY, always integer GENERATED ALWAYS AS IDENTITY (INCREMENT BY -1 START WITH 0 MAXVALUE 0));
INSERT INTO states.behind SELECT 1000 + n FROM generate_series(1, 10) AS n;
CREATE TABLE states.ahead (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
SELECT setval('states.ahead_id_seq', 1000000);
CREATE TABLE states.shares_a_sequence (id integer DEFAULT nextval('states.called'), other integer DEFAULT nextval('states.called'));
INSERT INTO states.shares_a_sequence DEFAULT VALUES;
CREATE TABLE states.deleted_all (id serial, v text);
INSERT INTO states.deleted_all (v) SELECT 'x' FROM generate_series(1, 50);
DELETE FROM states.deleted_all;

-- triggers in all states, and rules
CREATE TABLE states.triggered (id integer, note text);
CREATE FUNCTION states.loud() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'nobody writes here';
END
$$;
INSERT INTO states.triggered VALUES (1, 'before');
CREATE TRIGGER enabled BEFORE INSERT OR UPDATE OR DELETE ON states.triggered FOR EACH ROW EXECUTE FUNCTION states.loud();
CREATE TRIGGER disabled BEFORE INSERT ON states.triggered FOR EACH STATEMENT EXECUTE FUNCTION states.loud();
CREATE TRIGGER only_replica AFTER INSERT ON states.triggered REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION states.loud();
CREATE TRIGGER truncates BEFORE TRUNCATE ON states.triggered EXECUTE FUNCTION states.loud();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON states.triggered DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION states.loud('a "b"', 'c''d\');
ALTER TABLE states.triggered DISABLE TRIGGER disabled, ENABLE REPLICA TRIGGER only_replica, ENABLE ALWAYS TRIGGER truncates;
CREATE TABLE states.all_off (id integer PRIMARY KEY, up integer REFERENCES states.all_off);
CREATE TRIGGER off AFTER INSERT ON states.all_off FOR EACH ROW EXECUTE FUNCTION states.loud();
ALTER TABLE states.all_off DISABLE TRIGGER off;
CREATE RULE nothing AS ON INSERT TO states.only_forced DO INSTEAD NOTHING;
CREATE RULE log AS ON UPDATE TO states.base WHERE new.id <> old.id DO ALSO INSERT INTO states.triggered VALUES (new.id, 'changed');
CREATE RULE asleep AS ON DELETE TO states.base DO INSTEAD NOTHING;
ALTER TABLE states.base DISABLE RULE asleep;
ALTER TABLE states.base ENABLE ALWAYS RULE log;
CREATE VIEW states.writable AS SELECT id, note FROM states.triggered;
CREATE RULE writable_insert AS ON INSERT TO states.writable DO INSTEAD INSERT INTO states.triggered VALUES (new.id, new.note);
CREATE TRIGGER instead INSTEAD OF UPDATE ON states.writable FOR EACH ROW EXECUTE FUNCTION states.loud();
CREATE FUNCTION states.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes today'; END $$;
CREATE EVENT TRIGGER shape_states_disabled ON ddl_command_start EXECUTE FUNCTION states.on_ddl();
ALTER EVENT TRIGGER shape_states_disabled DISABLE;

-- storage and options
CREATE TABLE states.options (id integer PRIMARY KEY, long text, other text) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = off);
ALTER TABLE states.options ALTER COLUMN long SET STORAGE EXTERNAL, ALTER COLUMN other SET COMPRESSION pglz, ALTER COLUMN id SET (n_distinct = -0.5), ALTER COLUMN other SET STATISTICS 0;
ALTER TABLE states.options CLUSTER ON options_pkey;
ALTER TABLE states.options REPLICA IDENTITY USING INDEX options_pkey;
INSERT INTO states.options SELECT n, repeat('long ' || n, 5000), NULL FROM generate_series(1, 10) AS n;
CREATE INDEX odd_index ON states.options USING btree (other COLLATE "C" DESC NULLS LAST, lower(other) text_pattern_ops, (id + 1)) INCLUDE (id) WITH (fillfactor = 60) WHERE other IS NOT NULL AND id > 1;
ALTER INDEX states.odd_index ALTER COLUMN 3 SET STATISTICS 300;
CREATE UNIQUE INDEX nulls_alike ON states.options (other) NULLS NOT DISTINCT WHERE id < 0;
CREATE INDEX brin_index ON states.options USING brin (id) WITH (pages_per_range = 4, autosummarize = on);
CREATE TABLE states.exclusions (during tstzrange, EXCLUDE USING gist (during WITH &&) WHERE (NOT isempty(during)) DEFERRABLE INITIALLY DEFERRED);
REVOKE ALL ON states.options FROM CURRENT_USER;
GRANT SELECT ON states.options TO shape_states;
REVOKE ALL ON FUNCTION states.not_today() FROM PUBLIC;
GRANT USAGE ON SCHEMA states TO shape_states WITH GRANT OPTION;
SET ROLE shape_states;
GRANT USAGE ON SCHEMA states TO shape_states_member;
RESET ROLE;
