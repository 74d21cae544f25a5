import type { CopyDamage } from '../support/drill-damage.ts';

/** One way in which a restored copy may be wrong, and all that a drill must say of it. */
export interface Damage {
  what: string;
  damage: CopyDamage;
  says: readonly (readonly [code: string, object: string])[];
}

/** One damage: SQL that does it, and what must be said. */
export const wrong = (what: string, damage: string | CopyDamage, ...says: Damage['says']): Damage => ({
  what,
  damage: typeof damage === 'string' ? { sql: damage } : damage,
  says,
});

/** Written into a catalog, past all that would stand in the way. */
export const change = (table: string, column: string, value: string, where: string) =>
  `UPDATE pg_catalog.${table} SET ${column} = ${value} WHERE ${where}`;
/** Past triggers and keys, as a restore does that goes wrong. */
export const rows = (sql: string) => `SET session_replication_role = replica; ${sql}`;
/** For statements that name the database of the moment. */
export const inDatabase = (sql: string) =>
  `DO $do$ BEGIN EXECUTE format($sql$${sql}$sql$, current_database()); END $do$`;
