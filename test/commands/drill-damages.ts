import type { CopyDamage } from '../support/drill-damage.ts';

/** One way in which a restored copy may be wrong, and all that a drill must say of it. */
export interface Damage {
  what: string;
  damage: CopyDamage;
  says: readonly (readonly [code: string, object: string])[];
}

const wrong = (what: string, damage: string | CopyDamage, ...says: Damage['says']): Damage => ({
  what,
  damage: typeof damage === 'string' ? { sql: damage } : damage,
  says,
});

/** By its name in the catalog, past all that would stand in the way. */
const change = (table: string, column: string, value: string, where: string) =>
  `UPDATE pg_catalog.${table} SET ${column} = ${value} WHERE ${where}`;
/** Past triggers and keys, as a restore does that goes wrong. */
const rows = (sql: string) => `SET session_replication_role = replica; ${sql}`;
/** Those that one grants in the database of the moment. */
const inDatabase = (sql: string) => `DO $do$ BEGIN EXECUTE format($sql$${sql}$sql$, current_database()); END $do$`;

/** The rows that are in the tables. */
export const rowDamages: readonly Damage[] = [
  wrong('rows missing', rows('DELETE FROM app.users WHERE id = 7')),
  wrong('rows changed with equal counts', rows(`UPDATE app.organizations SET plan = 'team' WHERE id = 110`)),
  wrong('rows doubled', `INSERT INTO app.readings SELECT * FROM app.readings`),
  wrong('all rows of a table missing', rows('TRUNCATE app.alike')),
  wrong(
    'a row exchanged for a double of another',
    rows(
      `UPDATE app.readings_odd o SET (sensor, value, precise) = (SELECT * FROM app.readings_odd ORDER BY 1 LIMIT 1) WHERE sensor = (SELECT max(sensor) FROM app.readings_odd)`,
    ),
  ),
  wrong(
    'a row moved to another partition',
    rows(
      `UPDATE app.events SET happened_at = happened_at + interval '31 days' WHERE happened_at = '2026-01-01 00:35:00+00'`,
    ),
  ),
  wrong(
    'a row of a child moved to its parent',
    `INSERT INTO "Odd Schema".parent SELECT a, b, d FROM ONLY "Odd Schema".child; DELETE FROM "Odd Schema".child`,
  ),
  wrong('a row of a table without columns missing', `DELETE FROM "Odd Schema"."no columns" WHERE ctid = '(0,1)'`),
  wrong(
    'a row of an unlogged table missing',
    `DELETE FROM app.web_sessions WHERE key = (SELECT min(key) FROM app.web_sessions)`,
  ),
  wrong('values of a partition changed alone', rows('UPDATE app.readings_even SET precise = precise + 1')),
  wrong('extension data missing', 'DELETE FROM app.configured WHERE id = 8'),
  wrong('extension data changed', `UPDATE app.configured SET word = 'other' WHERE id = 8`),
  wrong('NULL in the place of an empty text', 'UPDATE app.alike SET note = NULL WHERE id = 4'),
  wrong('an empty text in the place of NULL', `UPDATE app.alike SET note = '' WHERE id = 3`),
  wrong('trailing blanks', `UPDATE app.alike SET other = other || ' ' WHERE id = 4`),
  wrong('minus zero in the place of zero', `UPDATE app.alike SET ratio = '-0' WHERE id = 3`),
  wrong('a number in the place of NaN', `UPDATE app.alike SET ratio = 0 WHERE id = 4`),
  wrong('the last bit of a float', `UPDATE app.alike SET ratio = 1.5000000000000002 WHERE id = 5`),
  wrong('another scale of the same number', `UPDATE app.alike SET amount = 1.1 WHERE id = 4`),
  wrong('another order of keys in json', `UPDATE app.alike SET written = '{"b": 2, "a": 1}' WHERE id = 4`),
  wrong('another blank in json', `UPDATE app.alike SET written = '{"a":1, "b": 2}' WHERE id = 4`),
  wrong('a time that is a microsecond later', `UPDATE app.alike SET at = at + interval '1 microsecond' WHERE id = 4`),
  wrong('24 hours in the place of a day', `UPDATE app.alike SET spent = '24 hours' WHERE id = 4`),
  wrong('an array that begins elsewhere', `UPDATE app.alike SET items = '[0:1]={1,2}' WHERE id = 4`),
  wrong(
    'values swapped between two rows',
    `UPDATE app.alike SET other = CASE id WHEN 4 THEN 'other 2' ELSE 'other 1' END WHERE id IN (4, 5)`,
  ),
  wrong('two columns swapped', `UPDATE app.alike SET note = other, other = note WHERE id = 4`),
  wrong(
    "two columns with each other's names",
    `ALTER TABLE "Odd Schema".parent RENAME b TO x; ALTER TABLE "Odd Schema".parent RENAME d TO b; ALTER TABLE "Odd Schema".parent RENAME x TO d`,
  ),
  wrong(
    'texts in another normal form',
    `UPDATE app.organizations SET name = normalize(name, NFD) WHERE name LIKE 'Ång%'`,
  ),
  wrong('sequence behind', `SELECT setval('billing.invoice_number', 1000)`),
  wrong('sequence behind by one value', `SELECT setval('app.tasks_id_seq', 1199)`),
  wrong('sequence ahead', `SELECT setval('app.tasks_id_seq', 1201)`),
  wrong('sequence ahead, though nobody asked it yet', `SELECT nextval('billing.never_used')`),
  wrong('sequence that counts down behind', `SELECT setval('app.countdown', -1)`),
  wrong('sequence of an identity behind', `SELECT setval('app.users_id_seq', 1, false)`),
  wrong(
    'matview empty',
    `CREATE TEMP TABLE kept AS TABLE app.alike; DELETE FROM app.alike; REFRESH MATERIALIZED VIEW app.ages; INSERT INTO app.alike SELECT * FROM kept`,
  ),
  wrong(
    'matview with other content',
    `CREATE TEMP TABLE kept AS TABLE app.alike; DELETE FROM app.alike WHERE id > 5; REFRESH MATERIALIZED VIEW app.ages; INSERT INTO app.alike SELECT * FROM kept WHERE id > 5`,
  ),
  wrong('matview not populated', 'REFRESH MATERIALIZED VIEW app.ages WITH NO DATA'),
  wrong('matview populated', 'REFRESH MATERIALIZED VIEW billing.not_filled'),
  wrong('large objects missing', 'SELECT lo_unlink(424243)'),
  wrong('large object with other bytes', `SELECT lo_put(424242, 70000, 'x')`),
  wrong('large object longer by a zero', `SELECT lo_put(424243, 0, '\\x00')`),
  wrong('large object under another number', `SELECT lo_unlink(424243), lo_from_bytea(424244, '')`),
  wrong('large object rights', 'REVOKE SELECT ON LARGE OBJECT 424242 FROM shop_reader'),
  wrong('large object owner', 'ALTER LARGE OBJECT 424242 OWNER TO shop_app'),
  wrong('large object comment', 'COMMENT ON LARGE OBJECT 424242 IS NULL'),
];

/** What is there, how it is defined, and in what state it is. */
export const objectDamages: readonly Damage[] = [
  wrong('table missing', 'DROP TABLE app.web_sessions'),
  wrong('extra table', 'CREATE TABLE app.extra (id integer)'),
  wrong('table under another name', 'ALTER TABLE app.web_sessions RENAME TO web_session'),
  wrong('table in another schema', 'ALTER TABLE app.web_sessions SET SCHEMA audit'),
  wrong('column type changed', 'ALTER TABLE app.alike ALTER amount TYPE numeric(9, 2)'),
  wrong('column missing', 'ALTER TABLE app.alike DROP items'),
  wrong('column extra', 'ALTER TABLE app.alike ADD extra integer'),
  wrong('column may be NULL', 'ALTER TABLE app.web_sessions ALTER seen DROP NOT NULL'),
  wrong('default lost', 'ALTER TABLE billing.invoices ALTER tax_rate DROP DEFAULT'),
  wrong('generated column differs', 'ALTER TABLE billing.invoices ALTER gross DROP EXPRESSION'),
  wrong('storage of a column', 'ALTER TABLE app.documents ALTER body SET STORAGE EXTENDED'),
  wrong('replica identity', 'ALTER TABLE app.alike REPLICA IDENTITY DEFAULT'),
  wrong('unlogged table that is logged', 'ALTER TABLE app.web_sessions SET LOGGED'),
  wrong('index missing', 'DROP INDEX app.alike_by_note'),
  wrong('index definition other', 'DROP INDEX app.alike_by_note; CREATE INDEX alike_by_note ON app.alike (note DESC)'),
  wrong('index invalid', change('pg_index', 'indisvalid', 'false', `indexrelid = 'app.alike_by_note'::regclass`)),
  wrong('index invalid, which only the server says', {
    sqlAfterDefinitions: change('pg_index', 'indisready', 'false', `indexrelid = 'app.alike_by_note'::regclass`),
  }),
  wrong('constraint missing', 'ALTER TABLE app.bookings DROP CONSTRAINT one_at_a_time'),
  wrong('foreign key missing', 'ALTER TABLE app.tasks DROP CONSTRAINT tasks_assignee_fkey'),
  wrong(
    'constraint not validated',
    change('pg_constraint', 'convalidated', 'false', `conname = 'tasks_assignee_fkey'`),
  ),
  wrong('constraint validated that was not', 'ALTER TABLE app.tasks VALIDATE CONSTRAINT tasks_have_a_body'),
  wrong('foreign keys that nobody checks', 'ALTER TABLE app.tasks DISABLE TRIGGER ALL'),
  wrong('foreign keys of a partition that nobody checks', 'ALTER TABLE app.events_2026_01 DISABLE TRIGGER ALL'),
  wrong('trigger missing', 'DROP TRIGGER touch ON app.users'),
  wrong('trigger disabled', 'ALTER TABLE app.users DISABLE TRIGGER touch'),
  wrong('trigger enabled that was disabled', 'ALTER TABLE app.projects ENABLE TRIGGER asleep'),
  wrong('trigger that fires on replicas alone', 'ALTER TABLE app.users ENABLE REPLICA TRIGGER touch'),
  wrong('trigger that no longer fires always', 'ALTER TABLE app.alike ENABLE TRIGGER always'),
  wrong('event trigger disabled', 'ALTER EVENT TRIGGER note_ddl DISABLE'),
  wrong('event trigger missing', 'DROP EVENT TRIGGER note_ddl'),
  wrong('rule missing', 'DROP RULE no_deletes ON audit.changes'),
  wrong('policy missing', 'DROP POLICY own_invoices ON billing.invoices'),
  wrong('policy with another condition', 'ALTER POLICY everyone_reads ON billing.lines USING (line > 0)'),
  wrong('row security off', 'ALTER TABLE billing.invoices DISABLE ROW LEVEL SECURITY'),
  wrong('row security not forced', 'ALTER TABLE billing.lines NO FORCE ROW LEVEL SECURITY'),
  wrong(
    'function body changed',
    `CREATE OR REPLACE FUNCTION app.current_organization() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 100'`,
  ),
  wrong('function missing', 'DROP PROCEDURE audit.forget(bigint)'),
  wrong('function with the rights of its caller', 'ALTER FUNCTION audit.record() SECURITY INVOKER'),
  wrong('view broken', {
    sqlAfterDefinitions: `DELETE FROM pg_catalog.pg_proc WHERE oid = 'app.current_organization'::regproc`,
  }),
  wrong('view missing', 'DROP VIEW app.open_tasks'),
  wrong('view with another query', 'CREATE OR REPLACE VIEW app.clock AS SELECT now() AS second'),
  wrong('enum value missing', `DELETE FROM pg_catalog.pg_enum WHERE enumlabel LIKE 'enterprise%'`),
  wrong('enum value renamed', `ALTER TYPE app.plan RENAME VALUE 'team' TO 'Team'`),
  wrong('enum value extra', `ALTER TYPE app.plan ADD VALUE 'trial' BEFORE 'team'`),
  wrong('domain without its check', 'ALTER DOMAIN app.email DROP CONSTRAINT email_is_short'),
  wrong('collation changed', 'ALTER TABLE "Odd Schema".t ALTER t TYPE text COLLATE "C"'),
  wrong('partition detached', 'ALTER TABLE app.readings DETACH PARTITION app.readings_odd'),
  wrong('child that no longer inherits', 'ALTER TABLE "Odd Schema".child NO INHERIT "Odd Schema".parent'),
  wrong('comment lost', 'COMMENT ON COLUMN app.tasks.spent IS NULL'),
  wrong('publication lost', 'DROP PUBLICATION shop_changes'),
  wrong('publication without a table', 'ALTER PUBLICATION shop_changes DROP TABLE app.users'),
  wrong('statistics object missing', 'DROP STATISTICS app.tasks_by_project'),
  wrong('sequence missing', 'DROP SEQUENCE billing.never_used'),
  wrong('sequence with another step', 'ALTER SEQUENCE billing.never_used INCREMENT 2'),
  wrong('owner changed', 'ALTER TABLE app.web_sessions OWNER TO shop_app'),
  wrong('grant lost', 'REVOKE SELECT ON billing.lines FROM shop_app'),
  wrong('grant lost on a column', 'REVOKE UPDATE (issued) ON billing.invoices FROM shop_reader'),
  wrong('grant extra', 'GRANT DELETE ON app.organizations TO shop_app'),
  wrong('grant option lost', 'REVOKE GRANT OPTION FOR UPDATE ON billing.invoices FROM shop_support'),
  wrong(
    'default privileges',
    'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA app REVOKE USAGE ON SEQUENCES FROM shop_app',
  ),
  wrong(
    'default privileges of functions',
    'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC',
  ),
  wrong('schema public missing', { sqlAfterDefinitions: 'ALTER SCHEMA public RENAME TO was_public' }),
  wrong('extension missing', 'DROP EXTENSION pgcrypto'),
  wrong('extension plpgsql missing', { sqlAfterDefinitions: 'DROP EXTENSION plpgsql CASCADE' }),
  wrong('extension extra', 'CREATE EXTENSION pg_trgm'),
  wrong('extension in another schema', 'ALTER EXTENSION pgcrypto SET SCHEMA app'),
];

/** Roles, and the database itself. */
export const serverDamages: readonly Damage[] = [
  wrong('role missing', 'DROP ROLE "shop ""Odd"" Role"'),
  wrong('role attribute changed', 'ALTER ROLE shop_reader SUPERUSER'),
  wrong('role that may do more at once', 'ALTER ROLE shop_app CONNECTION LIMIT -1'),
  wrong('role that ends earlier', `ALTER ROLE shop_support VALID UNTIL '2026-12-31'`),
  wrong('role comment lost', 'COMMENT ON ROLE shop_reader IS NULL'),
  wrong('role setting lost', 'ALTER ROLE shop_reader RESET statement_timeout'),
  wrong('role setting changed', `ALTER ROLE shop_reader SET statement_timeout = '31s'`),
  wrong('membership lost', 'REVOKE shop_reader FROM shop_support'),
  wrong('membership extra', 'GRANT shop_owner TO shop_app'),
  wrong('membership without its option', 'REVOKE ADMIN OPTION FOR shop_reader FROM shop_app'),
  wrong('database owner changed', inDatabase('ALTER DATABASE %I OWNER TO postgres')),
  wrong('database comment lost', inDatabase('COMMENT ON DATABASE %I IS NULL')),
  wrong('database limit changed', inDatabase('ALTER DATABASE %I CONNECTION LIMIT 78')),
  wrong('database right lost', inDatabase('REVOKE CONNECT ON DATABASE %I FROM shop_reader')),
  wrong('database right extra', inDatabase('GRANT TEMPORARY ON DATABASE %I TO PUBLIC')),
  wrong('database setting extra', inDatabase(`ALTER DATABASE %I SET lock_timeout = '1s'`)),
  wrong(
    'database setting extra for a role',
    inDatabase(`ALTER ROLE shop_reader IN DATABASE %I SET lock_timeout = '1s'`),
  ),
  wrong(
    'encoding changed',
    inDatabase(`UPDATE pg_catalog.pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = '%s'`),
  ),
  wrong('locale changed', inDatabase(`UPDATE pg_catalog.pg_database SET datctype = 'C' WHERE datname = '%s'`)),
];
