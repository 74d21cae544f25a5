import { Failure, messageOf } from '../failure.ts';
import type { Session } from './connection.ts';
import type { DatabaseFacts, MembershipFacts, ParameterRight, RoleFacts } from './contents.ts';
import { identifier, literal } from './quote.ts';

/**
 * Statements that make roles as they were, without passwords. Those that exist are not among `roles`. `withGrantors`: the server is a
 * PostgreSQL from 16 on, where a grantor must have the right to grant.
 */
export function roleStatements(
  roles: readonly RoleFacts[],
  memberships: readonly MembershipFacts[],
  withGrantors: boolean,
): string[] {
  const made = new Set(roles.map(({ name }) => name));
  return [
    ...roles.map(createRole),
    ...roles.flatMap(({ name, settings }) =>
      settings.map(setting => `ALTER ROLE ${identifier(name)} SET ${assignment(setting)}`),
    ),
    ...roles.flatMap(({ name, comment }) =>
      comment === null ? [] : [`COMMENT ON ROLE ${identifier(name)} IS ${literal(comment)}`],
    ),
    ...inOrder(
      memberships.filter(({ role, member }) => made.has(role) || made.has(member)),
      givesAdmin,
    ).map(one => grantStatement(one, memberships, withGrantors)),
  ];
}

/** Statements that make memberships, of roles that are all there. */
export function membershipStatements(memberships: readonly MembershipFacts[], withGrantors: boolean): string[] {
  return inOrder(memberships, givesAdmin).map(one => grantStatement(one, memberships, withGrantors));
}

/** Statements that give rights on settings of the server. */
export function parameterStatements(rights: readonly ParameterRight[]): string[] {
  return rights.map(({ parameter, grantee, privilege, grantable }) => {
    const setting = parameter.split('.').map(identifier).join('.');
    const to = grantee === '' ? 'PUBLIC' : identifier(grantee);
    return `GRANT ${privilege} ON PARAMETER ${setting} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`;
  });
}

function grantStatement(one: MembershipFacts, all: readonly MembershipFacts[], withGrantors: boolean): string {
  return grantMembership(one, withGrantors, !withGrantors || all.some(maker => givesAdmin(maker, one)));
}

/** Statements that give a database its own settings, comment, limit and rights; `name` is what it is called now. */
export function databaseStatements(database: DatabaseFacts['database'], name: string): string[] {
  const target = `DATABASE ${identifier(name)}`;
  const settings = database.settings.map(({ role, setting }) =>
    role === null
      ? `ALTER ${target} SET ${assignment(setting)}`
      : `ALTER ROLE ${identifier(role)} IN ${target} SET ${assignment(setting)}`,
  );
  const grants = inOrder(database.grants ?? [], givesGrantOption).flatMap(
    ({ grantor, grantee, privilege, grantable }) => {
      const to = grantee === '' ? 'PUBLIC' : identifier(grantee);
      const grant = `GRANT ${privilege} ON ${target} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`;
      return grantor === database.owner ? [grant] : [`SET ROLE ${identifier(grantor)}`, grant, 'RESET ROLE'];
    },
  );
  return [
    `ALTER ${target} OWNER TO ${identifier(database.owner)}`,
    ...(database.comment === null ? [] : [`COMMENT ON ${target} IS ${literal(database.comment)}`]),
    ...(database.connectionLimit === -1 ? [] : [`ALTER ${target} CONNECTION LIMIT ${database.connectionLimit}`]),
    ...settings,
    ...(database.isTemplate ? [`ALTER ${target} IS_TEMPLATE true`] : []),
    ...(database.grants === null
      ? []
      : [`REVOKE ALL ON ${target} FROM PUBLIC, ${identifier(database.owner)}`, ...grants]),
  ];
}

/** Runs statements one by one; those that the server refuses are given back with its reason. */
export async function runEach(
  session: Session,
  statements: readonly string[],
): Promise<{ statement: string; reason: string }[]> {
  const refused: { statement: string; reason: string }[] = [];
  for (const statement of statements) {
    try {
      await session.query(statement);
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      refused.push({ statement, reason: messageOf(error) });
    }
  }
  return refused;
}

/** Drops roles that own nothing any more, with their rights on what all databases share. Throws when some of them stay: one that granted what another still holds goes after that one. */
export async function dropRoles(session: Session, names: Iterable<string>): Promise<void> {
  let waiting = [...names].map(name => `DROP OWNED BY ${identifier(name)}; DROP ROLE ${identifier(name)}`);
  while (waiting.length > 0) {
    const refused = await runEach(session, waiting);
    if (refused.length === waiting.length)
      throw new Failure(`${refused[0]?.statement} was refused: ${refused[0]?.reason}`);
    waiting = refused.map(({ statement }) => statement);
  }
}

/** The attributes of a role as CREATE ROLE and pg_dumpall have them, in pg_dumpall's order. */
export function attributeWords(role: RoleFacts): string[] {
  const word = (on: boolean, text: string) => (on ? text : `NO${text}`);
  return [
    word(role.superuser, 'SUPERUSER'),
    word(role.inherit, 'INHERIT'),
    word(role.createRole, 'CREATEROLE'),
    word(role.createDatabase, 'CREATEDB'),
    word(role.login, 'LOGIN'),
    word(role.replication, 'REPLICATION'),
    word(role.bypassRls, 'BYPASSRLS'),
  ];
}

function createRole(role: RoleFacts): string {
  const options = [
    ...attributeWords(role),
    ...(role.connectionLimit === -1 ? [] : [`CONNECTION LIMIT ${role.connectionLimit}`]),
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${literal(role.validUntil)}`]),
  ];
  return `CREATE ROLE ${identifier(role.name)} WITH ${options.join(' ')}`;
}

function grantMembership(
  { role, member, grantor, admin, inherit, set }: MembershipFacts,
  withGrantors: boolean,
  saysGrantor: boolean,
): string {
  const options = [
    ...(admin ? ['ADMIN TRUE'] : []),
    ...(withGrantors && inherit !== null ? [`INHERIT ${inherit ? 'TRUE' : 'FALSE'}`] : []),
    ...(withGrantors && set !== null ? [`SET ${set ? 'TRUE' : 'FALSE'}`] : []),
  ];
  // before 16 there is one option only, and it has another spelling
  const withOptions = withGrantors
    ? options.length > 0
      ? ` WITH ${options.join(', ')}`
      : ''
    : admin
      ? ' WITH ADMIN OPTION'
      : '';
  // whoever else granted was the first superuser, who has another name elsewhere, or one of an old server that did not ask
  const by = grantor === null || !saysGrantor ? '' : ` GRANTED BY ${identifier(grantor)}`;
  return `GRANT ${identifier(role)} TO ${identifier(member)}${withOptions}${by}`;
}

/** Whether a membership is what lets the grantor of the other one grant it. */
function givesAdmin(maker: MembershipFacts, made: MembershipFacts): boolean {
  return maker !== made && maker.role === made.role && maker.member === made.grantor && maker.admin;
}

type Grant = NonNullable<DatabaseFacts['database']['grants']>[number];

function givesGrantOption(maker: Grant, made: Grant): boolean {
  return maker !== made && maker.privilege === made.privilege && maker.grantee === made.grantor && maker.grantable;
}

/** What something else rests on comes before it; otherwise the order stays. */
function inOrder<T>(items: readonly T[], isNeededBy: (maker: T, made: T) => boolean): T[] {
  const waiting = [...items];
  const ordered: T[] = [];
  while (waiting.length > 0) {
    const ready = waiting.findIndex(one => !waiting.some(other => isNeededBy(other, one)));
    ordered.push(...waiting.splice(Math.max(ready, 0), 1));
  }
  return ordered;
}

/** pg_db_role_setting keeps `name=value`; lists of names are kept as they were written, so they are set unquoted, as pg_dumpall does. */
function assignment(setting: string): string {
  const at = setting.indexOf('=');
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  const isList = [
    'search_path',
    'datestyle',
    'session_preload_libraries',
    'shared_preload_libraries',
    'local_preload_libraries',
    'temp_tablespaces',
    'unix_socket_directories',
  ];
  const parameter = name.split('.').map(identifier).join('.');
  if (!isList.includes(name.toLowerCase())) return `${parameter} TO ${literal(value)}`;
  return `${parameter} TO ${value === '' ? "''" : listValues(value).map(literal).join(', ')}`;
}

/** Splits a list of identifiers at its commas, and takes the quotes off. */
function listValues(value: string): string[] {
  return [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/g)]
    .filter(match => match[0] !== '')
    .map(([, quoted, bare]) => (quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"')));
}
