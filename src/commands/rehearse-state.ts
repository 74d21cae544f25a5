import { setTimeout as pause } from 'node:timers/promises';
import { type Census, readCensus } from '../postgres/census.ts';
import type { Client } from '../postgres/client.ts';
import type { Session, Target } from '../postgres/connection.ts';
import { compareDefinitions } from '../postgres/definitions.ts';
import { findHistories } from '../postgres/history.ts';
import { run } from '../process.ts';
import { changesOf, nameOf } from './rehearse-changes.ts';
import type { DefinitionChange } from './rehearse-result.ts';

/** What the database is at one moment. */
export interface State {
  census: Census;
  definitions: string;
  /** The tables in which migration tools write down what they applied, by `schema.name`. */
  histories: ReadonlySet<string>;
  /** Roles and settings, which pg_dump leaves out. */
  around: string;
  /** Others were still at work, so that more may come. */
  isGoingOn: boolean;
}

/** Where to look, and the state before that a later one is compared with. */
export interface Look {
  admin: Session;
  client: Client;
  target: Target;
  signal: AbortSignal;
  since?: State;
}

/** Definitions by pg_dump, and every row counted, once those who wrote have gone: only then are their statistics told. */
export async function look({ admin, client, target, signal, since }: Look): Promise<State> {
  const isGoingOn = !(await untilAlone(admin, signal));
  const { stdout } = await run(client.command('pg_dump', ['--schema-only', '--no-password'], target), signal);
  const { around } = await admin.one<{ around: string }>(aroundQuery);
  const histories = new Set((await findHistories(admin)).map(nameOf));
  return { census: await readCensus(admin, since?.census.mark), definitions: stdout, histories, around, isGoingOn };
}

const aroundQuery = `SELECT pg_catalog.jsonb_build_array(
    (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) ORDER BY r.rolname) FROM pg_catalog.pg_roles r),
    (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(m) ORDER BY m.roleid, m.member) FROM pg_catalog.pg_auth_members m),
    (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s) ORDER BY s.setdatabase, s.setrole) FROM pg_catalog.pg_db_role_setting s))::text AS around`;

const aloneMilliseconds = 100;
const triesToBeAlone = 100;

/** Sessions of the user's command end a moment after it; one that stays is not waited for long. False where one is still at work. */
async function untilAlone(admin: Session, signal: AbortSignal): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const others = await admin.query<{ state: string | null }>(
      `SELECT state FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`,
    );
    if (others.length === 0) return true;
    if (tries === triesToBeAlone) return others.every(({ state }) => state === 'idle');
    await pause(aloneMilliseconds, undefined, { signal });
  }
}

/** The objects that are defined in another way. */
export function definitionChanges(before: string, after: string): DefinitionChange[] {
  return compareDefinitions(before, after).map(({ code, object, expected, found }) => ({
    object,
    change: code.endsWith('_EXTRA') ? 'added' : code.endsWith('_MISSING') ? 'removed' : 'changed',
    before: code.endsWith('_EXTRA') ? '' : expected,
    after: code.endsWith('_MISSING') ? '' : found,
  }));
}

/** Whether nothing was done. */
export function isSame(before: State, after: State): boolean {
  return (
    changesOf(before.census.tables, after.census.tables).length === 0 &&
    before.census.largeObjects === after.census.largeObjects &&
    before.around === after.around &&
    compareDefinitions(before.definitions, after.definitions).length === 0
  );
}
