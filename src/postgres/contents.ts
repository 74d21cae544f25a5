import type { Session } from './connection.ts';
import { qualified } from './quote.ts';

/** What a database holds beside the rows of its tables, each list ordered by name. */
export interface DatabaseFacts {
  database: {
    name: string;
    owner: string;
    comment: string | null;
    connectionLimit: number;
    isTemplate: boolean;
    hasPublicSchema: boolean;
    grants: { grantor: string; grantee: string; privilege: string; grantable: boolean }[] | null;
    settings: { role: string | null; setting: string }[];
  };
  materializedViews: { schema: string; name: string; populated: boolean }[];
  invalidIndexes: { schema: string; name: string }[];
  extensions: { schema: string; name: string; version: string; owner: string }[];
  /** Settings that show in the text of definitions. */
  textSettings: { name: string; value: string }[];
  tablespaces: string[];
  roles: RoleFacts[];
  memberships: MembershipFacts[];
  parameterRights: ParameterRight[];
}

/** A right on a setting of the server, from PostgreSQL 15 on. */
export interface ParameterRight {
  parameter: string;
  /** '' for PUBLIC. */
  grantee: string;
  privilege: string;
  grantable: boolean;
}

export interface RoleFacts {
  name: string;
  superuser: boolean;
  inherit: boolean;
  createRole: boolean;
  createDatabase: boolean;
  login: boolean;
  replication: boolean;
  bypassRls: boolean;
  connectionLimit: number;
  validUntil: string | null;
  comment: string | null;
  settings: string[];
}

export interface MembershipFacts {
  role: string;
  member: string;
  grantor: string | null;
  admin: boolean;
  inherit: boolean | null;
  set: boolean | null;
}

export interface SequenceValue {
  schema: string;
  name: string;
  lastValue: string;
  isCalled: boolean;
  ascending: boolean;
}

/** Large objects as a whole: sums of hashes, null where they were not asked for or cannot be told. */
export interface LargeObjects {
  count: number;
  fingerprint: string | null;
  /** Over owner, grants and comment of each. */
  rights: string | null;
}

/** A sequence as it stands in the database, with the table that owns it. */
export interface OwnedSequence extends SequenceValue {
  ownerOid: number | null;
}

const userSchemas = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
const ofNoExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
/** Locks of many sequences at a time would fill the server's lock table. */
const sequencesPerStatement = 500;

/** Reads all facts; inside a transaction with the snapshot they are what the dump holds. */
export async function readFacts(session: Session): Promise<DatabaseFacts> {
  return {
    database: await readDatabase(session),
    materializedViews: await session.query(
      `SELECT n.nspname AS schema, c.relname AS name, c.relispopulated AS populated
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND ${userSchemas} AND ${ofNoExtension('pg_class', 'c.oid')} ORDER BY 1, 2`,
    ),
    invalidIndexes: await session.query(
      `SELECT n.nspname AS schema, c.relname AS name
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND ${userSchemas} ORDER BY 1, 2`,
    ),
    extensions: await session.query(
      `SELECT n.nspname AS schema, x.extname AS name, x.extversion AS version, pg_catalog.pg_get_userbyid(x.extowner) AS owner
         FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace ORDER BY 2`,
    ),
    // what a session of pg_dump's begins with, whatever is set in ours
    textSettings: await session.query(
      `SELECT name, reset_val AS value FROM pg_catalog.pg_settings WHERE name = ANY ($1) ORDER BY name`,
      [
        [
          'array_nulls',
          'bytea_output',
          'lc_monetary',
          'quote_all_identifiers',
          'standard_conforming_strings',
          'xmlbinary',
        ],
      ],
    ),
    tablespaces: (
      await session.query<{ name: string }>(
        `SELECT DISTINCT t.spcname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
          WHERE t.spcname !~ '^pg_' ORDER BY 1`,
      )
    ).map(({ name }) => name),
    roles: await readRoles(session),
    memberships: await readMemberships(session),
    parameterRights: await readParameterRights(session),
  };
}

/** All roles that are not the server's own (`pg_…`). Passwords are not among the facts. */
export async function readRoles(session: Session): Promise<RoleFacts[]> {
  return session.query(
    `SELECT rolname AS name, rolsuper AS superuser, rolinherit AS inherit, rolcreaterole AS "createRole", rolcreatedb AS "createDatabase",
            rolcanlogin AS login, rolreplication AS replication, rolbypassrls AS "bypassRls", rolconnlimit AS "connectionLimit",
            rolvaliduntil::text AS "validUntil", pg_catalog.shobj_description(oid, 'pg_authid') AS comment, coalesce(rolconfig, '{}') AS settings
       FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`,
  );
}

/** The bootstrap superuser (oid 10) is no grantor by name: on another server it may be called otherwise, and is the default there. */
async function readMemberships(session: Session): Promise<MembershipFacts[]> {
  const options =
    session.major >= 16
      ? 'm.inherit_option AS inherit, m.set_option AS "set"'
      : 'NULL::boolean AS inherit, NULL::boolean AS "set"';
  return session.query(
    `SELECT r.rolname AS role, u.rolname AS member, CASE WHEN g.oid <> 10 THEN g.rolname END AS grantor, m.admin_option AS admin, ${options}
       FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid JOIN pg_catalog.pg_roles u ON u.oid = m.member
       LEFT JOIN pg_catalog.pg_roles g ON g.oid = m.grantor
      WHERE u.rolname !~ '^pg_' ORDER BY 1, 2, 3`,
  );
}

/** Those of the first superuser (oid 10) come with every server. */
async function readParameterRights(session: Session): Promise<ParameterRight[]> {
  if (session.major < 15) return [];
  return session.query(
    `SELECT parname AS parameter, CASE a.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END AS grantee,
            a.privilege_type AS privilege, a.is_grantable AS grantable
       FROM pg_catalog.pg_parameter_acl, pg_catalog.aclexplode(paracl) a WHERE a.grantee <> 10 ORDER BY 1, 2, 3`,
  );
}

async function readDatabase(session: Session): Promise<DatabaseFacts['database']> {
  const { explicit, ...database } = await session.one<{
    name: string;
    owner: string;
    comment: string | null;
    connectionLimit: number;
    isTemplate: boolean;
    hasPublicSchema: boolean;
    explicit: boolean;
  }>(
    `SELECT datname AS name, pg_catalog.pg_get_userbyid(datdba) AS owner, pg_catalog.shobj_description(oid, 'pg_database') AS comment,
            datconnlimit AS "connectionLimit", datistemplate AS "isTemplate", datacl IS NOT NULL AS explicit,
            EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') AS "hasPublicSchema"
       FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
  const grants = await session.query<{ grantor: string; grantee: string; privilege: string; grantable: boolean }>(
    `SELECT pg_catalog.pg_get_userbyid(a.grantor) AS grantor, CASE a.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END AS grantee,
            a.privilege_type AS privilege, a.is_grantable AS grantable
       FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE datname = current_database() ORDER BY 2, 3, 1`,
  );
  const settings = await session.query<{ role: string | null; setting: string }>(
    `SELECT r.rolname AS role, unnest(s.setconfig) AS setting
       FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
       LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      WHERE d.datname = current_database() ORDER BY 1 NULLS FIRST, 2`,
  );
  return { ...database, grants: explicit ? grants : null, settings };
}

/**
 * The value of every sequence that a dump holds. Sequences do not follow snapshots: read before the dump reads them, so that a
 * restored one is never behind what is said here. `leader` says which there are, when that is to be as its snapshot shows it, and is not
 * asked for the values, whose locks it would keep.
 */
export async function readSequences(session: Session, leader: Session = session): Promise<OwnedSequence[]> {
  const sequences = await leader.query<{ schema: string; name: string; ascending: boolean; ownerOid: number | null }>(
    `SELECT n.nspname AS schema, c.relname AS name, s.seqincrement > 0 AS ascending,
            (SELECT d.refobjid::int8::float8 FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.refclassid = d.classid
                AND d.deptype IN ('a', 'i')) AS "ownerOid"
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
      WHERE c.relkind = 'S' AND ${userSchemas}
        AND (${ofNoExtension('pg_class', 'c.oid')} OR c.oid IN (SELECT unnest(extconfig) FROM pg_catalog.pg_extension))
        AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') END AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  );
  const values: OwnedSequence[] = [];
  for (let from = 0; from < sequences.length; from += sequencesPerStatement) {
    const some = sequences.slice(from, from + sequencesPerStatement);
    const selects = some.map(
      (sequence, index) =>
        `SELECT ${index} AS index, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${qualified(sequence)}`,
    );
    const rows = await session.query<{ index: number; lastValue: string; isCalled: boolean }>(
      selects.join(' UNION ALL '),
    );
    for (const { index, lastValue, isCalled } of rows) {
      const sequence = some[index];
      if (sequence) values.push({ ...sequence, lastValue, isCalled });
    }
  }
  return values;
}

/**
 * How many large objects there are, and with `content` sums of hashes of their bytes and of their rights. The sum of the bytes is null
 * where one cannot be read whole.
 */
export async function readLargeObjects(session: Session, withContent: boolean): Promise<LargeObjects> {
  const { count, rights } = await session.one<{ count: string; rights: string }>(
    `SELECT count(*) AS count, coalesce(sum(hashtextextended(concat_ws(':', m.oid, pg_catalog.pg_get_userbyid(m.lomowner), a.rights,
                                        pg_catalog.obj_description(m.oid, 'pg_largeobject')) COLLATE "C", 0)), 0)::text AS rights
       FROM pg_catalog.pg_largeobject_metadata m,
            LATERAL (SELECT string_agg(CASE x.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(x.grantee) END || ' ' || x.privilege_type
                                       || ' ' || x.is_grantable, ',' ORDER BY x.grantee = 0, pg_catalog.pg_get_userbyid(x.grantee) COLLATE "C",
                                       x.privilege_type COLLATE "C", x.is_grantable) AS rights
                       FROM pg_catalog.aclexplode(coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner))) x) a`,
  );
  if (!withContent) return { count: Number(count), fingerprint: null, rights };
  await session.query('SAVEPOINT large_objects');
  try {
    const { fingerprint } = await session.one<{ fingerprint: string }>(
      `SELECT coalesce(sum(hashtextextended(oid::text || ':' || md5(pg_catalog.lo_get(oid)) COLLATE "C", 0)), 0)::text AS fingerprint
         FROM pg_catalog.pg_largeobject_metadata`,
    );
    return { count: Number(count), fingerprint, rights };
  } catch (error) {
    const { code } = error as { code?: string };
    // no right to read it, or larger than a single value may be
    if (code !== '42501' && code !== '54000' && code !== 'XX000' && code !== '22023') throw error;
    await session.query('ROLLBACK TO SAVEPOINT large_objects');
    return { count: Number(count), fingerprint: null, rights };
  }
}
