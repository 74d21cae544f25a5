import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Cluster } from './postgres.ts';

/** A healthy database that is hard to carry: whoever restores it must see no difference. */
export interface Shape {
  name: string;
  /** Makes the database, for the superuser of the cluster, and gives its name. */
  create(cluster: Cluster): Promise<string>;
}

/** How many tables the shape of many tables has, unless somebody asks for another number. */
export const manyTables = 300;

/** All shapes that this cluster's major can have. */
export function shapesFor(major: number): readonly Shape[] {
  return shapes.filter(({ since = 0 }) => major >= since);
}

/** Healthy databases of odd shapes; one with `since` needs that major. */
export const shapes: readonly (Shape & { since?: number })[] = [
  // the roles of the others have names that these encodings cannot write, and roles belong to all databases
  { name: 'LATIN1 with locale C', create: cluster => createFrom('latin1', cluster, "ENCODING 'LATIN1' LOCALE 'C'") },
  { name: 'EUC_JP with locale C', create: cluster => createFrom('eucjp', cluster, "ENCODING 'EUC_JP' LOCALE 'C'") },
  { name: 'SQL_ASCII', create: cluster => createFrom('ascii', cluster, "ENCODING 'SQL_ASCII' LOCALE 'C'") },
  {
    name: "ICU's collations",
    create: cluster =>
      createFrom('icu', cluster, "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' ENCODING 'UTF8'"),
  },
  {
    name: 'the built-in locale provider',
    since: 17,
    create: cluster =>
      createFrom('latin1', cluster, "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' ENCODING 'UTF8'"),
  },
  fromFile('every type with its hard values', 'types'),
  fromFile('odd names of everything', 'names'),
  fromFile('partitions and inheritance', 'partitions'),
  { name: 'nothing', create: cluster => createEmpty(cluster) },
  { name: 'nothing, without public', create: cluster => createEmpty(cluster, 'DROP SCHEMA public') },
  { name: 'nothing, without plpgsql', create: cluster => createEmpty(cluster, 'DROP EXTENSION plpgsql') },
  { name: 'many tables', create: cluster => createManyTables(cluster, manyTables) },
  { name: 'odd states', create: createStates },
  fromFile('dependencies and rare kinds', 'dependencies'),
  fromFile('event triggers that keep a log', 'event-triggers'),
  fromFile('foreign tables', 'foreign'),
  fromFile('large objects and long rows', 'large'),
  fromFile('settings of the database', 'database'),
];

/** Many small tables with serials and a key each; 5,000 of them fill the lock table of a server with default settings. */
export async function createManyTables(cluster: Cluster, tables: number): Promise<string> {
  const database = await createEmpty(cluster);
  const tablesPerStatement = 250; // each statement is a transaction, and the server has no locks for more
  for (let from = 1; from <= tables; from += tablesPerStatement) {
    await cluster.query(
      `DO $$
      BEGIN
        FOR n IN ${from} .. ${Math.min(from + tablesPerStatement - 1, tables)} LOOP
          EXECUTE format('CREATE TABLE many_%s (id serial PRIMARY KEY, v text DEFAULT %L)', n, n);
          EXECUTE format('INSERT INTO many_%s SELECT FROM generate_series(1, %s)', n, n % 4);
        END LOOP;
      END $$`,
      [],
      database,
    );
  }
  return database;
}

/** Makes an empty database with the encoding and the locale of another one, on the same or another cluster. */
export async function createAlike(source: Cluster, database: string, target: Cluster): Promise<string> {
  const locale = source.major >= 17 ? 'datlocale' : 'daticulocale';
  const [found] = await source.query<Record<'encoding' | 'collate' | 'ctype' | 'provider' | 'locale', string>>(
    `SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype, datlocprovider AS provider, ${locale} AS locale
       FROM pg_database WHERE datname = $1`,
    [database],
  );
  if (!found) throw new Error(`there is no database ${database}`);
  const { encoding, collate, ctype, provider } = found;
  const byProvider: Record<string, string> = {
    c: 'LOCALE_PROVIDER libc',
    i: `LOCALE_PROVIDER icu ICU_LOCALE '${found.locale}'`,
    b: `LOCALE_PROVIDER builtin BUILTIN_LOCALE '${found.locale}'`,
  };
  return createDatabase(
    target,
    `ENCODING '${encoding}' LC_COLLATE '${collate}' LC_CTYPE '${ctype}' ${byProvider[provider]}`,
  );
}

/**
 * The definitions of a database in pg_dump's words, one piece for each of its headings, without what differs from run to run or between
 * servers although it means the same.
 */
export async function definitionsOf(cluster: Cluster, database: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    join(cluster.bin, 'pg_dump'),
    ['--schema-only', '--create', `--dbname=${cluster.url(database)}`],
    // without it pg_dump writes moments in definitions in the time zone of the server
    { env: { PGTZ: 'UTC' }, maxBuffer: 1024 ** 3, encoding: 'buffer' },
  );
  // of no particular encoding: bytes are only compared
  return (
    stdout
      .toString('latin1')
      // a role may have the same name
      .replaceAll(
        new RegExp(String.raw`(DATABASE |\\connect |-- Name: (?=\w+; Type: DATABASE))${database}(?=[ ;\n])`, 'g'),
        '$1the_database',
      )
      .replaceAll(/^\\(?:un)?restrict .*\n/gm, '')
      .split(/^(?=--\n-- Name: )/m)
      .map(piece => inOneOrder(piece.trimEnd()))
  );
}

/**
 * pg_dump writes a policy's roles and the database's settings in the order in which the rows of the catalogs lie, default privileges in that of
 * the numbers of roles, and rights on the database as they were granted. And columns of a table that was made first and inherits since then
 * come back after the inherited ones.
 */
function inOneOrder(piece: string): string {
  if (/^--\n-- Name: (?:(?:DATABASE )?the_database;|.*; Type: DEFAULT ACL;)/.test(piece))
    return piece.split('\n').sort().join('\n');
  if (/^INHERITS \(/m.test(piece)) return piece.split(/,?\n/).sort().join('\n');
  return piece.replace(
    /^(CREATE POLICY .* TO )((?:"(?:[^"]|"")+"|[^ ",]+)(?:, (?:"(?:[^"]|"")+"|[^ ",]+))*)( USING| WITH CHECK|;)/m,
    (_, before: string, roles: string, end: string) =>
      `${before}${(roles.match(/"(?:[^"]|"")+"|[^ ",]+/g) ?? []).sort().join(', ')}${end}`,
  );
}

/** Roles, memberships and rights on parameters in pg_dumpall's words, line by line. */
export async function rolesOf(cluster: Cluster): Promise<string[]> {
  const args = ['--roles-only', '--no-role-passwords', `--dbname=${cluster.url()}`];
  const { stdout } = await promisify(execFile)(join(cluster.bin, 'pg_dumpall'), args, { env: {} });
  return stdout.split('\n').filter(line => line !== '' && !/^(?:--|\\)/.test(line));
}

function fromFile(name: string, file: string): Shape {
  return { name, create: cluster => createFrom(file, cluster) };
}

async function createFrom(file: string, cluster: Cluster, options?: string): Promise<string> {
  const database = await createDatabase(cluster, options);
  await cluster.query(await readFile(join(import.meta.dirname, 'shapes', `${file}.sql`), 'utf8'), [], database);
  return database;
}

async function createStates(cluster: Cluster): Promise<string> {
  const database = await createFrom('states', cluster);
  // it fails, and leaves an index that is not valid
  await cluster
    .query('CREATE UNIQUE INDEX CONCURRENTLY not_valid ON states.children (id)', [], database)
    .then(() => Promise.reject(new Error('the index is valid')))
    .catch((error: unknown) => {
      if ((error as { code?: string }).code !== '23505') throw error;
    });
  return database;
}

async function createEmpty(cluster: Cluster, sql?: string): Promise<string> {
  const database = await createDatabase(cluster);
  if (sql !== undefined) await cluster.query(sql, [], database);
  return database;
}

async function createDatabase(cluster: Cluster, options = ''): Promise<string> {
  const name = `shape_${randomBytes(6).toString('hex')}`;
  await cluster.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ${options}`);
  return name;
}
