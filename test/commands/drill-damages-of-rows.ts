import { type Damage, rows, wrong } from './drill-damages.ts';

/** The rows that are in the tables. */
export const rowDamages: readonly Damage[] = [
  wrong('rows missing', rows('DELETE FROM app.users WHERE id = 7'), ['ROWS_DIFFER', 'table app.users']),
  wrong('rows changed with equal counts', rows(`UPDATE app.organizations SET plan = 'team' WHERE id = 110`), [
    'CONTENT_DIFFERS',
    'table app.organizations',
  ]),
  wrong(
    'rows doubled',
    `INSERT INTO app.readings SELECT * FROM app.readings`,
    ['ROWS_DIFFER', 'table app.readings_even'],
    ['ROWS_DIFFER', 'table app.readings_odd'],
  ),
  wrong(
    'all rows of a table missing',
    rows('TRUNCATE app.alike'),
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
    ['ROWS_DIFFER', 'table app.alike'],
  ),
  wrong(
    'a row exchanged for a double of another',
    rows(
      `UPDATE app.readings_odd o SET (sensor, value, precise) = (SELECT * FROM app.readings_odd ORDER BY 1 LIMIT 1) WHERE sensor = (SELECT max(sensor) FROM app.readings_odd)`,
    ),
    ['CONTENT_DIFFERS', 'table app.readings_odd'],
  ),
  wrong(
    'a row moved to another partition',
    rows(
      `UPDATE app.events SET happened_at = happened_at + interval '31 days' WHERE happened_at = '2026-01-01 00:35:00+00'`,
    ),
    ['ROWS_DIFFER', 'table app.events_2026_01'],
    ['ROWS_DIFFER', 'table app.events_2026_02'],
  ),
  wrong(
    'a row of a child moved to its parent',
    `INSERT INTO "Odd Schema".parent SELECT a, b, d FROM ONLY "Odd Schema".child; DELETE FROM "Odd Schema".child`,
    ['ROWS_DIFFER', 'table Odd Schema.child'],
    ['ROWS_DIFFER', 'table Odd Schema.parent'],
  ),
  wrong('a row of a table without columns missing', `DELETE FROM "Odd Schema"."no columns" WHERE ctid = '(0,1)'`, [
    'ROWS_DIFFER',
    'table Odd Schema.no columns',
  ]),
  wrong(
    'a row of an unlogged table missing',
    `DELETE FROM app.web_sessions WHERE key = (SELECT min(key) FROM app.web_sessions)`,
    ['ROWS_DIFFER', 'table app.web_sessions'],
  ),
  wrong('values of a partition changed alone', rows('UPDATE app.readings_even SET precise = precise + 1'), [
    'CONTENT_DIFFERS',
    'table app.readings_even',
  ]),
  wrong('extension data missing', 'DELETE FROM app.configured WHERE id = 8', ['ROWS_DIFFER', 'table app.configured']),
  wrong('extension data changed', `UPDATE app.configured SET word = 'other' WHERE id = 8`, [
    'CONTENT_DIFFERS',
    'table app.configured',
  ]),
  wrong(
    'NULL in the place of an empty text',
    'UPDATE app.alike SET note = NULL WHERE id = 4',
    ['CONTENT_DIFFERS', 'table app.alike'],
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
  ),
  wrong(
    'an empty text in the place of NULL',
    `UPDATE app.alike SET note = '' WHERE id = 3`,
    ['CONTENT_DIFFERS', 'table app.alike'],
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
  ),
  wrong('trailing blanks', `UPDATE app.alike SET other = other || ' ' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('minus zero in the place of zero', `UPDATE app.alike SET ratio = '-0' WHERE id = 3`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('a number in the place of NaN', `UPDATE app.alike SET ratio = 0 WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('the last bit of a float', `UPDATE app.alike SET ratio = 1.5000000000000002 WHERE id = 5`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('another scale of the same number', `UPDATE app.alike SET amount = 1.1 WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('another order of keys in json', `UPDATE app.alike SET written = '{"b": 2, "a": 1}' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('another blank in json', `UPDATE app.alike SET written = '{"a":1, "b": 2}' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('a time that is a microsecond later', `UPDATE app.alike SET at = at + interval '1 microsecond' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('24 hours in the place of a day', `UPDATE app.alike SET spent = '24 hours' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong('an array that begins elsewhere', `UPDATE app.alike SET items = '[0:1]={1,2}' WHERE id = 4`, [
    'CONTENT_DIFFERS',
    'table app.alike',
  ]),
  wrong(
    'values swapped between two rows',
    `UPDATE app.alike SET other = CASE id WHEN 4 THEN 'other 2' ELSE 'other 1' END WHERE id IN (4, 5)`,
    ['CONTENT_DIFFERS', 'table app.alike'],
  ),
  wrong(
    'two columns swapped',
    `UPDATE app.alike SET note = other, other = note WHERE id = 4`,
    ['CONTENT_DIFFERS', 'table app.alike'],
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
  ),
  wrong(
    "two columns with each other's names",
    `ALTER TABLE "Odd Schema".parent RENAME b TO x; ALTER TABLE "Odd Schema".parent RENAME d TO b; ALTER TABLE "Odd Schema".parent RENAME x TO d`,
    ['CONTENT_DIFFERS', 'table Odd Schema.child'],
    ['CONTENT_DIFFERS', 'table Odd Schema.parent'],
    ['TABLE_DIFFERS', 'table Odd Schema.parent'],
  ),
  wrong(
    'texts in another normal form',
    `UPDATE app.organizations SET name = normalize(name, NFD) WHERE name LIKE 'Ång%'`,
    ['CONTENT_DIFFERS', 'table app.organizations'],
  ),
  wrong('sequence behind', `SELECT setval('billing.invoice_number', 1000)`, [
    'SEQUENCE_BEHIND',
    'sequence billing.invoice_number',
  ]),
  wrong('sequence behind by one value', `SELECT setval('app.tasks_id_seq', 1199)`, [
    'SEQUENCE_BEHIND',
    'sequence app.tasks_id_seq',
  ]),
  wrong('sequence ahead', `SELECT setval('app.tasks_id_seq', 1201)`, ['SEQUENCE_AHEAD', 'sequence app.tasks_id_seq']),
  wrong('sequence ahead, though nobody asked it yet', `SELECT nextval('billing.never_used')`, [
    'SEQUENCE_AHEAD',
    'sequence billing.never_used',
  ]),
  wrong('sequence that counts down behind', `SELECT setval('app.countdown', -1)`, [
    'SEQUENCE_BEHIND',
    'sequence app.countdown',
  ]),
  wrong('sequence of an identity behind', `SELECT setval('app.users_id_seq', 1, false)`, [
    'SEQUENCE_BEHIND',
    'sequence app.users_id_seq',
  ]),
  wrong(
    'matview empty',
    `CREATE TEMP TABLE kept AS TABLE app.alike; DELETE FROM app.alike; REFRESH MATERIALIZED VIEW app.ages; INSERT INTO app.alike SELECT * FROM kept`,
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
  ),
  wrong(
    'matview with other content',
    `CREATE TEMP TABLE kept AS TABLE app.alike; DELETE FROM app.alike WHERE id > 5; REFRESH MATERIALIZED VIEW app.ages; INSERT INTO app.alike SELECT * FROM kept WHERE id > 5`,
    ['MATVIEW_CONTENT_DIFFERS', 'materialized view app.ages'],
  ),
  wrong('matview not populated', 'REFRESH MATERIALIZED VIEW app.ages WITH NO DATA', [
    'MATVIEW_NOT_POPULATED',
    'materialized view app.ages',
  ]),
  wrong('matview populated', 'REFRESH MATERIALIZED VIEW billing.not_filled', [
    'MATVIEW_POPULATED',
    'materialized view billing.not_filled',
  ]),
  wrong('large objects missing', 'SELECT lo_unlink(424243)', ['LARGE_OBJECTS_DIFFER', 'large objects']),
  wrong('large object with other bytes', `SELECT lo_put(424242, 70000, 'x')`, [
    'LARGE_OBJECTS_DIFFER',
    'large objects',
  ]),
  wrong('large object longer by a zero', `SELECT lo_put(424243, 0, '\\x00')`, [
    'LARGE_OBJECTS_DIFFER',
    'large objects',
  ]),
  wrong(
    'large object under another number',
    `SELECT lo_unlink(424243), lo_from_bytea(424244, '')`,
    ['LARGE_OBJECTS_DIFFER', 'large objects'],
    ['LARGE_OBJECTS_DIFFER', 'large objects'],
  ),
  wrong('large object rights', 'REVOKE SELECT ON LARGE OBJECT 424242 FROM shop_reader', [
    'LARGE_OBJECTS_DIFFER',
    'large objects',
  ]),
  wrong('large object owner', 'ALTER LARGE OBJECT 424242 OWNER TO shop_app', ['LARGE_OBJECTS_DIFFER', 'large objects']),
  wrong('large object comment', 'COMMENT ON LARGE OBJECT 424242 IS NULL', ['LARGE_OBJECTS_DIFFER', 'large objects']),
];
