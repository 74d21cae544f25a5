-- Rows like a SaaS's, the same at every run: `:scale` thousand events; about 1 GB of rows at 1000.
CREATE FUNCTION noise(seed bigint, length int) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT left(string_agg(md5(seed::text || ':' || i), ''), length) FROM generate_series(1, 1 + length / 32) i $$;
CREATE FUNCTION words(seed bigint, count int) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT string_agg((ARRAY['invoice','customer','updated','the','report','of','quarter','meeting','with','team','about','delivery','status','and',
     'project','deadline','was','moved','to','next','week','because','supplier','confirmed','late','shipment'])[1 + abs(hashint8(seed * 31 + i)) % 26], ' ')
     FROM generate_series(1, count) i $$;

CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL, plan text NOT NULL, created timestamptz NOT NULL);
INSERT INTO orgs SELECT i, 'Org ' || noise(i, 8), (ARRAY['free','pro','team'])[1 + i % 3], '2024-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 2000) i;

CREATE TABLE users (id int PRIMARY KEY, org int NOT NULL REFERENCES orgs, email text NOT NULL UNIQUE, profile jsonb NOT NULL);
INSERT INTO users SELECT i, 1 + i % 2000, noise(i, 10) || '@example.com', jsonb_build_object('name', words(i, 2), 'tz', 'UTC', 'flags', i % 7)
  FROM generate_series(1, 50 * :scale) i;

CREATE TABLE documents (id int PRIMARY KEY, org int NOT NULL, title text NOT NULL, body text NOT NULL);
INSERT INTO documents SELECT i, 1 + i % 2000, words(i, 6), words(i, 300) || ' ' || noise(i, 400) FROM generate_series(1, 60 * :scale) i;

CREATE TABLE embeddings (id int PRIMARY KEY, document int NOT NULL, vector real[] NOT NULL);
INSERT INTO embeddings SELECT i, i, (SELECT array_agg((abs(hashint8(i * 1000 + j)) % 2000000)::real / 1000000 - 1) FROM generate_series(1, 96) j)
  FROM generate_series(1, 60 * :scale) i;

CREATE TABLE events (id bigint PRIMARY KEY, org int NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, payload jsonb NOT NULL);
INSERT INTO events SELECT i, 1 + i % 2000, '2025-01-01'::timestamptz + i * interval '7 seconds', (ARRAY['click','view','save','share'])[1 + i % 4],
    jsonb_build_object('session', md5(i::text), 'path', '/app/' || i % 977 || '/' || words(i, 2), 'agent', 'Mozilla/5.0 (X11; Linux x86_64) ' || i % 53,
      'ms', i % 4001, 'tags', jsonb_build_array(words(i, 1), words(i + 1, 1)), 'ref', noise(i, 64))
  FROM generate_series(1, 2600 * :scale) i;
CREATE INDEX ON events (org, at);
ANALYZE;
