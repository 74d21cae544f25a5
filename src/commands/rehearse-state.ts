import { setTimeout as pause } from 'node:timers/promises';
import { type CensusTable, readCensus } from '../postgres/census.ts';
import type { Client } from '../postgres/client.ts';
import type { Session, Target } from '../postgres/connection.ts';
import { compareDefinitions } from '../postgres/definitions.ts';
import { run } from '../process.ts';
import { changesOf } from './rehearse-changes.ts';
import type { DefinitionChange } from './rehearse-result.ts';

/** What the database is at one moment. */
export interface State {
  census: CensusTable[];
  definitions: string;
}

/** Definitions by pg_dump, and every row counted, once those who wrote have gone: only then are their statistics told. */
export async function look(admin: Session, client: Client, target: Target, signal: AbortSignal): Promise<State> {
  const { stdout } = await run(client.command('pg_dump', ['--schema-only', '--no-password'], target), signal);
  await untilAlone(admin, signal);
  return { census: await readCensus(admin), definitions: stdout };
}

const aloneMilliseconds = 100;
const triesToBeAlone = 100;

/** Sessions of the user's command end a moment after it; one that stays is not waited for long. */
async function untilAlone(admin: Session, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < triesToBeAlone; tries += 1) {
    const others = await admin.query(
      `SELECT FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`,
    );
    if (others.length === 0) return;
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
    changesOf(before.census, after.census).length === 0 &&
    compareDefinitions(before.definitions, after.definitions).length === 0
  );
}
