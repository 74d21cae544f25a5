import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from './connection.ts';
import type { Definition } from './definition-text.ts';
import { identifier, literal, qualified } from './quote.ts';

/** Where a migration tool writes down what it has applied. */
interface KnownHistory {
  table: string;
  schema?: string;
  /** What names one migration. */
  columns: readonly string[];
  /** What must be true of a migration that has come to its end, where the table has these columns. */
  done?: { columns: readonly string[]; condition: string };
}

const histories: readonly KnownHistory[] = [
  {
    table: '_prisma_migrations',
    columns: ['migration_name'],
    // the row is there from the begin of a migration on
    done: { columns: ['finished_at', 'rolled_back_at'], condition: 'finished_at IS NOT NULL AND rolled_back_at IS NULL' },
  },
  { table: '__drizzle_migrations', columns: ['hash'] },
  { table: 'knex_migrations', columns: ['name'] },
  { table: 'SequelizeMeta', columns: ['name'] },
  { table: 'flyway_schema_history', columns: ['script'], done: { columns: ['success'], condition: 'success' } },
  { table: 'databasechangelog', columns: ['filename', 'id'] },
  // golang-migrate's has one row, of the last one, which is dirty while it runs
  { table: 'schema_migrations', columns: ['version'], done: { columns: ['dirty'], condition: 'NOT dirty' } },
  { table: 'django_migrations', columns: ['app', 'name'] },
  { table: 'alembic_version', columns: ['version_num'] },
  {
    table: 'atlas_schema_revisions',
    columns: ['version'],
    done: { columns: ['applied', 'total'], condition: 'applied = total' },
  },
  { table: 'goose_db_version', columns: ['version_id'] },
  { table: 'gorp_migrations', columns: ['id'] },
  { table: 'kysely_migration', columns: ['name'] },
  { table: 'pgmigrations', columns: ['name'] },
  { table: 'mikro_orm_migrations', columns: ['name'] },
  { table: '__diesel_schema_migrations', columns: ['version'] },
  { table: 'seaql_migrations', columns: ['version'] },
  { table: '__EFMigrationsHistory', columns: ['MigrationId'] },
  { table: 'doctrine_migration_versions', columns: ['version'] },
  { table: 'migrations', columns: ['timestamp', 'name'] },
  { table: 'migrations', columns: ['migration', 'batch'] },
  { table: 'changes', columns: ['change'], schema: 'sqitch' },
];

/** What else the tools keep for themselves, such as a lock of their own that each run takes and gives back. */
const besides: readonly string[] = [
  'ar_internal_metadata',
  'databasechangeloglock',
  'knex_migrations_lock',
  'kysely_migration_lock',
  '__EFMigrationsLock',
];
/** Schemas in which everything is a tool's own. */
const schemasOfTools: readonly string[] = ['sqitch', 'supabase_migrations', 'graphile_migrate'];
/** Larger ones are no history, and would be read many times a second. */
const largestHistoryBytes = 32 * 1024 * 1024;
const pollMilliseconds = 50;

/** A table that a migration tool keeps for itself. */
export interface ToolTable {
  oid: number;
  schema: string;
  name: string;
  /** What gives the titles of the migrations that are done; undefined for a table that is no history. */
  titles: string | undefined;
}

/** The tables of the database that migration tools keep for themselves, by their names and columns. */
export async function findToolTables(session: Session): Promise<ToolTable[]> {
  const names = [...new Set([...histories.map(({ table }) => table), ...besides])];
  const found = await session.query<{ oid: string; schema: string; name: string; columns: string[]; size: string }>(
    `SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_relation_size(c.oid)::text AS size,
            (SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND (c.relname = ANY ($1::text[]) OR n.nspname = ANY ($2::text[]))`,
    [names, schemasOfTools],
  );
  return found.flatMap(({ oid, schema, name, columns, size }): ToolTable[] => {
    const table = { oid: Number(oid), schema, name };
    const has = (column: string) => (columns ?? []).includes(column);
    const history = histories.find(
      one => one.table === name && (one.schema ?? schema) === schema && one.columns.every(has),
    );
    if (!history)
      return besides.includes(name) || schemasOfTools.includes(schema) ? [{ ...table, titles: undefined }] : [];
    if (Number(size ?? 0) > largestHistoryBytes) return [];
    const title = history.columns.map(column => `${identifier(column)}::text`).join(', ');
    const condition = history.done?.columns.every(has) ? ` WHERE ${history.done.condition}` : '';
    return [{ ...table, titles: `SELECT concat_ws('.', ${title}) AS title FROM ${qualified(table)}${condition}` }];
  });
}

/** Whether a piece of the definitions belongs to a tool's own tables, so that it is none of the migrations' doing. */
export function isOfToolTable({ type, schema, name, text }: Definition, tables: readonly ToolTable[]): boolean {
  if (type === 'SCHEMA') return [...schemasOfTools, 'drizzle'].includes(name);
  return tables.some(table => {
    if (table.schema !== schema) return false;
    const begins = [table.name, `${table.name} `, `${table.name}_`, `TABLE ${table.name}`, `COLUMN ${table.name}.`];
    if (begins.some((begin, index) => (index === 0 ? name === begin : name.startsWith(begin)))) return true;
    const spellings = [table.name, identifier(table.name)];
    return type === 'INDEX' && spellings.some(one => text.includes(` ON ${schema}.${one} `));
  });
}

/** What stands in the histories: a title for each migration that is done, by its table. */
export async function readHistories(session: Session): Promise<Map<string, string>> {
  const tables = await findToolTables(session);
  const selects = tables.flatMap(({ schema, name, titles }) =>
    titles === undefined ? [] : [`SELECT ${literal(`${schema}.${name}`)} AS history, title FROM (${titles}) t`],
  );
  if (selects.length === 0) return new Map();
  const rows = await session.query<{ history: string; title: string }>(selects.join(' UNION ALL '));
  return new Map(rows.map(({ history, title }) => [`${history} ${title}`, title]));
}

/** Migrations that were seen to be written down together, and when, as times of `performance.now()`: from the ones before, or the begin. */
export interface SeenMigration {
  titles: string[];
  from: number;
  to: number;
}

/**
 * Looks at the histories again and again until it is stopped, and says when each migration appeared. Several that appear at once were
 * applied in one transaction, or too quickly, and have their time together.
 */
export class HistoryObserver {
  readonly #session: Session;
  readonly #known: Set<string>;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  readonly #seen: SeenMigration[] = [];
  #last = performance.now();

  private constructor(session: Session, known: Iterable<string>) {
    this.#session = session;
    this.#known = new Set(known);
    this.#ended = this.#observe();
  }

  /** Begins with what stands there now. The session must not be held up by whoever has locked a history. */
  static async start(session: Session): Promise<HistoryObserver> {
    await session.query(`SET lock_timeout = '50ms'; SET statement_timeout = '2s'`);
    return new HistoryObserver(session, (await readHistories(session)).keys());
  }

  async stop(): Promise<SeenMigration[]> {
    this.#stopping.abort();
    await this.#ended;
    await this.#look();
    return this.#seen;
  }

  async #observe(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#look();
      await pause(pollMilliseconds, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    let applied: Map<string, string>;
    try {
      applied = await readHistories(this.#session);
    } catch {
      return; // the tool has locked its table, or makes it just now: the next look will tell
    }
    const now = performance.now();
    const fresh = [...applied].filter(([key]) => !this.#known.has(key));
    if (fresh.length === 0) return;
    for (const [key] of fresh) this.#known.add(key);
    this.#seen.push({ titles: fresh.map(([, title]) => title).sort(), from: this.#last, to: now });
    this.#last = now;
  }
}
