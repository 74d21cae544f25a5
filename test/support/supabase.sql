-- A database as Supabase lays it out, as true as a stock server allows: for the bootstrap superuser supabase_admin, in the database
-- postgres of a server of its own. Learnt from supabase/postgres (migrations, nix/tests/expected/roles.out), supabase/auth,
-- supabase/storage and supabase/realtime, 2026. Plain objects stand for the extensions that only Supabase's image has: pg_graphql,
-- pg_cron, pg_net, supabase_vault.

-- roles and their settings
CREATE ROLE postgres LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS;
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE dashboard_user NOLOGIN CREATEDB CREATEROLE REPLICATION;
CREATE ROLE pgbouncer LOGIN;
CREATE ROLE pgsodium_keyiduser NOLOGIN;
CREATE ROLE pgsodium_keyholder NOLOGIN;
CREATE ROLE pgsodium_keymaker NOLOGIN;
CREATE ROLE pgtle_admin NOLOGIN;
CREATE ROLE supabase_auth_admin LOGIN NOINHERIT CREATEROLE;
CREATE ROLE supabase_etl_admin LOGIN REPLICATION;
CREATE ROLE supabase_functions_admin LOGIN NOINHERIT CREATEROLE;
CREATE ROLE supabase_read_only_user LOGIN BYPASSRLS;
CREATE ROLE supabase_realtime_admin LOGIN NOINHERIT CREATEROLE REPLICATION;
CREATE ROLE supabase_replication_admin LOGIN REPLICATION;
CREATE ROLE supabase_storage_admin LOGIN NOINHERIT CREATEROLE;
CREATE ROLE cli_login_postgres LOGIN NOINHERIT VALID UNTIL '2026-01-01 00:05:00+00';

-- all that lets postgres read everything: it reads all data, and row security does not hold for it. It still is no superuser, so large
-- objects of others and subscriptions are out of its reach.
GRANT pg_read_all_data, pg_monitor, pg_signal_backend TO postgres;
GRANT anon, authenticated, service_role TO authenticator;
GRANT authenticator TO supabase_storage_admin;
GRANT pg_read_all_data, pg_monitor TO supabase_read_only_user, supabase_etl_admin;
GRANT pgsodium_keyiduser TO pgsodium_keyholder, pgsodium_keymaker;
GRANT pgsodium_keyholder TO pgsodium_keymaker;
GRANT pgtle_admin, supabase_functions_admin TO postgres;
GRANT postgres TO cli_login_postgres;
DO $memberships$
BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    EXECUTE 'GRANT anon, authenticated, service_role, authenticator TO postgres WITH ADMIN OPTION';
    EXECUTE 'GRANT pg_create_subscription TO postgres';
  ELSE
    EXECUTE 'GRANT anon, authenticated, service_role TO postgres';
  END IF;
END
$memberships$;

-- the backslash is Supabase's own slip, and is on every project
ALTER ROLE postgres SET search_path TO "\$user", public, extensions;
ALTER ROLE supabase_admin SET search_path TO "$user", public, auth, extensions;
ALTER ROLE supabase_admin SET log_statement = 'none';
ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';
ALTER ROLE authenticator SET session_preload_libraries = 'safeupdate';
ALTER ROLE authenticator SET statement_timeout = '8s';
ALTER ROLE authenticator SET lock_timeout = '8s';
ALTER ROLE authenticator SET pgrst.db_schemas = 'public, graphql_public, app';
ALTER ROLE supabase_auth_admin SET search_path TO auth;
ALTER ROLE supabase_auth_admin SET idle_in_transaction_session_timeout = 60000;
ALTER ROLE supabase_auth_admin SET log_statement = 'none';
ALTER ROLE supabase_functions_admin SET search_path TO supabase_functions;
ALTER ROLE supabase_realtime_admin SET search_path TO realtime;
ALTER ROLE supabase_storage_admin SET search_path TO storage;
ALTER ROLE supabase_storage_admin SET log_statement = 'none';
ALTER ROLE supabase_read_only_user SET default_transaction_read_only = 'on';

ALTER DATABASE postgres OWNER TO postgres;
GRANT ALL ON DATABASE postgres TO postgres, dashboard_user;
GRANT CONNECT ON DATABASE postgres TO supabase_etl_admin WITH GRANT OPTION;
ALTER DATABASE postgres SET "app.settings.jwt_exp" TO '3600';
ALTER DATABASE postgres SET "app.settings.jwt_secret" TO 'super-secret-jwt-token-with-at-least-32-characters';
ALTER ROLE authenticated IN DATABASE postgres SET "pgrst.jwt_aud" TO 'authenticated';
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO postgres;

CREATE PUBLICATION supabase_realtime;
ALTER PUBLICATION supabase_realtime OWNER TO postgres;

-- schemas
CREATE SCHEMA extensions;
CREATE SCHEMA auth;
CREATE SCHEMA storage;
CREATE SCHEMA realtime;
CREATE SCHEMA _realtime;
CREATE SCHEMA vault;
CREATE SCHEMA graphql;
CREATE SCHEMA graphql_public;
CREATE SCHEMA pgbouncer AUTHORIZATION pgbouncer;
CREATE SCHEMA supabase_functions;
CREATE SCHEMA cron;
CREATE SCHEMA net;
GRANT ALL ON SCHEMA extensions TO dashboard_user;
GRANT USAGE ON SCHEMA extensions TO postgres, anon, authenticated, service_role;
GRANT ALL ON SCHEMA extensions TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA public TO postgres, anon, authenticated, service_role;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, postgres;
GRANT ALL ON SCHEMA auth TO supabase_auth_admin, dashboard_user;
GRANT ALL ON SCHEMA storage TO supabase_storage_admin WITH GRANT OPTION;
GRANT USAGE ON SCHEMA storage TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA storage TO dashboard_user;
GRANT ALL ON SCHEMA realtime TO supabase_realtime_admin WITH GRANT OPTION;
GRANT USAGE ON SCHEMA realtime TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA realtime TO anon, authenticated, service_role;
GRANT USAGE ON SCHEMA vault TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA vault TO service_role;
GRANT USAGE ON SCHEMA graphql, graphql_public TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA graphql, graphql_public TO anon, authenticated, service_role;
GRANT USAGE ON SCHEMA supabase_functions TO postgres, anon, authenticated, service_role;
GRANT ALL ON SCHEMA supabase_functions TO supabase_functions_admin;
GRANT USAGE ON SCHEMA cron TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA net TO supabase_functions_admin, postgres, anon, authenticated, service_role;
COMMENT ON SCHEMA extensions IS 'where modules live';

-- default privileges
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA storage GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA storage GRANT ALL ON FUNCTIONS TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA storage GRANT ALL ON SEQUENCES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_auth_admin IN SCHEMA auth GRANT ALL ON TABLES TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_auth_admin IN SCHEMA auth GRANT ALL ON FUNCTIONS TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_auth_admin IN SCHEMA auth GRANT ALL ON SEQUENCES TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA realtime GRANT ALL ON TABLES TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA realtime GRANT ALL ON FUNCTIONS TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA realtime GRANT ALL ON SEQUENCES TO postgres, dashboard_user;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA graphql, graphql_public GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA graphql, graphql_public GRANT ALL ON FUNCTIONS TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA graphql, graphql_public GRANT ALL ON SEQUENCES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA supabase_functions GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA supabase_functions GRANT ALL ON FUNCTIONS TO postgres, anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA extensions, cron GRANT ALL ON TABLES TO postgres WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA extensions, cron GRANT ALL ON FUNCTIONS TO postgres WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA extensions, cron GRANT ALL ON SEQUENCES TO postgres WITH GRANT OPTION;

-- modules, of those that the server has
DO $modules$
DECLARE
  module text;
BEGIN
  FOR module IN SELECT name FROM pg_available_extensions
    WHERE name IN ('uuid-ossp', 'pgcrypto', 'pg_stat_statements', 'pg_trgm', 'moddatetime') ORDER BY name
  LOOP
    EXECUTE format('CREATE EXTENSION %I WITH SCHEMA extensions', module);
  END LOOP;
END
$modules$;
GRANT ALL ON ALL TABLES IN SCHEMA extensions TO dashboard_user;
GRANT ALL ON ALL SEQUENCES IN SCHEMA extensions TO dashboard_user;
GRANT ALL ON ALL ROUTINES IN SCHEMA extensions TO dashboard_user;

-- auth: what GoTrue's migrations leave
SET SESSION AUTHORIZATION supabase_auth_admin;
SET search_path = auth;
CREATE TYPE auth.aal_level AS ENUM ('aal1', 'aal2', 'aal3');
CREATE TYPE auth.code_challenge_method AS ENUM ('s256', 'plain');
CREATE TYPE auth.factor_status AS ENUM ('unverified', 'verified');
CREATE TYPE auth.factor_type AS ENUM ('totp', 'webauthn', 'phone');
CREATE TYPE auth.one_time_token_type AS ENUM ('confirmation_token', 'reauthentication_token', 'recovery_token', 'email_change_token_new', 'email_change_token_current', 'phone_change_token');

CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.role', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text
$$;
CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.email', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'))::text
$$;
COMMENT ON FUNCTION auth.uid() IS 'Deprecated. Use auth.jwt() -> ''sub'' instead.';
COMMENT ON FUNCTION auth.role() IS 'Deprecated. Use auth.jwt() -> ''role'' instead.';
COMMENT ON FUNCTION auth.email() IS 'Deprecated. Use auth.jwt() -> ''email'' instead.';

CREATE TABLE auth.users (
  instance_id uuid,
  id uuid NOT NULL,
  aud varchar(255),
  role varchar(255),
  email varchar(255),
  encrypted_password varchar(255),
  email_confirmed_at timestamptz,
  invited_at timestamptz,
  confirmation_token varchar(255),
  confirmation_sent_at timestamptz,
  recovery_token varchar(255),
  recovery_sent_at timestamptz,
  email_change_token_new varchar(255),
  email_change varchar(255),
  email_change_sent_at timestamptz,
  last_sign_in_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  is_super_admin boolean,
  created_at timestamptz,
  updated_at timestamptz,
  phone text DEFAULT NULL,
  phone_confirmed_at timestamptz,
  phone_change text DEFAULT '',
  phone_change_token varchar(255) DEFAULT '',
  phone_change_sent_at timestamptz,
  confirmed_at timestamptz GENERATED ALWAYS AS (least(email_confirmed_at, phone_confirmed_at)) STORED,
  email_change_token_current varchar(255) DEFAULT '',
  email_change_confirm_status smallint DEFAULT 0,
  banned_until timestamptz,
  reauthentication_token varchar(255) DEFAULT '',
  reauthentication_sent_at timestamptz,
  is_sso_user boolean NOT NULL DEFAULT false,
  deleted_at timestamptz,
  is_anonymous boolean NOT NULL DEFAULT false,
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_phone_key UNIQUE (phone),
  CONSTRAINT users_email_change_confirm_status_check CHECK (email_change_confirm_status BETWEEN 0 AND 2)
);
CREATE INDEX users_instance_id_idx ON auth.users (instance_id);
CREATE INDEX users_instance_id_email_idx ON auth.users (instance_id, lower(email::text));
CREATE INDEX users_is_anonymous_idx ON auth.users (is_anonymous);
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;
CREATE UNIQUE INDEX confirmation_token_idx ON auth.users (confirmation_token) WHERE confirmation_token::text !~ '^[0-9 ]*$'::text;
CREATE UNIQUE INDEX recovery_token_idx ON auth.users (recovery_token) WHERE recovery_token::text !~ '^[0-9 ]*$'::text;
COMMENT ON TABLE auth.users IS 'Auth: Stores user login data within a secure schema.';
COMMENT ON COLUMN auth.users.is_sso_user IS 'Auth: Set this column to true when the account comes from SSO. These accounts can have duplicate emails.';
COMMENT ON INDEX auth.users_email_partial_key IS 'Auth: A partial unique index that applies only when is_sso_user is false';

CREATE TABLE auth.identities (
  provider_id text NOT NULL,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
  identity_data jsonb NOT NULL,
  provider text NOT NULL,
  last_sign_in_at timestamptz,
  created_at timestamptz,
  updated_at timestamptz,
  email text GENERATED ALWAYS AS (lower(identity_data ->> 'email')) STORED,
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  CONSTRAINT identities_provider_id_provider_unique UNIQUE (provider_id, provider)
);
CREATE INDEX identities_email_idx ON auth.identities (email text_pattern_ops);
CREATE INDEX identities_user_id_idx ON auth.identities (user_id);
COMMENT ON TABLE auth.identities IS 'Auth: Stores identities associated to a user.';

CREATE TABLE auth.sessions (
  id uuid NOT NULL PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
  created_at timestamptz,
  updated_at timestamptz,
  factor_id uuid,
  aal auth.aal_level,
  not_after timestamptz,
  refreshed_at timestamp,
  user_agent text,
  ip inet,
  tag text
);
CREATE INDEX user_id_created_at_idx ON auth.sessions (user_id, created_at);
CREATE INDEX sessions_not_after_idx ON auth.sessions (not_after DESC);
CREATE TABLE auth.refresh_tokens (
  instance_id uuid,
  id bigserial PRIMARY KEY,
  token varchar(255) CONSTRAINT refresh_tokens_token_unique UNIQUE,
  user_id varchar(255),
  revoked boolean,
  created_at timestamptz,
  updated_at timestamptz,
  parent varchar(255),
  session_id uuid REFERENCES auth.sessions ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_revoked_idx ON auth.refresh_tokens (session_id, revoked);
CREATE TABLE auth.mfa_factors (
  id uuid NOT NULL PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
  friendly_name text,
  factor_type auth.factor_type NOT NULL,
  status auth.factor_status NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  secret text,
  phone text,
  last_challenged_at timestamptz UNIQUE,
  web_authn_credential jsonb,
  web_authn_aaguid uuid
);
CREATE UNIQUE INDEX mfa_factors_user_friendly_name_unique ON auth.mfa_factors (friendly_name, user_id) WHERE trim(BOTH FROM friendly_name) <> '';
CREATE TABLE auth.one_time_tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
  token_type auth.one_time_token_type NOT NULL,
  token_hash text NOT NULL CHECK (char_length(token_hash) > 0),
  relates_to text NOT NULL,
  created_at timestamp NOT NULL DEFAULT now(),
  updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX one_time_tokens_token_hash_hash_idx ON auth.one_time_tokens USING hash (token_hash);
CREATE INDEX one_time_tokens_relates_to_hash_idx ON auth.one_time_tokens USING hash (relates_to);
CREATE UNIQUE INDEX one_time_tokens_user_id_token_type_key ON auth.one_time_tokens (user_id, token_type);
CREATE TABLE auth.sso_providers (
  id uuid NOT NULL PRIMARY KEY,
  resource_id text,
  created_at timestamptz,
  updated_at timestamptz,
  CONSTRAINT "resource_id not empty" CHECK (resource_id IS NULL OR char_length(resource_id) > 0)
);
CREATE UNIQUE INDEX sso_providers_resource_id_idx ON auth.sso_providers (lower(resource_id));
CREATE TABLE auth.sso_domains (
  id uuid NOT NULL PRIMARY KEY,
  sso_provider_id uuid NOT NULL REFERENCES auth.sso_providers ON DELETE CASCADE,
  domain text NOT NULL,
  created_at timestamptz,
  updated_at timestamptz,
  CONSTRAINT "domain not empty" CHECK (char_length(domain) > 0)
);
CREATE TABLE auth.flow_state (
  id uuid NOT NULL PRIMARY KEY,
  user_id uuid,
  auth_code text NOT NULL,
  code_challenge_method auth.code_challenge_method NOT NULL,
  code_challenge text NOT NULL,
  provider_type text NOT NULL,
  created_at timestamptz
);
CREATE TABLE auth.audit_log_entries (
  instance_id uuid,
  id uuid NOT NULL PRIMARY KEY,
  payload json,
  created_at timestamptz,
  ip_address varchar(64) NOT NULL DEFAULT ''
);
CREATE TABLE auth.instances (id uuid NOT NULL PRIMARY KEY, uuid uuid, raw_base_config text, created_at timestamptz, updated_at timestamptz);
CREATE TABLE auth.schema_migrations (version varchar(255) NOT NULL PRIMARY KEY);
COMMENT ON TABLE auth.schema_migrations IS 'Auth: Manages updates to the auth system.';
DO $security$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE auth.%I ENABLE ROW LEVEL SECURITY', name);
  END LOOP;
END
$security$;
REVOKE ALL ON auth.schema_migrations FROM postgres, dashboard_user;
GRANT SELECT ON auth.schema_migrations TO postgres WITH GRANT OPTION;
GRANT SELECT ON auth.users, auth.identities TO postgres WITH GRANT OPTION;
REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON auth.audit_log_entries FROM dashboard_user;
INSERT INTO auth.schema_migrations SELECT to_char(timestamp '2020-11-28 06:25:53' + n * interval '17 days 3 hours', 'YYYYMMDDHH24MISS') FROM generate_series(1, 60) AS n;
RESET SESSION AUTHORIZATION;

-- storage
SET SESSION AUTHORIZATION supabase_storage_admin;
SET search_path = storage;
CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR');
CREATE TABLE storage.migrations (
  id integer PRIMARY KEY,
  name varchar(100) NOT NULL UNIQUE,
  hash varchar(40) NOT NULL,
  executed_at timestamp DEFAULT current_timestamp
);
CREATE TABLE storage.buckets (
  id text NOT NULL PRIMARY KEY,
  name text NOT NULL,
  owner uuid,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now(),
  public boolean DEFAULT false,
  avif_autodetection boolean DEFAULT false,
  file_size_limit bigint,
  allowed_mime_types text[],
  owner_id text,
  type storage.buckettype NOT NULL DEFAULT 'STANDARD'
);
CREATE UNIQUE INDEX bname ON storage.buckets (name);
COMMENT ON COLUMN storage.buckets.owner IS 'Field is deprecated, use owner_id instead';
CREATE TABLE storage.objects (
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  bucket_id text CONSTRAINT "objects_bucketId_fkey" REFERENCES storage.buckets,
  name text,
  owner uuid,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now(),
  last_accessed_at timestamptz DEFAULT now(),
  metadata jsonb,
  path_tokens text[] GENERATED ALWAYS AS (string_to_array(name, '/')) STORED,
  version text,
  owner_id text,
  user_metadata jsonb
);
CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
CREATE INDEX idx_objects_bucket_id_name ON storage.objects (bucket_id, name COLLATE "C");
CREATE INDEX name_prefix_search ON storage.objects (name text_pattern_ops);
CREATE TABLE storage.s3_multipart_uploads (
  id text PRIMARY KEY,
  in_progress_size bigint NOT NULL DEFAULT 0,
  upload_signature text NOT NULL,
  bucket_id text NOT NULL REFERENCES storage.buckets,
  key text COLLATE "C" NOT NULL,
  version text NOT NULL,
  owner_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE storage.s3_multipart_uploads_parts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  upload_id text NOT NULL REFERENCES storage.s3_multipart_uploads ON DELETE CASCADE,
  size bigint NOT NULL DEFAULT 0,
  part_number integer NOT NULL,
  bucket_id text NOT NULL REFERENCES storage.buckets,
  key text COLLATE "C" NOT NULL,
  etag text NOT NULL
);
CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  parts text[] := string_to_array(name, '/');
BEGIN
  RETURN parts[1 : array_length(parts, 1) - 1];
END
$$;
CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN reverse(split_part(reverse(name), '/', 1));
END
$$;
CREATE FUNCTION storage.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;
CREATE FUNCTION storage.enforce_bucket_name_length() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF length(NEW.name) > 100 THEN
    RAISE EXCEPTION 'bucket name "%" is too long (% characters)', NEW.name, length(NEW.name);
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION storage.protect_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' THEN
    RAISE EXCEPTION 'rows of storage are deleted by its own interface' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER enforce_bucket_name_length_trigger BEFORE INSERT OR UPDATE OF name ON storage.buckets
  FOR EACH ROW EXECUTE FUNCTION storage.enforce_bucket_name_length();
CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();
CREATE TRIGGER protect_buckets_delete BEFORE DELETE ON storage.buckets FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
CREATE TRIGGER protect_objects_delete BEFORE DELETE ON storage.objects FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.migrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.s3_multipart_uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.s3_multipart_uploads_parts ENABLE ROW LEVEL SECURITY;
GRANT ALL ON storage.buckets, storage.objects TO postgres WITH GRANT OPTION;
GRANT ALL ON storage.buckets, storage.objects TO anon, authenticated, service_role;
GRANT SELECT ON storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts TO authenticated, anon;
GRANT ALL ON storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts TO service_role;
INSERT INTO storage.migrations SELECT n, 'migration-' || n, md5(n::text), timestamp '2025-01-01' + n * interval '1 second' FROM generate_series(0, 39) AS n;
RESET SESSION AUTHORIZATION;

-- realtime
RESET search_path;
CREATE TYPE realtime.action AS ENUM ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
CREATE TYPE realtime.equality_op AS ENUM ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in');
CREATE TYPE realtime.user_defined_filter AS (column_name text, op realtime.equality_op, value text);
CREATE TYPE realtime.wal_column AS (name text, type_name text, type_oid oid, value jsonb, is_pkey boolean, is_selectable boolean);
CREATE TYPE realtime.wal_rls AS (wal jsonb, is_rls_enabled boolean, subscription_ids uuid[], errors text[]);
CREATE FUNCTION realtime.to_regrole(role_name text) RETURNS regrole LANGUAGE sql IMMUTABLE AS $$ SELECT role_name::regrole $$;
CREATE FUNCTION realtime.topic() RETURNS text LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('realtime.topic', true), '')::text $$;
ALTER FUNCTION realtime.topic() OWNER TO supabase_realtime_admin;
CREATE TABLE realtime.schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0));
CREATE TABLE realtime.subscription (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscription_id uuid NOT NULL,
  entity regclass NOT NULL,
  filters realtime.user_defined_filter[] NOT NULL DEFAULT '{}',
  claims jsonb NOT NULL,
  claims_role regrole NOT NULL GENERATED ALWAYS AS (realtime.to_regrole(claims ->> 'role')) STORED,
  created_at timestamp NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ix_realtime_subscription_entity ON realtime.subscription (entity);
CREATE UNIQUE INDEX subscription_subscription_id_entity_filters_key ON realtime.subscription (subscription_id, entity, filters);
CREATE FUNCTION realtime.subscription_check_filters() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  one realtime.user_defined_filter;
BEGIN
  FOREACH one IN ARRAY NEW.filters LOOP
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = NEW.entity AND attname = one.column_name) THEN
      RAISE EXCEPTION 'invalid column for filter %', one.column_name;
    END IF;
  END LOOP;
  RETURN NEW;
END
$$;
CREATE TRIGGER tr_check_filters BEFORE INSERT OR UPDATE ON realtime.subscription FOR EACH ROW EXECUTE FUNCTION realtime.subscription_check_filters();
CREATE TABLE realtime.messages (
  topic text NOT NULL,
  extension text NOT NULL,
  payload jsonb,
  event text,
  private boolean DEFAULT false,
  updated_at timestamp NOT NULL DEFAULT now(),
  inserted_at timestamp NOT NULL DEFAULT now(),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT messages_pkey PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at);
ALTER TABLE realtime.messages OWNER TO supabase_realtime_admin;
DO $days$
DECLARE
  day date;
BEGIN
  FOR day IN SELECT date '2026-03-01' + n FROM generate_series(0, 5) AS n LOOP
    EXECUTE format('CREATE TABLE realtime.messages_%s (LIKE realtime.messages INCLUDING ALL)', to_char(day, 'YYYY_MM_DD'));
    EXECUTE format('ALTER TABLE realtime.messages ATTACH PARTITION realtime.messages_%s FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYY_MM_DD'), day, day + 1);
  END LOOP;
END
$days$;
CREATE INDEX messages_inserted_at_topic_index ON realtime.messages (inserted_at DESC, topic) WHERE extension = 'broadcast' AND private IS TRUE;
ALTER TABLE realtime.messages ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON realtime.messages TO anon, authenticated, service_role;
GRANT SELECT ON realtime.subscription, realtime.schema_migrations TO anon, authenticated, service_role, supabase_realtime_admin;
CREATE PUBLICATION supabase_realtime_messages_publication FOR TABLE realtime.messages;
INSERT INTO realtime.messages (topic, extension, payload, event, private, updated_at, inserted_at, id)
SELECT 'room:' || n % 5, 'broadcast', jsonb_build_object('n', n), 'ping', n % 2 = 0, at, at, md5('message ' || n)::uuid
FROM generate_series(1, 200) AS n, LATERAL (SELECT timestamp '2026-03-01' + n * interval '43 minutes' AS at) AS moment;
INSERT INTO realtime.schema_migrations SELECT 20211116024918 + n * 86, timestamp '2025-01-01' + n * interval '1 second' FROM generate_series(1, 50) AS n;

CREATE TABLE _realtime.tenants (id uuid PRIMARY KEY, name text, external_id text UNIQUE, jwt_secret text, max_concurrent_users integer NOT NULL DEFAULT 200, inserted_at timestamp(0) NOT NULL);
CREATE TABLE _realtime.extensions (id uuid PRIMARY KEY, type text, settings jsonb, tenant_external_id text REFERENCES _realtime.tenants (external_id) ON DELETE CASCADE, UNIQUE (tenant_external_id, type));
INSERT INTO _realtime.tenants VALUES (md5('tenant')::uuid, 'realtime-dev', 'realtime-dev', 'iNjicxc4+llvc9wovDvqymwfnj9teWMlyOIbJ8Fh6j2W', 200, '2026-01-01');
INSERT INTO _realtime.extensions VALUES (md5('extension')::uuid, 'postgres_cdc_rls', '{"region": "us-east-1", "ssl_enforced": false}', 'realtime-dev');

-- vault: without pgsodium's keys a plain table
CREATE TABLE vault.secrets (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text,
  description text NOT NULL DEFAULT '',
  secret text NOT NULL,
  key_id uuid,
  nonce bytea DEFAULT '\x00',
  created_at timestamptz NOT NULL DEFAULT current_timestamp,
  updated_at timestamptz NOT NULL DEFAULT current_timestamp
);
CREATE UNIQUE INDEX secrets_name_idx ON vault.secrets (name) WHERE name IS NOT NULL;
COMMENT ON TABLE vault.secrets IS 'Table with encrypted `secret` column for storing sensitive information on disk.';
CREATE FUNCTION vault._crypto_aead_det_decrypt(message bytea, additional bytea, key_id bigint, context bytea DEFAULT 'pgsodium', nonce bytea DEFAULT NULL)
  RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT message $$;
CREATE VIEW vault.decrypted_secrets AS
  SELECT id, name, description, secret,
    convert_from(vault._crypto_aead_det_decrypt(decode(secret, 'base64'), convert_to(id::text, 'utf8'), 0, 'pgsodium', nonce), 'utf8') AS decrypted_secret,
    key_id, nonce, created_at, updated_at
  FROM vault.secrets;
CREATE FUNCTION vault.create_secret(new_secret text, new_name text DEFAULT NULL, new_description text DEFAULT '', new_key_id uuid DEFAULT NULL)
  RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path TO '' AS $$
  INSERT INTO vault.secrets (secret, name, description) VALUES (encode(convert_to(new_secret, 'utf8'), 'base64'), new_name, new_description) RETURNING id
$$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA vault FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA vault TO postgres, service_role;
GRANT SELECT, DELETE, REFERENCES, TRUNCATE ON vault.secrets, vault.decrypted_secrets TO postgres WITH GRANT OPTION;
GRANT SELECT, DELETE ON vault.secrets, vault.decrypted_secrets TO service_role;
SELECT vault.create_secret('s3cr€t ' || n, 'secret_' || n, 'number ' || n) FROM generate_series(1, 5) AS n;

-- graphql
CREATE SEQUENCE graphql.seq_schema_version AS integer CYCLE;
CREATE FUNCTION graphql.get_schema_version() RETURNS integer LANGUAGE sql SECURITY DEFINER AS $$ SELECT last_value::integer FROM graphql.seq_schema_version $$;
CREATE FUNCTION graphql.increment_schema_version() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  -- pg_graphql counts here, in a sequence that is the extension's own and so in no dump; ours must stay as it is
  PERFORM graphql.get_schema_version();
END
$$;
CREATE FUNCTION graphql.resolve(query text, variables jsonb DEFAULT '{}', "operationName" text DEFAULT NULL, extensions jsonb DEFAULT NULL)
  RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN jsonb_build_object('data', NULL);
END
$$;
CREATE FUNCTION graphql_public.graphql("operationName" text DEFAULT NULL, query text DEFAULT NULL, variables jsonb DEFAULT NULL, extensions jsonb DEFAULT NULL)
  RETURNS jsonb LANGUAGE sql AS $$
  SELECT graphql.resolve(query := query, variables := coalesce(variables, '{}'), "operationName" := "operationName", extensions := extensions)
$$;

-- pgbouncer
CREATE FUNCTION pgbouncer.get_auth(p_usename text) RETURNS TABLE (username text, password text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $_$
BEGIN
  RETURN QUERY SELECT rolname::text, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword::text END
    FROM pg_catalog.pg_authid WHERE rolname = $1 AND rolcanlogin;
END
$_$;
REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO pgbouncer;

-- cron, with row security as pg_cron has it
CREATE SEQUENCE cron.jobid_seq;
CREATE SEQUENCE cron.runid_seq;
CREATE TABLE cron.job (
  jobid bigint PRIMARY KEY DEFAULT nextval('cron.jobid_seq'),
  schedule text NOT NULL,
  command text NOT NULL,
  nodename text NOT NULL DEFAULT 'localhost',
  nodeport integer NOT NULL DEFAULT inet_server_port(),
  database text NOT NULL DEFAULT current_database(),
  username text NOT NULL DEFAULT current_user,
  active boolean NOT NULL DEFAULT true,
  jobname text,
  CONSTRAINT jobname_username_uniq UNIQUE (jobname, username)
);
CREATE TABLE cron.job_run_details (
  jobid bigint,
  runid bigint PRIMARY KEY DEFAULT nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
ALTER TABLE cron.job_run_details ENABLE ROW LEVEL SECURITY;
CREATE POLICY cron_job_policy ON cron.job USING (username = CURRENT_USER);
CREATE POLICY cron_job_run_details_policy ON cron.job_run_details USING (username = CURRENT_USER);
GRANT SELECT ON cron.job, cron.job_run_details TO PUBLIC;
GRANT DELETE ON cron.job_run_details TO PUBLIC;
REVOKE ALL ON cron.job FROM postgres;
GRANT SELECT ON cron.job TO postgres WITH GRANT OPTION;
CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO cron.job (jobname, schedule, command, username) VALUES (job_name, schedule, command, 'postgres') RETURNING jobid
$$;
COMMENT ON FUNCTION cron.schedule(text, text, text) IS 'schedule a pg_cron job';
SELECT cron.schedule('nightly ' || n, n || ' 3 * * *', 'SELECT public.refresh_totals()') FROM generate_series(1, 3) AS n;
INSERT INTO cron.job (jobname, schedule, command, username) VALUES ('of another', '* * * * *', 'SELECT 1', 'supabase_admin');
INSERT INTO cron.job_run_details (jobid, job_pid, database, username, command, status, return_message, start_time, end_time)
SELECT 1 + n % 3, 1000 + n, 'postgres', 'postgres', 'SELECT public.refresh_totals()', CASE n % 9 WHEN 0 THEN 'failed' ELSE 'succeeded' END, '1 row', at, at + interval '80 ms'
FROM generate_series(1, 120) AS n, LATERAL (SELECT timestamptz '2026-03-01 03:00:00+00' + n * interval '1 day' AS at) AS moment;

-- net: its tables are unlogged
CREATE DOMAIN net.http_method AS text CHECK (VALUE IN ('GET', 'POST', 'DELETE'));
CREATE UNLOGGED TABLE net.http_request_queue (id bigserial, method net.http_method NOT NULL, url text NOT NULL, headers jsonb, body bytea, timeout_milliseconds integer NOT NULL);
CREATE UNLOGGED TABLE net._http_response (id bigint, status_code integer, content_type text, headers jsonb, content text, timed_out boolean, error_msg text, created timestamptz NOT NULL DEFAULT now());
CREATE INDEX _http_response_created_idx ON net._http_response (created);
CREATE FUNCTION net.http_post(url text, body jsonb DEFAULT '{}', params jsonb DEFAULT '{}', headers jsonb DEFAULT '{"Content-Type": "application/json"}', timeout_milliseconds integer DEFAULT 5000)
  RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path TO net AS $$
  INSERT INTO net.http_request_queue (method, url, headers, body, timeout_milliseconds) VALUES ('POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds) RETURNING id
$$;
REVOKE ALL ON FUNCTION net.http_post(text, jsonb, jsonb, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION net.http_post(text, jsonb, jsonb, jsonb, integer) TO supabase_functions_admin, postgres, anon, authenticated, service_role;
INSERT INTO net._http_response SELECT n, 200, 'text/plain', '{}', 'ok', false, NULL, timestamptz '2026-03-01 00:00:00+00' + n * interval '1 minute' FROM generate_series(1, 10) AS n;

-- webhooks
CREATE TABLE supabase_functions.migrations (version text PRIMARY KEY, inserted_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE supabase_functions.hooks (id bigserial PRIMARY KEY, hook_table_id integer NOT NULL, hook_name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), request_id bigint);
CREATE INDEX supabase_functions_hooks_request_id_idx ON supabase_functions.hooks (request_id);
CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO supabase_functions AS $$
BEGIN
  INSERT INTO supabase_functions.hooks (hook_table_id, hook_name, request_id)
  VALUES (TG_RELID, TG_NAME, net.http_post(TG_ARGV[0], jsonb_build_object('record', NEW, 'type', TG_OP)));
  RETURN NEW;
END
$$;
ALTER TABLE supabase_functions.migrations OWNER TO supabase_functions_admin;
ALTER TABLE supabase_functions.hooks OWNER TO supabase_functions_admin;
ALTER FUNCTION supabase_functions.http_request() OWNER TO supabase_functions_admin;
REVOKE ALL ON FUNCTION supabase_functions.http_request() FROM PUBLIC;
INSERT INTO supabase_functions.migrations VALUES ('initial', '2026-01-01 00:00:00+00'), ('20210809183423_update_grants', '2026-01-01 00:00:00+00');

-- the user's own, made as the user makes it: by postgres
SET SESSION AUTHORIZATION postgres;
CREATE SCHEMA supabase_migrations;
CREATE TABLE supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY, statements text[], name text);
INSERT INTO supabase_migrations.schema_migrations VALUES
  ('20260101000000', ARRAY['create table public.profiles (id uuid)', E'comment on table public.profiles is ''it''''s;''\n'], 'init'),
  ('20260102000000', NULL, NULL);
CREATE ROLE app_reports NOLOGIN;
GRANT app_reports TO authenticator;
CREATE SCHEMA private;
CREATE TYPE public.member_role AS ENUM ('owner', 'editor', 'viewer');
CREATE TABLE public.profiles (
  id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
  username text UNIQUE,
  full_name text,
  avatar_url text,
  updated_at timestamptz,
  CONSTRAINT username_length CHECK (char_length(username) >= 3)
);
CREATE TABLE public.organizations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  owner uuid REFERENCES public.profiles,
  search tsvector GENERATED ALWAYS AS (to_tsvector('english', name)) STORED
);
CREATE TABLE public.members (
  organization_id bigint REFERENCES public.organizations ON DELETE CASCADE,
  user_id uuid DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  role public.member_role NOT NULL DEFAULT 'viewer',
  PRIMARY KEY (organization_id, user_id)
);
CREATE TABLE public.todos (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  organization_id bigint NOT NULL REFERENCES public.organizations ON DELETE CASCADE,
  user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users,
  task text CHECK (char_length(task) > 3),
  is_complete boolean DEFAULT false,
  attributes jsonb DEFAULT '{}',
  inserted_at timestamptz NOT NULL DEFAULT timezone('utc'::text, now())
);
ALTER TABLE public.todos REPLICA IDENTITY FULL;
CREATE INDEX todos_task ON public.todos USING gin (task extensions.gin_trgm_ops);
CREATE INDEX organizations_search ON public.organizations USING gin (search);
COMMENT ON TABLE public.todos IS E'@graphql({"totalCount": {"enabled": true}})';
COMMENT ON COLUMN public.todos.attributes IS 'whatever the app likes';
CREATE FUNCTION private.is_member(organization bigint, wanted public.member_role[] DEFAULT '{owner,editor,viewer}') RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $$
  SELECT EXISTS (SELECT FROM public.members WHERE organization_id = organization AND user_id = (SELECT auth.uid()) AND role = ANY (wanted))
$$;
CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $$
BEGIN
  INSERT INTO public.profiles (id, full_name, avatar_url) VALUES (NEW.id, NEW.raw_user_meta_data ->> 'full_name', NEW.raw_user_meta_data ->> 'avatar_url');
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION public.handle_new_user() FROM PUBLIC, anon, authenticated;
CREATE FUNCTION public.add_todo(organization bigint, task text) RETURNS SETOF public.todos LANGUAGE sql AS $$
  INSERT INTO public.todos (organization_id, task) VALUES (organization, task) RETURNING *
$$;
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.todos ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.todos FORCE ROW LEVEL SECURITY;
CREATE POLICY "Public profiles are viewable by everyone." ON public.profiles FOR SELECT USING (true);
CREATE POLICY "Users can insert their own profile." ON public.profiles FOR INSERT WITH CHECK ((SELECT auth.uid()) = id);
CREATE POLICY "Users can update own profile." ON public.profiles FOR UPDATE TO authenticated USING ((SELECT auth.uid()) = id) WITH CHECK ((SELECT auth.uid()) = id);
CREATE POLICY "members see their organization" ON public.organizations FOR SELECT TO authenticated, app_reports USING (private.is_member(id));
CREATE POLICY "own memberships" ON public.members TO authenticated USING (user_id = auth.uid());
CREATE POLICY "todos of my organizations" ON public.todos TO authenticated USING (private.is_member(organization_id)) WITH CHECK (private.is_member(organization_id, '{owner,editor}'));
CREATE POLICY "only with a second factor" ON public.todos AS RESTRICTIVE FOR DELETE TO authenticated USING ((SELECT auth.jwt() ->> 'aal') = 'aal2');
CREATE POLICY "backend sees all" ON public.todos FOR SELECT TO service_role USING (auth.role() = 'service_role');
COMMENT ON POLICY "own memberships" ON public.members IS 'nobody sees the others';
CREATE VIEW public.open_todos WITH (security_invoker = on) AS
  SELECT t.id, t.task, p.username FROM public.todos t LEFT JOIN public.profiles p ON p.id = t.user_id WHERE NOT t.is_complete;
CREATE VIEW public.people WITH (security_barrier) AS SELECT u.id, u.email, p.full_name FROM auth.users u JOIN public.profiles p USING (id);
REVOKE ALL ON public.people FROM anon, authenticated;
CREATE MATERIALIZED VIEW private.totals AS SELECT organization_id, count(*) AS todos FROM public.todos GROUP BY 1;
CREATE UNIQUE INDEX totals_organization ON private.totals (organization_id);
CREATE FUNCTION public.refresh_totals() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ REFRESH MATERIALIZED VIEW CONCURRENTLY private.totals $$;
CREATE TRIGGER notify_backend AFTER INSERT ON public.organizations
  FOR EACH ROW EXECUTE FUNCTION supabase_functions.http_request('https://example.com/hook', 'POST', '{"Content-Type":"application/json"}', '{}', '1000');
GRANT USAGE ON SCHEMA public, private TO app_reports;
GRANT SELECT (id, name) ON public.organizations TO app_reports;
GRANT SELECT ON private.totals TO app_reports;
ALTER PUBLICATION supabase_realtime ADD TABLE public.todos, public.organizations (id, name);
RESET SESSION AUTHORIZATION;

-- on Supabase postgres may do these by supautils, on a stock server only the owner
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
CREATE POLICY "Avatar images are publicly accessible." ON storage.objects FOR SELECT USING (bucket_id = 'avatars');
CREATE POLICY "Anyone can upload an avatar." ON storage.objects FOR INSERT TO authenticated
  WITH CHECK (bucket_id = 'avatars' AND (storage.foldername(name))[1] = auth.uid()::text);
CREATE POLICY "members read the files 1oj01fe_0" ON storage.objects FOR SELECT TO authenticated, service_role
  USING (bucket_id = 'files' AND private.is_member((storage.foldername(name))[1]::bigint));
CREATE POLICY "members of a room" ON realtime.messages FOR SELECT TO authenticated USING (realtime.topic() LIKE 'room:%' AND extension IN ('broadcast', 'presence'));

-- rows
INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token, raw_app_meta_data, raw_user_meta_data, created_at, phone, is_sso_user, is_anonymous)
SELECT '00000000-0000-0000-0000-000000000000', md5('user ' || n)::uuid, 'authenticated', 'authenticated',
  CASE WHEN n % 10 > 0 THEN 'user' || n || '@example.com' END, '$2a$10$' || md5('password ' || n),
  CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-01 00:00:00+00' + n * interval '5 hours' END, '', CASE WHEN n % 7 = 0 THEN md5('recover ' || n) ELSE '' END,
  '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', 'Zoë Müller ' || n, 'avatar_url', NULL),
  timestamptz '2026-01-01 00:00:00+00' + n * interval '5 hours', CASE WHEN n % 4 = 0 THEN '49151' || n END, n % 11 = 0, n % 10 = 0
FROM generate_series(1, 150) AS n;
UPDATE public.profiles AS p SET username = 'user_' || u.phone, updated_at = '2026-02-01 00:00:00+00' FROM auth.users AS u WHERE u.id = p.id AND u.phone IS NOT NULL;
INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at)
SELECT id::text, id, jsonb_build_object('sub', id, 'email', upper(email)), 'email', created_at FROM auth.users WHERE email IS NOT NULL;
INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal, refreshed_at, user_agent, ip)
SELECT md5('session ' || email)::uuid, id, created_at, created_at, 'aal1', '2026-02-01', 'Mozilla/5.0 (☃)', '2001:db8::1' FROM auth.users WHERE email_confirmed_at IS NOT NULL AND email IS NOT NULL;
INSERT INTO auth.refresh_tokens (token, user_id, revoked, session_id, created_at) SELECT md5(id::text), user_id, false, id, created_at FROM auth.sessions ORDER BY id;
INSERT INTO auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret)
SELECT md5('factor ' || id)::uuid, id, 'phone', 'totp', 'verified', created_at, created_at, md5(id::text) FROM auth.users LIMIT 10;
INSERT INTO auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to) SELECT gen_random_uuid(), id, 'recovery_token', recovery_token, email FROM auth.users WHERE recovery_token <> '' AND email IS NOT NULL;
INSERT INTO auth.audit_log_entries (id, payload, created_at) SELECT md5('entry ' || n)::uuid, json_build_object('action', 'login', 'n', n), timestamptz '2026-01-01 00:00:00+00' + n * interval '1 hour' FROM generate_series(1, 300) AS n;
INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types) VALUES ('avatars', 'avatars', true, 1048576, '{image/png,image/jpeg}'), ('files', 'files', false, NULL, NULL);
INSERT INTO storage.objects (bucket_id, name, owner_id, metadata, version)
SELECT CASE n % 2 WHEN 0 THEN 'avatars' ELSE 'files' END, 1 + n % 5 || '/größe/' || n || '.png', md5('user ' || n), jsonb_build_object('size', n * 100, 'mimetype', 'image/png'), md5(n::text)
FROM generate_series(1, 100) AS n;
INSERT INTO public.organizations (name, owner) SELECT 'Organization ' || n, md5('user ' || n)::uuid FROM generate_series(1, 12) AS n;
INSERT INTO public.members SELECT 1 + n % 12, md5('user ' || n)::uuid, (enum_range(NULL::public.member_role))[1 + n % 3] FROM generate_series(1, 150) AS n;
INSERT INTO public.todos (organization_id, user_id, task, is_complete, inserted_at)
SELECT 1 + n % 12, md5('user ' || (1 + n % 150))::uuid, 'do the thing ' || n, n % 3 = 0, timestamptz '2026-02-01 00:00:00+00' + n * interval '1 minute' FROM generate_series(1, 800) AS n;
SELECT public.refresh_totals();
INSERT INTO realtime.subscription (subscription_id, entity, filters, claims)
VALUES (md5('subscription')::uuid, 'public.todos', '{"(organization_id,eq,1)"}', '{"role": "authenticated", "sub": "1"}'), (md5('other')::uuid, 'public.organizations', DEFAULT, '{"role": "anon"}');

-- what watches the definitions, for the schema caches of PostgREST and pg_graphql
CREATE FUNCTION extensions.pgrst_ddl_watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
  command record;
BEGIN
  FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    IF command.command_tag IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE VIEW', 'CREATE FUNCTION', 'COMMENT') AND command.schema_name IS DISTINCT FROM 'pg_temp' THEN
      NOTIFY pgrst, 'reload schema';
    END IF;
  END LOOP;
END
$$;
CREATE FUNCTION extensions.pgrst_drop_watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
  dropped record;
BEGIN
  FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
    IF dropped.object_type IN ('schema', 'table', 'view', 'function') AND NOT dropped.is_temporary THEN
      NOTIFY pgrst, 'reload schema';
    END IF;
  END LOOP;
END
$$;
CREATE FUNCTION extensions.grant_pg_cron_access() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS ev JOIN pg_extension AS ext ON ev.objid = ext.oid WHERE ext.extname = 'pg_cron') THEN
    GRANT USAGE ON SCHEMA cron TO postgres WITH GRANT OPTION;
  END IF;
END
$$;
CREATE FUNCTION extensions.grant_pg_net_access() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS ev JOIN pg_extension AS ext ON ev.objid = ext.oid WHERE ext.extname = 'pg_net') THEN
    GRANT USAGE ON SCHEMA net TO supabase_functions_admin, postgres, anon, authenticated, service_role;
  END IF;
END
$$;
CREATE FUNCTION extensions.grant_pg_graphql_access() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT p.proname = 'resolve' FROM pg_event_trigger_ddl_commands() AS ev LEFT JOIN pg_catalog.pg_proc AS p ON ev.objid = p.oid) THEN
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA graphql TO postgres, anon, authenticated, service_role;
  END IF;
END
$$;
CREATE FUNCTION extensions.set_graphql_placeholder() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS ev WHERE ev.schema_name = 'graphql_public') THEN
    RAISE NOTICE 'pg_graphql is not enabled';
  END IF;
END
$$;
COMMENT ON FUNCTION extensions.grant_pg_cron_access() IS 'Grants access to pg_cron';
COMMENT ON FUNCTION extensions.set_graphql_placeholder() IS 'Reintroduces placeholder function for graphql_public.graphql';
CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end EXECUTE FUNCTION extensions.pgrst_ddl_watch();
CREATE EVENT TRIGGER pgrst_drop_watch ON sql_drop EXECUTE FUNCTION extensions.pgrst_drop_watch();
CREATE EVENT TRIGGER issue_pg_cron_access ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION extensions.grant_pg_cron_access();
CREATE EVENT TRIGGER issue_pg_net_access ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION extensions.grant_pg_net_access();
CREATE EVENT TRIGGER issue_pg_graphql_access ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION extensions.grant_pg_graphql_access();
CREATE EVENT TRIGGER issue_graphql_placeholder ON sql_drop WHEN TAG IN ('DROP EXTENSION') EXECUTE FUNCTION extensions.set_graphql_placeholder();
CREATE EVENT TRIGGER graphql_watch_ddl ON ddl_command_end EXECUTE FUNCTION graphql.increment_schema_version();
ALTER EVENT TRIGGER graphql_watch_ddl ENABLE ALWAYS;
