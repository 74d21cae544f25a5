-- Statements that change one thing each of the database of the moment, whatever is in it. Some of them the server refuses.
WITH classes AS (
  SELECT c.oid, c.relkind, c.relname, format('%I.%I', n.nspname, c.relname) AS name,
         CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX'
                        WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS word
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I')
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
), functions AS (
  SELECT p.oid, p.proname, p.oid::regprocedure::text AS name, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS word
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
), types AS (
  SELECT t.oid, t.typname, format('%I.%I', n.nspname, t.typname) AS name, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS word
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typtype IN ('d', 'e', 'c', 'r') AND coalesce(c.relkind, 'c') = 'c'
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype IN ('e', 'i'))
), schemas AS (
  SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
), named (word, name, bare, owned) AS (
  SELECT word, name, relname::text, word <> 'INDEX' FROM classes
  UNION ALL SELECT word, name, proname::text, true FROM functions
  UNION ALL SELECT word, name, typname::text, true FROM types
  UNION ALL SELECT 'SCHEMA', name, name, true FROM schemas
  UNION ALL SELECT 'COLLATION', oid::regcollation::text, collname::text, true FROM pg_collation WHERE collnamespace = 'app'::regnamespace
  UNION ALL SELECT 'STATISTICS', format('%s.%I', stxnamespace::regnamespace, stxname), stxname::text, true FROM pg_statistic_ext
  UNION ALL SELECT 'PUBLICATION', quote_ident(pubname), pubname::text, true FROM pg_publication
  UNION ALL SELECT 'EVENT TRIGGER', quote_ident(evtname), evtname::text, true FROM pg_event_trigger
), parts (word, name, bare, class) AS (
  SELECT 'TRIGGER', tgname::text, tgname::text, c.name FROM pg_trigger t JOIN classes c ON c.oid = t.tgrelid WHERE NOT tgisinternal
  UNION ALL SELECT 'POLICY', polname::text, polname::text, c.name FROM pg_policy p JOIN classes c ON c.oid = p.polrelid
  UNION ALL SELECT 'CONSTRAINT', conname::text, conname::text, c.name FROM pg_constraint k JOIN classes c ON c.oid = k.conrelid
             WHERE contype <> 't'
  UNION ALL SELECT 'RULE', rulename::text, rulename::text, c.name FROM pg_rewrite r JOIN classes c ON c.oid = r.ev_class WHERE rulename <> '_RETURN'
), columns AS (
  SELECT c.name AS class, c.relkind, a.attname AS column, quote_ident(a.attname) AS name, a.attnotnull, a.attgenerated, a.atttypid::regtype::text AS type
    FROM pg_attribute a JOIN classes c ON c.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
), edits (about, statement) AS (
  SELECT word, format('DROP %s %s CASCADE', word, name) FROM named
  UNION ALL SELECT word, format('ALTER %s %s RENAME TO %I', word, name, left(bare, 40) || ' renamed') FROM named
  UNION ALL SELECT word, format('COMMENT ON %s %s IS %L', word, name, 'a random word') FROM named
  UNION ALL SELECT word, format('ALTER %s %s OWNER TO pg_monitor', word, name) FROM named WHERE owned
  UNION ALL SELECT word, format('GRANT ALL ON %s %s TO pg_monitor', CASE word WHEN 'VIEW' THEN 'TABLE' WHEN 'MATERIALIZED VIEW' THEN 'TABLE' WHEN 'AGGREGATE' THEN 'FUNCTION' ELSE word END, name)
              FROM named WHERE word IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'FUNCTION', 'PROCEDURE', 'AGGREGATE', 'TYPE', 'DOMAIN', 'SCHEMA')
  UNION ALL SELECT word, format('ALTER %s %s SET SCHEMA public', word, name) FROM named WHERE word NOT IN ('INDEX', 'SCHEMA', 'PUBLICATION', 'EVENT TRIGGER')
  UNION ALL SELECT word, format('DROP %s %I ON %s', word, name, class) FROM parts WHERE word <> 'CONSTRAINT'
  UNION ALL SELECT word, format('ALTER %s %I ON %s RENAME TO %I', word, name, class, left(bare, 40) || ' renamed') FROM parts WHERE word <> 'CONSTRAINT'
  UNION ALL SELECT word, format('COMMENT ON %s %I ON %s IS %L', word, name, class, 'a random word') FROM parts
  UNION ALL SELECT word, format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', class, name) FROM parts WHERE word = 'CONSTRAINT'
  UNION ALL SELECT word, format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', class, name, left(bare, 40) || ' renamed') FROM parts WHERE word = 'CONSTRAINT'
  UNION ALL SELECT word, format('ALTER TABLE %s ENABLE REPLICA %s %I', class, word, name) FROM parts WHERE word IN ('TRIGGER', 'RULE')
  UNION ALL SELECT 'TABLE', format('ALTER TABLE %s DISABLE TRIGGER ALL', name) FROM classes
             WHERE relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = classes.oid AND tgenabled <> 'D')
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s DROP %s CASCADE', class, name) FROM columns
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s RENAME %s TO %I', class, name, left("column", 40) || ' renamed') FROM columns
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s ALTER %s %s NOT NULL', class, name, CASE WHEN attnotnull THEN 'DROP' ELSE 'SET' END) FROM columns
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s ALTER %s SET DEFAULT NULL', class, name) FROM columns JOIN pg_attrdef d ON d.adrelid = class::regclass
             WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attname = columns.column)
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s ALTER %s SET STATISTICS 77', class, name) FROM columns
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s ALTER %s SET STORAGE PLAIN', class, name) FROM columns WHERE type IN ('text', 'bytea', 'jsonb', 'json')
  UNION ALL SELECT 'COLUMN', format('ALTER TABLE %s ALTER %s TYPE text COLLATE "POSIX"', class, name) FROM columns WHERE type = 'text'
  UNION ALL SELECT 'COLUMN', format('COMMENT ON COLUMN %s.%s IS %L', class, name, 'a random word') FROM columns
  UNION ALL SELECT 'COLUMN', format('GRANT SELECT (%s) ON %s TO pg_monitor', name, class) FROM columns
  UNION ALL SELECT 'TABLE', format('ALTER TABLE %s SET (autovacuum_enabled = false)', name) FROM classes WHERE relkind = 'r'
  UNION ALL SELECT 'TABLE', format('ALTER TABLE %s REPLICA IDENTITY NOTHING', name) FROM classes WHERE relkind = 'r'
  UNION ALL SELECT 'TABLE', format('ALTER TABLE %s SET (parallel_workers = 3)', name) FROM classes WHERE relkind = 'r'
  UNION ALL SELECT 'SEQUENCE', format('SELECT nextval(%L)', name) FROM classes WHERE relkind = 'S'
  UNION ALL SELECT 'SEQUENCE', format('ALTER SEQUENCE %s CACHE 17', name) FROM classes WHERE relkind = 'S'
  UNION ALL SELECT 'SEQUENCE', format('ALTER SEQUENCE %s MAXVALUE 2147483647', name) FROM classes JOIN pg_sequence ON seqrelid = oid WHERE seqmax > 2147483647
  UNION ALL SELECT 'TYPE', format('COMMENT ON TYPE %s IS %L', t, 'a random word') FROM classes, unnest(ARRAY[name, name || '[]']) AS t WHERE relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT 'TYPE', format('GRANT USAGE ON TYPE %s TO pg_monitor', name) FROM classes WHERE relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT 'FUNCTION', format('ALTER FUNCTION %s COST 777', name) FROM functions WHERE word = 'FUNCTION'
  UNION ALL SELECT 'FUNCTION', format('ALTER FUNCTION %s SET work_mem = %L', name, '77kB') FROM functions WHERE word = 'FUNCTION'
  UNION ALL SELECT 'FUNCTION', format('REVOKE EXECUTE ON FUNCTION %s FROM shop_owner', name) FROM functions WHERE word = 'FUNCTION'
  UNION ALL SELECT 'INDEX', format('UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = %L::regclass', name) FROM classes WHERE relkind = 'i'
  UNION ALL SELECT 'EXTENSION', format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension
  UNION ALL SELECT 'LARGE OBJECT', format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata
  UNION ALL SELECT 'LARGE OBJECT', format('SELECT lo_put(%s, 5, %L)', oid, 'x') FROM pg_largeobject_metadata
  UNION ALL SELECT 'LARGE OBJECT', format('ALTER LARGE OBJECT %s OWNER TO pg_monitor', oid) FROM pg_largeobject_metadata
  UNION ALL SELECT 'row', format('DELETE FROM ONLY %s WHERE ctid = (SELECT ctid FROM ONLY %s ORDER BY hashtext(ctid::text) LIMIT 1) RETURNING 1', name, name)
              FROM classes WHERE relkind = 'r'
  UNION ALL SELECT 'row', format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM ONLY %1$s ORDER BY hashtext(ctid::text) LIMIT 1 RETURNING 1', class, string_agg(name, ', '))
              FROM columns WHERE relkind = 'r' AND attgenerated = '' GROUP BY class
  UNION ALL SELECT 'row', format('UPDATE ONLY %s SET %s = NULL WHERE ctid = (SELECT ctid FROM ONLY %1$s WHERE NOT %2$s::text IS NULL ORDER BY hashtext(ctid::text) LIMIT 1) RETURNING 1', class, name)
              FROM columns WHERE relkind = 'r' AND attgenerated = '' AND NOT attnotnull
  UNION ALL SELECT 'row', format('UPDATE ONLY %s AS t SET %s = o.%2$s FROM (SELECT one.ctid AS at, other.%2$s FROM ONLY %1$s AS one, ONLY %1$s AS other WHERE one.%2$s::text <> other.%2$s::text ORDER BY hashtext(one.ctid::text), hashtext(other.ctid::text) LIMIT 1) AS o WHERE t.ctid = o.at RETURNING 1', class, name)
              FROM columns WHERE relkind = 'r' AND attgenerated = ''
)
SELECT about, statement FROM edits ORDER BY about COLLATE "C", statement COLLATE "C";
