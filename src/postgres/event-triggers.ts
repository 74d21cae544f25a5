import type { Session } from './connection.ts';
import { identifier } from './quote.ts';

const words = { A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA' } as const;

/**
 * Keeps the triggers and event triggers of a user's database from acting on what we do in the open transaction, for a superuser. Gives
 * what sets back the event triggers, for a transaction that is to be committed.
 */
export async function quietTriggers(session: Session): Promise<() => Promise<void>> {
  await session.query('SET LOCAL session_replication_role = replica');
  if (session.major >= 17) {
    await session.query('SET LOCAL event_triggers = off');
    return async () => {};
  }
  // these act on replicas too; the statements that follow are none on which event triggers act
  const awake = await session.query<{ name: string; enabled: keyof typeof words }>(
    `SELECT evtname AS name, evtenabled AS enabled FROM pg_catalog.pg_event_trigger WHERE evtenabled IN ('A', 'R')`,
  );
  for (const { name } of awake) await session.query(`ALTER EVENT TRIGGER ${identifier(name)} DISABLE`);
  return async () => {
    for (const { name, enabled } of awake)
      await session.query(`ALTER EVENT TRIGGER ${identifier(name)} ${words[enabled]}`);
  };
}
