import { messageOf } from '../failure.ts';
import type { Session } from './connection.ts';
import { type DatabaseFacts, readFacts, readSequences } from './contents.ts';
import { splitOutside } from './definition-text.ts';
import { isOfDatabase, splitDefinitions } from './definitions.ts';
import { quietTriggers } from './event-triggers.ts';
import type { DatabaseLocale } from './facts.ts';
import { countBy } from './fingerprint.ts';
import { identifier, qualified } from './quote.ts';
import { describeSettings } from './settings.ts';

/** What a copy is in a state of that neither its rows nor its definitions show. */
export interface StateDifference {
  code:
    | 'INDEX_INVALID'
    | 'TRIGGER_DISABLED'
    | 'CONSTRAINT_DIFFERS'
    | 'COMMENT_EXTRA'
    | 'GRANTS_EXTRA'
    | 'INDEX_DIFFERS'
    | 'SEQUENCE_DIFFERS'
    | 'SUBSCRIPTION_DIFFERS'
    | 'VIEW_BROKEN'
    | 'MATVIEW_CONTENT_DIFFERS'
    | 'NOT_VERIFIED'
    | 'EXTENSION_MISSING'
    | 'EXTENSION_EXTRA'
    | 'EXTENSION_DIFFERS'
    | 'SCHEMA_MISSING'
    | 'SCHEMA_EXTRA'
    | 'DATABASE_DIFFERS'
    | 'ENCODING_DIFFERS';
  object: string;
  expected: string;
  found: string;
}

/** Leaves out what the server owns; `n` is pg_namespace. */
export const userSchemas = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Indexes that cannot be used although the source had them valid. `invalid` are those that the source had invalid too. */
export async function compareIndexes(
  session: Session,
  invalid: readonly { schema: string; name: string }[],
): Promise<StateDifference[]> {
  const known = new Set(invalid.map(qualified));
  const found = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND ${userSchemas} ORDER BY 1, 2`,
  );
  return found
    .filter(index => !known.has(qualified(index)))
    .map(({ schema, name }) => ({
      code: 'INDEX_INVALID',
      object: `index ${schema}.${name}`,
      expected: 'valid',
      found: 'not valid: no query uses it',
    }));
}

/**
 * Views that the server itself takes for broken (SQLSTATE XX…). What fails in another way, such as by a setting or a search path that the
 * app makes, a division by zero, an empty materialized view or a foreign server, does so in the source too: `unplanned` names those, whose
 * definitions alone, and those of everything under them, are compared.
 */
export async function compareViews(session: Session): Promise<{ differences: StateDifference[]; unplanned: string[] }> {
  const views = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'v' AND ${userSchemas}
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
      ORDER BY 1, 2`,
  );
  const differences: StateDifference[] = [];
  const unplanned: string[] = [];
  // functions of the view may rely on the path that the database has
  await session.query('SET search_path TO DEFAULT');
  for (const view of views) {
    try {
      await session.query(`EXPLAIN SELECT * FROM ${qualified(view)}`);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || /^(?:53|57|58)/.test(code)) throw error;
      const name = `${view.schema}.${view.name}`;
      if (code.startsWith('XX'))
        differences.push({
          code: 'VIEW_BROKEN',
          object: `view ${name}`,
          expected: 'a query that can be planned',
          found: `SQLSTATE ${code}`,
        });
      else unplanned.push(`${name} (SQLSTATE ${code})`);
    }
  }
  await session.query(`SET search_path TO ''`);
  return { differences, unplanned };
}

/** What gives another answer depending on when, or by whom, it is asked; as a function is called, a column of such a name is none. */
const timely = new RegExp(
  [
    String.raw`\b(?:current_(?:date|time|timestamp|user|role)|localtime|localtimestamp|session_user|pg_(?:stat|locks|settings)\w*)\b`,
    String.raw`\b(?:now|(?:clock|statement|transaction)_timestamp|timeofday|age|random\w*|current_setting|nextval|currval)"?\(`,
    String.raw`\b(?:gen_random_\w+|gen_salt|uuid_generate_v\d\w*|pg_(?:backend_pid|current_\w+|last_\w+|postmaster_start_time|\w+_size))"?\(`,
  ].join('|'),
  'i',
);
const quotedInQueries = /"(?:[^"]|"")*"(?!\()|'(?:[^']|'')*'/g;

/**
 * Materialized views against their own queries, each refreshed once more in a transaction that is rolled back: a restore that filled them
 * before the tables leaves them populated and empty. `timeBound` are those that give something else at every refresh.
 */
export async function compareMatviewContents(
  session: Session,
): Promise<{ differences: StateDifference[]; timeBound: string[] }> {
  const { materializedViews } = await readFacts(session);
  const differences: StateDifference[] = [];
  const timeBound: string[] = [];
  for (const view of materializedViews.filter(({ populated }) => populated)) {
    const object = `materialized view ${view.schema}.${view.name}`;
    try {
      const outcome = await holdAgainstQuery(session, view);
      if (outcome === 'bound to time') timeBound.push(`${view.schema}.${view.name}`);
      else if (outcome !== 'same')
        differences.push({ code: 'MATVIEW_CONTENT_DIFFERS', object, expected: 'what its query gives', found: outcome });
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || /^(?:53|57|58)/.test(code)) throw error;
      const found = `its query failed (SQLSTATE ${code})`;
      differences.push({ code: 'NOT_VERIFIED', object, expected: 'what its query gives', found });
    }
  }
  return { differences, timeBound };
}

async function holdAgainstQuery(session: Session, view: { schema: string; name: string }): Promise<string> {
  const { oid } = await session.one<{ oid: string }>('SELECT $1::pg_catalog.regclass::oid::int8::text AS oid', [
    qualified(view),
  ]);
  const table = { ...view, oid: Number(oid), condition: null, by: 'row' as const };
  const read = async () => {
    const [counted] = await countBy(session, [table]);
    return { rows: counted?.rows ?? 0, sum: counted?.fingerprint };
  };
  const refreshed = async () => {
    await session.query('BEGIN');
    try {
      // event triggers would have their say, and sequences do not roll back
      await quietTriggers(session);
      await session.query(`REFRESH MATERIALIZED VIEW ${qualified(view)}`);
      return await read();
    } finally {
      await session.query('ROLLBACK');
    }
  };
  const restored = await read();
  const first = await refreshed();
  if (first.rows === restored.rows && first.sum === restored.sum) return 'same';
  if (restored.rows === 0) return `no rows, where its query gives ${first.rows}`;
  if (await isTimely(session, oid)) return 'bound to time';
  const second = await refreshed();
  if (second.rows !== first.rows || second.sum !== first.sum) return 'bound to time';
  return first.rows === restored.rows
    ? `${restored.rows} rows with other values`
    : `${restored.rows} rows, where its query gives ${first.rows}`;
}

/** Whether time has a say in what a view gives: by its own query, by those of the views under it, or by functions that any of them call. */
async function isTimely(session: Session, oid: string): Promise<boolean> {
  const parts = await session.query<{ query: string | null; body: string | null }>(
    `WITH RECURSIVE parts (class, oid) AS (
       SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, $1::oid
        UNION
       SELECT d.refclassid, d.refobjid
         FROM parts p
         LEFT JOIN pg_catalog.pg_rewrite r ON p.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.ev_class = p.oid
         JOIN pg_catalog.pg_depend d ON (d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid)
                                     OR (d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.classid = p.class AND d.objid = p.oid)
        WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
           OR d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = d.refobjid AND c.relkind = 'v'))
     SELECT CASE WHEN c.oid IS NOT NULL THEN pg_catalog.pg_get_viewdef(c.oid) END AS query,
            CASE WHEN f.prokind IN ('f', 'p') THEN pg_catalog.pg_get_functiondef(f.oid) END AS body
       FROM parts LEFT JOIN pg_catalog.pg_class c ON class = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = parts.oid
       LEFT JOIN pg_catalog.pg_proc f ON class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.oid = parts.oid`,
    [oid],
  );
  return parts.some(
    ({ query, body }) => timely.test((query ?? '').replaceAll(quotedInQueries, '')) || timely.test(body ?? ''),
  );
}

/** The sequences whose next value their own column may hold already. */
export async function sequencesBehindColumns(session: Session): Promise<string[]> {
  const owned = await session.query<{
    sequence: string;
    schema: string;
    name: string;
    column: string;
    ascending: boolean;
  }>(
    `SELECT sn.nspname || '.' || s.relname AS sequence, n.nspname AS schema, c.relname AS name, a.attname AS column, q.seqincrement > 0 AS ascending
       FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
       JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.oid AND d.refclassid = d.classid
            AND d.deptype IN ('a', 'i')
       JOIN pg_catalog.pg_class c ON c.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
      WHERE a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) AND ${userSchemas} ORDER BY 1`,
  );
  const values = new Map((await readSequences(session)).map(one => [`${one.schema}.${one.name}`, one]));
  const behind: string[] = [];
  for (const { sequence, column, ascending, ...table } of owned) {
    const value = values.get(sequence);
    const { edge } = await session.one<{ edge: string | null }>(
      `SELECT ${ascending ? 'max' : 'min'}(${identifier(column)})::text AS edge FROM ${qualified(table)}`,
    );
    if (value === undefined || edge === null) continue;
    const ahead = (BigInt(value.lastValue) - BigInt(edge)) * (ascending ? 1n : -1n);
    if (ahead < 0n || (ahead === 0n && !value.isCalled)) behind.push(sequence);
  }
  return behind;
}

/** Extensions both ways, and the schema `public`, whose absence no dump mentions. Other versions are in `versions`. */
export async function compareExtensions(
  session: Session,
  expected: Pick<DatabaseFacts, 'extensions' | 'database'>,
): Promise<{ differences: StateDifference[]; versions: string[] }> {
  const { extensions, database } = await readFacts(session);
  const found = new Map(extensions.map(extension => [extension.name, extension]));
  const wanted = new Map(expected.extensions.map(extension => [extension.name, extension]));
  const differences: StateDifference[] = [];
  const versions: string[] = [];
  for (const { name, schema, version } of wanted.values()) {
    const other = found.get(name);
    const object = `extension ${name}`;
    if (!other) differences.push({ code: 'EXTENSION_MISSING', object, expected: `version ${version}`, found: 'none' });
    else if (other.schema !== schema)
      differences.push({
        code: 'EXTENSION_DIFFERS',
        object,
        expected: `in schema ${schema}`,
        found: `in schema ${other.schema}`,
      });
    else if (other.version !== version) versions.push(`${name} ${version} in the source, ${other.version} here`);
  }
  for (const { name, version } of found.values()) {
    if (!wanted.has(name))
      differences.push({ code: 'EXTENSION_EXTRA', object: `extension ${name}`, expected: 'none', found: version });
  }
  if (expected.database.hasPublicSchema !== database.hasPublicSchema) {
    const is = (there: boolean) => (there ? 'a schema' : 'none');
    differences.push({
      code: expected.database.hasPublicSchema ? 'SCHEMA_MISSING' : 'SCHEMA_EXTRA',
      object: 'schema public',
      expected: is(expected.database.hasPublicSchema),
      found: is(database.hasPublicSchema),
    });
  }
  return { differences, versions };
}

/** The database itself: owner, comment, limit, rights and settings. */
export async function compareDatabase(
  session: Session,
  expected: DatabaseFacts['database'],
): Promise<StateDifference[]> {
  const { database: found } = await readFacts(session);
  const settings = describeSettings(settingsOf(expected), settingsOf(found));
  const differs = (what: string, wanted: string, is: string): StateDifference[] =>
    wanted === is ? [] : [{ code: 'DATABASE_DIFFERS', object: `database: ${what}`, expected: wanted, found: is }];
  const text = (value: string | null) => (value === null ? 'none' : JSON.stringify(value));
  return [
    ...differs('owner', expected.owner, found.owner),
    ...differs('comment', text(expected.comment), text(found.comment)),
    ...differs('connection limit', String(expected.connectionLimit), String(found.connectionLimit)),
    ...differs('template', String(expected.isTemplate), String(found.isTemplate)),
    ...differs('rights', describeGrants(expected), describeGrants(found)),
    ...differs('settings', settings.expected, settings.found),
  ];
}

/** Encoding and locale of the copy against the source's. */
export function compareLocale(expected: DatabaseLocale, found: DatabaseLocale): StateDifference[] {
  const keys = ['encoding', 'localeProvider', 'collate', 'ctype', 'locale', 'icuRules'] as const;
  return keys
    .filter(key => expected[key] !== found[key])
    .map(key => ({
      code: 'ENCODING_DIFFERS',
      object: `database: ${key}`,
      expected: expected[key] ?? 'none',
      found: found[key] ?? 'none',
    }));
}

/**
 * How the two databases are made, in pg_dump's own words: unlike the manifest nobody can edit these, and they say more, such as the rules
 * of a locale. Where the database lies is not compared. Texts without those words, of a dump without `--create`, say nothing.
 */
export function compareCreation(expected: string, found: string): StateDifference[] {
  const [wanted, is] = [creationOf(expected), creationOf(found)];
  if (wanted === undefined || is === undefined || wanted === is) return [];
  return [{ code: 'ENCODING_DIFFERS', object: 'database: how it is made', expected: wanted, found: is }];
}

function creationOf(definitions: string): string | undefined {
  const [made] = splitDefinitions(definitions).filter(one => one.type === 'DATABASE' && isOfDatabase(one));
  const [statement = ''] = splitOutside(made?.text ?? '', ';');
  const at = statement.lastIndexOf(' WITH TEMPLATE = template0');
  return at === -1 ? undefined : statement.slice(at).replace(/ TABLESPACE = .*$/s, '');
}

/** Null means the default rights, which may also be spelled out. */
function describeGrants({ owner, grants }: DatabaseFacts['database']): string {
  const byDefault = [
    ...['CONNECT', 'TEMPORARY'].map(privilege => ({ grantee: '', privilege, grantable: false })),
    ...['CONNECT', 'CREATE', 'TEMPORARY'].map(privilege => ({ grantee: owner, privilege, grantable: false })),
  ];
  return (grants ?? byDefault)
    .map(
      ({ grantee, privilege, grantable }) =>
        `${privilege} to ${grantee === '' ? 'PUBLIC' : grantee}${grantable ? ' with grant option' : ''}`,
    )
    .sort()
    .join(', ');
}

/** With the role in front, so that a setting's value stays behind its name. */
function settingsOf({ settings }: DatabaseFacts['database']): string[] {
  return settings.map(({ role, setting }) => (role === null ? setting : `for ${role}: ${setting}`));
}

/** What stood in the way of a comparison, without values of rows: the server's message may hold some. */
export function obstacle(error: unknown): string {
  const { code } = error as { code?: string };
  return code === undefined ? messageOf(error) : `the server answered with SQLSTATE ${code}`;
}
