-- Every built-in type, each with the values that are hard to carry: in a table of its own, alone and in arrays.
SET timezone = 'UTC';
CREATE SCHEMA kinds;
CREATE TYPE public.mood AS ENUM ('', 'sad', 'Ok ☂', 'it''s "fine"', 'a,b', '{}', 'NULL');
CREATE TYPE public.inner_pair AS (a text, "B" numeric[]);
CREATE TYPE public.outer_pair AS (pair public.inner_pair, pairs public.inner_pair[], mood public.mood, at timestamptz);
CREATE DOMAIN public.triple AS integer[] CHECK (array_length(VALUE, 1) = 3);
CREATE DOMAIN public.short AS varchar(5) DEFAULT 'none' NOT NULL;
CREATE DOMAIN public.shorter AS public.short CHECK (length(VALUE) < 5);
CREATE DOMAIN public.pairs AS public.outer_pair[];
CREATE TYPE public.moods AS RANGE (subtype = public.mood, multirange_type_name = public.many_moods);
CREATE TYPE public.texts AS RANGE (subtype = text, collation = "C");

DO $kinds$
DECLARE
  kind record;
  value text;
BEGIN
  FOR kind IN
    SELECT * FROM (VALUES
      ('boolean', ARRAY['true', 'false']),
      ('smallint', ARRAY['-32768', '0', '32767']),
      ('integer', ARRAY['-2147483648', '0', '2147483647']),
      ('bigint', ARRAY['-9223372036854775808', '0', '9223372036854775807', '9007199254740993']),
      ('numeric', ARRAY['NaN', 'Infinity', '-Infinity', '0', '0.000', '-0.0', '1e-16383', '1e131071', '1.10', repeat('9', 5000) || '.' || repeat('1', 3000)]),
      ('numeric(10,3)', ARRAY['1', '-1234567.891', 'NaN']),
      ('numeric(3,-3)', ARRAY['123456', '-999000']),
      ('numeric(2,4)', ARRAY['0.0012', '-0.0099']),
      ('real', ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0', '1e-45', '1.1754942e-38', '3.4028235e38', '0.1', '16777217']),
      ('double precision', ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0', '4.9406564584124654e-324', '2.2250738585072009e-308', '1.7976931348623157e308', '0.1', '0.30000000000000004', '9007199254740993']),
      ('money', ARRAY['-92233720368547758.08', '92233720368547758.07', '0', '0.01', '-1234.50']),
      ('text', ARRAY['', ' ', 'NULL', '\N', '\.', E'\\.\n', E'a\tb', E'a\r\nb\rc\n', E'\x01\x02\x1b\x7f', 'quote '' " ` $$ $1 %s \\', '-- ; /* */', 'שלום עולם', 'مرحبا ‏١٢٣', E'e\u0301 \u00e9', E'\u202e rtl \u200d\u200b\ufeff', '👩‍👩‍👧‍👦', E'\U0010FFFF \uFFFD', '  padded  ', repeat('long ☃', 200000)]),
      ('varchar(8)', ARRAY['', 'pad     ', 'ünïcödé!']),
      ('char(6)', ARRAY['', 'a', 'a     ', ' a', '☃☃☃☃☃☃', E'\t']),
      ('char(1)[]', ARRAY['{a," ",NULL}']),
      ('"char"', ARRAY['', 'a', ' ', '\', '"']),
      ('name', ARRAY['', 'select', repeat('n', 63)]),
      ('bytea', ARRAY['', '\x', '\x00', '\x00ff5c0a0d09', '\x5c2e0a', '\x' || repeat('deadbeef', 1000)]),
      ('bit(3)', ARRAY['101', '000']),
      ('bit varying', ARRAY['', '1', repeat('10', 500)]),
      ('bit varying(5)', ARRAY['', '10101']),
      ('date', ARRAY['infinity', '-infinity', '4713-11-24 BC', '4713-01-01 BC', '0001-12-31 BC', '0001-01-01', '2024-02-29', '5874897-12-31']),
      ('time', ARRAY['00:00:00', '24:00:00', '23:59:59.999999']),
      ('time(0)', ARRAY['12:34:56.7']),
      ('timetz', ARRAY['00:00:00+15:59', '24:00:00-15:59', '23:59:59.999999+05:30', '12:00:00+00:00:01']),
      ('timestamp', ARRAY['infinity', '-infinity', '4713-11-24 00:00:00 BC', '0044-03-15 12:00:00 BC', '1970-01-01', '2026-06-30 23:59:59.999999', '294276-12-31 23:59:59.999999']),
      ('timestamptz', ARRAY['infinity', '-infinity', '4713-11-24 00:00:00+00 BC', '0044-03-15 12:00:00+01 BC', '1883-11-18 12:03:58-04:56:02', '2026-10-25 02:30:00+02', '294276-12-31 23:59:59.999999+00']),
      ('timestamptz(2)', ARRAY['2026-01-01 00:00:00.126+00']),
      ('interval', ARRAY['0', '178000000 years', '-178000000 years', '1 mon -1 day 00:00:00.000001', '-1 mons +1 days -00:00:01', '1 year 2 mons 3 days 04:05:06.789', '-2147483648 days', '2562047788:00:54.775807']),
      ('interval day to second(3)', ARRAY['1 day 02:03:04.5678']),
      ('interval year to month', ARRAY['1-2', '-3-4']),
      ('uuid', ARRAY['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-ffff-FFFF-ffff-ffffffffffff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']),
      ('inet', ARRAY['0.0.0.0/0', '192.168.0.1', '192.168.0.1/24', '::', '::ffff:1.2.3.4/128', '2001:db8::1/64', 'fe80::1']),
      ('cidr', ARRAY['0.0.0.0/0', '10.0.0.0/8', '10.1.2.3/32', '::/0', '2001:db8::/32']),
      ('macaddr', ARRAY['08:00:2b:01:02:03', '00:00:00:00:00:00']),
      ('macaddr8', ARRAY['08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03']),
      ('json', ARRAY['null', '""', '{"b": 1,   "a" :1, "a": 2}', '"\u00e9 \ud83d\ude00 \u0000"', E'[1,\n\t2]', '1e400', '-0', '0.10']),
      ('jsonb', ARRAY['null', '""', '{"b": 1,   "a" :1, "a": 2}', '"\u00e9 \ud83d\ude00"', '[]', '{}', '1e400', '-0', '0.10', '{"": {"": [null, true, "\\\"\/\b\f\n\r\t"]}}', '12345678901234567890.123456789012345678901234567890']),
      ('jsonpath', ARRAY['$', 'lax $.a[*] ? (@ > 1 && @.b like_regex "^x" flag "i")', 'strict $."a b".size()', '-$.a + 1']),
      ('tsvector', ARRAY['', 'a:1A b:2B,3C ''it''''s'':4', '''\\'':1 ''☃'':16383']),
      ('tsquery', ARRAY['', 'a & b | !c', 'a <-> b <3> c:*AB', '''it''''s'' & ''\\''']),
      ('pg_lsn', ARRAY['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF']),
      ('point', ARRAY['(0,0)', '(-0,0.1)', '(Infinity,-Infinity)', '(NaN,4.9406564584124654e-324)', '(0.30000000000000004,1e300)']),
      ('line', ARRAY['{1,2,3}', '{0,-1,0.1}', '{-1,0,Infinity}']),
      ('lseg', ARRAY['[(0,0),(1,1)]', '[(0.1,0.2),(0.1,0.2)]']),
      ('box', ARRAY['(1,1),(0,0)', '(Infinity,1),(0,-Infinity)']),
      ('box[]', ARRAY['{(1,1),(0,0);(2,2),(1,1)}', '{}']),
      ('path', ARRAY['((0,0),(1,1),(2,0))', '[(0,0),(1,1),(2,0)]', '[(0.1,0.2)]']),
      ('polygon', ARRAY['((0,0),(1,1),(2,0))', '((0.1,0.2))']),
      ('circle', ARRAY['<(0,0),1>', '<(1e300,-1e300),0>', '<(0,0),Infinity>']),
      ('int4range', ARRAY['empty', '(,)', '[1,2)', '[5,5]', '(,2147483646]']),
      ('int8range', ARRAY['empty', '(,)', '[-9223372036854775808,9223372036854775806]']),
      ('numrange', ARRAY['empty', '(,)', '(1.10,2.200]', '[-Infinity,Infinity]', '[1,NaN]', '(,0)']),
      ('daterange', ARRAY['empty', '(,)', '[2026-01-01,infinity]', '[-infinity,infinity)', '(2026-01-01,2026-01-03)']),
      ('tsrange', ARRAY['empty', '(,)', '["2026-01-01 00:00:00",infinity]']),
      ('tstzrange', ARRAY['empty', '(,)', '("2026-01-01 00:00:00+00",)']),
      ('int4multirange', ARRAY['{}', '{(,)}', '{[1,2),[5,9)}', '{(,1),(3,)}']),
      ('int8multirange', ARRAY['{}', '{(,)}']),
      ('nummultirange', ARRAY['{}', '{[1.1,2.20],(3,)}']),
      ('datemultirange', ARRAY['{}', '{[2026-01-01,2026-01-02),(2026-03-01,infinity]}']),
      ('tsmultirange', ARRAY['{}', '{["2026-01-01 00:00:00","2026-01-02 00:00:00"]}']),
      ('tstzmultirange', ARRAY['{}', '{(,)}']),
      ('oid', ARRAY['0', '1', '4294967295']),
      ('regclass', ARRAY['pg_catalog.pg_class', 'kinds.integer', '0', '4294967295']),
      ('regproc', ARRAY['pg_catalog.now', '0', '4294967295']),
      ('regprocedure', ARRAY['pg_catalog.lower(text)', '0']),
      ('regoper', ARRAY['pg_catalog.^@', '0']),
      ('regoperator', ARRAY['pg_catalog.+(integer,integer)', 'pg_catalog.-(NONE,bigint)', '0']),
      ('regtype', ARRAY['integer', 'timestamp with time zone[]', 'public.mood', 'public.outer_pair', '0']),
      ('regrole', ARRAY['pg_monitor', '0']),
      ('regnamespace', ARRAY['kinds', 'public', '0']),
      ('regconfig', ARRAY['pg_catalog.english', '0']),
      ('regdictionary', ARRAY['pg_catalog.simple', '0']),
      ('regcollation', ARRAY['pg_catalog."C"', 'pg_catalog."POSIX"', '0']),
      ('aclitem', ARRAY['pg_monitor=r*w/pg_monitor', '=X/pg_monitor']),
      ('tid', ARRAY['(0,1)', '(4294967295,65535)']),
      ('xid', ARRAY['0', '4294967295']),
      ('xid8', ARRAY['0', '18446744073709551615']),
      ('cid', ARRAY['0', '4294967295']),
      ('int2vector', ARRAY['', '1 -2 3']),
      ('oidvector', ARRAY['', '1 4294967295']),
      ('refcursor', ARRAY['', 'my cursor']),
      ('pg_snapshot', ARRAY['10:20:10,14,15', '1:1:']),
      ('txid_snapshot', ARRAY['10:20:10,14,15']),
      ('public.mood', ARRAY['', 'sad', 'Ok ☂', 'it''s "fine"', 'a,b', '{}', 'NULL']),
      ('public.inner_pair', ARRAY['(,)', '("",{})', '("a ""quoted"", \\","{NaN,NULL,-0.10}")', '(NULL,{1})']),
      ('public.outer_pair', ARRAY['(,,,)', '("(a,""{1,NULL}"")","{""(b,{})"",NULL,""(,)""}","Ok ☂","2026-01-01 00:00:00+00")']),
      ('public.triple', ARRAY['{1,2,3}', '{NULL,NULL,NULL}', '[7:9]={1,2,3}']),
      ('public.pairs', ARRAY['{}', '{NULL,"(,,,)"}']),
      ('public.shorter', ARRAY['', 'four']),
      ('public.moods', ARRAY['empty', '(,)', '["",sad]', '["it''s ""fine""","a,b")']),
      ('public.many_moods', ARRAY['{}', '{(,sad),["a,b",NULL]}']),
      ('public.texts', ARRAY['empty', '(,)', '["","a,b"]', '["(","["]', '("\"",)']),
      ('integer[]', ARRAY['{}', '{NULL}', '{{1,2},{3,4}}', '[-5:-4][2:3]={{1,2},{3,NULL}}', '[0:0]={7}', '[2147483646:2147483646]={1}', '{{{{{{1}}}}}}']),
      ('text[]', ARRAY['{}', '{NULL,"NULL",""," ","a,b","{","\"","\\","tab	"}', '[0:1]={a,b}']),
      ('double precision[]', ARRAY['{NaN,Infinity,-0,4.9406564584124654e-324}']),
      ('timestamptz[]', ARRAY['{infinity,-infinity,NULL,"0044-03-15 12:00:00+00 BC"}']),
      ('bytea[]', ARRAY['{"\\x","\\x00ff",NULL}']),
      ('jsonb[]', ARRAY['{"{\"a\": [1, null]}",NULL,"null"}'])
    ) AS list (type, literals)
  LOOP
    EXECUTE format('CREATE TABLE kinds.%I (id integer GENERATED ALWAYS AS IDENTITY, v %s, vs %s)', kind.type, kind.type, replace(kind.type, '[]', '') || '[]');
    FOREACH value IN ARRAY kind.literals LOOP
      IF kind.type LIKE '%[]' THEN
        EXECUTE format('INSERT INTO kinds.%I (v, vs) VALUES (%L::%s, %L::%s)', kind.type, value, kind.type, value, kind.type);
      ELSE
        EXECUTE format('INSERT INTO kinds.%I (v, vs) VALUES (%L::%s, ARRAY[[%L::%s], [%L::%s]])', kind.type, value, kind.type, value, kind.type,
          CASE WHEN kind.type = 'public.shorter' THEN 'x' END, kind.type);
      END IF;
    END LOOP;
    IF kind.type <> 'public.shorter' THEN EXECUTE format('INSERT INTO kinds.%I (v) VALUES (NULL)', kind.type); END IF;
  END LOOP;
END
$kinds$;

DO $newer$
BEGIN
  IF current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE $$INSERT INTO kinds.interval (v, vs) VALUES ('infinity', '{infinity,-infinity}'), ('-infinity', NULL)$$;
  END IF;
END
$newer$;

-- a server may be built without it
DO $xml$
BEGIN
  CREATE TABLE kinds.xml (id integer, v xml, vs xml[]);
  INSERT INTO kinds.xml VALUES (1, '<a b="1">&amp;<!-- x --><![CDATA[<]]></a>', '{<a/>,NULL}'), (2, 'text &lt; ☃', '{}'), (3, '', NULL), (4, '<a/><b/>', NULL), (5, NULL, NULL);
EXCEPTION WHEN feature_not_supported THEN NULL;
END
$xml$;

-- one column of every type that a column may have, whatever the server's version knows, all of them without a value
DO $columns$
DECLARE
  columns text;
BEGIN
  SELECT string_agg(format('%I %s', 'c_' || typname, format_type(oid, NULL)), ', ' ORDER BY oid) INTO columns
    FROM pg_type AS t WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typname NOT LIKE 'pg\_%' AND typname <> '_record' AND typname <> '_cstring'
      AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.oid = t.typelem AND e.typtype = 'c');
  EXECUTE format('CREATE TABLE kinds.everything_null (id integer, %s)', columns);
  INSERT INTO kinds.everything_null (id) SELECT generate_series(1, 3);
END
$columns$;

-- types of modules, of those that the server has
DO $modules$
DECLARE
  module record;
BEGIN
  CREATE SCHEMA modules;
  FOR module IN
    SELECT list.* FROM (VALUES
      ('hstore', 'hstore', ARRAY['', '"a"=>NULL, "b"=>"NULL", ""=>"\"\\"']),
      ('citext', 'citext', ARRAY['', 'Straße', 'STRASSE']),
      ('ltree', 'ltree', ARRAY['', 'Top.Science', 'a.b_1.C']),
      ('ltree', 'lquery', ARRAY['Top.*{1,3}.!a|b@*%']),
      ('cube', 'cube', ARRAY['(1,2),(3,4)', '(0.1)', '(Infinity),(NaN)', '()']),
      ('seg', 'seg', ARRAY['1.50', '1.0 .. 2e7', '<5', '5(+-)0.1', '.. 3']),
      ('isn', 'isbn', ARRAY['978-0-393-04002-9', '0-393-04002-X']),
      ('isn', 'ean13', ARRAY['220-000000000-2']),
      ('intarray', 'query_int', ARRAY['1&2|!3']),
      ('lo', 'lo', ARRAY['0', '4294967295'])
    ) AS list (module, type, literals) JOIN pg_available_extensions AS known ON known.name = list.module
  LOOP
    EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA modules', module.module);
    EXECUTE format('CREATE TABLE kinds.%I (v modules.%I)', module.type, module.type);
    EXECUTE format('INSERT INTO kinds.%I SELECT unnest(%L::text[])::modules.%I UNION ALL SELECT NULL', module.type, module.literals, module.type);
  END LOOP;
END
$modules$;
RESET timezone;
