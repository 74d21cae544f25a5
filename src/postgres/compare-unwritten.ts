import { type StateDifference, userSchemas } from './compare-state.ts';
import type { Session } from './connection.ts';

/** One comment: its finding's name for what it is on, and the statement that would make it. */
interface Noted {
  object: string;
  statement: string;
}

const ofUsers = (relation: string) =>
  `JOIN pg_catalog.pg_class c ON c.oid = ${relation} JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;
const commentOf = (alias: string, catalog: string) =>
  `JOIN pg_catalog.pg_description d ON d.objoid = ${alias}.oid AND d.classoid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND d.objsubid = 0`;
const onPart = (kind: string, name: string, catalog: string) =>
  `SELECT format('%s %s.%s ON %s', '${kind}', n.nspname, ${name}, c.relname) AS object,
          format('COMMENT ON %s %I ON %I.%I IS ', upper('${kind}'), ${name}, n.nspname, c.relname) AS statement
     FROM pg_catalog.${catalog} p`;

/**
 * Comments that pg_dump leaves out: on what a partition or child has from its table, on the server's own triggers, on the rule that a view
 * is, on types that come with others; and on extensions, other than their author's
 * (https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/pg_dump.c, `getTriggers`, `dumpTable`, `dumpRule`, `getTypes`).
 */
const unwrittenComments = `
  ${onPart('constraint', 'p.conname', 'pg_constraint')} ${ofUsers('p.conrelid')} ${commentOf('p', 'pg_constraint')}
   WHERE (p.contype = 'f' AND p.conparentid <> 0 OR p.contype = 'c' AND NOT p.conislocal) AND ${userSchemas}
  UNION ALL
  ${onPart('trigger', 'p.tgname', 'pg_trigger')} LEFT JOIN pg_catalog.pg_trigger a ON a.oid = p.tgparentid ${ofUsers('p.tgrelid')} ${commentOf('p', 'pg_trigger')}
   WHERE (p.tgisinternal OR p.tgparentid <> 0) AND p.tgenabled = coalesce(a.tgenabled, p.tgenabled) AND ${userSchemas}
  UNION ALL
  ${onPart('rule', 'p.rulename', 'pg_rewrite')} ${ofUsers('p.ev_class')} ${commentOf('p', 'pg_rewrite')}
   WHERE p.rulename = '_RETURN' AND ${userSchemas}
  UNION ALL
  SELECT format('type %s.%s', n.nspname, t.typname), format('COMMENT ON TYPE %I.%I IS ', n.nspname, t.typname)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    ${commentOf('t', 'pg_type')}
   WHERE (t.typcategory = 'A' OR t.typtype = 'm' OR c.relkind <> 'c') AND ${userSchemas}
  UNION ALL
  SELECT format('extension %s', x.extname), format('COMMENT ON EXTENSION %I IS ', x.extname)
    FROM pg_catalog.pg_extension x ${commentOf('x', 'pg_extension')}
    JOIN pg_catalog.pg_available_extension_versions v ON v.name = x.extname AND v.version = x.extversion
   WHERE v.comment IS DISTINCT FROM d.description
   ORDER BY 1`;

/**
 * What no restore makes, because no dump mentions it: a copy that has it was changed since. `definitions` are the source's, which may
 * mention some of it in rare cases.
 */
export async function compareUnwritten(session: Session, definitions: string): Promise<StateDifference[]> {
  const comments = await session.query<Noted>(unwrittenComments);
  const rights = await session.query<{ object: string }>(
    `SELECT format('grants on type %s.%s', n.nspname, t.typname) AS object FROM pg_catalog.pg_type t ${ofUsers('t.typrelid')}
      WHERE c.relkind <> 'c' AND t.typacl IS NOT NULL AND ${userSchemas} ORDER BY 1`,
  );
  const subscriptions = await session.query<{ object: string }>(
    `SELECT format('subscription %s', subname) AS object FROM pg_catalog.pg_subscription
      WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) ORDER BY 1`,
  );
  // such as that of a column made by LIKE, in the source alone: a restore gives each the type of its column
  const sequences = await session.query<{ object: string; wanted: string; found: string }>(
    `SELECT format('sequence %s.%s', n.nspname, c.relname) AS object, a.atttypid::pg_catalog.regtype::text AS wanted,
            s.seqtypid::pg_catalog.regtype::text AS found
       FROM pg_catalog.pg_sequence s ${ofUsers('s.seqrelid')}
       JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.seqrelid AND d.refclassid = d.classid
            AND d.deptype = 'i'
       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE s.seqtypid <> a.atttypid AND ${userSchemas} ORDER BY 1`,
  );
  const indexes = await session.query<{ object: string }>(
    `SELECT DISTINCT format('index %s.%s', n.nspname, c.relname) AS object FROM pg_catalog.pg_constraint k ${ofUsers('k.conindid')}
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
      WHERE k.contype IN ('p', 'u', 'x') AND a.attstattarget >= 0 AND ${userSchemas} ORDER BY 1`,
  );
  return [
    ...comments
      .filter(({ statement }) => !definitions.includes(`\n${statement}`))
      .map(({ object }) => differs('COMMENT_EXTRA', `comment on ${object}`, 'none', 'a comment')),
    ...rights.map(({ object }) => differs('GRANTS_EXTRA', object, 'those that come with its table', 'others')),
    ...sequences.map(({ object, wanted, found }) => differs('SEQUENCE_DIFFERS', object, `of ${wanted}`, `of ${found}`)),
    ...indexes.map(({ object }) => differs('INDEX_DIFFERS', object, 'statistics as usual', 'statistics of its own')),
    ...subscriptions.map(({ object }) => differs('SUBSCRIPTION_DIFFERS', object, 'not enabled', 'enabled')),
  ];
}

function differs(code: StateDifference['code'], object: string, expected: string, found: string): StateDifference {
  return { code, object, expected, found };
}
