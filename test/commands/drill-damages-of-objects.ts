import { type Damage, change, wrong } from './drill-damages.ts';

/** What is there, how it is defined, and in what state it is. */
export const objectDamages: readonly Damage[] = [
  wrong(
    'table missing',
    'DROP TABLE app.web_sessions',
    ['CONSTRAINT_MISSING', 'constraint app.web_sessions web_sessions_pkey'],
    ['GRANTS_MISSING', 'grants on table app.web_sessions'],
    ['TABLE_MISSING', 'table app.web_sessions'],
  ),
  wrong('extra table', 'CREATE TABLE app.extra (id integer)', ['TABLE_EXTRA', 'table app.extra']),
  wrong(
    'table under another name',
    'ALTER TABLE app.web_sessions RENAME TO web_session',
    ['CONSTRAINT_EXTRA', 'constraint app.web_session web_sessions_pkey'],
    ['CONSTRAINT_MISSING', 'constraint app.web_sessions web_sessions_pkey'],
    ['GRANTS_EXTRA', 'grants on table app.web_session'],
    ['GRANTS_MISSING', 'grants on table app.web_sessions'],
    ['TABLE_EXTRA', 'table app.web_session'],
    ['TABLE_MISSING', 'table app.web_sessions'],
  ),
  wrong(
    'table in another schema',
    'ALTER TABLE app.web_sessions SET SCHEMA audit',
    ['CONSTRAINT_EXTRA', 'constraint audit.web_sessions web_sessions_pkey'],
    ['CONSTRAINT_MISSING', 'constraint app.web_sessions web_sessions_pkey'],
    ['GRANTS_EXTRA', 'grants on table audit.web_sessions'],
    ['GRANTS_MISSING', 'grants on table app.web_sessions'],
    ['TABLE_EXTRA', 'table audit.web_sessions'],
    ['TABLE_MISSING', 'table app.web_sessions'],
  ),
  wrong('column type changed', 'ALTER TABLE app.alike ALTER amount TYPE numeric(9, 2)', [
    'TABLE_DIFFERS',
    'table app.alike',
  ]),
  wrong(
    'column missing',
    'ALTER TABLE app.alike DROP items',
    ['CONTENT_DIFFERS', 'table app.alike'],
    ['TABLE_DIFFERS', 'table app.alike'],
  ),
  wrong(
    'column extra',
    'ALTER TABLE app.alike ADD extra integer',
    ['CONTENT_DIFFERS', 'table app.alike'],
    ['TABLE_DIFFERS', 'table app.alike'],
  ),
  wrong('column may be NULL', 'ALTER TABLE app.web_sessions ALTER seen DROP NOT NULL', [
    'TABLE_DIFFERS',
    'table app.web_sessions',
  ]),
  wrong('default lost', 'ALTER TABLE billing.invoices ALTER tax_rate DROP DEFAULT', [
    'TABLE_DIFFERS',
    'table billing.invoices',
  ]),
  wrong(
    'generated column differs',
    'ALTER TABLE billing.invoices ALTER gross DROP EXPRESSION',
    ['CONTENT_DIFFERS', 'table billing.invoices'],
    ['TABLE_DIFFERS', 'table billing.invoices'],
  ),
  wrong('storage of a column', 'ALTER TABLE app.documents ALTER body SET STORAGE EXTENDED', [
    'TABLE_DIFFERS',
    'table app.documents',
  ]),
  wrong('replica identity', 'ALTER TABLE app.alike REPLICA IDENTITY DEFAULT', ['TABLE_DIFFERS', 'table app.alike']),
  wrong('unlogged table that is logged', 'ALTER TABLE app.web_sessions SET LOGGED', [
    'TABLE_DIFFERS',
    'table app.web_sessions',
  ]),
  wrong('index missing', 'DROP INDEX app.alike_by_note', ['INDEX_MISSING', 'index app.alike_by_note']),
  wrong('index definition other', 'DROP INDEX app.alike_by_note; CREATE INDEX alike_by_note ON app.alike (note DESC)', [
    'INDEX_DIFFERS',
    'index app.alike_by_note',
  ]),
  wrong(
    'index invalid',
    change('pg_index', 'indisvalid', 'false', `indexrelid = 'app.alike_by_note'::regclass`),
    ['INDEX_INVALID', 'index app.alike_by_note'],
    ['INDEX_MISSING', 'index app.alike_by_note'],
  ),
  wrong(
    'index invalid, which only the server says',
    {
      sqlAfterDefinitions: change('pg_index', 'indisready', 'false', `indexrelid = 'app.alike_by_note'::regclass`),
    },
    ['INDEX_INVALID', 'index app.alike_by_note'],
  ),
  wrong(
    'constraint missing',
    'ALTER TABLE app.bookings DROP CONSTRAINT one_at_a_time',
    ['COMMENT_MISSING', 'comment on constraint app.one_at_a_time ON bookings'],
    ['CONSTRAINT_MISSING', 'constraint app.bookings one_at_a_time'],
  ),
  wrong('foreign key missing', 'ALTER TABLE app.tasks DROP CONSTRAINT tasks_assignee_fkey', [
    'CONSTRAINT_MISSING',
    'constraint app.tasks tasks_assignee_fkey',
  ]),
  wrong(
    'constraint not validated',
    change('pg_constraint', 'convalidated', 'false', `conname = 'tasks_assignee_fkey'`),
    ['CONSTRAINT_NOT_VALIDATED', 'constraint app.tasks tasks_assignee_fkey'],
  ),
  wrong('constraint validated that was not', 'ALTER TABLE app.tasks VALIDATE CONSTRAINT tasks_have_a_body', [
    'CONSTRAINT_NOT_VALIDATED',
    'constraint app.tasks tasks_have_a_body',
  ]),
  wrong(
    'foreign keys that nobody checks',
    'ALTER TABLE app.tasks DISABLE TRIGGER ALL',
    ['TRIGGER_DISABLED', 'constraint app.tasks tasks_assignee_fkey'],
    ['TRIGGER_DISABLED', 'constraint app.tasks tasks_organization_id_project_fkey'],
  ),
  wrong(
    'foreign keys of a partition that nobody checks',
    'ALTER TABLE app.events_2026_01 DISABLE TRIGGER ALL',
    ['TRIGGER_DISABLED', 'constraint app.events_2026_01 events_user_id_fkey'],
    ['TRIGGER_DISABLED', 'trigger app.events_2026_01 RI_ConstraintTrigger_…'],
    ['TRIGGER_DISABLED', 'trigger app.events_2026_01 RI_ConstraintTrigger_…'],
  ),
  wrong('trigger missing', 'DROP TRIGGER touch ON app.users', ['TRIGGER_MISSING', 'trigger app.users touch']),
  wrong('trigger disabled', 'ALTER TABLE app.users DISABLE TRIGGER touch', [
    'TRIGGER_DISABLED',
    'trigger app.users touch',
  ]),
  wrong('trigger enabled that was disabled', 'ALTER TABLE app.projects ENABLE TRIGGER asleep', [
    'TRIGGER_DISABLED',
    'trigger app.projects asleep',
  ]),
  wrong('trigger that fires on replicas alone', 'ALTER TABLE app.users ENABLE REPLICA TRIGGER touch', [
    'TRIGGER_DISABLED',
    'trigger app.users touch',
  ]),
  wrong('trigger that no longer fires always', 'ALTER TABLE app.alike ENABLE TRIGGER always', [
    'TRIGGER_DISABLED',
    'trigger app.alike always',
  ]),
  wrong('event trigger disabled', 'ALTER EVENT TRIGGER note_ddl DISABLE', [
    'TRIGGER_DISABLED',
    'event trigger note_ddl',
  ]),
  wrong('event trigger missing', 'DROP EVENT TRIGGER note_ddl', ['EVENT_TRIGGER_MISSING', 'event trigger note_ddl']),
  wrong('rule missing', 'DROP RULE no_deletes ON audit.changes', ['RULE_MISSING', 'rule audit.changes no_deletes']),
  wrong('policy missing', 'DROP POLICY own_invoices ON billing.invoices', [
    'POLICY_MISSING',
    'policy billing.invoices own_invoices',
  ]),
  wrong('policy with another condition', 'ALTER POLICY everyone_reads ON billing.lines USING (line > 0)', [
    'POLICY_DIFFERS',
    'policy billing.lines everyone_reads',
  ]),
  wrong('row security off', 'ALTER TABLE billing.invoices DISABLE ROW LEVEL SECURITY', [
    'ROW_SECURITY_MISSING',
    'row security billing.invoices',
  ]),
  wrong('row security not forced', 'ALTER TABLE billing.lines NO FORCE ROW LEVEL SECURITY', [
    'TABLE_DIFFERS',
    'table billing.lines',
  ]),
  wrong(
    'function body changed',
    `CREATE OR REPLACE FUNCTION app.current_organization() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 100'`,
    ['FUNCTION_DIFFERS', 'function app.current_organization()'],
  ),
  wrong(
    'function missing',
    'DROP PROCEDURE audit.forget(bigint)',
    ['FUNCTION_MISSING', 'procedure audit.forget(bigint)'],
    ['GRANTS_MISSING', 'grants on procedure audit.forget(IN before bigint)'],
  ),
  wrong('function with the rights of its caller', 'ALTER FUNCTION audit.record() SECURITY INVOKER', [
    'FUNCTION_DIFFERS',
    'function audit.record()',
  ]),
  wrong(
    'view broken',
    {
      sqlAfterDefinitions: `DELETE FROM pg_catalog.pg_proc WHERE oid = 'app.current_organization'::regproc`,
    },
    ['VIEW_BROKEN', 'view app.team'],
  ),
  wrong(
    'view missing',
    'DROP VIEW app.open_tasks',
    ['GRANTS_MISSING', 'grants on table app.open_tasks'],
    ['VIEW_MISSING', 'view app.open_tasks'],
  ),
  wrong(
    'view with another query',
    `CREATE OR REPLACE VIEW app.asked AS SELECT current_setting('datestyle') AS asked_by`,
    ['VIEW_DIFFERS', 'view app.asked'],
  ),
  wrong(
    'enum value missing',
    `DELETE FROM pg_catalog.pg_enum WHERE enumlabel LIKE 'enterprise%'`,
    ['TABLE_NOT_COMPARED', 'table app.organizations'],
    ['TYPE_DIFFERS', 'type app.plan'],
  ),
  wrong(
    'enum value renamed',
    `ALTER TYPE app.plan RENAME VALUE 'team' TO 'Team'`,
    ['CONTENT_DIFFERS', 'table app.organizations'],
    ['TYPE_DIFFERS', 'type app.plan'],
  ),
  wrong('enum value extra', `ALTER TYPE app.plan ADD VALUE 'trial' BEFORE 'team'`, ['TYPE_DIFFERS', 'type app.plan']),
  wrong('domain without its check', 'ALTER DOMAIN app.email DROP CONSTRAINT email_is_short', [
    'DOMAIN_DIFFERS',
    'domain app.email',
  ]),
  wrong('collation changed', 'ALTER TABLE "Odd Schema".t ALTER t TYPE text COLLATE "C"', [
    'TABLE_DIFFERS',
    'table Odd Schema.t',
  ]),
  wrong('partition detached', 'ALTER TABLE app.readings DETACH PARTITION app.readings_odd', [
    'PARTITION_MISSING',
    'partition app.readings_odd',
  ]),
  wrong('child that no longer inherits', 'ALTER TABLE "Odd Schema".child NO INHERIT "Odd Schema".parent', [
    'TABLE_DIFFERS',
    'table Odd Schema.child',
  ]),
  wrong('comment lost', 'COMMENT ON COLUMN app.tasks.spent IS NULL', [
    'COMMENT_MISSING',
    'comment on column app.tasks.spent',
  ]),
  wrong(
    'publication lost',
    'DROP PUBLICATION shop_changes',
    ['PUBLICATION_MISSING', 'publication shop_changes'],
    ['PUBLICATION_MISSING', 'table of publication shop_changes organizations in schema app'],
    ['PUBLICATION_MISSING', 'table of publication shop_changes users in schema app'],
  ),
  wrong('publication without a table', 'ALTER PUBLICATION shop_changes DROP TABLE app.users', [
    'PUBLICATION_MISSING',
    'table of publication shop_changes users in schema app',
  ]),
  wrong('statistics object missing', 'DROP STATISTICS app.tasks_by_project', [
    'STATISTICS_MISSING',
    'statistics app.tasks_by_project',
  ]),
  wrong('sequence missing', 'DROP SEQUENCE billing.never_used', ['SEQUENCE_MISSING', 'sequence billing.never_used']),
  wrong('sequence with another step', 'ALTER SEQUENCE billing.never_used INCREMENT 2', [
    'SEQUENCE_DIFFERS',
    'sequence billing.never_used',
  ]),
  wrong(
    'owner changed',
    'ALTER TABLE app.web_sessions OWNER TO shop_app',
    ['GRANTS_DIFFERS', 'grants on table app.web_sessions'],
    ['OWNER_DIFFERS', 'table app.web_sessions'],
  ),
  wrong('grant lost', 'REVOKE SELECT ON billing.lines FROM shop_app', [
    'GRANTS_MISSING',
    'grants on table billing.lines',
  ]),
  wrong('grant lost on a column', 'REVOKE UPDATE (issued) ON billing.invoices FROM shop_reader', [
    'GRANTS_DIFFERS',
    'grants on column billing.invoices.issued',
  ]),
  wrong('grant extra', 'GRANT DELETE ON app.organizations TO shop_app', [
    'GRANTS_DIFFERS',
    'grants on table app.organizations',
  ]),
  wrong('grant option lost', 'REVOKE GRANT OPTION FOR UPDATE ON billing.invoices FROM shop_support', [
    'GRANTS_DIFFERS',
    'grants on table billing.invoices',
  ]),
  wrong(
    'default privileges',
    'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA app REVOKE USAGE ON SEQUENCES FROM shop_app',
    ['DEFAULT_PRIVILEGES_MISSING', 'default privileges of shop_owner for sequences in schema app'],
  ),
  wrong(
    'default privileges of functions',
    'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC',
    ['DEFAULT_PRIVILEGES_MISSING', 'default privileges of shop_owner for functions'],
  ),
  wrong(
    'schema public missing',
    { sqlAfterDefinitions: 'ALTER SCHEMA public RENAME TO was_public' },
    ['EXTENSION_DIFFERS', 'extension citext'],
    ['EXTENSION_DIFFERS', 'extension pgcrypto'],
    ['SCHEMA_MISSING', 'schema public'],
  ),
  wrong(
    'extension missing',
    'DROP EXTENSION pgcrypto',
    ['COMMENT_MISSING', 'comment on extension pgcrypto'],
    ['EXTENSION_MISSING', 'extension pgcrypto'],
  ),
  wrong('extension plpgsql missing', { sqlAfterDefinitions: 'DROP EXTENSION plpgsql CASCADE' }, [
    'EXTENSION_MISSING',
    'extension plpgsql',
  ]),
  wrong(
    'extension extra',
    'CREATE EXTENSION pg_trgm',
    ['EXTENSION_EXTRA', 'extension pg_trgm'],
    ['EXTENSION_EXTRA', 'extension pg_trgm'],
  ),
  wrong(
    'extension in another schema',
    'ALTER EXTENSION pgcrypto SET SCHEMA app',
    ['EXTENSION_DIFFERS', 'extension pgcrypto'],
    ['EXTENSION_DIFFERS', 'extension pgcrypto'],
  ),
  wrong('comment that no dump mentions', `COMMENT ON TYPE app.users IS 'x'`, [
    'COMMENT_EXTRA',
    'comment on type app.users',
  ]),
  wrong('right that no dump mentions', 'GRANT USAGE ON TYPE app.users TO shop_app', [
    'GRANTS_EXTRA',
    'grants on type app.users',
  ]),
];
