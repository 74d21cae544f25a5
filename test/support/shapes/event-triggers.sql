-- Event triggers that do something at each command, one of them keeps a log; and materialized views, whose filling is a command too.
CREATE TABLE public.ddl_log (id serial, tag text, object text);
CREATE FUNCTION public.log_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO public.ddl_log (tag, object) SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands();
END
$$;
CREATE FUNCTION public.no_drops() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'nothing is dropped here';
END
$$;
CREATE FUNCTION public.quiet() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1;
END
$$;
CREATE TABLE public.base AS SELECT n FROM generate_series(1, 10) AS n;
CREATE EVENT TRIGGER shape_log ON ddl_command_end EXECUTE FUNCTION public.log_ddl();
CREATE EVENT TRIGGER shape_no_drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION public.no_drops();
CREATE EVENT TRIGGER shape_rewrites ON table_rewrite EXECUTE FUNCTION public.quiet();
CREATE EVENT TRIGGER shape_start ON ddl_command_start EXECUTE FUNCTION public.quiet();
ALTER EVENT TRIGGER shape_rewrites ENABLE REPLICA;
ALTER EVENT TRIGGER shape_start ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER shape_log IS 'who changes what';
CREATE TABLE public.logged (id integer PRIMARY KEY);
CREATE MATERIALIZED VIEW public.filled AS SELECT count(*) FROM public.base;
CREATE MATERIALIZED VIEW public.filled_too AS SELECT * FROM public.filled;
