import { type Damage, damage } from './definition-damages.ts';

/** What can be wrong with all that is no table. */
export const damagesOfOthers: readonly Damage[] = [
  // row security
  damage(
    'row security is off',
    `ALTER TABLE every.things DISABLE ROW LEVEL SECURITY`,
    'ROW_SECURITY_MISSING row security every.things',
  ),
  damage(
    'row security is not forced',
    `ALTER TABLE every.things NO FORCE ROW LEVEL SECURITY`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'a policy is lost',
    `DROP POLICY "odd ""policy""" ON every.things`,
    'POLICY_MISSING policy every.things odd "policy"',
  ),
  damage(
    'a policy lets more in',
    `ALTER POLICY only_insert ON every.things WITH CHECK (true)`,
    'POLICY_DIFFERS policy every.things only_insert',
  ),
  // functions
  damage(
    'a function has another body',
    `CREATE OR REPLACE FUNCTION every.overloaded(int) RETURNS int LANGUAGE sql AS 'SELECT 3'`,
    'FUNCTION_DIFFERS function every.overloaded(integer)',
  ),
  damage(
    'a function is no longer its definer',
    `ALTER FUNCTION every.touch() SECURITY INVOKER`,
    'FUNCTION_DIFFERS function every.touch()',
  ),
  damage(
    'a function belongs to another role',
    `ALTER FUNCTION every.row_number() OWNER TO every_other`,
    'OWNER_DIFFERS function every.row_number()',
  ),
  damage(
    'an aggregate begins elsewhere',
    `CREATE OR REPLACE AGGREGATE every.joined (text) (sfunc = textcat, stype = text, initcond = 'x')`,
    'FUNCTION_DIFFERS aggregate every.joined(text)',
  ),
  // what only looks like a heading
  damage(
    'a body that looks like a dump is another',
    `DO $do$ BEGIN EXECUTE replace(pg_get_functiondef('every.looks_like_a_dump'::regproc), 'nowhere', 'somewhere'); END $do$`,
    'FUNCTION_DIFFERS function every.looks_like_a_dump()',
  ),
  damage(
    'a comment that looks like a heading is another',
    `COMMENT ON TABLE every.things IS E'several\\nlines; ''quoted''\\n\\n--\\n-- Name: other; Type: TABLE; Schema: every; Owner: x\\n--\\n\\nCREATE'`,
    'COMMENT_DIFFERS comment on table every.things',
  ),
  damage(
    'a table is another whose name looks like a heading',
    `ALTER TABLE "Every ""Odd"" Schema; Type: TABLE"."x; Type: ACL; Schema: -" ADD z int`,
    'TABLE_DIFFERS table Every "Odd" Schema; Type: TABLE.x; Type: ACL; Schema: -',
  ),
  // views
  damage('a view is another', `ALTER VIEW every.plain RESET (security_barrier)`, 'VIEW_DIFFERS view every.plain'),
  damage(
    'a view that needs a key is another',
    `CREATE OR REPLACE VIEW every.by_key AS SELECT id, word, count(*) + 1 AS n FROM every.things GROUP BY id`,
    'VIEW_DIFFERS view every.by_key',
  ),
  damage(
    'a materialized view is lost',
    `DROP MATERIALIZED VIEW every.on_filled`,
    'GRANTS_MISSING grants on table every.on_filled',
    'MATVIEW_MISSING materialized view every.on_filled',
  ),
  // rights, owners, comments
  damage(
    'a right on a table is lost',
    `REVOKE SELECT ON every."DATABASE x" FROM every_reader`,
    'GRANTS_DIFFERS grants on table every."DATABASE x"',
  ),
  damage(
    'a right on a column is lost',
    `REVOKE SELECT (z) ON every.adopted FROM every_reader`,
    'GRANTS_MISSING grants on column every.adopted.z',
  ),
  damage(
    'a right on a function is lost',
    `REVOKE EXECUTE ON FUNCTION every.plus FROM every_reader`,
    'GRANTS_DIFFERS grants on function every.plus(a integer, b integer, VARIADIC more integer[])',
  ),
  damage(
    'a right on a schema is lost',
    `REVOKE USAGE ON SCHEMA every FROM every_writer`,
    'GRANTS_DIFFERS grants on schema every',
  ),
  damage(
    'a right cannot be passed on',
    `REVOKE GRANT OPTION FOR USAGE ON SCHEMA every FROM every_writer`,
    'GRANTS_DIFFERS grants on schema every',
  ),
  damage(
    'a function of the system is open again',
    `GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) TO PUBLIC`,
    'GRANTS_MISSING grants on function pg_catalog.pg_sleep(double precision)',
  ),
  damage(
    'default privileges are lost',
    `ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA every REVOKE SELECT ON TABLES FROM every_reader`,
    'DEFAULT_PRIVILEGES_DIFFERS default privileges of every_owner for tables in schema every',
  ),
  damage(
    'a schema belongs to another role',
    `ALTER SCHEMA every_extensions OWNER TO every_other`,
    'OWNER_DIFFERS schema every_extensions',
  ),
  damage(
    'a comment on a table is lost',
    `COMMENT ON TABLE every.things IS NULL`,
    'COMMENT_MISSING comment on table every.things',
  ),
  damage(
    'a comment on a column is another',
    `COMMENT ON COLUMN every.adopted.z IS 'the first'`,
    'COMMENT_DIFFERS comment on column every.adopted.z',
  ),
  damage(
    'a comment on an event trigger is lost',
    `COMMENT ON EVENT TRIGGER every_ddl IS NULL`,
    'COMMENT_MISSING comment on event trigger every_ddl',
  ),
  // sequences
  damage(
    'a sequence counts otherwise',
    `ALTER SEQUENCE every.past INCREMENT 11`,
    'SEQUENCE_DIFFERS sequence every.past',
  ),
  damage(
    'an identity counts otherwise',
    `ALTER TABLE every.things ALTER always_number SET INCREMENT 4`,
    'SEQUENCE_DIFFERS sequence every.things_always_number_seq',
  ),
  damage(
    'a sequence has no owner',
    `ALTER SEQUENCE every_second.free OWNED BY NONE`,
    'COLUMN_DEFAULT_MISSING column default every_second.owns n',
    'SEQUENCE_MISSING owner column of sequence every_second.free',
    'TABLE_DIFFERS table every_second.owns',
  ),
  // types and what makes them work
  damage('an enum has another value', `ALTER TYPE every.mood ADD VALUE 'new'`, 'TYPE_DIFFERS type every.mood'),
  damage(
    'a domain lets more in',
    `ALTER DOMAIN every.small_positive DROP CONSTRAINT small`,
    'COMMENT_MISSING comment on constraint every.small ON DOMAIN small_positive',
    'DOMAIN_DIFFERS domain every.small_positive',
  ),
  damage('a shell of a type is lost', `DROP TYPE every.announced`, 'TYPE_MISSING type every.announced'),
  damage('a cast is lost', `DROP CAST (every.raw AS int)`, 'CAST_MISSING cast (every.raw AS integer)'),
  damage(
    'a collation belongs to another role',
    `ALTER COLLATION every.bytewise OWNER TO every_other`,
    'OWNER_DIFFERS collation every.bytewise',
  ),
  damage(
    'an operator has no estimator',
    `ALTER OPERATOR every.># (every.pair, every.pair) SET (RESTRICT = NONE)`,
    'OPERATOR_DIFFERS operator every.>#',
  ),
  damage(
    'an operator family lacks a function',
    `ALTER OPERATOR FAMILY every.pairs USING btree DROP FUNCTION 1 (int, every.pair)`,
    'OPERATOR_DIFFERS operator family every.pairs',
  ),
  damage(
    'a conversion is lost',
    `DROP CONVERSION every.from_latin`,
    'COMMENT_MISSING comment on conversion every.from_latin',
    'CONVERSION_MISSING conversion every.from_latin',
  ),
  damage(
    'a language is not trusted',
    `CREATE OR REPLACE LANGUAGE every_language HANDLER every.handler INLINE every.inline VALIDATOR every.validator`,
    'GRANTS_MISSING grants on language every_language',
    'LANGUAGE_DIFFERS procedural language every_language',
  ),
  damage(
    'a transform is lost',
    `DROP TRANSFORM FOR every.raw LANGUAGE every_language`,
    'COMMENT_MISSING comment on transform FOR every.raw LANGUAGE every_language',
    'TRANSFORM_MISSING transform FOR every.raw LANGUAGE every_language',
  ),
  damage('an access method is lost', `DROP ACCESS METHOD every_gist`, 'ACCESS_METHOD_MISSING access method every_gist'),
  damage(
    'a text search looks elsewhere',
    `ALTER TEXT SEARCH CONFIGURATION every.search DROP MAPPING FOR url`,
    'TEXT_SEARCH_DIFFERS text search configuration every.search',
  ),
  damage(
    'a dictionary has other words',
    `ALTER TEXT SEARCH DICTIONARY every.words (accept = true)`,
    'TEXT_SEARCH_DIFFERS text search dictionary every.words',
  ),
  {
    ...damage(
      'an extension is lost',
      `DROP EXTENSION pg_trgm`,
      'COMMENT_MISSING comment on extension pg_trgm',
      'EXTENSION_MISSING extension pg_trgm',
    ),
    extension: 'pg_trgm',
  },
  {
    ...damage(
      'the comment on an extension is lost',
      `COMMENT ON EXTENSION pgcrypto IS NULL`,
      'COMMENT_MISSING comment on extension pgcrypto',
    ),
    extension: 'pgcrypto',
  },
  // foreign data and publications
  damage(
    'a server has another option',
    `ALTER SERVER every_server OPTIONS (SET password 'other-secret')`,
    'FOREIGN_DATA_DIFFERS server every_server',
  ),
  damage(
    'a wrapper has another option',
    `ALTER FOREIGN DATA WRAPPER every_wrapper OPTIONS (SET debug 'other-secret')`,
    'FOREIGN_DATA_DIFFERS foreign data wrapper every_wrapper',
  ),
  damage(
    'a user mapping has another password',
    `ALTER USER MAPPING FOR every_owner SERVER every_server OPTIONS (SET password 'other-secret')`,
    'FOREIGN_DATA_DIFFERS user mapping every_owner SERVER every_server',
  ),
  damage(
    'a user mapping is lost',
    `DROP USER MAPPING FOR every_owner SERVER every_server`,
    'FOREIGN_DATA_MISSING user mapping every_owner SERVER every_server',
  ),
  damage(
    'a foreign table has another option',
    `ALTER FOREIGN TABLE every.far OPTIONS (SET password 'other-secret')`,
    'TABLE_DIFFERS foreign table every.far',
  ),
  damage(
    'a publication lacks a table',
    `ALTER PUBLICATION "every ""odd"" publication" DROP TABLE every_published.b`,
    'PUBLICATION_MISSING table of publication every "odd" publication b in schema every_published',
  ),
  damage(
    'a publication lets more rows through',
    `ALTER PUBLICATION every_filtered SET TABLE every_published.a (n, id) WHERE (n > 0), every.log`,
    'PUBLICATION_DIFFERS table of publication every_filtered a in schema every_published',
  ),
  damage(
    'a publication has another column',
    `ALTER PUBLICATION every_adopted SET TABLE ONLY every.adopted (z, b, a)`,
    'PUBLICATION_DIFFERS table of publication every_adopted adopted in schema every',
  ),
];
