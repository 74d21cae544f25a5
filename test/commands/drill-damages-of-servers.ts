import { type Damage, inDatabase, wrong } from './drill-damages.ts';

/** Roles, which all databases of a server share. */
export const roleDamages: readonly Damage[] = [
  wrong(
    'role missing',
    'DROP ROLE "shop ""Odd"" Role"',
    ['MEMBERSHIP_DIFFERS', 'membership of shop "Odd" Role in shop_reader'],
    ['ROLE_MISSING', 'role shop "Odd" Role'],
  ),
  wrong('role attribute changed', 'ALTER ROLE shop_reader SUPERUSER', ['ROLE_DIFFERS', 'role shop_reader']),
  wrong('role that may do more at once', 'ALTER ROLE shop_app CONNECTION LIMIT -1', ['ROLE_DIFFERS', 'role shop_app']),
  wrong('role that ends earlier', `ALTER ROLE shop_support VALID UNTIL '2026-12-31'`, [
    'ROLE_DIFFERS',
    'role shop_support',
  ]),
  wrong('role comment lost', 'COMMENT ON ROLE shop_reader IS NULL', ['ROLE_DIFFERS', 'role shop_reader']),
  wrong('role setting lost', 'ALTER ROLE shop_reader RESET statement_timeout', ['ROLE_DIFFERS', 'role shop_reader']),
  wrong('role setting changed', `ALTER ROLE shop_reader SET statement_timeout = '31s'`, [
    'ROLE_DIFFERS',
    'role shop_reader',
  ]),
  wrong('membership lost', 'REVOKE shop_reader FROM shop_support', [
    'MEMBERSHIP_DIFFERS',
    'membership of shop_support in shop_reader',
  ]),
  wrong('membership extra', 'GRANT shop_owner TO shop_app', [
    'MEMBERSHIP_DIFFERS',
    'membership of shop_app in shop_owner',
  ]),
  wrong('membership without its option', 'REVOKE ADMIN OPTION FOR shop_reader FROM shop_app', [
    'MEMBERSHIP_DIFFERS',
    'membership of shop_app in shop_reader',
  ]),
];

/** The database itself. */
export const databaseDamages: readonly Damage[] = [
  wrong(
    'database owner changed',
    inDatabase('ALTER DATABASE %I OWNER TO postgres'),
    ['DATABASE_DIFFERS', 'database: owner'],
    ['DATABASE_DIFFERS', 'database: rights'],
  ),
  wrong('database comment lost', inDatabase('COMMENT ON DATABASE %I IS NULL'), [
    'DATABASE_DIFFERS',
    'database: comment',
  ]),
  wrong('database limit changed', inDatabase('ALTER DATABASE %I CONNECTION LIMIT 78'), [
    'DATABASE_DIFFERS',
    'database: connection limit',
  ]),
  wrong('database right lost', inDatabase('REVOKE CONNECT ON DATABASE %I FROM shop_reader'), [
    'DATABASE_DIFFERS',
    'database: rights',
  ]),
  wrong('database right extra', inDatabase('GRANT TEMPORARY ON DATABASE %I TO PUBLIC'), [
    'DATABASE_DIFFERS',
    'database: rights',
  ]),
  wrong('database setting extra', inDatabase(`ALTER DATABASE %I SET lock_timeout = '1s'`), [
    'DATABASE_DIFFERS',
    'database: settings',
  ]),
  wrong(
    'database setting extra for a role',
    inDatabase(`ALTER ROLE shop_reader IN DATABASE %I SET lock_timeout = '1s'`),
    ['DATABASE_DIFFERS', 'database: settings'],
  ),
  wrong(
    'encoding changed',
    inDatabase(`UPDATE pg_catalog.pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = '%s'`),
    ['ENCODING_DIFFERS', 'database: encoding'],
    ['ENCODING_DIFFERS', 'database: how it is made'],
    ['TABLE_MISSING', 'table Odd Schema.テーブル'],
  ),
  wrong(
    'locale changed',
    inDatabase(`UPDATE pg_catalog.pg_database SET datctype = 'C' WHERE datname = '%s'`),
    ['ENCODING_DIFFERS', 'database: ctype'],
    ['ENCODING_DIFFERS', 'database: how it is made'],
  ),
];
