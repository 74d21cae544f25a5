import type { DatabaseFacts, MembershipFacts, ParameterRight, RoleFacts } from './contents.ts';
import { attributeWords } from './roles.ts';
import { describeSettings } from './settings.ts';

/** One difference between the roles that a backup lists and those of a server, or of its `roles.sql`. */
export interface RoleDifference {
  code: 'ROLE_MISSING' | 'ROLE_DIFFERS' | 'MEMBERSHIP_DIFFERS' | 'NOT_VERIFIED';
  object: string;
  expected: string;
  found: string;
}

type RolesAndMemberships = Pick<DatabaseFacts, 'roles' | 'memberships' | 'parameterRights'>;

/**
 * Holds the roles of a server against those that a restore was to make: every role is there; those that it `made` have their attributes,
 * settings and memberships. Roles that the server had before keep their own attributes, which `compareRolesScript` looks at.
 */
export function compareRoles(
  expected: RolesAndMemberships,
  found: RolesAndMemberships,
  made: ReadonlySet<string>,
): RoleDifference[] {
  const byName = new Map(found.roles.map(role => [role.name, role]));
  const differences: RoleDifference[] = [];
  for (const role of expected.roles) {
    const object = `role ${role.name}`;
    const other = byName.get(role.name);
    if (!other) differences.push({ code: 'ROLE_MISSING', object, expected: 'a role', found: 'none' });
    else if (made.has(role.name)) {
      const settings = describeSettings(role.settings, other.settings);
      const wanted = `${describeRole(role)}, settings: ${settings.expected}`;
      const is = `${describeRole(other)}, settings: ${settings.found}`;
      if (wanted !== is) differences.push({ code: 'ROLE_DIFFERS', object, expected: wanted, found: is });
    }
  }
  return [
    ...differences,
    ...compareMemberships(expected.memberships, found.memberships, made),
    ...compareParameterRights(expected.parameterRights, found.parameterRights, made),
  ];
}

function compareParameterRights(
  expected: readonly ParameterRight[],
  found: readonly ParameterRight[],
  made: ReadonlySet<string>,
): RoleDifference[] {
  const words = ({ parameter, privilege, grantable }: ParameterRight) =>
    `${privilege} on ${parameter}${grantable ? ' with grant option' : ''}`;
  const of = (rights: readonly ParameterRight[], role: string) =>
    rights
      .filter(({ grantee }) => grantee === role)
      .map(words)
      .sort()
      .join(', ') || 'none';
  return [...made]
    .filter(role => of(expected, role) !== of(found, role))
    .map(role => ({
      code: 'ROLE_DIFFERS',
      object: `rights of role ${role} on settings`,
      expected: of(expected, role),
      found: of(found, role),
    }));
}

function compareMemberships(
  expected: readonly MembershipFacts[],
  found: readonly MembershipFacts[],
  made: ReadonlySet<string>,
): RoleDifference[] {
  const [wanted, is] = [byPair(expected), byPair(found)];
  // an option that the older server did not have cannot be compared
  const isOld = expected.some(({ inherit }) => inherit === null) || found.some(({ inherit }) => inherit === null);
  const differences: RoleDifference[] = [];
  for (const key of new Set([...wanted.keys(), ...is.keys()])) {
    const [role = '', member = ''] = JSON.parse(key) as string[];
    const [one, other] = [describeOptions(wanted.get(key), isOld), describeOptions(is.get(key), isOld)];
    if (one === other) continue;
    const isOurs = made.has(role) || made.has(member);
    const code = isOurs ? 'MEMBERSHIP_DIFFERS' : 'NOT_VERIFIED';
    // what else a server had before is nobody's business here
    if (isOurs || wanted.has(key))
      differences.push({ code, object: `membership of ${member} in ${role}`, expected: one, found: other });
  }
  return differences;
}

/** One may be a member of a role several times, each time by another grantor. */
function byPair(memberships: readonly MembershipFacts[]): Map<string, MembershipFacts[]> {
  const pairs = new Map<string, MembershipFacts[]>();
  for (const membership of memberships) {
    const key = JSON.stringify([membership.role, membership.member]);
    pairs.set(key, [...(pairs.get(key) ?? []), membership]);
  }
  return pairs;
}

/**
 * Holds `roles.sql`, as pg_dumpall wrote it, against the roles that the snapshot held: what makes each one, its attributes, settings and
 * comment, and its memberships (src/bin/pg_dump/pg_dumpall.c). Whoever restores by hand has nothing else.
 */
export function compareRolesScript(
  { roles, memberships }: Pick<DatabaseFacts, 'roles' | 'memberships'>,
  script: string,
): RoleDifference[] {
  const has = (statements: readonly string[]) => statements.some(statement => script.includes(`\n${statement}`));
  const differences = roles.flatMap((role): RoleDifference[] => {
    const object = `role ${role.name} in roles.sql`;
    const names = spellings(role.name);
    if (!has(names.map(name => `CREATE ROLE ${name};\n`)))
      return [{ code: 'ROLE_MISSING', object, expected: 'a statement that makes it', found: 'none' }];
    const differs = (expected: string, found: string, isThere: boolean): RoleDifference[] =>
      isThere ? [] : [{ code: 'ROLE_DIFFERS', object, expected, found }];
    const limit = role.connectionLimit === -1 ? '' : ` CONNECTION LIMIT ${role.connectionLimit}`;
    const attributes = `${attributeWords(role).join(' ')}${limit}`;
    // when it ends is written in the time zone of the server
    const end = role.validUntil === null ? ';\n' : ` VALID UNTIL '`;
    return [
      ...differs(attributes, 'other attributes', has(names.map(name => `ALTER ROLE ${name} WITH ${attributes}${end}`))),
      ...role.settings.flatMap(setting => {
        const [parameter = ''] = setting.split('=', 1);
        const written = settingSpellings(setting);
        const statements = names.flatMap(name => written.map(one => `ALTER ROLE ${name} SET ${one}`));
        return differs(`setting ${parameter}`, 'none, or another value', has(statements));
      }),
      ...(role.comment === null
        ? []
        : differs('a comment', 'none', has(names.map(name => `COMMENT ON ROLE ${name} IS `)))),
    ];
  });
  return [
    ...differences,
    ...memberships.flatMap(({ role, member, admin }): RoleDifference[] => {
      const option = admin ? ' WITH ADMIN OPTION' : '';
      const statements = spellings(role).flatMap(one =>
        spellings(member).map(other => `GRANT ${one} TO ${other}${option}`),
      );
      const isThere = has(statements.flatMap(one => [`${one};`, `${one} `, `${one},`]));
      const object = `membership of ${member} in ${role} in roles.sql`;
      return isThere ? [] : [{ code: 'MEMBERSHIP_DIFFERS', object, expected: 'a statement', found: 'none' }];
    }),
  ];
}

/** How pg_dumpall may write a setting; a list is quoted item by item, and of a value with a backslash the begin must do. */
function settingSpellings(setting: string): string[] {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  const isPlain = !/[\\"]/.test(value);
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const values = isPlain
    ? [
        quoted(value),
        value
          .split(',')
          .map(item => quoted(item.trim()))
          .join(', '),
        value,
      ]
    : [];
  return spellings(name).flatMap(one => (isPlain ? values.map(text => `${one} TO ${text};\n`) : [`${one} TO `]));
}

/** A name quoted, and as it is where that may be: pg_dumpall quotes only what must be. */
function spellings(name: string): string[] {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  return /^[a-z_][a-z0-9_]*$/.test(name) ? [name, quoted] : [quoted];
}

function describeRole(role: RoleFacts): string {
  return [
    ...attributeWords(role),
    ...(role.connectionLimit === -1 ? [] : [`CONNECTION LIMIT ${role.connectionLimit}`]),
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${role.validUntil}`]),
    ...(role.comment === null ? [] : [`COMMENT ${JSON.stringify(role.comment)}`]),
  ].join(' ');
}

function describeOptions(memberships: readonly MembershipFacts[] | undefined, isOld: boolean): string {
  if (memberships === undefined) return 'none';
  const options = memberships.map(({ admin, inherit, set }) =>
    isOld ? `admin ${admin}` : `admin ${admin}, inherit ${inherit}, set ${set}`,
  );
  return [...new Set(options)].sort().join('; ');
}
