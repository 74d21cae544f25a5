import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from './connection.ts';
import { qualified } from './quote.ts';

/** Where migration tools write down what they have applied: the table, and what names one migration in it. */
const histories: readonly { table: string; title: string; schema?: string }[] = [
  { table: '_prisma_migrations', title: 'migration_name' },
  { table: '__drizzle_migrations', title: 'hash' },
  { table: 'knex_migrations', title: 'name' },
  { table: 'SequelizeMeta', title: 'name' },
  { table: 'flyway_schema_history', title: 'script' },
  { table: 'databasechangelog', title: 'id' },
  { table: 'schema_migrations', title: 'version' },
  { table: 'django_migrations', title: "app || '.' || name" },
  { table: 'alembic_version', title: 'version_num' },
  { table: 'atlas_schema_revisions', title: 'version' },
  { table: 'goose_db_version', title: 'version_id' },
  { table: 'gorp_migrations', title: 'id' },
  { table: 'kysely_migration', title: 'name' },
  { table: 'pgmigrations', title: 'name' },
  { table: 'mikro_orm_migrations', title: 'name' },
  { table: '__diesel_schema_migrations', title: 'version' },
  { table: 'seaql_migrations', title: 'version' },
  { table: '__EFMigrationsHistory', title: '"MigrationId"' },
  { table: 'doctrine_migration_versions', title: 'version' },
  { table: 'migrations', title: 'name' },
  { table: 'migrations', title: 'migration' },
  { table: 'changes', title: 'change', schema: 'sqitch' },
];

const pollMilliseconds = 50;
const column = /^"?([\w]+)"?$/;

interface HistoryTable {
  schema: string;
  name: string;
  title: string;
}

/** The tables of the database that migration tools keep, by their names and columns. */
export async function findHistories(session: Session): Promise<HistoryTable[]> {
  const found = await session.query<{ schema: string; name: string; columns: string[] }>(
    `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.array_agg(a.attname::text) AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind = 'r' AND c.relname = ANY ($1::text[]) GROUP BY 1, 2`,
    [histories.map(({ table }) => table)],
  );
  return found.flatMap(({ schema, name, columns }) => {
    const history = histories.find(({ table, title, schema: only }) => {
      const [, needed] = column.exec(title) ?? [];
      return table === name && (only ?? schema) === schema && (needed === undefined || columns.includes(needed));
    });
    return history ? [{ schema, name, title: history.title }] : [];
  });
}

/** What stands in the histories, by table and title. */
export async function readHistories(session: Session): Promise<Set<string>> {
  const applied = new Set<string>();
  for (const history of await findHistories(session)) {
    const rows = await session.query<{ title: string | null }>(
      `SELECT (${history.title})::text AS title FROM ${qualified(history)} LIMIT 100000`,
    );
    for (const { title } of rows) applied.add(title ?? '');
  }
  return applied;
}

/** One migration that was seen to be written down, and how long after the one before, or the begin. */
export interface SeenMigration {
  title: string;
  seconds: number;
}

/**
 * Looks at the histories again and again until it is stopped, and says when each migration appeared. Several that appear at once were
 * applied in one transaction, and have their time together.
 */
export class HistoryObserver {
  readonly #session: Session;
  readonly #known: Set<string>;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  readonly #seen: SeenMigration[] = [];
  #last = performance.now();

  constructor(session: Session, known: ReadonlySet<string>) {
    this.#session = session;
    this.#known = new Set(known);
    this.#ended = this.#observe();
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
    let applied: Set<string>;
    try {
      applied = await readHistories(this.#session);
    } catch {
      return; // the tool has locked its table, or makes it just now: the next look will tell
    }
    const now = performance.now();
    const fresh = [...applied].filter(title => !this.#known.has(title));
    if (fresh.length === 0) return;
    for (const title of fresh) this.#known.add(title);
    const seconds = Math.round(now - this.#last) / 1000;
    this.#last = now;
    this.#seen.push({ title: fresh.sort().join(', '), seconds });
  }
}
